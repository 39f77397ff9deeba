"""The room as third party of a count: it takes both lists, counts once, and forgets them.

A run is named by its id, its two parties and the list they agree to count: both contracts must be the same
bytes and name this room. The result is drawn once and kept before anybody sees it; a run whose lists were not
acceptable is aborted, and its lists are removed too.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final

from cleanroom.log import Facts, bucket
from cleanroom.room.disk import Disk
from cleanroom.room.files import RoomFiles
from cleanroom.room.pairs import Pairs
from cleanroom.room.problem import Problem, missing, too_much
from cleanroom.room.quotas import Quotas
from cleanroom.room.registry import Registry
from cleanroom.room.sealed_counts import COUNT_LIMIT_BYTES, LISTS, open_list, seal_result, sender_of
from cleanroom.store import Database, Execute
from overlap.engine import Engine
from overlap.errors import BadPeerFile, ContractMismatch, OverlapError, Refused, WrongRun
from overlap.keys import PartyKeys, RandomBytes
from overlap.protocol import Contract
from overlap.protocol.room_counts import PROTOCOL, Room

#: Seconds for which a result waits to be fetched, and lists for each other.
KEPT_SECONDS: Final = 14 * 86_400

_COLUMNS: Final = "name, run, starter, responder, contract, state, reason"


@dataclass(frozen=True, slots=True)
class CountRun:
    """A run: `state` is open, done or aborted, and `reason` says why it was aborted."""

    name: str
    run: str
    starter: str
    responder: str
    contract: str
    state: str
    reason: str


class Counting:
    """The counts of a room. One is computed at a time, in a thread of its own."""

    def __init__(
        self,
        files: RoomFiles,
        database: Database,
        pairs: Pairs,
        registry: Registry,
        quotas: Quotas,
        disk: Disk,
        keys: PartyKeys,
        random: RandomBytes,
    ) -> None:
        self._disk = disk
        self._files, self._database, self._pairs, self._registry = files, database, pairs, registry
        self._quotas, self._keys, self._random = quotas, keys, random
        self._engine = Engine()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="count")
        self._lock = Lock()

    def take(self, run: str, step: str, party: str, data: bytes, now: int) -> None:
        """Take a list of a run; when both are here, count. The same list again changes nothing.

        Raises BadPeerFile for a list that does not open, Refused for a contract that names another room or
        protocol, ContractMismatch when the two sides showed different ones, WrongRun for another list.
        """
        contract, body = open_list(data, bytes.fromhex(run), step, self._keys)
        found = self._require_ours(contract, run, step, party)
        with self._lock:
            kept = self._begin(found, party, now)
            if kept.contract != found.contract:
                raise ContractMismatch(
                    "digest", found.contract, kept.contract, "begin a new run under one contract"
                )
            if kept.state == "aborted":
                raise Refused(f"this run was aborted: {kept.reason}", "start a new run")
            # What was taken stays known after the lists are gone, so that no other list takes its place.
            mark = hashlib.sha256(body).hexdigest().encode()
            if self._files.size("counts", found.name, f"{step}.digest") is not None:
                if self._files.read(64, "counts", found.name, f"{step}.digest") != mark:
                    raise WrongRun("another list of this run was taken before", "start a new run")
                return
            self._disk.admit(len(data))
            self._files.write(data, "counts", found.name, step)
            self._files.write(mark, "counts", found.name, f"{step}.digest")
        self._count_if_whole(found.name, now)

    def result(self, run: str, party: str) -> bytes:
        """The sealed result of a run for one of its parties; a problem while it is not there."""
        sql = f"SELECT {_COLUMNS} FROM counts WHERE run = ? AND ? IN (starter, responder)"  # noqa: S608
        rows = self._database.read(sql, run, party)
        if not rows:
            raise missing("run")
        found = CountRun(*rows[0])
        if found.state == "aborted":
            raise Refused(f"this run was aborted: {found.reason}", "start a new run")
        if found.state == "open":
            waiting = Refused("the result is not there yet", "ask again in a moment")
            raise Problem(404, waiting, {"Retry-After": "1"})
        return self._files.read(COUNT_LIMIT_BYTES, "counts", found.name, party)

    def settle(self, now: int) -> list[str]:
        """After a start: count what is whole, remove what no run knows; what was found."""
        runs: dict[str, str] = {
            name: state for name, state in self._database.read("SELECT name, state FROM counts")
        }
        findings = []
        for name in self._files.names("counts"):
            if name not in runs:
                self._files.remove("counts", name)
                findings.append(f"removed what was left of count {name}")
        for name, state in runs.items():
            if state == "open":
                self._count_if_whole(name, now)
                continue
            self._forget_lists(name)
            if state == "done" and len(self._files.names("counts", name)) < 4:
                findings.append(f"the results of count {name} are lost")
        return findings

    def expire(self, now: int) -> None:
        """Remove runs that are older than KEPT_SECONDS, whatever became of them."""
        before = now - KEPT_SECONDS
        rows = self._database.read("SELECT name FROM counts WHERE begun <= ?", before)
        if rows:
            self._database.write(lambda run: run("DELETE FROM counts WHERE begun <= ?", before))
        for (name,) in rows:
            self._files.remove("counts", name)

    def close(self) -> None:
        """Let the count that is computed end, and start no other."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._engine.close()

    def _require_ours(self, contract: Contract, run: str, step: str, party: str) -> CountRun:
        counting = contract.counting
        if contract.protocol != PROTOCOL or counting is None:
            raise Refused("the contract is of another protocol", f"a room counts for {PROTOCOL}")
        if counting.room != self._keys.card.digest.hex():
            raise Refused("the contract names another room", "send the list to the room of the contract")
        sides = {"starter": contract.starter.card, "responder": contract.responder.card}
        if sides[sender_of(step)] != party or sides["starter"] == sides["responder"]:
            raise WrongRun("this list is not for the caller to send", "the other side sends it")
        for digest in sides.values():
            self._registry.living(digest)
        name = hashlib.sha256("/".join((run, *sides.values())).encode()).hexdigest()[:32]
        return CountRun(name, run, sides["starter"], sides["responder"], contract.digest.hex(), "open", "")

    def _begin(self, found: CountRun, party: str, now: int) -> CountRun:
        """The run as it is kept, a new one when it is not there. What others begin with a party is not
        counted against it: else anybody could keep it from counting."""
        parties = (found.starter, found.responder)

        def job(run: Execute) -> CountRun:
            rows = run(f"SELECT {_COLUMNS} FROM counts WHERE name = ?", found.name)  # noqa: S608
            if rows:
                return CountRun(*rows[0])
            where = "state = 'open' AND ? IN (starter, responder)"
            there = run(f"SELECT {_COLUMNS} FROM counts WHERE {where}", party)  # noqa: S608
            count = sum(self._has_list_of(CountRun(*row), party) for row in there)
            if count >= self._quotas.open_counts:
                raise too_much(f"{count} counts of the party are open", "finish them first", 60)
            values = (found.name, found.run, *parties, found.contract, "open", "", now)
            run("INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
            return found

        kept = self._database.write(job)
        self._files.make_folder("counts", found.name)
        return kept

    def _has_list_of(self, found: CountRun, party: str) -> bool:
        """Whether this party has sent its list of the run."""
        step = next(step for step in LISTS if party == getattr(found, sender_of(step)))
        return self._files.size("counts", found.name, f"{step}.digest") is not None

    def _count_if_whole(self, name: str, now: int) -> None:
        lists = [self._files.size("counts", name, step) for step in LISTS]
        if None not in lists:
            self._worker.submit(self._count, name, now)

    def _count(self, name: str, now: int) -> None:
        rows = self._database.read(f"SELECT {_COLUMNS} FROM counts WHERE name = ?", name)  # noqa: S608
        found = CountRun(*rows[0])
        if found.state != "open":
            return
        run = bytes.fromhex(found.run)
        try:
            contract, starters = self._list(found, "starter-list")
            _, responders = self._list(found, "responder-list")
            room = Room.begin(contract, run, self._engine, self._random)
            room.take(starters)
            result, told = room.result(responders)
        except (BadPeerFile, Refused) as error:
            self._end(found, "aborted", error.what)
            return
        except OverlapError as error:
            self._end(found, "aborted", f"the room failed: {error.what}")
            return
        for party in (found.starter, found.responder):
            sealed = seal_result(contract, run, result, self._registry.card(party), self._keys)
            self._files.write(sealed, "counts", name, party)
        facts: Facts = {"run": run, "contract": contract.digest, "cells": bucket(len(told.numbers))}
        self._pairs.of(found.starter, found.responder).note("run", facts, now)
        self._end(found, "done", "")

    def _list(self, found: CountRun, step: str) -> tuple[Contract, bytes]:
        data = self._files.read(COUNT_LIMIT_BYTES, "counts", found.name, step)
        return open_list(data, bytes.fromhex(found.run), step, self._keys)

    def _end(self, found: CountRun, state: str, reason: str) -> None:
        """Say how the run ended; from then on neither list is needed."""
        sql = "UPDATE counts SET state = ?, reason = ? WHERE name = ?"
        self._database.write(lambda run: run(sql, state, reason, found.name))
        self._forget_lists(found.name)

    def _forget_lists(self, name: str) -> None:
        for step in LISTS:
            self._files.remove("counts", name, step)
