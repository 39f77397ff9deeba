"""From the facts of an account to its identifiers: what must be equal on both sides for a hit.

Composite kinds join what is weak alone: a website and what the name says beyond it, a name and the place.
Both halves then come from one account of the peer, and a hit is evidence that both are willing to show.
A value is its parts with "|" between them, which no normalised text contains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from overlap.identity.facts import Facts
from overlap.identity.label import Beyond, beyond, label_of
from overlap.identity.name import generic_words
from overlap.identity.rarity import in_dictionary, name_bits, rarest
from overlap.identity.words import HOLDING, Words, brand_of, distinctive, places

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
_LONG_LABEL: Final = 4
#: Endings under which one company registers one label, beside those of countries.
_FAMILY: Final = frozenset({"biz", "com", "info", "net", "org"})
#: Letters of a name from which one letter less still tells it.
_LONG_NAME: Final = 8
#: Words that make initials worth comparing, and letters that may be initials.
_FEWEST_WORDS: Final = 3
_ACRONYM: Final = range(3, 6)


class Work:
    """The facts of one account, with what several kinds need worked out once."""

    __slots__ = ("cores", "facts", "other", "role", "told")

    def __init__(self, facts: Facts, role: str) -> None:
        self.facts = facts
        self.role = role
        self.other = ROLES[role == ROLES[0]]
        #: The core words of the names that did not stand in brackets, a website's ending taken off.
        self.cores = [_without_ending(name.core) for name in facts.names if not name.aside]
        #: What the name that fits best says beyond each domain.
        self.told = [(domain, self._told(domain)) for domain in facts.domains or facts.mail]

    def _told(self, domain: str) -> Beyond:
        names = self.facts.names
        if len(names) == 1:
            return beyond(names[0].words, names[0].written, domain)
        return min(
            (beyond(name.words, name.written, domain) for name in names),
            key=lambda told: (not told.explained, len(told.rest)),
            default=Beyond(False, ()),
        )


Maker = Callable[[Work], Iterator[str]]


def compose(facts: Facts, kinds: frozenset[str], role: str, most: int) -> list[tuple[str, str]]:
    """At most `most` (kind, value) of an account, of the kinds wanted, each once.

    The first values of every kind come before further ones of any, in the order of `MAKERS`, so that many
    websites leave room for the name. `role` is that of this party in the run: identifiers about what only one
    side has are made so that those of the starter meet those of the responder.
    """
    work = Work(facts, role)
    found: dict[tuple[str, str], None] = {}
    further: list[tuple[str, Iterator[str]]] = []
    for kind, maker in MAKERS.items():
        if kind not in kinds:
            continue
        values = maker(work)
        for value in values:
            found[kind, value] = None
            if len(found) == most:
                return list(found)
            if kind not in _TOGETHER:
                further.append((kind, values))
                break
    for kind, values in further:
        for value in values:
            found[kind, value] = None
            if len(found) == most:
                return list(found)
    return list(found)


def _without_ending(core: Words) -> Words:
    while len(core) > 1 and core[-1] in _ENDINGS:
        core = core[:-1]
    return core


def _number(kind: str) -> Maker:
    def make(work: Work) -> Iterator[str]:
        return (value for of, value in work.facts.numbers if of == kind)

    return make


def _linkedin(work: Work) -> Iterator[str]:
    if work.facts.linkedin:
        yield work.facts.linkedin


def _domain_name(work: Work) -> Iterator[str]:
    if work.facts.names:
        for domain, told in work.told:
            if not told.explained:
                yield domain + JOINT + " ".join(told.rest)
                continue
            telling = _telling(told.rest)
            general = [word for word in told.rest if word not in telling and word not in _ENDINGS]
            yield JOINT.join((domain, " ".join(telling), " ".join(general)))
            # One name may leave out the general words of the other, but not put others in their place.
            yield JOINT.join((domain, " ".join(telling), work.other if general else work.role, ""))


def _domain_word(work: Work) -> Iterator[str]:
    for domain, told in work.told:
        for word in rarest(_telling(told.rest), 1):
            yield domain + JOINT + word


def _telling(rest: Words) -> Words:
    """What is left of a rest without generic words, places and endings of websites."""
    return tuple(word for word in distinctive(rest) if word not in places() and word not in _ENDINGS)


def _domain(work: Work) -> Iterator[str]:
    return iter(work.facts.domains or work.facts.mail)


def _mail_domain(work: Work) -> Iterator[str]:
    yield from work.facts.domains
    yield from work.facts.mail


def _label(work: Work) -> Iterator[str]:
    """The same label under another ending, in the same country: acme.de and acme.com."""
    if work.facts.country:
        for domain in work.facts.domains:
            label, ending = label_of(domain), domain.rpartition(".")[2]
            usual = len(ending) == 2 or ending in _FAMILY
            if usual and len(label) >= _LONG_LABEL and label not in generic_words():
                yield label + JOINT + work.facts.country


def _name_phone(work: Work) -> Iterator[str]:
    """The name with its words in order, so that blanks do not count, and sorted, without its own city."""
    phone = work.facts.phone
    if phone:
        city = work.facts.city.split()
        for core in work.cores:
            yield "".join(core) + JOINT + phone
            if len(core) > 1:
                yield "".join(sorted([word for word in core if word not in city] or core)) + JOINT + phone


def _name_postcode(work: Work) -> Iterator[str]:
    if work.facts.postcode:
        for core in work.cores:
            yield "".join(core) + JOINT + work.facts.postcode


def _name_city(work: Work) -> Iterator[str]:
    if work.facts.city:
        for core in work.cores:
            if name_bits(core) >= RARE_IN_CITY:
                yield "".join(core) + JOINT + work.facts.city


def _name_country(work: Work) -> Iterator[str]:
    facts = work.facts
    if facts.country and facts.names and _is_rare(work, RARE_IN_COUNTRY):
        yield facts.names[0].whole + JOINT + facts.country


def _name(work: Work) -> Iterator[str]:
    """A rare name where one side or both have no country.

    Marks say whose side has the country, or without it a city, so that two places that differ never meet
    (the composites of a veto, with the place for the number).
    """
    if work.facts.names and _is_rare(work, RARE_ALONE):
        whole = work.facts.names[0].whole + JOINT
        if work.facts.country:
            yield whole + work.role
        else:
            yield whole + work.other
            if work.facts.city:
                yield whole + "city" + JOINT + work.role
            else:
                yield whole + "city" + JOINT + work.other
                yield whole


def _is_rare(work: Work, bits: float) -> bool:
    """Whether the name says enough; a dictionary word does not where a website could have said it."""
    name = work.facts.names[0]
    return name_bits(name.core) >= bits and not (work.facts.domains and in_dictionary(name.whole))


def _word_phone(work: Work) -> Iterator[str]:
    if work.facts.phone and work.cores:
        core = work.cores[0]
        for word in dict.fromkeys((core[0], *rarest(core, 1))):
            yield word + JOINT + work.facts.phone


def _close(place: str, bits: float) -> Maker:
    """The core words in any order, with or without a word for a holding."""

    def make(work: Work) -> Iterator[str]:
        where = getattr(work.facts, place)
        if where:
            for core in work.cores:
                kept = [word for word in core if word != HOLDING] or core
                if name_bits(tuple(kept)) >= bits:
                    yield "".join(sorted(kept)) + JOINT + where

    return make


def _bare_name(work: Work) -> Iterator[str]:
    if work.facts.names:
        yield work.facts.names[0].whole


def _brand_city(work: Work) -> Iterator[str]:
    """One side has the brand alone, the other with generic words around it: "Honda", "Honda Motor"."""
    if work.facts.city:
        for core in work.cores:
            brand = brand_of(core)
            if brand and name_bits(brand) >= RARE_BRAND:
                whose = work.role if brand == core else work.other
                yield JOINT.join(("".join(brand), work.facts.city, whose))


def _acronym_city(work: Work) -> Iterator[str]:
    """One side has the initials, the other the words."""
    if work.facts.city:
        for name in work.facts.names:
            words = [word for word in name.words if word != "and"]
            if len(words) >= _FEWEST_WORDS:
                initials = "".join(word[0] for word in words)
                yield JOINT.join((initials, work.facts.city, work.other))
            elif len(words) == 1 and len(words[0]) in _ACRONYM and words[0].isalpha():
                yield JOINT.join((words[0], work.facts.city, work.role))


def _typed_city(work: Work) -> Iterator[str]:
    """A long rare name, and every name with one of its letters left out."""
    if work.facts.city and work.cores and name_bits(work.cores[0]) >= RARE_TYPED:
        text = "".join(work.cores[0])
        if len(text) >= _LONG_NAME:
            yield text + JOINT + work.facts.city
            for at in range(len(text)):
                yield text[:at] + text[at + 1 :] + JOINT + work.facts.city


#: By yield: how many more pairs an identifier finds for what it costs.
MAKERS: Final[dict[str, Maker]] = {
    **{kind: _number(kind) for kind in ("lei", "isin", "duns", "vat", "registration", "ticker")},
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
    "close_country": _close("country", RARE_IN_COUNTRY),
    "close_city": _close("city", 0.0),
    "bare_name": _bare_name,
    "name_postcode": _name_postcode,
    "mail_domain": _mail_domain,
    "brand_city": _brand_city,
    "acronym_city": _acronym_city,
    "typed_city": _typed_city,
}

#: Kinds of which all values count at once: each of them meets another writing.
_TOGETHER: Final = frozenset({"domain_name", "name", "name_phone", "word_phone", "typed_city"})
