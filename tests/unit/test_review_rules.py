"""What decisions mean: between the sides, for rivals, in the next run.

Expected values: the section on reviews in docs/matching.md, by hand.
"""

from __future__ import annotations

import secrets

import pandas as pd
import pytest
from reviewed_side import KINDS, RUN, Side, domain, exchange, token_of

from cleanroom.receipts import REVIEW, read_statement, sign_statement
from cleanroom.review import (
    Announced,
    Decision,
    Memory,
    Position,
    queue_rows,
    read_announced,
    settle,
    standing,
    write_announced,
)
from overlap.errors import BadInput, ForgedFile, MalformedFile, Refused
from overlap.keys import PartyKeys

KEYS = tuple(PartyKeys.generate(name, secrets.token_bytes) for name in ("northwind", "contoso"))
ACME, ACME_NAME, ACME_LEI = domain("acme.com"), ("name_country", "acme|DE"), ("lei", "5493001KJTIIGC8Y1R12")
NONE = Position()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (NONE, NONE, ""),
        (Position("accept"), NONE, ""),
        (Position("accept"), Position("accept"), "accepted"),
        (Position("reject"), NONE, "rejected"),
        (Position("reject"), Position("accept"), "rejected"),
        (Position("dispute", 1), NONE, "disputed"),
        (Position("dispute", 1), Position("accept"), "disputed"),
        (Position("dispute", 1), Position("reject"), "disputed"),
        (Position("dispute", 1), Position("withdraw", 0, 1), "disputed"),
        (Position("withdraw", 1), NONE, "disputed"),
        (Position("withdraw", 1), Position("accept", 0, 0), "disputed"),  # accepted before it was disputed
        (Position("withdraw", 1), Position("withdraw", 0, 1), ""),
        (Position("withdraw", 3), Position("withdraw", 0, 1), "disputed"),  # withdrew an earlier one
        (Position("withdraw", 1), Position("accept", 0, 2), ""),
        (Position("withdraw", 1), Position("reject", 0, 2), "rejected"),
    ],
)
def test_two_positions_come_to_one_answer_whoever_asks(one: Position, other: Position, expected: str) -> None:
    assert settle(one, other) == expected
    assert settle(other, one) == expected


def decision(verdict: str, *names: tuple[str, str]) -> Decision:
    return Decision("A", verdict, names, 0, 0, RUN, 0)


@pytest.mark.parametrize(
    ("verdict", "decided", "matched", "expected"),
    [
        ("accept", [ACME], [ACME], "holds"),
        ("accept", [ACME], [domain("other.com")], ""),
        ("accept", [ACME, ACME_NAME], [ACME], "holds"),
        ("accept", [ACME, ACME_NAME], [ACME_NAME], "lapsed"),
        ("accept", [ACME], [ACME_LEI, ACME], "lapsed"),
        ("reject", [ACME], [ACME, ACME_NAME], "holds"),
        ("reject", [ACME, ACME_NAME], [ACME_NAME], "holds"),
        ("reject", [ACME], [ACME, domain("acme.de")], "holds"),
        ("reject", [ACME], [ACME_LEI, ACME], "lapsed"),
        ("reject", [ACME], [ACME_LEI], ""),
        ("dispute", [ACME], [ACME_LEI, ACME], "holds"),
        ("withdraw", [ACME], [ACME_LEI, ACME], "holds"),
        ("dispute", [ACME], [ACME_LEI], ""),
    ],
)
def test_a_decision_holds_in_the_next_run_as_long_as_its_evidence_does(
    verdict: str, decided: list[tuple[str, str]], matched: list[tuple[str, str]], expected: str
) -> None:
    assert standing(decision(verdict, *decided), matched, KINDS) == expected


