"""Postcodes as the people of a country sort mail by them, in capital letters and digits without separators.

A value does not name its country, so that it can be compared with one from a list without countries; two
countries have equal postcodes, and the rules that use one have to ask for more. A postcode of a large mail
receiver names one company, that of a city centre names thousands.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final, NamedTuple

from overlap.identity import resources
from overlap.identity.country import normalise_country
from overlap.identity.outcome import EMPTY, TOO_LONG, Outcome

#: Characters; no postcode with all its blanks and remarks is this long.
MAX_POSTCODE: Final = 60
#: Characters of a postcode of which only the text is known.
_SHORTEST: Final = 3
_LONGEST: Final = 10

NO_CODE: Final = Outcome(reason="no postcode")
NOT_OF_COUNTRY: Final = Outcome(reason="no postcode of its country")
PLACEHOLDER: Final = Outcome(reason="a placeholder, not a postcode")
ROUNDED: Final = Outcome(reason="rounded by a spreadsheet")

#: What people type to get past a mandatory field. Some are postcodes of somebody, 12345 is one company's own
#: in Schenectady, but nearly all accounts that have one of these are somewhere else.
_PLACEHOLDERS: Final = frozenset({"123", "1234", "12345", "123456", "1234567", "12345678", "54321", "654321"})
_REPEATED: Final = re.compile(r"0+|9+|([A-Z])\1*")
_ROUNDED: Final = re.compile(r"[0-9][.,][0-9]+E\+?[0-9]{1,2}|[0-9]+E\+[0-9]{1,2}")
_DECIMALS: Final = re.compile(r"([0-9]{2,})[.,]0{1,2}")
#: "94103-1741": the second part of a code of the USA is a block or a box.
_ZIP_PLUS_FOUR: Final = re.compile(r"([0-9]{5})-[0-9]{4}")
#: The same where the zeros in front may be gone.
_PARTS: Final = re.compile(r"([0-9]{3,5}) ?- ?[0-9]{4}")
_REMARK: Final = re.compile(r"\([^()]*\)|\bCEDEX\b.*")
#: A country in front of digits, as mail across European borders has it; with a hyphen it can be nothing else.
_HYPHENED: Final = re.compile(
    r"(?:A|AT|AX|B|BE|BG|CH|CY|CZ|D|DE|DK|E|EE|ES|F|FI|FIN|FL|FR|GR|H|HR|HU|I|IS|IT|L|LI|LT|LU|LV|MC|MD|N|NL|NO|P|PL"
    r"|PT|RO|RS|S|SE|SI|SK|SLO|SM|UA) ?- ?(?=[0-9]{3})"
)
#: Signs of vehicles that mail used as well, where they are not the alpha-2 code.
_VEHICLES: Final = {
    "AT": "A", "BE": "B", "DE": "D", "ES": "E", "FI": "FIN", "FR": "F", "HU": "H", "IT": "I", "LI": "FL",
    "LU": "L", "NO": "N", "PT": "P", "SE": "S", "SI": "SLO",
}  # fmt: skip


#: Countries whose numbers of nine digits are a postcode of five and a block or box.
_PLUS_FOUR: Final = frozenset({"PR", "US"})
_SIGNS: Final = {"9": "[0-9]", "A": "[A-Z]", "*": "[0-9A-Z]"}


class Form(NamedTuple):
    """The postcodes of a country: their pattern, the length of those of digits only, zeros to restore."""

    pattern: re.Pattern[str]
    digits: int
    zeros: int
    prefixes: tuple[str, ...]
    plus_four: bool


@cache
def _forms() -> dict[str, Form]:
    rows = (line.split(";") for line in resources.read_lines("postcodes"))
    return {country: _form(country, forms, int(zeros)) for country, forms, zeros in rows}


def _form(country: str, forms: str, zeros: int) -> Form:
    pattern = "".join(_SIGNS.get(sign, sign.upper()) for sign in forms)
    numeric = [len(form) for form in forms.split("|") if set(form) == {"9"}]
    prefixes = (country, _VEHICLES.get(country, country))
    return Form(re.compile(pattern), numeric[0] if numeric else 0, zeros, prefixes, country in _PLUS_FOUR)


@lru_cache(maxsize=32_768)  # Neighbours share them.
def normalise_postcode(text: str, country: str = "") -> Outcome:
    """The postcode of `text`, checked and completed by the form of `country` (name or code) if known.

    Zeros in front that a spreadsheet ate are restored, of a US ZIP+4 the five digits are kept.
    """
    form = _forms().get(normalise_country(country).value) if country else None
    if form and form.pattern.fullmatch(short := text.replace(" ", "").upper()):
        text = short  # The usual writing; what follows would give the same.
    elif not (text.isascii() and text.isdigit()):
        if len(text) > MAX_POSTCODE:
            return TOO_LONG
        if not text.strip():
            return EMPTY
        text = unicodedata.normalize("NFKC", text).upper().strip("'=\" \t\r\n")
        if _ROUNDED.fullmatch(text):
            return ROUNDED
        text = _compact(text, form)
        if not text:
            return NO_CODE
    if form:
        text = _completed(text, form)
        fits = form.pattern.fullmatch(text) is not None
        misfit = NO_CODE if text.isalpha() else NOT_OF_COUNTRY
    else:
        fits = _SHORTEST <= len(text) <= _LONGEST and not text.isalpha()
        misfit = NO_CODE
    if text in _PLACEHOLDERS or _REPEATED.fullmatch(text):
        return PLACEHOLDER
    return Outcome(text) if fits else misfit


def _compact(text: str, form: Form | None) -> str:
    """The capital letters and digits of a postcode, without remarks and the country in front."""
    decimals = _DECIMALS.fullmatch(text)
    if decimals:
        return decimals[1]
    if "(" in text or "CEDEX" in text:
        text = _REMARK.sub("", text).strip()
    if not text.isascii():
        text = "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in text)
    if form is None:
        text = _HYPHENED.sub("", text, count=1) if _HYPHENED.match(text) else text
    elif form.plus_four and (parts := _PARTS.fullmatch(text)):
        return parts[1]
    if form is None and (parts := _ZIP_PLUS_FOUR.fullmatch(text)):
        return parts[1]
    return "".join(character for character in text if character.isascii() and character.isalnum())


def _completed(text: str, form: Form) -> str:
    if form.pattern.fullmatch(text):
        return text
    for prefix in form.prefixes:
        rest = text.removeprefix(prefix)
        if rest != text and rest.isdecimal():
            text = rest
            break
    if text.isdecimal():
        if form.plus_four and 7 <= len(text) <= 9:
            return text.zfill(9)[:5]
        if len(text) < form.digits <= len(text) + form.zeros:
            return text.zfill(form.digits)
    return text
