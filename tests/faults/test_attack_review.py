"""Decisions that are forged, replayed, cut short, or of another partner, run or contract are refused.

Expected values: docs/matching.md and FORMATS.md, by hand.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from attacked_house import House, introduce, keys_of, make_house, make_party, rows

from cleanroom.receipts import REVIEW, sign_statement
from cleanroom.review import Announced, Position, write_announced
from cleanroom.session.match import matching
from cleanroom.session.match.runs import find_run, read_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import write_letter
from cleanroom.session.review import review_letters, reviewing
from cleanroom.session.review.reviews import read_memory
from overlap.errors import ForgedFile, MalformedFile, OverlapError, Refused, UsageError, WrongRun
from overlap.keys import PartyKeys


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    made.run()
    return made


def reject_and_send(house: House, account: str = "A6", name: str = "review") -> None:
    reviewing.decide_reviews(house.theirs, "", [(account, "reject")])
    review_letters.export_review(house.theirs, "", house.file(name))


def take(house: House, name: str = "review") -> review_letters.ReviewTaken:
    return review_letters.import_review(house.ours, house.file(name))


def states(party: Party) -> dict[str, str]:
    rows = reviewing.list_reviews(party, "", everything=True).rows
    return {row.account: row.review for row in rows if row.review}


def send_statement(house: House, statement: bytes) -> None:
    house.file("review").write_bytes(write_letter(house.theirs, "northwind", "review", statement))


def announce(house: House, announced: Announced, keys: PartyKeys | None = None, agreement: str = "") -> bytes:
    """A statement as a modified tool of the partner makes it, about the newest run."""
    record = find_run(house.theirs)
    return write_announced(
        announced, agreement or record.agreement, record.terms.digest, keys or house.theirs.keys
    )


def test_a_true_letter_is_taken(house: House) -> None:
    reject_and_send(house)
    assert take(house).accounts == 1
    assert states(house.ours) == {"A6": "rejected"}


@pytest.mark.parametrize("change", [
    lambda data: data[:-1], lambda data: data[:40], lambda data: b"",
    lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:], lambda data: data + b"\0",
])  # fmt: skip
def test_an_altered_or_truncated_letter_is_refused_and_the_true_one_still_taken(
    house: House, change: Callable[[bytes], bytes]
) -> None:
    reject_and_send(house)
    data = house.file("review").read_bytes()
    house.file("review").write_bytes(change(data))
    with pytest.raises((MalformedFile, ForgedFile)):
        take(house)
    assert states(house.ours) == {}
    house.file("review").write_bytes(data)
    take(house)


def test_a_statement_that_another_key_signed_is_refused(house: House) -> None:
    announced = Announced(find_run(house.theirs).run, 1, 0, {})
    stranger = PartyKeys.generate("fabrikam", secrets.token_bytes)
    send_statement(house, announce(house, announced, stranger))
    with pytest.raises(ForgedFile):
        take(house)


def test_our_own_letter_sent_back_is_refused(house: House) -> None:
    review_letters.export_review(house.ours, "", house.file("review"))
    with pytest.raises(OverlapError):
        take(house)


def test_decisions_on_another_run_or_contract_are_refused(house: House) -> None:
    send_statement(house, announce(house, Announced("ab" * 16, 1, 0, {})))
    with pytest.raises(WrongRun):
        take(house)
    send_statement(
        house, announce(house, Announced(find_run(house.theirs).run, 1, 0, {}), agreement="11" * 32)
    )
    with pytest.raises(WrongRun, match="another contract"):
        take(house)


def test_decisions_on_a_run_that_we_did_not_finish_are_refused(house: House) -> None:
    step = matching.start_match(house.ours, "", house.file("open.start"))
    record = read_run(house.ours, step.run)
    letter = write_announced(
        Announced(step.run, 1, 0, {}), record.agreement, record.terms.digest, house.theirs.keys
    )
    send_statement(house, letter)
    with pytest.raises(WrongRun, match="did not finish"):
        take(house)


def test_decisions_on_a_run_with_somebody_else_are_refused(house: House) -> None:
    third = make_party(house.place / "third", "tailspin", rows(1, 2))
    introduce(house.ours, third, house.place)
    record = find_run(house.ours)
    token = "ab" * 16
    statement = write_announced(
        Announced(record.run, 1, 0, {token: Position("reject")}), record.agreement, record.terms.digest,
        keys_of("tailspin"),
    )  # fmt: skip
    house.file("review").write_bytes(write_letter(third, "northwind", "review", statement))
    with pytest.raises(WrongRun):
        take(house)
    assert read_memory(house.ours, "tailspin") == read_memory(house.ours, "nobody")


def test_a_letter_sealed_to_somebody_else_is_refused(house: House) -> None:
    third = make_party(house.place / "third", "tailspin", rows(1, 2))
    introduce(house.theirs, third, house.place)
    reviewing.decide_reviews(house.theirs, "", [("A6", "reject")])
    statement = announce(house, Announced(find_run(house.theirs).run, 1, 0, {}))
    house.file("review").write_bytes(write_letter(house.theirs, "tailspin", "review", statement))
    with pytest.raises(ForgedFile):
        take(house)


def test_a_letter_of_another_kind_or_statement_is_refused(house: House) -> None:
    house.file("review").write_bytes(write_letter(house.theirs, "northwind", "claims", bytes(16)))
    with pytest.raises(WrongRun, match="no decisions"):
        take(house)
    send_statement(house, b"not a statement")
    with pytest.raises(MalformedFile):
        take(house)
    send_statement(house, sign_statement(REVIEW, {"run": "11" * 32}, {"run": ""}, house.theirs.keys))
    with pytest.raises(MalformedFile):
        take(house)


def test_a_replayed_older_letter_does_not_revive_what_was_withdrawn(house: House) -> None:
    reject_and_send(house, name="old")
    reviewing.decide_reviews(house.theirs, "", [("A6", "withdraw")])
    review_letters.export_review(house.theirs, "", house.file("new"))
    take(house, "old")
    take(house, "new")
    assert states(house.ours) == {}
    with pytest.raises(Refused, match="letter 2"):
        take(house, "old")
    assert take(house, "new").known
    assert states(house.ours) == {}


def test_an_unknown_token_is_refused_as_a_whole(house: House) -> None:
    good = sorted(reviewing.list_reviews(house.ours, "", everything=True).rows, key=lambda row: row.token)[0]
    positions = {good.token: Position("reject"), "f" * 32: Position("reject")}
    send_statement(house, announce(house, Announced(find_run(house.theirs).run, 1, 0, positions)))
    with pytest.raises(MalformedFile):
        take(house)
    assert states(house.ours) == {}


def test_a_memory_that_somebody_edited_is_refused(house: House) -> None:
    reject_and_send(house)
    place = house.place / "theirs" / "reviews" / "northwind"
    data = place.read_bytes()
    place.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(OverlapError, match="the memory of reviews"):
        reviewing.list_reviews(house.theirs, "")


def test_a_run_at_level_counts_has_nothing_to_review(tmp_path: Path) -> None:
    made = make_house(tmp_path)
    made.agree(level="counts")
    run = made.run()
    with pytest.raises(UsageError):
        reviewing.list_reviews(made.ours, "")
    with pytest.raises(Refused):
        reviewing.list_reviews(made.ours, run)
