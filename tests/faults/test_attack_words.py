"""What a partner writes into its files, on its way to our terminal, our spreadsheet and our listings.

Expected values: FORMATS.md (exports, agreements), RFC 4180 by the csv module of the standard library.
"""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path

import pytest
from attacked_house import House, introduce, make_house, make_party, rows

from cleanroom.agreement import policy_text
from cleanroom.session import partners, standing
from cleanroom.session.agreement import agreements
from cleanroom.session.attribution import claiming, reporting
from cleanroom.session.audit import auditing
from cleanroom.session.audit.inspecting import SHOWN_LIMIT, inspect_file
from cleanroom.session.match import matching
from cleanroom.session.share import sharing
from overlap import canonical
from overlap.errors import BadInput, Refused

#: Clears the screen, then turns the direction of writing around.
STEERING = "\x1b[2J\u202e\x9b1m\r"

FILES = {
    "log": f"overlap-log/1\n{STEERING}\nx\n".encode(),
    "statement": b"overlap-statement/1\n"
    + canonical.encode(
        {
            "payload": base64.b64encode(
                json.dumps({"predicateType": STEERING, "subject": [{"name": STEERING}]}).encode()
            ).decode(),
            "signatures": [{"keyid": STEERING}],
        }
    )
    + b"\n",
    "record": b"overlap-record/1\n" + canonical.encode({STEERING: 1}) + b"\n",
    "share": b"overlap-share/1\n" + canonical.encode({"suite": STEERING, STEERING: [STEERING]}) + b"\nx",
    "party": b"overlap-party/1\n" + STEERING.encode() + b"\n",
    "head": b"overlap-log-head/1\n" + canonical.encode({"size": STEERING, "time": [STEERING]}) + b"\n",
    "export": canonical.encode(
        {
            "format": "overlap-export/1",
            "target": STEERING,
            "made_at": STEERING,
            "shared_until": STEERING,
            "accounts": {STEERING: STEERING},
            "pairs": 1,
        }
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_no_character_of_an_inspected_file_steers_the_terminal(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    facts = inspect_file(tmp_path / name)
    assert "?" in "".join(map(str, facts.values()))
    assert all(str(text).isprintable() for pair in facts.items() for text in pair)


def test_an_inspected_file_does_not_fill_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "party").write_bytes(b"overlap-party/1\n" + b"x" * 10 * SHOWN_LIMIT + b"\n")
    assert inspect_file(tmp_path / "party")["party"] == "x" * SHOWN_LIMIT + "…"


@pytest.mark.parametrize(
    "title",
    [
        "\x1b[2J",
        "a\rb",
        "a\u202eb",
        "a\u2028b",
        "a\x9bb",
        r"a\u001b[2J",
        'a"\nlevel = "counts',
        'a"""b',
        "x" * 121,
    ],
)
def test_a_title_neither_steers_the_terminal_nor_adds_a_line(tmp_path: Path, title: str) -> None:
    house = make_house(tmp_path)
    policy = policy_text("territory-planning").decode()
    lines = [f'title = "{title}"' if line.startswith("title") else line for line in policy.split("\n")]
    house.file("policy").write_text("\n".join(lines), encoding="utf-8", newline="")
    with pytest.raises(BadInput):
        agreements.propose_agreement(house.ours, "fabrikam", str(house.file("policy")), house.file("out"))
    assert not house.file("out").exists()


def test_a_party_whose_name_is_more_than_a_word_has_no_card(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    card = house.theirs.keys.card.to_bytes()
    for name in ('x"\n[terms]', "x y", "\x1b[2J", "../x", ""):
        text = json.dumps(name).encode()
        house.file("card").write_bytes(card.replace(b'"fabrikam"', text))
        with pytest.raises(Exception, match="card") as caught:
            partners.add_partner(house.ours, house.file("card"), "")
        assert str(caught.value).isprintable()


#: What a partner may have in a released field: formulas for a spreadsheet, and the ends of a cell or row.
NASTY = (
    '=HYPERLINK("http://x.example";"go")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    'x","=1+1',
    'x"\r\n=1+1,"y',
)


@pytest.fixture
def shown(tmp_path: Path, target: str) -> House:
    """Ours has six companies in such cities, and has shown them to theirs, whose ids suit the target."""
    accounts = rows(*range(6, 18))
    accounts["Billing City"] = [*NASTY, *("Bonn" for _ in accounts.index[len(NASTY) :])]
    ours = make_party(tmp_path / "ours", "northwind", accounts)
    accounts = rows(*range(6, 18))
    form = "001V{:011d}IAA" if target == "salesforce" else "{}"
    accounts["Account ID"] = [form.format(9000 + number) for number in range(len(accounts))]
    theirs = make_party(tmp_path / "theirs", "fabrikam", accounts)
    introduce(ours, theirs, tmp_path)
    house = House(tmp_path, ours, theirs)
    house.agree(fields='["name", "city"]')
    house.run()
    house.grant()
    house.request()
    house.lease()
    house.open()
    return house


def _read(house: House, target: str) -> tuple[dict[str, list[list[str]]], list[dict[str, object]]]:
    out = house.file(target)
    reporting.export_territory(house.theirs, target, out)
    files = {}
    for place in sorted(out.glob("*.csv")):
        with place.open(newline="", encoding="utf-8-sig") as file:
            files[place.name] = list(csv.reader(file, strict=True))
    manifest = json.loads((out / "manifest.json").read_bytes())
    return files, manifest["formula_cells"]


def _begins_like_a_formula(files: dict[str, list[list[str]]]) -> list[tuple[str, int, int]]:
    return [
        (name, row, column)
        for name, lines in files.items()
        for row, cells in enumerate(lines, start=1)
        for column, cell in enumerate(cells, start=1)
        if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    ]


@pytest.mark.parametrize("target", ["csv", "salesforce", "hubspot"])
def test_no_released_field_breaks_out_of_its_cell(shown: House, target: str) -> None:
    files, _ = _read(shown, target)
    assert files
    for name, lines in files.items():
        assert {len(cells) for cells in lines} == {len(lines[0])}, name
    cells = [cell for lines in files.values() for line in lines for cell in line]
    for name in NASTY:
        kept = name in cells or (target == "csv" and f"'{name}" in cells)
        assert kept is (target != "hubspot"), name  # HubSpot's file holds none of the released fields


@pytest.mark.parametrize("target", ["csv"])
def test_a_formula_of_a_partner_is_escaped_for_people(shown: House, target: str) -> None:
    files, listed = _read(shown, target)
    assert _begins_like_a_formula(files) == []
    assert len(listed) >= 4 and all(cell["escaped"] for cell in listed)


@pytest.mark.parametrize("target", ["salesforce"])
def test_a_formula_of_a_partner_is_kept_for_a_crm_and_listed_by_its_place(shown: House, target: str) -> None:
    files, listed = _read(shown, target)
    found = _begins_like_a_formula(files)
    assert len(found) >= 4
    assert sorted((cell["file"], cell["row"], cell["column"]) for cell in listed) == sorted(found)
    assert not any(cell["escaped"] for cell in listed)


@pytest.mark.parametrize("target", ["csv"])
def test_no_listing_quotes_an_account_of_the_partner(shown: House) -> None:
    """Theirs has opened the names; they belong into exports, not into what is printed all day."""
    party = shown.theirs
    listings = [
        *partners.list_partners(party),
        *agreements.list_agreements(party),
        *matching.list_runs(party),
        *sharing.list_shares(party),
        *claiming.list_commitments(party),
        *auditing.list_entries(party, None),
        *auditing.verify_logs(party, None),
        *reporting.overlap_matrices(party, None),
        standing.describe_folder(party),
    ]
    text = "\n".join(map(repr, listings)).lower()
    assert "northwind" in text
    for word in ("company", "hyperlink", "calc", "=1+1", "@sum"):
        assert word not in text


def test_a_run_of_level_counts_proves_no_claim_even_with_a_commitment(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree(level="counts")
    claiming.commit_claims(house.ours, "fabrikam", house.file("commitment"))
    run = house.run()
    before = len(auditing.list_entries(house.ours, None))
    with pytest.raises(Refused, match="counts"):
        claiming.prove_claims(house.ours, run, house.file("proofs"))
    assert not house.file("proofs").exists()
    assert len(auditing.list_entries(house.ours, None)) == before
