"""A list prepared once and asked about by a short one, and what an update of it costs.

    python benchmarks/prepared.py [--list 1000000] [--queries 1000] [--spu PYTHON]
    python benchmarks/prepared.py --changes [--list 100000]

The first form shows each step of both sides with the states read and written between the commands, the bytes,
and the online total (median of five runs in one process, one processor). `--spu` names a Python that has the
package spu; its unbalanced protocol is run on the same strings, where only the asking side learns the result.

The second form compares two lists of one length, half of them shared, of which one in a hundred changes on
each side: a new run by `dh-2hash/1` beside an update and a run about what is new, both with the new overlap.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measure import describe_machine, show_table
from overlap.engine import Engine
from overlap.exchange import exchange, make_contract
from overlap.keys import PartyKeys
from overlap.protocol import Contract, encode_identifier
from overlap.protocol.prepared import PROTOCOL, Asker, Holder, Limits, Preparation, Responder, Starter

ROUNDS = 5
#: spu 0.9.5, ECDH-OPRF over FourQ, as published with the peers' figures for 10^6 against 10^3.
PUBLISHED = (
    "published for spu, 10^6 and 10^3: offline 12 B an item; online 0.157 s wall, 0.232 s CPU, 69 B a query"
)


class Clock:
    """Wall and processor seconds of steps by name, and the bytes that a step gives."""

    def __init__(self) -> None:
        self.seen: dict[str, list[tuple[float, float]]] = {}
        self.bytes: dict[str, int] = {}

    def run(self, name: str, work: Callable[[], Any], size: int = 0) -> Any:
        """What `work` gives."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        spent = time.perf_counter() - wall, time.process_time() - cpu
        self.seen.setdefault(name, []).append(spent)
        body = result[0] if isinstance(result, tuple) else result
        self.bytes[name] = len(body) if isinstance(body, bytes) else size
        return result

    def rows(self) -> list[tuple[str, ...]]:
        """One row for each step."""
        return [
            (
                name,
                *(f"{statistics.median(one[at] for one in spent):.3f}" for at in (0, 1)),
                f"{self.bytes[name]:,}",
            )
            for name, spent in self.seen.items()
        ]

    def total(self, names: list[str]) -> tuple[float, float]:
        """Median over the rounds of wall and CPU of these steps together."""
        rounds = list(zip(*(self.seen[name] for name in names), strict=True))
        return tuple(statistics.median(sum(step[at] for step in one) for one in rounds) for at in (0, 1))  # type: ignore[return-value]


def base_contract(starter: int, responder: int) -> Contract:
    """The contract of a run between two new parties."""
    cards = [PartyKeys.generate(name, secrets.token_bytes).card for name in ("left", "right")]
    sides = (cards[0], starter), (cards[1], responder)
    return make_contract("overlaps", ("domain",), *sides, protocol=PROTOCOL)


def draw(count: int, seed: int) -> list[str]:
    """Distinct domain names."""
    source = random.Random(seed)
    return list(dict.fromkeys(f"{source.getrandbits(64):016x}.com" for _ in range(count)))


def encode(names: list[str]) -> list[bytes]:
    """The names as identifiers."""
    return [encode_identifier("domain", name) for name in names]


def run_once(
    clock: Clock, base: Contract, kept: tuple[bytes, bytes], states: tuple[bytes, bytes], own: list[bytes]
) -> tuple[bytes, int, int]:
    """One run as five commands would do it: states are read before each step and made after it.

    `kept` is the asker's tags and the holder's rows; what a command does not need it does not read.
    """
    tags, rows = kept
    engine, run, draw_bytes = Engine(1), secrets.token_bytes(16), secrets.token_bytes

    def ask() -> tuple[bytes, bytes, Contract]:
        asker = Asker.from_bytes(states[0], None)
        contract = replace(base, prepared=asker.state.hex(), queries=asker.queries(own))
        role = Starter.begin(contract, run, own, engine, draw_bytes).over(asker)
        return role.start(), role.to_bytes(), contract

    def answer() -> tuple[bytes, bytes, bytes]:
        holder = Holder.from_bytes(states[1], None)
        role = Responder.begin(contract, run, [], engine, draw_bytes).over(holder)
        return role.reply(start), role.to_bytes(), holder.to_bytes()

    def learn() -> tuple[bytes, bytes, bytes, Any]:
        asker = Asker.from_bytes(states[0], tags)
        role = Starter.from_bytes(starter, engine, draw_bytes).over(asker)
        finish, found = role.finish(reply)
        return finish, role.to_bytes(), asker.to_bytes(), found

    def take() -> Any:
        holder = Holder.from_bytes(head, rows)
        return Responder.from_bytes(responder, engine, draw_bytes).over(holder).finish(finish)

    start, starter, contract = clock.run("start", ask)
    reply, responder, head = clock.run("reply", answer)
    finish, _, asker_after, ours = clock.run("finish, starter", learn)
    theirs = clock.run("finish, responder", take)
    if set(ours.tokens) != set(theirs.tokens):
        raise SystemExit("the two sides disagree")
    return asker_after, len(ours.positions), len(start) + len(reply) + len(finish)


ONLINE = ["start", "reply", "finish, starter", "finish, responder"]


