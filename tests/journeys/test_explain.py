"""Why an account matched, and why not: from an export, from a folder, after a run; by the real commands."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from two_parties import (
    PARTNER,
    PARTNER_ONLY,
    VENDOR,
    TwoParties,
    agree,
    domain_of,
    match,
    meet,
    write_csv,
)

from cleanroom.store import read_table
from overlap.explanation import Agreed, Explanation, Identifier, LookAlike, LookAlikes, Match, Versions
from overlap.identity import KIND, Cell, Missing
from overlap.records import Rejected

pytestmark = pytest.mark.usefixtures("quick_passphrase")

FORMATS = Path(__file__).resolve().parents[2] / "cleanroom" / "FORMATS.md"
HEADER = ("Account ID", "Account Name", "Website", "Billing Country", "DUNS Number")
ROWS = (
    ("V1", "Zephyrine GmbH", "https://www.zephyrine.com/", "Germany", "1.5E8"),
    ("V2", "Dunmarrow", "gmail.com", "Germany", ""),
    ("", "", "", "", ""),
    ("V1", "Zephyrine twice", "zephyrine.com", "Germany", ""),
    ("V5", "Zephyrine Labs", "zephyrine.com", "", ""),
)


def write_export(both: TwoParties) -> Path:
    return write_csv(both.root / "crm" / "few.csv", HEADER, ROWS)


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> TwoParties:
    """After a run of both, and the overlap is known to both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
        both = TwoParties(tmp_path_factory.mktemp("explain"))
        meet(both)
        agree(both)
        match(both)
    return both


def run_of(both: TwoParties) -> str:
    listed: list[dict[str, str]] = both.read_json(VENDOR, "match", "list")
    return listed[-1]["run"]


def flat(text: str) -> str:
    return " ".join(text.split())


def require_screen(text: str) -> None:
    assert max(map(len, text.splitlines())) <= 80 and len(text.splitlines()) <= 60


