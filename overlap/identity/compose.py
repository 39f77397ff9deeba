"""From the facts of an account to its identifiers: what must be equal on both sides for a hit.

Composite kinds join what is weak alone: a website and what the name says beyond it, a name and the place.
Both halves then come from one account of the peer, and a hit is evidence that both are willing to show.
A value is its parts with "|" between them, which no normalised text contains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from overlap.identity.facts import Facts
from overlap.identity.label import Beyond, beyond, label_of
from overlap.identity.naming import Name
from overlap.identity.name import generic_words
from overlap.identity.rarity import dictionary, name_bits, rarest, word_bits
from overlap.identity.words import Words, distinctive, generic, places

JOINT: Final = "|"
ROLES: Final = ("starter", "responder")

#: Bits (see rarity.py) from which a name says enough: beside a country, a city, without any place, and one
#: word beside a city or telephone number. Tuned on one half of public lists (docs/matching.md).
RARE_IN_COUNTRY: Final = 8.0
RARE_IN_CITY: Final = 12.0
RARE_ALONE: Final = 12.0
RARE_WORD: Final = 6.0

#: Endings of a website that some write as part of the name: "Salesforce.com".
_TAIL: Final = frozenset({"ai", "app", "com", "dev", "io", "net", "org"})
#: Letters; a label shorter than this says too little across endings.
_LONG_LABEL: Final = 4
#: Endings under which one company registers one label: country codes and the oldest generic ones.
_FAMILY: Final = frozenset({"com", "net", "org", "co", "eu", "biz", "info"})


def compose(facts: Facts, wanted: frozenset[str], role: str, most: int) -> list[tuple[str, str]]:
    """At most `most` (kind, value) of an account, of the kinds wanted, each once.

    The first of every kind come before the second of any, in the order of `MAKERS`, so that many websites
    leave room for the name. `role` is that of this party in the run: identifiers about what only one side has
    are made so that those of the starter meet those of the responder.
    """
    made = [(kind, list(dict.fromkeys(make(facts, role)))) for kind, make in MAKERS.items() if kind in wanted]
    deepest = max((len(values) for _, values in made), default=0)
    found = [
        (kind, values[depth]) for depth in range(deepest) for kind, values in made if depth < len(values)
    ]
    return found[:most]


def core_of(name: Name) -> Words:
    """The core words of a name without a website's ending behind them."""
    core = name.core
    while len(core) > 1 and core[-1] in _TAIL:
        core = core[:-1]
    return core


def _number(kind: str) -> Callable[[Facts, str], Iterable[str]]:
    def made(facts: Facts, _role: str) -> Iterable[str]:
        return [value for of, value in facts.numbers if of == kind]

    return made


def _linkedin(facts: Facts, _role: str) -> Iterable[str]:
    return (facts.linkedin,) if facts.linkedin else ()


def _sides(facts: Facts) -> tuple[str, ...]:
    return facts.domains or facts.mail


def _told(facts: Facts, domain: str) -> Beyond:
    """What the name that fits the domain best says beyond it."""
    return min(
        (beyond(name.words, name.written, domain) for name in facts.names),
        key=lambda told: (not told.explained, len(told.rest)),
        default=Beyond(False, ()),
    )


def _domain_name(facts: Facts, _role: str) -> Iterator[str]:
    if facts.names:
        for domain in _sides(facts):
            told = _told(facts, domain)
            rest = _telling(told.rest) if told.explained else told.rest
            yield domain + JOINT + " ".join(rest)


def _domain_word(facts: Facts, _role: str) -> Iterator[str]:
    for domain in _sides(facts):
        for word in rarest(_telling(_told(facts, domain).rest), 1):
            yield domain + JOINT + word


def _telling(rest: Words) -> Words:
    """What is left of a rest without generic words, places and endings of websites."""
    return tuple(word for word in distinctive(rest) if word not in places() and word not in _TAIL)


def _placed(place: str, bits: float, *, sort: bool) -> Callable[[Facts, str], Iterator[str]]:
    def made(facts: Facts, _role: str) -> Iterator[str]:
        where = getattr(facts, place)
        if where:
            for name in facts.names:
                core = core_of(name)
                if not name.aside and name_bits(core) >= bits:
                    yield "".join(core) + JOINT + where
                    if sort and len(core) > 1:
                        kept = [word for word in core if word not in facts.city.split()] or core
                        yield "".join(sorted(kept)) + JOINT + where

    return made


def _name_country(facts: Facts, _role: str) -> Iterator[str]:
    if facts.names and facts.country and name_bits(facts.names[0].core) >= RARE_IN_COUNTRY and not (facts.domains and facts.names[0].whole in dictionary()):
        yield facts.names[0].whole + JOINT + facts.country


