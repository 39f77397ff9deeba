"""Taking one own account out of each place where it is kept, each file replaced whole.

In a run an empty row stays, because its other tables name accounts by position; a pair token stays without
kind and value, because the partner's letters may name it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cleanroom.session.accounts.imports import own_accounts, own_table
from cleanroom.session.accounts.restrictions import without_accounts
from cleanroom.session.folder import Folder
from cleanroom.session.match.prepared_ends import PREPARED
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import FORGOTTEN, keep_memory, read_memory, run_tokens
from cleanroom.session.share.releases import all_releases, drop_records
from cleanroom.store import read_table, write_table
from overlap.identity import find_accounts, plain
from overlap.records import RESTRICTION_COLUMNS

_OF_ACCOUNTS = ("opportunities", "actions", "territories")
#: Tables whose rows may name an opportunity of the account instead of the account.
_OF_OPPORTUNITIES = ("actions", "stages")


@dataclass(frozen=True)
class Removed:
    """Rows by table, and how many runs, decisions and rows of opened shares had it."""

    tables: dict[str, int]
    runs: int
    reviews: int
    releases: int


def table_ids(folder: Folder) -> set[str]:
    """The ids of all imported accounts, those too that stand in several populations."""
    return {one for name in _account_tables(folder) for one in _read(folder, name)["id"].tolist()}


def runs_with(party: Party, account: str) -> list[RunRecord]:
    """The runs in which the account took part."""
    found = []
    for record in all_runs(party):
        place = party.folder.path("runs", record.run, "accounts.parquet")
        if place.is_file() and (read_table(place)["id"] == account).any():
            found.append(record)
    return found


def remove_from_tables(folder: Folder, account: str) -> dict[str, int]:
    """Take it out of what was imported; rows by table. As a parent of other accounts it is forgotten too."""
    everything = own_accounts(folder)
    out = (everything["id"] == account).to_numpy(bool)
    kept: dict[str, pd.DataFrame] = {}
    # What finds the account by its name goes first, while the account can still be found.
    if (aliases := own_table(folder, "aliases")) is not None:
        found = without_accounts(aliases, everything, out)
        assert found is not None
        kept["aliases"] = found
    if (rules := own_table(folder, "restrictions")) is not None:
        kept["restrictions"] = _without_rules(rules, everything, out)
    kept |= _without_deals(folder, account)
    for name in _account_tables(folder):
        table = _read(folder, name)
        names = set(plain(table.loc[table["id"] == account, "name"])) - {""}
        below = (table["parent_id"] == account) | plain(table["parent_id"]).isin(names)
        table = table.assign(parent_id=table["parent_id"].mask(below, "").astype("str"))
        kept[name] = table[table["id"] != account]
    counts = {}
    for name, table in kept.items():
        before = _read(folder, name)
        after = table.reset_index(drop=True)
        if not after.equals(before):
            write_table(folder.path("tables", f"{name}.parquet"), after)
            record = folder.read_record("tables", f"{name}.import")
            folder.write_record({**record, "rows": len(after)}, "tables", f"{name}.import")
        if len(before) > len(after):
            counts[name] = len(before) - len(after)
    return counts


def remove_from_attribution(folder: Folder, account: str) -> dict[str, int]:
    """Take its logged actions, and its rows in every table of statuses, out of the attribution; by what.

    Called before the tables of deals lose it: they tell which deals are the account's.
    """
    deals = own_table(folder, "opportunities")
    gone = set() if deals is None else set(deals.loc[deals["account_id"] == account, "id"])
    counts = {"logged actions": 0, "statuses": 0}
    for name in folder.names("attribution", "actions"):
        record = folder.read_record("attribution", "actions", name)
        if record["account_id"] == account or record["opportunity_id"] in gone:
            folder.path("attribution", "actions", name).unlink()
            counts["logged actions"] += 1
    weeks = folder.names("attribution", "weekly", suffix=".parquet")
    places = [folder.path("attribution", "weekly", f"{week}.parquet") for week in weeks]
    for place in (folder.path("attribution", "statuses.parquet"), *places):
        if not place.is_file():
            continue
        table = read_table(place)
        stays = table["account"] != account
        if not stays.all():
            write_table(place, table[stays].reset_index(drop=True))
            counts["statuses"] += int((~stays).sum())
    return {name: count for name, count in counts.items() if count}


def _without_deals(folder: Folder, account: str) -> dict[str, pd.DataFrame]:
    """The tables of an account's deals, and those whose rows name such a deal and not the account."""
    kept = {}
    deals = own_table(folder, "opportunities")
    gone = [] if deals is None else deals.loc[deals["account_id"] == account, "id"].tolist()
    for name in _OF_ACCOUNTS:
        if (table := own_table(folder, name)) is not None:
            kept[name] = table[table["account_id"] != account]
    for name in _OF_OPPORTUNITIES:
        if (table := kept.get(name, own_table(folder, name))) is not None:
            kept[name] = table[~table["opportunity_id"].isin(gone)]
    return kept


