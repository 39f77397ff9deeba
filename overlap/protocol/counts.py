"""Level `counts`: both sides learn how many identifiers they share, and not which.

The exchange of `overlap.protocol.dh` with two changes: the responder sorts the re-blinded elements by value,
so that the starter cannot place them, and tags are over K alone.

    starter, holds X                                        responder, holds Y
    start    u(a * H(x)), filled up, sorted         ─────→
                                                    ←─────  reply    u(b * start_i), sorted
                                                                     T("count", K_y), filled up, sorted
    K = u(1/a * reply_i)
    count: how many T("count", K) are in the reply
    finish   the count, 8 bytes                     ─────→  count: believed, it is signed

Semi-honest: a modified starter that blinds each identifier with a scalar of its own learns which of the
identifiers it submitted match, invisibly to the peer; that is never more than level `overlaps` shows. The
responder believes a signed number. A minimum count binds only unmodified tools.

The identifiers are one for each account (`overlap.match.choose_one`), so the count is of accounts, a lower
bound of the own accounts that level `overlaps` would have matched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from overlap.errors import ForgedFile
from overlap.group import unblinding_scalar
from overlap.protocol.blind import blind, evaluate, in_order, multiply_peer
from overlap.protocol.body import (
    COUNT_SIZE,
    ELEMENT_SIZE,
    fill_tags,
    list_tag_size,
    read_count,
    read_reply,
    read_start,
    require_ascending,
)
from overlap.protocol.buckets import part_bounds
from overlap.protocol.columns import find_pieces, read_pieces, split
from overlap.protocol.role import Role
from overlap.protocol.steps import Run
from overlap.protocol.tags import make_count_tags

PROTOCOL: Final = "dh-count/1"


@dataclass(frozen=True, slots=True)
class Count:
    """What this side learned: `shared` of its `submitted` identifiers are held by the peer too.

    The starter computed the number; the responder believes the starter's. The peer submitted at most
    `peer_bound`.
    """

    shared: int
    submitted: int
    peer_bound: int


class Starter(Role):
    """The side that sends `start`, computes the count, and tells it in `finish`."""

    protocol, role = PROTOCOL, "starter"

    def start(self) -> bytes:
        """The body of `start`; the same bytes at every call."""
        run = self._run
        if run.repeats("start", b""):
            return run.parts["start"]
        bound, _ = part_bounds(run.contract)
        elements = blind(run.identifiers, bound, run.scalar, self._engine, self._random)
        body, _ = in_order(elements)
        run.advance("start", b"", False, {"start": body})
        return body

    def finish(self, reply: bytes) -> tuple[bytes, Count]:
        """The body of `finish`, and the count.

        Raises MalformedFile, InvalidElement or ForgedFile, and aborts the run, when the reply is not
        acceptable.
        """
        run = self._run
        if run.repeats("reply", reply):
            return run.parts["finish"], _read_count(run)
        with run.judging_peer():
            elements, tags = read_reply(run.contract, reply)
            require_ascending(elements, ELEMENT_SIZE, "elements of the reply frame")
            keys = multiply_peer(unblinding_scalar(run.scalar), elements, self._engine)
            size = list_tag_size(run.contract)
            ours = b"".join(make_count_tags(run.contract, size, split(keys, ELEMENT_SIZE)))
            held, _ = find_pieces(read_pieces(ours, size), tags)
            body = _write_count(run, int(held.sum()))
        run.advance("reply", reply, True, {"finish": body})
        return body, _read_count(run)


class Responder(Role):
    """The side that answers `start` with `reply` and is told the count in `finish`."""

    protocol, role = PROTOCOL, "responder"

    def reply(self, start: bytes) -> bytes:
        """The body of `reply`; errors as in `overlap.protocol.dh.Responder.reply`."""
        run = self._run
        if run.repeats("start", start):
            return run.parts["reply"]
        with run.judging_peer():
            again = multiply_peer(run.scalar, read_start(run.contract, start), self._engine)
        size, (_, bound) = list_tag_size(run.contract), part_bounds(run.contract)
        keys = evaluate(run.identifiers, run.scalar, self._engine)
        tags = fill_tags(make_count_tags(run.contract, size, keys), bound, size, self._random)
        body = in_order(again)[0] + tags
        run.advance("start", start, True, {"reply": body})
        return body

    def finish(self, finish: bytes) -> Count:
        """The count that the peer tells.

        Raises MalformedFile or ForgedFile, and aborts the run, when it is not acceptable.
        """
        run = self._run
        if not run.repeats("finish", finish):
            with run.judging_peer():
                body = _write_count(run, read_count(run.contract, finish))
            run.advance("finish", finish, True, {"finish": body})
        return _read_count(run)


def _write_count(run: Run, shared: int) -> bytes:
    if shared > len(run.identifiers):
        raise ForgedFile("the count is above what we submitted", "the peer's software is at fault")
    return shared.to_bytes(COUNT_SIZE, "big")


def _read_count(run: Run) -> Count:
    peer = run.contract.responder if run.role == "starter" else run.contract.starter
    return Count(read_count(run.contract, run.parts["finish"]), len(run.identifiers), peer.size_bound)