def test_a_row_of_an_export_is_explained_without_a_folder(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    export = write_export(both)
    shown = both.run(VENDOR, "explain", "2", "--file", export).out
    require_screen(shown)
    assert "can match   exact at best" in shown
    assert "https://www.zephyrine.com/  ->  zephyrine.com" in shown
    assert "1.5E8  ->  not used: rounded by a spreadsheet" in flat(shown).replace(" -> ", "  ->  ")
    assert re.search(r"row 6 of customers, id V5", shown)
    mail = both.run(VENDOR, "explain", "--id", "V2", "--file", export, "--population", "prospects").out
    assert "row 3       of prospects, id V2" in mail
    assert "weak here   website: a free mail or internet provider" in mail
    assert not (tmp_path / VENDOR).exists()


def test_a_row_that_was_not_taken_says_why(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    export = write_export(both)
    shown = both.run(VENDOR, "explain", "5", "--file", export).out
    assert shown.startswith(
        "row 5 of customers was not taken\nbecause     its id is that of an earlier row\n"
    )
    facts = both.read_json(VENDOR, "explain", "5", "--file", export)
    assert facts == {
        "population": "customers",
        "rejected": {"row": 5, "reason": "its id is that of an earlier row"},
    }
    both.run(VENDOR, "init", "--party", VENDOR)
    both.run(VENDOR, "import", export)
    assert "its id is that of an earlier row" in both.run(VENDOR, "explain", "5").out
    # A file of rejected rows that an earlier import left says nothing about the next one.
    whole = write_csv(
        both.root / "crm" / "whole.csv", HEADER, [("V9", "Tarnwick", "tarnwick.com", "", "")] * 1
    )
    both.run(VENDOR, "import", whole)
    assert "customers has rows 2 to 2" in both.run(VENDOR, "explain", "5", code=2).err


def test_a_match_is_explained_by_what_agreed(met: TwoParties) -> None:
    shown = met.run(VENDOR, "explain", "2").out
    require_screen(shown)
    assert f"matched     exact, confidence 0.998, with {PARTNER} in run {run_of(met)[:8]}" in shown
    assert KIND["domain_name"].says in flat(shown)
    assert "domain_name (exact): decides" in shown and "name_country (strong): agrees" in shown
    assert "domain (candidate): not used: a better one matched" in shown
    assert "review      released by its tier alone" in shown
    facts = met.read_json(VENDOR, "explain", "--id", "001V00000000000IAA", "--run", run_of(met)[:6])
    assert facts["run"] == {
        "run": run_of(met), "partner": PARTNER, "level": "overlaps", "review": "", "tier": "exact"
    }  # fmt: skip
    kept = read_table(met.place(VENDOR, "runs", run_of(met), "overlap.parquet"))
    assert facts["match"]["token"] == kept.loc[kept["account"] == 0, "token"].item()


def test_no_match_says_what_is_known_and_nothing_of_the_partner(met: TwoParties) -> None:
    shown = met.run(VENDOR, "explain", "14").out
    require_screen(shown)
    assert f"no match    with {PARTNER} in run {run_of(met)[:8]}: none of its" in shown
    assert "What the partner holds is not known" in flat(shown) and "weak here   no city" in shown
    everything = shown + met.run(VENDOR, "explain", "14", "--json").out + met.run(VENDOR, "explain", "2").out
    theirs = [word for name in PARTNER_ONLY for word in (name, domain_of(name))]
    theirs += [str(9000 + at) for at in range(14)]
    assert [word for word in theirs if word in everything] == []


def test_a_review_is_told(met: TwoParties, tmp_path: Path) -> None:
    both = met.copy(tmp_path / "reviewed")
    both.run(VENDOR, "review", "reject", "001V00000000000IAA")
    assert "review      rejected, so it is shown nowhere" in both.run(VENDOR, "explain", "2").out


def test_what_changed_since_the_run_is_said(met: TwoParties, tmp_path: Path) -> None:
    both = met.copy(tmp_path / "changed")
    header = ("Account ID", "Account Name", "Website", "Billing Country")
    rows = [("001V00000000000IAA", "Zephyrine New", "zephyrine.com", "Germany"), ("NEW", "Tarn", "t.de", "")]
    both.run(VENDOR, "import", write_csv(tmp_path / "new.csv", header, rows))
    changed = both.run(VENDOR, "explain", "2").out
    assert "has changed since the run; it is explained as it went in" in flat(changed)
    assert "Zephyrine  ->  zephyrine" in changed and "matched     exact" in changed
    new = both.run(VENDOR, "explain", "3").out
    assert "took no part in the run" in flat(new) and "can match" in new
    both.run(VENDOR, "import", tmp_path / "new.csv", "--population", "prospects")
    assert (
        "more than one population has it: customers, prospects"
        in both.run(VENDOR, "explain", "2", code=2).err
    )
    chosen = both.run(VENDOR, "explain", "2", "--population", "prospects").out
    assert "its id is in another population too" in flat(chosen)


def test_a_run_at_level_counts_names_no_account(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    meet(both)
    assert "can match" in both.run(VENDOR, "explain", "2").out
    agree(both, "counts-only")
    match(both)
    said = f"not known   run {run_of(both)[:8]} with contoso at level counts names no account"
    assert said in both.run(VENDOR, "explain", "2").out


@pytest.mark.parametrize(
    "words",
    [(), ("2", "--id", "V1"), ("2", "--map", "id=Id"), ("0",), ("99",), ("--id", "nobody"),
     ("2", "--population", "nobody"), ("2", "--run", "no-run"), ("2", "--run", "0", "--file", "x.csv")],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(met: TwoParties, words: tuple[str, ...]) -> None:
    met.run(VENDOR, "explain", *words, code=2)


def table_of(title: str) -> list[str]:
    """The keys in the first column of the table below the header that begins so."""
    section = FORMATS.read_text(encoding="utf-8").split("## Explanation", 1)[1].split("\n## ", 1)[0]
    lines = section.split(f"| {title} |", 1)[1].splitlines()[2:]
    rows = [line for line in lines[: lines.index("") if "" in lines else None]]
    return [key for row in rows for key in re.findall("`([^`]+)`", row.split("|")[1])]


def test_the_document_lists_every_key_of_the_json(met: TwoParties) -> None:
    facts: dict[str, Any] = met.read_json(VENDOR, "explain", "2")
    assert table_of("key") == [field.name for field in fields(Explanation)] + ["run", "notes"]
    assert list(facts) == table_of("key")
    kinds = {
        "key of a cell": Cell._fields,
        "key of an identifier": [field.name for field in fields(Identifier)],
        "key of a missing kind": Missing._fields,
        "key of look-alikes": [field.name for field in fields(LookAlikes)],
        "key of a look-alike": [field.name for field in fields(LookAlike)],
        "key of a match": [field.name for field in fields(Match)],
        "key of what agreed": [field.name for field in fields(Agreed)],
        "key of versions": [field.name for field in fields(Versions)],
        "key of a rejected row": ["population", "rejected", *(field.name for field in fields(Rejected))],
    }
    for title, names in kinds.items():
        assert table_of(title) == list(names)
    for key, names in (("cells", Cell._fields), ("missing", Missing._fields)):
        assert all(list(one) == list(names) for one in facts[key])
    assert list(facts["match"]) == [field.name for field in fields(Match)]
    assert json.dumps(facts)
