"""However statuses move, what is left of all that was earned is what stands, and nothing else is paid."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.attribution import Acted, earnings, payouts
from cleanroom.attribution.earnings import StandingNow, StatusNow, Taken, earn

PARTNERS = ("contoso", "fabrikam", "northwind")
DEALS = ("D1", "D2")

#: What one partner has on one deal: a status, an amount, and whether the deal is disputed.
CELL = st.tuples(
    st.sampled_from(["Sourced", "Influenced", "Assisted Close", "Attached"]),
    st.sampled_from(["100.00", "100.01"]),
    st.integers(0, 9),
)
STATE = st.fixed_dictionaries({(deal, partner): CELL for deal in DEALS for partner in PARTNERS})
ACTIONS = st.sets(st.tuples(st.sampled_from(["a1", "a2"]), st.sampled_from(PARTNERS), st.sampled_from(DEALS)))


def stands(
    state: dict[tuple[str, str], tuple[str, str, int]], acts: set[tuple[str, str, str]]
) -> StandingNow:
    rows = [
        StatusNow(
            deal, partner, "Disputed" if odd == 0 else status,
            "disputed:open" if odd == 0 else "x", "ab" * 32, "a1", False,
            amount, "EUR", "2026-02-03", "A1", True, 1,
        )
        for (deal, partner), (status, amount, odd) in state.items()
    ]  # fmt: skip
    done = [
        Acted(name, who, "demo", deal, "A1", "2026-01-02", "", "ab" * 32) for name, who, deal in sorted(acts)
    ]
    return StandingNow(rows, dict.fromkeys(DEALS, ""), done, {"a1", "a2"}, set(PARTNERS))


def left(rows: dict[str, list[str]]) -> Counter[tuple[str, ...]]:
    """What was earned and not cancelled, without ids."""
    over = {row[8] for row in rows.values() if row[2] == "cancel"}
    return Counter(tuple(row[1:]) for name, row in rows.items() if row[2] != "cancel" and name not in over)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(STATE, ACTIONS), min_size=1, max_size=6))
def test_what_is_left_is_what_stands(steps: list) -> None:
    rows: dict[str, list[str]] = {}
    evidence: dict[str, str] = {}
    for state, acts in steps:
        now, before = stands(state, acts), left(rows)
        made = earn(now, Taken(rows, evidence), "2026-07-01")
        assert not {row[0] for row in made.new} & set(rows)
        rows |= {row[0]: row for row in made.new}
        evidence |= {row[0]: row[1] for row in made.evidence}
        # From nothing the same is due, but for what a dispute keeps as it was.
        due = left({row[0]: row for row in earn(now, Taken(), "2026-07-01").new})
        frozen = {(one.opportunity, one.partner) for one in now.statuses if one.rule == "disputed:open"}
        after = left(rows)
        for cells in {*after, *due, *before}:
            if (cells[3], cells[2]) in frozen:
                assert after[cells] == before[cells]
            elif not any(one.code == "disputed" for one in made.findings):
                assert after[cells] == due[cells]
        again = earn(now, Taken(rows, evidence), "2026-07-01")
        assert again.new == []
        assert not payouts.read_events(list(rows.values())).findings
        assert all(earnings.is_earned(row) for row in rows.values())
