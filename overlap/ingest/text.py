"""Bytes of a text file as one UTF-8 stream: which encoding they are in, and whether all of them are text."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from overlap.errors import BadInput

#: Bytes read at a time.
BLOCK: Final = 1 << 20

#: A NUL byte in the first 64 KiB of something that is not UTF-16 means that the file is not text at all.
BINARY_SAMPLE: Final = 1 << 16

#: Stands in for bytes that are not UTF-8; a row that holds it is rejected.
REPLACEMENT: Final = "\ufffd"

#: What a byte that is not UTF-8 becomes by the error handler "surrogateescape".
_BROKEN: Final = re.compile("[\udc80-\udcff]")

_SAVE_AS_UTF8 = "export it again, or save it as 'CSV UTF-8'"
#: White space and byte order marks, also in UTF-16.
_BLANK: Final = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Text:
    """A text file: its encoding, the bytes of its byte order mark, and whether some bytes are not text."""

    path: Path
    encoding: str
    bom: int
    damaged: bool
    digest: str

    def open(self) -> BinaryIO:
        """The file's characters as a UTF-8 byte stream, without the byte order mark."""
        return io.BufferedReader(_Transcoded(self), BLOCK)


class _Transcoded(io.RawIOBase):
    """Reads a file in one encoding and gives UTF-8; what is not text becomes `REPLACEMENT`."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._file = text.path.open("rb")
        self._file.seek(text.bom)
        self._as_is = text.encoding == "utf-8" and not text.damaged
        self._decoder = codecs.getincrementaldecoder(text.encoding)("replace")
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._as_is:
            return self._file.readinto(buffer)
        while not self._pending:
            block = self._file.read(BLOCK)
            self._pending = self._decoder.decode(block, final=not block).encode()
            if not block and not self._pending:
                return 0
        count = min(len(buffer), len(self._pending))
        buffer[:count], self._pending = self._pending[:count], self._pending[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def inspect_text(path: Path) -> Text:
    """The encoding of a text file: a byte order mark, else UTF-8, UTF-16 by its NUL bytes, or Windows-1252.

    A file that is mostly UTF-8 stays UTF-8: the broken bytes cost their rows, not the meaning of all others.
    Raises BadInput when the file is empty, is not text, or is in an encoding other than these.
    """
    with path.open("rb") as file:
        start = file.read(BINARY_SAMPLE)
    if not start.strip(_BLANK):
        _refuse_if_blank(path)
    bom, encoding = next(((len(mark), name) for mark, name in _BOMS if start.startswith(mark)), (0, ""))
    if not encoding:
        encoding = _utf16_without_mark(start) or "utf-8"
    if not encoding.startswith("utf-16") and b"\0" in start:
        raise BadInput("the file is not text: it holds NUL bytes", "give a CSV, XLSX or Parquet file")
    digest, decodes, nul = _scan(path, encoding, bom)
    if decodes:
        return Text(path, encoding, bom, nul, digest)
    if encoding.startswith("utf-16"):
        raise BadInput("the file looks like UTF-16 but does not decode", _SAVE_AS_UTF8)
    if bom or _mostly_utf8(path):
        return Text(path, "utf-8", bom, True, digest)
    _, decodes, nul = _scan(path, "cp1252", 0)
    if not decodes:
        raise BadInput("the file is neither UTF-8, UTF-16 nor Windows-1252 text", _SAVE_AS_UTF8)
    return Text(path, "cp1252", 0, nul, digest)


def _refuse_if_blank(path: Path) -> None:
    if not any(block.strip(_BLANK) for block in _blocks(path)):
        raise BadInput("the file is empty", "export it again: the first row names the columns")


def _utf16_without_mark(start: bytes) -> str:
    """UTF-16 of mostly Western text has a NUL in every second byte; no other text here has one at all."""
    pairs = len(start) // 2
    odd, even = start[1::2].count(0), start[0::2].count(0)
    if pairs and odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if pairs and even > 0.4 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return ""


def _scan(path: Path, encoding: str, bom: int) -> tuple[str, bool, bool]:
    """The SHA-256 of the file in hex, whether it decodes strictly, and whether its text holds a NUL."""
    state = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    decodes, nul, skip = True, False, bom
    for block in _blocks(path):
        state.update(block)
        if decodes:
            try:
                nul = "\0" in decoder.decode(block[skip:]) or nul
            except UnicodeDecodeError:
                decodes = False
        skip = 0
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        decodes = False
    return state.hexdigest(), decodes, nul


def _mostly_utf8(path: Path) -> bool:
    """Whether the well-formed non-ASCII characters outnumber the bytes that are not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    for block in _blocks(path):
        text = decoder.decode(block)
        if not text.isascii():
            broken = len(_BROKEN.findall(text))
            bad += broken
            good += len(text) - len(text.encode("ascii", "ignore")) - broken
    return good > bad


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
