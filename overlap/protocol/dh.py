"""Level `overlaps`: both sides learn which of their identifiers the other holds too.

A DH OPRF in the 2HashDH form of RFC 9497, on u-coordinates of curve25519 only. H hashes to the curve; a and b
are the scalars of this run; K_x = u(b * H(x)); T is cut from `overlap.protocol.tags.make_pair_tags`.

    starter, holds X                                        responder, holds Y
    start    u(a * H(x)), filled up, sorted         ─────→
                                                    ←─────  reply    u(b * start_i), same order
                                                                     T("list", y, K_y), filled up, sorted
    K_x = u(1/a * reply_i)
    matches: T("list", x, K_x) is in the reply
    finish   T("confirm", x, K_x), filled up,       ─────→
             sorted                                         matches: T("confirm", y, K_y) is in the finish

The identifier is inside every tag: a permuted reply, or a finish copied together from the reply, matches
nothing. The starter learns first and may stop; the responder's run is then unfinished.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from overlap.protocol.blind import blind, evaluate, in_order, multiply_peer, unblind
from overlap.protocol.body import (
    CONFIRM_SIZE,
    finish_bound,
    list_tag_size,
    read_confirm_tags,
    read_reply,
    read_start,
    require_possible,
)
from overlap.protocol.buckets import part_bounds
from overlap.protocol.columns import fill_up, find_pieces, read_pieces, split
from overlap.protocol.matches import Matches, keep_matches, read_matches
from overlap.protocol.role import Role
from overlap.protocol.tags import make_pair_tags, make_pair_tokens, transcript_digest

PROTOCOL: Final = "dh-2hash/1"


class Starter(Role):
    """The side that sends `start`, learns first, and confirms in `finish`."""

    protocol, role = PROTOCOL, "starter"

    def start(self) -> bytes:
        """The body of `start`; the same bytes at every call."""
        run = self._run
        if run.repeats("start", b""):
            return run.parts["start"]
        bound, _ = part_bounds(run.contract)
        elements = blind(run.identifiers, bound, run.scalar, self._engine, self._random)
        body, order = in_order(elements)
        run.advance("start", b"", False, {"start": body, "order": order})
        return body

    def finish(self, reply: bytes) -> tuple[bytes, Matches]:
        """The body of `finish`, and the matches.

        Raises MalformedFile or InvalidElement, and aborts the run, when the reply is not acceptable.
        """
        run = self._run
        if run.repeats("reply", reply):
            return run.parts["finish"], read_matches(run, len(run.identifiers))
        with run.judging_peer():
            elements, theirs = read_reply(run.contract, reply)
            keys = self._unblind(elements)
        ours, confirm = make_pair_tags(run.contract, run.identifiers, keys, list_tag_size(run.contract))
        matched = np.flatnonzero(find_pieces(ours, theirs)[0])
        with run.judging_peer():
            require_possible(run.contract, len(matched))
        hits = confirm[matched]
        body = fill_up(hits, finish_bound(run.contract), self._random).tobytes()
        transcript = transcript_digest(run.contract, run.run, run.parts["start"], reply)
        tokens = make_pair_tokens(transcript, split(hits.tobytes(), CONFIRM_SIZE))
        parts = {"finish": body, **keep_matches(matched, b"".join(tokens))}
        run.advance("reply", reply, True, parts)
        return body, read_matches(run, len(run.identifiers))

    def _unblind(self, reply: bytes) -> list[bytes]:
        """K of our identifiers, in our order; the dummies are judged and left blinded."""
        run = self._run
        return unblind(run.scalar, reply, run.parts["order"], len(run.identifiers), self._engine)


class Responder(Role):
    """The side that answers `start` with `reply` and learns from `finish`."""

    protocol, role = PROTOCOL, "responder"

    def reply(self, start: bytes) -> bytes:
        """The body of `reply`.

        Raises MalformedFile or InvalidElement, and aborts the run, when the start is not acceptable.
        """
        run = self._run
        if run.repeats("start", start):
            return run.parts["reply"]
        with run.judging_peer():
            again = multiply_peer(run.scalar, read_start(run.contract, start), self._engine)
        keys = evaluate(run.identifiers, run.scalar, self._engine)
        tags, confirm = make_pair_tags(run.contract, run.identifiers, keys, list_tag_size(run.contract))
        body = again + fill_up(tags, part_bounds(run.contract)[1], self._random).tobytes()
        # Confirm tags and transcript are all that `finish` needs, so scalar and K end here.
        transcript = transcript_digest(run.contract, run.run, start, body)
        parts = {"reply": body, "confirm": confirm.tobytes(), "transcript": transcript}
        run.advance("start", start, True, parts)
        return body

    def finish(self, finish: bytes) -> Matches:
        """The matches that the peer confirmed.

        Raises MalformedFile, and aborts the run, when the finish is not acceptable.
        """
        run = self._run
        if not run.repeats("finish", finish):
            with run.judging_peer():
                confirmed = read_confirm_tags(run.contract, finish)
            own = read_pieces(run.parts["confirm"], CONFIRM_SIZE)
            matched = np.flatnonzero(find_pieces(own, confirmed)[0])
            hits = split(own[matched].tobytes(), CONFIRM_SIZE)
            tokens = make_pair_tokens(run.parts["transcript"], hits)
            run.advance("finish", finish, True, keep_matches(matched, b"".join(tokens)))
        return read_matches(run, len(run.identifiers))
