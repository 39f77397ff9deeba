"""Our reading of phone numbers held against `phonenumbers`, for generated numbers of forty countries."""

from __future__ import annotations

import random
from typing import Any

import pytest

from overlap.identity.phone import PLACEHOLDER, SERVICE, normalise_phone

phonenumbers: Any = pytest.importorskip("phonenumbers")
COUNTRIES = [
    *(
        "US",
        "CA",
        "GB",
        "DE",
        "FR",
        "IT",
        "ES",
        "NL",
        "BE",
        "CH",
        "AT",
        "SE",
        "NO",
        "DK",
        "FI",
        "IE",
        "PT",
        "PL",
    ),
    *(
        "CZ",
        "SK",
        "HU",
        "RO",
        "BG",
        "GR",
        "TR",
        "IL",
        "AE",
        "SA",
        "IN",
        "JP",
        "CN",
        "KR",
        "SG",
        "HK",
        "AU",
        "NZ",
    ),
    *("ZA", "BR", "MX", "AR", "RU", "UA"),
]
NUMBERS = 12


def made(country: str, rng: random.Random) -> list[Any]:
    """Valid numbers of a country: the library's examples with other digits at the end."""
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    found: list[Any] = []
    while len(found) < NUMBERS:
        sample = phonenumbers.example_number_for_type(country, rng.choice(kinds))
        digits = phonenumbers.national_significant_number(sample)
        end = rng.randrange(2, 6)
        digits = digits[:-end] + "".join(rng.choice("0123456789") for _ in range(end))
        number = phonenumbers.parse(f"+{sample.country_code}{digits}")
        if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in (*kinds, 2):
            found.append(number)
    return found


def writings(number: Any, country: str) -> list[tuple[str, str]]:
    """The ways in which lists have a number, each with the country that goes with it."""
    form = phonenumbers.PhoneNumberFormat
    full = phonenumbers.format_number(number, form.E164)
    national = phonenumbers.format_number(number, form.NATIONAL)
    international = phonenumbers.format_number(number, form.INTERNATIONAL)
    bare = phonenumbers.national_significant_number(number)
    return [
        (full, ""), (international, country), (international.replace(" ", "."), ""), (national, country),
        (f"{national} ext. 12", country), (full[1:], country), (bare, country),
    ]  # fmt: skip


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_library_reads_the_same_number_or_we_refuse_it_on_purpose(country: str) -> None:
    rng = random.Random(country)
    same = refused = 0
    for number in made(country, rng):
        for text, where in writings(number, country):
            theirs = phonenumbers.format_number(
                phonenumbers.parse(text, where or None), phonenumbers.PhoneNumberFormat.E164
            )
            ours = normalise_phone(text, where)
            same += ours.value == theirs
            refused += ours in (PLACEHOLDER, SERVICE)
            assert ours.value == theirs or ours in (PLACEHOLDER, SERVICE), (text, where, theirs)
    assert same > refused or country == "US"  # The example of the USA is a number kept for fiction.
    assert same + refused == NUMBERS * 7
