"""The last line of an explanation says what a better status takes, and every condition in it was tried."""

from __future__ import annotations

import pytest
from stories import act, brought, deal, entered, pipeline

from cleanroom.attribution.classification import (
    EXPLANATION_LINES,
    Pipeline,
    explain_status,
    focus,
    nearest_alternative,
)

LOST = "nothing that was tried"


def last(made: Pipeline, partner: str = "contoso", **options: bool) -> str:
    lines = explain_status(made, "O1", partner, **options)
    assert len(lines) <= EXPLANATION_LINES
    return lines[-1]


def test_influenced_hears_what_would_have_sourced_the_deal() -> None:
    # Nothing but an open deal in an early stage: no late action can help, and the past is what it is.
    made = pipeline([act("demo", "2026-11-20")], stages=entered(("Discovery", "2026-05-01")))
    assert last(made) == (
        "would be Sourced if an introduction had been logged on or before 2026-05-01 with its proof and owner"
    )


def test_a_closed_deal_hears_of_the_day_on_which_an_action_would_still_have_counted() -> None:
    won = deal(status="won", closed="2026-07-31")
    made = pipeline(
        [act("co-marketing", "2026-06-01")], deals=[won], stages=entered(("Discovery", "2026-05-01"))
    )
    said = last(made)
    assert said.startswith("would be Influenced if an adoption had been logged on or before 2026-07-31 with")


def test_an_account_that_was_not_new_is_said_beside_the_action() -> None:
    older = deal(id="O0", created="2026-01-01")
    made = pipeline(
        [act("demo", "2026-11-20")], deals=[deal(), older], stages=entered(("Discovery", "2026-05-01"))
    )
    said = last(made)
    assert said.startswith("would be Sourced if an introduction had been logged on or before 2026-05-01")
    assert said.endswith("and the account had had no other open deal")


def test_without_the_other_deal_its_actions_are_not_there_either() -> None:
    older = deal(id="O0", created="2026-01-01")
    theirs = brought("2026-04-20", opportunity_id="O0")
    made = pipeline(
        [act("demo", "2026-11-20"), theirs],
        deals=[deal(), older],
        stages=entered(("Discovery", "2026-05-01")),
    )
    # The introduction is on O0: it brings O1 nothing once O0 is thought away.
    assert last(made) != "would be Sourced if the account had had no other open deal"
    own = pipeline([*made.actions.to_dict("records"), brought("2026-04-20", id="a")], deals=[deal(), older])
    assert last(own) == "would be Sourced if the account had had no other open deal"


def test_a_source_that_is_taken_is_named_without_the_rival_for_a_partner() -> None:
    made = pipeline(
        [act("demo", "2026-11-20"), brought("2026-04-20", "fabrikam")],
        stages=entered(("Discovery", "2026-05-01")),
    )
    said = last(made, for_partner=True)
    assert LOST not in said and "fabrikam" not in said
    assert said.startswith(
        "nothing tried gives a better status than Influenced: Sourced takes an introduction"
    )


def test_what_is_promised_comes_out_when_it_is_done() -> None:
    rows = [act("demo", "2026-11-20")]
    stages = entered(("Discovery", "2026-05-01"))
    found = nearest_alternative(focus(pipeline(rows, stages=stages), "O1"), "O1", "contoso")
    assert found is not None
    done = pipeline([*rows, act("introduction", "2026-05-01")], stages=stages)
    assert f"contoso is {found.status}" in explain_status(done, "O1", "contoso")[0]


@pytest.mark.parametrize("partner", ["contoso", "fabrikam"])
def test_a_dispute_between_rivals_still_has_a_way_out(partner: str) -> None:
    made = pipeline([brought("2026-04-20"), brought("2026-04-21", "fabrikam")])
    assert LOST not in last(made, partner) and "would be Sourced if" in last(made, partner)


def test_a_deal_that_keeps_an_introduction_from_sourcing_is_named() -> None:
    older = deal(id="O0", created="2026-03-01", status="lost", closed="2026-07-09")
    closed_before = deal(id="O2", created="2026-01-01", status="lost", closed="2026-02-01")
    # Also an introduction on the deal in the way: without that deal it must not count for the account.
    made = pipeline(
        [
            brought("2026-04-20", id="a1"),
            brought("2026-02-20", id="a2", opportunity_id="O0", account_id="A1"),
        ],
        deals=[deal(), older, closed_before],
    )
    lines = explain_status(made, "O1", "contoso")
    assert "contoso is Attached" in lines[0] and len(lines) <= EXPLANATION_LINES
    assert "  the account was not net new: deal O0 stood open there; without it Sourced" in lines
    told = explain_status(made, "O1", "contoso", for_partner=True)
    assert "  the account was not net new: another deal stood open there; without it Sourced" in told
    assert not any("O0" in line for line in told)


def test_rivals_on_an_account_that_was_not_new_hear_of_the_deal() -> None:
    older = deal(id="O0", created="2026-03-01")
    made = pipeline([brought("2026-04-20"), brought("2026-04-21", "fabrikam")], deals=[deal(), older])
    lines = explain_status(made, "O1", "fabrikam", for_partner=True)
    assert "  the account was not net new: another deal stood open there; without it Disputed" in lines


def test_no_deal_is_blamed_for_what_would_not_have_sourced() -> None:
    older = deal(id="O0", created="2026-03-01")
    too_old = pipeline([brought("2026-01-20", id="a1")], deals=[deal(), older])
    assert not any("net new" in line for line in explain_status(too_old, "O1", "contoso")[2:])
    alone = pipeline([brought("2026-04-20", id="a1")])
    assert not any("net new" in line for line in explain_status(alone, "O1", "contoso")[2:])
