"""Rates by type of action and partner: what each is laid beside by hand, what chance makes by made deals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from made_deals import make_deals

from cleanroom.attribution.statistics import Act, days_of, gather_deals, rates_by_action
from cleanroom.cli.app import overlap

TODAY = 30_000.0


def deal(number: int, closed: str, outcome: str, **change: str) -> dict[str, str]:
    usual = {"deal_id": f"d{number}", "segment": "s", "amount": "10", "created": "2025-01-01"}
    usual |= {"partner_id": "", "attached": "", "closed": closed, "outcome": outcome}
    return usual | change


def day(text: str) -> float:
    found = days_of(text)
    assert found is not None
    return found


#: All enter the stage on their first day. Five stay longer than twenty days, one of them won; d9 is short.
ROWS = [
    deal(0, "2025-03-01", "won"),
    *(deal(at, "2025-02-01", "lost") for at in range(1, 5)),
    deal(5, "2025-02-01", "won"),
    deal(6, "", ""),
    deal(7, "2025-02-01", "won", amount="25"),
    deal(8, "2025-02-01", "won", segment="t"),
    deal(9, "2025-01-15", "won"),
]
STAGES = [{"deal_id": row["deal_id"], "stage": "one", "entered": "2025-01-01"} for row in ROWS]


def test_an_action_is_laid_beside_deals_that_were_in_its_stage_for_longer() -> None:
    found = rates_by_action(
        gather_deals(ROWS, STAGES, TODAY),
        [
            Act("p", day("2025-01-21"), "demo", "d0"),
            # Again, by the same partner: the first counts.
            Act("p", day("2025-01-25"), "demo", "d0"),
            Act("p", day("2025-01-21"), "demo", "d6"),
            Act("q", day("2025-01-21"), "demo", "d7"),
            Act("q", day("2025-01-21"), "demo", "elsewhere"),
            Act("q", day("2025-01-21"), "", "d1"),
            Act("q", day("2025-02-21"), "demo", "d1"),
            Act("q", day("2024-12-21"), "demo", "d1"),
        ],
    )
    (cell,) = found.cells
    assert (cell.type, cell.partner, cell.won, cell.of) == ("demo", "p", 1, 1)
    # d1 to d5 without d0 itself: one of five won, with half a win and half a loss more.
    assert cell.expected == pytest.approx(1.5 / 6)
    assert cell.says == "too thin: 1 of 5 deals"
    assert [one.partner for one in found.types] == [""]
    assert found.open == 1 and (found.tested, found.outside) == (0, 0)
    assert found.left_out == {"no-deal": 1, "no-type": 1, "none-alike": 1, "not-open": 2}


def test_an_early_action_is_laid_beside_the_short_stays_too() -> None:
    found = rates_by_action(gather_deals(ROWS, STAGES, TODAY), [Act("p", day("2025-01-05"), "demo", "d0")])
    # d9, won on its fourteenth day, was there on the fourth.
    assert found.cells[0].expected == pytest.approx(2.5 / 7)


def test_without_stages_nothing_is_said() -> None:
    found = rates_by_action(gather_deals(ROWS, [], TODAY), [Act("p", day("2025-01-05"), "demo", "d0")])
    assert found.cells == () and found.left_out == {"no-stage": 1}


def acts_of(made_rows: list[dict[str, str]]) -> list[Act]:
    return [
        Act(row["partner_id"], day(row["attached"]), "demo", row["deal_id"])
        for row in made_rows
        if row["partner_id"]
    ]


def test_partners_that_change_nothing_look_like_deals_in_their_place() -> None:
    """Raw, deals with a partner are won 35 points more often (tests/unit/test_lift.py)."""
    for seed in (21, 22):
        made = make_deals(seed, 3_000, 1.0)
        found = rates_by_action(gather_deals(made.deals, made.stages, TODAY), acts_of(made.deals))
        (whole,) = found.types
        assert whole.of > 250 and abs(whole.won / whole.of - whole.expected) < 0.07
        assert found.tested >= 20 and found.outside <= 2


def test_actions_that_win_deals_are_seen() -> None:
    made = make_deals(23, 3_000, 2.5)
    found = rates_by_action(gather_deals(made.deals, made.stages, TODAY), acts_of(made.deals))
    assert found.types[0].says == "won more often than deals in their place"


def test_the_order_of_actions_is_no_matter() -> None:
    made = make_deals(24, 500)
    deals, acts = gather_deals(made.deals, made.stages, TODAY), acts_of(made.deals)
    assert rates_by_action(deals, acts) == rates_by_action(deals, acts[::-1])


def test_the_command_tells_rates_by_action(tmp_path: Path) -> None:
    made = make_deals(25, 800)
    acts = [
        {"partner": act.partner, "date": row["attached"], "type": act.type, "deal_id": act.deal}
        for act, row in zip(acts_of(made.deals), [r for r in made.deals if r["partner_id"]], strict=True)
    ]
    acts.append({"partner": "", "date": "soon", "type": "demo", "deal_id": "d00001"})
    words = ["rates"]
    for name, rows in (("deals", made.deals), ("stages", made.stages), ("actions", acts)):
        place = tmp_path / f"{name}.csv"
        place.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n")
        words += ["--actions", str(place)] if name == "actions" else [str(place)]

    def run(*more: str) -> str:
        done = CliRunner().invoke(overlap, [*words, *more], standalone_mode=False)
        assert done.exception is None
        return done.stdout

    answer = json.loads(run("--json"))
    assert (
        answer["actions"]["types"][0]["type"] == "demo" and answer["actions"]["left_out"]["bad-action"] == 1
    )
    assert len(answer["limits"]) == 4
    text = run()
    assert "(all)" in text and "too thin: " in text and "types by partner tested" in text
    words = words[:3]
    assert "actions" not in json.loads(run("--json"))
