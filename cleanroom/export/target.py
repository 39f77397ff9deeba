"""The files of each target: what to load, and what takes it out again.

Salesforce (Data Loader with Bulk API, or Bulk API 2.0 itself): an empty cell leaves a field as it is, `#N/A`
sets it to null, a checkbox has no null and goes to FALSE. HubSpot: an import does not empty a property, so
the import that undoes writes explicit values, and a second file holds API bodies that set true nulls ("").
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cleanroom.export.cells import File, write_csv
from cleanroom.export.shared import Entry
from cleanroom.moment import moment_of
from overlap import canonical
from overlap.errors import UsageError

__all__ = ["TARGETS", "Assignment", "files_for", "salesforce_id", "target_id"]

TARGETS: Final = ("salesforce", "hubspot", "csv")

ACCOUNT_FIELDS: Final = (
    "Overlap_Shared__c",
    "Overlap_Partners__c",
    "Overlap_Our_Populations__c",
    "Overlap_Their_Populations__c",
    "Overlap_Match_Reason__c",
    "Overlap_Agreements__c",
    "Overlap_Purposes__c",
    "Overlap_Shared_Until__c",
)
PAIR_KEY: Final = "Overlap_External_Id__c"
PAIR_FIELDS: Final = (
    "Partner__c",
    "Our_Populations__c",
    "Their_Populations__c",
    "Match_Reason__c",
    "Agreements__c",
    "Purposes__c",
    "Shared_Until__c",
)
HUBSPOT_FIELDS: Final = (
    "overlap_shared",
    "overlap_partners",
    "overlap_our_populations",
    "overlap_their_populations",
    "overlap_match_reason",
    "overlap_agreements",
    "overlap_purposes",
    "overlap_shared_until",
    "overlap_shared_until_date",
)
CSV_FIELDS: Final = (
    "partners",
    "our_populations",
    "their_populations",
    "match_reason",
    "agreements",
    "purposes",
    "shared_until",
)
TERRITORY_FIELDS: Final = ("territory_id", "territory_name", "territory_owner")

#: What the import that undoes writes into a HubSpot property, which it cannot empty.
HUBSPOT_ENDED: Final = "ended"
HUBSPOT_NO_DATE: Final = "1970-01-01"
#: Companies in one body of HubSpot's batch update; more are refused there.
HUBSPOT_BATCH: Final = 100
SALESFORCE_NULL: Final = "#N/A"

_SALESFORCE_ID = re.compile(r"[0-9A-Za-z]{15}([0-9A-Z]{3})?", re.IGNORECASE)
_EXTERNAL_ID = re.compile(r"[A-Za-z]\w*__c", re.ASCII)
_SUFFIX = string.ascii_uppercase + "012345"


@dataclass(frozen=True, slots=True)
class Assignment:
    """The own territories of an account, texts ready for a cell."""

    territory_id: str
    territory_name: str
    owner: str


def salesforce_id(text: str) -> str | None:
    """The 18-character form of a Salesforce record id; None when it is none or its check letters are off."""
    if not _SALESFORCE_ID.fullmatch(text):
        return None
    suffix = "".join(
        _SUFFIX[sum(character.isupper() << place for place, character in enumerate(text[start : start + 5]))]
        for start in (0, 5, 10)
    )
    return text[:15] + suffix if text[15:].upper() in ("", suffix) else None


def target_id(target: str, external_id: str) -> Callable[[str], str | None]:
    """What writes an own account id as `target` knows it, None for an id that it cannot know.

    Raises UsageError for an unknown target or an external id field that is no custom field's name.
    """
    if target not in TARGETS:
        raise UsageError("there is no such export target", f"use one of {', '.join(TARGETS)}")
    if external_id != "Id" and (target != "salesforce" or not _EXTERNAL_ID.fullmatch(external_id)):
        raise UsageError(
            "the external id field is not a custom field of Salesforce", "use a name such as Erp_Id__c"
        )
    if target == "salesforce" and external_id == "Id":
        return salesforce_id
    if target == "hubspot":
        return lambda text: text if text.isascii() and text.isdigit() else None
    return lambda text: text or None


def files_for(
    target: str,
    accounts: list[Entry],
    pairs: list[Entry],
    fields: tuple[str, ...],
    *,
    territories: Mapping[str, Assignment],
    external_id: str,
) -> tuple[File, ...]:
    """The files of `target`, those to load first, then those that undo them."""
    if target == "salesforce":
        return _salesforce(accounts, pairs, fields, external_id)
    if target == "hubspot":
        return _hubspot(accounts)
    return _csv(accounts, pairs, fields, territories)


def pair_id(entry: Entry) -> str:
    """32 hex digits that name an own account and a partner's card: equal in every run."""
    return canonical.digest(b"partner-overlap", entry.account.encode(), entry.partner_card.encode()).hex()[
        :32
    ]