def test_a_candidate_is_released_when_both_sides_accept_it_and_not_before() -> None:
    ours, theirs = Side({"A": [ACME]}), Side({"P": [ACME]})
    assert ours.review == {"A": "open"}
    ours.decide("accept", "A")
    assert (ours.review, ours.released()) == ({"A": "waiting"}, set())
    exchange(ours, theirs, KEYS)
    assert (theirs.review, theirs.released()) == ({"P": "open"}, set())
    theirs.decide("accept", "P")
    exchange(ours, theirs, KEYS)
    assert ours.review == {"A": "accepted"}
    assert theirs.review == {"P": "accepted"}
    assert ours.state.rows["tier"].tolist() == ["strong"]


def test_an_exact_match_needs_no_decision_and_goes_when_either_side_rejects_it() -> None:
    ours, theirs = Side({"A": [ACME]}, {"A": "exact"}), Side({"P": [ACME]}, {"P": "exact"})
    assert ours.released() == {"A"}
    theirs.decide("reject", "P")
    assert theirs.review == {"P": "rejected"}
    ours.decide("accept", "A")
    exchange(ours, theirs, KEYS)
    assert (ours.review, ours.released()) == ({"A": "rejected"}, set())
    assert ours.state.links.empty
    theirs.decide("withdraw", "P")
    exchange(ours, theirs, KEYS)
    assert ours.released() == {"A"}


def test_rejecting_one_of_two_rivals_says_nothing_against_the_other() -> None:
    ours, theirs = Side({"A": [ACME], "B": [ACME]}), Side({"P": [ACME]})
    ours.decide("accept", "A")
    ours.decide("reject", "B")
    exchange(ours, theirs, KEYS)
    theirs.decide("accept", "P")
    exchange(ours, theirs, KEYS)
    assert ours.review == {"A": "accepted", "B": "rejected"}
    assert theirs.review == {"P": "accepted"}
    assert ours.state.links["account"].tolist() == [0]
    ours.decide("reject", "A")
    exchange(ours, theirs, KEYS)
    assert theirs.review == {"P": "rejected"}


def test_what_is_left_of_a_partly_rejected_account_waits_for_a_person() -> None:
    ours = Side({"A": [ACME, ACME_NAME]}, {"A": "exact"})
    theirs = Side({"P": [ACME], "Q": [ACME_NAME]}, {"P": "strong", "Q": "strong"})
    theirs.decide("reject", "P")
    exchange(ours, theirs, KEYS)
    assert ours.review == {"A": "open"}
    row = ours.state.rows.iloc[0]
    assert (row["tier"], row["kind"], row["token"]) == ("candidate", "name_country", token_of(ACME_NAME))
    ours.decide("accept", "A")
    theirs.decide("accept", "Q")
    exchange(ours, theirs, KEYS)
    assert ours.review == {"A": "accepted"}
    assert ours.state.links["token"].tolist() == [token_of(ACME_NAME)]
    assert theirs.review == {"P": "rejected", "Q": ""}


def test_an_accepted_account_is_linked_only_by_what_both_sides_accepted() -> None:
    ours, theirs = Side({"A": [ACME, ACME_NAME]}), Side({"P": [ACME], "Q": [ACME_NAME]})
    ours.decide("accept", "A")
    theirs.decide("accept", "P")
    exchange(ours, theirs, KEYS)
    assert ours.state.links["token"].tolist() == [token_of(ACME)]
    assert theirs.review == {"P": "accepted", "Q": "open"}


def test_a_dispute_ends_when_both_sides_have_withdrawn_it() -> None:
    ours, theirs = Side({"A": [ACME]}, {"A": "exact"}), Side({"P": [ACME]}, {"P": "exact"})
    ours.decide("dispute", "A")
    exchange(ours, theirs, KEYS)
    assert (ours.review, theirs.review) == ({"A": "disputed"}, {"P": "disputed"})
    with pytest.raises(Refused, match="disputed"):
        theirs.decide("accept", "P")
    ours.decide("withdraw", "A")
    exchange(ours, theirs, KEYS)
    assert (ours.review, theirs.review) == ({"A": "disputed"}, {"P": "disputed"})
    theirs.decide("withdraw", "P")
    exchange(ours, theirs, KEYS)
    assert (ours.review, theirs.review) == ({"A": ""}, {"P": ""})
    ours.decide("dispute", "A")
    exchange(ours, theirs, KEYS)
    ours.decide("withdraw", "A")
    exchange(ours, theirs, KEYS)
    assert (ours.review, theirs.review) == ({"A": "disputed"}, {"P": "disputed"})


