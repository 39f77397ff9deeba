"""Company names without what differs between two spellings of the same name.

Folded (see text.py), "and" for its written forms, remarks in square brackets and a leading "the" removed,
and legal forms taken off both ends. Round brackets keep their words, "Acme (UK)" is not "Acme", except when
they hold a remark or the initials of the words before them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from overlap.identity import resources
from overlap.identity.outcome import EMPTY, TOO_LONG, Outcome
from overlap.identity.text import fold, fold_words

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

#: Words that follow each other, as nested dictionaries; the key "" marks where a form may end.
Tree = dict[str, "Tree"]


@dataclass(frozen=True, slots=True)
class Forms:
    """Legal forms by where they may stand: `tail` from the last word on backwards, `head` from the first on.

    `glued` forms, the longest first, may stand at either end without a blank.
    """

    tail: Tree
    head: Tree
    glued: tuple[str, ...]
    #: The words at which a tail or head may begin, with "and" and "the", which are taken off like forms.
    lasts: frozenset[str]
    firsts: frozenset[str]


@cache
def forms() -> Forms:
    """The legal forms of the data file, read once."""
    tail: Tree = {}
    head: Tree = {}
    glued = set()
    for line in resources.read_lines("legal_forms"):
        written, place = line.split(";")
        words = fold_words(written)  # The file may hold letters that NFKC takes apart, as in Thai.
        _plant(tail, reversed(words))
        if place != "tail":
            _plant(head, words)
        if place == "glued":
            glued.add(" ".join(words))
    longest_first = tuple(sorted(glued, key=lambda form: (-len(form), form)))
    return Forms(tail, head, longest_first, frozenset(tail) | {"and"}, frozenset(head) | {"the"})


def _plant(tree: Tree, words: Iterable[str]) -> None:
    for word in words:
        tree = tree.setdefault(word, {})
    tree[""] = {}


def _longest(tree: Tree, words: Iterable[str]) -> int:
    """How many of the words the longest form in `tree` has, 0 when none begins so."""
    longest = 0
    for size, word in enumerate(words, start=1):
        if word not in tree:
            break
        tree = tree[word]
        if "" in tree:
            longest = size
    return longest


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
    value = " ".join(kept := strip_forms(words))
    return refusal(words, kept, value) or Outcome(value)


def refusal(words: tuple[str, ...], kept: tuple[str, ...], value: str) -> Outcome | None:
    """Why a name of these `name_words` (at least one) is none; `value` is what `strip_forms` kept of them."""
    nobody = placeholders()
    if value in nobody or (kept is not words and len(words) <= 4 and " ".join(words) in nobody):
        return PLACEHOLDER
    if len(value) < 2 and value.isascii():
        return TOO_SHORT
    if value[0].isdecimal() and value.replace(" ", "").isdecimal():
        return NO_LETTERS
    return None


def name_words(text: str) -> tuple[str, ...]:
    """The folded words of a name, legal forms included, remarks removed, "and" in one spelling."""
    if not text.isascii():
        # Wide brackets become plain ones, and one-character forms such as U+3231 get theirs.
        text = unicodedata.normalize("NFKC", text)
    if "(" in text or "[" in text or "{" in text:
        text = _without_remarks(text)
    words = fold_words(text)
    if len(words) > 2 and not _AND.isdisjoint(words):
        words[1:-1] = ["and" if word in _AND else word for word in words[1:-1]]
    return tuple(words)


def strip_forms(words: tuple[str, ...]) -> tuple[str, ...]:
    """`words` without legal forms at its ends and "the" in front; all of them if too little is left."""
    known = forms()
    left = words
    while left:
        first, last = left[0], left[-1]
        shorter = _strip_tail(left, known) if last in known.lasts else left
        if shorter is left and first in known.firsts:
            shorter = _strip_head(left, known)
        if shorter is left and not (first.isascii() and last.isascii()):
            shorter = _split_glued(left, known)
        if shorter is left:
            break
        left = shorter
    if not left or (len(left) == 1 and len(left[0]) == 1 and left[0].isascii()):
        return words
    return left


def _strip_tail(words: tuple[str, ...], known: Forms) -> tuple[str, ...]:
    size = _longest(known.tail, words[::-1])
    return words[: len(words) - size] if size else words[:-1] if words[-1] == "and" else words


def _strip_head(words: tuple[str, ...], known: Forms) -> tuple[str, ...]:
    if words[0] == "the" and len(words) > 1:
        return words[1:]
    size = _longest(known.head, words)
    return words[size:] if size and not generic_words().issuperset(words[size:]) else words


def _split_glued(words: tuple[str, ...], known: Forms) -> tuple[str, ...]:
    """`words` with a blank between a name and a form that is written onto it, as in Japanese and Chinese."""
    first, last = words[0], words[-1]
    if not (last.endswith(known.glued) or first.startswith(known.glued)):
        return words
    for form in known.glued:
        if form in (first, last):
            return words
        if last.endswith(form):
            return (*words[:-1], last[: -len(form)], form)
        if first.startswith(form):
            return (form, first[len(form) :], *words[1:])
    return words


def is_remark(text: str) -> bool:
    """Whether a text in brackets says something about the record and not about the company."""
    words = fold(text)
    return words in _REMARKS or words.startswith(_REMARK_STARTS)


def _without_remarks(text: str) -> str:
    bare = _SQUARE.sub(" ", text)
    if not fold(bare):
        bare = text
    kept = _ROUND.sub(lambda match: _round_bracket(bare[: match.start()], match[1]), bare)
    return kept if fold(kept) else bare


def _round_bracket(before: str, inside: str) -> str:
    """What stands for a round bracket: nothing for a remark or an acronym, else its words."""
    words = fold(inside)
    if is_remark(inside):
        return " "
    initials = "".join(word[0] for word in fold(before).split() if word != "and")
    return " " if len(words) > 1 and initials.endswith(words.replace(" ", "")) else f" {inside} "
