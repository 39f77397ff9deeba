"""The partners' exports: HubSpot-shaped text for the larger one, a Dynamics-shaped workbook for its rival."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from cleanroom.demo.accounts import Account
from cleanroom.demo.exports import Export, Row, delimited, with_broken, workbook
from cleanroom.demo.numbers import fill

#: What the column Lifecycle Stage says, by population.
STAGES: Final = {
    "customers": ("Customer",),
    "open_opportunities": ("Opportunity",),
    "prospects": ("Lead", "Marketing Qualified Lead", "Sales Qualified Lead"),
}
#: What the column Relationship Type says, by population.
RELATIONSHIPS: Final = {"customers": "Customer", "open_opportunities": "Prospect", "prospects": "Suspect"}

_HUBSPOT_HEADER: Final = (
    "Record ID",
    "Company name",
    "Company Domain Name",
    "hs_additional_domains",
    "Lifecycle Stage",
    "Company owner",
    "Country/Region",
    "City",
    "Postal Code",
    "Phone Number",
    "Industry",
    "Number of Employees",
    "Annual Revenue",
    "Email",
    "VAT Number",
    "DUNS Number",
    "LEI",
    "Create Date",
)
_DYNAMICS_HEADER: Final = (
    "(Do Not Modify) Account",
    "(Do Not Modify) Row Checksum",
    "(Do Not Modify) Modified On",
    "Account Name",
    "Website",
    "Email",
    "Address 1: Country/Region",
    "Address 1: City",
    "Address 1: ZIP/Postal Code",
    "Main Phone",
    "Relationship Type",
    "Owner",
    "Created On",
)


def companies_file(accounts: Sequence[Account], make_id: Callable[[], str], rng: Random) -> Export:
    """Semicolons and Windows-1252, as a European spreadsheet saves a HubSpot export again."""
    rows = with_broken(
        [_hubspot_row(account, rng) for account in accounts],
        (1, 2, 3, 13, 14, 15, 16),
        make_id,
        ragged=True,
        rng=rng,
    )
    return delimited([], _HUBSPOT_HEADER, rows, [], delimiter=";", encoding="cp1252")


def deals_file(accounts: Sequence[Account], rng: Random) -> Export:
    """The partner's own deals with its customers, tabs and UTF-16."""
    header = (
        "Record ID",
        "Deal Name",
        "Deal Stage",
        "Amount",
        "Create Date",
        "Close Date",
        "Associated Company ID",
    )
    rows: list[tuple[Row, bool]] = []
    for number, account in enumerate(accounts):
        if account.population == "customers" and rng.random() < 0.4:
            day = account.created.isoformat()
            amount = str(rng.randrange(2, 80) * 500)
            cells = (
                f"88{number:08d}",
                account.name,
                "Closed Won",
                amount,
                f"{day} 10:30",
                f"{day} 16:45",
                account.id,
            )
            rows.append((cells, True))
    return delimited([], header, rows, [], delimiter="\t", encoding="utf-16")


def accounts_workbook(accounts: Sequence[Account], make_id: Callable[[], str], rng: Random) -> Export:
    """A workbook with the three columns that Dynamics hides and asks not to be changed."""
    rows = with_broken(
        [_dynamics_row(account, rng) for account in accounts], (3, 4, 5), make_id, ragged=False, rng=rng
    )
    return workbook("Active Accounts", _DYNAMICS_HEADER, rows)


def _hubspot_row(account: Account, rng: Random) -> Row:
    company = account.company
    cells = (
        account.id,
        account.name,
        account.website,
        account.domains,
        rng.choice(STAGES[account.population]),
        account.owner,
        account.country,
        company.city,
        company.postcode,
        company.phone,
        company.industry,
        str(company.employees),
        str(company.revenue),
        account.email,
        account.vat,
        account.duns,
        account.lei,
        f"{account.created.isoformat()} 09:30",
    )
    return tuple(_windows_1252(cell) for cell in cells)


def _dynamics_row(account: Account, rng: Random) -> Row:
    company = account.company
    return (
        account.id,
        fill("AA##/A#", rng) + "==",
        f"{account.created.isoformat()} 12:00:00",
        account.name,
        account.website,
        account.email,
        account.country,
        company.city,
        company.postcode,
        company.phone,
        RELATIONSHIPS[account.population],
        account.owner,
        account.created.isoformat(),
    )


def _windows_1252(text: str) -> str:
    """The text with letters that Windows-1252 lacks replaced by their base letter, as its users do."""
    if text.isascii():
        return text
    kept = text.translate({ord("ł"): "l", ord("Ł"): "L"})
    return "".join(mark if _fits(mark) else unicodedata.normalize("NFKD", mark)[0] for mark in kept)


def _fits(mark: str) -> bool:
    try:
        mark.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
