"""Our accounts that are of one group with an account of a partner: what a run under `same_group` found."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cleanroom.session.match.runs import RunRecord, find_run
from cleanroom.session.party import Party
from cleanroom.store import read_table
from overlap.errors import Refused
from overlap.identity import GROUP_KINDS, KIND


@dataclass(frozen=True)
class GroupRow:
    """An own account of a shared group: the evidence for the group, and how many of ours are in it."""

    account: str
    name: str
    kind: str
    says: str
    members: int


def run_groups(party: Party, record: RunRecord) -> pd.DataFrame | None:
    """`GROUP_COLUMNS` of a finished run, None when its agreement does not compare groups."""
    if not set(GROUP_KINDS).intersection(record.terms.kinds):
        return None
    return read_table(party.folder.path("runs", record.run, "groups.parquet"))


def list_groups(party: Party, run: str) -> list[GroupRow]:
    """The rows of a run, in the order of the accounts; Refused when its agreement does not compare groups."""
    record = find_run(party, run)
    groups = run_groups(party, record)
    if groups is None:
        raise Refused(
            "clause terms.relations: this run compares companies and not groups",
            'propose an agreement with relations = ["same_entity", "same_group"]',
        )
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    shown = accounts.iloc[groups["account"]]
    rows = zip(shown["id"], shown["name"], groups["kind"], groups["members"], strict=True)
    return [GroupRow(account, name, kind, KIND[kind].says, int(count)) for account, name, kind, count in rows]
