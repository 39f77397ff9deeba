"""New overlaps, from run to run, by the real commands. The walk begins on Sunday 2026-11-22."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import (
    DAY,
    PARTNER,
    SHARED,
    VENDOR,
    VENDOR_ONLY,
    TwoParties,
    Walk,
    domain_of,
    match,
    with_one_deal,
    write_csv,
)


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """After a match and the proofs, with one deal, so that there is a review."""
    return with_one_deal(walk, tmp_path / "both")


def second_run(both: TwoParties, tmp_path: Path) -> None:
    """The partner has twelve companies more, two of which are ours too."""
    names = [*VENDOR_ONLY, *(f"Fillerby {letter}" for letter in "abcdefghij")]
    rows = [[f"P{at}", name, domain_of(name)] for at, name in enumerate(names)]
    path = write_csv(tmp_path / "more.csv", ["id", "name", "website"], rows)
    both.run(PARTNER, "import", path, "--population", "prospects")
    both.now += 3 * DAY
    match(both)


def test_each_overlap_is_told_once_since_the_run_that_first_told_it(both: TwoParties, tmp_path: Path) -> None:
    first = both.read_json(VENDOR, "match", "new")
    assert {one["name"] for one in first} >= set(SHARED[:3])
    assert {(one["partner"], one["number"], one["day"]) for one in first} == {(PARTNER, 1, "2026-11-22")}
    assert len({one["account"] for one in first}) == len(first)
    second_run(both, tmp_path)
    found = both.read_json(VENDOR, "match", "new")
    # Those of the first run stay what they were, though the second run told them again.
    assert found[: len(first)] == first
    new = found[len(first) :]
    assert {one["name"] for one in new} == set(VENDOR_ONLY)
    assert {(one["number"], one["day"]) for one in new} == {(2, "2026-11-25")}
    assert both.read_json(VENDOR, "match", "new", "--since", "2026-11-23") == new
    assert "run 2" in both.run(VENDOR, "match", "new", "--partner", PARTNER).out
    both.run(VENDOR, "match", "new", "--since", "then", code=2)
    both.run(VENDOR, "match", "new", "--partner", "nobody", code=2)


def test_the_weekly_review_says_what_is_new_since_the_week_compared_with(
    both: TwoParties, tmp_path: Path
) -> None:
    made = both.read_json(VENDOR, "weekly")
    assert made["since"] == "" and {one["number"] for one in made["overlaps"]} == {1}
    second_run(both, tmp_path)
    both.now += 7 * DAY
    page = tmp_path / "review.html"
    made = both.read_json(VENDOR, "weekly", "--html", page)
    # Compared with the week of the first run, which is told again with the second.
    assert (made["since"], {one["number"] for one in made["overlaps"]}) == ("2026-W47", {1, 2})
    both.now += 7 * DAY
    made = both.read_json(VENDOR, "weekly")
    assert (made["since"], made["overlaps"]) == ("2026-W49", [])
    assert "New overlaps" in page.read_text()


def test_looking_writes_nothing_that_anybody_gets_and_an_ended_agreement_takes_it_away(
    both: TwoParties,
) -> None:
    log = both.place(VENDOR, "logs", f"{PARTNER}.log")
    before = log.read_bytes()
    assert both.read_json(VENDOR, "match", "new")
    assert "both hold" in both.run(VENDOR, "weekly").out
    assert log.read_bytes() == before
    both.now += 200 * DAY
    assert both.read_json(VENDOR, "match", "new") == []
    assert both.run(VENDOR, "match", "new").out.startswith("nothing")
    assert both.read_json(VENDOR, "weekly")["overlaps"] == []


def test_a_forgotten_account_is_told_no_more(both: TwoParties, tmp_path: Path) -> None:
    first, *rest = both.read_json(VENDOR, "match", "new")
    both.run(VENDOR, "forget", first["account"], "--yes", "--out", tmp_path / "told")
    assert both.read_json(VENDOR, "match", "new") == rest
