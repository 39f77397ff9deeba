"""However a CRM was rewritten between closes: a deal's source is paid once, and the way leaves no trace."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.attribution import Acted, earnings
from cleanroom.attribution.earnings import StandingNow, StatusNow, Taken, earn

DEALS, PARTNERS = ("D1", "D2", "D3"), ("p1", "p2")
RULES, PROOF = "cd" * 32, "mail sha256:" + "ab" * 32


@dataclass(frozen=True)
class Deal:
    """A deal of an import: who sourced and who influenced it, and of whom the actions are there."""

    sourced: tuple[str, ...]
    influenced: tuple[str, ...]
    known: tuple[str, ...]
    amount: int
    won: bool


@st.composite
def deals(draw: st.DrawFn, *, whole: bool = False) -> Deal:
    sourced = draw(st.sampled_from([(), ("p1",), ("p2",), PARTNERS]))
    influenced = tuple(one for one in PARTNERS if one not in sourced and draw(st.booleans()))
    known = PARTNERS if whole else draw(st.sampled_from([PARTNERS, PARTNERS, ("p1",), ("p2",), ()]))
    return Deal(
        sourced, influenced, known, draw(st.sampled_from([1000, 700, 701])), draw(st.integers(0, 3)) > 0
    )


def imports(*, whole: bool = False) -> st.SearchStrategy[dict[str, Deal]]:
    """Some of the deals, or all of them with all their actions."""
    if whole:
        return st.fixed_dictionaries({name: deals(whole=True) for name in DEALS})
    return st.dictionaries(st.sampled_from(DEALS), deals())


def standing(here: dict[str, Deal]) -> StandingNow:
    """What statuses say of an import; who has no action there has no status."""
    rows, actions, known = [], [], set()
    for name, deal in here.items():
        known |= {f"{name}-{one}" for one in deal.known}
        sourced = [one for one in deal.sourced if one in deal.known]
        for partner in (*sourced, *(one for one in deal.influenced if one in deal.known)):
            status = "Sourced" if partner in sourced else "Influenced"
            rows.append(
                StatusNow(
                    name, partner, status, status.lower(), RULES, f"{name}-{partner}", False,
                    str(deal.amount), "EUR", "2026-02-03", f"A-{name}", deal.won,
                    len(sourced) if status == "Sourced" else 1,
                )
            )  # fmt: skip
        actions += [
            Acted(f"{name}-{one}", one, "demo", name, "", "2026-02-01", PROOF, RULES) for one in deal.known
        ]
    return StandingNow(rows, dict.fromkeys(here, ""), actions, known, set(PARTNERS))


def live(rows: dict[str, list[str]]) -> Counter[tuple[str, str, str]]:
    """Cents by kind, partner and deal of all that is not cancelled; a demo counts 1."""
    gone = {row[8] for row in rows.values() if row[2] == "cancel"}
    found: Counter[tuple[str, str, str]] = Counter()
    for name, row in rows.items():
        if row[2] != "cancel" and name not in gone:
            found[row[2], row[3], row[4]] += int(row[6].replace(".", "")) if row[6] else 1
    return found


def close_all(steps: list[dict[str, Deal]], over: int) -> dict[str, list[str]]:
    """The rows of the ledger after a close on each import; a source is never paid twice on the way.

    From import number `over` on the window of all that was taken in before it is over.
    """
    rows: dict[str, list[str]] = {}
    evidence: dict[str, str] = {}
    most: Counter[str] = Counter()
    late: frozenset[str] = frozenset()
    for at, here in enumerate(steps):
        late = frozenset(rows) if at == over else late
        made = earn(standing(here), Taken(dict(rows), dict(evidence), late), f"2026-0{at + 3}-01")
        assert not {row[0] for row in made.new} & set(rows)
        assert not {row[8] for row in made.new if row[2] == "cancel"} & late
        rows |= {row[0]: row for row in made.new}
        evidence = {row[0]: row[1] for row in made.evidence} | evidence
        for name, deal in here.items():
            most[name] = max(most[name], deal.amount * 100)
        paid = live(rows)
        for name in DEALS:
            cents = [one for (kind, _, deal), one in paid.items() if (kind, deal) == ("sourced", name)]
            assert sum(cents) <= most[name]
        assert all(count == 1 for (kind, _, _), count in paid.items() if kind == "action:demo")
    return rows


@settings(max_examples=300, deadline=None)
@given(st.lists(imports(), max_size=5), imports(whole=True))
def test_within_the_window_the_last_import_decides(
    before: list[dict[str, Deal]], last: dict[str, Deal]
) -> None:
    rows = close_all([*before, last], 99)
    fresh = earn(standing(last), Taken(), "2026-09-01")
    assert live(rows) == live({row[0]: row for row in fresh.new})


@settings(max_examples=300, deadline=None)
@given(st.lists(imports(), min_size=2, max_size=6), st.integers(1, 4))
def test_after_the_window_nothing_is_taken_back_and_nothing_paid_beside_it(
    steps: list[dict[str, Deal]], over: int
) -> None:
    close_all(steps, over)


def test_what_is_earned_is_known_again() -> None:
    here = {"D1": Deal(("p1",), ("p2",), PARTNERS, 1000, True)}
    made = earn(standing(here), Taken(), "2026-03-01")
    assert len(made.new) == 4 and all(earnings.is_earned(row) for row in made.new)
