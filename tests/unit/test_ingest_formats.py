"""The same few accounts in every encoding, delimiter and container; expected values are those written."""

from __future__ import annotations

import codecs
import datetime
import hashlib
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overlap.ingest import read_accounts
from overlap.records import Rejected

HEADER = ["id", "name", "website", "country"]
ROWS = [
    ["1", "Müller & Söhne", "https://mueller.example/a:b", "Österreich"],
    ["2", 'The "Big", One; a|b^c', "big.example", ""],
    ["3", "Two\nlines", "two.example", "France"],
]


def delimited(delimiter: str, ending: str = "\n") -> str:
    quoted = [HEADER, *(['"' + cell.replace('"', '""') + '"' for cell in row] for row in ROWS)]
    return "".join(delimiter.join(row) + ending for row in quoted)


def cells(path: Path) -> Any:
    return read_accounts(path).frame[HEADER].to_numpy().tolist()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_ending_is_read(tmp_path: Path, delimiter: str, ending: str) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(delimited(delimiter, ending).encode())
    assert cells(path) == ROWS
    assert read_accounts(path).source.delimiter == delimiter


@pytest.mark.parametrize(
    ("encoding", "mark", "reported"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_every_encoding_is_read(tmp_path: Path, encoding: str, mark: bytes, reported: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(mark + delimited(",").encode(encoding))
    assert cells(path) == ROWS
    source = read_accounts(path).source
    assert source.encoding == reported
    assert source.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_broken_bytes_in_utf_8_cost_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("id,name\n1,Müller\n2,Sö".encode() + b"\xff\n" + "3,Groß\n4,Weiß\n".encode())
    table = read_accounts(path)
    assert list(table.frame["name"]) == ["Müller", "Groß", "Weiß"]
    assert table.rejected == (Rejected(3, "a cell holds bytes that are not text"),)


def test_a_nul_far_down_costs_its_row_only(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,name\n" + b"".join(b"%d,Acme\n" % i for i in range(10_000)) + b"x,A\0\n")
    table = read_accounts(path)
    assert len(table.frame) == 10_000
    assert table.rejected == (Rejected(10_002, "a cell holds bytes that are not text"),)


def test_a_declared_delimiter_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("sep=;\nname\nAcme, Inc.\n")
    table = read_accounts(path)
    assert (table.source.delimiter, table.source.header_row) == (";", 2)
    assert list(table.frame["name"]) == ["Acme, Inc."]


def test_a_single_column_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Company name\nAcme, Inc.\nBolt: Nuts\nCord | Co\n")
    assert list(read_accounts(path).frame["name"]) == ["Acme, Inc.", "Bolt: Nuts", "Cord | Co"]


def test_the_last_line_needs_no_ending(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,name\n1,Acme")
    assert list(read_accounts(path).frame["name"]) == ["Acme"]


def workbook(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "About"
    book.active.append(["made by", "somebody"])
    sheet = book.create_sheet("Accounts")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_from_the_sheet_with_a_header(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Accounts of the north"],
        [],
        ["Account ID", "Account Name", "Website", "D-U-N-S Number", "Employees", "Created Date"],
        [12, "Müller", "m.example", 60902413, 4.0, datetime.datetime(2026, 1, 31)],
        [],
        ["13", "Bolt", None, "150483782", 2.5, datetime.datetime(2026, 2, 1, 9, 30)],
        [14, "Cord", None, None, None, None, "too much"],
        ["Confidential Information - Do Not Distribute"],
    ]
    table = read_accounts(workbook(tmp_path / "x.xlsx", rows))
    frame = table.frame
    assert list(frame["row"]) == [4, 6]
    assert list(frame["id"]) == ["12", "13"]
    assert list(frame["duns"]) == ["060902413", "150483782"]
    assert list(frame["employees"]) == ["4", "2.5"]
    assert list(frame["created"]) == ["2026-01-31", "2026-02-01"]
    assert table.rejected == (
        Rejected(7, "the row has 7 cells, the header has 6"),
        Rejected(8, "footer of the report, not a record"),
    )


def test_a_workbook_is_recognised_by_its_bytes(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", [["id", "name"], [1, "Acme"]]).rename(tmp_path / "x.csv")
    assert list(read_accounts(path).frame["name"]) == ["Acme"]


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["name"])
    book.active.append(["Shown"])
    hidden = book.create_sheet("old")
    hidden.sheet_state = "hidden"
    for row in (["id", "name", "website"], [1, "Hidden", "x.example"]):
        hidden.append(row)
    book.save(tmp_path / "x.xlsx")
    assert list(read_accounts(tmp_path / "x.xlsx").frame["name"]) == ["Shown"]


def test_parquet_keeps_large_ids_and_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "Record ID": pa.array([9007199254740993, 2, None], pa.int64()),
            "Company name": pa.array(["Acme", "Bolt", "Cord"]).dictionary_encode(),
            "Company Domain Name": ["a.example", None, "c.example"],
            "hs_additional_domains": [["b.example", "c.example"], [], None],
            "Number of Employees": pa.array([1.0, None, 2.5]),
            "Create Date": pa.array([datetime.datetime(2026, 1, 31, 5), None, None]),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    read = read_accounts(tmp_path / "x.parquet")
    frame = read.frame
    assert list(frame["id"]) == ["9007199254740993", "2"]
    assert list(frame["domains"]) == ["b.example;c.example", ""]
    assert list(frame["employees"]) == ["1", ""]
    assert list(frame["created"]) == ["2026-01-31", ""]
    assert read.rejected == (Rejected(4, "no id"),)
    assert read.source.profile == "hubspot"


def test_a_path_may_be_text(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name\nAcme\n")
    assert len(read_accounts(str(tmp_path / "x.csv")).frame) == 1


def test_a_frame_gives_what_its_file_gives(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(delimited(",").encode())
    frame = pd.DataFrame(ROWS, columns=HEADER)
    pd.testing.assert_frame_equal(read_accounts(frame).frame, read_accounts(path).frame)
