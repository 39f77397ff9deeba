"""Blinding and evaluating: the steps that both protocols share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from overlap.engine import Engine
from overlap.group import check_distinct, dummy_messages, unblinding_scalar
from overlap.keys import RandomBytes
from overlap.protocol.body import ELEMENT_SIZE
from overlap.protocol.columns import read_pieces, sort_order, split


def blind(
    identifiers: Sequence[bytes], bound: int, scalar: bytes, engine: Engine, random: RandomBytes
) -> bytes:
    """u(scalar * H(x)) for each identifier, then for as many random messages as fill the declared bound.

    A dummy goes the way of an identifier, so that nothing tells them apart.
    """
    hashed = engine.hash_to_group(identifiers)
    dummies = engine.hash_to_group(dummy_messages(bound - len(identifiers), random), keep=False)
    return engine.multiply(scalar, hashed + dummies)


def in_order(elements: bytes) -> tuple[bytes, bytes]:
    """The elements sorted, and their order in four bytes each, which `_pick_own` reads.

    Sorted, because the order of a list would tell which element stands for which account.
    """
    pieces = read_pieces(elements, ELEMENT_SIZE)
    order = sort_order(pieces)
    return pieces[order].tobytes(), order.astype(np.uint32).tobytes()


def _pick_own(elements: bytes, order: bytes, count: int) -> bytes:
    """Of the answers to sorted elements, in that order, those to the first `count` before the sorting."""
    # The order is a permutation; sorting it gives where in the answer each of ours stands.
    places = np.argsort(np.frombuffer(order, np.uint32))[:count]
    return read_pieces(elements, ELEMENT_SIZE)[places].tobytes()


def unblind(scalar: bytes, reply: bytes, order: bytes, count: int, engine: Engine) -> list[bytes]:
    """K of the first `count` of what was blinded by `scalar` and sent in `order`, out of the peer's `reply`.

    The dummies are judged and left blinded. Raises InvalidElement.
    """
    engine.check_points(reply)
    keys = engine.multiply(unblinding_scalar(scalar), _pick_own(reply, order, count))
    check_distinct(keys)
    return split(keys, ELEMENT_SIZE)


def evaluate(identifiers: Sequence[bytes], scalar: bytes, engine: Engine) -> list[bytes]:
    """K = u(scalar * H(y)) for each identifier."""
    return split(engine.multiply(scalar, engine.hash_to_group(identifiers)), ELEMENT_SIZE)


def multiply_peer(scalar: bytes, elements: bytes, engine: Engine) -> bytes:
    """u(scalar * P) for each element that came from the peer, in order.

    Raises InvalidElement. Products are compared too: an element and the seven that differ from it by a point
    of low order are distinct on the wire and have one product, so one account could be counted eight times.
    """
    engine.check_points(elements)
    products = engine.multiply(scalar, elements)
    check_distinct(products)
    return products
