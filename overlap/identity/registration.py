"""Registration numbers: LEI, ISIN, DUNS, VAT, national registers and tickers, checked and canonical.

A number is taken when its check digits hold (python-stdnum), or, for the few registers without check digits
in registers.py, when its form is right. The value of a VAT or national number begins with country and
scheme, so numbers of two registers never meet: `FR:SIREN:732829320`. Zeros that a spreadsheet took off the
front are put back where the length and the check allow it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from overlap.errors import UsageError
from overlap.identity import registers
from overlap.identity.country import normalise_country
from overlap.identity.outcome import EMPTY, Outcome
from overlap.identity.registers import Register
from overlap.identity.ticker import read_ticker

#: Characters; no registration number is longer, court names included.
MAX_NUMBER: Final = 80

CHECK_FAILED: Final = Outcome(reason="not a valid number")
NO_COUNTRY: Final = Outcome(reason="no country to say which register")
UNKNOWN_REGISTER: Final = Outcome(reason="no register known for this country")
PLACEHOLDER: Final = Outcome(reason="a placeholder, not a number")
ROUNDED: Final = Outcome(reason="rounded by a spreadsheet")

#: Every digit of the number is there: 1.50483782E8 is how some programs write 150483782.
_EXACT: Final = re.compile(r"([0-9])[.,]([0-9]+)E\+?0?([0-9]{1,2})")
_ROUNDED: Final = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]{1,2}")
_DECIMALS: Final = re.compile(r"([0-9]+)[.,]0{1,2}")
_CANONICAL: Final = re.compile(r"([A-Z]{2}):([A-Z]+):(.+)")
#: ISO 7064 reads A to Z as 10 to 35.
_LETTER_VALUES: Final = {code: str(code - 55) for code in range(ord("A"), ord("Z") + 1)}
#: Prefixes of ISINs that a bank or depository assigns for itself: two of them may use the same one.
_NOT_UNIQUE: Final = ("XF", "QS", "QT")
_SEPARATORS: Final = re.compile(r"[\s\-./_,;:']+")
_DUNS_LABEL: Final = re.compile(r"^D-?U-?N-?S(?:\W*(?:NO|NUMBER))?\W*")
_VAT_LABEL: Final = re.compile(
    r"(?:VAT|UST-?ID(?:-?NR)?|TVA|IVA|BTW|MOMS|NIP|P\.?\s?IVA)\b[\s.:#-]*(?:NO|NR|NUMBER|ID|REG)?[\s.:#-]*"
)


def normalise_registration(kind: str, text: str, country: str = "") -> Outcome:
    """The canonical number of `kind`, one of those below; UsageError for another kind.

    `country` is a name or code; VAT numbers with a prefix and values that this function returned need none.
    """
    if kind not in _NORMALISERS:
        raise UsageError("an unknown kind of registration number", "use one of " + ", ".join(_NORMALISERS))
    if len(text) > MAX_NUMBER:
        return CHECK_FAILED
    if text.isascii() and text.isdecimal():  # Nothing to clean, as in most cells.
        return _NORMALISERS[kind](text, normalise_country(country).value)
    number = unicodedata.normalize("NFKC", text).strip().lstrip("'=").strip("\"' ").upper()
    if not number:
        return EMPTY
    exact = _EXACT.fullmatch(number)
    if exact and len(exact[2]) == int(exact[3]):
        number = exact[1] + exact[2]
    if _ROUNDED.fullmatch(number):
        return ROUNDED
    decimals = _DECIMALS.fullmatch(number)
    return _NORMALISERS[kind](decimals[1] if decimals else number, normalise_country(country).value)


def _lei(number: str, _country: str) -> Outcome:
    """ISO 17442: 20 characters with check digits by ISO 7064 MOD 97-10."""
    number = _SEPARATORS.sub("", number.removeprefix("LEI"))
    if _is_placeholder(number):
        return PLACEHOLDER
    if len(number) != 20 or not (number.isascii() and number.isalnum()):
        return CHECK_FAILED
    return Outcome(number) if int(number.translate(_LETTER_VALUES)) % 97 == 1 else CHECK_FAILED


def _isin(number: str, _country: str) -> Outcome:
    """ISO 6166: country, nine characters and a check digit; the whole number is kept.

    An ISIN names one security (a share, a bond, a receipt), whatever the exchange. It speaks for the issuer:
    equal numbers mean one issuer, different numbers say nothing, for a company has as many as securities.
    """
    number = _SEPARATORS.sub("", re.sub(r"^ISIN(?:\W*(?:CODE|NO|NUMBER))?\W*", "", number))
    if _is_placeholder(number) or (len(number) == 12 and len(set(number[2:11])) == 1):
        return PLACEHOLDER
    if not number.isascii() or number.startswith(_NOT_UNIQUE):
        return CHECK_FAILED
    found = registers.validated(registers.load("isin"), number)
    return Outcome(found) if found else CHECK_FAILED


def _duns(number: str, _country: str) -> Outcome:
    """Nine digits. They carry no check digit any more, so seven and eight digits get their zeros back."""
    if not number.isdecimal():
        number = _SEPARATORS.sub("", _DUNS_LABEL.sub("", number))
    if not (number.isascii() and number.isdecimal() and 7 <= len(number) <= 9):
        return PLACEHOLDER if _is_placeholder(number) else CHECK_FAILED
    number = number.zfill(9)
    return PLACEHOLDER if _is_placeholder(number) else Outcome(number)


def _vat(number: str, country: str) -> Outcome:
    """A VAT number by its prefix, else by the country of the account."""
    canonical = _CANONICAL.fullmatch(number)
    if canonical and canonical[2] == "VAT":
        number = canonical[1] + canonical[3]
    number = _SEPARATORS.sub("", _VAT_LABEL.sub("", number, count=1))
    if _is_placeholder(number):
        return PLACEHOLDER
    prefix = registers.VAT_PREFIXES.get(number[:2], number[:2])
    found = ""
    if prefix in registers.VAT and not number[:2].isdecimal():
        found = _checked(registers.VAT[prefix], number[2:]) or _checked(registers.VAT[prefix], number)
        country = country if found else country or prefix
    if found:
        return Outcome(f"{prefix}:VAT:{found}")
    if not country:
        return NO_COUNTRY
    if country not in registers.VAT:
        return UNKNOWN_REGISTER
    found = _checked(registers.VAT[country], number)
    return Outcome(f"{country}:VAT:{found}") if found else CHECK_FAILED


def _national(number: str, country: str) -> Outcome:
    """A number of a national register, by the country of the account or the prefix of a canonical value."""
    canonical = _CANONICAL.fullmatch(number)
    scheme = ""
    if canonical and canonical[1] in registers.NATIONAL:
        country, scheme, number = canonical.groups()
    if _is_placeholder(_SEPARATORS.sub("", number)):
        return PLACEHOLDER
    if not country:
        return NO_COUNTRY
    if country not in registers.NATIONAL:
        return UNKNOWN_REGISTER
    for register in registers.NATIONAL[country]:
        found = _checked(register, number) if scheme in ("", register.scheme) else ""
        if found:
            return Outcome(f"{country}:{register.scheme}:{found}")
    return CHECK_FAILED


def _checked(register: Register, number: str) -> str:
    """The canonical number when `register` knows such numbers, zeros in front restored, else ""."""
    if not register.keeps_separators:
        number = _SEPARATORS.sub("", number)
    missing = register.digits - len(number)
    if 0 < missing <= register.zeros and number.isdecimal():
        number = number.zfill(register.digits)
    if not number.isascii() and not register.keeps_separators:
        return ""
    return register.canonical(number)


def _is_placeholder(number: str) -> bool:
    """One character repeated, or the digits in a row: what people type to get past a mandatory field."""
    return len(set(number)) == 1 or number in (
        "123456789",
        "1234567890",
        "12345678",
        "987654321",
        "NA",
        "NONE",
    )


_NORMALISERS: Final = {
    "lei": _lei,
    "isin": _isin,
    "duns": _duns,
    "vat": _vat,
    "registration": _national,
    "ticker": read_ticker,
}
