"""Whether a domain looks like the name of the account that carries it.

A shared domain alone is wrong about once in fifteen (parents, investors, foundations, code hosts). A label
that resembles the account's own name is a second witness, which each side can judge alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import idna

from overlap.identity.name import MAX_NAME, generic_words, name_words, normalise_words
from overlap.identity.text import fold

#: Letters; a shorter word or label is in too many others by chance.
SHORTEST: Final = 3
#: What owners add to a name to get a free domain; it names nobody else.
FILLERS: Final = frozenset(
    {
        "company",
        "corp",
        "global",
        "gmbh",
        "group",
        "inc",
        "international",
        "llc",
        "ltd",
        "official",
        "online",
        "web",
    }
)
#: Letters; a shorter word or label must stand at an end of the other, not in its middle.
ANYWHERE: Final = 4


def explains(name: str, domain: str) -> bool:
    """Whether the company `name`, as written, explains the whole label of `domain` (registrable, A-labels).

    A name without a normalised form explains nothing. True when the label is made of words of the name
    (generic words such as "group" may stand beside them), is part of the words run together, or is their
    initials. A label without its hyphens counts too, and an umlaut written with two letters. A label that
    says more than the name ("acme-foods.com" of Acme Steel) is the website of somebody else in the family.
    """
    written = name_words(name) if len(name) <= MAX_NAME else ()
    folded = normalise_words(written).value if written else ""
    if not folded:
        return False
    label = domain.partition(".")[0]
    label = _international(label) if label.startswith("xn--") else label.replace("-", "")
    if _shares_a_word(label, folded) or _is_initials(label, written, folded):
        return True
    plain = _without_umlauts(label), _without_umlauts(folded)
    return plain != (label, folded) and _shares_a_word(*plain)


def _shares_a_word(label: str, folded: str) -> bool:
    generic = generic_words()
    if label in generic:
        return label == folded
    words = folded.split()
    if _within(label, "".join(words)) or any(_within(label, word) for word in words if word not in generic):
        return True
    rest, explained = label, False
    for word in sorted(words, key=len, reverse=True):
        if _within(word, rest):
            rest = rest.replace(word, "", 1)
            explained = explained or word not in generic
    return explained and (len(rest) < SHORTEST or rest in FILLERS)


def _within(short: str, long: str) -> bool:
    if len(short) >= ANYWHERE:
        return short in long
    return len(short) == SHORTEST and (long.startswith(short) or long.endswith(short))


def _is_initials(label: str, written: Sequence[str], folded: str) -> bool:
    """Initials of the name, "and" left out or kept; with the legal form only from three letters on."""
    words = folded.split()
    if len(words) > 1 and label in _initials(words):
        return True
    return len(label) >= SHORTEST and label in _initials(written)


def _initials(words: Sequence[str]) -> tuple[str, str]:
    return "".join(word[0] for word in words), "".join(word[0] for word in words if word != "and")


def _without_umlauts(text: str) -> str:
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@lru_cache(maxsize=4096)
def _international(label: str) -> str:
    """The folded Unicode form of an A-label, "" when it has none."""
    try:
        return fold(idna.decode(label)).replace(" ", "")
    except (ValueError, IndexError):  # idna.IDNAError is a UnicodeError, which is a ValueError.
        return ""
