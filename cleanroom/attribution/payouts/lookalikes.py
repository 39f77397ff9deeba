"""Partners whose names look the same and are not: paid apart, read as one.

After Unicode TR39, section 4: of a name a skeleton is made in which every character stands for the one that
it looks like, and names of one skeleton are alike. The table is a part of TR39's: Cyrillic and Greek letters
that look like Latin ones, in either case, digits and letters (0 and o, 1 and l), m and rn, dashes and
apostrophes, and characters that show nothing. Other scripts, and letters only similar, are not in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

__all__ = ["look_alikes"]

#: Code points of characters, and below each what it looks like; lower and upper case by themselves.
_TABLE: Final = (
    (0x0430, "a"), (0x0441, "c"), (0x0501, "d"), (0x0435, "e"), (0x04BB, "h"), (0x0456, "i"), (0x0458, "j"),
    (0x043A, "k"), (0x04CF, "l"), (0x043E, "o"), (0x0440, "p"), (0x051B, "q"), (0x0433, "r"), (0x0455, "s"),
    (0x0475, "v"), (0x051D, "w"), (0x0445, "x"), (0x0443, "y"),
    (0x0410, "a"), (0x0412, "b"), (0x0421, "c"), (0x0415, "e"), (0x041D, "h"), (0x0406, "l"), (0x0408, "j"),
    (0x041A, "k"), (0x041C, "m"), (0x041E, "o"), (0x0420, "p"), (0x0405, "s"), (0x0422, "t"), (0x0425, "x"),
    (0x0423, "y"), (0x04C0, "l"), (0x050C, "g"), (0x051A, "q"), (0x051C, "w"),
    (0x03B1, "a"), (0x03B9, "i"), (0x03BA, "k"), (0x03BD, "v"), (0x03BF, "o"), (0x03C1, "p"), (0x03C3, "o"),
    (0x03C5, "u"), (0x03B3, "y"), (0x03C7, "x"), (0x03F2, "c"), (0x03F3, "j"),
    (0x0391, "a"), (0x0392, "b"), (0x0395, "e"), (0x0396, "z"), (0x0397, "h"), (0x0399, "l"), (0x039A, "k"),
    (0x039C, "m"), (0x039D, "n"), (0x039F, "o"), (0x03A1, "p"), (0x03A4, "t"), (0x03A5, "y"), (0x03A7, "x"),
    (0x0131, "i"), (0x0251, "a"), (0x0261, "g"), (0x30, "o"), (0x31, "l"), (0x49, "l"), (0x7C, "l"),
    (0x2010, "-"), (0x2011, "-"), (0x2012, "-"), (0x2013, "-"), (0x2014, "-"), (0x2212, "-"),
    (0x2018, "'"), (0x2019, "'"), (0x02BC, "'"), (0x60, "'"), (0xB4, "'"),
)  # fmt: skip
_LOOKS: Final = dict(_TABLE)

#: What shows nothing and is not of category Cf: joiners, selectors, fillers, a blank of Braille.
_UNSEEN: Final = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, *range(0xFE00, 0xFE10), *range(0x180B, 0x180E))
)


def look_alikes(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of different names that look alike, each in order; case and spaces alone make no difference.

    A name stands as it is written, in small and in capital letters: two are alike when one of these is.
    """
    groups: dict[str, set[str]] = {}
    for name in names:
        for form in (name, name.lower(), name.upper()):
            groups.setdefault(_skeleton(form), set()).add(name)
    found = {tuple(sorted(group)) for group in groups.values() if len({_plain(one) for one in group}) > 1}
    return sorted(one for one in found if not any(set(one) < set(other) for other in found))


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _skeleton(text: str) -> str:
    whole = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    seen = [one for one in whole if unicodedata.category(one) != "Cf" and ord(one) not in _UNSEEN]
    looks = "".join(_LOOKS.get(ord(one), one) for one in seen)
    return " ".join(looks.casefold().replace("m", "rn").split())
