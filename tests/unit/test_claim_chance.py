"""Audits of committed lists: the draw, the verdicts and how sure they make.

Expected values: the numbers of draws of the protocol, and binomials worked out with whole numbers.
"""

from __future__ import annotations

from collections import Counter
from math import comb

import pytest
from claim_world import BEGIN, PARTNER, WITNESSES, Claimant, account

from cleanroom.attribution import (
    Draw,
    Opening,
    answer_draw,
    audit_commitment,
    check_answer,
    drawn_indexes,
    draws_needed,
    guess_chance,
    lower_bound,
)
from cleanroom.log import read_checkpoint, read_cosigned
from overlap import canonical
from overlap.errors import MalformedFile, UsageError

AUDITED = Claimant(PARTNER)
AUDITED.commit(
    [account(number, evidence=bytes([number + 1]) * 32) for number in range(40)], [(WITNESSES[0], BEGIN)]
)
EPOCH = AUDITED.epochs[0]
OPENING = Opening.from_bytes(EPOCH.opening)
DRAW = Draw(1, b"n" * 32, AUDITED.stamped[0].note.text, 59)
ANSWER = answer_draw(DRAW, OPENING)


@pytest.mark.parametrize(("share", "draws"), [(0.90, 29), (0.95, 59), (0.99, 299)])
def test_so_many_draws_without_failure_show_that_share(share, draws):
    assert draws_needed(share) == draws
    assert lower_bound(draws, draws) >= share
    assert lower_bound(draws - 1, draws - 1) < share


@pytest.mark.parametrize(
    ("good", "draws", "bound"),
    # One-sided 95 % Clopper-Pearson, bisected in exact fractions with another program.
    [(9, 10, 0.60584), (58, 59, 0.92210), (1, 2, 0.02532), (0, 59, 0.0), (0, 0, 0.0), (50, 100, 0.41362)],
)
def test_a_bound_with_failures_is_the_tabulated_one(good, draws, bound):
    assert lower_bound(good, draws) == pytest.approx(bound, abs=1e-5)


@pytest.mark.parametrize("arguments", [(2, 1), (-1, 1), (1, 2, 0.0), (1, 2, 1.0)])
def test_a_bound_refuses_what_is_no_sample(arguments):
    with pytest.raises(UsageError):
        lower_bound(*arguments)


def test_the_chance_of_a_lucky_guess_is_that_of_drawing_without_returning():
    chance, expected = guess_chance(20, 0.5, 3, 50)
    assert chance == pytest.approx(1 - comb(47, 10) / comb(50, 10))
    assert expected == pytest.approx(10 * 3 / 50)
    large, _ = guess_chance(20, 0.5, 30, 5_000)
    assert large == pytest.approx(1 - comb(4_970, 10) / comb(5_000, 10))
    assert guess_chance(100, 1.0, 3, 50) == (0.0, 0.0)
    assert guess_chance(100, 0.0, 3, 50) == (1.0, 3.0)
    with pytest.raises(UsageError):
        guess_chance(1, 0.5, 60, 50)


def test_an_honest_list_opens_with_its_documents_and_its_dummies():
    result = check_answer(DRAW, ANSWER, EPOCH.commitment)
    assert result.opened + result.dummy == 59 and result.failed == 0 and result.dummy > 0
    # The bound is over the draws that are no dummies.
    assert result.genuine == lower_bound(result.opened, result.opened)
    documents = frozenset(bytes([number + 1]) * 32 for number in range(40))
    assert check_answer(DRAW, ANSWER, EPOCH.commitment, documents) == result
    assert check_answer(DRAW, ANSWER, EPOCH.commitment, frozenset()).opened == 0


def test_the_draw_is_uniform_over_the_leaves_and_fixed_by_its_seed():
    assert drawn_indexes(DRAW, 64) == drawn_indexes(Draw.from_bytes(DRAW.to_bytes()), 64)
    counts = Counter(drawn_indexes(Draw(1, b"n" * 32, DRAW.checkpoint, 10_000), 64))
    # Chi-square with 63 degrees of freedom is below 103.4 in 99.9 % of cases.
    assert sum((counts[at] - 156.25) ** 2 / 156.25 for at in range(64)) < 103.4
    assert audit_commitment(b"n" * 32) != b"n" * 32


def test_an_answer_of_another_list_fails():
    other = Claimant(PARTNER)
    other.commit([account(number, evidence=b"\1" * 32) for number in range(40)])
    assert check_answer(DRAW, ANSWER, other.epochs[0].commitment).failed == 59
    with pytest.raises(UsageError):
        answer_draw(Draw(2, b"n" * 32, DRAW.checkpoint, 5), OPENING)


def changed(data, change):
    line, body, _ = data.split(b"\n")
    value = canonical.decode(body, "test")
    change(value)
    return line + b"\n" + canonical.encode(value) + b"\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.update(epoch=2),
        lambda value: value.update(extra=1),
        lambda value: value["leaves"].reverse(),
        lambda value: value["leaves"].append(value["leaves"][-1]),
        lambda value: value["leaves"][0].update(keys=["", ""]),
        lambda value: value["leaves"][0].update(keys=["lei:x", "", ""]),
        lambda value: value["leaves"][0].update(salts=["00" * 32] * 3),
        lambda value: value["leaves"][0].update(path=["00" * 32] * 25),
        lambda value: value["leaves"][0].update(since="1970"),
        lambda value: value["leaves"][0].update(evidence="00"),
        lambda value: value["leaves"][0].update(relation="a b"),
    ],
)
def test_a_malformed_answer_is_refused(change):
    with pytest.raises(MalformedFile):
        check_answer(DRAW, changed(ANSWER, change), EPOCH.commitment)


@pytest.mark.parametrize(
    "change",
    [
        {"draws": 0},
        {"draws": 10_001},
        {"epoch": -1},
        {"nonce": "00"},
        {"checkpoint": "x"},
        {"checkpoint": 5},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_malformed_draw_is_refused(change):
    with pytest.raises(MalformedFile):
        Draw.from_bytes(changed(DRAW.to_bytes(), lambda value: value.update(change)))


@pytest.mark.parametrize("data", [b"", b"overlap-claims-draw/2\n{}\n", DRAW.to_bytes()[:-1]])
def test_a_file_that_is_no_draw_or_answer_is_refused(data):
    with pytest.raises(MalformedFile):
        Draw.from_bytes(data)
    with pytest.raises(MalformedFile):
        check_answer(DRAW, data, EPOCH.commitment)


def test_the_notes_of_a_claims_log_are_those_of_any_log_here():
    """Checkpoints and cosignatures are read by the other implementation of the same two C2SP formats."""
    log = AUDITED.log
    bare = log.note.to_text().rsplit("— ", 1)[0]
    assert read_checkpoint(bare, log.origin, PARTNER.card).size == 1
    found = read_cosigned(log.note.to_text(), log.origin, PARTNER.card, WITNESSES[0].card)
    assert (found.time, found.checkpoint.size) == (BEGIN, 1)
