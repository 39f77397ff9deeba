"""The cases of `agree.py`: two lists of accounts with domains, made from a seed and a number alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pandas as pd

from overlap.match import Distinct, distinct

KIND = "domain"
MOST_ACCOUNTS = 500
#: Of so many cases one has as many accounts as there can be, where the others are to have less.
FULL = 9


@dataclass(frozen=True)
class Case:
    """The domains of the accounts of both sides, one an account; a domain may stand twice on a side."""

    shape: str
    left: list[str]
    right: list[str]


@dataclass(frozen=True)
class Held:
    """What a side holds: the domain of each account, and the list that it brings to a run."""

    accounts: list[str]
    listed: Distinct

    @property
    def values(self) -> list[str]:
        """The domains of the list, in its order."""
        return self.listed.frame["value"].tolist()


def _random(rng: Random, most: int) -> Case:
    sizes = rng.randint(0, most), rng.randint(0, most)
    return _sample("random", rng, sizes, rng.randint(0, min(sizes)))


def _few(rng: Random, most: int) -> Case:
    sizes = rng.randint(0, 3), rng.randint(0, 3)
    return _sample("few", rng, sizes, rng.randint(0, min(sizes)))


def _uneven(rng: Random, most: int) -> Case:
    sizes = [rng.randint(0, 5), rng.randint(most // 5, most)]
    rng.shuffle(sizes)
    return _sample("uneven", rng, (sizes[0], sizes[1]), rng.randint(0, min(sizes)))


def _empty(rng: Random, most: int) -> Case:
    sizes = [0, rng.choice((0, 1, rng.randint(2, most)))]
    rng.shuffle(sizes)
    return _sample("empty side", rng, (sizes[0], sizes[1]), 0)


def _same(rng: Random, most: int) -> Case:
    size = rng.randint(1, most)
    return _sample("the same list", rng, (size, size), size)


def _within(rng: Random, most: int) -> Case:
    larger = rng.randint(1, most)
    sizes = [rng.randint(1, larger), larger]
    rng.shuffle(sizes)
    return _sample("one in the other", rng, (sizes[0], sizes[1]), min(sizes))


def _apart(rng: Random, most: int) -> Case:
    return _sample("nothing shared", rng, (rng.randint(1, most), rng.randint(1, most)), 0)


def _repeated(rng: Random, most: int) -> Case:
    sizes = rng.randint(1, most // 2), rng.randint(1, most // 2)
    case = _sample("duplicates", rng, sizes, rng.randint(0, min(sizes)))
    for side in (case.left, case.right):
        side.extend(rng.choices(side, k=rng.randint(0, most - len(side))))
        rng.shuffle(side)
    return case


#: Half of the cases are plain ones.
SHAPES: tuple[Callable[[Random, int], Case], ...] = (
    *([_random] * 7),
    _few,
    _uneven,
    _empty,
    _same,
    _within,
    _apart,
    _repeated,
)


def make_case(seed: int, number: int, most: int = MOST_ACCOUNTS) -> Case:
    """The case of this number, of at most so many accounts a side, but for one of FULL cases."""
    rng = Random(f"{seed}/{number}")
    return SHAPES[number % len(SHAPES)](rng, most if number % FULL else MOST_ACCOUNTS)


def _sample(shape: str, rng: Random, sizes: tuple[int, int], shared: int) -> Case:
    count = sum(sizes) - shared
    names = list({f"{rng.getrandbits(64):016x}.com" for _ in range(count + 2)})[:count]
    names.sort()
    rng.shuffle(names)
    left, right = names[: sizes[0]], names[sizes[0] - shared :]
    rng.shuffle(right)
    return Case(shape, left, right)


def hold(domains: list[str]) -> Held:
    """Accounts with these domains as a side of a match has them."""
    columns = {"account": range(len(domains)), "kind": KIND, "value": domains}
    table = pd.DataFrame(columns).astype({"account": "int64", "kind": "str", "value": "str"})
    return Held(domains, distinct(table))
