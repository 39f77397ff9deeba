"""A log of a million entries: what an append, a proof and a verification cost.

    python benchmarks/log.py [--entries 1000000] [--appends 2000] [--proofs 2000] [--folder DIR] [--json FILE]

A log of so many entries is written, byte for byte as the product writes it but without its care for a crash.
Then the product's own `Log` opens it, appends to it and proves: first with every entry flushed to the disk of
DIR, then with the flush left out, because what a flush costs is the disk's affair; it is measured beside.
Verifying reads the whole file: first tree and newest checkpoint, then every signature, with as many processes
as the machine has processors. An entry is a lease with two counts and two commitments.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import describe_machine, show_table, time_call

from cleanroom import merkle
from cleanroom.log import Facts, Log, log_origin
from cleanroom.log.checkpoint import sign_checkpoint
from cleanroom.log.entry import make_entry
from cleanroom.log.head import Head
from cleanroom.log.lines import checkpoint_line
from overlap.keys import PartyKeys

DRAW = Random(2026)
OWNER = PartyKeys.generate("northwind", DRAW.randbytes)
ORIGIN = log_origin(OWNER.card, PartyKeys.generate("contoso", DRAW.randbytes).card)
BEGIN = 1_795_341_600


def timed(work: Callable[[int], object], times: range) -> list[float]:
    """Milliseconds of each call, in processor and waiting time together, sorted."""
    taken = []
    for number in times:
        begin = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - begin) * 1_000)
    return sorted(taken)


def spread(taken: list[float]) -> dict[str, float]:
    """Median, 99th percentile and largest of sorted milliseconds."""
    return {"p50": taken[len(taken) // 2], "p99": taken[len(taken) * 99 // 100], "most": taken[-1]}


def flush_cost(folder: Path, times: int = 200) -> dict[str, float]:
    """Milliseconds of one fsync after a write as long as an entry with its checkpoint."""
    with (folder / "flush").open("wb", buffering=0) as file:

        def work(_number: int) -> None:
            file.write(bytes(700))
            os.fsync(file.fileno())

        return spread(timed(work, range(times)))


def unflushed(_descriptor: object) -> None:
    """What stands in the place of a flush."""


def write_log(path: Path, entries: int) -> None:
    """Lines, salts and head of a log with so many entries; its index is made when it is first needed."""
    log = Log(path, ORIGIN, OWNER)
    head = Head(path.stat().st_size, merkle.Frontier(), 0, log.head())
    with path.open("ab") as lines, path.with_name("log.salts").open("ab") as salts:
        for number in range(entries):
            salt = DRAW.randbytes(32)
            entry = make_entry(
                sequence=number,
                kind="lease",
                facts=facts_of(number),
                now=BEGIN + number,
                last_time=0,
                salt=salt,
            )
            raw = entry.to_bytes()
            leaf = merkle.leaf_hash(raw)
            frontier = head.frontier.append(leaf)
            checkpoint = sign_checkpoint(ORIGIN, frontier.size, frontier.root(), OWNER)
            written = lines.write(raw + b"\n" + checkpoint_line(leaf, checkpoint))
            salts.write(salt)
            head = Head(head.offset + written, frontier, entry.time, checkpoint)
    path.with_name("log.head").write_bytes(head.to_bytes())


def facts_of(number: int) -> Facts:
    """What is logged of lease NUMBER."""
    return {"records": 200, "share": number.to_bytes(16, "big"), "terms": bytes(32), "read": 500}


def append_to(log: Log) -> Callable[[int], object]:
    """Writes one more entry: a lease, as the holder of a share logs it."""

    def work(number: int) -> object:
        return log.append("lease", facts_of(number), 2 * BEGIN, DRAW.randbytes)

    return work


def measure(folder: Path, entries: int, appends: int, proofs: int) -> dict[str, Any]:
    """All figures: milliseconds of single calls, seconds of whole ones, bytes of the files."""
    facts: dict[str, Any] = {"entries": entries, "flush": flush_cost(folder)}
    path = folder / "log"
    write_log(path, entries)
    log = Log(path, ORIGIN, OWNER)
    facts["index made"] = time_call(lambda: {"steps": len(log.inclusion_proof(0))})
    facts["append, flushed"] = spread(timed(append_to(log), range(appends)))
    begin = time.process_time()
    with patch("os.fsync", unflushed):
        facts["append"] = spread(timed(append_to(log), range(appends)))
    facts["append, processor"] = (time.process_time() - begin) * 1_000 / appends
    facts["open"] = spread(timed(lambda _number: Log(path, ORIGIN, OWNER), range(20)))
    places = [DRAW.randrange(entries) for _ in range(proofs)]
    facts["inclusion proof"] = spread(timed(lambda at: log.inclusion_proof(places[at]), range(proofs)))
    facts["consistency proof"] = spread(
        timed(lambda at: log.consistency_proof(places[at] + 1), range(proofs))
    )
    check_some(log, places[:20])
    for name, every in (("tree and checkpoints", False), ("all signatures", True)):
        facts[name] = time_call(partial(find, log, every=every))
    facts["bytes"] = {name.name: name.stat().st_size for name in sorted(folder.iterdir())}
    return facts


def find(log: Log, *, every: bool) -> dict[str, Any]:
    """How much is wrong with the log, which is nothing."""
    return {"findings": len(log.verify(every_signature=every))}


def check_some(log: Log, places: list[int]) -> None:
    """Fails unless proofs hold against the signed root, by the checks of RFC 9162."""
    head, leaves = log.head(), log.leaves(0)
    for place in places:
        proof = log.inclusion_proof(place)
        assert merkle.verify_inclusion(leaves[place], place, head.size, proof, head.root)


def rows(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table: single calls in milliseconds, whole ones in seconds."""
    singles = ("flush", "append, flushed", "append", "open", "inclusion proof", "consistency proof")
    table: list[tuple[str, ...]] = [
        (name, *(f"{facts[name][part]:.3f} ms" for part in ("p50", "p99", "most"))) for name in singles
    ]
    for name in ("index made", "tree and checkpoints", "all signatures"):
        whole = facts[name]
        table.append((name, f"{whole['wall']:.1f} s", f"{whole['cpu']:.1f} s processor", ""))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--appends", type=int, default=2_000)
    parser.add_argument("--proofs", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, help="where the log is written; a temporary folder otherwise")
    parser.add_argument("--json", type=Path, help="keep the figures here")
    asked = parser.parse_args()
    machine = describe_machine("cryptography")
    print(machine)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        facts = measure(Path(folder), asked.entries, asked.appends, asked.proofs)
    print(f"\n{facts['entries']:,} entries, {facts['bytes']['log']:,} bytes")
    show_table(("", "p50 or whole", "p99", "most"), rows(facts))
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine} | facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
