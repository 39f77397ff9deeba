"""Plain CSV files: what is read, and what is refused without a look at its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleanroom.attribution.ledger import Books
from cleanroom.session.attribution.csv_files import read_rows, read_table, rows_in
from cleanroom.session.attribution.money_books import line_named
from overlap.errors import BadInput, UsageError

COLUMNS = ("deal_id", "status")


def file(place: Path, data: bytes) -> Path:
    source = place / "rows.csv"
    source.write_bytes(data)
    return source


def test_rows_of_exactly_the_columns_are_read_as_they_stand(tmp_path: Path) -> None:
    source = file(tmp_path, b'\xef\xbb\xbfdeal_id, status \r\nd1,"a,\nb"\r\n\r\nd2\r\n')
    assert read_rows(source, COLUMNS, 1_000) == [["d1", "a,\nb"], [], ["d2"]]


@pytest.mark.parametrize("header", [b"", b"deal_id", b"status,deal_id", b"deal_id,status,more"])
def test_other_columns_are_refused(header: bytes) -> None:
    with pytest.raises(BadInput, match="events has other columns"):
        rows_in(header + b"\nd1,x\n", COLUMNS, "events")


def test_a_table_is_read_by_its_names(tmp_path: Path) -> None:
    source = file(tmp_path, b"more, status ,deal_id\n1,x,d1\n\n2,y\n3,z,d3,left,over\n")
    assert read_table(source, COLUMNS) == [
        {"deal_id": "d1", "status": "x"},
        {"deal_id": "", "status": "y"},
        {"deal_id": "d3", "status": "z"},
    ]


def test_a_column_that_is_not_needed_may_be_missing(tmp_path: Path) -> None:
    source = file(tmp_path, b"deal_id\nd1\n")
    assert read_table(source, COLUMNS, needed=1) == [{"deal_id": "d1", "status": ""}]
    with pytest.raises(BadInput, match="has no column status"):
        read_table(source, COLUMNS)
    with pytest.raises(BadInput, match="has no column deal_id"):
        read_table(file(tmp_path, b""), COLUMNS)


@pytest.mark.parametrize(
    "data", [b"deal_id,status\nd\xff,x\n", b'deal_id,status\n"d1,x\n', b'deal_id,status\n"d"1,x\n']
)
def test_what_is_no_csv_in_utf_8_is_refused_without_quoting_it(tmp_path: Path, data: bytes) -> None:
    source = file(tmp_path, data)
    for read in (lambda: read_table(source, COLUMNS), lambda: read_rows(source, COLUMNS, 1_000)):
        with pytest.raises(BadInput, match=r"^rows\.csv is no CSV in UTF-8$"):
            read()


def test_a_line_is_named_by_the_beginning_of_its_id() -> None:
    books = Books()
    books.lines = {"ab1": "one", "ab2": "two"}  # type: ignore[dict-item]
    assert line_named(books, "ab2") == "two"
    for name, few in (("ab", "more than one"), ("c", "no"), ("", "no")):
        with pytest.raises(UsageError, match=f"^{few} line has an id that begins so$"):
            line_named(books, name)
