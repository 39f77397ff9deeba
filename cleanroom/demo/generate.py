"""A whole invented world: three parties, their export files, and the truth about them.

The same arguments give the same bytes; nothing here reads a clock, a file of the user or a network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Final

from cleanroom.demo.accounts import Account, enter_accounts
from cleanroom.demo.companies import Company, invent_companies
from cleanroom.demo.deals import note_actions, open_deals
from cleanroom.demo.exports import Export
from cleanroom.demo.numbers import draw_guid, salesforce_id
from cleanroom.demo.partners import (
    RELATIONSHIPS,
    STAGES,
    accounts_workbook,
    as_windows_1252,
    companies_file,
    deals_file,
)
from cleanroom.demo.salesforce import (
    OWN_COLUMNS,
    TYPES,
    actions_file,
    customers_report,
    opportunities_file,
    pipeline_file,
    territories_file,
)
from cleanroom.demo.truth import Truth, compare
from cleanroom.demo.words import Words, words

VENDOR: Final = "brightpath"
PARTNER: Final = "harborline"
RIVAL: Final = "oakbridge"

DEFAULT_ACCOUNTS: Final = 3_000
#: Below this a world has too few shared accounts to show anything.
FEWEST_ACCOUNTS: Final = 50
#: Companies that vendor and partner both hold, as a share of the accounts of each.
SHARED: Final = 0.30
#: Days before `today` on which partners commit their claims; every account of theirs is older.
CLAIM_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Import:
    """One call of the importer: which file, read as what, for which population, under which filter.

    `kind` is accounts, opportunities, actions or territories; `mapping` names the columns that no profile
    knows, field to column.
    """

    file: str
    kind: str
    population: str = ""
    where: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartyWorld:
    """One party: its export files by name, how to import them, and the accounts that are truly in them."""

    name: str
    files: Mapping[str, Export]
    imports: tuple[Import, ...]
    accounts: tuple[Account, ...]


@dataclass(frozen=True)
class DemoWorld:
    """`parties` are the vendor, the partner and the partner's rival, in this order.

    Claims are meant to be committed on `claims_day`; opportunities were created before and after it, up to
    `today`.
    """

    parties: tuple[PartyWorld, PartyWorld, PartyWorld]
    today: date
    claims_day: date

    def truth(self, left: str, right: str) -> Truth:
        """What is true between two parties, by their names; ids are as the files' readers report them."""
        by_name = {party.name: party.accounts for party in self.parties}
        return compare(by_name[left], by_name[right])