def _name(facts: Facts, role: str) -> Iterator[str]:
    """With a role's mark for whose side has the country, so that differing countries never meet (F5)."""
    if facts.names and name_bits(facts.names[0].core) >= RARE_ALONE and not (facts.domains and facts.names[0].whole in dictionary()):
        whole = facts.names[0].whole
        other = ROLES[role == ROLES[0]]
        if facts.country:
            yield whole + JOINT + role
        elif facts.city:
            yield whole + JOINT + other
            yield whole + JOINT + "city" + JOINT + role
        else:
            yield whole + JOINT + other
            yield whole + JOINT + "city" + JOINT + other
            yield whole + JOINT


def _word_phone(facts: Facts, _role: str) -> Iterator[str]:
    if facts.phone and facts.names:
        core = core_of(facts.names[0])
        for word in dict.fromkeys((core[0], *rarest(core, 1))):
            yield word + JOINT + facts.phone


def _brand(place: str) -> Callable[[Facts, str], Iterator[str]]:
    """One side has the brand alone, the other with generic words around it: "Honda", "Honda Motor"."""

    def made(facts: Facts, role: str) -> Iterator[str]:
        where = getattr(facts, place)
        if where:
            for name in facts.names:
                core = core_of(name)
                brand = brand_of(core)
                if brand and not name.aside and name_bits(brand) >= 15:
                    whose = role if brand == core else ROLES[role == ROLES[0]]
                    yield JOINT.join(("".join(brand), where, whose))

    return made


def brand_of(core: Words) -> Words:
    """A core without the generic words around it."""
    shared = generic()
    start, end = 0, len(core)
    while start < end and core[end - 1] in shared:
        end -= 1
    while start < end and core[start] in shared:
        start += 1
    return core[start:end]


def _acronym(place: str) -> Callable[[Facts, str], Iterator[str]]:
    """One side writes the initials, the other the words."""

    def made(facts: Facts, role: str) -> Iterator[str]:
        where = getattr(facts, place)
        if where:
            for name in facts.names:
                core = core_of(name)
                brand = brand_of(core)
                if len(name.words) >= 3:
                    whose = ROLES[role == ROLES[0]]
                    yield JOINT.join(("".join(word[0] for word in name.words if word != "and"), where, whose))
                elif len(brand) == 1 and 3 <= len(brand[0]) <= 5 and brand[0].isalpha():
                    yield JOINT.join((brand[0], where, role))

    return made


def _typo(place: str) -> Callable[[Facts, str], Iterator[str]]:
    def made(facts: Facts, role: str) -> Iterator[str]:
        where = getattr(facts, place)
        if where and facts.names:
            core = core_of(facts.names[0])
            text = "".join(core)
            if len(text) >= 8 and name_bits(core) >= 14:
                yield text + JOINT + where
                for at in range(len(text)):
                    yield text[:at] + text[at + 1 :] + JOINT + where

    return made


def _domain(facts: Facts, _role: str) -> Iterable[str]:
    return _sides(facts)


def _mail_domain(facts: Facts, _role: str) -> Iterator[str]:
    yield from facts.domains
    yield from facts.mail


def _label(facts: Facts, _role: str) -> Iterator[str]:
    if facts.country:
        for domain in facts.domains:
            label, ending = label_of(domain), domain.rpartition(".")[2]
            usual = len(ending) == 2 or ending in _FAMILY
            if usual and len(label) >= _LONG_LABEL and label not in generic_words():
                yield label + JOINT + facts.country


def _bare_name(facts: Facts, _role: str) -> Iterator[str]:
    if facts.names:
        yield facts.names[0].whole


def _close(place: str, bits: float) -> Callable[[Facts, str], Iterator[str]]:
    def made(facts: Facts, _role: str) -> Iterator[str]:
        where = getattr(facts, place)
        if where:
            for name in facts.names:
                core = tuple(word for word in core_of(name) if word != "hldg") or name.core
                if not name.aside and name_bits(core) >= bits:
                    yield "".join(sorted(core)) + JOINT + where

    return made


#: By yield: how many more pairs an identifier finds for what it costs.
MAKERS: Final[dict[str, Callable[[Facts, str], Iterable[str]]]] = {
    **{kind: _number(kind) for kind in ("lei", "isin", "duns", "vat", "registration", "ticker")},
    "linkedin": _linkedin,
    "domain_name": _domain_name,
    "domain_word": _domain_word,
    "name_city": _placed("city", RARE_IN_CITY, sort=False),
    "name_country": _name_country,
    "name_phone": _placed("phone", 0.0, sort=True),
    "domain": _domain,
    "name": _name,
    "close_country": _close("country", RARE_IN_COUNTRY),
    "word_phone": _word_phone,
    "close_city": _close("city", 0.0),
    "name_postcode": _placed("postcode", 0.0, sort=False),
    "bare_name": _bare_name,
    "label": _label,
    "mail_domain": _mail_domain,
    "acronym_city": _acronym("city"),
    "brand_city": _brand("city"),
    "typo_city": _typo("city"),
}
