"""Exports matched over a prepared list give the pairs of a run by itself."""

from __future__ import annotations

import pandas as pd

from overlap.identity import CERTAIN_KINDS
from overlap.protocol.prepared import Limits
from overlap.simulation import PreparedSimulation, simulate


def export(*numbers: int) -> pd.DataFrame:
    rows = [
        (f"A{at}", f"Company {at} Example Ltd", f"https://company-{at}.example.com", "Berlin", "DE")
        for at in numbers
    ]
    return pd.DataFrame(
        rows, columns=["Account ID", "Account Name", "Website", "Billing City", "Billing Country"]
    )


def test_pairs_are_those_of_a_run_by_itself_before_and_after_an_update() -> None:
    limits = Limits(changes=40, updates=2, queries=12, runs=4, evaluations=200)
    first, second = export(1, 2, 3, 4), export(2, 3, 4, 5)
    house = PreparedSimulation(first, 60, 60, limits, processes=1)
    for left, right in ((export(1, 2, 9), first), (export(1, 2, 5, 9), second)):
        if right is second:
            house.update(second)
        expected = simulate(left, right, kinds=CERTAIN_KINDS, processes=1)
        found = house.match(left)
        assert len(found) == 2
        pd.testing.assert_frame_equal(found, expected[list(found.columns)])
    assert len(house.sent) == 1 + 1 + 2 * 3 and house.sent[4] < house.sent[0]
