"""LinkedIn company pages: from the address of a page to its slug, the name of the organisation there.

    https://www.linkedin.com/company/Acme-Inc/about/?trk=x     acme-inc
    de.linkedin.com/school/acme-university                     acme-university
    https://www.linkedin.com/sales/company/1441                1441

Company, school and showcase pages draw their slugs from one pool, and LinkedIn leads from each form of the
address to the right one, so the three forms give one value. A showcase page is a brand of a company: it has
a slug of its own, and meets only itself. A page can also be named by its number; which slug that is only
LinkedIn knows, so numbers are values of their own. Pages of persons, groups, jobs and posts are refused.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from overlap.identity.outcome import EMPTY, MAX_CELL, TOO_LONG, Outcome

#: Characters of a slug; LinkedIn allows 100, and makes them of longer names by itself.
MAX_SLUG: Final = 120

NO_PAGE: Final = Outcome(reason="not a LinkedIn company page")
PERSONAL: Final = Outcome(reason="a person's LinkedIn page")
OTHER_PAGE: Final = Outcome(reason="a LinkedIn page, but not of a company")
SHORT_LINK: Final = Outcome(reason="a short link that names no page")
SEVERAL: Final = Outcome(reason="more than one LinkedIn page")
PLACEHOLDER: Final = Outcome(reason="a placeholder, not a LinkedIn page")

_HOST: Final = r"(?<![\w.@-])(?:[a-z0-9-]+\.)*linkedin\.com(?::[0-9]+)?(?![\w.@-])"
_ORGANISATION: Final = r"(?:company(?:-beta)?|companies|organization|school|showcase|sales/company)"
_SLUG: Final = r"([^\s/?#|\\;\"<>]+)"
_PAGE: Final = re.compile(rf"{_HOST}(?:/mwlite|/m)?/+(?:[a-z]{{2}}/)?{_ORGANISATION}/+{_SLUG}")
_PERSON: Final = re.compile(rf"{_HOST}/+(?:[a-z]{{2}}/)?(?:in|pub|profile|sales/(?:people|lead))(?:/|$)")
_ADDRESS: Final = re.compile(_HOST)
_SHORT: Final = re.compile(r"(?<![\w.-])lnkd\.in(?![\w.-])")
_PATH: Final = re.compile(rf"/?{_ORGANISATION}/+{_SLUG}/*")
_PERSON_PATH: Final = re.compile(r"/?(?:in|pub)/+\S+")
#: A comma in a slug is written as it is or as %2C; before another address it separates.
_NEXT_ADDRESS: Final = re.compile(r",(?=https?:|www\.|(?:[a-z0-9-]+\.)*linkedin\.com|$)")
#: What no slug has: blanks and controls (by category), and what ends or separates addresses.
_ENDS: Final = frozenset('/?#|\\;"<>:@%=+*`^{}[]~$\ufffd')
_NUMBER: Final = re.compile(r"([0-9]{1,12})(?:\.0)?")
_PLACEHOLDERS: Final = frozenset({
    "n/a", "na", "n.a", "n.a.", "none", "null", "nil", "no", "yes", "unknown", "tbd", "test",
    "linkedin", "linkedin.com", "company", "unavailable", "setup", "http", "https",
})  # fmt: skip
#: A host inside a slug: two addresses run together.
_HOSTS: Final = re.compile(r"www\.|lnkd\.in|linkedin\.com")
#: Times that an address was wrapped in another one at most.
_WRAPPED: Final = 3


def normalise_linkedin(text: str) -> Outcome:
    """The slug (case-folded, decoded) or number of one company page; the bare slug or number is taken too.

    A text with pages of several companies is refused; a person's page beside a company's is passed over.
    """
    if len(text) > MAX_CELL:
        return TOO_LONG
    cell = _plain(text)
    if not cell:
        return EMPTY
    slugs = _slugs(cell)
    if slugs:
        return _outcome(slugs[0]) if len(slugs) == 1 else SEVERAL
    path = _PATH.fullmatch(cell)
    return _refusal(cell) or _outcome(_slug(path[1] if path else cell))


def _refusal(cell: str) -> Outcome | None:
    """Why an address gives no slug; None for what is no address of LinkedIn."""
    if cell in _PLACEHOLDERS:
        return PLACEHOLDER
    if _PERSON.search(cell) or _PERSON_PATH.fullmatch(cell):
        return PERSONAL
    if _SHORT.search(cell):
        return SHORT_LINK
    return OTHER_PAGE if _ADDRESS.search(cell) else None


def linkedin_of(cell: str) -> str:
    """The slug of the one company page whose address stands in a cell of addresses, else "".

    For website and domain columns: a bare word is no address, so it gives "".
    """
    if len(cell) > MAX_CELL or "linkedin" not in cell.lower():
        return ""
    slugs = _slugs(_plain(cell))
    return _outcome(slugs[0]).value if len(slugs) == 1 else ""


def _plain(text: str) -> str:
    """Lower case, one form of each character; addresses inside addresses opened."""
    cell = _folded(text).strip("'\"<>,\t\r\n ")
    for _ in range(_WRAPPED):
        if "linkedin.com%" not in cell:
            break
        cell = _folded(unquote(cell))
    return _NEXT_ADDRESS.sub(" ", cell).strip()


def _folded(text: str) -> str:
    """NFKC and case folding until both rest, apostrophes in one form."""
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        folded = folded.replace("\u2019", "'").replace("\u200b", "").replace("\ufeff", "")
        if folded == text:
            break
        text = folded
    return text


def _slugs(cell: str) -> list[str]:
    """The slugs of all company pages, each once; "" where pages are named and none of them can be."""
    slugs = list(dict.fromkeys(_slug(found[1]) for found in _PAGE.finditer(cell)))
    return [slug for slug in slugs if slug] or slugs


def _slug(written: str) -> str:
    """The decoded slug or number, "" when it can be none."""
    slug = written
    for _ in range(_WRAPPED):
        decoded = _folded(unquote(slug))
        if decoded == slug:
            break
        slug = decoded
    slug = slug.strip("'\",!")
    while slug.endswith(")") and slug.count(")") > slug.count("("):
        slug = slug[:-1].rstrip("'\",!")
    number = _NUMBER.fullmatch(slug)
    if number:
        return number[1].lstrip("0")
    sound = len(slug) <= MAX_SLUG and any(character.isalnum() for character in slug)
    if not sound or slug[0] in "()" or _HOSTS.search(slug) or not all(map(_allowed, slug)):
        return ""
    return slug


def _allowed(character: str) -> bool:
    return character not in _ENDS and unicodedata.category(character)[0] not in "ZC"


def _outcome(slug: str) -> Outcome:
    if slug in _PLACEHOLDERS:
        return PLACEHOLDER
    return Outcome(slug) if slug else NO_PAGE
