"""Lists of this process, identified and matched on a cluster: a folder that executors share, and its ends.

What stands there is plaintext of the party's own. Whoever makes a workplace says when it is removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from overlap.engine import Engine, EngineChoice
from overlap.identity import COLUMNS, Identified
from overlap.spark import jobs
from overlap.spark.engine import SparkEngine
from overlap.spark.identity import PARENTAL, identify_parquet, read_identified
from overlap.spark.passage import SparkPassage

if TYPE_CHECKING:
    from overlap.exchange import PassageOf
    from overlap.keys import RandomBytes
    from overlap.protocol import Contract, States

#: What identity reads of an account; no other cell leaves this process.
_READ: Final = tuple(dict.fromkeys((*COLUMNS, *PARENTAL)))


def open_workplace(engine: Engine, choice: EngineChoice, here: Path, name: str) -> Workplace | None:
    """The folder `name` below the shared one of `choice`, or `here` where all executors are on this machine.

    None where there is none: then this process works on lists, with `engine`.
    """
    if not choice.places_lists or not isinstance(engine, SparkEngine):
        return None
    if choice.shared:
        return Workplace(engine.session, f"{choice.shared.rstrip('/')}/{name}")
    return Workplace(engine.session, here.resolve().as_uri())


class Workplace:
    """A folder below which executors and this process read and write: on one machine any, else a URL."""

    def __init__(self, session: Any, place: str) -> None:
        self._session, self._place = session, place.rstrip("/")

    def identify(
        self, accounts: pd.DataFrame, kinds: Sequence[str], *, role: str, most: int, veto: str, level: str
    ) -> Identified:
        """The identifiers that go into a run of `level`: veto, groups and the choice of one are done.

        `accounts` has records.ACCOUNT_COLUMNS and is without further names of an alias file. The frame and
        what was dropped are those of one machine. Nothing of it stays on the cluster.
        """
        place = f"{self._place}/identity"
        try:
            table = pa.Table.from_pandas(accounts[list(_READ)], preserve_index=False)
            jobs.write_table(self._session, table, f"{place}/accounts")
            listed = identify_parquet(
                self._session,
                f"{place}/accounts",
                f"{place}/listed",
                role=role,
                kinds=kinds,
                most=most,
                veto=veto,
                level=level,
            )
            return Identified(read_identified(self._session, f"{place}/listed"), listed.dropped)
        finally:
            jobs.remove(self._session, place)

    def passage(
        self, contract: Contract, role: str, run: bytes, random: RandomBytes, states: States | None = None
    ) -> SparkPassage:
        """One side of a run that `SparkPassage.plays`; what it keeps is in this folder."""
        place = f"{self._place}/{role}"
        return SparkPassage(contract, role, run, self._session, random, place=place, states=states)

    def passage_of(self, protocol: str, random: RandomBytes) -> PassageOf | None:
        """What makes the passages of a run by this protocol here, None where Spark does not run it."""
        if not SparkPassage.plays(protocol):
            return None
        return lambda contract, role, run: self.passage(contract, role, run, random)

    def remove(self) -> None:
        """Delete the folder and all that is in it."""
        jobs.remove(self._session, self._place)
