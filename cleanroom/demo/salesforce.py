"""The vendor's exports: a formatted report for customers, Data Loader files for the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from random import Random
from typing import Final

from cleanroom.demo.accounts import Account
from cleanroom.demo.deals import Action, Opportunity
from cleanroom.demo.exports import Export, Row, delimited, with_broken

#: What the column Type of the second account file says, by population.
TYPES: Final = {"open_opportunities": "Prospect - Open Opportunity", "prospects": "Prospect"}

_REPORT_HEADER: Final = (
    "Account ID",
    "Account Name",
    "Website",
    "Type",
    "Billing Country",
    "Billing City",
    "Billing Zip/Postal Code",
    "Phone",
    "Parent Account ID",
    "Account Owner",
    "Industry",
    "Employees",
    "Annual Revenue",
    "D-U-N-S Number",
    "VAT Number",
    "LEI",
    "Created Date",
)
_LOADER_HEADER: Final = (
    "Id",
    "Name",
    "Type",
    "Website",
    "Email__c",
    "BillingStreet",
    "BillingCity",
    "BillingPostalCode",
    "BillingCountry",
    "Phone",
    "ParentId",
    "Owner.Name",
    "Industry",
    "NumberOfEmployees",
    "AnnualRevenue",
    "DunsNumber",
    "VAT_Number__c",
    "LEI__c",
    "CreatedDate",
)
_DEAL_HEADER: Final = (
    "Id",
    "AccountId",
    "Name",
    "StageName",
    "Amount",
    "CurrencyIsoCode",
    "CreatedDate",
    "CloseDate",
    "IsClosed",
    "IsWon",
    "Type",
    "Owner.Name",
)
_ACTION_HEADER: Final = (
    "Action ID",
    "Opportunity ID",
    "Account ID",
    "Partner",
    "Partner Action Type",
    "Partner Action Date",
    "Partner Proof",
    "Partner Owner",
    "Next Joint Step",
    "Partner Role",
)
_TERRITORY_HEADER: Final = ("Account ID", "Territory ID", "Territory Name", "Owner")
_REGIONS: Final = {
    "US": "Americas",
    "CA": "Americas",
    "BR": "Americas",
    "AU": "APAC",
    "JP": "APAC",
    "IN": "APAC",
}


def customers_report(
    accounts: Sequence[Account], make_id: Callable[[], str], today: date, rng: Random
) -> Export:
    """A formatted report: preamble, 15-character ids, American dates, footer. `make_id` is for bad rows."""
    rows = with_broken(
        [_report_row(account) for account in accounts], (1, 2, 13, 14, 15), make_id, ragged=True, rng=rng
    )
    before: list[Row] = [
        ["Customer Accounts"],
        [f"As of {_american(today)}"],
        ["Filtered By", "Type equals Customer"],
        [],
    ]
    after: list[Row] = [
        [],
        ["Confidential Information - Do Not Distribute"],
        [f"Generated {_american(today)}"],
    ]
    return delimited(before, _REPORT_HEADER, rows, after, delimiter=",", encoding="utf-8-sig", quote_all=True)


def pipeline_file(accounts: Sequence[Account], make_id: Callable[[], str], rng: Random) -> Export:
    """Open opportunities and prospects in one file, told apart by Type."""
    rows = with_broken(
        [_loader_row(account) for account in accounts], (1, 3, 4, 15, 16, 17), make_id, ragged=True, rng=rng
    )
    return delimited([], _LOADER_HEADER, rows, [], delimiter=",", encoding="utf-8", quote_all=True)


def opportunities_file(deals: Sequence[Opportunity]) -> Export:
    """All deals, with whole amounts and days as the loader writes them."""
    rows: list[tuple[Row, bool]] = [
        (
            (
                deal.id,
                deal.account.id,
                deal.name,
                deal.stage,
                f"{deal.amount}.0",
                deal.currency,
                f"{deal.created.isoformat()}T08:15:00.000Z",
                deal.closed.isoformat(),
                str(deal.status != "open").lower(),
                str(deal.status == "won").lower(),
                deal.type,
                deal.owner,
            ),
            True,
        )
        for deal in deals
    ]
    return delimited([], _DEAL_HEADER, rows, [], delimiter=",", encoding="utf-8", quote_all=True)


def actions_file(actions: Sequence[Action]) -> Export:
    """What partners did, from the menu, with proof where somebody kept it."""
    rows: list[tuple[Row, bool]] = [
        (
            (
                action.id,
                action.opportunity.id,
                action.opportunity.account.id,
                action.partner,
                action.type,
                action.day.isoformat(),
                action.proof,
                action.owner,
                action.next_step,
                action.role,
            ),
            True,
        )
        for action in actions
    ]
    return delimited([], _ACTION_HEADER, rows, [], delimiter=",", encoding="utf-8")


def territories_file(accounts: Sequence[Account], rng: Random) -> Export:
    """Which territory holds which account; about one account in ten has none yet."""
    rows: list[tuple[Row, bool]] = []
    for account in accounts:
        country = account.company.country.code
        region = _REGIONS.get(country, "EMEA")
        if rng.random() < 0.9:
            rows.append(((account.id, f"{region}-{country}", f"{region} {country}", account.owner), True))
    return delimited([], _TERRITORY_HEADER, rows, [], delimiter=",", encoding="utf-8")


def _report_row(account: Account) -> Row:
    company = account.company
    return (
        account.id[:15],
        account.name,
        account.website,
        "Customer",
        account.country,
        company.city,
        company.postcode,
        company.phone,
        account.parent_id[:15],
        account.owner,
        company.industry,
        f"{company.employees:,}",
        f"{account.company.revenue:,}",
        account.duns,
        account.vat,
        account.lei,
        _american(account.created),
    )


def _loader_row(account: Account) -> Row:
    company = account.company
    return (
        account.id,
        account.name,
        TYPES[account.population],
        account.website,
        account.email,
        f"{company.employees % 90 + 1} Station Road\nBuilding {company.number % 7}",
        company.city,
        company.postcode,
        account.country,
        company.phone,
        account.parent_id,
        account.owner,
        company.industry,
        str(company.employees),
        f"{company.revenue}.0",
        account.duns,
        account.vat,
        account.lei,
        f"{account.created.isoformat()}T07:00:00.000Z",
    )


def _american(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"
