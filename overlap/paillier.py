"""Paillier encryption: whole numbers that somebody without the key can add up, for level `sum`.

P. Paillier, Public-key cryptosystems based on composite degree residuosity classes (EUROCRYPT 1999), with
g = 1 + n: a number m becomes (1 + n)^m r^n modulo n^2, and a product of ciphertexts is one of the sum.

The owner of the key draws r from the subgroup of order alpha * beta modulo n, where alpha and beta are primes
of 320 bits that divide p - 1 and q - 1 (section 6 of that paper; Ma, Han, Wang, Optimized Paillier's
cryptosystem with fast encryption and decryption, ACSAC 2021). So r^n has two short exponents, each uniform in
its subgroup and raised by tables modulo p^2 and q^2. Finding n's factors through a subgroup takes about the
square root of its order (Coron, Joux, Mandal, Naccache, Tibouchi, Cryptanalysis of the RSA subgroup
assumption, PKC 2011), 2^160. Whoever only adds draws r from all residues.

Nothing here is constant-time but decryption: it runs on the party's own machine, on values that this machine
holds in plaintext anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import gmpy2

from overlap.errors import MalformedFile

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

#: gmpy2 ships no type information; an `Mpz` is a Python integer in everything that we do with it.
Mpz = Any

#: Bits of n: as hard to factor as an element of curve25519 is to divide (NIST SP 800-57, 128 bits).
BITS: Final = 3072
KEY_SIZE: Final = BITS // 8
CIPHERTEXT_SIZE: Final = 2 * KEY_SIZE
SUBGROUP_SIZE: Final = 40
_PRIME_SIZE: Final = KEY_SIZE // 2
#: GMP makes a Baillie-PSW test and so many Miller-Rabin rounds less 24.
_ROUNDS: Final = 40
#: A key with a prime factor below this is refused.
_SMALL: Final = 2**16
#: Bytes drawn beyond a number's size before it is reduced, so that the bias is below 2^-128.
_EXTRA: Final = 16
#: Bits of a table's digit at most: tables of 12 bits take 95 MB.
_WIDEST: Final = 12
_HINT: Final = "the peer's software is at fault; start a new run"


@dataclass(frozen=True, repr=False)
class PublicKey:
    """The modulus n; `read_public_key` makes one of a peer's bytes."""

    n: Mpz

    @cached_property
    def square(self) -> Mpz:
        return self.n * self.n

    def to_bytes(self) -> bytes:
        return int(self.n).to_bytes(KEY_SIZE, "big")

    def read(self, ciphertexts: Sequence[bytes]) -> list[Mpz]:
        """The ciphertexts as numbers; MalformedFile for one that is not invertible modulo n^2."""
        numbers = [gmpy2.mpz.from_bytes(one, "big") for one in ciphertexts]
        product = gmpy2.mpz(1)
        for number in numbers:
            product = product * (number % self.n) % self.n
        if any(number >= self.square for number in numbers) or gmpy2.gcd(product, self.n) != 1:
            raise MalformedFile("an encrypted amount is no ciphertext under the peer's key", _HINT)
        return numbers

    def add(self, ciphertexts: Iterable[Mpz], random: RandomBytes) -> bytes:
        """A fresh ciphertext of the sum; of nothing it encrypts 0. It tells nothing of what was added."""
        product = gmpy2.mpz(1)
        for one in ciphertexts:
            product = product * one % self.square
        root = _draw(random, KEY_SIZE, self.n - 1) + 1
        return _write(product * gmpy2.powmod(root, self.n, self.square) % self.square)

    def is_opening(self, ciphertext: bytes, number: int, root: bytes) -> bool:
        """Whether `ciphertext` is that of `number` with the randomness `root`."""
        r = gmpy2.mpz.from_bytes(root, "big")
        made = (1 + number * self.n) * gmpy2.powmod(r, self.n, self.square) % self.square
        return bool(0 < r < self.n and made == gmpy2.mpz.from_bytes(ciphertext, "big"))


