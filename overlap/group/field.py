"""The numbers of curve25519, v^2 = u^3 + A u^2 + u over the integers modulo P (RFC 7748, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import gmpy2

#: gmpy2 ships no type information; an `Mpz` is a Python integer in everything that we do with it.
Mpz = Any

P: Final[Mpz] = gmpy2.mpz(2**255 - 19)
A: Final = 486662
#: The order of the prime-order subgroup; the curve has eight times as many points.
ORDER: Final = 2**252 + 27742317777372353535851937790883648493


def invert_all(values: Sequence[Mpz]) -> list[Mpz]:
    """The inverse modulo P of each value; none may be zero.

    One inversion and three multiplications a value (P. Montgomery, Speeding the Pollard and elliptic curve
    methods of factorization, section 10.3.1).
    """
    before: list[Mpz] = []
    product = gmpy2.mpz(1)
    for value in values:
        before.append(product)
        product = product * value % P
    inverse = gmpy2.invert(product, P)
    inverses = before
    for i in range(len(values) - 1, -1, -1):
        inverses[i] = inverse * before[i] % P
        inverse = inverse * values[i] % P
    return inverses
