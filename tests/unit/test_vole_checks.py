"""The checks of leaves, corrections and the hash key: what passes, what does not, and what each is needed
for.

Where a test changes what a side sends it also shows what came of it if that check were not made.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vole_plain import drawn, drawn_blocks, numbers, product, tmmo

from overlap.errors import ForgedFile
from overlap.protocol.vole import extension, hash_key, pprf, pprf_check, vole, vole_check
from overlap.protocol.vole.aes import FIXED_KEY
from overlap.protocol.vole.blocks import Blocks, read_blocks
from overlap.protocol.vole.consistency import CHECK_BYTES
from overlap.protocol.vole.field import multiply_by
from overlap.protocol.vole.vole import NOISE_WEIGHT, Receiver, Sender


def xor(*texts: bytes) -> bytes:
    return bytes(np.bitwise_xor.reduce([np.frombuffer(text, dtype=np.uint8) for text in texts]))


@pytest.mark.parametrize(("domain", "trees"), [(2, 1), (5, 3), (16, 8)])
def test_a_proof_is_one_level_more(domain: int, trees: int) -> None:
    """By the definition, leaf by leaf: sums of the children with even and with odd number, hashes of rows."""
    leaves, first = drawn_blocks("leaves", domain, trees), 7
    rows = [
        [
            [
                tmmo(
                    FIXED_KEY, leaves[place, tree].tobytes(), (first + tree << 32) + 2 * place + side + least
                )
                for tree in range(trees)
            ]
            for side in (0, 1)
        ]
        for least in [2 << pprf.depth(domain)]
        for place in range(domain)
    ]
    proof = pprf_check.prove(leaves, first)
    assert len(proof) == pprf_check.proof_bytes(trees) == 32 * trees + 32
    sums = b"".join(xor(*(row[side][tree] for row in rows)) for tree in range(trees) for side in (0, 1))
    hashed = b"".join(hashlib.sha256(b"".join(row[0] + row[1])).digest() for row in rows)
    assert proof == sums + hashlib.sha256(b"overlap vole 1 leaves" + hashed).digest()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 80), st.integers(1, 6), st.data())
def test_only_the_owners_leaves_pass(domain: int, trees: int, data: st.DataObject) -> None:
    leaves = drawn_blocks("leaves", domain, trees)
    proof = pprf_check.prove(leaves, 0)
    points = np.array(data.draw(st.lists(st.integers(0, domain - 1), min_size=trees, max_size=trees)))
    known = leaves.copy()
    known[points, np.arange(trees)] = drawn_blocks("whatever", trees)
    assert pprf_check.is_proven(known, points, 0, proof)
    assert not pprf_check.is_proven(known, points, 1, proof)
    tree, leaf = data.draw(st.integers(0, trees - 1)), data.draw(st.integers(0, domain - 1))
    known[leaf, tree, data.draw(st.integers(0, 1))] ^= np.uint64(1 << data.draw(st.integers(0, 63)))
    assert pprf_check.is_proven(known, points, 0, proof) == (leaf == points[tree])


@pytest.mark.parametrize("pieces", [1, 100, 1 << 20])
def test_a_proof_does_not_depend_on_how_it_is_cut(pieces: int, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves, points = drawn_blocks("leaves", 37, 9), np.array([0, 36, 36, 5, 5, 5, 11, 12, 13])
    proof = pprf_check.prove(leaves, 0)
    monkeypatch.setattr(pprf_check, "_TOGETHER", pieces)
    assert pprf_check.prove(leaves, 0) == proof
    leaves[points, np.arange(9)] = 0
    assert pprf_check.is_proven(leaves, points, 0, proof)


@pytest.mark.parametrize("place", [0, 31, 32 * 9 - 1, 32 * 9, -1])
def test_another_proof_does_not_pass(place: int) -> None:
    leaves = drawn_blocks("leaves", 10, 9)
    proof = bytearray(pprf_check.prove(leaves, 0))
    proof[place] ^= 1
    assert not pprf_check.is_proven(leaves, np.zeros(9, dtype=np.int64), 0, bytes(proof))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.integers(1, 4))
def test_sums_by_places(domain: int, trees: int) -> None:
    leaves = drawn_blocks("leaves", domain, trees)
    sums = vole_check.place_sums(leaves)
    assert sums.shape == (pprf.depth(domain) + 1, trees, 2)
    assert (sums[0] == np.bitwise_xor.reduce(leaves, axis=0)).all()
    for bit in range(pprf.depth(domain)):
        chosen = leaves[np.arange(domain) >> bit & 1 == 1]
        assert (sums[bit + 1] == np.bitwise_xor.reduce(chosen, axis=0)).all()


DOMAIN, TREES = 11, 3
DELTA = drawn("delta")(16)
WEIGHTS = vole_check.draw_weights(b"context", b"message", TREES, DOMAIN)


def weight(check: int, tree: int, place: int) -> int:
    """k[j, p] by the definition, over integers."""
    (total,) = numbers(WEIGHTS.always[check, tree][None])
    for bit in range(pprf.depth(DOMAIN)):
        if place >> bit & 1:
            total ^= numbers(WEIGHTS.bits[check, bit, tree][None])[0]
    return total


def test_the_corrections_check_by_its_definition() -> None:
    points, leaves = np.array([0, 10, 7]), drawn_blocks("leaves", DOMAIN, TREES)
    elements, masks, shares = (drawn_blocks(name, 3) for name in ("elements", "masks", "shares"))
    opened = vole_check.open_check(WEIGHTS, points, elements, masks[:2])
    sums = vole_check.place_sums(leaves)
    sent_shares = shares[:2] ^ multiply_by(DELTA, masks[:2])
    digest = vole_check.digest_sent(WEIGHTS, sums, sent_shares, opened, DELTA)
    values = []
    for check in range(vole_check.CHECKS):
        y = numbers(masks)[check]
        for tree, place in enumerate(points.tolist()):
            y ^= product(weight(check, tree, place), numbers(elements)[tree])
        assert opened[16 * check : 16 * check + 16] == y.to_bytes(16, "little")
        total = numbers(sent_shares)[check] ^ product(int.from_bytes(DELTA, "little"), y)
        for tree in range(TREES):
            for place in range(DOMAIN):
                total ^= product(weight(check, tree, place), numbers(leaves[place, tree][None])[0])
        values.append(total.to_bytes(16, "little"))
    assert digest == hashlib.sha256(b"overlap vole 1 correlation" + b"".join(values)).digest()
    leaves[points, np.arange(TREES)] ^= multiply_by(DELTA, elements)
    assert vole_check.digest_received(WEIGHTS, vole_check.place_sums(leaves), shares[:2]) == digest
    leaves[10, 1, 0] ^= np.uint64(1)
    assert vole_check.digest_received(WEIGHTS, vole_check.place_sums(leaves), shares[:2]) != digest


def test_weights_differ_in_every_place_check_and_message() -> None:
    every = {
        weight(check, tree, place) for check in (0, 1) for tree in range(TREES) for place in range(DOMAIN)
    }
    assert len(every) == 2 * TREES * DOMAIN and 0 not in every
    for other in ((b"context", b"massage"), (b"contexu", b"message"), (b"contextm", b"essage")):
        assert (vole_check.draw_weights(*other, TREES, DOMAIN).always != WEIGHTS.always).all()


def test_an_opening_alone_says_nothing_of_the_noise() -> None:
    """The masks are uniform, so is y, for the same noise."""
    masks = drawn_blocks("many", 200, 2)
    elements, points = drawn_blocks("elements", TREES), np.array([1, 2, 3])
    opened = b"".join(vole_check.open_check(WEIGHTS, points, elements, mask) for mask in masks)
    bits = np.unpackbits(np.frombuffer(opened, dtype=np.uint8))
    assert len(set(numbers(read_blocks(opened)))) == 400
    assert abs(bits.mean() - 0.5) < 5 * 0.5 / len(bits) ** 0.5


# What a sender of the whole vector-OLE can try.

#: 32 leaves a tree: no node's sibling is cut off.
OUTPUTS = 16 * NOISE_WEIGHT
LEVELS = pprf.depth(vole.domain(OUTPUTS))
SENDER = Sender.begin(OUTPUTS, drawn("check sender"), b"c")
RECEIVER, REQUEST = Receiver.begin(OUTPUTS, drawn("check receiver"), b"c").request(SENDER.offer())
ANSWER = SENDER.answer(REQUEST)
HONEST = RECEIVER.finish(ANSWER)
POINTS = RECEIVER._noise[0]
CORRECTIONS = 32 * NOISE_WEIGHT * LEVELS
PROOF = CORRECTIONS + 16 * NOISE_WEIGHT


def flipped(*places: int) -> bytes:
    answer = bytearray(ANSWER)
    for place in places:
        answer[place] ^= 1
    return bytes(answer)


@pytest.mark.parametrize("tree", [0, 100, NOISE_WEIGHT - 1])
@pytest.mark.parametrize("level", [0, LEVELS // 2, LEVELS - 1])
def test_an_altered_sum_of_a_large_tree_passes_for_half_of_the_points_and_spoils_nothing(
    tree: int, level: int
) -> None:
    """The guest reads the side that its path does not take: a wrong sum there is refused, whatever it is, and
    one on the other side is not seen and makes no difference."""
    read = 1 - (int(POINTS[tree]) >> LEVELS - 1 - level & 1)
    place = 32 * (tree * LEVELS + level)
    with pytest.raises(ForgedFile, match="trees do not fit"):
        RECEIVER.finish(flipped(place + 16 * read))
    assert (RECEIVER.finish(flipped(place + 16 * (1 - read))) == HONEST).all()


def test_without_the_check_of_the_leaves_a_wrong_sum_shows_the_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong last sum, evened out in the correction and in the digest, spoils a few outputs, and which tells
    the point: all that the corrections' check would say is whether the leaf next to it was guessed."""
    tree, point = 5, int(POINTS[5])
    answer = bytearray(ANSWER)
    answer[32 * (tree * LEVELS + LEVELS - 1) + 16 * (1 - (point & 1))] ^= 1
    answer[CORRECTIONS + 16 * tree] ^= 1
    answer[-32:] = digest_with_error(tree, point ^ 1)
    with pytest.raises(ForgedFile):
        RECEIVER.finish(bytes(answer))
    monkeypatch.setattr(pprf_check, "is_proven", lambda *_: True)
    wrong = (RECEIVER.finish(bytes(answer)) != HONEST).any(axis=1)
    assert 0 < wrong.sum() < OUTPUTS


