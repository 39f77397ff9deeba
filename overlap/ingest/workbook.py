"""XLSX workbooks as records: each visible worksheet is one way to read the file."""

from __future__ import annotations

import contextlib
import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import numpy as np
import openpyxl
import pyarrow as pa

from overlap.errors import BadInput
from overlap.ingest.columnar import cell_text
from overlap.ingest.pile import PREVIEW_RECORDS, Candidate, Opened, Pile, Records, wrong_width
from overlap.records import Rejected

#: Records turned into columns at a time.
BATCH: Final = 20_000

#: Bytes of all parts of a workbook when unpacked. A sheet of a million rows and twenty columns has about
#: 1 GiB of XML; a small file that claims more is made to fill the memory.
UNPACKED_LIMIT: Final = 2 * 2**30

#: What openpyxl raises for a broken archive, a missing part, or a part that is not what it should be.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # An encrypted part, or NotImplementedError for a compression that zipfile does not know.
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    ParseError,
)


def open_workbook(path: Path, digest: str) -> Opened:
    """The worksheets of a workbook; formulas count as their last computed value.

    Raises BadInput when the file is not an XLSX workbook, or is more than `UNPACKED_LIMIT` unpacked.
    """
    try:
        _require_unpackable(path)
        with _opened(path) as book:
            titles = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        return Opened("", digest, [_candidate(path, title) for title in titles])
    except _BROKEN as error:
        raise _not_a_workbook() from error


def _require_unpackable(path: Path) -> None:
    # zipfile never unpacks more of a part than its directory says, so the directory may be believed.
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > UNPACKED_LIMIT:
        raise BadInput(
            f"the workbook unpacks to more than {UNPACKED_LIMIT // 2**30} GiB",
            "save its sheet as CSV, or split it",
        )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with warnings.catch_warnings():
        # openpyxl warns about styles and extensions that no export of ours needs.
        warnings.simplefilter("ignore")
        # A file object, because openpyxl judges a path by its suffix.
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()


def _records(sheet: Any) -> Iterator[list[str]]:
    # Some exporters write a wrong size into the sheet; without it, openpyxl reads what is there.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(values_only=True):
        yield [_sound(cell_text(value)) for value in row]


def _sound(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _candidate(path: Path, title: str) -> Candidate:
    with _opened(path) as book:
        preview = [_trimmed(row) for row in itertools.islice(_records(book[title]), PREVIEW_RECORDS)]

    def read(header: int, positions: Sequence[int]) -> Records:
        try:
            with _opened(path) as book:
                return _read(_records(book[title]), header, len(preview[header]), positions)
        except _BROKEN as error:
            raise _not_a_workbook() from error

    return Candidate("", preview, read)


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _read(records: Iterator[list[str]], header: int, width: int, positions: Sequence[int]) -> Records:
    pile = Pile(width, positions)
    rejected: list[Rejected] = []
    numbers: list[int] = []
    numbered = enumerate(records, start=1)
    for _ in range(header + 1):
        next(numbered)
    while batch := list(itertools.islice(numbered, BATCH)):
        rows = [(number, _fit(cells, width)) for number, cells in batch]
        rejected += [
            Rejected(number, wrong_width(len(cells), width)) for number, cells in rows if len(cells) != width
        ]
        good = [(number, cells) for number, cells in rows if len(cells) == width]
        numbers += [number for number, _ in good]
        if good:
            columns = zip(*(cells for _, cells in good), strict=True)
            pile.add([pa.array(column, pa.large_string()) for column in columns])
    return pile.finish(np.asarray(numbers, dtype=np.int64), rejected)


def _fit(cells: list[str], width: int) -> list[str]:
    """A sheet does not store empty cells at the end of a row, so a short row is whole."""
    trimmed = _trimmed(cells)
    return trimmed + [""] * (width - len(trimmed))


def _not_a_workbook() -> BadInput:
    return BadInput("the file is not a readable XLSX workbook", "save it as XLSX or CSV again")
