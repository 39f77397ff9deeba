"""What a programme brought in: a deal counts once, what was reversed does not, a lift is another number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cleanroom.session.attribution.programme import credited_revenue, read_lift
from overlap.errors import BadInput

EARNED = {"a", "b", "c", "d", "e", "f"}


def row(
    event: str, kind: str, deal: str, amount: str, currency: str = "EUR", original: str = ""
) -> list[str]:
    return [event, "2026-01-05", kind, "p", deal, "", amount, currency, original]


def test_a_deal_counts_once_however_many_it_paid() -> None:
    rows = [
        row("a", "sourced", "d1", "100"),
        row("b", "influenced", "d1", "100"),
        row("c", "influenced", "d1", "100"),
    ]
    assert credited_revenue(rows, EARNED) == {"EUR": {"d1": 10_000}}


def test_the_parts_of_a_shared_source_add_up() -> None:
    rows = [
        row("a", "sourced", "d1", "60"),
        row("b", "sourced", "d1", "40"),
        row("c", "influenced", "d1", "100"),
    ]
    assert credited_revenue(rows, EARNED) == {"EUR": {"d1": 10_000}}


def test_what_was_reversed_or_paid_nothing_is_no_revenue() -> None:
    rows = [
        row("a", "sourced", "d1", "100"),
        row("r", "refund", "d1", "30", original="a"),
        row("b", "sourced", "d2", "50"),
        row("x", "cancel", "d2", "", "", original="b"),
        row("nobody", "sourced", "d3", "70"),
        row("c", "sourced", "d4", "5", "JPY"),
    ]
    assert credited_revenue(rows, EARNED) == {"EUR": {"d1": 7_000}, "JPY": {"d4": 5}}


def test_a_lift_is_read_exactly(tmp_path: Path) -> None:
    answer, deals = tmp_path / "lift.json", tmp_path / "deals.csv"
    answer.write_text('{"matched": {"low": -0.01, "difference": 0.1, "high": 0.25}, "refused": []}')
    deals.write_text(
        "deal_id,segment,amount,created,partner_id,attached,closed,outcome\n"
        "d1,a,100.10,2026-01-01,p,2026-01-02,2026-02-01,won\n"
        "d2,a,200,2026-01-01,p,2026-01-02,2026-02-01,lost\n"
        "d3,a,900,2026-01-01,,,2026-02-01,won\n"
        "d4,a,many,2026-01-01,p,2026-01-02,2026-02-01,lost\n"
    )
    lift = read_lift(answer, deals)
    assert lift.differences == (Fraction(-1, 100), Fraction(1, 10), Fraction(1, 4))
    assert lift.amount == Fraction(30_010, 100)
    answer.write_text('{"matched": null, "refused": [{"code": "thin-strata", "reason": "too few"}]}')
    assert read_lift(answer, deals).reasons == ("too few",)
    answer.write_text('{"measure": "days", "matched": null, "refused": []}')
    with pytest.raises(BadInput, match="not of the win rate"):
        read_lift(answer, deals)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"matched": 3, "refused": []}', '{"matched": {}, "refused": []}']
)
def test_another_file_is_no_lift(tmp_path: Path, text: str) -> None:
    answer = tmp_path / "lift.json"
    answer.write_text(text)
    with pytest.raises(BadInput, match="no answer of"):
        read_lift(answer, answer)
