"""Elements that stand for nobody, to fill a list up to its declared bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.group.hashing import hash_to_group
from overlap.group.points import multiply
from overlap.group.scalars import draw_scalar

if TYPE_CHECKING:
    from overlap.keys import RandomBytes


def draw_dummies(count: int, random: RandomBytes) -> bytes:
    """`count` distinct elements that nobody can tell from blinded ones.

    A dummy is made as a blinded element is, from a message that nobody knows and with a fresh scalar. Hashing
    alone would not do: its image is half of the points and anybody can test for it, while a blinded element
    is uniform in the prime-order group. Real elements and dummies together are independent uniform elements
    to whoever cannot solve decisional Diffie-Hellman. ValueError when `count` is negative.
    """
    messages = dummy_messages(count, random)
    return multiply(draw_scalar(random), hash_to_group(messages))


def dummy_messages(count: int, random: RandomBytes) -> list[bytes]:
    """`count` messages to hash for dummies: a counter behind 32 random bytes, so that no two are equal."""
    if count < 0:
        raise ValueError("a count of dummies is not negative")
    seed = random(32)
    return [seed + i.to_bytes(8, "big") for i in range(count)]
