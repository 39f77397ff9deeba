"""Give and take with partners. Expected: docs/attribution.md, worked by hand."""

from __future__ import annotations

from stories import act, brought, deal, pipeline

from cleanroom.attribution.classification import judge_pipeline
from cleanroom.attribution.observed import Exchange, GiveAndTake, give_and_take
from cleanroom.attribution.payouts import read_day

# Today is 2026-11-22; an introduction counts for deals created up to 30 days after it.


def lead(date: str, partner: str = "contoso", **change: str) -> dict[str, str]:
    return act("reverse-referral", date, partner, **{"direction": "ours"} | change)


def exchange(actions=(), sent=(), deals=None, since="", until="") -> Exchange:
    judged = judge_pipeline(pipeline(actions, deals=deals))
    return give_and_take(judged, sent, *(read_day(one) if one else None for one in (since, until)))


def test_each_side_is_counted_with_what_came_of_it() -> None:
    deals = [deal(status="won", closed="2026-06-01"), deal(id="O2", account_id="A2", status="lost")]
    actions = [
        brought("2026-04-20", responded="2026-04-21", looped_back="2026-04-30"),
        act("introduction", "2026-05-02", opportunity_id="O2", id="named"),
        act("demo", "2026-05-03", id="no introduction"),
    ]
    sent = [
        lead("2026-05-05", responded="2026-05-06", looped_back="2026-06-06", outcome="won"),
        lead("2026-05-07", outcome="lost"),
        lead("2026-05-08", "fabrikam"),
    ]
    found = exchange(actions, sent, deals)
    assert found == Exchange(
        "2026-04-20",
        "2026-11-22",
        (
            GiveAndTake("contoso", 2, 1, 1, 1, 2, 1, 1, 1, 1),
            GiveAndTake("fabrikam", *(0,) * 4, 1, 0, 0, 0, 0),
        ),
        0,
    )


def test_an_introduction_wins_only_a_deal_of_its_window() -> None:
    won = {"status": "won", "closed": "2026-06-01"}
    assert exchange([brought("2026-04-01")], deals=[deal(**won)]).partners[0].received_won == 1
    # The deal was created on 1 May: 31 days later, and before the introduction.
    for day in ("2026-03-31", "2026-05-02"):
        assert exchange([brought(day)], deals=[deal(**won)]).partners[0].received_won == 0
    assert exchange([brought("2026-04-20")], deals=[deal()]).partners[0].received_won == 0


def test_a_window_has_both_its_days_and_ends_today() -> None:
    sent = [lead(f"2026-05-{day:02}") for day in (1, 2, 3)]
    found = exchange(sent=sent, since="2026-05-01", until="2026-05-02")
    assert (found.since, found.until, found.partners[0].sent) == ("2026-05-01", "2026-05-02", 2)
    assert exchange(sent=sent, until="2027-01-01").until == "2026-11-22"
    assert exchange(sent=sent, since="2026-06-01") == Exchange("", "", (), 0)


def test_what_cannot_be_counted_is_said_and_the_future_is_not_believed() -> None:
    sent = [
        lead("", id="no day"),
        lead("2026-12-01", id="tomorrow"),
        lead("2026-05-01", "", id="to nobody"),
        lead("2026-05-01", responded="2026-12-01", looped_back=""),
    ]
    found = exchange(sent=sent)
    assert found.left_out == 3
    assert found.partners == (GiveAndTake("contoso", 0, 0, 0, 0, 1, 0, 0, 0, 0),)
