"""From accounts in Parquet to the list of a run in Parquet, equal to what one machine makes of them.

An account is the row at its place: files in the order of their names, rows in the order of a file. What
identity decides about an account it decides by that account alone (kinds, veto, the bound on its identifiers,
the one identifier for level `counts`), so every executor does it for its own rows, by the functions that one
machine uses. Two things look at the whole table:

    which identifiers are distinct       an aggregate; each stands where it appears first, as on one machine
    who is at the top above an account   joins by id and by name find each parent; the pairs of places, 16
                                         bytes for each subsidiary, are climbed in this process, and the tops
                                         are identified and joined to their members
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from overlap import match
from overlap.errors import BadInput, UsageError
from overlap.identity import (
    COLUMNS,
    GROUP_KINDS,
    KINDS,
    MOST,
    NO_VETO,
    find_roots,
    identify,
    identify_tops,
    plain,
    vetoed,
)
from overlap.protocol import LEVELS, encode_identifier
from overlap.spark import jobs
from overlap.spark.jobs import Batches
from overlap.spark.session import judging_spark, quiet, require_sealed
from overlap.spark.software import require_same_software

#: `part`, `rank`, `account` and `seq` are the order of the table on one machine. In a row of the part
#: `_DROPPED` the others say of how many cells (`seq`) of a column (`kind`) why they gave nothing (`value`).
_MADE: Final = "account long, part int, rank int, seq long, kind string, value string, identifier binary"
_DROPPED: Final = -1
_NAMED: Final = "position long, id string, plain string, parent string, plain_parent string"
#: What tells the account above another one.
PARENTAL: Final = ("id", "name", "parent_id")


@dataclass(frozen=True)
class Listed:
    """How many accounts there were, and how many distinct identifiers they gave.

    `dropped` is that of `overlap.identity.Identified`: how many cells gave nothing, by column and reason.
    """

    accounts: int
    identifiers: int
    dropped: dict[tuple[str, str], int]


def identify_parquet(
    session: Any,
    accounts: str,
    out: str,
    *,
    role: str,
    kinds: Sequence[str] = KINDS,
    most: int = MOST,
    veto: str = NO_VETO,
    level: str = LEVELS[0],
) -> Listed:
    """The list of a run: what `overlap.match.distinct` gives of the same accounts, kinds and terms.

    `accounts` is Parquet with records.ACCOUNT_COLUMNS, `role` ours in the run, `kinds` may hold group kinds.
    In the folder `out`, which executors share:

        out/list      identifier (its bytes), kind, value: distinct, in the order of one machine
        out/holders   position (long, in the list), account (long): who carries it

    Raises UsageError for unknown terms, BadInput for other columns, Refused for an open session or executors
    with other software. Further names and parents of an alias file are not read here: see `overlap.identity`.
    """
    require_sealed(session)
    if level not in LEVELS:
        raise UsageError("an unknown level", "use one of " + ", ".join(LEVELS))
    # No account at all: what is wrong with the terms is said here, and not by an executor.
    nobody = pd.DataFrame({name: [] for name in COLUMNS}, dtype="str")
    identify(nobody, kinds, None, 1, role=role, most=most)
    own = [kind for kind in KINDS if kind in kinds]
    require_same_software(session)
    table = _accounts(session, accounts)
    with judging_spark():
        count = int(table.count())
    make = Identify(tuple(own), role, most, veto, level)
    made = jobs.mapped(jobs.spread(table.select("position", *COLUMNS), count), make, _MADE)
    groups = [kind for kind in GROUP_KINDS if kind in kinds]
    if groups and level == LEVELS[0]:
        made = made.union(_groups(session, table, count, groups))
    out = out.rstrip("/")
    jobs.write(made, f"{out}/made")
    return Listed(count, _distinct(session, out), _dropped(session, out))


def read_identified(session: Any, listed: str) -> pd.DataFrame:
    """The table (records.IDENTIFIER_COLUMNS) whose list is at `listed`, a folder of `identify_parquet`."""
    made = jobs.read(session, f"{listed.rstrip('/')}/made").where(f"part <> {_DROPPED}")
    with judging_spark(), quiet():
        table = made.select("part", "rank", "account", "seq", "kind", "value").toArrow()
    ordered = table.sort_by([(name, "ascending") for name in ("part", "rank", "account", "seq")])
    kinds = {"account": "int64", "kind": "str", "value": "str"}
    return ordered.select(list(kinds)).to_pandas().astype(kinds)


def trace_parquet(session: Any, listed: str, hits: str, out: str) -> None:
    """From matched positions back to accounts: (account, kind, value, token) in Parquet at `out`.

    `listed` is a folder of `identify_parquet`, `hits` that of `SparkPassage.hits`.
    """
    listed = listed.rstrip("/")
    names = jobs.read_placed(session, f"{listed}/list", "position").select("position", "kind", "value")
    held = jobs.read(session, f"{listed}/holders")
    found = jobs.read(session, hits).join(names, "position").join(held, "position")
    found = found.orderBy("account", "position")
    jobs.write(found.select("account", "kind", "value", "token"), out)


def _accounts(session: Any, path: str) -> Any:
    """(position, the columns that identity reads), a missing cell the empty text."""
    from pyspark.sql import functions as f

    table = jobs.read_placed(session, path, "position")
    missing = {*COLUMNS, *PARENTAL}.difference(table.columns)
    if missing:
        raise BadInput(
            f"the accounts lack the columns {', '.join(sorted(missing))}",
            "write what overlap.read_accounts gives as Parquet",
        )
    names = dict.fromkeys((*COLUMNS, *PARENTAL))
    cells = [f.coalesce(f.col(name).cast("string"), f.lit("")).alias(name) for name in names]
    return table.select("position", *cells)


def _dropped(session: Any, out: str) -> dict[tuple[str, str], int]:
    counted = jobs.read(session, f"{out}/made").where(f"part = {_DROPPED}").groupBy("kind", "value")
    with judging_spark():
        rows = counted.sum("seq").collect()
    return {(row[0], row[1]): int(row[2]) for row in sorted(rows)}


def _distinct(session: Any, out: str) -> int:
    from pyspark.sql import functions as f

    made = jobs.read(session, f"{out}/made").where(f"part <> {_DROPPED}")
    first = f.min(f.struct("part", "rank", "account", "seq")).alias("first")
    same = made.groupBy("identifier", "kind", "value").agg(first).orderBy("first")
    jobs.write(same.select("identifier", "kind", "value"), f"{out}/list")
    listed = jobs.read_placed(session, f"{out}/list", "position").select("identifier", "position")
    held = made.join(listed, "identifier").select("position", "account").distinct()
    jobs.write(held.orderBy("position", "account"), f"{out}/holders")
    with judging_spark():
        return int(listed.count())


def _groups(session: Any, table: Any, count: int, wanted: Sequence[str]) -> Any:
    """The identifiers of each account's group, as `overlap.identity.with_groups` puts them behind its own."""
    from pyspark.sql import functions as f

    below = _below(session, table)
    tops = table.join(below.withColumnRenamed("account", "position"), "position", "left_anti")
    make = IdentifyTops(tuple(wanted))
    of_tops = jobs.mapped(jobs.spread(tops.select("position", *COLUMNS), count), make, _MADE)
    of_members = of_tops.withColumnRenamed("account", "top").join(below, "top")
    columns = [f.col(column.split()[0]) for column in _MADE.split(", ")]
    return of_tops.select(*columns).union(of_members.select(*columns))


