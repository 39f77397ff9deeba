"""The same journeys give the same bits: in any order of rows, however they are merged, by any threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.attribution.models import Journeys, credit, gather

STEPS = st.lists(st.sampled_from(["ada", "bob", "cyd", "Ärger", "z"]), min_size=1, max_size=6)
#: Sums of money; what is smaller than every normal number is none, and no share of it can be told.
AMOUNTS = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))
ROWS = st.lists(st.tuples(STEPS, st.integers(0, 5), AMOUNTS, st.integers(0, 5)), min_size=1, max_size=25)
Row = tuple[list[str], int, float, int]


def journeys_of(rows: list[Row]) -> Journeys:
    paths = [" > ".join(steps) for steps, *_ in rows]
    values = [value if won else 0.0 for _, won, value, _ in rows]
    return gather(paths, [row[1] for row in rows], values, [row[3] for row in rows])


def bits(journeys: Journeys) -> list[bytes]:
    found = credit(journeys).credits.values()
    return [np.stack([each.conversions, each.value, each.low, each.high]).tobytes() for each in found]


@settings(max_examples=25, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_no_matter(rows: list[Row], random: st.DataObject) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = journeys_of(rows), journeys_of(mixed)
    assert one.digest == other.digest
    assert bits(one) == bits(other)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_splits_add_up_to_the_conversions(rows: list[Row]) -> None:
    journeys = journeys_of(rows)
    whole, worth = journeys.conversions.sum(), journeys.values.sum()
    for formula, each in credit(
        journeys, ["linear", "u:40-20-40", "equal-split", "markov:1", "markov:2"]
    ).credits.items():
        np.testing.assert_allclose(each.conversions.sum(), whole, rtol=1e-9, err_msg=formula)
        np.testing.assert_allclose(each.value.sum(), worth, rtol=1e-9, err_msg=formula)
        assert (each.conversions >= 0).all()


SCRIPT = """
import hashlib, random
import numpy as np
from cleanroom.attribution.models import credit, gather
draw = random.Random(5)
rows = {}
for _ in range(3000):
    path = " > ".join(f"p{draw.randrange(300)}" for _ in range(draw.randint(1, 5)))
    rows[path] = (draw.randint(0, 3), draw.randint(1, 3))
journeys = gather(list(rows), [won for won, _ in rows.values()], None, [lost for _, lost in rows.values()])
state = hashlib.sha256()
for each in credit(journeys, ["linear", "markov:1"]).credits.values():
    state.update(np.stack([each.conversions, each.low, each.high]).tobytes())
paths = sorted({" > ".join(f"p{draw.randrange(12)}" for _ in range(4)) for _ in range(4000)})
small = gather(paths, [1] * len(paths), None, [2] * len(paths))
for each in credit(small, ["last", "markov:1"]).credits.values():
    state.update(np.stack([each.conversions, each.low, each.high]).tobytes())
print(state.hexdigest())
"""


def test_the_number_of_threads_is_no_matter() -> None:
    found = set()
    for threads in ("1", "2"):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        found.add(done.stdout)
    assert len(found) == 1
