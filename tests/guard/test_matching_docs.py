"""docs/matching.md against the code: its table of kinds is the table that both sides sign."""

from __future__ import annotations

import re
from pathlib import Path

from overlap.identity import ALL_KINDS, MOST
from overlap.identity.compose import RARE_ALONE, RARE_IN_CITY, RARE_IN_COUNTRY

TEXT = (Path(__file__).parents[2] / "docs" / "matching.md").read_text(encoding="utf-8")


def test_the_table_of_kinds_is_that_of_the_code() -> None:
    row = re.compile(r"^\| `(\w+)` \| (\w+) \| (\d+) \| (\d+) \| (.+) \|$", re.MULTILINE)
    rows = row.findall(TEXT)
    table = [(name, tier, int(wrong), int(right), says) for name, tier, wrong, right, says in rows]
    assert table == [(kind.name, kind.tier, kind.wrong, kind.right, kind.says) for kind in ALL_KINDS]


def test_the_limits_in_the_text_are_those_of_the_code() -> None:
    text = " ".join(TEXT.split())
    assert f"Beside a country a name needs {RARE_IN_COUNTRY:g} bits, beside a city {RARE_IN_CITY:g}" in text
    assert f"without a country on one side {RARE_ALONE:g}" in text
    assert (MOST, "at most eight identifiers" in text) == (8, True)