def digest_with_error(tree: int, place: int) -> bytes:
    """The digest of a sender that guesses that a receiver's leaf at this place is wrong in its lowest bit."""
    message, opening = REQUEST[32:-32], REQUEST[-32:]
    weights = vole_check.draw_weights(b"c", message, NOISE_WEIGHT, vole.domain(OUTPUTS))
    sums = SENDER._expanded.places.copy()
    sums[0, tree, 0] ^= np.uint64(1)
    for bit in range(LEVELS):
        sums[bit + 1, tree, 0] ^= np.uint64(place >> bit & 1)
    return vole_check.digest_sent(weights, sums, sent_shares(), opening, SENDER.delta)


def sent_shares() -> Blocks:
    """The sender's shares of the masks."""
    masks, shares = RECEIVER._masks, RECEIVER._received.shares[NOISE_WEIGHT:]
    return shares ^ multiply_by(SENDER.delta, masks)


def test_the_digest_of_this_file_is_the_senders() -> None:
    weights = vole_check.draw_weights(b"c", REQUEST[32:-32], NOISE_WEIGHT, vole.domain(OUTPUTS))
    places = SENDER._expanded.places
    assert vole_check.digest_sent(weights, places, sent_shares(), REQUEST[-32:], SENDER.delta) == ANSWER[-32:]


