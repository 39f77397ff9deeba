"""The companies that exist in the invented world, before anybody wrote them into a CRM."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Final

from cleanroom.demo.numbers import draw_duns, draw_lei, draw_vat, fill
from cleanroom.demo.words import Country, Words

#: Shares of all companies; together they decide how far a join on the domain alone is wrong.
SUBSIDIARIES: Final = 0.06
SUBSIDIARIES_ON_GROUP_DOMAIN: Final = 0.3
NAMESAKES: Final = 0.015
DICTIONARY_BRANDS: Final = 0.05
RENAMED: Final = 0.03
SECOND_DOMAIN: Final = 0.06

_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_SPECIAL: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ł": "l", "Ł": "L", "đ": "d"}
)


@dataclass(frozen=True, slots=True)
class Company:
    """One legal entity. `parent` is the number of its owner or -1, `group` that of the head of its group."""

    number: int
    brand: str
    coined: bool  # the brand is no word of the dictionary
    sector: str
    country: Country
    legal: tuple[str, ...]
    former: str
    city: str
    postcode: str
    phone: str
    domain: str
    other_domain: str
    path: str  # the part of the group's website that is this company's, or ""
    parent: int
    group: int
    industry: str
    employees: int
    revenue: int
    lei: str
    duns: str
    vat: str

    @property
    def core(self) -> str:
        """The name without its legal form."""
        return f"{self.brand} {self.sector}".strip()


def fold(text: str) -> str:
    """Lower-case ASCII letters and digits of `text` with single spaces, diacritics taken off."""
    bare = unicodedata.normalize("NFKD", text.translate(_SPECIAL)).encode("ascii", "ignore").decode()
    return _NOT_PLAIN.sub(" ", bare.lower()).strip()


def invent_companies(wanted: int, words: Words, rng: Random) -> list[Company]:
    """`wanted` different companies in random order, some owned by others and some called like others."""
    companies: list[Company] = []
    domains: set[str] = set()
    names: set[tuple[str, str]] = set()
    for number in range(wanted):
        draw = rng.random() if companies else 1.0
        if draw < SUBSIDIARIES:
            company = _subsidiary(rng.choice(companies[-40:]), number, words, rng)
        elif draw < SUBSIDIARIES + NAMESAKES:
            company = _namesake(rng.choice(companies[-40:]), number, words, rng)
        else:
            company = _independent(number, words, rng)
        while (company.core, company.country.code) in names:
            company = replace(company, brand=_coin(company.country, rng), coined=True)
        names.add((company.core, company.country.code))
        companies.append(_with_domains(company, domains, rng))
    return companies


def _independent(number: int, words: Words, rng: Random) -> Company:
    country = rng.choices(words.countries, cum_weights=words.weights)[0]
    if rng.random() < DICTIONARY_BRANDS:
        return _found(number, rng.choice(words.dictionary_brands), False, country, words=words, rng=rng)
    return _found(number, _coin(country, rng), True, country, words=words, rng=rng)


def _found(number: int, brand: str, coined: bool, country: Country, *, words: Words, rng: Random) -> Company:
    sectors = country.sectors if rng.random() < 0.55 else words.sectors_everywhere
    employees = int(10 ** rng.uniform(0.7, 4.3))
    return Company(
        number=number,
        brand=brand,
        coined=coined,
        sector=rng.choice(sectors) if not coined or rng.random() < 0.9 else "",
        country=country,
        legal=rng.choice(country.legal),
        former=f"{_coin(country, rng)} {rng.choice(country.sectors)}" if rng.random() < RENAMED else "",
        city=rng.choice(country.cities),
        postcode=fill(country.postcode, rng),
        phone=f"{country.calling} {fill('## ### ####', rng)}",
        domain="",
        other_domain="",
        path="",
        parent=-1,
        group=number,
        industry=rng.choice(words.industries),
        employees=employees,
        revenue=employees * rng.randrange(60, 400) * 1000,
        lei=draw_lei(rng) if rng.random() < 0.10 else "",
        duns=draw_duns(rng) if rng.random() < 0.30 else "",
        vat=draw_vat(country.vat, rng) if country.vat and rng.random() < 0.10 else "",
    )


def _subsidiary(parent: Company, number: int, words: Words, rng: Random) -> Company:
    country = rng.choices(words.countries, cum_weights=words.weights)[0]
    child = replace(
        _found(number, parent.brand, parent.coined, country, words=words, rng=rng),
        parent=parent.number,
        group=parent.group,
    )
    if parent.domain and rng.random() < SUBSIDIARIES_ON_GROUP_DOMAIN:
        return replace(child, domain=parent.domain, path="/" + country.code.lower())
    return child


def _namesake(other: Company, number: int, words: Words, rng: Random) -> Company:
    country = rng.choices(words.countries, cum_weights=words.weights)[0]
    twin = _found(number, other.brand, other.coined, country, words=words, rng=rng)
    return replace(twin, sector=other.sector) if rng.random() < 0.5 else twin


def _coin(country: Country, rng: Random) -> str:
    sounds = country.sounds
    return rng.choice(sounds.starts) + rng.choice(sounds.middles) + rng.choice(sounds.ends)


def _with_domains(company: Company, taken: set[str], rng: Random) -> Company:
    domain = company.domain or _free_domain(company, taken, rng)
    other = _free_domain(company, taken, rng) if rng.random() < SECOND_DOMAIN else ""
    return replace(company, domain=domain, other_domain=other)


def _free_domain(company: Company, taken: set[str], rng: Random) -> str:
    """A domain nobody has yet; German companies sometimes keep their umlaut in it."""
    umlaut = company.country.code in ("DE", "AT") and not company.brand.isascii() and rng.random() < 0.2
    brand = company.brand.lower().replace(" ", "") if umlaut else fold(company.brand).replace(" ", "")
    sector = fold(company.sector).replace(" ", rng.choice(("", "-")))
    long = f"{brand}{rng.choice(('', '-'))}{sector}"
    label = brand if company.coined and rng.random() < 0.35 else long
    domain = f"{label}.{rng.choice(company.country.suffixes)}"
    for number in count(1):
        if domain not in taken:
            break
        domain = f"{long}{number if number > 1 else ''}.{rng.choice(company.country.suffixes)}"
    taken.add(domain)
    return domain
