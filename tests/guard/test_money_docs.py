"""docs/money.md against the code: its table of bad input names codes as the code has them."""

from __future__ import annotations

import re

from source import ROOT

from cleanroom.attribution import earnings, ledger, payouts
from cleanroom.cli.disputes import REASONS
from cleanroom.session.attribution import disputing

TEXT = (ROOT / "docs" / "money.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| [^|]+ \| ([a-z]+)[^|]* \| `([a-z-]+)` \|$", TEXT)
#: Codes of plans, which stand in no table of events.
PLAN_CODES = {"float", "mid-period", "partner-twice"}


def test_the_bad_input_of_the_text_is_that_of_the_code() -> None:
    assert len(ROWS) > 20
    for word, code in ROWS:
        if code in PLAN_CODES:
            continue
        effect = payouts.CODES[code][0]
        says = {"counts": "once", "both": "refused", "all": "refused", "a": "held"}.get(word, word)
        assert says == effect, code


def test_the_states_are_described() -> None:
    for state in ledger.STATES:
        assert f"`{state}`" in TEXT or f" {state} " in TEXT or state in TEXT.split("## States")[1]


def test_the_reasons_of_the_command_are_those_of_the_session() -> None:
    assert list(REASONS) == sorted(disputing.REASONS)


def test_what_is_not_earned_is_in_the_text_as_the_code_has_it() -> None:
    section = TEXT.split("## From statuses to events")[1].split("\n## ")[0]
    rows = dict(re.findall(r"(?m)^\| `([a-z-]+)` \| (.+) \|$", section))
    assert rows == earnings.EARNING_FINDINGS
