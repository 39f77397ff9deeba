"""The vector-OLE: the receiver ends with vectors A, C, the sender with D and a vector B, and C = D A + B.

All over GF(2^128). A and B are pseudorandom, D is uniform, and neither side learns the other's part. The
silent construction of Boyle et al. (eprint 2019/1159) with the parts of RR22 (eprint 2022/320): A is the code
times a vector of noise with one value e[j] at one point p[j] in each of NOISE_WEIGHT parts. Puncturable trees
give both sides the same random leaves but for those points, and a correction for each tree, from a short
vector-OLE, makes the receiver's missing leaf the sender's plus D e[j]. The code is linear.

    sender    offer()      base transfers, first message, for the 128 bits of D                8192 bytes
    receiver  request()    base transfers, second message, the extension's message, what the last check needs
    sender    answer()     masked sums of the trees, the corrections, the proof of the leaves, the last check

Either side may be altered. The receiver's message is checked before anything is answered (`consistency`, and
`pprf_check` for the small trees), the sender's before C is given out (`pprf_check` for the large trees,
`vole_check` for the corrections). A sender that fails learns that its guess about the points was wrong, one
that passes that it was right: with a chance of 2^-c it learns c bits. The noise weight has that in it
already, for a linear test that is blind for the noise in the places that were guessed had the same chance to
be blind without the guess.

The sender's trees, B and D depend on no message, nor does A. Everything follows from a secret of 32 bytes and
the base transfers, so that is what a state holds; leaves and vectors are made again when asked for.
"""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from overlap.errors import ForgedFile, MalformedFile
from overlap.protocol.vole import base_ot, extension, pprf, pprf_check, vole_check
from overlap.protocol.vole.aes import derive_seed, expand, stream
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, put, read_blocks, zero_blocks
from overlap.protocol.vole.code import encode
from overlap.protocol.vole.consistency import ALTERED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overlap.keys import RandomBytes

#: Half of the part w of entries that are not zero in any linear test, a combination of the code's rows, that
#: can be found. One row has w = 1/2, and so has the lightest of a random code over a large field, the most
#: there is at this rate. The authors' library reckons with 0.25, which is w = 1/2; 0.2, w = 0.4, leaves room.
DISTANCE: Final = 0.2

