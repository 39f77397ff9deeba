"""Folding: one spelling for texts that differ only in case, marks, width, script tables and punctuation.

The steps are NFKC and case folding (Unicode Standard, sections 3.11 and 3.13), the letter table below,
removal of combining marks of the Latin, Greek and Cyrillic scripts, and words in place of punctuation.
They do not ask for the locale. Letters that a newer Unicode version adds pass unchanged, so two Python
versions agree on every text that both know.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from overlap.identity import resources

#: U+0300..U+036F; marks of other scripts are part of their letters.
_MARKS: Final = dict.fromkeys(range(0x300, 0x370))
#: Pictographs are blanks in every Unicode version, also those that this Python does not know yet.
_PICTOGRAPHS: Final = range(0x1F000, 0x1FC00)
#: ASCII byte to the byte that stands for it. Dots and slashes stay until it is known whether they stand
#: between initials; apostrophes are deleted.
_BYTES: Final = bytes(
    ord(chr(code).lower()) if chr(code).isalnum() or chr(code) in "./" else ord(" ") for code in range(128)
).ljust(256)
_DELETED: Final = b"'`"
_ASCII: Final = {code: None if code in _DELETED else _BYTES[code] for code in range(128)}
#: A dot or slash between two single letters joins initials: s.p.a. and a/s are one word.
_INITIALS: Final = re.compile(r"(?<=(?<![^\W_])[^\W\d_])[./](?=[^\W\d_](?![^\W_]))")


@cache
def _letters() -> dict[int, str]:
    """Code point to the letters that stand for it, "" for a mark inside a word (McDonald's, soft hyphen)."""
    rows = (line.split(";") for line in resources.read_lines("letters"))
    return {int(code, 16): letters for code, letters, _name in rows}


class _Folding(dict[int, str]):
    """Code point to what stands for it, worked out when a text first needs it; ASCII stands for itself."""

    def __missing__(self, code: int) -> str:
        folded = chr(code) if code < 128 else _fold_character(chr(code))
        self[code] = folded
        return folded


_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """`text` as lower-case words with one blank between them; folding the result changes nothing."""
    return " ".join(fold_words(text))


def fold_words(text: str) -> list[str]:
    """The words of `text` after folding."""
    if text.isascii():
        return _split(text)
    words = _split(_compose(text).translate(_FOLDING))
    # What is left of Latin, Greek and Cyrillic is ASCII and final. In other scripts a removed character can
    # have brought two parts of one letter together, which a further pass composes.
    while not (folded := " ".join(words)).isascii():
        again = _split(_compose(folded).translate(_FOLDING))
        if again == words:
            break
        words = again
    return words


def _compose(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _split(text: str) -> list[str]:
    """The words of a text whose other characters than ASCII are folded."""
    if "&" in text:
        text = text.replace("&", " and ")
    if text.isascii():
        text = text.encode("ascii").translate(_BYTES, _DELETED).decode("ascii")
    else:
        text = text.translate(_ASCII)
    if "." in text or "/" in text:
        text = text.replace(". ", " ").rstrip("./ ")
        if "." in text or "/" in text:
            text = _INITIALS.sub("", text).replace(".", " ").replace("/", " ")
    return text.split()


def _fold_character(character: str) -> str:
    """What stands for one character outside ASCII: its folded letters, "" or a blank."""
    letters = _letters()
    folded = _compose(_compose(character).casefold()).translate(letters)
    folded = unicodedata.normalize("NFD", folded).translate(_MARKS)
    folded = unicodedata.normalize("NFC", folded).translate(letters)
    return "".join(part if part.isascii() else _word_character(part) for part in folded)


def _word_character(character: str) -> str:
    """The character when it can be part of a word (letters, marks, digits, unassigned), else a blank."""
    category = unicodedata.category(character)
    if ord(character) in _PICTOGRAPHS or category[0] in "PSZ" or category in ("Cc", "Cf", "Cs", "Co"):
        return " "
    return character
