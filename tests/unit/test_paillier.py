"""Paillier encryption against its textbook form, over Python integers."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from protocol_parties import stream

from overlap import paillier
from overlap.errors import MalformedFile

KEY = paillier.generate_key(stream("key"))
N = int(KEY.public.n)
P, Q = int(KEY.p), int(KEY.q)
NUMBERS = [0, 1, 2, 10**12, N - 1]
ENCRYPTED = list(KEY.encrypt(NUMBERS, stream("encrypt")))


def textbook(ciphertext: bytes) -> int:
    """Decryption as in Paillier 1999, section 4, with lambda = lcm(p - 1, q - 1)."""
    order = math.lcm(P - 1, Q - 1)

    def quotient(base: int) -> int:
        return (pow(base, order, N * N) - 1) // N

    return quotient(int.from_bytes(ciphertext, "big")) * pow(quotient(1 + N), -1, N) % N


def test_a_key_has_the_size_and_the_subgroups_that_are_stated() -> None:
    assert N.bit_length() == paillier.BITS == 3072
    for prime, order in ((P, int(KEY.alpha)), (Q, int(KEY.beta))):
        assert prime.bit_length() == 1536 and order.bit_length() == 320
        assert prime % 4 == 3 and (prime - 1) % order == 0
        # Fermat's test to a base that made none of the numbers.
        assert pow(5, prime - 1, prime) == pow(5, order - 1, order) == 1


def test_decryption_is_that_of_the_textbook() -> None:
    assert [textbook(one) for one in ENCRYPTED] == NUMBERS
    assert [KEY.decrypt(one) for one in ENCRYPTED] == NUMBERS
    assert {len(one) for one in ENCRYPTED} == {paillier.CIPHERTEXT_SIZE}


def test_one_number_has_another_ciphertext_each_time() -> None:
    again = list(KEY.encrypt([7] * 40, stream("again")))
    assert len(set(again)) == 40 and {KEY.decrypt(one) for one in again} == {7}


def test_the_randomness_is_of_the_stated_order_and_no_smaller_one() -> None:
    for one in ENCRYPTED[1:3]:
        root = int.from_bytes(KEY.open(one), "big")
        assert pow(root, int(KEY.alpha), P) == 1 != root % P
        assert pow(root, int(KEY.beta), Q) == 1 != root % Q


@pytest.mark.parametrize("count", [1, 5000])
def test_elements_of_a_subgroup_are_uniform_and_of_its_order(count: int) -> None:
    """Squares modulo 23 have the order 11; the width of a table's digits depends on the count."""
    drawn = [
        int(element)
        for seed in range(5000 // count)
        for element in paillier._powers(
            paillier.gmpy2.mpz(23), paillier.gmpy2.mpz(11), count, stream(f"{seed}")
        )
    ]
    assert all(pow(element, 11, 23**2) == 1 for element in drawn)
    seen = Counter(drawn)
    expected = len(drawn) / 11
    # Chi-square with 10 degrees of freedom; 35.6 is exceeded once in 10,000 times.
    assert len(seen) == 11 and sum((n - expected) ** 2 / expected for n in seen.values()) < 35.6


def test_the_product_of_ciphertexts_is_a_fresh_one_of_the_sum() -> None:
    public = paillier.read_public_key(KEY.public.to_bytes())
    numbers = public.read(ENCRYPTED[:4])
    first, second = (public.add(numbers, stream(seed)) for seed in "ab")
    assert first != second
    assert textbook(first) == KEY.decrypt(first) == KEY.decrypt(second) == 10**12 + 3
    assert KEY.decrypt(public.add([], stream("none"))) == 0


def test_an_opening_fits_one_number_only() -> None:
    total = KEY.public.add(KEY.public.read(ENCRYPTED[:3]), stream("sum"))
    root = KEY.open(total)
    assert KEY.public.is_opening(total, 3, root)
    assert not KEY.public.is_opening(total, 4, root)
    assert not KEY.public.is_opening(ENCRYPTED[0], 3, root)
    assert not KEY.public.is_opening(total, 3, bytes(384))
    other = (int.from_bytes(root, "big") + N).to_bytes(385, "big")
    assert not KEY.public.is_opening(total, 3, other)


@pytest.mark.parametrize("number", [0, P, N, 5 * Q, N * N, N * N + 1])
def test_what_is_no_ciphertext_is_refused(number: int) -> None:
    data = number.to_bytes(paillier.CIPHERTEXT_SIZE, "big")
    with pytest.raises(MalformedFile, match="no ciphertext"):
        KEY.public.read([ENCRYPTED[0], data])


def odd_of_full_size() -> int:
    """A number of 3072 bits without a small factor."""
    number = 2**3072 - 1
    while math.gcd(number, int(paillier.gmpy2.primorial(2**16))) > 1:
        number -= 2
    return number


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (N + 1, "weak"),
        (N >> 1 | 1, "weak"),
        (3 * (2**3072 // 3), "weak"),
        (65521 * (2**3072 // 65521), "weak"),
        (P**2, "power"),
        (int(paillier.gmpy2.next_prime(odd_of_full_size() - 2**64)), "prime"),
    ],
)
def test_a_key_that_is_none_is_refused(number: int, why: str) -> None:
    with pytest.raises(MalformedFile, match=why):
        paillier.read_public_key(number.to_bytes(384, "big"))


@pytest.mark.parametrize("size", [0, 383, 385])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(MalformedFile):
        paillier.read_public_key(N.to_bytes(384, "big").rjust(385, b"\0")[-size:] if size else b"")


def test_a_private_key_goes_to_bytes_and_back() -> None:
    again = paillier.PrivateKey.from_bytes(KEY.to_bytes())
    assert again == KEY and again.decrypt(ENCRYPTED[2]) == 2
    with pytest.raises(ValueError, match="private key"):
        paillier.PrivateKey.from_bytes(KEY.to_bytes()[1:])
    assert str(P) not in repr(KEY)
