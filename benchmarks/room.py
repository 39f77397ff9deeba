"""A room under load on loopback: many parties, a steady number of requests, every answer checked.

    python benchmarks/room.py [--minutes M] [--parties N] [--rate R] [--beside-match] [--json FILE]

The server is a process of its own, started as `overlap room serve`; its folder is made before, with N cards
and one share for each pair of parties. Then R requests a second are made, at moments that were fixed
before, by a mix of relayed messages (announced, uploaded, listed, fetched, removed), leases, inboxes and
logs. The time of a request runs from its moment to its checked answer, so that a slow answer also counts
for those that waited behind it. An answer is wrong when its signature, its status or its content is not
what it should be: messages are compared, leases are opened, log sizes never fall. With `--beside-match`
blind matches of 100,000 identifiers a side run on the same machine all the time. To hold: p99 below 250 ms
at 200 parties and 50 requests a second for ten minutes beside a match, and no wrong answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
from measure import describe_machine

from cleanroom.room import (
    HttpRequest,
    card_signer,
    create_room,
    open_room,
    sign_request,
    verify_answer,
)
from cleanroom.share import (
    MadeShare,
    Record,
    Share,
    Terms,
    make_deposit,
    make_request,
    make_share,
    open_records,
    read_share,
)
from overlap.errors import OverlapError
from overlap.keys import Card, PartyKeys

ROOT = Path(__file__).resolve().parent.parent
PASSPHRASE = "a benchmark's passphrase"
FIELD = {"stage": "negotiation"}
GOAL_SECONDS = 0.25


@dataclass
class Pair:
    """Two parties and the share that the first has granted to the second."""

    grantor: PartyKeys
    recipient: PartyKeys
    share: Share
    log_size: int = 0
    #: Only one request of a pair is compared with the one before it at a time.
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Load:
    """What is asked, when, and how it went."""

    url: str
    room: Card
    client: httpx.AsyncClient
    rate: float
    begun: float = 0.0
    slots: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: Counter[str] = field(default_factory=Counter)

    async def call(
        self,
        what: str,
        keys: PartyKeys,
        method: str,
        path: str,
        body: bytes = b"",
        status: int = 200,
        **more: str,
    ) -> httpx.Response | None:
        """One request at its moment; None when its answer was wrong."""
        moment = self.begun + self.slots / self.rate
        self.slots += 1
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        fields = {name.replace("_", "-"): text for name, text in more.items()}
        url = self.url + path
        made = sign_request(method, url, body, card_signer(keys), int(time.time()), os.urandom(16), fields)
        sent = {**fields, **made}
        try:
            reply = await self.client.request(method, url, content=body, headers=sent)
            request = HttpRequest.of(method, url, sent.items())
            verify_answer(reply.status_code, reply.headers.multi_items(), reply.content, request, self.room)
        except (httpx.HTTPError, OverlapError) as error:
            self.wrong[f"{what}: {type(error).__name__}"] += 1
            return None
        self.seconds[what].append(time.perf_counter() - moment)
        if reply.status_code != status:
            self.wrong[f"{what}: status {reply.status_code}"] += 1
            return None
        return reply

    def check(self, what: str, right: bool) -> None:
        if not right:
            self.wrong[f"{what}: content"] += 1


def make_parties(root: Path, count: int, random: Random) -> list[Pair]:
    """A room in `root` that knows `count` parties, and a share of 50 records for each pair."""
    create_room(root, "lobby", PASSPHRASE, random.randbytes)
    now, pairs = int(time.time()), []
    unlock = lambda locked: PartyKeys.from_locked(locked, PASSPHRASE)  # noqa: E731
    with open_room(root, unlock, lambda: int(time.time()), random.randbytes) as room:
        parties = [PartyKeys.generate(f"party-{number}", random.randbytes) for number in range(count)]
        for party in parties:
            room.registry.invite(party.card.digest.hex(), now + 3_600, "", now)
            room.registry.register(party.card, now)
        for grantor, recipient in zip(parties[::2], parties[1::2], strict=True):
            made = grant(grantor, recipient, room.keys.card, now, random)
            deposit = make_deposit(made, grantor, room.keys.card)
            room.leases.deposit(grantor.card.digest.hex(), deposit, now)
            share = read_share(made.file, recipient, grantor.card)
            pairs.append(Pair(grantor, recipient, share))
    return pairs


def grant(grantor: PartyKeys, recipient: PartyKeys, room: Card, now: int, random: Random) -> MadeShare:
    records = [Record((f"{number:032x}",), FIELD) for number in range(50)]
    terms = Terms(
        share=random.randbytes(16).hex(),
        agreement="ab" * 32,
        grantor=grantor.card.digest.hex(),
        recipient=recipient.card.digest.hex(),
        holder=room.digest.hex(),
        run="0123",
        purposes=("co-sell",),
        fields=("stage",),
        not_before=now,
        until=now + 86_400,
        exportable=True,
        count=len(records),
    )
    return make_share(terms, records, recipient.card, grantor, random.randbytes)


async def relay(load: Load, pair: Pair, random: Random) -> None:
    """A message of up to 200 KB, from announcement to removal: five requests."""
    data = random.randbytes(random.randrange(1_000, 200_000))
    wanted = {
        "recipient": pair.recipient.card.digest.hex(),
        "kind": "frame",
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
    }
    body = json.dumps(wanted).encode()
    said = await load.call(
        "announce", pair.grantor, "POST", "/v1/messages", body, 201, Content_Type="application/json"
    )
    if said is None:
        return
    place = f"/v1/messages/{said.json()['id']}"
    if await load.call("upload", pair.grantor, "PATCH", place, data, 204, Upload_Offset="0") is None:
        return
    inbox = await load.call("inbox", pair.recipient, "GET", "/v1/messages")
    if inbox is not None:
        load.check("inbox", said.json()["id"] in {one["id"] for one in inbox.json()})
    got = await load.call("fetch", pair.recipient, "GET", place)
    if got is not None:
        load.check("fetch", got.content == data)
    await load.call("remove", pair.recipient, "DELETE", place, status=204)


async def lease(load: Load, pair: Pair, random: Random) -> None:
    """Three records are asked for and opened."""
    numbers = random.sample(range(50), 3)
    made = make_request(
        pair.share,
        numbers,
        "co-sell",
        pair.recipient,
        int(time.time()),
        holder=load.room,
        random=random.randbytes,
    )
    place = f"/v1/shares/{pair.share.terms.share}"
    reply = await load.call("lease", pair.recipient, "POST", f"{place}/leases", made.file)
    if reply is not None:
        opened = open_records(pair.share, reply.content, made.key, int(time.time()), load.room)
        values = [record.values for record in opened.records.values()]
        load.check("lease", sorted(opened.records) == sorted(numbers) and values == [FIELD] * 3)


async def look(load: Load, pair: Pair, random: Random) -> None:
    """An inbox, the share and the log, which never gets shorter."""
    await load.call("inbox", pair.grantor, "GET", "/v1/messages")
    await load.call("state", pair.grantor, "GET", f"/v1/shares/{pair.share.terms.share}")
    peer = pair.recipient.card.digest.hex()
    async with pair.busy:
        reply = await load.call("log", pair.grantor, "GET", f"/v1/logs/{peer}/entries?from={pair.log_size}")
        if reply is not None:
            size = reply.json()["size"]
            load.check("log", size >= pair.log_size)
            pair.log_size = size


async def run(load: Load, pairs: list[Pair], seconds: float, random: Random) -> None:
    """Keep asking until the time is over; requests wait for their moments, not for each other."""
    load.begun = time.perf_counter()
    open_tasks: set[asyncio.Task[None]] = set()
    kinds = (relay, lease, lease, look)
    while (gone := time.perf_counter() - load.begun) < seconds:
        # As many are begun as keep every moment taken: a task takes between one and five of them.
        while load.slots < (gone + 1) * load.rate and len(open_tasks) < 20 * load.rate:
            kind = random.choice(kinds)
            task = asyncio.create_task(kind(load, random.choice(pairs), random))
            open_tasks.add(task)
            task.add_done_callback(open_tasks.discard)
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)
    await asyncio.gather(*open_tasks)


@asynccontextmanager
async def serving(root: Path, port: int) -> AsyncIterator[subprocess.Popen[str]]:
    command = [sys.executable, str(ROOT / "cli.py"), "--dir", str(root), "room", "serve"]
    process = subprocess.Popen(
        [*command, "--insecure-http", "--port", str(port)],
        env={**os.environ, "OVERLAP_PASSPHRASE": PASSPHRASE},
        stdout=subprocess.PIPE,
        text=True,
        # A server is a service of its own to the scheduler, as it is under a service manager.
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        if "at http" not in process.stdout.readline():
            raise SystemExit("the room did not start")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def match_again(stop: Path, done: Path) -> subprocess.Popen[bytes]:
    """Blind matches, one after the other, until the file `stop` is there; a byte in `done` for each."""
    match = [
        sys.executable,
        str(ROOT / "benchmarks" / "simulate.py"),
        "--program",
        "simulate",
        "--identifiers",
        "100000",
    ]
    script = (
        "import subprocess, pathlib\n"
        f"while not pathlib.Path({str(stop)!r}).exists():\n"
        f"    subprocess.run({match!r}, stdout=subprocess.DEVNULL, check=True)\n"
        f"    open({str(done)!r}, 'ab').write(b'.')\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], start_new_session=True)


def at_rank(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(load: Load, seconds: float, matches: int) -> dict[str, Any]:
    everything = [one for values in load.seconds.values() for one in values]
    print(f"{'request':10}  {'count':>7}  {'p50 ms':>7}  {'p99 ms':>7}  {'most ms':>7}")
    for name, values in [*sorted(load.seconds.items()), ("all", everything)]:
        figures = (at_rank(values, 0.5), at_rank(values, 0.99), max(values))
        print(f"{name:10}  {len(values):7,}  " + "  ".join(f"{one * 1000:7.1f}" for one in figures))
    print(f"{matches} blind matches beside; ", end="")
    print(f"{len(everything) / seconds:.1f} requests a second; wrong answers: {sum(load.wrong.values())}")
    for what, count in load.wrong.most_common():
        print(f"  {what}: {count}")
    held = at_rank(everything, 0.99) < GOAL_SECONDS and not load.wrong
    print(f"p99 below {GOAL_SECONDS * 1000:.0f} ms and nothing wrong: {'held' if held else 'NOT HELD'}")
    return {
        "matches_beside": matches,
        "p50": at_rank(everything, 0.5),
        "p99": at_rank(everything, 0.99),
        "requests": len(everything),
        "seconds": seconds,
        "wrong": dict(load.wrong),
    }


async def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    random, root = Random(1), folder / "room"
    pairs = make_parties(root, arguments.parties, random)
    async with serving(root, arguments.port):
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:
            room = Card.from_bytes((root / "keys" / "card").read_bytes())
            load = Load(f"http://127.0.0.1:{arguments.port}", room, client, arguments.rate)
            stop, done, match = folder / "stop", folder / "done", None
            if arguments.beside_match:
                match = match_again(stop, done)
                await asyncio.sleep(3)
            seconds = arguments.minutes * 60
            await run(load, pairs, seconds, random)
            stop.touch()
            if match:
                if match.poll() is not None:
                    raise SystemExit("the matches beside the room failed")
                os.killpg(match.pid, signal.SIGTERM)
                match.wait()
    matches = done.stat().st_size if done.exists() else 0
    return report(load, seconds, matches)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--parties", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--port", type=int, default=18_443)
    parser.add_argument("--beside-match", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(describe_machine("fastapi", "uvicorn", "duckdb", "httpx"))
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(arguments, Path(folder)))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
