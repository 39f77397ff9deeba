"""Bytes of export files: delimited text and workbooks, with the broken rows that real exports have."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final
from xml.sax.saxutils import escape

Row = Sequence[str]

#: One row of each broken sort for so many good ones.
GOOD_ROWS_PER_BROKEN: Final = 400

_CONTENT_TYPES: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONSHIP: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"'
    ' Target="{target}"/></Relationships>'
)
_WORKBOOK: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


@dataclass(frozen=True, slots=True)
class Export:
    """A file and what is in it: `rows` good records, and the numbers of the rows that no reader should take.

    Rows are numbered as a spreadsheet shows them: the first line of the file is 1.
    """

    data: bytes
    rows: int
    broken: tuple[int, ...]


def delimited(
    before: Sequence[Row],
    header: Row,
    rows: Sequence[tuple[Row, bool]],
    after: Sequence[Row],
    *,
    delimiter: str,
    encoding: str,
    quote_all: bool = False,
) -> Export:
    """A text export: lines before the header, the header, rows marked good or not, lines after."""
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator="\r\n",
    )
    writer.writerows(before)
    writer.writerow(header)
    writer.writerows(cells for cells, _ in rows)
    writer.writerows(after)
    return _export(text.getvalue().encode(encoding, errors="replace"), len(before) + 2, rows)


def workbook(sheet: str, header: Row, rows: Sequence[tuple[Row, bool]]) -> Export:
    """An XLSX file with one sheet of text cells; the same rows give the same bytes on every machine."""
    lines = "".join(
        _sheet_row(number, cells) for number, cells in enumerate([header, *(c for c, _ in rows)], 1)
    )
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONSHIP.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": _WORKBOOK.format(sheet=escape(sheet)),
        "xl/_rels/workbook.xml.rels": _RELATIONSHIP.format(kind="worksheet", target="worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns='
        f'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{lines}</sheetData></worksheet>',
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return _export(data.getvalue(), 2, rows)


def with_broken(
    rows: Sequence[Row], known_at: Sequence[int], make_id: Callable[[], str], *, ragged: bool, rng: Random
) -> list[tuple[Row, bool]]:
    """The rows, whose first cell is the id, and broken ones among them: with nothing to know the company by
    (a new id, and nothing at the places `known_at`), without id, with the id of an earlier row and, if
    `ragged`, with cells missing or left over."""
    marked: list[tuple[Row, bool]] = [(row, True) for row in rows]
    half = len(rows) // 2
    for _ in range(-(-len(rows) // GOOD_ROWS_PER_BROKEN)):
        for broken in _broken(rows[rng.randrange(half + 1)], known_at, make_id(), ragged):
            marked.insert(rng.randrange(half + 2, len(marked) + 1), (broken, False))
    return marked


def _broken(row: Row, known_at: Sequence[int], fresh: str, ragged: bool) -> list[Row]:
    unknown = [fresh, *("" if place in known_at else cell for place, cell in enumerate(row) if place)]
    broken: list[Row] = [unknown, ["", *row[1:]], row]
    return [*broken, row[: len(row) // 2], [*row, "left over"]] if ragged else broken


def _export(data: bytes, first: int, rows: Sequence[tuple[Row, bool]]) -> Export:
    broken = tuple(number for number, (_, good) in enumerate(rows, first) if not good)
    return Export(data, len(rows) - len(broken), broken)


def _sheet_row(number: int, cells: Row) -> str:
    written = (
        f'<c r="{_column(place)}{number}" t="inlineStr">'
        f'<is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        for place, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}">{"".join(written)}</row>'


def _column(place: int) -> str:
    """The letters of a column, for at most 702 of them."""
    first, second = divmod(place, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)
