"""How telling a name is: the information in its words, by how many company names share each of them.

A name that many companies carry ("First National Bank") says less than one word that nobody else uses. The
measure is Shannon's: a word in one of 2^k names carries k bits, the words of a name add up. It rests on a
shipped table alone, so that both sides come to the same answer about the same name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

from overlap.identity import resources
from overlap.identity.words import Words, variants

#: Bits of a word that the table does not have; it stands in fewer names than any word there.
UNKNOWN: Final = 18.0


@cache
def table() -> dict[str, float]:
    """Word, in the spelling of `variants`, to its bits."""
    first, *rows = resources.read_lines("word_frequencies")
    names = int(first.removeprefix("names;"))
    spelled = variants()
    counts: dict[str, int] = {}
    for row in rows:
        word, count, *_ = row.split(";")
        word = spelled.get(word, word)
        counts[word] = counts.get(word, 0) + int(count)
    # Sixty-fourths add up to the same sum on every platform and in every order.
    return {word: max(0, round(64 * math.log2(names / count))) / 64 for word, count in counts.items()}


def word_bits(word: str) -> float:
    """The bits of one core word."""
    return table().get(word, UNKNOWN)


def name_bits(core: Words) -> float:
    """The bits of the different words of a core together, added in order."""
    known = table()
    bits = 0.0
    for word in dict.fromkeys(core):
        bits += known.get(word, UNKNOWN)
    return bits


def rarest(core: Sequence[str]) -> str:
    """The word of a core that carries most bits; of equal ones the first by spelling."""
    if len(core) == 1:
        return core[0]
    return min(core, key=lambda word: (-word_bits(word), word))


def in_dictionary(word: str) -> bool:
    """Whether a word of the table is an English common word: "Echo" names many, "Accenture" one."""
    return word in _dictionary()


@cache
def _dictionary() -> frozenset[str]:
    rows = resources.read_lines("word_frequencies")
    return frozenset(row.partition(";")[0] for row in rows if row.endswith(";d"))
