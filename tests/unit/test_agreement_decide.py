"""Decisions and their clauses. Expected answers restate the tables of cleanroom/FORMATS.md, Decisions."""

from __future__ import annotations

from typing import Any

import pytest

from cleanroom.agreement import POLICY_SAMPLE, Decision, Request, decide, explain
from tests.agreement_parties import ACCEPTED, DAY, make_signed

POLICY = POLICY_SAMPLE.replace(
    '[proposer]\npopulations = ["customers"]\nfields = ["name"]',
    '[proposer]\npopulations = ["customers", "prospects"]\nfields = ["name", "city"]',
).replace("[terms]", '[terms]\nasymmetry = "the accepter has no prospects"')
SIGNED = make_signed(POLICY)
EXPORTABLE = make_signed(POLICY.replace("exportable = false", "exportable = true"))
COUNTS = make_signed(
    POLICY.replace('"overlaps"', '"counts"')
    .replace('fields = ["name", "city"]\n', "")
    .replace('fields = ["name"]\n', "")
)
START, END = ACCEPTED, ACCEPTED + 90 * DAY

#: contoso reads what northwind, the proposer, shows.
READ = Request("read", "contoso", "city", "prospects", "co-sell")
EXPORT = Request("export", "contoso", "city", "prospects", "co-sell")
GRANT = Request("grant", "northwind", "city", "prospects", "co-sell")
MATCH = Request("match", "northwind", population="prospects")


@pytest.mark.parametrize(
    ("signed", "request_", "clause"),
    [
        (SIGNED, READ, "proposer.fields"),
        (SIGNED, GRANT, "proposer.fields"),
        (SIGNED, MATCH, "proposer.populations"),
        (SIGNED, Request("match", "contoso", population="customers"), "accepter.populations"),
        (SIGNED, Request("read", "northwind", "name", "customers", "co-sell"), "accepter.fields"),
        (EXPORTABLE, EXPORT, "terms.exportable"),
        (COUNTS, MATCH, "proposer.populations"),
    ],
)
def test_what_the_document_says_is_allowed_by_its_clause(signed: Any, request_: Request, clause: str) -> None:
    decision = decide(signed, request_, START)
    assert (decision.allowed, decision.clause) == (True, clause)


@pytest.mark.parametrize(
    ("signed", "request_", "clause"),
    [
        (SIGNED, EXPORT, "terms.exportable"),
        (SIGNED, Request("read", "northwind", "city", "customers", "co-sell"), "accepter.fields"),
        (SIGNED, Request("grant", "contoso", "city", "customers", "co-sell"), "accepter.fields"),
        (SIGNED, Request("read", "northwind", "name", "prospects", "co-sell"), "accepter.populations"),
        (SIGNED, Request("match", "contoso", population="prospects"), "accepter.populations"),
        (SIGNED, Request("read", "contoso", "city", "prospects", "attribution"), "terms.purposes"),
        (COUNTS, READ, "terms.level"),
        (COUNTS, GRANT, "terms.level"),
        (SIGNED, Request("read", "stranger", "city", "prospects", "co-sell"), "default"),
        (SIGNED, Request("read", "", "city", "prospects", "co-sell"), "default"),
        (SIGNED, Request("delete", "contoso", "city", "prospects", "co-sell"), "default"),
        (SIGNED, Request("read", "contoso", None, "prospects", "co-sell"), "default"),
        (SIGNED, Request("read", "contoso", "city", None, "co-sell"), "default"),
        (SIGNED, Request("read", "contoso", "city", "prospects"), "default"),
        (SIGNED, Request("match", "contoso"), "default"),
        (SIGNED, Request("match", "contoso", "name", "customers"), "default"),
        (SIGNED, Request("read", "contoso", "*", "prospects", "co-sell"), "proposer.fields"),
        (SIGNED, Request("read", "contoso", "City", "prospects", "co-sell"), "proposer.fields"),
    ],
)
def test_everything_else_is_refused_by_the_first_rule(signed: Any, request_: Request, clause: str) -> None:
    decision = decide(signed, request_, START)
    assert (decision.allowed, decision.clause) == (False, clause)


@pytest.mark.parametrize("request_", [READ, GRANT, MATCH, EXPORT])
def test_the_period_is_half_open_to_the_second(request_: Request) -> None:
    def answer(now: int) -> tuple[bool, str]:
        decision = decide(EXPORTABLE, request_, now)
        return decision.allowed, decision.clause if not decision.allowed else ""

    assert answer(START - 1) == (False, "terms.not_before")
    assert answer(START) == (True, "")
    assert answer(END - 1) == (True, "")
    assert answer(END) == (False, "terms.until")
    assert answer(END + 1) == (False, "terms.until")


@pytest.mark.parametrize("now", [None, True, "2026-11-22", float(START), 1e400, [], object()])
def test_a_time_that_is_no_whole_number_is_refused_without_an_error(now: Any) -> None:
    assert decide(SIGNED, READ, now) == Decision(
        False, "default", "the time of the request is not a whole number of seconds"
    )


@pytest.mark.parametrize("part", [1, b"city", ["city"], ("city",), {"city": 1}, float("nan"), object()])
def test_parts_of_another_type_are_refused_without_an_error(part: Any) -> None:
    for request in (
        Request(part, "contoso", "city", "prospects", "co-sell"),
        Request("read", part, "city", "prospects", "co-sell"),
        Request("read", "contoso", part, "prospects", "co-sell"),
        Request("read", "contoso", "city", part, "co-sell"),
        Request("read", "contoso", "city", "prospects", part),
    ):
        assert not decide(SIGNED, request, START).allowed


def test_a_decision_is_explained_in_one_sentence() -> None:
    assert (
        explain(decide(SIGNED, READ, END))
        == "refused by terms.until: the agreement ended at 2027-02-20T11:00:00Z"
    )
    assert (
        explain(decide(SIGNED, READ, START))
        == "allowed by proposer.fields: the field is shown for this purpose until 2027-02-20T11:00:00Z"
    )
    assert (
        explain(decide(SIGNED, Request("read", "acme"), START))
        == "refused because no clause allows it: the party is not a party of the agreement"
    )
