"""Registration numbers, postcodes and record ids of the invented world, with check digits that hold."""

from __future__ import annotations

from itertools import product
from random import Random
from string import ascii_uppercase, digits
from typing import Final

from stdnum.eu import vat as european_vat
from stdnum.fr import siren
from stdnum.gb import vat as british_vat
from stdnum.iso7064 import mod_97_10
from stdnum.luhn import calc_check_digit

_BASE62: Final = digits + ascii_uppercase + ascii_uppercase.lower()
_CHECK_LETTERS: Final = ascii_uppercase + "012345"


def fill(pattern: str, rng: Random) -> str:
    """The pattern with "#" replaced by digits and "A" by letters; everything else stands."""
    return "".join(
        rng.choice(digits) if mark == "#" else rng.choice("BCDFGHJKMNPRTVW") if mark == "A" else mark
        for mark in pattern
    )


def draw_vat(pattern: str, rng: Random) -> str:
    """A VAT number of the country of `pattern` whose check digits hold."""
    country, body = pattern[:2], pattern[2:]
    if country == "FR":
        number = fill("########", rng)
        return "FR" + str(siren.to_tva(number + calc_check_digit(number)))
    valid = british_vat.is_valid if country == "GB" else european_vat.is_valid
    checks = body.count("?")
    while True:
        drawn = country + "".join(mark if mark == "?" else fill(mark, rng) for mark in body)
        for ending in product(digits, repeat=checks):
            number = drawn
            for digit in ending:
                number = number.replace("?", digit, 1)
            if valid(number):
                return number


def draw_lei(rng: Random) -> str:
    """A legal entity identifier (ISO 17442): 18 characters and two check digits."""
    body = fill("####00", rng) + "".join(rng.choices(digits + ascii_uppercase, k=12))
    return body + str(mod_97_10.calc_check_digits(body))


def draw_duns(rng: Random) -> str:
    """A nine-digit DUNS number; it has carried no check digit since 2006."""
    return fill("#########", rng)


def salesforce_id(prefix: str, number: int) -> str:
    """The 18-character id of a Salesforce record; its first 15 characters are the form in reports.

    The last three characters tell upper from lower case, five characters each, so that ids survive programs
    that ignore case (Salesforce help, "Field Reference: ID").
    """
    tail = ""
    for _ in range(12 - len("5g00000")):
        number, remainder = divmod(number, 62)
        tail = _BASE62[remainder] + tail
    short = prefix + "5g00000" + tail
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        _CHECK_LETTERS[sum(1 << place for place, mark in enumerate(chunk) if mark in ascii_uppercase)]
        for chunk in chunks
    )


def draw_guid(rng: Random) -> str:
    """A record id as Dynamics writes it."""
    text = f"{rng.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
