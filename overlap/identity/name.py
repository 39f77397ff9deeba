"""Company names without what differs between two spellings of the same name.

Folded (see text.py), "and" for its written forms, remarks in square brackets and a leading "the" removed,
and legal forms taken off both ends. Round brackets keep their words, "Acme (UK)" is not "Acme", except when
they hold a remark or the initials of the words before them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

from overlap.identity import resources
from overlap.identity.outcome import EMPTY, TOO_LONG, Outcome
from overlap.identity.text import fold

#: Characters; the longest registered company names stay below half of this.
MAX_NAME: Final = 500

PLACEHOLDER: Final = Outcome(reason="a placeholder, not a name")
TOO_SHORT: Final = Outcome(reason="fewer than two characters")
NO_LETTERS: Final = Outcome(reason="no letters")

_SQUARE: Final = re.compile(r"[\[{][^\[\]{}]*[\]}]")
_ROUND: Final = re.compile(r"\(([^()]*)\)")
#: Remarks that CRM users put into brackets behind a name, folded.
_REMARKS: Final = frozenset(
    {
        "archived",
        "bankrupt",
        "client",
        "closed",
        "customer",
        "delete",
        "deleted",
        "do not call",
        "do not contact",
        "do not use",
        "dup",
        "dupe",
        "duplicate",
        "former customer",
        "headquarters",
        "hq",
        "in liquidation",
        "inactive",
        "insolvent",
        "merged",
        "obsolete",
        "old",
        "prospect",
        "test",
        "to delete",
    }
)
_REMARK_STARTS: Final = (
    "formerly ",
    "former ",
    "fka ",
    "f k a ",
    "previously ",
    "ex ",
    "vormals ",
    "ehemals ",
    "duplicate of ",
)
_AND: Final = frozenset({"and", "und", "et", "y", "og", "och"})


@dataclass(frozen=True, slots=True)
class Forms:
    """Legal forms as tuples of words by where they may stand; `glued` may stand without a blank.

    The sizes say how many words the forms have that end in, or begin with, a word, the longest first.
    """

    tail: frozenset[tuple[str, ...]]
    tail_sizes: dict[str, tuple[int, ...]]
    head: frozenset[tuple[str, ...]]
    head_sizes: dict[str, tuple[int, ...]]
    glued: tuple[str, ...]


@cache
def forms() -> Forms:
    """The legal forms of the data file, read once."""
    tail, head, glued = set(), set(), set()
    for line in resources.read_lines("legal_forms"):
        written, place = line.split(";")
        form = fold(written)  # The file may hold letters that NFKC takes apart, as in Thai.
        words = tuple(form.split())
        tail.add(words)
        if place != "tail":
            head.add(words)
        if place == "glued":
            glued.add(form)
    return Forms(
        tail=frozenset(tail),
        tail_sizes=_sizes(tail, -1),
        head=frozenset(head),
        head_sizes=_sizes(head, 0),
        glued=tuple(sorted(glued, key=lambda form: (-len(form), form))),
    )


def _sizes(known: set[tuple[str, ...]], position: int) -> dict[str, tuple[int, ...]]:
    sizes: dict[str, set[int]] = {}
    for words in known:
        sizes.setdefault(words[position], set()).add(len(words))
    return {word: tuple(sorted(found, reverse=True)) for word, found in sizes.items()}


@cache
def placeholders() -> frozenset[str]:
    """Folded names that name nobody."""
    return frozenset(resources.read_lines("placeholder_names"))


@cache
def generic_words() -> frozenset[str]:
    """Words that many names share."""
    return frozenset(resources.read_lines("generic_words"))


def normalise_name(text: str) -> Outcome:
    """The name without case, marks, punctuation, remarks and legal forms.

    A name of which nothing or one character would be left keeps its legal form. Normalising a result again
    gives the same result.
    """
    if len(text) > MAX_NAME:
        return TOO_LONG
    words = name_words(text)
    if not words:
        return EMPTY if not text.strip() else NO_LETTERS
    kept = strip_forms(words)
    value = " ".join(kept)
    if value in placeholders() or (
        kept is not words and len(words) <= 4 and " ".join(words) in placeholders()
    ):
        return PLACEHOLDER
    if len(value) < 2 and value.isascii():
        return TOO_SHORT
    if value[0].isdecimal() and value.replace(" ", "").isdecimal():
        return NO_LETTERS
    return Outcome(value)


def name_words(text: str) -> tuple[str, ...]:
    """The folded words of a name, legal forms included, remarks removed, "and" in one spelling."""
    if not text.isascii():
        text = unicodedata.normalize(
            "NFKC", text
        )  # Wide brackets become plain ones, and U+3231 gets its own.
    if "(" in text or "[" in text or "{" in text:
        text = _without_remarks(text)
    words = fold(text).split()
    if len(words) > 2 and not _AND.isdisjoint(words):
        words[1:-1] = ["and" if word in _AND else word for word in words[1:-1]]
    return tuple(words)


def strip_forms(words: tuple[str, ...]) -> tuple[str, ...]:
    """`words` without legal forms at its ends and "the" in front; all of them if too little is left."""
    known = forms()
    left = words
    while left:
        shorter = _strip_tail(left, known) if left[-1] in known.tail_sizes or left[-1] == "and" else left
        if shorter is left and (left[0] in known.head_sizes or left[0] == "the"):
            shorter = _strip_head(left, known)
        if shorter is left and not (left[-1].isascii() and left[0].isascii()):
            shorter = _split_glued(left, known)
        if shorter is left:
            break
        left = shorter
    if not left or (len(left) == 1 and len(left[0]) == 1 and left[0].isascii()):
        return words
    return left


def _strip_tail(words: tuple[str, ...], known: Forms) -> tuple[str, ...]:
    for size in known.tail_sizes.get(words[-1], ()):
        if words[-size:] in known.tail:  # A longer size gives all words, which is then looked up again.
            return words[:-size]
    return words[:-1] if words[-1] == "and" else words


def _strip_head(words: tuple[str, ...], known: Forms) -> tuple[str, ...]:
    if words[0] == "the" and len(words) > 1:
        return words[1:]
    for size in known.head_sizes.get(words[0], ()):
        if words[:size] in known.head and not generic_words().issuperset(words[size:]):
            return words[size:]
    return words


def _split_glued(words: tuple[str, ...], known: Forms) -> tuple[str, ...]:
    """`words` with a blank between a name and a form that is written onto it, as in Japanese and Chinese."""
    first, last = words[0], words[-1]
    for form in known.glued:
        if form in (first, last):
            return words
        if last.endswith(form):
            return (*words[:-1], last[: -len(form)], form)
        if first.startswith(form):
            return (form, first[len(form) :], *words[1:])
    return words


def _without_remarks(text: str) -> str:
    bare = _SQUARE.sub(" ", text)
    if not fold(bare):
        bare = text
    kept = _ROUND.sub(lambda match: _round_bracket(bare[: match.start()], match[1]), bare)
    return kept if fold(kept) else bare


def _round_bracket(before: str, inside: str) -> str:
    """What stands for a round bracket: nothing for a remark or an acronym, else its words."""
    words = fold(inside)
    if words in _REMARKS or words.startswith(_REMARK_STARTS):
        return " "
    initials = "".join(word[0] for word in fold(before).split() if word != "and")
    return " " if len(words) > 1 and initials.endswith(words.replace(" ", "")) else f" {inside} "
