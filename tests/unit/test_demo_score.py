"""What the demo says of its result, on lists small enough to count by hand."""

from __future__ import annotations

from datetime import date

from cleanroom.demo import PARTNER, VENDOR, Truth, generate, score
from overlap.evaluation import Figures

TRUTH = Truth(
    pairs={
        ("a", "1"): "domain and name",
        ("b", "2"): "name only",
        ("b", "3"): "name only",
        ("c", "4"): "nothing equal",
    },
    near_misses={("a", "2"): "same group"},
)


def test_score_counts_each_pair_once_in_its_best_tier() -> None:
    found = score(
        [("a", "1", "candidate"), ("a", "1", "exact"), ("a", "2", "exact"), ("b", "2", "candidate")], TRUTH
    )
    assert found.total == Figures(found=3, right=2, true=4)
    assert found.by_tier == {"exact": Figures(2, 1, 4), "candidate": Figures(1, 1, 4)}
    assert found.by_evidence["name only"] == Figures(1, 1, 2)
    assert found.by_evidence["domain and name"].recall == 1.0
    assert found.by_evidence["nothing equal"].recall == 0.0
    assert found.near_misses == 1


def test_an_empty_result_is_precise_and_finds_nothing() -> None:
    empty = score([], TRUTH).total
    assert (empty.precision, empty.recall, empty.f1) == (1.0, 0.0, 0.0)


def test_a_perfect_result_scores_one() -> None:
    truth = generate(60, 3, date(2026, 1, 1)).truth(VENDOR, PARTNER)
    perfect = score([(*pair, "exact") for pair in truth.pairs], truth)
    assert perfect.total.f1 == 1.0 and perfect.near_misses == 0