def remove_from_runs(party: Party, account: str, records: list[RunRecord]) -> int:
    """Take it out of the tables of these runs, and give how many they are."""
    for record in records:
        place = party.folder.path("runs", record.run)
        accounts = read_table(place / "accounts.parquet")
        at = np.flatnonzero((accounts["id"] == account).to_numpy())
        for name in ("overlap", "groups"):
            if (place / f"{name}.parquet").is_file():
                table = read_table(place / f"{name}.parquet")
                kept = table[~table["account"].isin(at)].reset_index(drop=True)
                write_table(place / f"{name}.parquet", kept)
        if (place / "tokens.parquet").is_file():
            tokens = read_table(place / "tokens.parquet")
            ours = tokens["account"].isin(at)
            tokens = tokens.assign(
                telling=tokens["telling"] & ~ours,
                **{name: tokens[name].mask(ours, "").astype("str") for name in ("kind", "value")},
            )
            write_table(place / "tokens.parquet", tokens)
        texts = [name for name in accounts.columns if name != "row"]
        accounts.loc[at, texts] = ""
        below = accounts["parent_id"] == account
        accounts = accounts.assign(parent_id=accounts["parent_id"].mask(below, "").astype("str"))
        # Last, because this is where the account is looked for when the command is run again.
        write_table(place / "accounts.parquet", accounts)
    return len(records)


def remove_from_reviews(party: Party, account: str, digest: str, records: list[RunRecord]) -> int:
    """Forget decisions about it, the partner's on what only it carried, and its name in lists of shares."""
    decisions = 0
    for partner in party.partners():
        memory = read_memory(party, partner)
        names = {
            name
            for record in records
            if record.partner == partner
            for name in _only_of(party, record, account)
        }
        theirs = {name: one for name, one in memory.theirs.items() if name not in names}
        own = {name: one for name, one in memory.own.items() if name != account}
        granted = {
            share: tuple(FORGOTTEN + digest if one == account else one for one in accounts)
            for share, accounts in memory.granted.items()
        }
        after = replace(memory, own=own, theirs=theirs, granted=granted)
        decisions += len(memory.own) - len(own) + len(memory.theirs) - len(theirs)
        if after != memory:
            keep_memory(party, partner, after)
    return decisions


def remove_from_releases(party: Party, account: str, records: list[RunRecord]) -> int:
    """Drop what opened shares show of accounts that matched nothing but it; the number of records."""
    runs = {record.run: record for record in records}
    dropped = 0
    for release in all_releases(party):
        if release.run in runs:
            tokens = _tokens_only_of(party, runs[release.run], account)
            dropped += drop_records(party, release, tokens)
    return dropped


def in_prepared(party: Party, account: str) -> list[str]:
    """The agreements whose prepared list of ours has the account; an update takes it out."""
    found = []
    for agreement in party.folder.names(PREPARED):
        for name in party.folder.names(PREPARED, agreement, suffix=".parquet"):
            if name.startswith("accounts-"):
                table = read_table(party.folder.path(PREPARED, agreement, f"{name}.parquet"))
                if (table["id"] == account).any():
                    found.append(agreement)
    return found


def _only_of(party: Party, record: RunRecord, account: str) -> set[tuple[str, str]]:
    """Matched identifiers of a run, kind and value, that no other own account carries."""
    tokens, ours = _matched(party, record, account)
    own, others = tokens[ours], tokens[~ours]
    both = set(zip(others["kind"].tolist(), others["value"].tolist(), strict=True))
    return set(zip(own["kind"].tolist(), own["value"].tolist(), strict=True)) - both


def _tokens_only_of(party: Party, record: RunRecord, account: str) -> set[str]:
    tokens, ours = _matched(party, record, account)
    return set(tokens.loc[ours, "token"]) - set(tokens.loc[~ours & tokens["telling"], "token"])


def _matched(party: Party, record: RunRecord, account: str) -> tuple[pd.DataFrame, pd.Series]:
    place = party.folder.path("runs", record.run)
    if not (place / "tokens.parquet").is_file():
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in ("token", "kind", "value")})
        return empty.assign(telling=False), pd.Series(dtype="bool")
    ids = read_table(place / "accounts.parquet")["id"]
    tokens = run_tokens(party, record)
    return tokens, tokens["account"].isin(ids.index[ids == account])


def _without_rules(rules: pd.DataFrame, everything: pd.DataFrame, out: np.ndarray) -> pd.DataFrame:
    """The rules without those that name this account and no other."""
    rows = [{name: str(row[name]) for name in RESTRICTION_COLUMNS} for row in rules.to_dict("records")]
    fits = find_accounts(everything, rows)
    only = [bool(fit) and all(bool(out[at]) for at in fit) for fit in fits]
    return rules[~np.array(only, bool)]


def _account_tables(folder: Folder) -> list[str]:
    return [name for name in folder.names("tables", suffix=".parquet") if name.startswith("accounts-")]


def _read(folder: Folder, name: str) -> pd.DataFrame:
    return read_table(folder.path("tables", f"{name}.parquet"))
