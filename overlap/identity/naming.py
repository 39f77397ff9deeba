"""The names that a name cell holds: the name itself, then trading names, former names and names in brackets.

"Hound Technology Inc. dba Honeycomb" is Hound Technology and Honeycomb, "Akenes SA (Exoscale)" is Akenes and
Exoscale. The first name is the account's name, as `normalise_name` has it; the others are listed variants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from overlap.identity.country import normalise_country
from overlap.identity.name import (
    MAX_NAME,
    NO_LETTERS,
    is_remark,
    name_words,
    refusal,
    strip_forms,
)
from overlap.identity.outcome import EMPTY, TOO_LONG
from overlap.identity.words import Words, core_words, distinctive

#: Names of one cell that are looked at; more stand there by mistake.
MAX_NAMES: Final = 4

#: What stands between a company's name and the name it trades under, or had.
_TRADING: Final = re.compile(
    r"[\s,;(]+(?:d\.?\s?/?\s?b\.?\s?/?\s?a\.?|t/a|trading as|doing business as|also known as"
    r"|a\.?k\.?a\.?|a/k/a|o/a|operating as|f\.?k\.?a\.?|f/k/a|formerly(?: known as)?|n/k/a|now known as"
    r"|firmierend als)[\s:]+",
    re.IGNORECASE,
)
#: Signs with a blank on both sides stand between two names, or between a name and a remark.
_BETWEEN: Final = re.compile(r"\s+[/|\u2013\u2014-]+\s+")
_BRACKETS: Final = re.compile(r"\(([^()]{3,})\)")
#: What an ASCII text must have to hold a second name: one of these signs, or one of the words that folding
#: makes of the beginning of what `_TRADING` finds. It spares nearly all names the search.
_SIGNS: Final = re.compile(r"[()\[\]{}/|-]")
_STARTS: Final = frozenset(
    {
        *("dba", "db", "d", "trading", "doing", "also", "aka", "ak", "a", "operating"),
        *("fka", "fk", "f", "formerly", "now", "firmierend"),
    }
)
_FORMER: Final = re.compile(
    r"^(?:formerly(?: known as)?|former|previously|fka|f/k/a|ex|vormals|ehemals)\s+", re.IGNORECASE
)


class Name(NamedTuple):
    """One name: as normalised, its folded words with and without legal forms, and its core words.

    `aside` says that it stood in brackets, where remarks stand as well: "Exoscale", but also "Beijing".
    """

    whole: str
    words: Words
    written: Words
    core: Words
    aside: bool = False


def read_names(text: str) -> tuple[tuple[Name, ...], str]:
    """The names of a cell, the account's own first, and the reason when it has none."""
    if len(text) > MAX_NAME:
        return (), TOO_LONG.reason
    first, reason = _read_name(text)
    if first is None:
        return (), reason
    if text.isascii() and not _SIGNS.search(text) and _STARTS.isdisjoint(first.written):
        return (first,), ""
    names = {first.whole: first}
    for part, aside in _parts(text):
        name, _ = _read_name(part)
        if name and distinctive(name.core) and not normalise_country(part).value:
            names.setdefault(name.whole, name._replace(aside=aside))
        if len(names) == MAX_NAMES:
            break
    return tuple(names.values()), ""


def _read_name(text: str) -> tuple[Name | None, str]:
    written = name_words(text)
    if not written:
        return None, EMPTY.reason if not text.strip() else NO_LETTERS.reason
    words = strip_forms(written)
    whole = " ".join(words)
    refused = refusal(written, words, whole)
    if refused:
        return None, refused.reason
    return Name(whole, words, written, core_words(words)), ""


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Everything that may be a name of its own in a cell, and whether it stands in brackets."""
    pieces = [piece for part in _TRADING.split(text) for piece in _BETWEEN.split(part)]
    for piece in pieces:
        outside = _BRACKETS.sub(" ", piece)
        if outside != text:
            yield outside, False
        for inside in _BRACKETS.findall(piece):
            if not is_remark(bare := _FORMER.sub("", inside.strip())):
                yield bare, True
