"""The kinds of identifiers, and what names the software that makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from overlap import canonical
from overlap.identity import resources
from overlap.identity.country import normalise_country
from overlap.identity.domain import normalise_domain, normalise_mail_domain
from overlap.identity.linkedin import normalise_linkedin
from overlap.identity.name import normalise_name
from overlap.identity.outcome import Outcome
from overlap.identity.place import PLACES, normalise_place
from overlap.identity.registration import normalise_registration


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of identifier: what a hit says, in a few words, and the tier that it gives a pair.

    `wrong` is the share of hits between different companies, in thousandths, as measured on public lists of
    real companies (docs/matching.md says on which). A `candidate` says something about accounts that may turn
    out different, and is matched only where both have signed `candidates = true`.
    """

    name: str
    tier: str
    wrong: int
    says: str


#: In order of precedence, best first.
ALL: Final = (
    Kind("lei", "exact", 1, "same LEI"),
    Kind("isin", "exact", 1, "same ISIN"),
    Kind("duns", "exact", 5, "same DUNS number"),
    Kind("vat", "exact", 10, "same VAT number"),
    Kind("registration", "exact", 5, "same number in a national register"),
    Kind("ticker", "exact", 5, "same ticker at the same exchange"),
    Kind("linkedin", "strong", 10, "same company page on LinkedIn"),
    Kind("domain_name", "exact", 2, "same website, and the names say the same beyond it"),
    Kind("domain_word", "strong", 5, "x"),
    Kind("name_phone", "exact", 2, "same telephone number and name"),
    Kind("name_postcode", "exact", 2, "same postcode and name"),
    Kind("name_city", "strong", 4, "same city and name"),
    Kind("name_country", "strong", 8, "same country and name"),
    Kind("name", "strong", 10, "same rare name, where one side or both have no country"),
    Kind("word_phone", "candidate", 50, "same telephone number and a word of the name"),
    Kind("close_city", "candidate", 100, "same city and a close name"),
    Kind("brand_city", "candidate", 100, "same city and a close name"),
    Kind("typo_city", "candidate", 100, "same city and a close name"),
    Kind("acronym_city", "candidate", 100, "same city and a close name"),
    Kind("close_country", "candidate", 100, "same country and a close name"),
    Kind("domain", "candidate", 70, "same website"),
    Kind("mail_domain", "candidate", 150, "same domain of website or e-mail"),
    Kind("label", "candidate", 100, "websites that differ in their ending alone, and the same country"),
    Kind("bare_name", "candidate", 300, "same name, in whatever country"),
)

KINDS: Final = tuple(kind.name for kind in ALL)
BY_NAME: Final = {kind.name: kind for kind in ALL}
#: Kinds whose hit releases nothing before somebody has looked.
CANDIDATE_KINDS: Final = tuple(kind.name for kind in ALL if kind.tier == "candidate")
CERTAIN_KINDS: Final = tuple(kind.name for kind in ALL if kind.tier != "candidate")

#: Raised when any input gets another value or reason than before.
NORMALISER: Final = "2"


@cache
def normaliser_digest() -> str:
    """SHA-256 (hex) over the version and over what the normalisers make of every probe in the data.

    Outcomes rather than source code: they are the same for a checkout with other line ends or a build without
    sources, and they differ when python-stdnum, idna or the Unicode tables of this Python decide differently.
    """
    outcomes = [list(normalise(kind, text, country)) for kind, text, country in probes()]
    return canonical.digest(NORMALISER.encode(), canonical.encode(outcomes)).hex()


@cache
def probes() -> tuple[tuple[str, str, str], ...]:
    """(kind, text, country) of every probe; the kinds are those of `normalise`."""
    lines = (json.loads(line) for line in resources.read_lines("probes"))
    return tuple((kind, text, country) for kind, text, country in lines)


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
