"""Blinding and evaluating: the steps that both protocols share."""

from __future__ import annotations

from collections.abc import Sequence

from overlap.engine import Engine
from overlap.group import check_distinct, dummy_messages
from overlap.keys import RandomBytes
from overlap.protocol.body import ELEMENT_SIZE, split


def blind(
    identifiers: Sequence[bytes], bound: int, scalar: bytes, engine: Engine, random: RandomBytes
) -> list[bytes]:
    """u(scalar * H(x)) for each identifier, then for as many random messages as fill the declared bound.

    A dummy goes the way of an identifier, so that nothing tells them apart.
    """
    hashed = engine.hash_to_group(identifiers)
    dummies = engine.hash_to_group(dummy_messages(bound - len(identifiers), random), keep=False)
    return split(engine.multiply(scalar, hashed + dummies), ELEMENT_SIZE)


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
