"""Elements that stand for nobody, to fill a list up to its declared bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlap.keys import RandomBytes


def dummy_messages(count: int, random: RandomBytes) -> list[bytes]:
    """`count` messages to hash and blind for dummies: a counter behind 32 random bytes, no two equal.

    A dummy is made as a blinded element is. Hashing alone would not do: its image is half of the points and
    anybody can test for it, while a blinded element is uniform in the prime-order group. Real elements and
    dummies together are independent uniform elements to whoever cannot solve decisional Diffie-Hellman.
    ValueError when `count` is negative.
    """
    if count < 0:
        raise ValueError("a count of dummies is not negative")
    seed = random(32)
    return [seed + i.to_bytes(8, "big") for i in range(count)]
