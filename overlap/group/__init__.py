"""The group: hashing to it, multiplying in it, and judging what a peer says is in it.

This is the only room with curve arithmetic. Elements are u-coordinates of curve25519, 32 bytes each, and many
of them are one bytes object; points of edwards25519, where they can be added, are `EdwardsPoint`s. Inversions
and Legendre symbols (gmpy2) are not constant-time: they run on the party's own machine only, on values that
this machine holds in plaintext anyway. Multiplication is.
"""

from __future__ import annotations

from overlap.group.backend import (
    AUTO,
    BACKENDS,
    CRYPTOGRAPHY,
    MULTIBUFFER,
    choose_backend,
    find_backend,
    find_lanes,
)
from overlap.group.dummies import dummy_messages
from overlap.group.edwards import (
    EDWARDS_DST,
    EdwardsPoint,
    add_points,
    draw_point,
    hash_to_points,
    negate_point,
    read_points,
    u_coordinates,
    write_points,
)
from overlap.group.hashing import DST, hash_to_group
from overlap.group.points import (
    ELEMENT_BYTES,
    Fault,
    check_distinct,
    check_points,
    find_fault,
    invalid_element,
    multiply,
    try_multiply,
)
from overlap.group.scalars import SCALAR_BYTES, draw_scalar, unblinding_scalar

__all__ = [
    "AUTO",
    "BACKENDS",
    "CRYPTOGRAPHY",
    "DST",
    "EDWARDS_DST",
    "ELEMENT_BYTES",
    "MULTIBUFFER",
    "SCALAR_BYTES",
    "EdwardsPoint",
    "Fault",
    "add_points",
    "check_distinct",
    "check_points",
    "choose_backend",
    "draw_point",
    "draw_scalar",
    "dummy_messages",
    "find_backend",
    "find_fault",
    "find_lanes",
    "hash_to_group",
    "hash_to_points",
    "invalid_element",
    "multiply",
    "negate_point",
    "read_points",
    "try_multiply",
    "u_coordinates",
    "unblinding_scalar",
    "write_points",
]
