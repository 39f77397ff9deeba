"""The outer form of agreement and policy files: characters, lines, and the block of signatures.

A person reads the bytes that are signed. Whatever could show one thing and say another is refused here:
control and direction characters, escapes, strings over several lines, text to the right of the screen.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cleanroom.agreement.document import LINE_LIMIT, ROLES, SIZE_LIMIT, Signature
from cleanroom.moment import moment_of
from overlap.errors import MalformedFile

MARKER: Final = b"# -- signatures, one a line: role, party, time, signature --\n"
_MARKER_START: Final = "# -- signatures"

TIME_FORM: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SIGNATURE_FORM: Final = re.compile(
    r"# (?P<role>proposer|accepter) (?P<party>[a-z0-9][a-z0-9-]{0,39}) (?P<time>[0-9TZ:-]{20}) "
    r"(?P<value>[A-Za-z0-9+/]{86}==)"
)
#: Control, format (this holds the direction overrides) and private characters, and separators that some
#: editors show as a line break.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and its place: a key such as `terms.until`, or `line 4`."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def check_text(data: bytes) -> list[Problem]:
    """Problems of the characters and lines; empty when the text shows what it says."""
    if len(data) > SIZE_LIMIT:
        return [Problem("file", f"is larger than {SIZE_LIMIT // 1024} KiB")]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [Problem(f"line {data[: error.start].count(10) + 1}", "is not UTF-8")]
    if not text.endswith("\n"):
        return [Problem("file", "does not end with a line feed")]
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text[:-1].split("\n"), start=1):
        for what in _line_problems(line):
            found.setdefault(what, []).append(number)
    return [Problem(f"line {numbers[0]}", what + _count(len(numbers))) for what, numbers in found.items()]


def _count(lines: int) -> str:
    """A whole file of carriage returns is one problem, not one a line."""
    return f" (on {lines} lines)" if lines > 1 else ""


def _line_problems(line: str) -> Iterator[str]:
    if "\r" in line:
        yield "ends with a carriage return; lines end with a line feed only"
    elif any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in line):
        yield "holds a character that cannot be seen (tab, control or direction character)"
    if len(line) > LINE_LIMIT:
        yield f"is longer than {LINE_LIMIT} characters"
    if "\\" in line:
        yield "holds a backslash; escapes are not used"
    if '"""' in line or "'''" in line:
        yield "holds a string that may run over several lines"
    if line.startswith(_MARKER_START):
        yield "looks like the beginning of the signatures"


def split_signatures(data: bytes) -> tuple[bytes, tuple[Signature, ...]]:
    """The signed text and the signature lines behind it, none when nobody has signed.

    Raises MalformedFile when the block is anything but the canonical lines, proposer first.
    """
    hint = "ask for the file again, unchanged, as 'overlap agreement' wrote it"
    if len(data) > SIZE_LIMIT:
        raise MalformedFile(f"the agreement is larger than {SIZE_LIMIT // 1024} KiB", hint)
    text, marker, block = data.partition(b"\n" + MARKER)
    if not marker:
        return data, ()
    read = [_read_signature(line) for line in block.split(b"\n")[:-1]]
    signatures = tuple(signature for signature in read if signature is not None)
    if not signatures or join_signatures(text + b"\n", signatures) != data:
        raise MalformedFile("the signatures of the agreement are not in canonical form", hint)
    if tuple(signature.role for signature in signatures) != ROLES[: len(signatures)]:
        raise MalformedFile("the agreement is not signed by the proposer first, then the accepter", hint)
    return text + b"\n", signatures


def join_signatures(text: bytes, signatures: tuple[Signature, ...]) -> bytes:
    """The signed file: the text, the marker, one line for each signature."""
    lines = [
        f"# {item.role} {item.party} {moment_of(item.time)} {base64.b64encode(item.value).decode()}\n"
        for item in signatures
    ]
    return text + MARKER + "".join(lines).encode()


def read_time(text: str) -> int | None:
    """Unix seconds of `YYYY-MM-DDTHH:MM:SSZ`, None for any other form, an impossible date, or before 1970."""
    if not TIME_FORM.fullmatch(text):
        return None
    try:
        seconds = int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return None
    return seconds if seconds >= 0 else None


def _read_signature(line: bytes) -> Signature | None:
    """None for a bad line; without it the canonical bytes differ from those that were read."""
    try:
        form = _SIGNATURE_FORM.fullmatch(line.decode("ascii"))
        time = read_time(form["time"]) if form else None
        value = base64.b64decode(form["value"], validate=True) if form else b""
    except (UnicodeDecodeError, binascii.Error):
        return None
    if form is None or time is None:
        return None
    return Signature(form["role"], form["party"], time, value)
