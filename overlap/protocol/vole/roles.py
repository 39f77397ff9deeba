"""Level `overlaps` by vector-OLE: the two roles of RR22 (eprint 2022/320, section 5), against altered peers.

h(x) is the block of an identifier, R its row in an oblivious key-value store, T a tag (`tags`) under the key
w = w_r + w_s. The starter ends with vectors A, C and the responder with D, B, where C = D A + B.

    starter, holds X                                        responder, holds Y
    start    (the contract)                         ─────→
                                                    ←─────  offer    base transfers, commitment to w_s
    request  base transfers, extension, checks,     ─────→
             seed, w_r, A + P where R(x) P = h(x)           Q = B + D (A + P) = C + D P
                                                            K_y = R(y) Q + D h(y)
                                                    ←─────  reply    trees, checks, w_s,
    K_x = R(x) C                                                     T("list", K_y, h(y)), filled up
    matches: T("list", K_x, h(x)) is in the reply
    finish   T("confirm", K_x, h(x)), filled up     ─────→  matches: T("confirm", K_y, h(y)) is in the finish

For x in both lists R(x) Q + D h(x) = R(x) C + D (R(x) P + h(x)) = R(x) C. For any other y there is an unknown
multiple of D in K_y. A is pseudorandom, so A + P says nothing about X beyond the size of the store.

The responder answers a request only if its transfers fit together, and the starter confirms nothing unless
the trees and corrections of the reply do (`vole`) and w_s is the share that was committed to: else either
could learn the other's secrets bit by bit. What stands in the store is fixed before w_s is opened. An altered
starter can have as many identifiers in it as it has blocks: that is the bound that the responder is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, Self

import numpy as np

from overlap import canonical
from overlap.engine import Engine
from overlap.errors import MalformedFile
from overlap.keys import RandomBytes
from overlap.protocol.body import CONFIRM_SIZE, finish_bound
from overlap.protocol.buckets import part_bounds
from overlap.protocol.columns import Pieces, are_ascending, fill_up, find_pieces, read_pieces
from overlap.protocol.contract import Contract
from overlap.protocol.matches import Matches, keep_matches, read_matches
from overlap.protocol.role import Role
from overlap.protocol.steps import Run, begin_run, repeated
from overlap.protocol.vole import base_ot, hash_key, okvs, vole
from overlap.protocol.vole.aes import SEED_BYTES, permute
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks, take
from overlap.protocol.vole.field import multiply_by
from overlap.protocol.vole.okvs_rows import Rows, Shape, prepare, shape_of
from overlap.protocol.vole.okvs_solve import EncodingFailed
from overlap.protocol.vole.tags import are_distinct, cut_tags, hash_identifiers, hash_pairs, purpose_key

PROTOCOL: Final = "vole-rr22/1"
#: Bytes of a list tag: a hash's full length, as RR22 has it against altered peers (section 6).
LIST_TAG_SIZE: Final = 16

#: Before the store in a request: its seed, and the starter's share of w.
_HEAD_BYTES: Final = SEED_BYTES + hash_key.SHARE_BYTES
_AGAIN: Final = "the peer's software is at fault; start a new run"


def store_shape(contract: Contract) -> Shape:
    """The shape of a bucket's store: for as many identifiers as the starter may have in it."""
    return shape_of(part_bounds(contract)[0])


def part_size(contract: Contract, step: str) -> int:
    """Bytes of one bucket's body of `step`."""
    outputs = store_shape(contract).size
    if step == "start":
        return 0
    if step == "offer":
        return base_ot.OFFER_BYTES + hash_key.COMMITMENT_BYTES
    if step == "request":
        return vole.request_bytes(outputs) + _HEAD_BYTES + outputs * BLOCK_BYTES
    if step == "reply":
        tags = part_bounds(contract)[1] * LIST_TAG_SIZE
        return vole.answer_bytes(outputs) + hash_key.SHARE_BYTES + tags
    return finish_bound(contract) * CONFIRM_SIZE