def _facts(entry: Entry) -> list[str]:
    """The cells that every target has, in the order of CSV_FIELDS."""
    texts = [entry.partners, entry.our_populations, entry.their_populations, entry.reasons]
    return [*texts, entry.agreements, entry.purposes, moment_of(entry.shared_until)]


def _salesforce(
    accounts: list[Entry], pairs: list[Entry], fields: tuple[str, ...], external_id: str
) -> tuple[File, ...]:
    def load(name: str, use: str, header: list[str], rows: list[list[str]]) -> File:
        return write_csv(name, use, header, rows, line_end="\n")

    account_header = [external_id, *ACCOUNT_FIELDS]
    nulls = ["FALSE", *[SALESFORCE_NULL] * (len(ACCOUNT_FIELDS) - 1)]
    lookup = "Account__c" if external_id == "Id" else f"Account__r.{external_id}"
    theirs = [f"Their_{name.title()}__c" for name in fields]
    pair_header = [PAIR_KEY, lookup, *PAIR_FIELDS, *theirs]
    pair_nulls = [SALESFORCE_NULL] * (len(pair_header) - 2)
    return (
        load(
            "salesforce-account.csv",
            f"upsert into Account by {external_id}",
            account_header,
            [[entry.account, "TRUE", *_facts(entry)] for entry in accounts],
        ),
        load(
            "salesforce-partner-overlap.csv",
            f"upsert into Partner_Overlap__c by {PAIR_KEY}",
            pair_header,
            [[pair_id(entry), entry.account, *_facts(entry), *entry.fields] for entry in pairs],
        ),
        load(
            "salesforce-account-undo.csv",
            f"upsert into Account by {external_id}: sets every field of the export to null",
            account_header,
            [[entry.account, *nulls] for entry in accounts],
        ),
        load(
            "salesforce-partner-overlap-undo.csv",
            f"upsert into Partner_Overlap__c by {PAIR_KEY}: sets every field of the export to null",
            [PAIR_KEY, *pair_header[2:]],
            [[pair_id(entry), *pair_nulls] for entry in pairs],
        ),
        load(
            "salesforce-partner-overlap-delete.csv",
            f"delete records of Partner_Overlap__c by {PAIR_KEY}",
            [PAIR_KEY],
            [[pair_id(entry)] for entry in pairs],
        ),
    )


def _hubspot(accounts: list[Entry]) -> tuple[File, ...]:
    header = ["Record ID", *HUBSPOT_FIELDS]
    ended = ["false", *[HUBSPOT_ENDED] * (len(HUBSPOT_FIELDS) - 2), HUBSPOT_NO_DATE]
    bodies = [
        {
            "inputs": [
                {"id": entry.account, "properties": dict.fromkeys(HUBSPOT_FIELDS, "")} for entry in batch
            ]
        }
        for batch in (
            accounts[start : start + HUBSPOT_BATCH] for start in range(0, len(accounts), HUBSPOT_BATCH)
        )
    ]
    return (
        write_csv(
            "hubspot-companies.csv",
            "import as companies, matched by Record ID",
            header,
            [
                [entry.account, "true", *_facts(entry), moment_of(entry.shared_until)[:10]]
                for entry in accounts
            ],
            line_end="\r\n",
        ),
        write_csv(
            "hubspot-companies-undo.csv",
            "import as companies, matched by Record ID: overwrites every property of the export",
            header,
            [[entry.account, *ended] for entry in accounts],
            line_end="\r\n",
        ),
        File(
            "hubspot-companies-undo.jsonl",
            "each line is one body for the batch update of companies: empties every property of the export",
            b"".join(canonical.encode(body) + b"\n" for body in bodies),
            len(accounts),
        ),
    )


def _csv(
    accounts: list[Entry],
    pairs: list[Entry],
    fields: tuple[str, ...],
    territories: Mapping[str, Assignment],
) -> tuple[File, ...]:
    def page(name: str, use: str, header: list[str], rows: list[list[str]]) -> File:
        return write_csv(name, use, header, rows, line_end="\r\n", for_people=True)

    header = ["account_id", *CSV_FIELDS, *TERRITORY_FIELDS]
    own = {entry.account: territories.get(entry.account, Assignment("", "", "")) for entry in accounts}
    places = {
        account: [place.territory_id, place.territory_name, place.owner] for account, place in own.items()
    }
    return (
        page(
            "territory.csv",
            "one row for each own account, to read and plan with",
            header,
            [[entry.account, *_facts(entry), *places[entry.account]] for entry in accounts],
        ),
        page(
            "territory-partners.csv",
            "one row for each own account and partner, with the released fields",
            ["account_id", *CSV_FIELDS, *[f"their_{name}" for name in fields]],
            [[entry.account, *_facts(entry), *entry.fields] for entry in pairs],
        ),
        page(
            "territory-undo.csv",
            "clear the named columns of these accounts: an empty cell is a null",
            ["account_id", "action", *CSV_FIELDS],
            [[entry.account, "clear", *[""] * len(CSV_FIELDS)] for entry in accounts],
        ),
    )