#: t, the parts of the noise. A test misses the value in a part with chance 1 - w, and a value drawn from all
#: of GF(2^128) hides what it is added to: the advantage is (1 - w)^t = (1 - 2 DISTANCE)^t. 176, a multiple of
#: 8; benchmarks/vole_security.py holds it against the published attacks.
NOISE_WEIGHT: Final = max(128, -(-math.ceil(-128 / math.log2(1 - 2 * DISTANCE)) // 8) * 8)

#: Field elements of the extension: the values of the noise, then the masks of the last check.
_ELEMENTS: Final = NOISE_WEIGHT + vole_check.CHECKS

#: The end of an answer.
_CHECK_BYTES: Final = pprf_check.proof_bytes(NOISE_WEIGHT) + vole_check.DIGEST_BYTES

MAX_OUTPUTS: Final = 1 << 32
SECRET_BYTES: Final = 32


def domain(outputs: int) -> int:
    """The leaves of each tree: together at least twice the outputs, as the code needs, and two at least."""
    if not 0 < outputs <= MAX_OUTPUTS:
        raise ValueError("a vector-OLE has 1 to 2^32 outputs")
    return max(2, -(-2 * outputs // NOISE_WEIGHT))


def request_bytes(outputs: int) -> int:
    """The length of the receiver's message."""
    transfers = NOISE_WEIGHT * pprf.depth(domain(outputs))
    message = extension.message_bytes(transfers, _ELEMENTS)
    return base_ot.ANSWER_BYTES + message + vole_check.OPENING_BYTES


def answer_bytes(outputs: int) -> int:
    """The length of the sender's second message."""
    trees = pprf.message_bytes(NOISE_WEIGHT, domain(outputs)) + NOISE_WEIGHT * BLOCK_BYTES
    return trees + _CHECK_BYTES


class _Expanded(NamedTuple):
    """B, the sums of each tree's levels, the `place_sums` of the leaves, and their proof."""

    b: Blocks
    sums: Blocks
    places: Blocks
    proof: bytes


@dataclass(frozen=True, repr=False)
class Sender:
    """Who has D and B. A state is secret: it gives D."""

    outputs: int
    context: bytes
    secret: bytes
    scalars: bytes
    offered: bytes

    @classmethod
    def begin(cls, outputs: int, random: RandomBytes, context: bytes) -> Sender:
        """A new run with `outputs` results (ValueError outside 1 to 2^32). Both sides give the same
        `context`, the bytes that name the run."""
        domain(outputs)
        secret = random(SECRET_BYTES)
        choices = extension.base_choices(int.from_bytes(_delta(secret), "little"))
        source = stream(derive_seed(secret, "base transfers"))
        scalars, offered = base_ot.make_offer(choices, source, context)
        return cls(outputs, context, secret, scalars, offered)

    def to_parts(self) -> dict[str, bytes]:
        """The state, about 12 KB; `from_parts` reads it."""
        count = self.outputs.to_bytes(8, "big")
        return {
            "outputs": count,
            "context": self.context,
            "secret": self.secret,
            "scalars": self.scalars,
            "offer": self.offered,
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, bytes]) -> Sender:
        """The sender of a state. Its trees and B are made again when asked for."""
        outputs = int.from_bytes(parts["outputs"], "big")
        return cls(outputs, parts["context"], parts["secret"], parts["scalars"], parts["offer"])

    def offer(self) -> bytes:
        """The first message, base_ot.OFFER_BYTES."""
        return self.offered

    @property
    def delta(self) -> bytes:
        """D, 16 bytes."""
        return _delta(self.secret)

    @property
    def b(self) -> Blocks:
        """B, (outputs, 2). Made at the first use: trees and one encoding."""
        return self._expanded.b

    def answer(self, request: bytes) -> bytes:
        """The second message, of `answer_bytes(outputs)`, to the receiver's request.

        Raises MalformedFile when its length is wrong, InvalidElement when its point is none, ForgedFile when
        it does not fit together.
        """
        _check_length("request", request, request_bytes(self.outputs))
        start, end = base_ot.ANSWER_BYTES, len(request) - vole_check.OPENING_BYTES
        message, opening = request[start:end], request[end:]
        keys = base_ot.receive_keys(self.scalars, self.offered, request[:start], self.context)
        delta = int.from_bytes(self.delta, "little")
        size = domain(self.outputs)
        levels = pprf.depth(size)
        sent = extension.send(delta, message, NOISE_WEIGHT * levels, _ELEMENTS, keys, self.context)
        made = self._expanded
        masked = made.sums ^ sent.keys.reshape(NOISE_WEIGHT, levels, 2, 2)
        weights = vole_check.draw_weights(self.context, message, NOISE_WEIGHT, size)
        digest = vole_check.digest_sent(weights, made.places, sent.shares[NOISE_WEIGHT:], opening, self.delta)
        corrections = made.places[0] ^ sent.shares[:NOISE_WEIGHT]
        trees: bytes = masked.tobytes() + corrections.tobytes()
        return trees + made.proof + digest

    @cached_property
    def _expanded(self) -> _Expanded:
        roots = expand(derive_seed(self.secret, "roots"), NOISE_WEIGHT)
        leaves, sums = pprf.grow(roots, domain(self.outputs), 0)
        proof, places = pprf_check.prove(leaves, 0), vole_check.place_sums(leaves)
        return _Expanded(encode(leaves.reshape(-1, 2), self.outputs), sums, places, proof)


@dataclass(frozen=True, repr=False)
class Receiver:
    """Who has A and, at the end, C. A state is secret: it gives A and C."""

    outputs: int
    context: bytes
    secret: bytes
    #: Both keys of each base transfer, once the request is made.
    keys: bytes = b""

    @classmethod
    def begin(cls, outputs: int, random: RandomBytes, context: bytes) -> Receiver:
        """A new run; as `Sender.begin`."""
        domain(outputs)
        return cls(outputs, context, random(SECRET_BYTES))

    def to_parts(self) -> dict[str, bytes]:
        """The state, below 5 KB; `from_parts` reads it."""
        count = self.outputs.to_bytes(8, "big")
        return {"outputs": count, "context": self.context, "secret": self.secret, "keys": self.keys}

    @classmethod
    def from_parts(cls, parts: Mapping[str, bytes]) -> Receiver:
        """The receiver of a state. A is made again when asked for."""
        outputs = int.from_bytes(parts["outputs"], "big")
        return cls(outputs, parts["context"], parts["secret"], parts["keys"])

    @cached_property
    def a(self) -> Blocks:
        """A, (outputs, 2). Made at the first use: one encoding."""
        points, elements = self._noise
        size = domain(self.outputs)
        sparse = zero_blocks(size * NOISE_WEIGHT)
        put(sparse, points * NOISE_WEIGHT + np.arange(NOISE_WEIGHT), elements)
        return encode(sparse, self.outputs)

    def request(self, offer: bytes) -> tuple[Receiver, bytes]:
        """The state to go on with and the message of `request_bytes(outputs)`. The same offer gives the same.

        Raises MalformedFile when the offer's length is wrong, InvalidElement when a point in it is none.
        """
        source = stream(derive_seed(self.secret, "base transfers"))
        point, keys = base_ot.answer_offer(offer, source, self.context)
        following = Receiver(self.outputs, self.context, self.secret, keys.tobytes())
        points, elements = self._noise
        opening = vole_check.open_check(following._weights, points, elements, self._masks)
        return following, point + following._received.message + opening

    def finish(self, answer: bytes) -> Blocks:
        """C, (outputs, 2): trees and one encoding. MalformedFile when the answer has another length,
        ForgedFile when it does not fit together, ValueError in a state from before the request.
        """
        if not self.keys:
            raise ValueError("the state that `request` returned finishes")
        _check_length("reply", answer, answer_bytes(self.outputs))
        points, _ = self._noise
        size = domain(self.outputs)
        levels = pprf.depth(size)
        received = self._received
        blocks, check = read_blocks(answer[:-_CHECK_BYTES]), answer[-_CHECK_BYTES:]
        sums, corrections = blocks[:-NOISE_WEIGHT], blocks[-NOISE_WEIGHT:]
        leaves = pprf.grow_punctured(
            points,
            size,
            0,
            received.keys.reshape(NOISE_WEIGHT, levels, 2),
            sums.reshape(NOISE_WEIGHT, levels, 2, 2),
        )
        # correction = sum of all leaves + w + D e, of which the known leaves and w are taken away.
        missing = corrections ^ pprf.leaf_sums(leaves) ^ received.shares[:NOISE_WEIGHT]
        leaves[points, np.arange(NOISE_WEIGHT)] = missing
        self._require_fit(leaves, check)
        return encode(leaves.reshape(-1, 2), self.outputs)

    def _require_fit(self, leaves: Blocks, check: bytes) -> None:
        proof, stated = check[: -vole_check.DIGEST_BYTES], check[-vole_check.DIGEST_BYTES :]
        shares, places = self._received.shares[NOISE_WEIGHT:], vole_check.place_sums(leaves)
        digest = vole_check.digest_received(self._weights, places, shares)
        # Both are made whatever comes of the first, and one text is for both: it is one bit that is told.
        proven = pprf_check.is_proven(leaves, self._noise[0], 0, proof)
        if not (hmac.compare_digest(digest, stated) and proven):
            raise ForgedFile(
                "the reply was not made as the protocol says: its trees do not fit together",
                ALTERED,
            )

    @cached_property
    def _weights(self) -> vole_check.Weights:
        message = self._received.message
        return vole_check.draw_weights(self.context, message, NOISE_WEIGHT, domain(self.outputs))

    @cached_property
    def _received(self) -> extension.Received:
        keys = read_blocks(self.keys).reshape(-1, 2, 2)
        points, values = self._noise
        choices = pprf.choice_bits(points, domain(self.outputs)).ravel()
        roots = expand(derive_seed(self.secret, "small roots"), base_ot.COUNT // extension.GROUP_BITS + 1)
        elements = np.concatenate([values, self._masks])
        return extension.receive(choices, elements, roots, keys, self.context)

    @property
    def _masks(self) -> Blocks:
        return expand(derive_seed(self.secret, "masks"), vole_check.CHECKS)

    @property
    def _noise(self) -> tuple[pprf.Integers, Blocks]:
        """Each part's point, uniform up to a part of 2^-96, and value, which is zero with chance 2^-128."""
        size = domain(self.outputs)
        drawn = expand(derive_seed(self.secret, "points"), NOISE_WEIGHT)
        points = [int.from_bytes(block.tobytes(), "little") * size >> 128 for block in drawn]
        return np.array(points), expand(derive_seed(self.secret, "values"), NOISE_WEIGHT)


def _delta(secret: bytes) -> bytes:
    return expand(derive_seed(secret, "delta"), 1).tobytes()


def _check_length(name: str, message: bytes, length: int) -> None:
    if len(message) != length:
        raise MalformedFile(
            f"the vector-OLE's {name} has {len(message)} bytes, not {length}", "ask the peer to send it again"
        )
