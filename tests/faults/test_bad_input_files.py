"""Files and passphrases of our own user that cannot be used, through the commands."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from two_parties import SHARED, VENDOR, TwoParties, Walk, domain_of, write_csv

HEADER = ("id", "name", "website")
ROWS = [(f"{at}", name, domain_of(name)) for at, name in enumerate(SHARED)]


def test_a_wrong_passphrase_is_refused_and_changes_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    before = {path: path.read_bytes() for path in both.root.rglob("*") if path.is_file()}
    for words in (("status",), ("match", "start", "--out", both.mail("start")), ("audit", "verify")):
        assert "passphrase" in both.run(VENDOR, *words, code=3, passphrase="wrong").err
    assert {path: path.read_bytes() for path in both.root.rglob("*") if path.is_file()} == before


BAD = {
    "empty": (b"", "empty"),
    "header only": (b"id,name,website\n", "nothing below"),
    "no header": (b"1,Zephyrine\n2,Quollbrook\n", "no header"),
    "binary": (bytes(range(256)) * 20, ""),
    "open quote": (b'id,name\n1,"Zephyrine\n2,B\n', ""),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_bad_export_is_one_error_and_the_old_import_stays(walk: Walk, tmp_path: Path, defect: str) -> None:
    both = walk.at("met", tmp_path / "both")
    data, said = BAD[defect]
    (both.root / "bad.csv").write_bytes(data)
    assert said in both.run(VENDOR, "import", both.root / "bad.csv", code=4).err
    both.run(VENDOR, "import", both.root / "absent.csv", code=4)
    imports = both.read_json(VENDOR, "status")["imports"]
    assert [one["rows"] for one in imports if one["what"] == "accounts"] == [len(SHARED) + 2]


def test_duplicate_ids_are_rejected_rows_with_a_reason(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    export = write_csv(both.root / "twice.csv", HEADER, [*ROWS, ROWS[0]])
    done = both.read_json(VENDOR, "import", export)
    assert done["rows"] + done["rejected"] == len(ROWS) + 1 and done["rejected"] >= 1
    reasons = Path(done["rejected_file"]).read_text(encoding="utf-8")
    assert not [name for name in SHARED if name in reasons]
    with Path(done["rejected_file"]).open(newline="", encoding="utf-8") as file:
        assert all(row["row"].isdigit() and row["reason"] for row in csv.DictReader(file))


@pytest.mark.parametrize(("bad", "warned"), [(1, False), (2, True)])
def test_an_import_that_loses_more_than_a_tenth_of_the_rows_says_so(
    walk: Walk, tmp_path: Path, bad: int, warned: bool
) -> None:
    """Of ten rows, one is a tenth and two are more: each bad one repeats the first id."""
    both = walk.at("met", tmp_path / "both")
    rows = [*ROWS[: 10 - bad], *([ROWS[0]] * bad)]
    said = both.run(VENDOR, "import", write_csv(both.root / "twice.csv", HEADER, rows)).out
    assert f"rejected {bad}" in said
    careful = "careful   20 % of the rows were rejected; see the file above"
    assert (said.splitlines()[-1] == careful) is warned
    assert ("careful" in said) is warned


def test_a_cell_of_a_million_bytes_costs_one_row(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    export = write_csv(both.root / "long.csv", HEADER, [*ROWS, ("99", "x" * 1_000_000, "long.com")])
    done = both.read_json(VENDOR, "import", export)
    assert (done["rows"], done["rejected"]) in {(len(ROWS), 1), (len(ROWS) + 1, 0)}
    both.run(VENDOR, "claims", "commit")


def test_formula_cells_are_escaped_for_people_and_kept_and_listed_for_the_crm(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("sent", tmp_path / "both")
    from two_parties import PARTNER, agree, match

    formula = '=HYPERLINK("x")'
    export = (both.root / "crm" / "companies.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(export), delimiter=";"))
    cities = ["City", formula, *("Bonn" for _ in rows[2:])]
    rows = [[*row, city] for row, city in zip(rows, cities, strict=True)]
    write_csv(both.root / "crm" / "companies.csv", rows[0], rows[1:], ";")
    both.run(PARTNER, "import", both.root / "crm" / "companies.csv")
    agree(both)
    match(both)
    both.run(PARTNER, "shares", "grant", "--out", both.mail("share"))
    for step in (Walk._requested, Walk._leased, Walk._opened):
        step(None, both)  # type: ignore[arg-type]
    assert both.read_json(VENDOR, "matrix")
    cells = {}
    for target in ("csv", "salesforce"):
        made = both.read_json(VENDOR, "export", "territory", "--format", target)
        cells[target] = [
            cell
            for name in made["files"]
            if name.endswith(".csv")
            for row in csv.reader(Path(name).read_text(encoding="utf-8-sig").splitlines())
            for cell in row
        ]
        if target == "salesforce":
            assert made["formula_cells"] == cells[target].count(formula) > 0
    assert formula not in cells["csv"] and f"'{formula}" in cells["csv"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("import", "x.csv", "--map", "website"), 2),
        (("import", "x.csv", "--population", "Our Customers!"), 2),
        (("agreement", "show", "nothing"), 2),
        (("match", "finish", "nothing"), 4),
        (("shares", "revoke", "ff", "--out", "x"), 2),
        (("credit", "explain", "Zephyrine"), 2),
        (("partner", "verify", "fabrikam", "--fingerprint", "x"), 2),
        (("import", "Zephyrine.csv", "--where", "Zephyrine"), 2),
    ],
)
def test_a_wrong_call_is_one_clear_error(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int
) -> None:
    both: TwoParties = walk.at("met", tmp_path / "both")
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "x.csv", HEADER, ROWS)
    both.run(VENDOR, *words, code=code)
    assert not (tmp_path / "x").exists()
