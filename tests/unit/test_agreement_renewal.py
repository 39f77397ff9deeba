"""Renewing swaps the roles cleanly: twice is nothing, once gives each party what it had."""

from __future__ import annotations

import pytest

from cleanroom.agreement import (
    POLICY_SAMPLE,
    Agreement,
    compare,
    parse,
    policy_names,
    policy_text,
    propose,
    renewal_policy,
    with_proposer,
)
from overlap.errors import BadInput
from overlap.keys import Card
from tests.agreement_parties import CARDS, CONTOSO, NORTHWIND, PROPOSED, SOFTWARE, STRANGER, make_text

COUNTED = (
    POLICY_SAMPLE.replace('["customers"]', '["customers", "prospects"]', 1)
    .replace('"overlaps"', '"counts"')
    .replace('fields = ["name"]\n', "")
    + 'asymmetry = "one has no prospects"  # true\n'
    + '\n[counting]\nepsilon = "1/2"\nproposer_bounds = [65_000, 536]\naccepter_bounds = [65_536]\n# End.\n'
)
PAIRED = POLICY_SAMPLE.replace('["customers"]', '["customers", "prospects"]').replace(
    "[terms]", '[terms]\npairs = ["customers:prospects", "prospects:customers", "prospects:prospects"]'
)
POLICIES = {name: policy_text(name).decode() for name in policy_names()} | {
    "counted": COUNTED,
    "paired": PAIRED,
    "held": POLICY_SAMPLE + 'lease_holder = "room"\n',
    "prepared": POLICY_SAMPLE
    + "\n[prepared]\nchanges = 1000\nupdates = 12\nqueries = 100\nevaluations = 70_000\n",
}


def make(policy: bytes, ours: Card, theirs: Card, renews: str = "") -> Agreement:
    room = STRANGER.card if b'"room"' in policy or b"[counting]" in policy else None
    return parse(propose(policy, ours, theirs, SOFTWARE, PROPOSED, room=room, renews=renews))


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_the_proposer_renews_the_same_policy(policy: str) -> None:
    agreement = make(policy.encode(), *CARDS)
    assert renewal_policy(agreement, "northwind") == policy.encode()
    renewed = make(renewal_policy(agreement, "northwind"), *CARDS, renews="5" * 64)
    assert (renewed.terms, renewed.proposer, renewed.room) == (
        agreement.terms,
        agreement.proposer,
        agreement.room,
    )
    assert renewed.renews == "5" * 64 and renewed.text != agreement.text


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_the_accepter_renews_with_the_roles_swapped(policy: str) -> None:
    agreement = make(policy.encode(), *CARDS)
    swapped = make(renewal_policy(agreement, "contoso"), CONTOSO.card, NORTHWIND.card)
    assert (swapped.proposer, swapped.accepter) == (agreement.accepter, agreement.proposer)
    assert swapped.side(swapped.terms.starter).party == agreement.side(agreement.terms.starter).party
    if agreement.terms.counting and swapped.terms.counting:
        bounds = agreement.terms.counting.proposer_bounds
        assert swapped.terms.counting.accepter_bounds == bounds
    assert set(swapped.terms.pairs) == {pair[::-1] for pair in agreement.terms.pairs}
    assert with_proposer(agreement, "contoso").terms == swapped.terms
    assert compare(with_proposer(agreement, "contoso"), swapped) == []
    back = make(renewal_policy(swapped, "northwind"), *CARDS)
    assert (back.terms, back.proposer, back.accepter) == (
        agreement.terms,
        agreement.proposer,
        agreement.accepter,
    )


def test_what_was_changed_on_the_way_is_seen() -> None:
    agreement = make(PAIRED.encode(), *CARDS)
    policy = renewal_policy(agreement, "contoso").decode()
    wider = policy.replace("exportable = false", "exportable = true")
    swapped = make(wider.encode(), CONTOSO.card, NORTHWIND.card)
    changes = compare(with_proposer(agreement, "contoso"), swapped)
    assert [(change.kind, change.clause) for change in changes] == [("wider", "terms.exportable")]


@pytest.mark.parametrize(
    ("until", "line"),
    [("30 days", 'until = "30 days"'), ("2027-03-01T00:00:00Z", "until = 2027-03-01T00:00:00Z")],
)
def test_the_end_is_a_duration_or_a_time(until: str, line: str) -> None:
    policy = renewal_policy(parse(make_text()), "northwind", until).decode()
    assert [one for one in policy.splitlines() if one.startswith("until")] == [line]


def test_a_text_that_does_not_write_its_tables_as_lines_cannot_be_renewed() -> None:
    text = make_text().replace(b"[accepter]", b"[ accepter ]")
    assert parse(text).accepter.party == "contoso"
    with pytest.raises(BadInput):
        propose(renewal_policy(parse(text), "northwind"), *CARDS, SOFTWARE, PROPOSED)
