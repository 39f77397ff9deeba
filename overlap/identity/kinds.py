"""The kinds of identifiers, and what names the software that makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from overlap import canonical
from overlap.identity import resources
from overlap.identity.compose import JOINT, ROLES, compose
from overlap.identity.country import normalise_country
from overlap.identity.domain import normalise_domain, normalise_mail_domain
from overlap.identity.facts import COLUMNS, read_facts
from overlap.identity.linkedin import normalise_linkedin
from overlap.identity.name import normalise_name
from overlap.identity.outcome import Outcome
from overlap.identity.place import PLACES, normalise_place
from overlap.identity.registration import normalise_registration


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of identifier: the tier that a hit gives a pair, and what the hit says in a few words.

    Both numbers are counts in a thousand, measured on public lists of real companies, or judged where they
    hold no such column (docs/matching.md). `wrong`: hits between different companies, which is what the kind
    discloses beyond need. `right`: right pairs among those that have no better evidence, which is the
    confidence in such a pair. A `candidate` says something about accounts that may turn out different, and is
    matched only where both have signed `candidates = true`.
    """

    name: str
    tier: str
    wrong: int
    right: int
    says: str


#: In order of precedence, best first.
ALL_KINDS: Final = (
    Kind("lei", "exact", 1, 999, "the same LEI"),
    Kind("duns", "exact", 5, 995, "the same DUNS number"),
    Kind("registration", "exact", 5, 995, "the same number in a national register"),
    Kind("vat", "exact", 10, 990, "the same VAT number"),
    Kind("isin", "strong", 5, 990, "the same ISIN"),
    Kind("ticker", "strong", 10, 985, "the same ticker at the same exchange"),
    Kind("linkedin", "strong", 10, 985, "the same company page on LinkedIn"),
    Kind("domain_name", "exact", 2, 998, "the same website, and names that say the same beyond it"),
    Kind("name_phone", "exact", 10, 990, "the same telephone number and name"),
    Kind("name_postcode", "exact", 10, 990, "the same postcode and name"),
    Kind("name_city", "exact", 3, 996, "the same city and name"),
    Kind("domain_word", "strong", 4, 986, "the same website, and a rare word that the website does not tell"),
    Kind("name_country", "strong", 8, 998, "the same country and name"),
    Kind("name", "strong", 6, 945, "the same rare name, where one side or both have no country"),
    Kind("word_phone", "candidate", 36, 930, "the same telephone number, and a word of the name"),
    Kind(
        "close_city",
        "candidate",
        10,
        840,
        "the same city, and the same words in another order or a holding's",
    ),
    Kind("domain", "candidate", 15, 966, "the same website"),
    Kind("close_country", "candidate", 24, 810, "the same country, and the same words in another order"),
    Kind("label", "candidate", 9, 980, "the same country, and websites that differ in their ending alone"),
    Kind("bare_name", "candidate", 10, 690, "the same name, wherever"),
    Kind("mail_domain", "candidate", 15, 600, "the same domain of a website or e-mail address"),
    Kind("typed_city", "candidate", 10, 600, "the same city, and names that differ in one letter"),
    Kind("brand_city", "candidate", 147, 830, "the same city and brand, with general words on one side"),
    Kind("acronym_city", "candidate", 187, 600, "the same city, and initials for the name"),
)

#: About the group that an account belongs to (groups.py), never about the account itself: their tier is a
#: word of its own, so that nothing takes a hit for the same company. How often they are wrong is judged, not
#: measured: as the evidence for the parent is, and as often again as CRMs hold a wrong parent.
ALL_GROUP_KINDS: Final = (
    Kind("group_number", "group", 10, 990, "one ultimate parent, by its number in a register"),
    Kind("group_domain", "group", 10, 990, "one ultimate parent, by its website and name"),
    Kind("group_name", "group", 20, 980, "one ultimate parent, by its name and place"),
)

KINDS: Final = tuple(kind.name for kind in ALL_KINDS)
GROUP_KINDS: Final = tuple(kind.name for kind in ALL_GROUP_KINDS)
KIND: Final = {kind.name: kind for kind in (*ALL_KINDS, *ALL_GROUP_KINDS)}
#: Kinds whose hit releases nothing before somebody has looked, and all others.
CANDIDATE_KINDS: Final = tuple(kind.name for kind in ALL_KINDS if kind.tier == "candidate")
CERTAIN_KINDS: Final = tuple(kind.name for kind in ALL_KINDS if kind.tier != "candidate")


def kinds_for(*, candidates: bool, groups: bool = False) -> tuple[str, ...]:
    """The kinds of a run, in order of precedence."""
    kinds = KINDS if candidates else CERTAIN_KINDS
    return (*kinds, *GROUP_KINDS) if groups else kinds


#: Identifiers an account at most. Each one costs both parties time and bytes; docs/matching.md says what more
#: of them would find.
MOST: Final = 8

#: Kinds whose value begins with a website.
WEBSITE_KINDS: Final = ("domain", "domain_name", "domain_word")


def website_of(value: str) -> str:
    """The website in a value of one of `WEBSITE_KINDS`."""
    return value.partition(JOINT)[0]


#: More identifiers than an account has.
_EVERYTHING: Final = 1 << 30

#: Raised when any input gets another value or reason than before.
NORMALISER: Final = "2"


@cache
def normaliser_digest() -> str:
    """SHA-256 (hex) over the version and over what is made of every probe in the data, cells and accounts.

    Outcomes rather than source code: they are the same for a checkout with other line ends or a build without
    sources, and they differ when python-stdnum, idna or the Unicode tables of this Python decide differently.
    """
    outcomes = [list(normalise(kind, text, country)) for kind, text, country in probes()]
    accounts = [
        [role, *map(list, compose(read_facts(row, []), frozenset(KINDS), role, _EVERYTHING))]
        for row in probe_accounts()
        for role in ROLES
    ]
    return canonical.digest(NORMALISER.encode(), canonical.encode(outcomes), canonical.encode(accounts)).hex()


@cache
def probes() -> tuple[tuple[str, str, str], ...]:
    """(kind, text, country) of every probe; the kinds are those of `normalise`."""
    lines = (json.loads(line) for line in resources.read_lines("probes"))
    return tuple((kind, text, country) for kind, text, country in lines)


@cache
def probe_accounts() -> tuple[tuple[str, ...], ...]:
    """The accounts that are identified for the digest, each as a row of facts.COLUMNS."""
    cells = (json.loads(line) for line in resources.read_lines("probe_accounts"))
    return tuple(tuple(account.get(column, "") for column in COLUMNS) for account in cells)


def normalise(kind: str, text: str, country: str = "") -> Outcome:
    """The outcome of one text; `kind` is a number or place or "domain", "name", "mail", "country"."""
    plain: dict[str, Callable[[str], Outcome]] = {
        "domain": normalise_domain,
        "mail": normalise_mail_domain,
        "name": normalise_name,
        "country": normalise_country,
        "linkedin": normalise_linkedin,
    }
    if kind in plain:
        return plain[kind](text)
    if kind in PLACES:
        return normalise_place(kind, text, country)
    return normalise_registration(kind, text, country)
