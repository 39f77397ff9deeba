"""Delimited text (CSV, TSV and their kin) as records: RFC 4180 quoting, any line ending, six delimiters.

A line may be long, a cell may hold line breaks, a row may have too few or too many cells; the parser tells
the number of each such row, so that one bad row costs one row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from overlap.errors import BadInput
from overlap.ingest.pile import (
    FOOTER,
    PREVIEW_RECORDS,
    Candidate,
    Opened,
    Pile,
    Records,
    is_footer,
    wrong_width,
)
from overlap.ingest.text import Text
from overlap.records import Rejected

#: In order of preference where a file reads equally well with several.
DELIMITERS: Final = (",", ";", "\t", "|", ":", "^")

#: Bytes of the file in which the header row must lie.
SAMPLE: Final = 1 << 20

#: Bytes parsed at a time; a record longer than a block is read again with one block for the whole file.
PARSE_BLOCK: Final = 1 << 23

#: Bytes; the parser counts a block in 32 bits.
MAX_PARSE_BLOCK: Final = 2**31 - 2**20

#: Bytes; a longer row with the wrong number of cells is not a footer and is not parsed again to see.
FOOTER_BYTES: Final = 4096

#: A record of our own after the last one, wider than the header so that it comes back as a row set aside;
#: when it does not, a quotation mark was still open and the cell has swallowed it.
_END = "\x1eend of file\x1e"


def open_delimited(text: Text) -> Opened:
    """The text once for each delimiter that could be meant; a first line ``sep=;`` leaves no choice."""
    with text.open() as stream:
        sample = stream.read(SAMPLE).decode("utf-8", "ignore")
    lines = list(io.StringIO(sample, newline=""))
    first = lines[0].rstrip("\r\n").strip('"')
    declared = first[4:] if first[:4].lower() == "sep=" and first[4:] in DELIMITERS else ""
    delimiters = (declared,) if declared else DELIMITERS
    return Opened(text.encoding, text.digest, [_candidate(text, lines, each) for each in delimiters])


def _candidate(text: Text, lines: list[str], delimiter: str) -> Candidate:
    records: list[list[str]] = []
    ends: list[int] = []
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for record in reader:
            records.append(record)
            ends.append(reader.line_num)
            if len(records) == PREVIEW_RECORDS:
                break
    except csv.Error:
        # The csv module gives up on a very long cell. The header row lies before it, or is not found.
        pass

    def read(header: int, positions: Sequence[int]) -> Records:
        offset = sum(len(line.encode()) for line in lines[: ends[header]])
        return _read(_Body(text, delimiter, offset, header + 1, len(records[header])), positions)

    return Candidate(delimiter, records, read)


class _WithEnd(io.RawIOBase):
    """A stream followed by a line of its own."""

    def __init__(self, stream: BinaryIO, line: str) -> None:
        super().__init__()
        self._stream = stream
        self._end = f"\n{line}\n".encode()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if block := self._stream.read(size):
            return block
        block, self._end = self._end[:size], self._end[size:]
        return block


@dataclass(frozen=True)
class _Body:
    """The records below the header: from `offset` bytes on, after `before` records, `width` cells each."""

    text: Text
    delimiter: str
    offset: int
    before: int
    width: int


def _read(body: _Body, positions: Sequence[int]) -> Records:
    try:
        return _parse(body, positions, PARSE_BLOCK)
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise BadInput("the file cannot be read as delimited text", "export it again as CSV") from error
    # Characters take at most twice the room in UTF-8 that they have in UTF-16, thrice that in Windows-1252.
    size = min(3 * body.text.path.stat().st_size + SAMPLE, MAX_PARSE_BLOCK)
    try:
        return _parse(body, positions, size)
    except pa.ArrowInvalid as error:
        raise _open_quote("a row") from error


def _parse(body: _Body, positions: Sequence[int], block: int) -> Records:
    strange: list[tuple[int, int, str]] = []

    def set_aside(row: Any) -> str:
        strange.append((row.number, row.actual_columns, row.text[:FOOTER_BYTES]))
        return "skip"

    pile = Pile(body.width, positions, damaged=body.text.damaged)
    names = [str(position) for position in range(body.width)]
    end = _END + body.width * body.delimiter
    with body.text.open() as stream:
        stream.read(body.offset)
        with pa_csv.open_csv(
            pa.PythonFile(_WithEnd(stream, end), mode="r"),
            # Row numbers are known only to the parser that runs on one thread.
            pa_csv.ReadOptions(use_threads=False, column_names=names, block_size=block),
            pa_csv.ParseOptions(
                delimiter=body.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=set_aside,
            ),
            pa_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
            ),
        ) as reader:
            for batch in reader:
                pile.add(batch.columns)
    if not strange or strange[-1][2] != end:
        raise _open_quote(f"row {body.before + pile.count + len(strange)}")
    return _finish(body, pile, strange[:-1])


def _finish(body: _Body, pile: Pile, strange: Sequence[tuple[int, int, str]]) -> Records:
    ordinals = np.arange(1, pile.count + len(strange) + 1)
    numbers = body.before + np.delete(ordinals, [number - 1 for number, _, _ in strange])
    rejected = [
        Rejected(
            body.before + number,
            FOOTER if _is_footer(row, body.delimiter) else wrong_width(cells, body.width),
        )
        for number, cells, row in strange
    ]
    return pile.finish(numbers, rejected)


def _is_footer(row: str, delimiter: str) -> bool:
    if len(row) >= FOOTER_BYTES:
        return False
    return is_footer(next(csv.reader(io.StringIO(row, newline=""), delimiter=delimiter), []))


def _open_quote(where: str) -> BadInput:
    return BadInput(
        f"a quotation mark opened in {where} is never closed",
        "look at that row and those before it in a text editor, or export the file again",
    )
