"""Cities: one value for the names, languages and additions with which people write where a company is.

The value is a folded name (see text.py) without state, country, district, postcode and remark, in English for
the larger cities of the world. Two cities of one name have one value, Paris in Texas and Paris in France: a
city supports a close name, it does not stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from overlap.identity import resources
from overlap.identity.country import codes
from overlap.identity.outcome import EMPTY, TOO_LONG, Outcome
from overlap.identity.text import fold

#: Characters; the longest names of cities with state and country stay below.
MAX_CITY: Final = 120

COUNTRY: Final = Outcome(reason="a country, not a city")
NO_CITY: Final = Outcome(reason="no name of a city")
PLACEHOLDER: Final = Outcome(reason="a placeholder, not a city")
STATE: Final = Outcome(reason="a state, not a city")

#: What parts a city from what is said about it, and a bracket with what is in it.
_PARTS: Final = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?|[,;|/\r\n\t\u3001\uff0c]|\s[-\u2013\u2014]\s")
_ROMAN: Final = re.compile(r"[ivx]{2,5}")
#: Words between a town and its river: an der, am, ob der, im.
_AT: Final = frozenset({"am", "an", "a", "der", "d", "ob", "im", "i", "in", "bei", "b", "o", "vor"})
#: A word of districts that are written before their city.
_DISTRICT: Final = frozenset({"ku", "gu", "district", "borough", "arrondissement"})
#: Letters as people write them who have none of those keys.
_DIGRAPHS: Final = {
    ord(letter): spelt for letter, spelt in zip("äöüåø", ("ae", "oe", "ue", "aa", "oe"), strict=True)
}

Phrases = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Words:
    """The word lists; `ends` are names of states and countries, `codes` their abbreviations."""

    swap: dict[str, str]
    first: dict[str, str]
    heads: Phrases
    tails: Phrases
    ends: Phrases
    codes: frozenset[str]
    rivers: frozenset[str]
    keep: frozenset[str]
    address: frozenset[str]
    #: A name of several words without any of these, without digits and of no starred city is as it should be.
    triggers: frozenset[str]


@lru_cache(maxsize=32_768)  # Cities come again and again.
def normalise_city(text: str) -> Outcome:
    """The name of the city in `text`; placeholders, and countries or states alone, are refused."""
    if len(text) > MAX_CITY:
        return TOO_LONG
    folded = fold(text)
    known = _known().get(folded)
    if known:
        return known
    return _unlisted(text, folded) if folded else NO_CITY if text.strip() else EMPTY


def _unlisted(text: str, folded: str) -> Outcome:
    """The outcome of a text that no list has as it is."""
    if folded.isalpha() and folded.isascii() and len(folded) > 1 and folded not in words().swap:
        return Outcome(folded)  # One word that no list has.
    plain = text.replace(" ", "").isalpha()
    parts = [] if plain else [part for part in _PARTS.split(text) if part and not part.isspace()]
    return _of_parts(parts) if len(parts) > 1 else _of_words(fold(parts[0]) if parts else folded)


def _of_parts(parts: Sequence[str]) -> Outcome:
    """The outcome of the first part that is a city; that of the first when none is."""
    first = fold(parts[0])
    article = fold(parts[1])
    if article in ("the", "city of"):
        first = f"{article} {first}"
    elif first.rpartition(" ")[2] in _DISTRICT:
        first = ""
    refused = NO_CITY
    for part in (first, *parts[1:]):
        outcome = _of_words(fold(part))
        if outcome.value:
            return outcome
        refused = outcome if refused == NO_CITY else refused
    return refused


def _of_words(folded: str) -> Outcome:
    """The outcome of folded words: what may be left out is, until nothing changes any more."""
    shorter = folded.split()
    parts: list[str] = []
    while shorter != parts:
        parts = shorter
        folded = " ".join(parts)
        known = _known().get(folded)
        if known:
            return known
        if words().triggers.isdisjoint(parts) and folded.isascii() and folded.replace(" ", "").isalpha():
            break
        shorter = _step(parts)
    if len(folded) < 2 and folded.isascii():
        return NO_CITY
    return _starred(parts) or Outcome(folded)


def _step(parts: list[str]) -> list[str]:
    """The words with one thing less, empty when nothing of a name is among them."""
    if not parts:
        return []
    lists = words()
    numbered = [word for word in parts if _has_digit(word)]
    if numbered and (len(numbered) == len(parts) or not lists.address.isdisjoint(parts)):
        return []
    parts = [lists.swap.get(word, word) for word in parts]
    if len(parts) == 1:
        city = parts[0].removesuffix("\u5e02")  # "city" in Chinese and Japanese
        return [city if len(city) > 1 else parts[0]]
    shorter = _headless(parts, lists)
    return shorter[: len(shorter) - _surplus(shorter, lists)] if shorter == parts else shorter


def _headless(parts: list[str], lists: Words) -> list[str]:
    """Two words or more without what is not part of the city's name in front."""
    if _has_digit(parts[0]):
        return parts[1:]
    if _has_digit(parts[1]) and len(parts[0]) <= 2 and len(parts) > 2:
        return parts[2:]  # D-80331 Munich
    if parts[0] in lists.first:
        return [lists.first[parts[0]], *parts[1:]]
    lengths = [n for n in (4, 3, 2, 1) if len(parts) > n and tuple(parts[:n]) in lists.heads]
    return parts[lengths[0] :] if lengths else parts


