"""What one side tells the other: its positions on the pair tokens of a run, and no name, id or identifier."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.receipts import REVIEW, Statement, sign_statement
from cleanroom.review.position import VERDICTS, Position
from overlap.errors import MalformedFile
from overlap.keys import PartyKeys

_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_FIELDS: Final = {"positions", "run", "seen", "sequence"}
#: More letters than two parties write each other.
_MOST_LETTERS: Final = 2**31


@dataclass(frozen=True)
class Announced:
    """Positions by pair token (hex) of one run. `sequence` numbers the sender's letters to this partner from
    1, `seen` is the newest letter of the recipient that the sender had taken in."""

    run: str
    sequence: int
    seen: int
    positions: Mapping[str, Position]


def write_announced(announced: Announced, agreement: str, contract: bytes, keys: PartyKeys) -> bytes:
    """The signed statement; `agreement` (hex) and `contract` are the digests that the run is bound to."""
    positions = [
        [token, one.verdict, one.raised, one.seen] for token, one in sorted(announced.positions.items())
    ]
    predicate = {
        "run": announced.run,
        "sequence": announced.sequence,
        "seen": announced.seen,
        "positions": positions,
    }
    return sign_statement(REVIEW, {"agreement": agreement, "contract": contract.hex()}, predicate, keys)


def read_announced(statement: Statement) -> Announced:
    """The positions in a statement whose signature was checked; MalformedFile for any other form."""
    predicate = statement.predicate
    problem = MalformedFile(
        "the decisions are not of version 1", "ask for the file made by 'overlap review export'"
    )
    if set(predicate) != _FIELDS or not _is_token(predicate["run"]):
        raise problem
    sequence, seen, rows = predicate["sequence"], predicate["seen"], predicate["positions"]
    if not (_is_number(sequence) and sequence > 0 and _is_number(seen) and isinstance(rows, list)):
        raise problem
    if not all(_is_position(row, sequence, seen) for row in rows):
        raise problem
    tokens = [row[0] for row in rows]
    if tokens != sorted(set(tokens)):
        raise problem
    return Announced(predicate["run"], sequence, seen, {row[0]: Position(*row[1:]) for row in rows})


def _is_position(row: Any, sequence: int, letters: int) -> bool:
    """A token, a verdict, and two numbers that are not ahead of the letter they stand in."""
    if not (isinstance(row, list) and len(row) == 4):
        return False
    token, verdict, raised, seen = row
    return (
        _is_token(token)
        and isinstance(verdict, str)
        and verdict in VERDICTS
        and _is_number(raised)
        and raised <= sequence
        and (verdict in ("dispute", "withdraw") if raised else verdict != "dispute")
        and _is_number(seen)
        and seen <= letters
    )


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MOST_LETTERS