def test_a_dispute_that_the_partner_never_heard_of_is_taken_back_alone() -> None:
    ours = Side({"A": [ACME]}, {"A": "exact"})
    ours.decide("dispute", "A")
    ours.decide("withdraw", "A")
    assert ours.memory == Memory()
    with pytest.raises(Refused, match="no decision"):
        ours.decide("withdraw", "A")


def test_decisions_are_respected_by_both_sides_in_the_next_run_without_a_letter() -> None:
    names = {"A": [ACME], "B": [domain("b.com")], "C": [domain("c.com")], "D": [domain("d.com")]}
    ours = Side(names, {"C": "exact"})
    theirs = Side({name.lower(): value for name, value in names.items()}, {"c": "exact"})
    for side, (a, b, c) in ((ours, "ABC"), (theirs, "abc")):
        side.decide("accept", a)
        if side is ours:
            side.decide("reject", b)
            side.decide("dispute", c)
    exchange(ours, theirs, KEYS)
    ours, theirs = ours.next_run(), theirs.next_run()
    assert ours.review == {"A": "accepted", "B": "rejected", "C": "disputed", "D": "open"}
    assert list(theirs.review.values()) == list(ours.review.values())


def test_better_evidence_puts_a_rejected_match_back_into_the_queue_of_both_sides() -> None:
    ours, theirs = Side({"A": [ACME]}), Side({"P": [ACME]})
    ours.decide("reject", "A")
    exchange(ours, theirs, KEYS)
    ours, theirs = ours.next_run(A=[ACME_LEI, ACME]), theirs.next_run(P=[ACME_LEI, ACME])
    ours.tiers, theirs.tiers = {"A": "exact"}, {"P": "exact"}
    assert (ours.review, theirs.review) == ({"A": "open"}, {"P": "open"})
    assert "rejected before" in queue_of(ours)[0][1]


def queue_of(side: Side, *, everything: bool = False) -> list[tuple[str, str]]:
    """Account and reason of each row."""
    accounts = pd.DataFrame({"id": list(side.accounts), "name": list(side.accounts)})
    tokens = side.tokens()
    rows = queue_rows(side.state, tokens[tokens["telling"]], accounts, everything=everything)
    return [(row.account, row.why) for row in rows]


def test_the_queue_begins_with_what_the_partner_waits_for_and_leaves_out_what_is_decided() -> None:
    names = {"A": [ACME], "B": [domain("b.com")], "C": [domain("c.com")], "D": [domain("d.com")]}
    ours, theirs = Side(names, {"D": "exact"}), Side(names, {"D": "exact"})
    theirs.decide("accept", "B")
    theirs.decide("accept", "D")
    theirs.decide("reject", "C")
    exchange(ours, theirs, KEYS)
    assert [account for account, _ in queue_of(ours)] == ["B", "D", "A"]
    assert queue_of(ours)[0][1].startswith("the partner accepted it and waits for us")
    assert dict(queue_of(ours, everything=True))["C"] == "the partner rejected it"


def test_a_crowded_identifier_is_named_in_the_queue() -> None:
    crowd = Side({f"A{at}": [ACME] for at in range(6)})
    assert "carried by 6 own accounts" in queue_of(crowd)[0][1]


def test_the_memory_is_read_back_as_it_was() -> None:
    ours, theirs = Side({"A": [ACME, ACME_NAME]}), Side({"P": [ACME, ACME_NAME]})
    ours.decide("accept", "A")
    theirs.decide("dispute", "P")
    exchange(ours, theirs, KEYS)
    memory = ours.memory.decided({"A": decision("reject", ACME)})
    assert Memory.from_bytes(memory.to_bytes()) == memory
    with pytest.raises(BadInput, match="version 1"):
        Memory.from_bytes(b"overlap-reviews/2\n{}")


