"""How evenly owners and partners log. Counts by hand; what chance alone makes is simulated, seeds fixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from stories import act, brought, deal, pipeline

from cleanroom.attribution import classification, observed
from cleanroom.attribution.observed.evenness import _compared


def seen(*words: Any, **options: Any) -> observed.Logged:
    made = classification.judge_pipeline(pipeline(*words, **options))
    return observed.logged_by(made, classification.status_table(made))


def counts(view: tuple[observed.Evenness, ...], measure: str) -> dict[str, tuple[int, int]]:
    one = next(each for each in view if each.measure == measure)
    return {row.name: (row.deals, row.of) for row in one.rows}


DEALS = [deal(id="O1"), deal(id="O2", account_id="A2"), deal(id="O3", account_id="A3")]


def test_a_deal_counts_once_for_each_owner_and_is_in_time_when_every_action_is() -> None:
    found = seen(
        [
            act("demo", "2026-05-03", owner="jo"),
            act("demo", "2026-06-03", owner="jo", logged="2026-07-20", id="late"),
            act("demo", "2026-06-04", owner="jo", opportunity_id="O2"),
            act("demo", "2026-06-05", owner="mo", opportunity_id="O2", partner="fabrikam"),
            act("demo", "2026-06-06", owner="mo", opportunity_id="O3", partner="fabrikam", proof=""),
            act("demo", "2026-06-07", owner=" mo ", opportunity_id="O3", partner="fabrikam"),
        ],
        deals=DEALS,
    )
    assert counts(found.owners, "in-time") == {"jo": (1, 2), "mo": (2, 2)}
    assert counts(found.owners, "re-dated") == {"jo": (1, 2), "mo": (0, 2)}
    assert counts(found.owners, "evidence") == {"jo": (2, 2), "mo": (1, 2)}
    assert counts(found.partners, "in-time") == {"contoso": (1, 2), "fabrikam": (2, 2)}
    assert found.left_out == {}


def test_disputed_is_the_status_of_the_partner_on_the_deal() -> None:
    acts = [
        act("demo", "2026-05-03", owner="jo"),
        act("demo", "2026-05-04", owner="mo", partner="fabrikam"),
    ]
    found = seen(acts, deals=DEALS[:1], disputes=[("O1", "fabrikam")])
    assert counts(found.owners, "disputed") == {"jo": (0, 1), "mo": (1, 1)}


def test_what_is_in_no_view_is_counted() -> None:
    found = seen(
        [
            act("demo", "2026-05-03", owner=""),
            act("demo", "2026-05-03", id="unlogged", opportunity_id="O2", owner="jo", logged=""),
            brought("2026-04-20"),
            act("demo", "soon", id="soon"),
            act("dancing", "2026-05-05"),
        ],
        deals=DEALS,
    )
    assert found.left_out == {"unusable": 2, "no-deal": 1}
    # Without a day of logging it is neither in time nor late.
    assert counts(found.owners, "in-time") == {"": (1, 1)}
    assert counts(found.owners, "evidence") == {"": (1, 1), "jo": (1, 1)}


def test_nothing_logged_is_nothing_tested() -> None:
    found = seen([], deals=DEALS)
    assert all(one.rows == () and one.tested == 0 for one in (*found.owners, *found.partners))


def test_one_that_differs_is_named_and_forty_alike_are_not() -> None:
    names = [f"o{at:02}" for at in range(41)]
    draw = np.random.default_rng(5)
    named = outside = 0
    for _ in range(20):
        alike = draw.binomial(30, 0.7, 41).tolist()
        found = _compared("in-time", names, alike, [30] * 41)
        named += sum(bool(row.says) for row in found.rows)
        outside += found.outside
        assert found.tested == 41 and found.by_chance == pytest.approx(2.05)
        alike[7] = 5
        odd = {row.name: row.says for row in _compared("in-time", names, alike, [30] * 41).rows}
        assert odd["o07"] == "less often"
    # Twenty times forty-one alike: one of twenty families may name somebody, one interval of twenty misses.
    assert named <= 4
    assert 15 <= outside <= 70


def test_few_deals_say_nothing() -> None:
    found = _compared("in-time", ["a", "b", "c"], [0, 90, 0], [4, 100, 0])
    assert {row.name: row.says for row in found.rows} == {"a": "not enough deals", "b": ""}
    assert found.tested == 1