def _below(session: Any, table: Any) -> Any:
    """(account, top) of the accounts that are not at the top themselves."""
    from pyspark.sql import functions as f

    named = jobs.mapped(table.select("position", *PARENTAL), name_parents, _NAMED)
    single = f.count("*").alias("_count")
    ids = named.where("id <> ''").groupBy("id").agg(f.min("position").alias("by_id"), single)
    names = named.where("plain <> ''").groupBy("plain").agg(f.min("position").alias("by_name"), single)
    ids = ids.where("_count = 1").select(f.col("id").alias("parent"), "by_id")
    names = names.where("_count = 1").select(f.col("plain").alias("plain_parent"), "by_name")
    asked = named.where("parent <> ''").select("position", "parent", "plain_parent")
    found = asked.join(ids, "parent", "left").join(names, "plain_parent", "left")
    above = f.coalesce("by_id", "by_name").alias("above")
    with judging_spark(), quiet():
        pairs = found.select("position", above).where("above is not null").toArrow()
        places, above_places = (pairs.column(at).to_numpy() for at in (0, 1))
        nodes, index = np.unique(np.concatenate([places, above_places]), return_inverse=True)
        parents = np.full(len(nodes), -1, np.int64)
        parents[index[: len(places)]] = index[len(places) :]
        roots = find_roots(parents).roots
        moved = roots != np.arange(len(nodes))
        tops = pa.table({"account": pa.array(nodes[moved]), "top": pa.array(nodes[roots[moved]])})
        return session.createDataFrame(tops.cast(pa.schema([("account", pa.int64()), ("top", pa.int64())])))