def test_a_letter_again_changes_nothing_and_an_older_one_revives_nothing() -> None:
    ours, theirs = Side({"A": [ACME]}), Side({"P": [ACME]})
    theirs.decide("reject", "P")
    old = theirs.letter(KEYS[1])
    theirs.decide("withdraw", "P")
    new = theirs.letter(KEYS[1])
    ours.take(old, KEYS[1])
    ours.take(new, KEYS[1])
    before = ours.memory
    ours.take(new, KEYS[1])
    assert ours.memory is before
    with pytest.raises(Refused, match="letter 2 of this partner is here, and this is letter 1"):
        ours.take(old, KEYS[1])
    assert ours.review == {"A": "open"}


def test_two_letters_of_one_number_are_refused_and_a_restored_partner_counts_on() -> None:
    ours, theirs = Side({"A": [ACME]}), Side({"P": [ACME]})
    ours.take(theirs.letter(KEYS[1]), KEYS[1])
    restored = Side({"P": [ACME]})
    restored.decide("reject", "P")
    with pytest.raises(Refused, match="another letter 1"):
        ours.take(restored.letter(KEYS[1]), KEYS[1])
    restored = Side({"P": [ACME]})
    restored.take(ours.letter(KEYS[0]), KEYS[0])
    restored.decide("reject", "P")
    ours.take(restored.letter(KEYS[1]), KEYS[1])
    assert ours.review == {"A": "rejected"}


def test_a_letter_that_names_a_token_of_no_matched_identifier_is_refused() -> None:
    ours, theirs = Side({"A": [ACME]}), Side({"P": [domain("other.com")]})
    theirs.decide("reject", "P")
    with pytest.raises(MalformedFile, match="1 pair tokens"):
        ours.take(theirs.letter(KEYS[1]), KEYS[1])


GOOD = {"run": RUN, "sequence": 2, "seen": 1, "positions": [["ab" * 16, "accept", 0, 1]]}


@pytest.mark.parametrize(
    "change",
    [
        {"run": "0A" * 16},
        {"sequence": 0},
        {"sequence": True},
        {"seen": -1},
        {"further": 1},
        {"positions": {}},
        {"positions": [["ab" * 16, "accept", 0]]},
        {"positions": [["ab" * 16, "agree", 0, 1]]},
        {"positions": [["ab" * 15, "accept", 0, 1]]},
        {"positions": [["ab" * 16, ["accept"], 0, 1]]},
        {"positions": [["ab" * 16, "accept", 1, 1]]},
        {"positions": [["ab" * 16, "dispute", 0, 1]]},
        {"positions": [["ab" * 16, "dispute", 3, 1]]},
        {"positions": [["ab" * 16, "accept", 0, 2]]},
        {"positions": [["ab" * 16, "accept", 0, 1]] * 2},
        {"positions": [["ac" * 16, "accept", 0, 1], ["ab" * 16, "accept", 0, 1]]},
    ],
)
def test_a_statement_of_another_form_is_refused(change: dict[str, object]) -> None:
    subject = {"agreement": "11" * 32}
    good = sign_statement(REVIEW, subject, GOOD, KEYS[0])
    assert read_announced(read_statement(good, [KEYS[0].card], REVIEW)).sequence == 2
    bad = sign_statement(REVIEW, subject, GOOD | change, KEYS[0])
    with pytest.raises(MalformedFile, match="not of version 1"):
        read_announced(read_statement(bad, [KEYS[0].card], REVIEW))


def test_a_statement_by_somebody_else_is_refused() -> None:
    letter = write_announced(Announced(RUN, 1, 0, {}), "11" * 32, bytes(32), KEYS[0])
    with pytest.raises(ForgedFile):
        read_statement(letter, [KEYS[1].card], REVIEW)
