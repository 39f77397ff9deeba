"""Taking an export in: read it, keep the table and how it was read, write rejected rows to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from cleanroom.attribution import payouts
from cleanroom.session.accounts.forgotten import are_forgotten
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import Folder
from cleanroom.store import read_table, write_table
from overlap import ingest
from overlap.errors import BadInput, UsageError
from overlap.identity import know, normalise_cell
from overlap.records import ACCOUNT_COLUMNS, STANDARD_POPULATIONS, Rejected, Table

#: Without these an action counts for nothing, and a file without them is another one.
_EVERY_ACTION: Final = ("partner", "type", "date")
_READERS: Final[dict[str, Callable[..., Table]]] = {
    "aliases": ingest.read_aliases,
    "opportunities": ingest.read_opportunities,
    "actions": ingest.read_actions,
    "stages": ingest.read_stages,
    "territories": ingest.read_territories,
    "restrictions": ingest.read_restrictions,
}

#: Whose rows have times, and not days alone.
ZONED: Final = ("actions", "stages")

FORGOTTEN: Final = "its account was forgotten here"
NO_DOMAIN: Final = "its domain is none, so it would cover no account"


@dataclass(frozen=True)
class Imported:
    """What an import did: rows taken and rejected, how the file was understood, and how many rows of an
    earlier import it replaced (-1: there was none).

    `exported` (unix seconds) is when the file was made, as the user says, else when it was imported;
    `currency` is the one that was named for amounts that do not say it, "" for none. `dated_anew` are actions
    of which the file says another day of logging than their first import, whose they keep.
    """

    what: str
    population: str
    rows: int
    rejected: int
    rejected_file: str
    profile: str
    encoding: str
    delimiter: str
    header_row: int
    mapping: dict[str, str]
    digest: str
    imported_at: int
    exported: int
    replaced: int
    currency: str = ""
    dated_anew: int = 0


def import_export(
    folder: Folder,
    source: Path,
    now: int,
    *,
    what: str = "accounts",
    population: str = "customers",
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
    exported: str = "",
    zone: str = "",
    currency: str = "",
    system: str = "",
) -> Imported:
    """Read `source` and replace the table of that kind (and population). Raises UsageError or BadInput.

    `exported` is the day (YYYY-MM-DD, UTC) on which the file was made, where it was not today; `zone` says
    where the times of actions and stages were written that do not say it themselves, `currency` (ISO 4217) in
    what the amounts of opportunities are that do not say it, `system` where actions were recorded that do not
    say it; without it that is the name of the file. Rows of accounts that were forgotten are not
    taken.
    """
    folder.require_party()
    _check_options(what, zone, currency, system)
    said = {"zone": zone} if what in ZONED else {"currency": currency} if currency else {}
    made = _day(exported, now) if exported else now
    if what == "accounts":
        _check_population(population)
        table = ingest.read_accounts(
            source, population=population, mapping=mapping, profile=profile, where=where
        )
        name = f"accounts-{population}"
    else:
        table = _READERS[what](source, mapping=mapping, profile=profile, where=where, **said)
        name, population = what, ""
    missing = [one for one in _EVERY_ACTION if one not in table.source.mapping] if what == "actions" else []
    if missing:
        raise BadInput(
            f"the file has no column for {', '.join(missing)}: none of its actions would count",
            "name it, for example --map partner=COLUMN; nothing was imported",
        )
    if what == "actions":
        table = _with_source(table, system.strip() or source.name)
    dated_anew = 0
    with folder.locked():
        if what == "actions" and "id" in table.source.mapping:
            table, dated_anew = _as_first_logged(table, own_table(folder, "actions"))
        if what == "aliases":
            table = _of_own_accounts(table, own_accounts(folder))
        if what == "restrictions":
            table = _rejecting(table, _without_domain(table.frame), NO_DOMAIN)
        if what != "stages":  # They name opportunities, and those of a forgotten account are not taken.
            ids = table.frame["id" if what == "accounts" else "account_id"]
            table = _rejecting(table, are_forgotten(folder, ids.tolist()), FORGOTTEN)
        return _keep(folder, table, name, what, population, now, made, currency, dated_anew)


def _check_options(what: str, zone: str, currency: str, system: str) -> None:
    if zone and what not in ZONED:
        raise UsageError("only actions and stages have times of their own", "leave --zone out")
    if currency and what != "opportunities":
        raise UsageError("only opportunities have amounts", "leave --currency out")
    if currency and payouts.exponent_of(currency) is None:
        raise UsageError("there is no such currency", "give a code of ISO 4217, for example --currency EUR")
    if system and what != "actions":
        raise UsageError("only actions have a source system", "leave --source out")


def _with_source(table: Table, system: str) -> Table:
    """The actions, each with where it was recorded: what its row says, else `system`."""
    said = table.frame["source"].str.strip()
    return replace(table, frame=table.frame.assign(source=said.where(said != "", system)))


def _as_first_logged(table: Table, before: pd.DataFrame | None) -> tuple[Table, int]:
    """The actions, each logged when it first came in as logged, and how many say something else now.

    An action that came late would else become one in time by an edit of the CRM.
    """
    if before is None:
        return table, 0
    known = dict(zip(before["id"].tolist(), before["logged"].tolist(), strict=True))
    said = table.frame["logged"].tolist()
    first = [known.get(name) or day for name, day in zip(table.frame["id"].tolist(), said, strict=True)]
    moved = sum(one != day for one, day in zip(first, said, strict=True))
    logged = pd.Series(first, index=table.frame.index, dtype="str")
    return replace(table, frame=table.frame.assign(logged=logged)), moved


def _of_own_accounts(table: Table, accounts: pd.DataFrame) -> Table:
    """The alias file without the rows of which the account is not found among those imported so far."""
    if accounts.empty:
        raise UsageError("no account is imported yet, so an alias belongs to none", "import accounts first")
    rejected = know(accounts, table.frame).rejected
    taken = ~table.frame["row"].isin([one.row for one in rejected])
    ordered = sorted((*table.rejected, *rejected), key=lambda one: one.row)
    return replace(table, frame=table.frame[taken].reset_index(drop=True), rejected=tuple(ordered))


def _without_domain(rules: pd.DataFrame) -> np.ndarray:
    """The rules whose domain cannot be read, which would protect nothing."""
    cells = rules["account_domain"].tolist()
    return np.array([bool(cell) and not normalise_cell(cell)[0] for cell in cells], bool)


def _rejecting(table: Table, chosen: np.ndarray, reason: str) -> Table:
    """The table without the chosen rows, which are rejected for that reason."""
    if not chosen.any():
        return table
    more = [Rejected(int(row), reason) for row in table.frame["row"].to_numpy()[chosen]]
    ordered = sorted((*table.rejected, *more), key=lambda one: one.row)
    return replace(table, frame=table.frame[~chosen].reset_index(drop=True), rejected=tuple(ordered))


def _day(text: str, now: int) -> int:
    """The first second of a day, UTC; UsageError for no day, or one that has not begun."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(
            "--exported takes a day as YYYY-MM-DD", "for example --exported 2026-11-01"
        ) from error
    if day.timestamp() > now:
        raise UsageError(
            "an export is not made on a later day than its import", "check --exported and the clock"
        )
    return int(day.timestamp())


