"""The account rows of one party: companies as its CRM users entered them, with duplicates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from cleanroom.demo.companies import Company
from cleanroom.demo.messy import write_email, write_name, write_website
from cleanroom.demo.words import Words

DUPLICATES: Final = 0.025
WITH_EMAIL: Final = 0.35
NUMBER_KNOWN: Final = 0.8
FORMULA_NAMES: Final = 0.001

#: Populations and their cumulative shares in a list.
POPULATIONS: Final = (("customers", 0.38), ("open_opportunities", 0.58), ("prospects", 1.0))


@dataclass(frozen=True, slots=True)
class Account:
    """One row of a CRM. `company` is the truth; `keys` are the clean match keys that the row still has."""

    id: str
    company: Company
    keys: frozenset[str]
    population: str
    name: str
    website: str
    domains: str
    email: str
    country: str
    parent_id: str
    owner: str
    lei: str
    duns: str
    vat: str
    created: date


def enter_accounts(
    held: Sequence[Company],
    rows: int,
    make_id: Callable[[], str],
    *,
    second_domains: bool,
    last_day: date,
    words: Words,
    rng: Random,
) -> list[Account]:
    """About `rows` rows, each of `held` at least once, in random order, created on `last_day` or before.

    `second_domains` says whether this CRM has a place for a company's further domains.
    """
    again = rng.choices(held, k=max(0, rows - len(held)))
    written = list(held) + again
    rng.shuffle(written)
    accounts = [
        _enter(
            company,
            held[rng.randrange(len(held))],
            make_id(),
            second_domains=second_domains,
            last_day=last_day,
            words=words,
            rng=rng,
        )
        for company in written
    ]
    ids = {account.company.number: account.id for account in accounts}
    return [
        replace(account, parent_id=ids[account.company.parent]) if account.company.parent in ids else account
        for account in accounts
    ]


def _enter(
    company: Company,
    other: Company,
    identifier: str,
    *,
    second_domains: bool,
    last_day: date,
    words: Words,
    rng: Random,
) -> Account:
    name, core = write_name(company, rng)
    if rng.random() < FORMULA_NAMES:
        name = rng.choice("=+-@") + name
    website, domain = write_website(company, other, words, rng)
    second = company.other_domain if second_domains and rng.random() < 0.5 else ""
    email, email_domain = write_email(company, words, rng) if rng.random() < WITH_EMAIL else ("", "")
    numbers = [
        number if rng.random() < NUMBER_KNOWN else "" for number in (company.lei, company.duns, company.vat)
    ]
    draw = rng.random()
    return Account(
        id=identifier,
        company=company,
        keys=frozenset(
            [f"name:{core}"]
            + [f"domain:{value}" for value in (domain, second, email_domain) if value]
            + [f"number:{value}" for value in numbers if value]
        ),
        population=next(population for population, share in POPULATIONS if draw <= share),
        name=name,
        website=website,
        domains=second,
        email=email,
        country=rng.choice(company.country.written) if rng.random() < 0.93 else "",
        parent_id="",
        owner=rng.choice(words.owners),
        lei=numbers[0],
        duns=numbers[1],
        vat=numbers[2],
        created=last_day - timedelta(days=int(2400 * rng.random() ** 1.5)),
    )
