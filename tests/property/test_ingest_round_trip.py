"""Random tables through files; the oracle for parsing is the csv module of the standard library."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.errors import BadInput
from overlap.ingest import delimited, read_accounts
from overlap.ingest.text import inspect_text

END = "end of the oracle's file"

#: Western letters that Windows-1252 has too, and what a parser may stumble over.
CELL = st.text("abcXYZ019 äöüßéñ,;|:^\t\n\r\"'=\u00a0", max_size=8)
MARKS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8),
    st.sampled_from(",;\t|:^"),
    st.sampled_from(sorted(MARKS)),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_written_table_is_read_back(
    rows: list[tuple[str, str]], delimiter: str, encoding: str, ending: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(("id", "name", "website"))
    writer.writerows((str(number), f"n{name}x", website) for number, (name, website) in enumerate(rows))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(MARKS[encoding] + file.getvalue().encode(encoding))
        table = read_accounts(path)
    assert table.rejected == ()
    assert list(table.frame["row"]) == list(range(2, len(rows) + 2))
    assert list(table.frame["name"]) == [f"n{name}x" for name, _ in rows]
    assert list(table.frame["website"]) == [website.strip() for _, website in rows]
    assert table.source.delimiter == delimiter


@settings(max_examples=300, deadline=None)
@given(st.text('ab",\n\r x', max_size=14))
@example('"')
@example('a"b,"c"d\n')
@example("\n\n,\n")
@example(",,")
def test_any_text_parses_as_the_csv_module_parses_it(body: str) -> None:
    expected = list(csv.reader(io.StringIO(f"id,name\n{body}\n{END}\n", newline="")))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(f"id,name\n{body}".encode())
        comma = delimited.open_delimited(inspect_text(path)).candidates[0]
        if expected[-1] != [END]:
            with pytest.raises(BadInput):
                comma.read(0, [0, 1])
            return
        records = comma.read(0, [0, 1])
    numbered = [(number, row) for number, row in enumerate(expected, start=1)][1:-1]
    good = [(number, row) for number, row in numbered if len(row) == 2 and any(row)]
    bad = [
        (number, f"the row has {len(row)} cells, the header has 2")
        for number, row in numbered
        if len(row) not in (0, 2)
    ]
    assert records.rows.tolist() == [number for number, _ in good]
    columns = [column.to_pylist() for column in records.columns]
    assert [list(row) for row in zip(*columns, strict=True)] == [
        [cell.strip() for cell in row] for _, row in good
    ]
    assert [(each.row, each.reason) for each in records.rejected] == bad
