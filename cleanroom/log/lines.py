"""The bytes of the log file: two opening lines, then for each entry its line and its checkpoint's line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.log.checkpoint import Checkpoint
from cleanroom.log.entry import LINE_LIMIT_BYTES
from overlap import canonical
from overlap.errors import MalformedFile

LOG_LINE: Final = b"overlap-log/1\n"

_LINE = re.compile(
    rb'\{"leaf":"([0-9a-f]{64})","root":"([0-9a-f]{64})","signature":"([0-9a-f]{128})",'
    rb'"size":([1-9][0-9]{0,14})\}\n'
)


@dataclass(frozen=True, slots=True)
class CheckpointLine:
    """The line after an entry: the entry's leaf hash, and the checkpoint of the log that ends with it.

    The leaf is not signed: the signed root confirms it. It lets a reader who finds an altered entry go on.
    """

    leaf: bytes
    checkpoint: Checkpoint


def opening(origin: str) -> bytes:
    """The first two lines of the log file."""
    return LOG_LINE + origin.encode() + b"\n"


def checkpoint_line(leaf: bytes, checkpoint: Checkpoint) -> bytes:
    """The line, with its line feed."""
    value = {
        "leaf": leaf.hex(),
        "root": checkpoint.root.hex(),
        "signature": checkpoint.signature.hex(),
        "size": checkpoint.size,
    }
    return canonical.encode(value) + b"\n"


def read_checkpoint_line(line: bytes, origin: str) -> CheckpointLine:
    """The inverse; MalformedFile for any other bytes. The signature is not checked here."""
    match = _LINE.fullmatch(line) if len(line) <= LINE_LIMIT_BYTES else None
    if match is None:
        raise MalformedFile("a checkpoint line of the log is not in canonical form", "ask for the log again")
    leaf, root, signature = (bytes.fromhex(part.decode()) for part in match.groups()[:3])
    return CheckpointLine(leaf, Checkpoint(origin, int(match[4]), root, signature))


def last_checkpoint(lines: Sequence[bytes], origin: str) -> Checkpoint | None:
    """The checkpoint on the last of the lines of a log file, None of an empty log. It is not checked here.

    Raises MalformedFile when the last line is none.
    """
    return read_checkpoint_line(lines[-1], origin).checkpoint if len(lines) > 2 else None


def entry_line_number(sequence: int) -> int:
    """The line of the file, from 1, on which entry `sequence` stands."""
    return 3 + 2 * sequence
