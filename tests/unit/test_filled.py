"""The gate before pay and forecast. Expected counts: docs/weekly.md, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from stories import act, deal, pipeline, rules

from cleanroom.attribution.classification import (
    Filled,
    Judged,
    Pipeline,
    completeness,
    judge_pipeline,
    require_complete,
)
from cleanroom.session.attribution.rule_files import default_rules
from overlap.errors import Refused

#: A year before the 22nd of November 2026, and a day more.
YEAR_AGO, LONGER_AGO = "2025-11-22", "2025-11-21"


def gated(lines: str) -> bytes:
    return default_rules().partition(b"\n[completeness]")[0] + f"\n[completeness]\n{lines}\n".encode()


def judged(*words: Any, **options: Any) -> Judged:
    return judge_pipeline(pipeline(*words, **options))


def found(pipe: Pipeline) -> dict[str, tuple[int, int]]:
    return {one.field: (one.filled, one.of) for one in completeness(judge_pipeline(pipe))}


def test_every_gated_field_is_counted_over_the_actions_that_may_earn() -> None:
    made = pipeline(
        [
            act("demo", "2026-05-03"),
            act("demo", "2026-05-04", proof=" ", owner="", logged=""),
            act("demo", "", id="3"),
            act("golf", "2026-05-04", id="4"),
            act("", "2026-05-04", id="5", partner=""),
            act("co-marketing", "2026-05-05", proof=""),
        ]
    )
    assert found(made) == {
        "partner": (4, 5), "type": (3, 5), "date": (4, 5), "proof": (4, 5), "owner": (4, 5),
        "role": (0, 5), "next_step": (0, 5), "logged": (3, 5),
    }  # fmt: skip


def test_deals_closed_long_ago_and_accounts_of_them_do_not_count() -> None:
    def closed(day: str, number: int) -> dict[str, str]:
        return deal(id=f"O{number}", account_id=f"A{number}", status="won", created="2024-01-01", closed=day)

    deals = [deal(id="O0", account_id="A0"), closed(YEAR_AGO, 1), closed(LONGER_AGO, 2), closed("", 3)]
    on_deals = [act("demo", "2025-01-01", id=f"d{n}", opportunity_id=f"O{n}") for n in range(4)]
    on_accounts = [
        act("introduction", "2025-01-01", id=f"a{n}", opportunity_id="", account_id=f"A{n}") for n in range(4)
    ]
    waiting = act("introduction", "2025-01-01", id="w", opportunity_id="", account_id="A9")
    gone = act("demo", "2025-01-01", id="g", opportunity_id="gone")
    moved = act("demo", "2025-01-01", id="m", opportunity_id="gone", account_id="A0")
    old = [on_deals[2], on_accounts[2], gone]
    assert found(pipeline(old, deals=deals))["partner"] == (0, 0)
    whole = [*on_deals, *on_accounts, waiting, gone, moved]
    assert found(pipeline(whole, deals=deals))["partner"] == (8, 8)


def test_the_gate_says_which_field_and_how_much() -> None:
    actions = [act("demo", "2026-05-03", id=str(n), proof="x" if n < 7 else "") for n in range(10)]
    require_complete(judged(actions, book=rules(gated("proof = 70\nowner = 100"))))
    with pytest.raises(Refused, match=r"proof in 70\.0 per cent of 10 actions, the rules need 71$"):
        require_complete(judged(actions, book=rules(gated("proof = 71\nowner = 100"))))
    require_complete(judged(actions, book=rules(default_rules().partition(b"\n[completeness]")[0] + b"\n")))
    require_complete(judged([], book=rules(gated("proof = 100"))))


def test_a_per_cent_is_never_rounded_up_to_what_is_needed() -> None:
    assert Filled("proof", 80, 7_999, 10_000).per_cent == "79.9"
    assert not Filled("proof", 80, 7_999, 10_000).enough
    assert (Filled("proof", 0, 0, 0).per_cent, Filled("proof", 50, 0, 0).enough) == ("-", True)
