"""What a company's name says beyond the domain that it carries.

A shared domain alone is wrong about once in fifteen: parents, investors, foundations and code hosts stand in
the website column too. Where both names say the same beyond the domain, it is the same company: "Brightwater
Inc" and "Brightwater Group" say nothing beyond brightwater.com, "Brightwater Leasing" does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import idna

from overlap.identity.name import MAX_NAME, name_words, normalise_words, strip_forms
from overlap.identity.text import fold
from overlap.identity.words import Words, core_words, distinctive, fillers, generic

#: Letters; a shorter word or label is in too many others by chance.
SHORTEST: Final = 3
#: Letters; a shorter word or label must stand at an end of the other, not in its middle.
ANYWHERE: Final = 4
#: What owners add to a name to get a free domain; it names nobody else.
_DECORATION: Final = frozenset(
    {"app", "corp", "get", "global", "gmbh", "group", "inc", "join", "llc", "ltd", "official", "online"}
    | {"team", "the", "try", "use", "web", "with"}
)
_SMALL: Final = frozenset({"and", "de", "der", "des", "di", "for", "fur", "of", "the", "und"})


class Beyond(NamedTuple):
    """Whether a label speaks for a name, and the core words of the name that it leaves over, sorted."""

    explained: bool
    rest: Words


_NOTHING: Final = Beyond(True, ())


def beyond(words: Sequence[str], written: Sequence[str], domain: str) -> Beyond:
    """What the name of these folded words says beyond `domain` (registrable, A-labels).

    `words` are without legal forms, `written` with them. The label may be made of words of the name, be part
    of the words run together, or be the initials of the name or of its beginning.
    """
    label = label_of(domain)
    whole = "".join(words)
    if label == whole:
        return _NOTHING
    told = _told(label, whole, words)
    if len(told) < len(words) and ("e" in label or "e" in whole):
        plain = [_plain(word) for word in words]
        if "".join(plain) != whole or _plain(label) != label:
            told = max(told, _told(_plain(label), "".join(plain), plain), key=len)
    left = [word for at, word in enumerate(words) if at not in told]
    if left:
        told = max(told, _initialled(label, words, written), key=len)
        left = [word for at, word in enumerate(words) if at not in told]
    if not told or (left and not distinctive(core_words(words[at] for at in told))):
        return Beyond(False, tuple(sorted(set(core_words(words)))))
    if not left or label in _initials(left):
        return _NOTHING
    return Beyond(True, tuple(sorted(set(core_words(left)) - fillers())))


def explains(name: str, domain: str) -> bool:
    """Whether a name, as written, explains the label of `domain`; an unusable name explains nothing."""
    written = name_words(name) if len(name) <= MAX_NAME else ()
    if not written or not normalise_words(written).value:
        return False
    return beyond(strip_forms(written), written, domain).explained


@lru_cache(maxsize=65_536)
def label_of(domain: str) -> str:
    """The label in front of the public suffix, folded and without hyphens."""
    label = domain.partition(".")[0]
    return _international(label) if label.startswith("xn--") else label.replace("-", "")


def _told(label: str, whole: str, words: Sequence[str]) -> set[int]:
    """The positions of the words that the label tells; `whole` are the words run together."""
    at = _place(label, whole)
    if at >= 0:
        return _covered(words, at, at + len(label))
    if "and" in words:
        joined = [(number, word) for number, word in enumerate(words) if word != "and"]
        at = _place(label, "".join(word for _, word in joined))
        if at >= 0:
            numbers = _covered([word for _, word in joined], at, at + len(label))
            return {joined[number][0] for number in numbers}
    rest, told = label, set()
    for number, word in sorted(enumerate(words), key=lambda item: (-len(item[1]), item[0])):
        at = _place(word, rest)
        if at >= 0:
            rest = rest[:at] + " " + rest[at + len(word) :]
            told.add(number)
    rest = rest.replace(" ", "")
    if len(rest) < SHORTEST or rest in _DECORATION:
        return told
    # A label that says something else than the rest of the name is the website of another one in the family:
    # "acme-foods.com" of Acme Steel.
    accounted = len(rest) < len(label) // 2 or rest in generic()
    return told if accounted and len(told) == len(words) else set()


def _covered(words: Sequence[str], start: int, end: int) -> set[int]:
    """The positions of the words of which at least half lies between two places of all run together."""
    covered, place = set(), 0
    for number, word in enumerate(words):
        if 2 * (min(end, place + len(word)) - max(start, place)) >= len(word):
            covered.add(number)
        place += len(word)
    return covered


def _place(short: str, long: str) -> int:
    """Where `short` stands in `long` and may be meant, -1 for nowhere."""
    if len(short) >= ANYWHERE:
        return long.find(short)
    if len(short) < SHORTEST:
        return 0 if short and short == long else -1
    return 0 if long.startswith(short) else len(long) - len(short) if long.endswith(short) else -1


def _initialled(label: str, words: Sequence[str], written: Sequence[str]) -> set[int]:
    """The positions of the words of which the label is made of the initials: all, or those in front."""
    if len(label) >= SHORTEST and label in _initials(written):
        return set(range(len(words)))
    for count in range(len(words), max(1, len(label) - 1), -1):
        if label in _initials(words[:count]) and (count == len(words) or len(label) >= SHORTEST):
            return set(range(count))
    return set()


def _initials(words: Sequence[str]) -> tuple[str, str, str]:
    """First letters: without small words, with all, and with "and" said "n"."""
    small = _SMALL
    return (
        "".join([word[0] for word in words if word not in small]),
        "".join([word[0] for word in words]),
        "".join(["n" if word == "and" else word[0] for word in words]),
    )


def _plain(text: str) -> str:
    """Umlauts written with two letters become one."""
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@lru_cache(maxsize=4096)
def _international(label: str) -> str:
    """The folded Unicode form of an A-label, "" when it has none."""
    try:
        return fold(idna.decode(label)).replace(" ", "")
    except (ValueError, IndexError):  # idna.IDNAError is a UnicodeError, which is a ValueError.
        return ""
