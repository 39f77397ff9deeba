"""Level `sum`: both sides learn how many identifiers they share, and the sum of one side's amounts over them.

Private intersection-sum with cardinality (Ion et al., On deploying secure computation: private
intersection-sum-with-cardinality, section 3) in the shape of `overlap.protocol.counts`: the responder, who
has the amounts, sends each of them encrypted beside its tag, and the starter adds up those that match.

    starter, holds X                                     responder, holds Y with amounts
    start    u(a * H(x)), filled up, sorted       ─────→
                                                  ←───── reply   u(b * start_i), sorted · key
                                                                 T("sum", K_y) Enc(units of y), sorted
    K = u(1/a * reply_i)
    total    how many T("sum", K) are in reply,   ─────→
             Enc(the sum of their units)                 decrypts, refuses what cannot be
                                                  ←───── finish  the sum · its opening
    checks the opening

Units are amounts in granules, rounded before they are encrypted; a row that fills the list encrypts 0. Below
the contract's minimum an unmodified starter sends a count of 0 and an encrypted 0, and both sides learn no
more than that. The opening shows the starter that the sum is what its own ciphertext holds.

Semi-honest. The starter can learn which of its submitted identifiers match, as at level `counts`, and can add
up fewer rows than it says, down to one; the responder can encrypt other numbers than its amounts, so that the
sum tells it which of its own identifiers match. Neither is visible to the other.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from overlap.errors import ForgedFile, Refused, UsageError
from overlap.group import unblinding_scalar
from overlap.paillier import PrivateKey, generate_key, read_public_key
from overlap.protocol.blind import blind, evaluate, in_order, multiply_peer
from overlap.protocol.body import ELEMENT_SIZE, fill_tags, list_tag_size, read_start
from overlap.protocol.clauses import Amounts
from overlap.protocol.columns import split
from overlap.protocol.contract import Contract
from overlap.protocol.role import Role
from overlap.protocol.steps import Run
from overlap.protocol.sum_body import (
    AT_FAULT,
    MAX_AMOUNTS,
    part_size,
    read_finish,
    read_reply,
    read_total,
    write_finish,
    write_reply,
    write_total,
)
from overlap.protocol.tags import make_count_tags

PROTOCOL: Final = "dh-sum/1"
#: What is destroyed when the sum is told.
_SECRETS: Final = ("key", "units")


@dataclass(frozen=True, slots=True)
class Sum:
    """What this side learned. `shared` of its `submitted` identifiers are held by the peer too.

    `total` is the sum of their amounts in whole currency units, each rounded to the contract's granule. Both
    are -1 when fewer are shared than the contract's minimum. The peer submitted at most `peer_bound`.
    """

    shared: int
    total: int
    submitted: int
    peer_bound: int


class _SumRole(Role):
    protocol = PROTOCOL

    @classmethod
    def keep_values(cls, contract: Contract, count: int, values: Sequence[int]) -> dict[str, bytes]:
        """As in `Role`; Refused when the contract has no amounts, or more rows than are ever encrypted."""
        if contract.amounts is None:
            raise Refused("the contract does not say what is summed", "make the contract again")
        if contract.responder.size_bound > MAX_AMOUNTS:
            raise Refused(
                f"the size bound of the side with the amounts is above {MAX_AMOUNTS}",
                "agree on a smaller size bound for that side",
            )
        return super().keep_values(contract, count, values)

    @staticmethod
    def part_size(contract: Contract, step: str) -> int:
        """Bytes of the body of `step`, which follow from the contract alone."""
        return part_size(contract, step)


class Starter(_SumRole):
    """The side without amounts: it adds up what is encrypted, and is told the sum."""

    role = "starter"

    def start(self) -> bytes:
        """The body of `start`; the same bytes at every call."""
        run = self._run
        if run.repeats("start", b""):
            return run.parts["start"]
        bound = run.contract.starter.size_bound
        elements = blind(run.identifiers, bound, run.scalar, self._engine, self._random)
        body, _ = in_order(elements)
        run.advance("start", b"", False, {"start": body})
        return body

    def reply(self, reply: bytes) -> bytes:
        """The body of `total`, which answers the peer's `reply`.

        Raises MalformedFile, InvalidElement or ForgedFile, and aborts the run, when the reply is not
        acceptable.
        """
        run = self._run
        if run.repeats("reply", reply):
            return run.parts["total"]
        with run.judging_peer():
            elements, key, rows = read_reply(run.contract, reply)
            ciphertexts = dict(zip(rows, key.read(list(rows.values())), strict=True))
            keys = multiply_peer(unblinding_scalar(run.scalar), elements, self._engine)
            ours = make_count_tags(
                run.contract, list_tag_size(run.contract), split(keys, ELEMENT_SIZE), "sum"
            )
            matched = [ciphertexts[tag] for tag in ours if tag in ciphertexts]
            if len(matched) > len(run.identifiers):
                raise ForgedFile("more match than we submitted", AT_FAULT)
        if len(matched) < _amounts(run).minimum:
            matched = []
        body = write_total(len(matched), key.add(matched, self._random))
        run.advance("reply", reply, True, {"total": body, "public": key.to_bytes()})
        return body

    def finish(self, finish: bytes) -> Sum:
        """The count, and the sum that the peer has decrypted.

        Raises MalformedFile or ForgedFile, and aborts the run, when it is not acceptable.
        """
        run = self._run
        if not run.repeats("finish", finish):
            with run.judging_peer():
                count, ciphertext = read_total(run.contract, run.parts["total"], len(run.identifiers))
                units, opening = read_finish(run.contract, finish)
                key = read_public_key(run.parts["public"])
                if units > count * _amounts(run).most_units or not key.is_opening(ciphertext, units, opening):
                    raise ForgedFile("the peer's sum is not that of the amounts it encrypted", AT_FAULT)
            run.advance("finish", finish, True, {"finish": finish})
        return _sum(run, read_total(run.contract, run.parts["total"], len(run.identifiers))[0])


class Responder(_SumRole):
    """The side with the amounts. Its `values` are whole currency units, one for each identifier."""

    role = "responder"

    @classmethod
    def keep_values(cls, contract: Contract, count: int, values: Sequence[int]) -> dict[str, bytes]:
        """The amounts in granules; Refused for one above the contract's maximum."""
        parts = super().keep_values(contract, 0, ())
        if len(values) != count:
            raise UsageError("an amount for each identifier is needed", "report this as a bug")
        if contract.amounts is None or any(not 0 <= value <= contract.amounts.maximum for value in values):
            raise Refused(
                "an amount is below 0 or above the agreed maximum",
                "correct the amounts, or agree on a larger maximum",
            )
        return parts | {"units": array("Q", map(contract.amounts.units, values)).tobytes()}

    def reply(self, start: bytes) -> bytes:
        """The body of `reply`; errors as in `overlap.protocol.dh.Responder.reply`."""
        run = self._run
        if run.repeats("start", start):
            return run.parts["reply"]
        with run.judging_peer():
            again = multiply_peer(run.scalar, read_start(run.contract, start), self._engine)
        key, bound = generate_key(self._random), run.contract.responder.size_bound
        size = list_tag_size(run.contract)
        keys = evaluate(run.identifiers, run.scalar, self._engine)
        own = list(make_count_tags(run.contract, size, keys, "sum"))
        units = dict(zip(own, _units(run), strict=True))
        tags = split(fill_tags(own, bound, size, self._random), size)
        ciphertexts = key.encrypt([units.get(tag, 0) for tag in tags], self._random)
        encrypted = self._engine.watch(ciphertexts, bound, "encrypt")
        rows = list(chain.from_iterable(zip(tags, encrypted, strict=True)))
        body = write_reply(in_order(again)[0], key.public, rows)
        run.advance("start", start, True, {"reply": body, "key": key.to_bytes()})
        return body

    def finish(self, total: bytes) -> tuple[bytes, Sum]:
        """The body of `finish`, which answers the peer's `total`, and what both sides learn.

        Raises MalformedFile or ForgedFile, and aborts the run, when the total is not acceptable. What is
        decrypted lies between the sums of so many of our smallest and our largest amounts, or is told to
        nobody: several amounts in one number are far outside.
        """
        run = self._run
        if not run.repeats("total", total):
            with run.judging_peer():
                count, ciphertext = read_total(run.contract, total, len(run.identifiers))
                key = PrivateKey.from_bytes(run.parts["key"])
                key.public.read([ciphertext])
                units, ascending = key.decrypt(ciphertext), sorted(_units(run))
                if not sum(ascending[:count]) <= units <= sum(ascending[len(ascending) - count :]):
                    raise ForgedFile("the peer's total is not the sum of so many of our amounts", AT_FAULT)
            body = write_finish(units, key.open(ciphertext))
            run.advance("total", total, True, {"finish": body, "count": count.to_bytes(8, "big")})
            for name in _SECRETS:
                del run.parts[name]
        return run.parts["finish"], _sum(run, int.from_bytes(run.parts["count"], "big"))


def _amounts(run: Run) -> Amounts:
    if run.contract.amounts is None:
        raise Refused("the contract does not say what is summed", "make the contract again")
    return run.contract.amounts


def _units(run: Run) -> array[int]:
    units = array("Q")
    units.frombytes(run.parts["units"])
    return units


def _sum(run: Run, count: int) -> Sum:
    peer = run.contract.responder if run.role == "starter" else run.contract.starter
    units, _ = read_finish(run.contract, run.parts["finish"])
    shared, total = (count, units * _amounts(run).granule) if count else (-1, -1)
    return Sum(shared, total, len(run.identifiers), peer.size_bound)
