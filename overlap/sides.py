"""The sides of a simulated run: accounts and the list of each, made here or on a cluster."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from overlap.engine import Engine, EngineChoice, Progress, open_engine
from overlap.identity import MOST, NO_VETO, ROLES, Wanted, identify_known, know, vetoed, with_groups
from overlap.ingest import read_accounts
from overlap.match import Distinct, choose_one, distinct
from overlap.records import ACCOUNT_COLUMNS

if TYPE_CHECKING:
    from overlap.spark import Workplace


@dataclass(frozen=True)
class Prepared:
    """The accounts of a side, and the list that it brings to a run."""

    accounts: pd.DataFrame
    distinct: Distinct

    @property
    def populations(self) -> list[str]:
        """The population of each identifier: that of the first account that chose it."""
        first = self.distinct.holders.drop_duplicates("position")["account"]
        return self.accounts["population"].to_numpy()[first.to_numpy()].tolist()  # type: ignore[no-any-return]


def prepare_side(
    side: pd.DataFrame,
    level: str,
    wanted: Wanted,
    veto: str,
    progress: Progress | None,
    processes: int | None,
    aliases: pd.DataFrame | None = None,
    place: Workplace | None = None,
) -> Prepared:
    """The side of a run of `level`, of an export or accounts as `read_accounts` gives; on `place`, if any."""
    accounts = side if tuple(side.columns) == ACCOUNT_COLUMNS else read_accounts(side).frame
    if place is not None and (aliases is None or aliases.empty):
        identified = place.identify(
            accounts, wanted.kinds, role=wanted.role, most=wanted.most, veto=veto, level=level
        )
        return Prepared(accounts, distinct(identified.frame))
    known = know(accounts, aliases)
    found = identify_known(known, wanted.kinds, progress, processes, role=wanted.role, most=wanted.most)
    identifiers = vetoed(found.frame, veto, wanted.role)
    identifiers = with_groups(identifiers, known, wanted.kinds, progress, processes)
    return Prepared(accounts, distinct(identifiers if level == "overlaps" else choose_one(identifiers)))


def prepare_both(
    sides: tuple[pd.DataFrame, pd.DataFrame],
    level: str,
    kinds: Sequence[str],
    progress: Progress | None,
    processes: int | None,
    place: Workplace | None,
) -> list[Prepared]:
    """Both sides of a run of numbers, with the bound on identifiers of every agreement and without a veto."""
    return [
        prepare_side(side, level, Wanted(tuple(kinds), role, MOST), NO_VETO, progress, processes, None, place)
        for side, role in zip(sides, ROLES, strict=True)
    ]


@contextmanager
def opened_place(
    choice: EngineChoice, progress: Progress | None, processes: int | None
) -> Generator[tuple[Engine, Workplace | None]]:
    """The engine, and the folder of lists on a cluster, which is gone afterwards; None without one."""
    with open_engine(choice, progress, processes) as engine, TemporaryDirectory() as folder:
        if not choice.places_lists:
            yield engine, None
            return
        from overlap.spark import open_workplace

        place = open_workplace(engine, choice, Path(folder), f"simulated-{secrets.token_hex(8)}")
        try:
            yield engine, place
        finally:
            if place is not None:
                place.remove()
