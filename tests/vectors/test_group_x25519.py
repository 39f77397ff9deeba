"""X25519 against RFC 7748, section 5.2, and all cases of Project Wycheproof (in x25519_wycheproof.txt)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from overlap.errors import InvalidElement
from overlap.group import check_points, choose_backend, find_backend, multiply

#: Backends that must give these bytes: the default, and the faster one where this machine has it.
BACKENDS = {name: find_backend(name) for name in ("cryptography", choose_backend())}


class Case(NamedTuple):
    public: bytes
    private: bytes
    shared: bytes
    flags: frozenset[str]


def _read(line: str) -> Case:
    _, public, private, shared, flags = line.split(" ")
    return Case(*(bytes.fromhex(text) for text in (public, private, shared)), frozenset(flags.split(",")))


CASES = [
    _read(line)
    for line in (Path(__file__).parent / "x25519_wycheproof.txt").read_text("ascii").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS.keys())
def test_products_are_the_published_ones(backend) -> None:
    assert len(CASES) == 518
    for case in CASES:
        assert backend(case.private, case.public) == case.shared
        assert backend(case.private, case.public * 9) == case.shared * 9


def test_multiply_refuses_exactly_the_cases_with_an_all_zero_result() -> None:
    for case in CASES:
        if "zero" in case.flags:
            with pytest.raises(InvalidElement, match=r"^element 1 of 1 is of low order$"):
                multiply(case.private, case.public)
        else:
            assert multiply(case.private, case.public) == case.shared


def test_check_points_refuses_exactly_the_twist_low_order_and_non_canonical_cases() -> None:
    refused = 0
    for case in CASES:
        if case.flags & {"twist", "low-order", "non-canonical"}:
            refused += 1
            with pytest.raises(InvalidElement):
                check_points(case.public)
        else:
            check_points(case.public)
    assert refused == 254


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS.keys())
def test_a_thousand_iterations_give_the_value_of_rfc_7748(backend) -> None:
    k = u = (9).to_bytes(32, "little")
    for _ in range(1000):
        k, u = backend(k, u), k
    assert k.hex() == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"
