"""The kinds of identifiers, and what names the software that makes them."""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from overlap import canonical
from overlap.identity import resources
from overlap.identity.country import normalise_country
from overlap.identity.domain import normalise_domain, normalise_mail_domain
from overlap.identity.linkedin import normalise_linkedin
from overlap.identity.name import normalise_name
from overlap.identity.outcome import Outcome
from overlap.identity.registration import normalise_registration

#: In order of precedence, best first: a number names one organisation, a domain usually does, a name may not.
KINDS: Final = (
    "lei", "isin", "duns", "vat", "registration", "ticker", "domain", "name_country", "name"
)  # fmt: skip

#: Raised when any input gets another value or reason than before.
NORMALISER: Final = "1"


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
    """The outcome of one text; `kind` is a number's, "domain", "name", "mail", "country" or "linkedin"."""
    if kind == "domain":
        return normalise_domain(text)
    if kind == "mail":
        return normalise_mail_domain(text)
    if kind == "name":
        return normalise_name(text)
    if kind == "country":
        return normalise_country(text)
    if kind == "linkedin":
        return normalise_linkedin(text)
    return normalise_registration(kind, text, country)
