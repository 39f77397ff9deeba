"""The quality of real-looking messy exports, from the file and from the party's folder."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import date
from pathlib import Path

from two_parties import VENDOR, TwoParties, require_no_account, write_exports

from cleanroom.demo import PARTNER, generate
from cleanroom.demo import VENDOR as DEMO_VENDOR
from overlap import read_accounts, simulate
from overlap.quality import Quality
from overlap.quality.model import wilson

FORMATS = Path(__file__).resolve().parents[2] / "cleanroom" / "FORMATS.md"


def write_world(place: Path, accounts: int) -> None:
    place.mkdir()
    for party in generate(accounts, 11, date(2026, 11, 22)).parties:
        for name, export in party.files.items():
            (place / name).write_bytes(export.data)


def test_a_messy_export_is_assessed_without_a_folder(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_world(tmp_path / "crm", 400)
    export, page = tmp_path / "crm" / "companies.csv", tmp_path / "out" / "quality.html"
    shown = both.run(VENDOR, "quality", export, "--html", page).out
    assert re.search(r"found +\d+ to \d+ %", shown) and "repair first" in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 80
    facts = both.read_json(VENDOR, "quality", export)
    companies = read_accounts(export)
    assert facts["accounts"] == len(companies.frame)
    assert sum(facts["rejected"].values()) == len(companies.rejected) > 0
    assert {one["kind"] for one in facts["coverage"]} >= {"domain", "domain_name", "name_country"}
    gains = [max(one["found"], one["released"]) + one["avoided"] for one in facts["repairs"]]
    assert gains == sorted(gains, reverse=True) and 3 < len(gains) <= 10
    written = page.read_text(encoding="utf-8")
    names = [name for name in companies.frame["name"] if len(name) > 8]
    assert not [name for name in names if name in written or name in shown]
    both.run(VENDOR, "quality", export, "--html", page, "--names")
    assert [name for name in names if name in page.read_text(encoding="utf-8")]
    assert not (tmp_path / VENDOR).exists()


def test_the_interval_holds_what_a_run_then_finds(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    world = generate(600, 5, date(2026, 11, 22))
    export = world.parties[1].files["companies.csv"]
    (tmp_path / "companies.csv").write_bytes(export.data)
    (tmp_path / "pipeline.csv").write_bytes(world.parties[0].files["pipeline.csv"].data)
    expected = both.read_json(VENDOR, "quality", tmp_path / "companies.csv")["estimate"]
    theirs = read_accounts(tmp_path / "pipeline.csv").frame
    ours = read_accounts(tmp_path / "companies.csv").frame
    pairs = simulate(ours, theirs, processes=1)
    true = {
        right for left, right in world.truth(DEMO_VENDOR, PARTNER).pairs if left in set(theirs["id"])
    } & set(ours["id"])
    released = set(pairs.loc[pairs["tier"] != "candidate", "left_id"])
    for name, ids in (("found", set(pairs["left_id"])), ("released", released)):
        # Some hundred shared accounts are a sample themselves, of a world whose lists are kept rather well.
        lowest, highest = wilson(len(true & ids) / len(true), len(true))
        assert expected[name]["low"] <= highest and lowest <= expected[name]["high"]


def test_what_is_imported_is_assessed_in_the_folder(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    both.run(VENDOR, "quality", code=2)
    both.run(VENDOR, "init", "--party", VENDOR)
    assert "import" in both.run(VENDOR, "quality", code=2).err
    both.run(VENDOR, "import", tmp_path / "crm" / "accounts.csv", "--population", "customers")
    both.run(VENDOR, "import", tmp_path / "crm" / "companies.csv", "--population", "prospects")
    whole = both.read_json(VENDOR, "quality")
    assert whole["accounts"] == 28 and whole["source"] == "all imported accounts"
    # Both exports hold the same twelve companies, with one website each.
    assert whole["companies"] == [16, 16]
    rows = next(one for one in whole["repairs"] if one["what"].startswith("duplicate"))["rows"]
    assert rows[0] == "prospects 2"
    require_no_account(both.run(VENDOR, "quality").out)
    assert both.read_json(VENDOR, "quality", "--population", "prospects")["accounts"] == 14
    both.run(VENDOR, "quality", "--population", "nobody", code=2)


def test_options_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    both.run(VENDOR, "quality", "--map", "id=Account ID", code=2)
    both.run(VENDOR, "quality", tmp_path / "crm" / "accounts.csv", "--names", code=2)
    both.run(VENDOR, "quality", tmp_path / "absent.csv", code=4)


def test_the_document_lists_every_key_of_the_json() -> None:
    section = FORMATS.read_text(encoding="utf-8").split("## Quality report", 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"(?m)^\| (`[^|]+) \|", section)
    keys = [key for cell in cells for key in re.findall("`([^`]+)`", cell)]
    assert keys == ["source", *(field.name for field in fields(Quality)), "limits"]
    assert json.dumps(keys)
