"""What is usable of one account: every cell normalised, and why a cell gave nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from overlap.identity.city import normalise_city
from overlap.identity.country import normalise_country
from overlap.identity.domain import normalise_cell, normalise_mail_cell
from overlap.identity.linkedin import linkedin_of, normalise_linkedin
from overlap.identity.naming import Name, read_names
from overlap.identity.outcome import EMPTY, Outcome
from overlap.identity.phone import normalise_phone
from overlap.identity.postcode import normalise_postcode
from overlap.identity.registration import normalise_registration

#: The columns of an account that identity reads, in the order of a row.
COLUMNS: Final = (
    "name",
    "website",
    "domains",
    "email",
    "linkedin",
    "country",
    "city",
    "postcode",
    "phone",
    "lei",
    "isin",
    "duns",
    "vat",
    "registration_number",
    "ticker",
)
#: Kinds of numbers by their column.
NUMBERS: Final = {column: column.removesuffix("_number") for column in COLUMNS[9:]}

#: (column, reason) of a cell that gave nothing.
Drop = tuple[str, str]


class Facts(NamedTuple):
    """One account, normalised; what is missing or unusable is empty.

    `domains` are those of the website columns, `mail` those of the e-mail column.
    """

    names: tuple[Name, ...]
    domains: tuple[str, ...]
    mail: tuple[str, ...]
    linkedin: str
    country: str
    city: str
    postcode: str
    phone: str
    numbers: tuple[tuple[str, str], ...]


def read_facts(row: Sequence[str], drops: list[Drop]) -> Facts:
    """The facts of an account given as the cells of `COLUMNS`; what was dropped is added to `drops`."""
    name, website, domains, email, linkedin, country, city, postcode, phone = row[:9]
    names, reason = read_names(name)
    if reason:
        _drop("name", reason, drops)
    sites = _cell("website", normalise_cell(website) if website else _NOTHING, drops)
    if domains:
        sites = _union(sites, _cell("domains", normalise_cell(domains), drops))
    mail = _cell("email", normalise_mail_cell(email), drops) if email else ()
    slug = _value("linkedin", normalise_linkedin(linkedin), drops) if linkedin else ""
    if not slug and ("linkedin" in website or "linkedin" in domains):
        slug = linkedin_of(website) or linkedin_of(domains)
    return Facts(
        names,
        sites,
        mail,
        slug,
        _value("country", normalise_country(country), drops) if country else "",
        _value("city", normalise_city(city), drops) if city else "",
        _value("postcode", normalise_postcode(postcode, country), drops) if postcode else "",
        _value("phone", normalise_phone(phone, country), drops) if phone else "",
        _numbers(row, country, drops) if any(row[9:]) else (),
    )


_NOTHING: Final[tuple[tuple[str, ...], tuple[str, ...]]] = ((), ())


def _numbers(row: Sequence[str], country: str, drops: list[Drop]) -> tuple[tuple[str, str], ...]:
    found = []
    for column, cell in zip(COLUMNS[9:], row[9:], strict=True):
        if cell:
            kind = NUMBERS[column]
            value = _value(kind, normalise_registration(kind, cell, country), drops)
            if value:
                found.append((kind, value))
    return tuple(found)


def _union(one: tuple[str, ...], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _cell(column: str, answer: tuple[tuple[str, ...], tuple[str, ...]], drops: list[Drop]) -> tuple[str, ...]:
    values, reasons = answer
    for reason in reasons:
        drops.append((column, reason))
    return values


def _value(column: str, outcome: Outcome, drops: list[Drop]) -> str:
    value, reason = outcome
    if reason:
        _drop(column, reason, drops)
    return value


def _drop(column: str, reason: str, drops: list[Drop]) -> None:
    if reason != EMPTY.reason:
        drops.append((column, reason))