def test_an_altered_correction_passes_only_with_its_point_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, point = 17, int(POINTS[17])
    with pytest.raises(ForgedFile, match="trees do not fit"):
        RECEIVER.finish(flipped(CORRECTIONS + 16 * tree))
    for guess in {0, 1, point ^ 1, vole.domain(OUTPUTS) - 1} - {point}:
        answer = flipped(CORRECTIONS + 16 * tree)[:-32] + digest_with_error(tree, guess)
        with pytest.raises(ForgedFile):
            RECEIVER.finish(answer)
    answer = flipped(CORRECTIONS + 16 * tree)[:-32] + digest_with_error(tree, point)
    assert (RECEIVER.finish(answer) != HONEST).any()
    # And without the check every guess would pass, and the outputs that are wrong would tell the point.
    answer = flipped(CORRECTIONS + 16 * tree)
    monkeypatch.setattr(vole_check, "digest_received", lambda *_: ANSWER[-32:])
    assert (RECEIVER.finish(answer) != HONEST).any()


@pytest.mark.parametrize("placed", [True, False])
def test_altered_corrections_do_not_cancel(placed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender knows the weights. If they were the same in all places of a tree, three errors would cancel in
    both checks, whatever the points: the solution of two equations."""
    if not placed:
        real = vole_check.draw_weights

        def unplaced(*args: Any) -> vole_check.Weights:
            drawn_weights = real(*args)
            return drawn_weights._replace(bits=np.zeros_like(drawn_weights.bits))

        monkeypatch.setattr(vole_check, "draw_weights", unplaced)
    receiver, request = Receiver.begin(OUTPUTS, drawn("cancel"), b"c").request(SENDER.offer())
    answer = SENDER.answer(request)
    honest = receiver.finish(answer)
    (a, b, c), (d, e, f) = (numbers(always[3:6]) for always in receiver._weights.always)
    errors = (
        product(b, f) ^ product(c, e),
        product(c, d) ^ product(a, f),
        product(a, e) ^ product(b, d),
    )
    start = CORRECTIONS + 16 * 3
    error = b"".join(value.to_bytes(16, "little") for value in errors)
    answer = answer[:start] + xor(answer[start : start + 48], error) + answer[start + 48 :]
    if placed:
        with pytest.raises(ForgedFile):
            receiver.finish(answer)
    else:
        assert (receiver.finish(answer) != honest).any()


def test_corrections_of_another_delta_are_refused() -> None:
    """A sender that multiplies by another D in one correction, and makes everything else by the protocol."""
    error = multiply_by(b"\x01" + bytes(15), RECEIVER._noise[1][9:10])
    start = CORRECTIONS + 16 * 9
    answer = ANSWER[:start] + xor(ANSWER[start : start + 16], error.tobytes()) + ANSWER[start + 16 :]
    with pytest.raises(ForgedFile):
        RECEIVER.finish(answer)


def test_other_leaves_than_were_sent_are_refused() -> None:
    """A proof, and a digest, of the trees of other roots."""
    other = Sender(OUTPUTS, b"c", drawn("other")(32), SENDER.scalars, SENDER.offered)
    made = other._expanded
    weights = RECEIVER._weights
    digest = vole_check.digest_sent(weights, made.places, sent_shares(), REQUEST[-32:], SENDER.delta)
    for answer in (ANSWER[:PROOF] + made.proof + ANSWER[-32:], ANSWER[:PROOF] + made.proof + digest):
        with pytest.raises(ForgedFile):
            RECEIVER.finish(answer)
    # The proof alone is right, the leaves that the digest is of are others.
    with pytest.raises(ForgedFile):
        RECEIVER.finish(ANSWER[:-32] + digest)


def test_an_altered_opening_gets_an_answer_that_its_maker_refuses() -> None:
    """y protects the receiver alone: with another one the digest does not fit, and tells nothing of D."""
    request = REQUEST[:-1] + bytes([REQUEST[-1] ^ 1])
    answer = SENDER.answer(request)
    assert answer[:-32] == ANSWER[:-32]
    with pytest.raises(ForgedFile):
        RECEIVER.finish(answer)


# What a receiver of the extension can try with a small tree.


@pytest.mark.parametrize("checked", [True, False])
def test_an_altered_sum_of_a_small_tree_is_refused(checked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that guesses four bits of D, alters the sum that they read and folds what comes of it: the
    transfers' check alone would let it have strings that are not w + D y."""
    group, digit = 6, 0b0111
    delta = digit << 4 * group | 1
    both = drawn_blocks("base", 128, 2)
    base = extension.base_choices(delta)
    chosen = np.array([both[i, base >> i & 1] for i in range(128)])
    roots, choices = drawn_blocks("roots", 33), np.zeros(16, dtype=np.uint8)
    leaves, _ = pprf.grow(np.ascontiguousarray(roots[:32]), 16, extension._FIRST_TREE)
    error = np.array([1, 0], dtype=np.uint64)
    at = 32 * (4 * group + 3) + 16 * (1 - (digit & 1))
    real, made = extension.make_check, []

    def altered(message: bytes) -> bytes:
        return message[:at] + xor(message[at : at + 16], error.tobytes()) + message[at + 16 :]

    def folding(rows: Any, wish: Any, context: bytes, message: bytes) -> bytes:
        both_seeds = np.stack([leaves[digit ^ 1, group], leaves[digit ^ 1, group] ^ error])
        rows = rows.copy()
        rows[4 * group] ^= np.bitwise_xor.reduce(extension._strings(both_seeds, len(wish)), axis=0)
        made.append(real(rows, wish, context, altered(message)))
        return made[0]

    with monkeypatch.context() as patch:
        patch.setattr(extension, "make_check", folding)
        message = extension.receive(choices, drawn_blocks("e", 2), roots, both, b"c").message
    message = altered(message[:-CHECK_BYTES]) + made[0]
    if checked:
        with pytest.raises(ForgedFile, match="its trees do not fit"):
            extension.send(delta, message, 16, 2, chosen, b"c")
        return
    monkeypatch.setattr(pprf_check, "is_proven", lambda *_: True)
    assert len(extension.send(delta, message, 16, 2, chosen, b"c").keys) == 16


# The hash key.


def test_a_share_is_opened_only_as_it_was_committed() -> None:
    share, own = drawn("share")(32), drawn("own")(32)
    commitment = hash_key.commit(b"context", share)
    assert hash_key.open_key(b"context", commitment, share, own) == xor(share, own)
    assert hash_key.join_shares(own, share) == xor(share, own)
    for context, opened in ((b"other", share), (b"context", own), (b"context", share[:-1] + b"\0")):
        with pytest.raises(ForgedFile, match="another share"):
            hash_key.open_key(context, commitment, opened, own)
    assert len(commitment) == hash_key.COMMITMENT_BYTES and len(share) == hash_key.SHARE_BYTES
