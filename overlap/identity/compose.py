"""From the facts of an account to its identifiers: what must be equal on both sides for a hit.

Composite kinds join what is weak alone: a website and what the name says beyond it, a name and the place.
Both halves then come from one account of the peer, and a hit is evidence that both are willing to show.
A value is its parts with "|" between them, which no normalised text contains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, NamedTuple

from overlap.identity.facts import Facts
from overlap.identity.label import Beyond, beyond, label_of
from overlap.identity.name import generic_words
from overlap.identity.naming import Name
from overlap.identity.rarity import in_dictionary, name_bits, rarest
from overlap.identity.words import HOLDING, Words, brand_of, distinctive, generic, places

JOINT: Final = "|"
ROLES: Final = ("starter", "responder")

#: Bits (see rarity.py) from which a name says enough beside a country, beside a city, and without any place,
#: and a brand beside a city. Tuned on one half of public lists (docs/matching.md).
RARE_IN_COUNTRY: Final = 8.0
RARE_IN_CITY: Final = 12.0
RARE_ALONE: Final = 12.0
RARE_BRAND: Final = 15.0
RARE_TYPED: Final = 14.0

#: Endings of a website that some write as part of the name: "Salesforce.com".
_ENDINGS: Final = frozenset({"ai", "app", "com", "dev", "io", "net", "org"})
#: Letters; a label shorter than this says too little across endings.
LONG_LABEL: Final = 4
#: Endings under which one company registers one label, beside those of countries.
FAMILY: Final = frozenset({"biz", "com", "info", "net", "org"})
#: Letters of a name from which one letter less still tells it.
LONG_NAME: Final = 8
#: Words that make initials worth comparing, and as many letters that may be initials.
ACRONYM: Final = range(3, 6)


class Core(NamedTuple):
    """The core words of a name, the same run together, and the bits they carry."""

    words: Words
    text: str
    bits: float


class Work:
    """The facts of one account, with what several kinds need worked out once."""

    __slots__ = ("cores", "facts", "other", "rare", "role", "told")

    def __init__(self, facts: Facts, role: str) -> None:
        self.facts = facts
        self.role = role
        self.other = ROLES[role == ROLES[0]]
        names = facts.names
        #: The cores of the names that did not stand in brackets, a website's ending taken off.
        self.cores = [_core(name.core) for name in names if not name.aside]
        #: The bits of the name; -1 for a dictionary word where a website could have said it.
        self.rare = _rareness(names[0], facts.domains, self.cores[0]) if names else 0.0
        #: What the name that fits best says beyond each domain.
        self.told = [(domain, _told(names, domain)) for domain in facts.domains or facts.mail]


def _core(words: Words) -> Core:
    if words[-1] in _ENDINGS:
        words = _without_ending(words)
    return Core(words, "".join(words), name_bits(words))


def _without_ending(words: Words) -> Words:
    while len(words) > 1 and words[-1] in _ENDINGS:
        words = words[:-1]
    return words


def _rareness(name: Name, domains: tuple[str, ...], core: Core) -> float:
    if domains and in_dictionary(name.whole):
        return -1.0
    return core.bits if core.words == name.core else name_bits(name.core)


def _told(names: tuple[Name, ...], domain: str) -> Beyond:
    if len(names) == 1:
        name = names[0]
        return beyond(name.words, name.core, name.written, domain)
    return min(
        (beyond(name.words, name.core, name.written, domain) for name in names),
        key=lambda told: (not told.explained, len(told.rest)),
        default=Beyond(False, ()),
    )


Maker = Callable[[Work], Sequence[str]]


def compose(facts: Facts, kinds: frozenset[str], role: str, most: int) -> list[tuple[str, str]]:
    """At most `most` (kind, value) of an account, of the kinds wanted, each once.

    The first values of every kind come before further ones of any, in the order of `MAKERS`, so that many
    websites leave room for the name. `role` is that of this party in the run: identifiers about what only one
    side has are made so that those of the starter meet those of the responder.
    """
    found = [number for number in facts.numbers if number[0] in kinds]
    further: list[tuple[str, str]] = []
    work = Work(facts, role)
    for kind, maker, together in _steps(kinds):
        if len(found) >= most:
            break
        values = maker(work)
        if len(values) == 1:
            found.append((kind, values[0]))
        elif values:
            pairs = [(kind, value) for value in dict.fromkeys(values)]
            first = _at_once(kind, values) if together else 1
            found += pairs[:first]
            further += pairs[first:]
    found += further
    return found[:most]


@cache
def _steps(kinds: frozenset[str]) -> tuple[tuple[str, Maker, bool], ...]:
    """(kind, maker, whether it is one of `_TOGETHER`) of the kinds wanted, numbers apart."""
    return tuple((kind, maker, kind in _TOGETHER) for kind, maker in MAKERS.items() if kind in kinds)


def _at_once(kind: str, values: Sequence[str]) -> int:
    """How many values of a kind of `_TOGETHER` count at once: all, but of websites those of the first."""
    if kind != "domain_name":
        return len(values)
    start = values[0].partition(JOINT)[0] + JOINT
    return sum(value.startswith(start) for value in values)


def _linkedin(work: Work) -> Sequence[str]:
    return (work.facts.linkedin,) if work.facts.linkedin else ()


def _domain_name(work: Work) -> Sequence[str]:
    if not work.facts.names:
        return ()
    found = []
    for domain, (explained, rest) in work.told:
        if not explained:
            found.append(domain + JOINT + " ".join(rest))
            continue
        words = telling(rest)
        general = [word for word in rest if word not in words and word not in _ENDINGS]
        start = domain + JOINT + " ".join(words) + JOINT
        found.append(start + " ".join(general))
        # One name may leave out the general words of the other, but not put others in their place.
        found.append(start + (work.other if general else work.role) + JOINT)
    return found


def _domain_word(work: Work) -> Sequence[str]:
    return [
        domain + JOINT + rarest(words) for domain, (_, rest) in work.told if rest and (words := telling(rest))
    ]


def telling(rest: Words) -> Words:
    """What is left of a rest without generic words, places and endings of websites."""
    return tuple([word for word in rest if word not in _untelling()]) if rest else rest


@cache
def _untelling() -> frozenset[str]:
    return generic() | places() | _ENDINGS


def _domain(work: Work) -> Sequence[str]:
    return work.facts.domains or work.facts.mail


def _mail_domain(work: Work) -> Sequence[str]:
    return work.facts.domains + work.facts.mail


def _label(work: Work) -> Sequence[str]:
    """The same label under another ending, in the same country: acme.de and acme.com."""
    if not work.facts.country:
        return ()
    found = []
    for domain in work.facts.domains:
        label, ending = label_of(domain), domain.rpartition(".")[2]
        usual = len(ending) == 2 or ending in FAMILY
        if usual and len(label) >= LONG_LABEL and label not in generic_words():
            found.append(label + JOINT + work.facts.country)
    return found


def _name_phone(work: Work) -> Sequence[str]:
    """The name with its words in order, so that blanks do not count, and sorted, without its own city."""
    found: list[str] = []
    if work.facts.phone:
        phone = JOINT + work.facts.phone
        city = work.facts.city.split()
        for core in work.cores:
            found.append(core.text + phone)
            if len(core.words) > 1:
                words = [word for word in core.words if word not in city] or core.words
                found.append("".join(sorted(words)) + phone)
    return found


def _name_postcode(work: Work) -> Sequence[str]:
    if not work.facts.postcode:
        return ()
    return [core.text + JOINT + work.facts.postcode for core in work.cores]


def _name_city(work: Work) -> Sequence[str]:
    if not work.facts.city:
        return ()
    return [core.text + JOINT + work.facts.city for core in work.cores if core.bits >= RARE_IN_CITY]


def _name_country(work: Work) -> Sequence[str]:
    if not work.facts.country or work.rare < RARE_IN_COUNTRY:
        return ()
    return (work.facts.names[0].whole + JOINT + work.facts.country,)


def _name(work: Work) -> Sequence[str]:
    """A rare name where one side or both have no country: without a place its general words say nothing.

    Marks say whose side has the country, or without it a city, so that two places that differ never meet
    (the composites of a veto, with the place for the number).
    """
    if work.rare < RARE_ALONE or name_bits(distinctive(work.facts.names[0].core)) < RARE_ALONE:
        return ()
    whole = work.facts.names[0].whole + JOINT
    if work.facts.country:
        return (whole + work.role,)
    if work.facts.city:
        return whole + work.other, whole + "city" + JOINT + work.role
    return whole + work.other, whole + "city" + JOINT + work.other, whole


def _word_phone(work: Work) -> Sequence[str]:
    if not work.facts.phone or not work.cores:
        return ()
    words = work.cores[0].words
    return [word + JOINT + work.facts.phone for word in (words[0], rarest(words))]


def _close_country(work: Work) -> Sequence[str]:
    return _close(work.cores, work.facts.country, RARE_IN_COUNTRY)


def _close_city(work: Work) -> Sequence[str]:
    return _close(work.cores, work.facts.city, 0.0)


def _close(cores: list[Core], place: str, least: float) -> Sequence[str]:
    """The core words in any order, with or without a word for a holding."""
    found: list[str] = []
    if place:
        for core in cores:
            kept, bits = core.words, core.bits
            if HOLDING in kept:
                kept = tuple([word for word in kept if word != HOLDING]) or kept
                bits = name_bits(kept)
            if bits >= least:
                found.append("".join(sorted(kept)) + JOINT + place)
    return found


def _bare_name(work: Work) -> Sequence[str]:
    return (work.facts.names[0].whole,) if work.facts.names else ()


def _brand_city(work: Work) -> Sequence[str]:
    """One side has the brand alone, the other with generic words around it: "Kajima", "Kajima Group"."""
    found = []
    if work.facts.city:
        for core in work.cores:
            brand = brand_of(core.words)
            if brand and name_bits(brand) >= RARE_BRAND:
                whose = work.role if brand == core.words else work.other
                found.append(JOINT.join(("".join(brand), work.facts.city, whose)))
    return found


def _acronym_city(work: Work) -> Sequence[str]:
    """One side has the initials, the other the words."""
    found = []
    if work.facts.city:
        for name in work.facts.names:
            words = [word for word in name.words if word != "and"]
            if len(words) in ACRONYM:
                initials = "".join([word[0] for word in words])
                found.append(JOINT.join((initials, work.facts.city, work.other)))
            elif len(words) == 1 and len(words[0]) in ACRONYM and words[0].isalpha():
                found.append(JOINT.join((words[0], work.facts.city, work.role)))
    return found


def _typed_city(work: Work) -> Sequence[str]:
    """A long rare name, and every name with one of its letters left out."""
    if not work.facts.city or not work.cores:
        return ()
    _, text, bits = work.cores[0]
    if bits < RARE_TYPED or len(text) < LONG_NAME:
        return ()
    city = JOINT + work.facts.city
    return [text + city, *[text[:at] + text[at + 1 :] + city for at in range(len(text))]]


#: By yield: how many more pairs an identifier finds for what it costs. Numbers come first, in their order in
#: `Facts`.
MAKERS: Final[dict[str, Maker]] = {
    "linkedin": _linkedin,
    "domain_name": _domain_name,
    "domain_word": _domain_word,
    "name_phone": _name_phone,
    "name_city": _name_city,
    "name_country": _name_country,
    "domain": _domain,
    "name": _name,
    "label": _label,
    "word_phone": _word_phone,
    "close_country": _close_country,
    "close_city": _close_city,
    "bare_name": _bare_name,
    "name_postcode": _name_postcode,
    "mail_domain": _mail_domain,
    "brand_city": _brand_city,
    "acronym_city": _acronym_city,
    "typed_city": _typed_city,
}

#: Kinds of which all values count at once, of `domain_name` those of one website: each meets another writing.
_TOGETHER: Final = frozenset({"domain_name", "name", "name_phone", "word_phone", "typed_city"})
