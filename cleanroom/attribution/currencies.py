"""Currencies and the number of decimals of their minor unit (ISO 4217).

The table is ISO 4217 list one, active codes with a minor unit, as published on 2026-01-01; funds and metals
have none and are no currency to pay in or to add up. Codes withdrawn since 2021 stay readable, because past
periods and deals hold them. A code that is not here is unknown: nothing is guessed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

__all__ = ["CURRENCIES", "CURRENCIES_AS_OF", "exact_amount", "exponent_of"]

#: The day of the list behind the table.
CURRENCIES_AS_OF: Final = "2026-01-01"

_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_TWO: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE
SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR
ZMW ZWG
"""
_WITHDRAWN: Final = "ANG BGN CUC HRK SLL ZWL"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "UYW"

_EXPONENTS: Final[dict[str, int]] = {
    code: exponent
    for codes, exponent in ((_NONE, 0), (_TWO, 2), (_WITHDRAWN, 2), (_THREE, 3), (_FOUR, 4))
    for code in codes.split()
}

#: Every known code.
CURRENCIES: Final = frozenset(_EXPONENTS)


def exponent_of(code: str) -> int | None:
    """Decimals of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD; None for an unknown code."""
    return _EXPONENTS.get(code)


def exact_amount(amount: str, currency: str) -> str:
    """A plain decimal text with the decimals of its currency, such as 195000.00 for 195000.0 of EUR.

    What is finer keeps all it has, and a currency that is none leaves the digits alone; "" stays "".
    """
    if not amount:
        return ""
    whole, _, parts = format(Decimal(amount), "f").partition(".")
    parts = parts.rstrip("0").ljust(exponent_of(currency) or 0, "0")
    return f"{whole}.{parts}" if parts else whole
