"""Evaluation against known pairs, on lists small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import overlap
from overlap.errors import BadInput, UsageError
from overlap.evaluation import (
    DIFFERENCE_COLUMNS,
    Evaluation,
    Figures,
    count_pairs,
    differences,
    halves,
    score,
    wilson,
)

COLUMNS = ["id", "name", "website", "country"]
LEFT = pd.DataFrame(
    [
        ("L1", "Blue Harbour Shipping GmbH", "blueharbour.com", "Germany"),
        ("L2", "Quartz Mills Ltd", "quartzmills.co.uk", "United Kingdom"),
        ("L3", "Zephyrine Vexmoor SA", "zephyrine.fr", "France"),
        ("L4", "Ildathra", "ildathra.com", "Spain"),
    ],
    columns=COLUMNS,
)
RIGHT = pd.DataFrame(
    [
        ("R1", "Blue Harbour Shipping", "www.blueharbour.com", "Germany"),
        ("R2", "Quartz Mills", "quartzmills.co.uk", "United Kingdom"),
        ("R3", "Zephyrine Vexmoor", "zephyrine.fr", "France"),
        ("R4", "Mirrowend Osprelake", "mirrowend.se", "Sweden"),
        ("R5", "Blue Harbour Shipping", "blueharbour.com", "Germany"),
    ],
    columns=COLUMNS,
)


def gold(*pairs: tuple[str, ...], columns: tuple[str, ...] = ("left_id", "right_id")) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=list(columns))


TRUE = gold(("L1", "R1"), ("L1", "R5"), ("L2", "R2"), ("L4", "R4"))


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return overlap.evaluate(LEFT, RIGHT, TRUE, processes=1)


def test_precision_recall_and_f1_by_hand() -> None:
    figures = Figures(found=3, right=2, true=4)
    assert figures.precision == pytest.approx(2 / 3)
    assert figures.recall == 0.5
    assert figures.f1 == pytest.approx(4 / 7)
    assert (figures.precision_interval, figures.recall_interval) == (wilson(2, 3), wilson(2, 4))


#: Bounds as R gives them: prop.test(8, 10, correct = FALSE), and so on.
@pytest.mark.parametrize(
    ("right", "tried", "low", "high"),
    [(8, 10, 0.4901625, 0.9433178), (0, 10, 0.0, 0.2775328), (10, 10, 0.7224672, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals(right: int, tried: int, low: float, high: float) -> None:
    assert wilson(right, tried) == pytest.approx((low, high), abs=1e-6)


def test_a_pair_in_several_tiers_counts_in_its_best() -> None:
    true = {("a", "1"), ("b", "2"), ("b", "3")}
    rows = [("a", "1", "candidate"), ("a", "1", "strong"), ("x", "9", "candidate"), ("b", "3", "exact")]
    scored = score(rows, true)
    assert scored.tiers == {
        "exact": Figures(1, 1, 3),
        "strong": Figures(1, 1, 3),
        "candidate": Figures(1, 0, 3),
    }
    assert scored.released == Figures(2, 2, 3) and scored.total == Figures(3, 2, 3)
    assert count_pairs({("a", "1"), ("x", "9")}, true) == Figures(2, 1, 3)


def test_pairs_are_counted_one_by_one(found: Evaluation) -> None:
    """The pair L3-R3 is found and not known, L4-R4 is known and cannot be found; L1 has two partners."""
    assert found.score.total == Figures(found=4, right=3, true=4)
    assert found.candidate_recall == 0.75
    assert sum(figures.found for figures in found.score.tiers.values()) == 4
    assert sum(figures.right for figures in found.kinds.values()) == 3
    assert found.accounts == (4, 5) and found.rejected == (0, 0) and found.absent == 0
    assert found.identifiers_per_account == (found.identifiers[0] / 4, found.identifiers[1] / 5)


def test_the_differences_show_what_both_sides_wrote(found: Evaluation) -> None:
    rows = differences(found)
    assert tuple(rows.columns) == DIFFERENCE_COLUMNS
    shown = rows[["verdict", "left_id", "right_id", "left_name", "right_name", "right_website"]]
    assert shown.to_numpy().tolist() == [
        ["false", "L3", "R3", "Zephyrine Vexmoor SA", "Zephyrine Vexmoor", "zephyrine.fr"],
        ["missed", "L4", "R4", "Ildathra", "Mirrowend Osprelake", "mirrowend.se"],
    ]
    assert rows["tier"].tolist() == [found.pairs.set_index("left_id").loc["L3", "tier"], ""]


def test_everything_right_leaves_no_differences() -> None:
    right = overlap.evaluate(LEFT.iloc[1:3], RIGHT.iloc[1:3], gold(("L2", "R2"), ("L3", "R3")), processes=1)
    assert right.score.total.f1 == 1.0 and differences(right).empty


def test_without_candidates_no_candidate_is_counted(found: Evaluation) -> None:
    shared = LEFT.assign(name=["Aaa Bbb", "Ccc Ddd", "Eee Fff", "Ggg Hhh"], country="")
    both = [overlap.evaluate(shared, RIGHT, TRUE, candidates=each, processes=1) for each in (True, False)]
    assert both[0].score.tiers["candidate"].found > 0 == both[1].score.tiers["candidate"].found
    assert both[0].score.released == both[1].score.released == both[1].score.total


def test_an_id_that_is_nowhere_counts_as_missed() -> None:
    result = overlap.evaluate(LEFT, RIGHT, gold(("L2", "R2"), ("L3", "R3"), ("L3", "gone")), processes=1)
    assert result.absent == 1 and result.score.total.true == 3
    assert differences(result).query("right_id == 'gone'")[
        ["left_name", "right_name"]
    ].to_numpy().tolist() == [["Zephyrine Vexmoor SA", ""]]


def test_pairs_labelled_0_are_not_true() -> None:
    labelled = gold(
        ("L2", "R2", "1"), ("L3", "R3", "0"), ("L4", "R4", "0"), columns=("ltable_id", "rtable_id", "label")
    )
    result = overlap.evaluate(LEFT, RIGHT, labelled, processes=1)
    assert result.true == {("L2", "R2")}
    assert (result.denied, result.different) == (2, 1)


@pytest.mark.parametrize(
    ("known", "what", "hint"),
    [
        (gold(("R1", "L1"), ("R2", "L2")), "2 of 2 known pairs", "swapped"),
        (gold(("L1", "R1"), ("x", "y"), ("x", "z")), "2 of 3 known pairs", "first column"),
        (gold(("L1", "R1"), columns=("L2", "R2")), "no header row", "left_id,right_id"),
        (gold(("L1", "R1", "0"), columns=("left_id", "right_id", "label")), "no true pair", "pairs of ids"),
        (gold(("L1",), columns=("left_id",)), "no two columns", "left_id,right_id"),
    ],
)
def test_a_list_that_cannot_be_the_truth_is_refused(known: pd.DataFrame, what: str, hint: str) -> None:
    with pytest.raises(BadInput) as error:
        overlap.evaluate(LEFT, RIGHT, known, processes=1)
    assert what in error.value.what and hint in error.value.hint


def test_there_are_two_halves_and_no_third() -> None:
    with pytest.raises(UsageError):
        overlap.evaluate(LEFT, RIGHT, TRUE, half="third")


def test_the_halves_of_an_evaluation_are_the_halves_of_the_lists(found: Evaluation) -> None:
    parts = halves(LEFT, RIGHT, found.true)
    results = [overlap.evaluate(LEFT, RIGHT, TRUE, half=half, processes=1) for half in ("first", "second")
               if parts[("first", "second").index(half)].true]  # fmt: skip
    assert sum(len(result.true) for result in results) == len(found.true)
    for result in results:
        part = parts[("first", "second").index(result.half)]
        assert result.accounts == (len(part.left), len(part.right)) and result.true == part.true


def test_files_and_frames_give_the_same(tmp_path: Path, found: Evaluation) -> None:
    places = [tmp_path / f"{name}.csv" for name in ("left", "right", "gold")]
    for place, frame in zip(places, (LEFT, RIGHT, TRUE), strict=True):
        frame.to_csv(place, index=False)
    again = overlap.evaluate(*places, processes=1)
    assert again.score == found.score and again.kinds == found.kinds
    assert again.pairs.equals(found.pairs)