def generate(accounts: int, seed: int, today: date) -> DemoWorld:
    """A world with about `accounts` rows for vendor and partner each and a quarter of it for the rival.

    Raises ValueError below FEWEST_ACCOUNTS.
    """
    if accounts < FEWEST_ACCOUNTS:
        raise ValueError(f"a world needs at least {FEWEST_ACCOUNTS} accounts")
    rng = Random(seed)  # noqa: S311 - an invented world must be repeatable, and holds no secret
    lexicon = words()
    claims_day = today - timedelta(days=CLAIM_DAYS)
    companies = _hold(accounts, lexicon, rng)
    last_day = claims_day - timedelta(days=1)
    make_id = {
        VENDOR: _salesforce_ids("001").__next__,
        PARTNER: _hubspot_ids().__next__,
        RIVAL: lambda: draw_guid(rng),
    }
    sizes = {VENDOR: accounts, PARTNER: accounts, RIVAL: accounts // 4}
    entered = {
        name: enter_accounts(
            companies[name],
            size,
            make_id[name],
            second_domains=name != VENDOR,
            last_day=last_day,
            words=lexicon,
            rng=rng,
        )
        for name, size in sizes.items()
    }
    holders = defaultdict(list)
    for partner in (PARTNER, RIVAL):
        for company in companies[partner]:
            holders[company.number].append(partner)
    return DemoWorld(
        parties=(
            _vendor(entered[VENDOR], holders, make_id[VENDOR], today=today, lexicon=lexicon, rng=rng),
            _partner(entered[PARTNER], make_id[PARTNER], rng),
            _rival(entered[RIVAL], make_id[RIVAL], rng),
        ),
        today=today,
        claims_day=claims_day,
    )


def _hold(accounts: int, lexicon: Words, rng: Random) -> dict[str, list[Company]]:
    """Who holds which companies. Lists are a little shorter than `accounts`: some companies come twice."""
    each, shared, rival_only = round(accounts * 0.975), round(accounts * SHARED), round(accounts * 0.08)
    companies = invent_companies(2 * each - shared + rival_only, lexicon, rng)
    rng.shuffle(companies)
    both, vendor_only = companies[:shared], companies[shared:each]
    partner_only, unknown = companies[each : 2 * each - shared], companies[2 * each - shared :]
    rival = both[: round(accounts * 0.08)] + vendor_only[: round(accounts * 0.05)]
    return {
        VENDOR: both + vendor_only,
        PARTNER: both + partner_only,
        RIVAL: rival + partner_only[: round(accounts * 0.03)] + unknown,
    }


def _vendor(
    accounts: Sequence[Account],
    holders: Mapping[int, Sequence[str]],
    make_id: Callable[[], str],
    *,
    today: date,
    lexicon: Words,
    rng: Random,
) -> PartyWorld:
    customers = [account for account in accounts if account.population == "customers"]
    others = [account for account in accounts if account.population != "customers"]
    deals = open_deals(accounts, _salesforce_ids("006").__next__, today, lexicon, rng)
    action_ids = (f"A-{number:05d}" for number in count(1))
    actions = note_actions(deals, holders, action_ids.__next__, today=today, words=lexicon, rng=rng)
    files = {
        "customers.csv": customers_report(customers, make_id, today, rng),
        "pipeline.csv": pipeline_file(others, make_id, rng),
        "opportunities.csv": opportunities_file(deals),
        "actions.csv": actions_file(actions),
        "territories.csv": territories_file(accounts, rng),
    }
    imports = (
        Import("customers.csv", "accounts", "customers"),
        *(
            Import("pipeline.csv", "accounts", name, f"Type={value}", OWN_COLUMNS)
            for name, value in TYPES.items()
        ),
        Import("opportunities.csv", "opportunities", mapping={"owner": OWN_COLUMNS["owner"]}),
        Import("actions.csv", "actions"),
        Import("territories.csv", "territories"),
    )
    return PartyWorld(VENDOR, files, imports, tuple(accounts))


def _partner(entered: Sequence[Account], make_id: Callable[[], str], rng: Random) -> PartyWorld:
    accounts = [as_windows_1252(account) for account in entered]
    files = {"companies.csv": companies_file(accounts, make_id, rng), "deals.csv": deals_file(accounts, rng)}
    imports = (
        *(
            Import("companies.csv", "accounts", name, f"Lifecycle Stage={'|'.join(values)}")
            for name, values in STAGES.items()
        ),
        Import("deals.csv", "opportunities"),
    )
    return PartyWorld(PARTNER, files, imports, tuple(accounts))


def _rival(entered: Sequence[Account], make_id: Callable[[], str], rng: Random) -> PartyWorld:
    accounts = [replace(account, parent_id="") for account in entered]
    files = {"accounts.xlsx": accounts_workbook(accounts, make_id, rng)}
    imports = tuple(
        Import("accounts.xlsx", "accounts", name, f"Relationship Type={value}")
        for name, value in RELATIONSHIPS.items()
    )
    return PartyWorld(RIVAL, files, imports, tuple(accounts))


def _salesforce_ids(prefix: str) -> Iterator[str]:
    return (salesforce_id(prefix, number) for number in count(40_001, 37))


def _hubspot_ids() -> Iterator[str]:
    return (str(number) for number in count(21_000_000_017, 13))