def _surplus(parts: list[str], lists: Words) -> int:
    """How many words at the end are no part of the city's name."""
    last = parts[-1]
    if _has_digit(last) or _ROMAN.fullmatch(last):
        return 1
    for length in (3, 2, 1):
        if len(parts) <= length:
            continue
        phrase = tuple(parts[-length:])
        if phrase in lists.tails or (phrase in lists.ends and parts[-length - 1] not in lists.keep):
            return length
    if last in lists.rivers:
        # "Frankfurt a. d. Oder": the words before the river go with it, but not one at the beginning.
        length = 1
        while len(parts) > length + 1 and parts[-length - 1] in _AT:
            length += 1
        if length > 1:
            return length
    if last in lists.codes and parts[-2] not in lists.keep:
        return 1
    return 0


def _starred(parts: list[str]) -> Outcome | None:
    """The city of which the other words name a district; the longest such name counts."""
    if parts[0] not in _stars():
        return None
    for length in range(len(parts) - 1, 0, -1):
        name = " ".join(parts[:length])
        if name in _stars()[parts[0]]:
            return _known()[name]
    return None


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(character.isdigit() for character in word)


@cache
def words() -> Words:
    """The word lists of the data file place_words."""
    lines = [line.split(";") for line in resources.read_lines("place_words")]
    of = {kind: [line[1:] for line in lines if line[0] == kind] for kind in {line[0] for line in lines}}
    swap = dict((word, instead) for word, instead in of["swap"])
    first = dict((word, instead) for word, instead in of["first"])
    heads, tails = _phrases(row[0] for row in of["head"]), _phrases(row[0] for row in of["tail"])
    # "Island" is Iceland in German, and towns are called after saints.
    countries = [
        name for name in codes() if len(name) > 3 and not name.startswith(("island", "saint ", "st "))
    ]
    states = of["state"] + of["region"]
    ends = _phrases([*countries, *(row[0] for row in of["country"] + states)])
    short = {fold(row[1]) for row in states if len(row) > 1} | {name for name in codes() if len(name) == 2}
    rivers = frozenset(row[0] for row in of["river"])
    keep, address = (frozenset(word for row in of[kind] for word in row) for kind in ("keep", "address"))
    triggers = {*swap, *first, *short, *rivers, *(phrase[0] for phrase in heads), *_stars()}
    triggers |= {phrase[-1] for phrase in tails | ends} | {
        "ii",
        "iii",
        "iv",
        "vi",
        "vii",
        "viii",
        "ix",
        "xi",
        "xii",
    }
    return Words(
        swap, first, heads, tails, ends, frozenset(short), rivers, keep, address, frozenset(triggers)
    )


def _phrases(names: Iterable[str]) -> Phrases:
    return frozenset(tuple(fold(name).split()) for name in names)


@cache
def _known() -> dict[str, Outcome]:
    """Folded text to its outcome: cities and their other names, then states, countries and placeholders."""
    known: dict[str, Outcome] = {}
    for names in _cities():
        outcome = Outcome(fold(names[0].removeprefix("*")))
        for name in names:
            folded = fold(name)
            swapped = " ".join(words().swap.get(word, word) for word in folded.split())
            for spelling in {folded, swapped, fold(name.lower().translate(_DIGRAPHS))}:
                if spelling and known.setdefault(spelling, outcome) != outcome:
                    raise ValueError(f"two cities share a name in line {names[0]} of the data file")
    towns = {
        fold(line.split(";")[1]) for line in resources.read_lines("place_words") if line.startswith("region;")
    }
    for kind, row in ((line.split(";", 1)) for line in resources.read_lines("place_words")):
        if kind in ("none", "state"):
            known.setdefault(fold(row.split(";")[0]), PLACEHOLDER if kind == "none" else STATE)
    for name in codes():
        if len(name) > 3 and name not in towns and not name.startswith(("saint ", "st ")):
            known.setdefault(name, COUNTRY)
    return known


@cache
def _stars() -> dict[str, frozenset[str]]:
    """First word to the names that may stand before a district."""
    names = {fold(name) for row in _cities() for name in row if name.startswith("*")}
    return {
        first: frozenset(n for n in names if n.split()[0] == first) for first in {n.split()[0] for n in names}
    }


def _cities() -> list[list[str]]:
    return [line.split(";") for line in resources.read_lines("cities")]
