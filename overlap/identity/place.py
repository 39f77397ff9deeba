"""Where a company is, as witnesses for a close name: city, postcode and phone.

None of the three names an organisation: neighbours share a city and a postcode, and companies of one serviced
office or group share a phone.
"""

from __future__ import annotations

from typing import Final

from overlap.errors import UsageError
from overlap.identity.city import normalise_city
from overlap.identity.outcome import Outcome
from overlap.identity.phone import normalise_phone
from overlap.identity.postcode import normalise_postcode

#: The kinds of `normalise_place`.
PLACES: Final = ("city", "postcode", "phone")


def normalise_place(kind: str, text: str, country: str = "") -> Outcome:
    """The outcome of `text` as one of PLACES; a city needs no country. UsageError for another kind."""
    if kind == "city":
        return normalise_city(text)
    if kind == "postcode":
        return normalise_postcode(text, country)
    if kind == "phone":
        return normalise_phone(text, country)
    raise UsageError("an unknown kind of place", "use one of " + ", ".join(PLACES))
