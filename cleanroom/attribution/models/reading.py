"""A CSV of journeys: `path,total_conversions,total_conversion_value,total_null`, one row a path."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from cleanroom.attribution.models.journeys import EXACT, Journeys, gather
from overlap.errors import BadInput

PATH_COLUMNS: Final = ("path", "total_conversions", "total_conversion_value", "total_null")

#: Columns without which there is nothing to credit.
NEEDED: Final = PATH_COLUMNS[:2]


@dataclass(frozen=True)
class PathFile:
    """What a file of journeys says; `notes` are what its owner should know, without a cell of it."""

    journeys: Journeys
    rows: int
    notes: tuple[str, ...]


def read_paths(content: bytes) -> PathFile:
    """Journeys from a CSV (UTF-8; comma, semicolon or tab; the columns of PATH_COLUMNS in any order).

    Without `total_conversion_value` or `total_null` those are zero; other columns are left alone and noted.
    Raises BadInput with a code for anything that is not a count, a value or a step: a bad row is never left
    out, because a model of part of the journeys would look like one of all.
    """
    table = _read(content)
    names = {name.strip().lower(): name for name in table.column_names}
    if missing := [name for name in NEEDED if name not in names]:
        raise BadInput(
            f"the file has no column {missing[0]}", f"the first line names {', '.join(PATH_COLUMNS)}"
        )
    notes = []
    if unknown := len([name for name in names if name not in PATH_COLUMNS]):
        notes.append(f"{unknown} other column{'s' if unknown > 1 else ''} left alone")
    notes += [f"no column {name}: taken as 0" for name in PATH_COLUMNS[2:] if name not in names]
    conversions, values, nulls = (
        _numbers(table[names[name]], name) if name in names else np.zeros(len(table))
        for name in PATH_COLUMNS[1:]
    )
    _check_counts(conversions, "total_conversions")
    _check_counts(nulls, "total_null")
    _check_rows(values < 0, "negative-value", "total_conversion_value is negative")
    _check_rows((values > 0) & (conversions == 0), "value-without-conversion", "a value has no conversion")
    if not len(table):
        raise BadInput("the file has no journeys", "one row for each path, below the header")
    paths = table[names["path"]]
    if glued := int(pc.sum(pc.match_substring_regex(paths, r"\S>|>\S")).as_py() or 0):
        notes.append(f"{glued:,} paths have a '>' without a space on both sides: read as part of a name")
    journeys = gather(paths, conversions, values, nulls)
    if any(journeys.pathless):
        won, _, lost = journeys.pathless
        notes.append(
            f"rows without a partner (empty-path): {won:,} conversions, {lost:,} lost; credited to nobody"
        )
    return PathFile(journeys, len(table), tuple(notes))


def _read(content: bytes) -> Any:
    head, _, _ = content.partition(b"\n")
    delimiter = max((",", ";", "\t"), key=lambda sign: head.count(sign.encode()))
    ragged = 0

    def count(_: Any) -> str:
        nonlocal ragged
        ragged += 1
        return "skip"

    names = _header(head, delimiter)
    try:
        table = pacsv.read_csv(
            io.BytesIO(content),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in content, invalid_row_handler=count
            ),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:  # Its text may quote a cell.
        raise BadInput("the file cannot be read as CSV in UTF-8", "save it as CSV (UTF-8)") from error
    if ragged:
        raise BadInput(
            f"{ragged:,} rows have more or fewer cells than the header (ragged-row)",
            "put paths that contain the separator of the file into quotes",
        )
    return table


def _header(head: bytes, delimiter: str) -> Sequence[str]:
    try:
        text = head.decode("utf-8-sig").strip("\r")
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8", "save it as CSV (UTF-8)") from error
    if not text.strip():
        raise BadInput("the file is empty", f"the first line names {', '.join(PATH_COLUMNS)}")
    names = [name.strip().strip('"') for name in text.split(delimiter)]
    if len({name.strip().lower() for name in names}) < len(names):
        raise BadInput("two columns have one name", "name each column once")
    return names


def _numbers(column: Any, name: str) -> Any:
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    texts = pc.utf8_trim_whitespace(column)
    try:
        numbers = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        bad = np.array([not _is_number(text) for text in texts.to_pylist()])
        _check_rows(bad, "unreadable-number", f"{name} is not a number")
        raise
    _check_rows(~np.isfinite(numbers), "unreadable-number", f"{name} is not a number")
    return numbers


def _is_number(text: str | None) -> bool:
    try:
        pc.cast(pa.array([text]), pa.float64())
    except pa.ArrowInvalid:
        return False
    return text is not None


def _check_counts(counts: Any, name: str) -> None:
    _check_rows(counts < 0, "negative-count", f"{name} is negative")
    _check_rows(counts != np.floor(counts), "fractional-count", f"{name} is not a whole number")
    _check_rows(counts >= EXACT, "huge-count", f"{name} is above 2^53")


def _check_rows(bad: Any, code: str, fact: str) -> None:
    """Raises BadInput that names the first bad row, as a spreadsheet numbers it, and how many there are."""
    rows = np.flatnonzero(bad)
    if len(rows):
        more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
        raise BadInput(f"row {rows[0] + 2}{more}: {fact} ({code})", "correct the rows, then run it again")
