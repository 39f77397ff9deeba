"""Which account is to be explained, and in which run: read from an export, or from the party's folder.

Nothing here needs more than own tables, the record of a run and what was decided about it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.folder import Folder
from cleanroom.session.match.runs import RunRecord, all_runs, find_run
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.store import read_table
from overlap import ingest
from overlap.errors import UsageError
from overlap.explanation import Explanation, explain_account
from overlap.identity import NORMALISER, data_digest, normaliser_digest
from overlap.records import Rejected

_OTHER_SOFTWARE: Final = (
    "the run was made by another version of the normaliser or its lists: what is said about identifiers is "
    "what this version makes of the account"
)
_CHANGED: Final = (
    "this account was imported again and has changed since the run; it is explained as it went in"
)
_NOT_IN_RUN: Final = (
    "this account took no part in the run: it was imported after it, or its population is not in it"
)
_BOTH: Final = "its id is in another population too, under which it takes part in matches"


@dataclass(frozen=True)
class InRun:
    """The run in which an account was explained; `review` and `tier` (after it) are "" without a match."""

    run: str
    partner: str
    level: str
    review: str
    tier: str


@dataclass(frozen=True)
class Explained:
    """An explanation, or the row that the import did not take. `run` is None when none was asked about."""

    explanation: Explanation | None
    rejected: Rejected | None
    population: str
    run: InRun | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What the user asked for: a row number, or an id; and the population, "" for any."""

    row: int | None
    id: str
    population: str


def explain_export(
    source: Path,
    wanted: Wanted,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
) -> Explained:
    """A row of an export that is not imported. Raises UsageError for no such row, BadInput as ingest does."""
    population = wanted.population or "customers"
    table = ingest.read_accounts(source, population=population, mapping=mapping, profile=profile, where=where)
    places = _places(table.frame, wanted)
    rejected = [one for one in table.rejected if one.row == wanted.row]
    if not len(places) and rejected:
        return Explained(None, rejected[0], population, None, ())
    _require_one(places, wanted, {population: table.frame["row"].tolist()})
    return Explained(explain_account(table.frame, int(places[0])), None, population, None, ())


def explain_imported(party: Party, wanted: Wanted, run: str) -> Explained:
    """An imported account, in the finished run whose name begins with `run`, by default in the newest.

    Raises UsageError when no account, several, or no such run is meant.
    """
    folder = party.folder
    tables = _own_tables(folder, wanted.population)
    found = {name: places for name, table in tables.items() if len(places := _places(table, wanted))}
    refused = [(name, one) for name in tables for one in _rejected(folder, name) if one.row == wanted.row]
    if not found and len(refused) == 1:
        population, rejected = refused[0]
        return Explained(None, rejected, population, None, ())
    if len(found) + len(refused) > 1:
        several = ", ".join(sorted({*found, *(name for name, _ in refused)}))
        raise UsageError(f"more than one population has it: {several}", "name one with --population")
    nothing: tuple[str, Any] = ("", ())
    population, places = next(iter(found.items()), nothing)
    _require_one(places, wanted, {name: table["row"].tolist() for name, table in tables.items()})
    account = tables[population].iloc[int(places[0])]
    record = _run(party, run)
    if record is None:
        return _without_run(folder, account)
    return _in_run(party, record, account)


def _own_tables(folder: Folder, population: str) -> dict[str, pd.DataFrame]:
    names = folder.names("tables", suffix=".parquet")
    imported = [name.removeprefix("accounts-") for name in names if name.startswith("accounts-")]
    chosen = [name for name in imported if population in ("", name)]
    if not chosen:
        raise UsageError(
            "no accounts are imported" + (" as this population" if population else ""),
            "run 'overlap import FILE' first, or name an export: 'overlap explain ROW --file FILE'",
        )
    return {name: read_table(folder.path("tables", f"accounts-{name}.parquet")) for name in chosen}


