"""Runs whose lists are on a Spark cluster: where they lie, for how long, and when a run is one of them.

runs/RUN/work/     what a run knows, in the clear, where all executors are on this machine
runs/RUN/shared    else the URL of the folder above it; the file is there until that folder is deleted
work/              accounts while executors identify them

A run keeps to where it began. Ended runs leave no such folder; on a cluster a run that was given up has one
until the next command that reaches the cluster.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleanroom.session.match.runs import OPEN_STATES, RunRecord, RunStates, read_run, run_names
from cleanroom.session.party import Party
from overlap.engine import Engine, EngineChoice, Progress, open_engine
from overlap.errors import Refused
from overlap.protocol import Passage

if TYPE_CHECKING:
    import pandas as pd

    from overlap.identity import Identified
    from overlap.protocol import Contract
    from overlap.spark import SparkPassage, Workplace


@dataclass(frozen=True)
class Workers:
    """An engine, and how it was chosen: what a command works with."""

    engine: Engine
    choice: EngineChoice


@contextlib.contextmanager
def open_workers(party: Party, choice: EngineChoice, progress: Progress | None) -> Iterator[Workers]:
    """The engine chosen. Folders of ended runs on a cluster that it reaches are deleted before and after."""
    with open_engine(choice, progress) as engine:
        workers = Workers(engine, choice)
        _forget_ended(party, workers)
        yield workers
        _forget_ended(party, workers)


def identify_on_cluster(
    party: Party, workers: Workers, accounts: pd.DataFrame, contract: Contract, role: str
) -> Identified | None:
    """The identifiers of a run, veto, groups and the choice of one done; None where that is done here."""
    place = _workplace(party, workers, "")
    if place is None:
        return None
    try:
        return place.identify(
            accounts,
            contract.kinds,
            role=role,
            most=contract.most,
            veto=contract.veto,
            level=contract.level,
        )
    finally:
        place.remove()


def passage_on(
    party: Party, record: RunRecord, workers: Workers, *, begins: bool
) -> Passage | SparkPassage | None:
    """Our side of a run whose lists are on a cluster; None for one whose lists are here.

    Where they are is decided when the run begins. Refused when they cannot be reached from here now.
    """
    here = party.folder.path("runs", record.run, "work")
    shared, choice = _shared(party, record.run), workers.choice
    # A folder on a cluster is not begun anew from elsewhere: then nobody would delete it.
    if (shared or (here.is_dir() and not begins)) and (not choice.places_lists or choice.shared != shared):
        raise Refused(
            "the lists of this run are on a Spark cluster",
            "give --engine spark, --master and --shared as for its first frame",
        )
    if begins:
        shutil.rmtree(here, ignore_errors=True)
        if not choice.places_lists or not _plays(record):
            return None
        if choice.shared:
            party.folder.write_record({"shared": choice.shared}, "runs", record.run, "shared")
    elif not here.is_dir() and not shared:
        return None
    place = _workplace(party, workers, record.run)
    assert place is not None
    run = bytes.fromhex(record.run)
    return place.passage(record.terms, record.role, run, party.random, RunStates(party, record.run))


def reaches_lists(party: Party, run: str, workers: Workers) -> bool:
    """Whether these workers can go on with a run that has begun, unless it is in a folder on a cluster."""
    on_workers = workers.choice.places_lists and not workers.choice.shared
    return on_workers or not party.folder.path("runs", run, "work").is_dir()


def _shared(party: Party, run: str) -> str:
    """The folder of a cluster that a run has its lists in; "" when they are in our own folder."""
    if not party.folder.path("runs", run, "shared").is_file():
        return ""
    return str(party.folder.read_record("runs", run, "shared")["shared"]).rstrip("/")


def _plays(record: RunRecord) -> bool:
    from overlap.spark import SparkPassage

    return SparkPassage.plays(record.terms.protocol)


def _workplace(party: Party, workers: Workers, run: str) -> Workplace | None:
    """The folder of a run, or the one of no run; on a cluster other parties may have theirs beside it."""
    if not workers.choice.places_lists:
        return None
    from overlap.spark import open_workplace

    here = party.folder.path(*(("runs", run) if run else ()), "work")
    if not workers.choice.shared:
        # Executors write with the rights of any new file.
        here.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open_workplace(workers.engine, workers.choice, here, f"{party.keys.card.digest.hex()}-{run}")


def _forget_ended(party: Party, workers: Workers) -> None:
    """Delete what a killed command, or runs that are no longer open, have left where this engine reaches."""
    shutil.rmtree(party.folder.path("work"), ignore_errors=True)
    if not workers.choice.shared:
        return
    for run in run_names(party):
        if _shared(party, run) == workers.choice.shared and read_run(party, run).state not in OPEN_STATES:
            place = _workplace(party, workers, run)
            assert place is not None
            place.remove()
            party.folder.path("runs", run, "shared").unlink()
