"""Which run said first that both hold an account. Expected: docs/weekly.md, worked by hand."""

from __future__ import annotations

from cleanroom.session.attribution.new_overlaps import Told, first_told

DAY = 86_400


def events(*runs: tuple[str, str, int, str, bool]) -> list[tuple[str, str, str, int]]:
    told = [Told(partner, run, at * DAY, accounts.split(), live) for partner, run, at, accounts, live in runs]
    return [(one.day, one.partner, one.account, one.number) for one in first_told(told)]


def test_an_account_is_new_once_with_each_partner() -> None:
    found = events(("a", "r1", 0, "X Y", True), ("b", "r2", 1, "X", True), ("a", "r3", 2, "Y Z X", True))
    assert found == [
        ("1970-01-01", "a", "X", 1), ("1970-01-01", "a", "Y", 1),
        ("1970-01-02", "b", "X", 1), ("1970-01-03", "a", "Z", 2),
    ]  # fmt: skip


def test_what_only_ended_runs_told_is_left_out_and_is_still_not_new_later() -> None:
    assert events(("a", "r1", 0, "X Y", False), ("a", "r2", 9, "Y Z", True)) == [
        ("1970-01-01", "a", "Y", 1), ("1970-01-10", "a", "Z", 2),
    ]  # fmt: skip


def test_an_account_that_went_and_came_back_is_not_new() -> None:
    found = events(("a", "r1", 0, "X", True), ("a", "r2", 1, "", True), ("a", "r3", 2, "X", True))
    assert found == [("1970-01-01", "a", "X", 1)]
