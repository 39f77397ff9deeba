"""Two parties, their contract and fixed randomness, for the tests of the protocols."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

from overlap import paillier
from overlap.engine import Engine
from overlap.keys import PartyKeys, RandomBytes
from overlap.protocol import (
    DEFAULT,
    FORMAT,
    SUITE,
    Amounts,
    Contract,
    Counting,
    Side,
    encode_identifier,
    role_of,
    room_counts,
    sums,
)

ENGINE = Engine(1)
#: Amounts up to 10,000 units of 100, from one identifier on.
AMOUNTS = Amounts("open_opportunities", "EUR", 100, 1_000_000, 1)
RUN = bytes(range(16))


def stream(seed: str) -> RandomBytes:
    """Bytes that look random and are the same every time: SHAKE-256 of seed and call number."""
    calls = 0

    def draw(size: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_256(f"{seed}/{calls}".encode()).digest(size)

    return draw


@cache
def keys(party: str) -> PartyKeys:
    return PartyKeys.generate(party, stream(party))


def make_contract(starter: int, responder: int, level: str = "overlaps", **changes: Any) -> Contract:
    """A contract with these size bounds."""

    def side(party: str, bound: int) -> Side:
        return Side(party, keys(party).card.digest.hex(), ("customers",), bound, "", 0)

    contract = Contract(
        FORMAT,
        SUITE,
        DEFAULT[level],
        level,
        ("domain", "name"),
        (30, 15),
        8,
        "none",
        "2",
        "11" * 32,
        "22" * 32,
        "33" * 32,
        1,
        side("left", starter),
        side("right", responder),
        AMOUNTS if level == "sum" else None,
    )
    return replace(contract, **changes)


def make_room_contract(
    starter: Sequence[int], responder: Sequence[int], minimum: int = 1, epsilon: tuple[int, int] = (40, 1)
) -> Contract:
    """A contract for counts through a third party, with these bounds of each side's populations.

    With the epsilon that is taken here, noise other than 0 has a chance of 2^-56.
    """
    contract = make_contract(sum(starter), sum(responder), "counts", protocol="dh-count-room/1")
    counting = Counting("55" * 32, tuple(starter), tuple(responder), minimum, *epsilon)
    sides = {
        name: replace(side, populations=tuple(f"{name}_{at}" for at in range(len(bounds))))
        for name, side, bounds in (
            ("starter", contract.starter, starter),
            ("responder", contract.responder, responder),
        )
    }
    return replace(contract, counting=counting, **sides)


def identifiers(numbers: Iterable[int]) -> list[bytes]:
    return [encode_identifier("domain", f"company-{number}.example") for number in numbers]


def begin(contract: Contract, left: list[bytes], right: list[bytes], seed: str = "run") -> tuple[Any, Any]:
    """Starter and responder of a run of the contract's level."""
    return (
        role_of(contract, "starter").begin(contract, RUN, left, ENGINE, stream(seed + "/starter")),
        role_of(contract, "responder").begin(contract, RUN, right, ENGINE, stream(seed + "/responder")),
    )


def run_both(contract: Contract, left: list[bytes], right: list[bytes], seed: str = "run") -> tuple[Any, Any]:
    """What each side learns."""
    starter, responder = begin(contract, left, right, seed)
    finish, ours = starter.finish(responder.reply(starter.start()))
    return ours, responder.finish(finish)


@contextmanager
def use_small_key() -> Iterator[None]:
    """Every run of level `sum` inside has one key of a quarter of the length, so that many runs are fast."""
    sizes = {"BITS": 768, "KEY_SIZE": 96, "CIPHERTEXT_SIZE": 192, "_PRIME_SIZE": 48}
    with patch.multiple(paillier, **sizes):
        key = paillier.generate_key(stream("amounts"))
        with patch.object(sums, "generate_key", lambda _random: key):
            yield


def begin_sum(
    contract: Contract, left: list[bytes], right: list[bytes], amounts: Sequence[int], seed: str = "run"
) -> tuple[Any, Any]:
    """Starter and responder of a run of level `sum`; the responder has the amounts."""
    return (
        sums.Starter.begin(contract, RUN, left, ENGINE, stream(seed + "/starter")),
        sums.Responder.begin(contract, RUN, right, ENGINE, stream(seed + "/responder"), amounts),
    )


def run_sum(
    contract: Contract, left: list[bytes], right: list[bytes], amounts: Sequence[int], seed: str = "run"
) -> tuple[sums.Sum, sums.Sum]:
    """What each side learns. `use_small_key` makes many runs fast."""
    starter, responder = begin_sum(contract, left, right, amounts, seed)
    finish, theirs = responder.finish(starter.reply(responder.reply(starter.start())))
    return starter.finish(finish), theirs


def begin_room(
    contract: Contract, left: list[list[bytes]], right: list[list[bytes]], seed: str = "run"
) -> tuple[room_counts.Starter, room_counts.Responder, room_counts.Room]:
    """All three roles over the identifiers of each population."""
    parties = [
        kind.begin(
            contract,
            RUN,
            [one for population in side for one in population],
            ENGINE,
            stream(f"{seed}/{kind.role}"),
            [at for at, population in enumerate(side) for _ in population],
        )
        for kind, side in ((room_counts.Starter, left), (room_counts.Responder, right))
    ]
    room = room_counts.Room.begin(contract, RUN, ENGINE, stream(seed + "/room"))
    return parties[0], parties[1], room  # type: ignore[return-value]


def run_room(
    contract: Contract, left: list[list[bytes]], right: list[list[bytes]], seed: str = "run"
) -> tuple[room_counts.CellCounts, room_counts.CellCounts, room_counts.CellCounts]:
    """What each side and the room learn."""
    starter, responder, room = begin_room(contract, left, right, seed)
    reply = responder.reply(starter.start())
    room.take(responder.room_list())
    result, told = room.result(starter.reply(reply))
    return starter.finish(result), responder.finish(result), told