@dataclass(frozen=True, repr=False)
class PrivateKey:
    """The primes p and q, and the primes alpha and beta that divide p - 1 and q - 1."""

    p: Mpz
    q: Mpz
    alpha: Mpz
    beta: Mpz

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self.p * self.q)

    def to_bytes(self) -> bytes:
        """Secret; to be kept encrypted."""
        primes = b"".join(int(prime).to_bytes(_PRIME_SIZE, "big") for prime in (self.p, self.q))
        return primes + b"".join(int(one).to_bytes(SUBGROUP_SIZE, "big") for one in (self.alpha, self.beta))

    @staticmethod
    def from_bytes(data: bytes) -> PrivateKey:
        """The inverse of `to_bytes`, for our own state. ValueError for another length."""
        ends = (0, _PRIME_SIZE, 2 * _PRIME_SIZE, 2 * _PRIME_SIZE + SUBGROUP_SIZE, len(data))
        if len(data) != 2 * (_PRIME_SIZE + SUBGROUP_SIZE):
            raise ValueError("not a private key")
        parts = (data[start:end] for start, end in pairwise(ends))
        return PrivateKey(*(gmpy2.mpz.from_bytes(part, "big") for part in parts))

    def encrypt(self, numbers: Sequence[int], random: RandomBytes) -> Iterator[bytes]:
        """A ciphertext for each number from 0 to n - 1, in order."""
        n, p2, q2 = self.public.n, self.p**2, self.q**2
        first = _powers(self.p, self.alpha, len(numbers), random)
        second = _powers(self.q, self.beta, len(numbers), random)
        inverse = gmpy2.invert(p2, q2)
        for number in numbers:
            message = 1 + number * n
            at_p = message * next(first) % p2
            at_q = message * next(second) % q2
            yield _write(at_p + p2 * ((at_q - at_p) * inverse % q2))

    def decrypt(self, ciphertext: bytes) -> int:
        """The number from 0 to n - 1 in a ciphertext that `PublicKey.read` accepts."""
        c = gmpy2.mpz.from_bytes(ciphertext, "big")
        at_p, at_q = (self._at(prime, c) for prime in (self.p, self.q))
        return int(at_p + self.p * ((at_q - at_p) * gmpy2.invert(self.p, self.q) % self.q))

    def open(self, ciphertext: bytes) -> bytes:
        """The randomness that makes `ciphertext` of its number, for `PublicKey.is_opening`."""
        n, c = self.public.n, gmpy2.mpz.from_bytes(ciphertext, "big")
        at_p, at_q = (
            gmpy2.powmod_sec(c % prime, gmpy2.invert(n, prime - 1), prime) for prime in (self.p, self.q)
        )
        root = at_p + self.p * ((at_q - at_p) * gmpy2.invert(self.p, self.q) % self.q)
        return int(root).to_bytes(KEY_SIZE, "big")

    def _at(self, prime: Mpz, c: Mpz) -> Mpz:
        """The number modulo one prime: Paillier 1999, section 7, decryption using Chinese remaindering."""
        square = prime * prime
        ratio = (gmpy2.powmod_sec(c % square, prime - 1, square) - 1) // prime
        # The same of 1 + n is (prime - 1) n / prime, the other prime with its sign turned.
        return -ratio * gmpy2.invert(self.public.n // prime, prime) % prime


def generate_key(random: RandomBytes) -> PrivateKey:
    """A new key, for one run."""
    alpha, beta = (_prime(random) for _ in range(2))
    p, q = (_prime_above(one, random) for one in (alpha, beta))
    return generate_key(random) if p == q or alpha == beta else PrivateKey(p, q, alpha, beta)


def read_public_key(data: bytes) -> PublicKey:
    """The key in `data`; MalformedFile when it can be seen to be none.

    Seen: another size than `BITS`, an even number, a prime, a power, a prime factor below 2^16. Not seen:
    more or other primes. That weakens nobody but the key's owner, and what it could learn is which of its own
    accounts were added, which it can also learn by encrypting other numbers than amounts.
    """
    n = gmpy2.mpz.from_bytes(data, "big")
    small = gmpy2.primorial(_SMALL)
    if len(data) != KEY_SIZE or n.bit_length() != BITS or gmpy2.gcd(n, small) != 1:
        raise MalformedFile(f"the peer's key for amounts is not of {BITS} bits, or weak", _HINT)
    if gmpy2.is_prime(n) or gmpy2.is_power(n):
        raise MalformedFile("the peer's key for amounts is a prime or a power", _HINT)
    return PublicKey(n)


def _prime(random: RandomBytes) -> Mpz:
    """A prime of 320 bits."""
    while True:
        drawn = gmpy2.mpz.from_bytes(random(SUBGROUP_SIZE), "big") | 1
        candidate = gmpy2.bit_set(drawn, 8 * SUBGROUP_SIZE - 1)
        if gmpy2.is_prime(candidate, _ROUNDS):
            return candidate


def _prime_above(factor: Mpz, random: RandomBytes) -> Mpz:
    """A prime of half of n's bits that is 1 modulo `factor` and 3 modulo 4, its two highest bits set."""
    top = gmpy2.mpz(3) << (8 * _PRIME_SIZE - 2)
    while True:
        drawn = gmpy2.mpz.from_bytes(random(_PRIME_SIZE), "big") | top
        candidate = 2 * factor * ((drawn // (2 * factor)) | 1) + 1
        in_range = candidate & top == top and candidate.bit_length() == 8 * _PRIME_SIZE
        if in_range and gmpy2.is_prime(candidate, _ROUNDS):
            return candidate


def _powers(prime: Mpz, order: Mpz, count: int, random: RandomBytes) -> Iterator[Mpz]:
    """`count` uniform elements of the subgroup of that order modulo `prime` squared.

    They are n-th residues: n is prime to the order. A fixed base is raised by digits of `width` bits, one
    product of table entries an element, where the width is the cheapest for so many.
    """
    square = prime * prime
    size = order.bit_length()
    width = min(range(2, _WIDEST + 1), key=lambda wide: -(-size // wide) * ((1 << wide) + count))
    base = gmpy2.mpz(1)
    while base == 1:
        base = gmpy2.powmod(_draw(random, _PRIME_SIZE, prime - 1) + 1, (prime - 1) // order * prime, square)
    tables = []
    for _ in range(-(-size // width)):
        table = [gmpy2.mpz(1)]
        for _ in range(1 << width):
            table.append(table[-1] * base % square)
        base = table.pop()
        tables.append(table)
    mask = (1 << width) - 1
    for _ in range(count):
        exponent, element = int(_draw(random, SUBGROUP_SIZE, order)), gmpy2.mpz(1)
        for table in tables:
            element = element * table[exponent & mask] % square
            exponent >>= width
        yield element


def _draw(random: RandomBytes, size: int, below: Mpz) -> Mpz:
    return gmpy2.mpz.from_bytes(random(size + _EXTRA), "big") % below


def _write(number: Mpz) -> bytes:
    return int(number).to_bytes(CIPHERTEXT_SIZE, "big")