@dataclass(frozen=True)
class Identify:
    """(position, cells) of accounts to their identifiers, by what the terms say of each."""

    kinds: tuple[str, ...]
    role: str
    most: int
    veto: str
    level: str

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            cells = _cells(batch)
            identified = identify(cells, self.kinds, None, 1, role=self.role, most=self.most)
            found, all_kinds = vetoed(identified.frame, self.veto, self.role), self.level == LEVELS[0]
            if not all_kinds:
                found = match.choose_one(found)
            yield _made(batch, found, 0, {kind: at if all_kinds else 0 for at, kind in enumerate(KINDS)})
            yield _counted(identified.dropped)


@dataclass(frozen=True)
class IdentifyTops:
    """(position, cells) of accounts at the top to the identifiers of their groups."""

    kinds: tuple[str, ...]

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            cells = _cells(batch)
            found = identify_tops(cells, np.zeros(len(cells), bool), self.kinds, None, 1)
            yield _made(batch, found, 1, {kind: at for at, kind in enumerate(GROUP_KINDS)})


def name_parents(batches: Batches) -> Batches:
    """(position, id, name, parent) with name and parent also as they are looked up."""
    for batch in batches:
        cells = batch.to_pandas()
        yield pa.record_batch(
            {
                "position": batch.column(0),
                "id": batch.column(1),
                "plain": pa.array(plain(cells["name"]), pa.string()),
                "parent": batch.column(3),
                "plain_parent": pa.array(plain(cells["parent_id"]), pa.string()),
            }
        )


def _cells(batch: pa.RecordBatch) -> pd.DataFrame:
    return batch.drop_columns(["position"]).to_pandas().astype("str")


def _counted(dropped: Mapping[tuple[str, str], int]) -> pa.RecordBatch:
    """What gave nothing, as rows of the part `_DROPPED`."""
    nothing = [0] * len(dropped)
    return pa.record_batch(
        {
            "account": pa.array(nothing, pa.int64()),
            "part": pa.array([_DROPPED] * len(dropped), pa.int32()),
            "rank": pa.array(nothing, pa.int32()),
            "seq": pa.array(list(dropped.values()), pa.int64()),
            "kind": pa.array([column for column, _ in dropped], pa.string()),
            "value": pa.array([reason for _, reason in dropped], pa.string()),
            "identifier": pa.array([b""] * len(dropped), pa.binary()),
        }
    )


def _made(batch: pa.RecordBatch, found: pd.DataFrame, part: int, ranks: dict[str, int]) -> pa.RecordBatch:
    positions = batch.column(0).to_numpy(zero_copy_only=False)
    kinds, values = found["kind"].tolist(), found["value"].tolist()
    return pa.record_batch(
        {
            "account": pa.array(positions[found["account"].to_numpy()], pa.int64()),
            "part": pa.array([part] * len(found), pa.int32()),
            "rank": pa.array([ranks[kind] for kind in kinds], pa.int32()),
            "seq": pa.array(range(len(found)), pa.int64()),
            "kind": pa.array(kinds, pa.string()),
            "value": pa.array(values, pa.string()),
            "identifier": pa.array(list(map(encode_identifier, kinds, values)), pa.binary()),
        }
    )
