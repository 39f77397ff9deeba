"""Keys that may be left out: their meaning, what they contradict, and what both sides are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cleanroom.agreement import (
    AGREEMENT_SAMPLE,
    POLICY_SAMPLE,
    CountingTerms,
    Request,
    RoomTerms,
    SignedAgreement,
    accept,
    build_contract,
    decide,
    describe,
    find_problems,
    parse,
    parse_policy,
    propose,
    read_proposal,
    read_signed,
    sign_proposal,
)
from overlap.errors import BadInput, Unverified
from overlap.protocol import Counting, role_of
from tests.agreement_parties import (
    ACCEPTED,
    CARDS,
    CONTOSO,
    DAY,
    IMPOSTOR,
    NORTHWIND,
    PROPOSED,
    SOFTWARE,
    STRANGER,
    make_signed,
)

#: Two populations a side, other ones on each side.
WIDE = (
    POLICY_SAMPLE.replace('["customers"]', '["customers", "prospects"]', 1).replace(
        '["customers"]', '["customers", "partners_2"]', 1
    )
    + 'asymmetry = "each sells to others"\n'
)
COUNTED = (
    WIDE.replace('"overlaps"', '"counts"').replace('fields = ["name"]\n', "")
    + '\n[counting]\nepsilon = "1/2"\nproposer_bounds = [65_000, 536]\naccepter_bounds = [5, 65531]  # few\n'
)
ROOM = RoomTerms("stranger", STRANGER.card.digest.hex())


def with_terms(lines: str, policy: str = POLICY_SAMPLE) -> bytes:
    return policy.replace("[terms]", "[terms]\n" + lines).encode()


def places(data: bytes) -> list[str]:
    return [problem.place for problem in find_problems(data)]


def make_with_room(policy: str) -> SignedAgreement:
    text = propose(policy.encode(), *CARDS, SOFTWARE, PROPOSED, room=STRANGER.card)
    cards = (*CARDS, STRANGER.card)
    data = accept(sign_proposal(text, NORTHWIND, PROPOSED), cards, SOFTWARE, CONTOSO, ACCEPTED)
    return read_signed(data, cards)


def test_a_text_without_the_keys_means_what_it_meant() -> None:
    terms = parse_policy(POLICY_SAMPLE.encode()).terms
    assert (terms.pairs, terms.obligations, terms.asymmetry, terms.lease_holder) == ((), (), "", "grantor")
    assert (terms.budget_period, terms.max_export_age, terms.read_budget, terms.counting) == (0, 0, 0, None)
    agreement = parse(AGREEMENT_SAMPLE.encode())
    assert (agreement.room, agreement.renews, agreement.proposer.preset) == (None, "", "")


def test_the_keys_are_read() -> None:
    terms = parse_policy(
        with_terms(
            'pairs = [\n  "customers:customers",\n]\nbudget_period = "30 days"\nmax_export_age = "1 week"\n'
            'read_budget = 10_000\nobligations = ["no-onward-share", "delete-at-end"]\nlease_holder = "room"'
        )
    ).terms
    assert terms.pairs == (("customers", "customers"),)
    assert (terms.budget_period, terms.max_export_age, terms.read_budget) == (30 * DAY, 7 * DAY, 10_000)
    assert (terms.obligations, terms.lease_holder) == (("no-onward-share", "delete-at-end"), "room")
    assert parse_policy(COUNTED.encode()).terms.counting == CountingTerms(1, 2, (65_000, 536), (5, 65_531))


REFUSED_TERMS: dict[str, tuple[str, str, list[str]]] = {
    "pair of an unknown population": ('pairs = ["customers:sales"]', POLICY_SAMPLE, ["terms.pairs"] * 2),
    "pair the wrong way round": (
        'pairs = ["partners_2:customers", "customers:prospects"]',
        WIDE,
        ["terms.pairs"] * 4,
    ),
    "population without a partner": (
        'pairs = ["customers:customers", "customers:partners_2"]',
        WIDE,
        ["terms.pairs"],
    ),
    "pair of one": ('pairs = ["customers"]', POLICY_SAMPLE, ["terms.pairs"]),
    "pair of everything": ('pairs = ["*"]', POLICY_SAMPLE, ["terms.pairs"]),
    "no pair": ("pairs = []", POLICY_SAMPLE, ["terms.pairs"]),
    "pair twice": ('pairs = ["customers:customers", "customers:customers"]', POLICY_SAMPLE, ["terms.pairs"]),
    "pair left out of a count": (
        'pairs = ["customers:partners_2", "prospects:customers"]',
        COUNTED,
        ["terms.pairs"],
    ),
    "budget over months": ('budget_period = "2 months"', POLICY_SAMPLE, ["terms.budget_period"]),
    "budget over nothing": ('budget_period = "0 days"', POLICY_SAMPLE, ["terms.budget_period"]),
    "budget as a number": ("budget_period = 30", POLICY_SAMPLE, ["terms.budget_period"]),
    "budget beyond all": ('budget_period = "732 days"', POLICY_SAMPLE, ["terms.budget_period"]),
    "age as a time": ("max_export_age = 2026-11-22T10:00:00Z", POLICY_SAMPLE, ["terms.max_export_age"]),
    "no lease": ("read_budget = 0", POLICY_SAMPLE, ["terms.read_budget"]),
    "leases without end": ("read_budget = 10_001", POLICY_SAMPLE, ["terms.read_budget"]),
    "leases of a count": ("read_budget = 5", COUNTED, ["terms.read_budget"]),
    "holder of nothing": ('lease_holder = "room"', COUNTED, ["terms.lease_holder"]),
    "holder unknown": ('lease_holder = "cloud"', POLICY_SAMPLE, ["terms.lease_holder"]),
    "obligation unknown": ('obligations = ["be-nice"]', POLICY_SAMPLE, ["terms.obligations"]),
    "obligation not in a list": ('obligations = "delete-at-end"', POLICY_SAMPLE, ["terms.obligations"]),
    "nothing to delete": ('obligations = ["delete-at-end"]', COUNTED, ["terms.obligations"]),
    "a reason for nothing": ('asymmetry = "we are big"', POLICY_SAMPLE, ["terms.asymmetry"]),
    "no reason": ('asymmetry = ""', POLICY_SAMPLE, ["terms.asymmetry"]),
    "a reason too long": (f'asymmetry = "{"x" * 161}"', POLICY_SAMPLE, ["terms.asymmetry"]),
    "a room in a policy": ("[room]\nparty = 1\n[terms]", POLICY_SAMPLE, ["room"]),
}


@pytest.mark.parametrize(("lines", "policy", "expected"), REFUSED_TERMS.values(), ids=REFUSED_TERMS.keys())
def test_a_contradiction_is_refused_where_it_stands(lines: str, policy: str, expected: list[str]) -> None:
    data = with_terms(lines, policy)
    if lines.startswith("[room]"):
        data = policy.replace("[terms]", lines).encode()
    assert places(data) == expected
    with pytest.raises(BadInput):
        parse_policy(data)


def test_sides_that_differ_need_a_reason() -> None:
    assert places(WIDE.replace('asymmetry = "each sells to others"\n', "").encode()) == ["terms.asymmetry"]
    fields = POLICY_SAMPLE.replace('["name"]', '["name", "city"]', 1)
    assert places(fields.encode()) == ["terms.asymmetry"]
    assert places(with_terms('asymmetry = "they have no cities"', fields)) == []
    # The order in which things are listed is no difference.
    both = POLICY_SAMPLE.replace('["name"]', '["name", "city"]', 1).replace('["name"]', '["city", "name"]')
    assert places(both.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('epsilon = "1/2"\n', "", "counting.epsilon"),
        ('"1/2"', '"2/4"', "counting.epsilon"),
        ('"1/2"', '"0/2"', "counting.epsilon"),
        ('"1/2"', '"1000/1"', "counting.epsilon"),
        ('"1/2"', "0.5", "counting.epsilon"),
        ("[65_000, 536]", "[65_000, 537]", "counting.proposer_bounds"),
        ("[65_000, 536]", "[65_536]", "counting.proposer_bounds"),
        ("[65_000, 536]", "65_536", "counting.proposer_bounds"),
        ("[65_000, 536]", "[65_536, 0]", "counting.proposer_bounds"),
        ("[65_000, 536]", "[0xfde8, 536]", "counting.proposer_bounds"),
        ("[65_000, 536]", "[65_000,\n 536]", "counting.proposer_bounds"),
        ("[65_000, 536]", "[]", "counting.proposer_bounds"),
        ("proposer_bounds = [65_000, 536]\n", "", "counting.proposer_bounds"),
        ("[5, 65531]", "[4, 65_532]", "counting.accepter_bounds"),
        ("# few", "\nnoise = 1", "counting.noise"),
        ("[counting]", "[counting2]", "counting2"),
    ],
)
def test_counting_that_is_not_clear_is_refused(old: str, new: str, place: str) -> None:
    assert old in COUNTED
    assert place in places(COUNTED.replace(old, new).encode())


def test_a_room_counts_at_level_counts_only() -> None:
    table = '\n[counting]\nepsilon = "1/2"\nproposer_bounds = [65536]\naccepter_bounds = [65536]\n'
    assert places((POLICY_SAMPLE + table).encode()) == ["counting"]


def test_an_agreement_names_the_room_exactly_where_one_is_needed() -> None:
    agreement = make_with_room(COUNTED).agreement
    assert agreement.room == ROOM
    table = f'[room]\nparty = "{ROOM.party}"\ncard = "{ROOM.card}"\n'
    text = agreement.text.decode()
    assert table in text
    assert places(text.replace(table, "").encode()) == ["counting.epsilon"]
    assert places(text.replace('party = "stranger"', 'party = "contoso"').encode()) == ["room.party"]
    assert places(text.replace(ROOM.card, "x" * 64).encode()) == ["room.card"]
    needless = AGREEMENT_SAMPLE.replace("[contract]", table + "[contract]")
    assert places(needless.encode()) == ["room.party"]
    held = needless.replace("[terms]", '[terms]\nlease_holder = "room"')
    assert places(held.encode()) == []
    assert places(held.replace(table, "").encode()) == ["terms.lease_holder"]


def test_a_proposal_names_the_room_its_policy_asks_for_and_no_other() -> None:
    with pytest.raises(BadInput, match="asks for a room"):
        propose(COUNTED.encode(), *CARDS, SOFTWARE, PROPOSED)
    with pytest.raises(BadInput, match="gives a room no part"):
        propose(POLICY_SAMPLE.encode(), *CARDS, SOFTWARE, PROPOSED, room=STRANGER.card)


@pytest.mark.parametrize("cards", [CARDS, (*CARDS, IMPOSTOR.card)])
def test_a_room_whose_card_is_not_confirmed_is_refused(cards: Any) -> None:
    data = sign_proposal(
        propose(COUNTED.encode(), *CARDS, SOFTWARE, PROPOSED, room=STRANGER.card), NORTHWIND, PROPOSED
    )
    assert read_proposal(data, (*CARDS, STRANGER.card)).agreement.room == ROOM
    with pytest.raises(Unverified, match="as its room"):
        read_proposal(data, cards)


@pytest.mark.parametrize("starter", ["proposer", "accepter"])
def test_the_contract_of_a_counted_run_bounds_each_population_of_who_starts_first(starter: str) -> None:
    signed = make_with_room(COUNTED.replace('starter = "proposer"', f'starter = "{starter}"'))
    contract = build_contract(signed, {})
    ours, theirs = (65_000, 536), (5, 65_531)
    first, second = (ours, theirs) if starter == "proposer" else (theirs, ours)
    assert contract.counting == Counting(ROOM.card, first, second, 5, 1, 2)
    assert contract.level == "counts"
    assert sum(first) == contract.starter.size_bound == 65_536
    assert build_contract(make_signed(), {}).counting is None


def test_a_counted_contract_is_one_that_the_protocol_takes() -> None:
    contract = replace(build_contract(make_with_room(COUNTED), {}), protocol="dh-count-room/1")
    assert role_of(contract, "room").__name__ == "Room"
    assert role_of(contract, "starter").part_size(contract, "start") == 65_536 * 32


def test_a_run_at_level_all_is_one_of_level_overlaps() -> None:
    signed = make_signed(POLICY_SAMPLE.replace('"overlaps"', '"all"'))
    assert build_contract(signed, {}).level == "overlaps"


PAIRED = make_signed(with_terms('pairs = ["customers:partners_2", "prospects:customers"]', WIDE).decode())
ALL = make_signed(WIDE.replace('"overlaps"', '"all"'))


@pytest.mark.parametrize(
    ("signed", "request_", "clause"),
    [
        (PAIRED, Request("match", "northwind", population="customers", peer_population="partners_2"), ""),
        (PAIRED, Request("match", "contoso", population="partners_2", peer_population="customers"), ""),
        (PAIRED, Request("match", "northwind", population="customers"), ""),
        (
            PAIRED,
            Request("match", "northwind", population="customers", peer_population="customers"),
            "terms.pairs",
        ),
        (PAIRED, Request("grant", "northwind", "name", "prospects", "co-sell", "customers"), ""),
        (PAIRED, Request("read", "contoso", "name", "prospects", "co-sell", "customers"), ""),
        (PAIRED, Request("read", "contoso", "name", "prospects", "co-sell", "partners_2"), "terms.pairs"),
        (PAIRED, Request("grant", "contoso", "name", "customers", "co-sell", "customers"), "terms.pairs"),
        (PAIRED, Request("read", "contoso", "name", "prospects", "co-sell", "*"), "accepter.populations"),
        (ALL, Request("match", "northwind", population="customers", peer_population="customers"), ""),
        (
            ALL,
            Request("match", "northwind", population="customers", peer_population="prospects"),
            "accepter.populations",
        ),
        (ALL, Request("disclose", "northwind", "name", "prospects", "co-sell"), ""),
        (ALL, Request("disclose", "northwind", "name", "prospects", "co-sell", "customers"), "default"),
        (ALL, Request("disclose", "northwind", "name", "prospects"), "default"),
        (ALL, Request("disclose", "northwind", "city", "prospects", "co-sell"), "proposer.fields"),
        (ALL, Request("disclose", "northwind", "name", "partners_2", "co-sell"), "proposer.populations"),
        (ALL, Request("disclose", "northwind", "name", "prospects", "attribution"), "terms.purposes"),
        (ALL, Request("read", "contoso", "name", "prospects", "co-sell"), ""),
        (PAIRED, Request("disclose", "northwind", "name", "prospects", "co-sell"), "terms.level"),
    ],
)
def test_pairs_and_disclosures_are_decided(signed: Any, request_: Request, clause: str) -> None:
    decision = decide(signed, request_, ACCEPTED)
    assert (decision.allowed, "" if decision.allowed else decision.clause) == (not clause, clause)
    assert not decide(signed, request_, signed.until).allowed


@pytest.mark.parametrize("part", [1, b"customers", ["customers"], {"a": 1}, object()])
def test_a_peer_population_of_another_type_is_refused_without_an_error(part: Any) -> None:
    for signed in (PAIRED, ALL):
        request = Request("match", "northwind", population="customers", peer_population=part)
        assert not decide(signed, request, ACCEPTED).allowed


def test_a_disclosure_is_allowed_by_the_level() -> None:
    decision = decide(ALL, Request("disclose", "northwind", "name", "prospects", "co-sell"), ACCEPTED)
    assert (decision.allowed, decision.clause) == (True, "terms.level")


def test_both_are_told_every_limit() -> None:
    lines = describe(
        make_signed(
            with_terms(
                'pairs = ["customers:partners_2", "prospects:customers"]\nbudget_period = "30 days"\n'
                'max_export_age = "2 weeks"\nread_budget = 12\n'
                'obligations = ["delete-at-end", "no-onward-share"]',
                WIDE,
            ).decode()
        )
    )
    assert (
        "these populations are compared, and no others: customers of northwind with partners_2 of contoso; "
        "prospects of northwind with customers of contoso"
    ) in lines
    assert "at most 6 runs in any 30 days; a result of fewer than 5 accounts is withheld" in lines
    assert "a list of accounts that is older than 14 days goes into no run" in lines
    assert "a share can be asked for its records 12 times" in lines
    assert "both promise to delete what they saw or exported when it ends" in lines
    assert "both promise to pass nothing on to anybody else" in lines
    assert any(line.endswith("populations differ; the reason given: each sells to others") for line in lines)
    without = "\n".join(describe(make_signed()))
    assert not any(
        word in without for word in ("promise", "older", "asked for its", "compared, and", "in any")
    )


def test_level_all_says_that_accounts_are_shown_without_a_match() -> None:
    assert (
        "northwind may also give it these of every account of its customers, prospects, matched or not"
    ) in describe(ALL)
    assert "what is shown may not be exported" in describe(ALL)


def test_a_room_and_what_it_does_are_named() -> None:
    lines = describe(make_with_room(COUNTED))
    assert "of contoso at most 5 identifiers of customers, 65,531 identifiers of partners_2" in lines
    assert "northwind starts each run, both learn its result at once" in lines
    assert any("stranger counts what it cannot read, adds noise (epsilon 1/2" in line for line in lines)
    assert (
        "stranger together with one side could learn which of the accounts that side submitted match" in lines
    )
    held = describe(make_with_room(with_terms('lease_holder = "room"').decode()))
    assert ("stranger keeps the second half of every share, gives it out for reads, and destroys it") in held
