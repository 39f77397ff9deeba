"""Two parties, their contract and fixed randomness, for the tests of the protocols."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from overlap.engine import Engine
from overlap.keys import PartyKeys, RandomBytes
from overlap.protocol import DEFAULT, FORMAT, SUITE, Contract, Side, encode_identifier, role_of

ENGINE = Engine(1)
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
    )
    return replace(contract, **changes)


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