def _places(table: pd.DataFrame, wanted: Wanted) -> Any:
    """The positions of the rows that are meant."""
    fits = table["id"] == wanted.id if wanted.row is None else table["row"] == wanted.row
    return np.flatnonzero(fits.to_numpy(bool))


def _require_one(places: Any, wanted: Wanted, rows: Mapping[str, list[int]]) -> None:
    if len(places) == 1:
        return
    if wanted.row is None:
        raise UsageError("no account has this id", "'overlap quality' and the rejected rows name row numbers")
    spans = ", ".join(
        f"{name} has rows {min(numbers)} to {max(numbers)}" for name, numbers in rows.items() if numbers
    )
    raise UsageError(
        f"no account stands in row {wanted.row}" + (f": {spans}" if spans else ""),
        "count as a spreadsheet does, from the file's first line; --where, blanks and footers leave rows out",
    )


def _rejected(folder: Folder, population: str) -> list[Rejected]:
    """The rows that the last import of a population did not take."""
    # The file of an earlier import stays when the next one rejects nothing.
    if not folder.read_record("tables", f"accounts-{population}.import")["rejected"]:
        return []
    place = folder.path("tables", f"accounts-{population}.rejected.csv")
    if not place.is_file():
        return []
    with place.open(encoding="utf-8", newline="") as file:
        return [Rejected(int(row["row"]), row["reason"]) for row in csv.DictReader(file)]


def _run(party: Party, name: str) -> RunRecord | None:
    """The finished run that is meant; by default the newest, at level overlaps if there is one."""
    if name:
        return find_run(party, name)
    finished = [record for record in all_runs(party) if record.state == "finished"]
    return max(finished, key=lambda one: (one.level == "overlaps", one.begun, one.run), default=None)


def _without_run(folder: Folder, account: pd.Series) -> Explained:
    accounts = own_accounts(folder)
    at = _place_of(accounts, account["id"])
    notes = (_BOTH,) if accounts["population"].iloc[at] != account["population"] else ()
    return Explained(explain_account(accounts, at), None, account["population"], None, notes)


def _in_run(party: Party, record: RunRecord, account: pd.Series) -> Explained:
    """The account as it went into a run; as it is now when it did not."""
    place = party.folder.path("runs", record.run)
    accounts = read_table(place / "accounts.parquet")
    at = _place_of(accounts, account["id"])
    if at < 0:
        without = _without_run(party.folder, account)
        return Explained(without.explanation, None, without.population, None, (*without.notes, _NOT_IN_RUN))
    terms = record.terms
    hits = read_table(place / "tokens.parquet") if record.level == "overlaps" else None
    explanation = explain_account(
        accounts, at, kinds=terms.kinds, role=record.role, most=terms.most, hits=hits, veto=terms.veto
    )
    software = (terms.normaliser, terms.normaliser_digest, terms.data_digest)
    notes = [_OTHER_SOFTWARE] if software != (NORMALISER, normaliser_digest(), data_digest()) else []
    went_in = accounts.iloc[at]
    if went_in["population"] != account["population"]:
        notes.append(_BOTH)
    elif not went_in.drop("row").equals(account.drop("row")):
        notes.append(_CHANGED)
    review, tier = _reviewed(party, record, at) if explanation.match else ("", "")
    seen = InRun(record.run, record.partner, record.level, review, tier)
    return Explained(explanation, None, str(account["population"]), seen, tuple(notes))


def _place_of(accounts: pd.DataFrame, account: str) -> int:
    """The position of an account by its id, -1 for none."""
    places = np.flatnonzero((accounts["id"] == account).to_numpy(bool))
    return int(places[0]) if len(places) else -1


def _reviewed(party: Party, record: RunRecord, at: int) -> tuple[str, str]:
    """The state of review of a matched account, and its tier after it."""
    rows = release_state(party, record).rows
    row = rows[rows["account"] == at].iloc[0]
    return str(row["review"]), str(row["tier"])
