"""What holds for every result and every list of known pairs: counts add up, halves cut no pair."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.evaluation import Half, halves, score, wilson
from overlap.records import TIERS

IDS = st.integers(0, 12).map(str)
PAIRS = st.tuples(IDS, IDS)
ROWS = st.lists(st.tuples(IDS, IDS, st.sampled_from(TIERS)), max_size=40)


def table(ids: set[str]) -> pd.DataFrame:
    return pd.DataFrame({"id": pd.Series(sorted(ids), dtype="str")})


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_interval_is_in_bounds_and_holds_its_share(right: int, wrong: int) -> None:
    low, high = wilson(right, right + wrong)
    assert 0 <= low < high <= 1
    if right + wrong:
        assert low <= right / (right + wrong) <= high


@settings(deadline=None)
@given(ROWS, st.sets(PAIRS), st.randoms())
def test_tiers_add_up_whatever_the_order(rows, true, random) -> None:
    scored = score(rows, true)
    assert sum(each.found for each in scored.tiers.values()) == scored.total.found
    assert scored.total.found == len({row[:2] for row in rows})
    assert scored.total.right == len({row[:2] for row in rows} & true)
    assert scored.released.found == scored.total.found - scored.tiers["candidate"].found
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert score(shuffled, true) == scored


@settings(deadline=None)
@given(st.sets(IDS), st.sets(IDS), st.sets(PAIRS, max_size=12), st.integers(0, 5))
def test_halves_part_everything_and_cut_no_pair(left, right, true, seed) -> None:
    parts = halves(table(left), table(right), true, seed)
    for side, ids in (("left", left), ("right", right)):
        held = [set(getattr(part, side)["id"]) for part in parts]
        assert held[0] | held[1] == ids and not held[0] & held[1]
    assert parts[0].true | parts[1].true == true and not parts[0].true & parts[1].true
    for part in parts:
        for one, other in part.true:
            assert one not in left or one in set(part.left["id"])
            assert other not in right or other in set(part.right["id"])


@settings(deadline=None)
@given(st.sets(IDS, min_size=1), st.sets(PAIRS, max_size=12), st.integers(0, 5))
def test_halves_do_not_depend_on_the_order_of_rows(ids, true, seed) -> None:
    def held(part: Half) -> set[str]:
        return set(part.left["id"])

    backwards = table(ids).iloc[::-1]
    one, other = (halves(frame, table(set()), true, seed) for frame in (table(ids), backwards))
    assert [held(part) for part in one] == [held(part) for part in other]


def test_halves_are_about_equal_and_seeds_differ() -> None:
    many = table({str(number) for number in range(4_000)})
    sizes = [len(halves(many, table(set()), (), seed)[0].left) for seed in range(3)]
    assert all(1_850 < size < 2_150 for size in sizes)
    assert len({tuple(halves(many, table(set()), (), seed)[0].left["id"]) for seed in range(3)}) == 3