class _Role(Role):
    """What both sides have: the blocks of their identifiers in the state, and not the identifiers."""

    protocol = PROTOCOL
    by_digests = True

    @classmethod
    def keep_list(cls, begun: Run, identifiers: Sequence[bytes], random: RandomBytes) -> None:
        """The identifiers, until their blocks are needed: what needs none of them is sent first."""
        begun.identifiers = tuple(identifiers)

    def to_bytes(self) -> bytes:
        """As in `Role`, with the blocks of the identifiers in their place. Refused when one is repeated."""
        if self._run.state != "aborted":
            _ = self._hashed
        return super().to_bytes()

    @staticmethod
    def part_size(contract: Contract, step: str) -> int:
        return part_size(contract, step)

    @classmethod
    def digest_list(cls, contract: Contract, run: bytes, identifiers: Sequence[bytes]) -> Pieces:
        """The blocks of the identifiers."""
        return cut_tags(hash_identifiers(contract, run, identifiers), BLOCK_BYTES)

    @classmethod
    def begin_digested(
        cls, contract: Contract, run: bytes, digests: Pieces, engine: Engine, random: RandomBytes
    ) -> Self:
        """As `begin`, from the blocks of the identifiers."""
        begun = begin_run(cls.protocol, cls.role, contract, run, len(digests))
        begun.parts["hashed"] = _distinct(read_blocks(digests.tobytes())).tobytes()
        return cls(begun, engine, random)

    @cached_property
    def _hashed(self) -> Blocks:
        run = self._run
        if "hashed" not in run.parts:
            hashed = _distinct(hash_identifiers(run.contract, run.run, run.identifiers))
            run.parts["hashed"], run.identifiers = hashed.tobytes(), ()
        return read_blocks(run.parts["hashed"])

    @property
    def _context(self) -> bytes:
        return self._run.contract.digest + self._run.run

    def _require_size(self, step: str, body: bytes) -> None:
        if len(body) != part_size(self._run.contract, step):
            raise MalformedFile(f"the {step} frame does not have the size that the contract fixes", _AGAIN)

    def _rows(self, seed: bytes) -> Rows:
        return prepare(_row_keys(seed, self._hashed), store_shape(self._run.contract))

    def _forget(self, *names: str) -> None:
        """Take secrets out of the state that have served."""
        for name in names:
            self._run.parts.pop(name, None)

    def _tags(self, drawn: bytes, purpose: str, keys: Blocks, hashed: Blocks) -> Blocks:
        return hash_pairs(purpose_key(self._run.contract, self._run.run, drawn, purpose), keys, hashed)

    def _tokens(self, keys: Blocks, hashed: Blocks, reply: bytes) -> Blocks:
        run = self._run
        messages = (self._offered, run.parts["request"], reply)
        bodies = (hashlib.sha256(message).digest() for message in messages)
        seen = canonical.digest(run.run, run.contract.digest, *bodies)
        return hash_pairs(canonical.digest(b"overlap-vole-token/1", seen)[:16], keys, hashed)

    @property
    def _offered(self) -> bytes:
        """The body of `offer`. A responder keeps its end apart, for the vector-OLE's part is in its state."""
        return self._run.parts["offer"] + self._run.parts.get("commitment", b"")

    def _read_matches(self) -> Matches:
        return read_matches(self._run, len(self._run.parts["hashed"]) // BLOCK_BYTES)


class Starter(_Role):
    """The side that begins, learns first, and confirms in `finish`."""

    role = "starter"

    def start(self) -> bytes:
        """The body of `start`, which is empty."""
        run = self._run
        if not run.repeats("start", b""):
            outputs = store_shape(run.contract).size
            receiver = vole.Receiver.begin(outputs, self._random, self._context)
            run.advance("start", b"", False, receiver.to_parts())
        return b""

    def reply(self, offer: bytes) -> bytes:
        """The body of `request`.

        Raises MalformedFile or InvalidElement, and aborts the run, when the offer is not acceptable.
        """
        run = self._run
        if run.repeats("offer", offer):
            return run.parts["request"]
        with run.judging_peer():
            self._require_size("offer", offer)
            receiver, message = self._receiver.request(offer[: base_ot.OFFER_BYTES])
        seed, store = self._encoded
        share = self._random(hash_key.SHARE_BYTES)
        body = message + seed + share + (store ^ self._receiver.a).tobytes()
        parts = {"offer": offer, "seed": seed, "share": share, "request": body}
        run.advance("offer", offer, False, {**receiver.to_parts(), **parts})
        self._receiver = receiver
        return body

    def finish(self, reply: bytes) -> tuple[bytes, Matches]:
        """The body of `finish`, and the matches.

        Raises MalformedFile, and aborts the run, when the reply is not acceptable.
        """
        run = self._run
        if run.repeats("reply", reply):
            return run.parts["finish"], self._read_matches()
        receiver = self._receiver
        # A and C are in it: this role has no further use for it, whatever comes of the reply.
        del self._receiver
        with run.judging_peer():
            self._require_size("reply", reply)
            end = vole.answer_bytes(store_shape(run.contract).size)
            tags = end + hash_key.SHARE_BYTES
            theirs = _read_sorted(reply[tags:], LIST_TAG_SIZE, "reply")
            commitment = run.parts["offer"][base_ot.OFFER_BYTES :]
            drawn = hash_key.open_key(self._context, commitment, reply[end:tags], run.parts["share"])
            learned = receiver.finish(reply[:end])
        keys = okvs.decode(learned, self._rows(run.parts["seed"]))
        listed = cut_tags(self._tags(drawn, "list", keys, self._hashed), LIST_TAG_SIZE)
        matched = np.flatnonzero(find_pieces(listed, theirs)[0])
        shared = take(keys, matched), take(self._hashed, matched)
        confirm = cut_tags(self._tags(drawn, "confirm", *shared), CONFIRM_SIZE)
        body = fill_up(confirm, finish_bound(run.contract), self._random).tobytes()
        parts = keep_matches(matched, self._tokens(*shared, reply).tobytes())
        run.advance("reply", reply, True, {"finish": body, **parts})
        self._forget("secret", "keys", "seed", "share")
        return body, self._read_matches()

    def work_ahead(self) -> None:
        """Encode our own list, which needs no message, while the peer makes its offer."""
        if self._run.awaited == "offer":
            _ = self._encoded, self._receiver.a

    @cached_property
    def _receiver(self) -> vole.Receiver:
        return vole.Receiver.from_parts(self._run.parts)

    @cached_property
    def _encoded(self) -> tuple[bytes, Blocks]:
        """A seed, and the store in which the row of each identifier reads its block; dummies fill it up."""
        missing = part_bounds(self._run.contract)[0] - len(self._hashed)
        values = np.concatenate([self._hashed, read_blocks(self._random(missing * BLOCK_BYTES))])
        shape = store_shape(self._run.contract)
        while True:
            seed = self._random(SEED_BYTES)
            try:
                return seed, okvs.encode(prepare(_row_keys(seed, values), shape), values, self._random)
            except EncodingFailed:
                # Chance 2^-40, and nothing was sent: another seed gives other rows.
                continue


class Responder(_Role):
    """The side that answers `start` with `offer` and `request` with `reply`, and learns from `finish`."""

    role = "responder"

    @classmethod
    def peer_bound(cls, contract: Contract) -> int:
        """The blocks of all stores: as many identifiers an altered starter can have in them."""
        return contract.buckets * store_shape(contract).size

    def _read_matches(self) -> Matches:
        return replace(super()._read_matches(), peer_bound=store_shape(self._run.contract).size)

    def reply(self, body: bytes) -> bytes:
        """The body of `offer` for that of `start`, which is empty; the body of `reply` for that of `request`.

        Raises MalformedFile or InvalidElement, and aborts the run, when it is not acceptable.
        """
        return self._answer_request(body) if body else self._offer()

    def _offer(self) -> bytes:
        run = self._run
        if not run.repeats("start", b""):
            outputs = store_shape(run.contract).size
            self._sender = vole.Sender.begin(outputs, self._random, self._context)
            share = self._random(hash_key.SHARE_BYTES)
            parts = {"share": share, "commitment": hash_key.commit(self._context, share)}
            run.advance("start", b"", False, {**self._sender.to_parts(), **parts})
        return self._offered

    def _answer_request(self, request: bytes) -> bytes:
        run = self._run
        if run.repeats("request", request):
            return run.parts["reply"]
        sender = self._sender
        # D is in it: this role has no further use for it, whatever comes of the request.
        del self._sender
        with run.judging_peer():
            self._require_size("request", request)
            end = vole.request_bytes(sender.outputs)
            answer = sender.answer(request[:end])
        head, store = request[end : end + _HEAD_BYTES], read_blocks(request[end + _HEAD_BYTES :])
        seed, share = head[:SEED_BYTES], run.parts["share"]
        drawn = hash_key.join_shares(share, head[SEED_BYTES:])
        mixed = multiply_by(sender.delta, store)
        mixed ^= sender.b
        keys = okvs.decode(mixed, self._rows(seed))
        keys ^= multiply_by(sender.delta, self._hashed)
        listed = cut_tags(self._tags(drawn, "list", keys, self._hashed), LIST_TAG_SIZE)
        tags = fill_up(listed, part_bounds(run.contract)[1], self._random)
        body = answer + share + tags.tobytes()
        run.parts["request"] = request
        parts = {
            "reply": body,
            "confirm": self._tags(drawn, "confirm", keys, self._hashed).tobytes(),
            "all_tokens": self._tokens(keys, self._hashed, body).tobytes(),
        }
        run.advance("request", request, True, parts)
        self._forget("secret", "scalars", "share", "request")
        return body

    def work_ahead(self) -> None:
        """Do what needs no further message, so that the answer to the request takes less time."""
        if self._run.awaited == "request":
            _ = self._sender.b, self._hashed

    def finish(self, finish: bytes) -> Matches:
        """The matches that the peer confirmed.

        Raises MalformedFile, and aborts the run, when the finish is not acceptable.
        """
        run = self._run
        if not run.repeats("finish", finish):
            with run.judging_peer():
                self._require_size("finish", finish)
                theirs = _read_sorted(finish, CONFIRM_SIZE, "finish")
            own = read_pieces(run.parts["confirm"], CONFIRM_SIZE)
            matched = np.flatnonzero(find_pieces(own, theirs)[0])
            tokens = take(read_blocks(run.parts["all_tokens"]), matched)
            parts = keep_matches(matched, tokens.tobytes())
            run.advance("finish", finish, True, parts)
            self._forget("confirm", "all_tokens")
        return self._read_matches()

    @cached_property
    def _sender(self) -> vole.Sender:
        return vole.Sender.from_parts(self._run.parts)


def _distinct(hashed: Blocks) -> Blocks:
    if not are_distinct(hashed):
        raise repeated()
    return hashed


def _row_keys(seed: bytes, hashed: Blocks) -> Blocks:
    """What a store's rows are made of: the blocks, hashed under the store's seed (MMO)."""
    keys = permute(np.ascontiguousarray(hashed), seed)
    keys ^= hashed
    return keys


def _read_sorted(data: bytes, size: int, step: str) -> Pieces:
    tags = read_pieces(data, size)
    if not are_ascending(tags):
        raise MalformedFile(f"the tags of the {step} frame are repeated or not in order", _AGAIN)
    return tags
