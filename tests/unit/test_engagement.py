"""How a partner was engaged on a deal. Expected: docs/attribution.md, worked by hand."""

from __future__ import annotations

from typing import Any

from stories import act, brought, deal, entered, pipeline

from cleanroom.attribution.classification import judge_pipeline
from cleanroom.attribution.observed import NOT_ENGAGED, Engagement, engagements_of

# O1 was created on 2026-05-01; today is 2026-11-22; Negotiation is a late stage.
STAGES = entered(("Discovery", "2026-05-01"), ("Negotiation", "2026-06-10"))


def engaged(*actions: dict[str, str], partner: str = "contoso", **more: Any) -> Engagement:
    found = engagements_of(judge_pipeline(pipeline(actions, **more)))
    return found.get(("O1", partner), NOT_ENGAGED)


def test_from_the_first_to_the_last_action() -> None:
    found = engaged(
        brought("2026-04-20", responded="2026-04-21"),
        act("demo", "2026-05-10", next_step="workshop", due="2026-06-01"),
        act("recommendation", "2026-06-10", next_step="call"),
    )
    assert found == Engagement("2026-04-20", "2026-06-10", "51", "3", "", "1", "1", "2", "1")


def test_what_the_data_do_not_say_is_empty_and_not_nothing() -> None:
    assert engaged() == Engagement("", "", "", "0", "", "0", "", "0", "")
    one = engaged(act("demo", "2026-05-10"))
    assert (one.engaged_days, one.introductions_accepted, one.steps_done, one.before_late) == (
        "0",
        "",
        "",
        "",
    )
    waiting = engaged(brought("2026-04-20", responded="2026-12-24"))
    # An answer of after today is not believed.
    assert (waiting.introductions, waiting.introductions_accepted) == ("1", "0")


def test_what_was_over_before_the_first_late_stage() -> None:
    actions = [act("demo", day) for day in ("2026-05-10", "2026-06-09", "2026-06-10", "2026-07-01")]
    # What shares the day with the stage was not before it.
    assert engaged(*actions, stages=STAGES).before_late == "2"
    assert engaged(*actions, stages=STAGES[:1]).before_late == "4"
    back = [*STAGES, *entered(("Discovery", "2026-06-15"), ("Negotiation", "2026-08-01"))]
    assert engaged(*actions, stages=back).before_late == "2"
    assert engaged(*actions).before_late == ""


def test_a_step_is_done_by_a_later_action_on_its_day_or_after() -> None:
    def done(*rows: tuple[str, str]) -> tuple[str, str]:
        found = engaged(*(act("demo", day, next_step="call", due=due, id=day) for day, due in rows))
        return found.steps, found.steps_done

    assert done(("2026-05-10", "")) == ("1", "0")
    assert done(("2026-05-10", "2026-05-20"), ("2026-05-19", "")) == ("2", "0")
    assert done(("2026-05-10", "2026-05-20"), ("2026-05-20", "")) == ("2", "1")
    assert done(("2026-05-10", "2026-05-20"), ("2026-05-12", ""), ("2026-05-21", "")) == ("3", "2")


def test_partners_deals_and_what_came_after_the_close_are_told_apart() -> None:
    actions = [
        act("demo", "2026-05-10"),
        act("demo", "2026-05-12", "fabrikam"),
        act("demo", "2026-05-14", opportunity_id="O2", id="other deal"),
        act("demo", "2026-07-01", id="after the close"),
        brought("2026-01-02", id="outside its window"),
        act("golf", "2026-05-16", id="no type of the menu"),
    ]
    deals = [deal(status="won", closed="2026-06-01"), deal(id="O2", account_id="A2")]
    assert engaged(*actions, deals=deals).actions == "1"
    assert engaged(*actions, deals=deals, partner="fabrikam").first_action == "2026-05-12"
    turned = engaged(*actions[::-1], deals=deals)
    assert turned == engaged(*actions, deals=deals)
