"""The words of a company name in one spelling: what is left when two people write one name differently.

    name_words ─ core_words ─→ ("brightwater", "sys")      "Brightwater Systems Group", "Brightwater Sys."
               ─ distinctive ─→ ("brightwater",)           without the words that many names share

Abbreviations and their long forms become one word, and words that are often left out are gone. The order of
the words stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from overlap.identity import resources
from overlap.identity.name import generic_words
from overlap.identity.text import fold

Words = tuple[str, ...]

#: A word for a holding, as `variants` spells it. It makes another company, and comes and goes on lists.
HOLDING: Final = "hldg"


@cache
def variants() -> dict[str, str]:
    """Word to the word that its family is written as."""
    families = (line.split() for line in resources.read_lines("word_variants"))
    return {word: family[0] for family in families for word in family}


@cache
def fillers() -> frozenset[str]:
    """Words that a name loses on the way from one list to another."""
    return frozenset(resources.read_lines("filler_words"))


@cache
def generic() -> frozenset[str]:
    """The generic words in the spelling of `variants`."""
    return frozenset(variants().get(word, word) for word in generic_words()) | fillers()


@cache
def _cores() -> dict[str, str]:
    """Word to its spelling in a core, "" for a filler; other words are spelled as they are."""
    known = variants()
    left_out = fillers()
    return {word: "" if known.get(word, word) in left_out else known[word] for word in {*known, *left_out}}


def core_words(words: Sequence[str]) -> Words:
    """Folded words in one spelling, fillers left out; all of them when nothing else is there."""
    known = _cores()
    kept = tuple([spelled for word in words if (spelled := known.get(word, word))])
    return kept or tuple([variants().get(word, word) for word in words])


def distinctive(core: Sequence[str]) -> Words:
    """The words of a core that few names share; () when there is none."""
    shared = generic()
    return tuple([word for word in core if word not in shared])


def brand_of(core: Words) -> Words:
    """A core without the generic words around it; () when all are generic."""
    shared = generic()
    start, end = 0, len(core)
    while start < end and core[end - 1] in shared:
        end -= 1
    while start < end and core[start] in shared:
        start += 1
    return core[start:end]


@cache
def places() -> frozenset[str]:
    """Words that say where a branch is, in the spelling of `variants`."""
    named = (fold(name) for line in resources.read_lines("countries") for name in line.split(";"))
    countries = {name for name in named if len(name) > 3 and " " not in name}
    known = variants()
    return frozenset(known.get(word, word) for word in countries.union(resources.read_lines("branch_words")))