def made_at(folder: Folder, name: str) -> int | None:
    """When the export behind a table was made (unix seconds), at the latest when imported; None for none."""
    if not folder.path("tables", f"{name}.import").is_file():
        return None
    record = folder.read_record("tables", f"{name}.import")
    return min(int(record["imported_at"]), int(record.get("exported", record["imported_at"])))


def _keep(
    folder: Folder,
    table: Table,
    name: str,
    what: str,
    population: str,
    now: int,
    made: int,
    currency: str,
    dated_anew: int,
) -> Imported:
    rejected_file = ""
    if table.rejected:
        place = folder.path("tables", f"{name}.rejected.csv")
        place.parent.mkdir(parents=True, exist_ok=True)
        ingest.write_rejected(table.rejected, place)
        place.chmod(0o600)
        rejected_file = str(place)
    place = folder.path("tables", f"{name}.import")
    replaced = folder.read_record("tables", f"{name}.import")["rows"] if place.is_file() else -1
    write_table(folder.path("tables", f"{name}.parquet"), table.frame)
    source = table.source
    imported = Imported(
        what,
        population,
        len(table.frame),
        len(table.rejected),
        rejected_file,
        source.profile,
        source.encoding,
        source.delimiter,
        source.header_row,
        dict(source.mapping),
        source.digest,
        now,
        made,
        replaced,
        currency,
        dated_anew,
    )
    folder.write_record(asdict(imported), "tables", f"{name}.import")
    return imported


def read_imports(folder: Folder) -> list[dict[str, Any]]:
    """The record of each import in this folder."""
    return [
        folder.read_record("tables", f"{name}.import") for name in folder.names("tables", suffix=".import")
    ]


def own_accounts(folder: Folder, populations: tuple[str, ...] | None = None) -> pd.DataFrame:
    """All imported accounts of the populations, one row an account id.

    Populations are disjoint cells (an account in two of them would repeat its identifiers): an id that was
    imported into several belongs to the first in the order customers, open opportunities, prospects, custom.
    """
    names = [name.removeprefix("accounts-") for name in folder.names("tables", suffix=".parquet")
             if name.startswith("accounts-")]  # fmt: skip
    ordered = sorted(names, key=_precedence)
    tables = [read_table(folder.path("tables", f"accounts-{name}.parquet")) for name in ordered]
    if not tables:
        return pd.DataFrame({column: pd.Series(dtype="str") for column in ACCOUNT_COLUMNS})
    accounts = pd.concat(tables, ignore_index=True).drop_duplicates("id", keep="first")
    if populations is not None:
        accounts = accounts[accounts["population"].isin(populations)]
    return accounts.reset_index(drop=True)


def own_table(folder: Folder, what: str) -> pd.DataFrame | None:
    """The imported table of one kind (aliases, opportunities, stages, …); None when there is none."""
    place = folder.path("tables", f"{what}.parquet")
    return read_table(place) if place.is_file() else None


def deal_named(ids: Iterable[str], beginning: str) -> str:
    """The id of the imported opportunity whose id begins so (reports of a CRM print 15 of 18 characters).

    UsageError when there is none or more than one.
    """
    return only_one(ids, beginning, str, "imported opportunity", "'overlap credit --json' lists them")


def _precedence(population: str) -> tuple[int, str]:
    known = population in STANDARD_POPULATIONS
    return (STANDARD_POPULATIONS.index(population) if known else len(STANDARD_POPULATIONS), population)


def _check_population(population: str) -> None:
    plain = population.replace("_", "")
    if not (
        plain.isascii() and plain.isalnum() and population == population.lower() and len(population) <= 40
    ):
        raise UsageError(
            "a population is named with a-z, 0-9 and '_'",
            f"use one of {', '.join(STANDARD_POPULATIONS)} or your own",
        )