def unbalanced(size: int, queries: int, spu: str) -> None:
    """A long list against a short one."""
    theirs, strangers = draw(size, 1), draw(queries, 2)
    own = [*theirs[: queries // 2], *strangers[: queries - queries // 2]]
    base, clock = base_contract(queries, size), Clock()
    limits = Limits(max(1, size // 50), 12, max(1, queries // 10), 24, queries * 4)
    terms = Preparation.of(base, limits)
    identifiers, asked = encode(theirs), encode(own)
    with Engine() as engine:
        wall = time.perf_counter()
        holder, body = Holder.prepare(terms, identifiers, engine, secrets.token_bytes)
        print(f"prepare: {time.perf_counter() - wall:.1f} s wall, {len(body) / size:.2f} B an item")
    asker = clock.run("take the preparation", lambda: Asker.take_preparation(terms, body))
    states = asker.to_bytes(), holder.to_bytes()
    kept = bytes(asker.tags), holder.rows_bytes()
    for _ in range(ROUNDS):
        _, shared, sent = run_once(clock, base, kept, states, asked)
    if shared != queries // 2:
        raise SystemExit("the overlap is wrong")
    show_table(("step, states read and made", "wall s", "CPU s", "bytes"), clock.rows())
    wall, cpu = clock.total(ONLINE)
    print(f"online: {wall:.3f} s wall, {cpu:.3f} s CPU, {sent / queries:.1f} B a query; both sides learn")
    print(f"kept: holder {len(kept[1]) / size:.0f} B an item, asker {len(kept[0]) / size:.0f} B an item")
    print(PUBLISHED)
    if spu:
        beside(spu, theirs, own)


def beside(python: str, theirs: list[str], own: list[str]) -> None:
    """The unbalanced protocol of spu on the same strings."""
    program = str(Path(__file__).resolve().with_name("prepared_spu.py"))
    with tempfile.TemporaryDirectory() as folder:
        for name, names in (("server", theirs), ("client", own)):
            Path(folder, f"{name}.csv").write_text("id\n" + "\n".join(names) + "\n")
        for mode in ("offline", *["online"] * ROUNDS):
            port = str(20_000 + secrets.randbelow(20_000))
            parties = [
                subprocess.Popen(
                    [python, program, role, folder, port, mode],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
                for role in ("server", "client")
            ]
            lines = [party.communicate(timeout=1800)[0] for party in parties]
            facts = [json.loads(text[text.index("@") + 1 :].splitlines()[0]) for text in lines]
            wall, cpu = max(fact["wall"] for fact in facts), sum(fact["cpu"] for fact in facts)
            print(f"spu {mode:<8} {wall:.3f} s wall, {cpu:.3f} s CPU, found {facts[1]['found']}")


def changed(size: int) -> None:
    """Two lists of one length, of which a hundredth changes on each side."""
    names, change = encode(draw(2 * size, 3)), max(1, size // 100)
    ours, theirs = names[:size], names[size // 2 : size // 2 + size]
    base, clock = base_contract(size, size), Clock()
    limits = Limits(2 * change, 12, change, 24, 2 * size)
    terms = Preparation.of(base, limits)
    with Engine() as engine:
        holder, body = Holder.prepare(terms, theirs, engine, secrets.token_bytes)
    asker = Asker.take_preparation(terms, body)
    kept = bytes(asker.tags), holder.rows_bytes()
    asker_state, before, _ = run_once(Clock(), base, kept, (asker.to_bytes(), holder.to_bytes()), ours)
    asker = Asker.from_bytes(asker_state, kept[0])
    # Each side drops a hundredth that both had, and adds a hundredth that the other has.
    new_theirs, new_ours = [*theirs[change:], *ours[:change]], [*ours[:-change], *theirs[-change:]]
    engine = Engine(1)
    update = clock.run("update, holder", lambda: holder.update(new_theirs, engine, secrets.token_bytes))
    clock.run("update, asker", lambda: asker.take_update(update))
    kept, states = (bytes(asker.tags), holder.rows_bytes()), (asker.to_bytes(), holder.to_bytes())
    _, after, sent = run_once(clock, base, kept, states, new_ours)
    if after != len(set(new_ours) & set(new_theirs)):
        raise SystemExit("the overlap is wrong")
    show_table(("step, states read and made", "wall s", "CPU s", "bytes"), clock.rows())
    _, cpu = clock.total([*clock.seen])
    begin = time.process_time()
    full = exchange(new_ours, new_theirs, "overlaps", ("domain",), engine)
    whole = time.process_time() - begin
    if len(full.starter.positions) != after:
        raise SystemExit("the overlap is wrong")
    print(f"overlap {before:,} before, {after:,} after; {change:,} entered and left on each side")
    print(f"update and run: {cpu:.2f} s CPU, {sent + len(update):,} B")
    print(f"a new run:      {whole:.2f} s CPU, {sum(full.frames):,} B; ratio {cpu / whole:.3f} of the CPU")


def main() -> None:
    """Read the options and run one form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--list", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--spu", default="")
    parser.add_argument("--changes", action="store_true")
    options = parser.parse_args()
    print(describe_machine("cryptography", "numpy"))
    if options.changes:
        changed(options.list)
    else:
        unbalanced(options.list, options.queries, options.spu)


if __name__ == "__main__":
    main()
