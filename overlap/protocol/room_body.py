"""The bodies of counts through a third party.

    start           the starter's elements
    reply           the responder's elements
    starter-list    run, 16 bytes · contract digest, 32 bytes · the starter's elements, blinded again
    responder-list  the same with the responder's elements
    result          SHA-256 of the body of either list, the starter's first · a number for each cell

Elements stand population by population, in the order of the contract, each filled up to its declared bound
and ascending. A cell is a population of the starter and one of the responder; cells are in the order of the
starter's populations, then the responder's. A number is 8 bytes: 0 for "below the minimum".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final

from overlap.errors import ForgedFile, MalformedFile, Refused, WrongRun
from overlap.protocol.body import ELEMENT_SIZE, require_ascending
from overlap.protocol.clauses import Counting
from overlap.protocol.columns import split
from overlap.protocol.contract import Contract
from overlap.protocol.steps import RUN_SIZE

DIGEST_SIZE: Final = 32
NUMBER_SIZE: Final = 8
_AT_FAULT: Final = "the sender's software is at fault; start a new run"


def counting_of(contract: Contract) -> Counting:
    """What is counted; Refused when the contract does not say so for each population."""
    counting = contract.counting
    sides = (contract.starter, contract.responder)
    bounds = (counting.starter_bounds, counting.responder_bounds) if counting else ((), ())
    if counting is None or any(
        len(of_side) != len(side.populations) or sum(of_side) != side.size_bound
        for of_side, side in zip(bounds, sides, strict=True)
    ):
        raise Refused("the contract does not bound each population", "make the contract again")
    return counting


def bounds_of(contract: Contract, role: str) -> tuple[int, ...]:
    """The declared bound of each population of "starter" or "responder"."""
    counting = counting_of(contract)
    return counting.starter_bounds if role == "starter" else counting.responder_bounds


def part_size(contract: Contract, step: str) -> int:
    """Bytes of the body of `step`, one of the messages above."""
    counting = counting_of(contract)
    starters, responders = (
        ELEMENT_SIZE * sum(bounds) for bounds in (counting.starter_bounds, counting.responder_bounds)
    )
    cells = len(counting.starter_bounds) * len(counting.responder_bounds)
    return {
        "start": starters,
        "reply": responders,
        "starter-list": RUN_SIZE + DIGEST_SIZE + starters,
        "responder-list": RUN_SIZE + DIGEST_SIZE + responders,
        "result": 2 * DIGEST_SIZE + cells * NUMBER_SIZE,
    }[step]


def by_population(bounds: Sequence[int], elements: Sequence[bytes]) -> list[list[bytes]]:
    """`elements` in pieces as long as the bounds, each sorted, so that no place in it says anything."""
    ends = list(accumulate(bounds, initial=0))
    return [sorted(elements[start:end]) for start, end in pairwise(ends)]


def read_elements(contract: Contract, step: str, data: bytes) -> bytes:
    """The elements of `start` or `reply`, joined. MalformedFile."""
    _require_size(contract, step, data)
    _require_cells(contract, "starter" if step == "start" else "responder", data, step)
    return data


def write_list(contract: Contract, run: bytes, elements: Sequence[bytes]) -> bytes:
    """The body of a list for the third party."""
    return run + contract.digest + b"".join(elements)


def read_list(contract: Contract, run: bytes, step: str, data: bytes) -> list[list[bytes]]:
    """The elements of a list by population. MalformedFile, or WrongRun for another run or contract."""
    _require_size(contract, step, data)
    if data[: RUN_SIZE + DIGEST_SIZE] != run + contract.digest:
        raise WrongRun("the list belongs to another run or contract", "check which file to read now")
    role = step.removesuffix("-list")
    elements = data[RUN_SIZE + DIGEST_SIZE :]
    _require_cells(contract, role, elements, step)
    return by_population(bounds_of(contract, role), split(elements, ELEMENT_SIZE))


def write_result(lists: Sequence[bytes], numbers: Sequence[int]) -> bytes:
    """The body of `result`: SHA-256 digests of both lists, and the numbers, -1 for a withheld one."""
    told = (max(0, number).to_bytes(NUMBER_SIZE, "big") for number in numbers)
    return b"".join([*lists, *told])


def read_result(contract: Contract, step: str, sent: bytes, data: bytes) -> tuple[int, ...]:
    """The numbers of a `result`, -1 for a withheld one.

    `sent` is the body of `step`, the list that we sent. ForgedFile when another one was counted, or a number
    is shown that the minimum withholds.
    """
    _require_size(contract, "result", data)
    at = DIGEST_SIZE * (step == "responder-list")
    if data[at : at + DIGEST_SIZE] != hashlib.sha256(sent).digest():
        raise ForgedFile("the room counted another list than the one we sent", _AT_FAULT)
    numbers = read_numbers(data)
    if any(0 <= number < counting_of(contract).minimum for number in numbers):
        raise ForgedFile("the room tells a number that the minimum count withholds", _AT_FAULT)
    return numbers


def read_numbers(data: bytes) -> tuple[int, ...]:
    """The numbers of a `result` that we wrote ourselves, -1 for a withheld one."""
    told = split(data[2 * DIGEST_SIZE :], NUMBER_SIZE)
    return tuple(int.from_bytes(number, "big") or -1 for number in told)


def cell_names(contract: Contract) -> Iterator[tuple[str, str]]:
    """The populations of each cell, the starter's and the responder's, in the order of the numbers."""
    for ours in contract.starter.populations:
        for theirs in contract.responder.populations:
            yield ours, theirs


def _require_cells(contract: Contract, role: str, elements: bytes, step: str) -> None:
    ends = [0, *accumulate(bound * ELEMENT_SIZE for bound in bounds_of(contract, role))]
    for start, end in pairwise(ends):
        require_ascending(elements[start:end], ELEMENT_SIZE, f"elements of a population in {step}")


def _require_size(contract: Contract, step: str, data: bytes) -> None:
    if len(data) != part_size(contract, step):
        raise MalformedFile(f"the {step} frame does not have the size that the contract fixes", _AT_FAULT)
