"""The lines of a policy, edited one key at a time, so that its author's comments stay where they are.

A table begins with its header on a line of its own. A key begins at the start of a line, and its value may
run over the lines below it, up to the bracket that closes it.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from overlap.errors import BadInput

_HEADER: Final = re.compile(r"\[([a-z_]+)\] *(?:#.*)?")
#: Texts and comments, in which a bracket says nothing. Escapes are refused in every text that is edited.
_QUIET: Final = re.compile(r'"[^"]*"|\'[^\']*\'|#.*')

#: Words of 40 letters in a list, so that no line gets longer than a line may be.
_ON_ONE_LINE: Final = 3
_A_ROW: Final = 4

Span = tuple[int, int]


def to_lines(text: bytes) -> list[str]:
    """The lines of a text; joined with line feeds they are the text again."""
    return text.decode().split("\n")


def find_table(lines: list[str], table: str) -> Span | None:
    """Lines of a table, its header first, up to the next header; None when no line is its header."""
    starts = [at for at, line in enumerate(lines) if _HEADER.fullmatch(line)]
    for at, end in pairwise([*starts, len(lines)]):
        header = _HEADER.fullmatch(lines[at])
        if header and header[1] == table:
            return at, end
    return None


def find_key(lines: list[str], table: str, key: str) -> Span | None:
    """Lines of a key and its whole value in a table; None when it is not there."""
    span = find_table(lines, table)
    if span is None:
        return None
    at = span[0] + 1
    while at < span[1]:
        end = _value_end(lines, at, span[1])
        if re.match(rf"{key} *=", lines[at]):
            return at, end
        at = end
    return None


def set_key(lines: list[str], table: str, key: str, value: list[str]) -> None:
    """Replace a key by the lines `value`, which begin with `key =`, or add them to the end of its table.

    BadInput when there is no line with the header of the table.
    """
    span = find_key(lines, table, key)
    if span is None:
        found = find_table(lines, table)
        if found is None:
            raise BadInput(
                f"the policy does not write [{table}] as a line of its own",
                "write each table with its header on one line and its keys on the lines below",
            )
        at = _last_key_end(lines, *found)
        span = (at, at)
    lines[span[0] : span[1]] = value


def drop_key(lines: list[str], table: str, key: str) -> None:
    """Take a key and its value out, when it is there."""
    span = find_key(lines, table, key)
    if span is not None:
        del lines[span[0] : span[1]]


def drop_table(lines: list[str], table: str) -> None:
    """Take a table out, when it is there, with the comments right above its header."""
    span = find_table(lines, table)
    if span is None:
        return
    start, end = span
    while start and lines[start - 1].startswith("#"):
        start -= 1
    # An empty line parts them from what was there before.
    start -= bool(start) and not lines[start - 1]
    # What stands right above the next header belongs to that one.
    end = _last_key_end(lines, span[0], end) if end < len(lines) else end
    del lines[start:end]


def list_lines(key: str, items: tuple[str, ...]) -> list[str]:
    """`key = […]` with texts, a few of them on one line, more of them four a line."""
    texts = [f'"{item}"' for item in items]
    if len(texts) <= _ON_ONE_LINE:
        return [f"{key} = [{', '.join(texts)}]"]
    rows = [texts[start : start + _A_ROW] for start in range(0, len(texts), _A_ROW)]
    return [f"{key} = [", *("  " + ", ".join(row) + "," for row in rows), "]"]


def _value_end(lines: list[str], at: int, end: int) -> int:
    """The line after the value that begins on line `at`: an open list runs on until it is closed."""
    depth = 0
    for number in range(at, end):
        bare = _QUIET.sub("", lines[number])
        depth += sum(bare.count(bracket) for bracket in "[{") - sum(bare.count(bracket) for bracket in "]}")
        if depth <= 0:
            return number + 1
    return end


def _last_key_end(lines: list[str], start: int, end: int) -> int:
    """The line after the last key of a table, before the empty lines and comments below it."""
    while end > start + 1 and (not lines[end - 1] or lines[end - 1].startswith("#")):
        end -= 1
    return end
