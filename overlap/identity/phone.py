"""Phone numbers in the form of ITU-T E.164: "+" and digits, as anybody in the world would dial them.

A value says that a phone rings, not whose: serviced offices, agencies, shopping centres and groups share one
switchboard, so an equal number supports a close name and never stands alone. The rules that use it decide.

`numbering.py` has the plans of the countries. A number is taken when its plan has room for it, whether or not
anybody was given it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from overlap.identity import numbering
from overlap.identity.country import normalise_country
from overlap.identity.numbering import Plan
from overlap.identity.outcome import EMPTY, TOO_LONG, Outcome

#: Characters; two numbers with words around them stay below.
MAX_PHONE: Final = 200

#: Digits of a whole number at least, as far as two numbers in one cell have to be told apart.
_SHORTEST: Final = 7

NO_DIGITS: Final = Outcome(reason="no phone number")
LETTERS: Final = Outcome(reason="letters in the phone number")
NO_COUNTRY: Final = Outcome(reason="no country and no calling code")
NO_SUCH: Final = Outcome(reason="no number of its country")
PLACEHOLDER: Final = Outcome(reason="a placeholder, not a phone number")
ROUNDED: Final = Outcome(reason="rounded by a spreadsheet")
SERVICE: Final = Outcome(reason="a service number (toll-free, premium or shared cost)")

#: What needs none of the slow steps. Two numbers are parted by a slash between blanks.
_PLAIN: Final = re.compile(r"\(?\+?[0-9(][0-9 ()./-]*")
_SEPARATORS: Final = b" ()./-+"
_ROUNDED: Final = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]{1,2}")
_DECIMALS: Final = re.compile(r"(\+?[0-9]{6,})[.,]0{1,2}")
_LABEL: Final = re.compile(r"\A[^0-9+(]+")
_NEXT: Final = re.compile(r"\s/\s|;(?!ext)|,(?=\s|\+)|[|\r\n]|\b(?:or|oder|ou|and|und|et|y)\b")
_EXTENSION: Final = re.compile(
    r"(?:;ext=|(?<![a-z])(?:ext(?:ension|n)?|extensi\w+|x|poste?|anexo|ramal|dw|durchwahl|int(?:erno)?)(?![a-z])"
    r"|#|\u0434\u043e\u0431)[\s.:=]*[0-9]{0,8}[\s#]*$"
)
#: Calling codes of no country: freephone, shared cost and premium numbers of the whole world.
_WORLD_SERVICES: Final = ("800", "808", "979")
#: North American numbers as people write them there: brackets, dashes, dots or slashes, not blanks alone.
_AMERICAN: Final = re.compile(
    r"(?:1[ .-]?)?(?:\(([2-9][0-9]{2})\)[ .-]{0,2}[0-9]{3}[ .-]{0,2}"
    r"|([2-9][0-9]{2})(?:-|\.|/ ?)[0-9]{3}[.-]{1,2})[0-9]{4}"
)
_GROUP: Final = re.compile(r"\(?([0-9]{2,3})[ )-]")
_UP: Final = "01234567890123456789"
_DOWN: Final = "98765432109876543210"
#: Numbers that nobody has, by calling code: 555-0100 to 555-0199 for fiction, directory enquiries, an area
#: 555 or seven equal digits, and what Ofcom keeps for drama.
_FICTION: Final = {
    "1": re.compile(r"555[0-9]{7}|[0-9]{3}(?:555(?:01[0-9]{2}|1212)|([0-9])\1{6})"),
    "44": re.compile(
        r"1632960[0-9]{3}|7700900[0-9]{3}|2079460[0-9]{3}|(?:113|114|115|116|117|118|121|131|141|151|161)4960[0-9]{3}"
    ),
}


def normalise_phone(text: str, country: str = "") -> Outcome:
    """The E.164 number of `text`; `country` (name or code) says how to read a number without calling code.

    Of two numbers in a cell the first is taken, extensions are left out. Without country only numbers with a
    calling code are taken, and those whose writing is North American beyond doubt: "(212) 736-5000".
    """
    if len(text) > MAX_PHONE:
        return TOO_LONG
    if not _PLAIN.fullmatch(text) or " / " in text or text.endswith((".0", ".00")):
        refused, text = _clean(text)
        if refused:
            return refused
    digits = text.encode("ascii").translate(None, _SEPARATORS).decode("ascii")
    if not digits:
        return NO_DIGITS
    if "+" in text[:2]:
        return _international(digits)
    plan = numbering.plan(normalise_country(country).value) if country else None
    return _with_plan(plan, digits, text) if plan else _without_plan(digits, text)


def _clean(text: str) -> tuple[Outcome | None, str]:
    """The number alone, of separators only those that `_PLAIN` knows; or why it is refused."""
    text = "".join(map(_ascii, unicodedata.normalize("NFKC", text))).strip(" \t\r\n'\"=").lower()
    if not text:
        return EMPTY, ""
    if _ROUNDED.fullmatch(text):
        return ROUNDED, ""
    decimals = _DECIMALS.fullmatch(text)
    if decimals:
        return None, decimals[1]
    first, *further = _NEXT.split(_LABEL.sub("", text, count=1))
    if further and sum(character.isdigit() for character in first) < _SHORTEST:
        first += further[0]  # "089 / 234567" is one number.
    text = _EXTENSION.sub("", first)
    if not any(character.isdigit() for character in text):
        return NO_DIGITS, ""
    if any(character.isalpha() for character in text):
        return LETTERS, ""
    return None, "".join(
        character for character in text if character in "0123456789+()./-" or character == " "
    )


def _ascii(character: str) -> str:
    """The character, digits of all scripts as ASCII, dashes as a hyphen and other blanks as a blank."""
    if character.isascii():
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    return "-" if category == "Pd" else " " if category[0] == "Z" else character


def _international(digits: str) -> Outcome:
    """The outcome of a number that begins with its calling code."""
    for length in (1, 2, 3):
        code = digits[:length]
        plans = numbering.plans(code)
        if plans:
            return _checked(plans, code, digits[length:])
    return SERVICE if digits[:3] in _WORLD_SERVICES else NO_SUCH


def _checked(plans: tuple[Plan, ...], code: str, rest: str) -> Outcome:
    number = plans[0].national(rest)
    if not number:
        if _is_repeated(rest):
            return PLACEHOLDER
        if not numbering.anywhere(code).fullmatch(rest):
            return NO_SUCH
        number = rest
    return _allowed(plans[0], code, number)


def _allowed(plan: Plan, code: str, number: str) -> Outcome:
    """The outcome of a national number that `plan` knows."""
    if plan.service.fullmatch(number):
        return SERVICE
    if _is_repeated(number) or (code in _FICTION and _FICTION[code].fullmatch(number)):
        return PLACEHOLDER
    return Outcome(f"+{code}{number}")


def _is_repeated(digits: str) -> bool:
    """One digit only, or digits in a row: what people type to get past a mandatory field."""
    return len(digits) > 3 and (digits in _UP or digits in _DOWN or digits == digits[:1] * len(digits))


def _dialled(plan: Plan, digits: str) -> Outcome | None:
    """The outcome of a number with its calling code but no plus, None when it is no such number."""
    if _is_repeated(digits):
        return PLACEHOLDER
    abroad = plan.abroad.match(digits)
    if abroad and digits[abroad.end() : abroad.end() + 1] != "0":
        found = _international(digits[abroad.end() :])
        if found.value:
            return found
    # A spreadsheet took the plus for arithmetic.
    code = plan.calling_code
    known = digits.startswith(code) and plan.national(digits[len(code) :])
    return _international(digits) if known else None


def _with_plan(plan: Plan, digits: str, text: str) -> Outcome:
    """The outcome of a number of a known country that begins with no plus."""
    code = plan.calling_code
    if not plan.general.fullmatch(digits):
        found = _dialled(plan, digits)
        if found:
            return found
    number = plan.national(digits)
    if not number:
        found = _without_plan(digits, text)
        group = None if found.value else _GROUP.match(text)
        if group and numbering.plans(group[1]):
            found = _international(digits)  # "(852) 2562 1692" in a list of another country
        return NO_SUCH if found == NO_COUNTRY else found
    plans = numbering.plans(code)
    if plan is plans[0]:
        return _allowed(plan, code, number)
    # What the number with its plus gives, so that a value gives itself.
    return SERVICE if plan.service.fullmatch(number) else _checked(plans, code, number)


def _without_plan(digits: str, text: str) -> Outcome:
    """The outcome of a number of an unknown country that begins with no plus."""
    if _is_repeated(digits):
        return PLACEHOLDER
    if digits.startswith("00"):
        return _international(digits[2:].lstrip("0"))
    if digits.startswith("011") and len(digits) >= 12:
        found = _international(digits[3:])
        return found if found.value else NO_COUNTRY
    american = _AMERICAN.fullmatch(text.strip(" .-/"))
    if american and (american[1] or american[2]) in numbering.area_codes():
        return _international("1" + digits[-10:])
    return NO_COUNTRY
