"""Every row of the attack table of the first-holder protocol, played against the verifier.

Rows of the table (section 5.2) and of its corrections (F7); each test is named after its row. Expected
values: the counter that the table names.
"""

from __future__ import annotations

import json

import pytest
from claim_world import (
    BEGIN,
    DAY,
    MONTH,
    PARTNER,
    RIVAL,
    VENDOR,
    WITNESSES,
    Claimant,
    account,
    clocks,
    code,
    domain,
    forged,
    held,
    honest,
    keys_of,
    known,
    lei,
    terms,
    token,
    verdict,
)

from cleanroom.attribution import (
    FIRST,
    ClaimsLog,
    Conflict,
    Draw,
    Evidence,
    Opening,
    answer_draw,
    audit_commitment,
    check_answer,
    claims_origin,
    cosign_claims,
    guess_chance,
    judge,
    make_row,
    sign_entries,
    verify_bundle,
)
from cleanroom.attribution.claims.leaf import dummy_slot, key_slot, leaf_of
from cleanroom.log import witness_key
from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, Refused

HONEST = honest()
BUNDLE = HONEST.bundle()


def evidence_of(outcome, partner="contoso", disclosed_at=BEGIN + 2 * MONTH, **change):
    usual = {
        "partner": partner, "account": "own", "token": outcome.token, "tier": "exact",
        "committed_at": outcome.committed_at, "disclosed_at": disclosed_at, "outcome": outcome,
    }  # fmt: skip
    return Evidence(**(usual | change))


def only(*evidence):
    (holding,) = judge(evidence)
    return holding


def test_an_honest_claim_is_held_since_the_second_of_two_witnesses_saw_it():
    found = held(BUNDLE)
    assert (found.epoch, found.committed_at, found.dated_by) == (1, BEGIN + DAY, "witnesses")
    assert only(evidence_of(found)).grade == "witnessed"


# --- Commit the whole company universe


def test_committing_the_whole_universe_exceeds_the_cap():
    greedy = Claimant(PARTNER)
    greedy.commit([account(number) for number in range(1_100)], [(one, BEGIN) for one in WITNESSES[:2]])
    assert code(greedy.bundle([0]), now=BEGIN + DAY) == "too-many-leaves"
    assert code(greedy.bundle([0]), now=BEGIN + DAY, terms=terms(most_leaves=2_000)) == ""


def test_growing_into_the_universe_afterwards_exceeds_the_growth():
    grown = Claimant(PARTNER)
    for number, size in enumerate((60, 700)):
        when = BEGIN + number * MONTH
        grown.commit([account(one) for one in range(size)], [(one, when) for one in WITNESSES[:2]])
    assert code(grown.bundle([0]), now=BEGIN + MONTH + DAY) == "grew-too-fast"


def test_growing_in_many_small_steps_within_one_epoch_exceeds_the_growth_too():
    grown = Claimant(PARTNER)
    for number, size in enumerate((60, 120, 180, 250, 320, 400)):
        when = BEGIN + number * DAY
        grown.commit([account(one) for one in range(size)], [(one, when) for one in WITNESSES[:2]])
    assert code(grown.bundle([0]), now=BEGIN + 6 * DAY) == "grew-too-fast"


# --- Fill the spare budget with guesses


def test_guesses_in_the_spare_budget_fail_the_audit():
    padded = Claimant(PARTNER)
    real = [account(number, evidence=bytes([number + 1]) * 32) for number in range(32)]
    padded.commit(real + [account(number) for number in range(100, 132)])
    epoch = padded.epochs[0]
    draw = Draw(1, b"n" * 32, padded.stamped[0].note.text, 59)
    result = check_answer(draw, answer_draw(draw, Opening.from_bytes(epoch.opening)), epoch.commitment)
    assert result.failed > 10 and result.genuine < 0.75


def test_guesses_hit_a_target_list_rarely_and_the_chance_is_printed():
    # By hand: 5,000 guesses of 300,000 firms against 2,000 targets are expected to hit 33.3.
    chance, expected = guess_chance(5_000, 0.0, 2_000, 300_000)
    assert chance > 0.999 and round(expected, 1) == 33.3


# --- Back-date


def test_a_late_epoch_counts_from_the_clocks_of_the_witnesses():
    late = Claimant(PARTNER)
    late.commit([account(0)], [(WITNESSES[0], BEGIN + 5 * DAY), (WITNESSES[1], BEGIN + 6 * DAY)])
    back_dated = forged(late.bundle([0]), lambda body: body.update(made=0))
    assert held(back_dated, now=BEGIN + 7 * DAY).committed_at == BEGIN + 6 * DAY


def test_an_asserted_date_of_1970_changes_nothing():
    claimant = Claimant(PARTNER)
    claimant.commit([account(0, since="1970-01-01")], [(one, BEGIN) for one in WITNESSES[:2]])
    found = held(claimant.bundle([0], pay=True), now=BEGIN + DAY)
    assert (found.since, found.committed_at) == ("1970-01-01", BEGIN)


def test_a_witness_that_goes_back_in_time_is_found():
    claimant = Claimant(PARTNER)
    for when in (BEGIN + DAY, BEGIN):
        claimant.commit([account(0)], [(WITNESSES[0], when)])
    assert code(claimant.bundle([0]), now=BEGIN + 2 * DAY) == "time-goes-back"


def test_a_witness_refuses_to_go_back_in_time():
    first = cosign_claims(HONEST.log, None, 0, RIVAL, BEGIN)
    longer = sign_entries(first.origin, [*first.entries, b"x" * 32], PARTNER)
    with pytest.raises(Refused):
        cosign_claims(longer, first, BEGIN, RIVAL, BEGIN - 1)


def test_a_time_in_the_future_is_refused():
    claimant = Claimant(PARTNER)
    claimant.commit([account(0)], [(one, BEGIN + 9 * DAY) for one in WITNESSES[:2]])
    assert code(claimant.bundle([0]), now=BEGIN) == "time-goes-back"


# --- Equivocate (different lists to different vendors)


def two_lists():
    """One epoch for this vendor, another one for somebody else, under one log name."""
    other = Claimant(PARTNER)
    other.commit([account(number) for number in range(70)], [(WITNESSES[2], BEGIN)])
    other.commit([account(500)], [(WITNESSES[2], BEGIN + MONTH)], salt=b"other" + bytes(27))
    return other


def test_different_lists_to_different_vendors_are_a_portable_proof():
    found = verdict(BUNDLE, log=two_lists().log)
    assert found.code == "contradicted" and found.conflict is not None
    again = Conflict.from_bytes(found.conflict.to_bytes())
    again.require_signed([PARTNER.card])
    with pytest.raises(ForgedFile):
        again.require_signed([RIVAL.card])
    holding = only(evidence_of(held(BUNDLE), contradicted=True))
    assert holding.grade == "contradicted"


def test_a_witness_refuses_a_second_checkpoint_of_the_same_size():
    first = cosign_claims(two_lists().log, None, 0, RIVAL, BEGIN)
    same_size = sign_entries(first.origin, [*HONEST.entries[:1], b"z" * 32], PARTNER)
    with pytest.raises(ForgedFile):
        cosign_claims(same_size, first, BEGIN, RIVAL, BEGIN + DAY)


def test_a_witness_refuses_a_fork_and_a_smaller_log():
    first = cosign_claims(HONEST.log, None, 0, RIVAL, BEGIN)
    fork = sign_entries(first.origin, [b"y" * 32, *HONEST.entries], PARTNER)
    smaller = sign_entries(first.origin, HONEST.entries[:2], PARTNER)
    with pytest.raises(ForgedFile):
        cosign_claims(fork, first, BEGIN, RIVAL, BEGIN + DAY)
    with pytest.raises(Refused):
        cosign_claims(smaller, first, BEGIN, RIVAL, BEGIN + DAY)


def test_two_logs_of_which_one_goes_on_are_no_conflict():
    shorter = sign_entries(HONEST.log.origin, HONEST.entries[:2], PARTNER)
    with pytest.raises(MalformedFile):
        Conflict.from_bytes(Conflict(shorter, HONEST.log).to_bytes())


def test_hiding_the_newest_epochs_is_found():
    stale = honest(2)
    assert code(stale.bundle(), least=3) == "older-than-known"


# --- Many logs, show the lucky one


def test_another_log_of_the_same_party_is_not_the_bound_one():
    lucky = forged(BUNDLE, lambda body: body.update(log=body["log"].replace(
        claims_origin(PARTNER.card), claims_origin(RIVAL.card))))  # fmt: skip
    assert code(lucky) == "wrong-origin"
    bound = terms(logs={"contoso": claims_origin(RIVAL.card), "northwind": claims_origin(VENDOR.card)})
    assert code(BUNDLE, terms=bound) == "wrong-origin"


def test_epochs_from_before_the_terms_count_from_the_terms():
    agreed = terms(counts_from=BEGIN + 10 * DAY)
    assert held(BUNDLE, terms=agreed, clocks=clocks(agreed)).committed_at == BEGIN + 10 * DAY


def test_two_entries_of_one_epoch_are_found():
    twice = forged(BUNDLE, lambda body: body["epochs"].append(body["epochs"][-1]))
    assert code(twice) == "two-entries-of-one-epoch"


# --- P and witnesses collude


def test_one_colluding_witness_of_two_needed_moves_no_time():
    colluding = Claimant(PARTNER)
    colluding.commit([account(0)], [(WITNESSES[0], BEGIN - 300 * DAY), (WITNESSES[1], BEGIN)])
    assert held(colluding.bundle([0]), now=BEGIN + DAY).committed_at == BEGIN


def test_with_fewer_than_m_witnesses_nobody_dates_the_claim():
    alone = Claimant(PARTNER)
    alone.commit([account(0)], [(WITNESSES[0], BEGIN), (RIVAL, BEGIN)])
    found = held(alone.bundle([0]), now=BEGIN + DAY)
    assert found.committed_at is None
    assert only(evidence_of(found)).grade == "asserted"


def test_our_own_countersignature_dates_it_alone():
    countersigned = Claimant(PARTNER)
    countersigned.commit([account(0)], [(VENDOR, BEGIN + 7)])
    found = held(countersigned.bundle([0]), now=BEGIN + DAY)
    assert (found.committed_at, found.dated_by) == (BEGIN + 7, "countersignature")


def test_a_cosignature_of_a_witness_cannot_be_altered():
    def shift(body):
        note = body["checkpoints"][0]["note"]
        last = note.rstrip("\n").rsplit(" ", 1)
        flipped = "A" if last[1][20] != "A" else "B"
        body["checkpoints"][0]["note"] = last[0] + " " + last[1][:20] + flipped + last[1][21:] + "\n"

    assert code(forged(BUNDLE, shift)) == "cosignature-altered"


# --- Never remove lost customers


def test_a_lapse_ends_the_holding():
    assert code(BUNDLE, now=BEGIN + 2 * MONTH + DAY + 40 * DAY) == ""
    assert code(BUNDLE, now=BEGIN + 2 * MONTH + DAY + 40 * DAY + 1) == "lapsed"


def test_a_gap_longer_than_the_grace_period_is_found():
    pausing = Claimant(PARTNER)
    for when in (BEGIN, BEGIN + 41 * DAY):
        pausing.commit([account(0)], [(one, when) for one in WITNESSES[:2]])
    assert code(pausing.bundle([0]), now=BEGIN + 42 * DAY) == "gap-too-long"


def test_a_holding_that_was_interrupted_counts_from_its_return():
    returning = Claimant(PARTNER)
    for number, rows in enumerate(([account(0)], [account(1)], [account(0)])):
        when = BEGIN + number * MONTH
        returning.commit(rows, [(one, when) for one in WITNESSES[:2]])
    assert held(returning.bundle([0])).committed_at == BEGIN + 2 * MONTH


def test_an_epoch_without_the_account_cannot_be_left_out():
    def skip(body):
        body["epochs"].pop(1)
        for shown in body["claims"].values():
            shown.pop(1)

    assert code(forged(BUNDLE, skip)) == "epoch-missing"
    assert code(forged(BUNDLE, lambda body: body["claims"][token(0)].pop(1))) == "not-in-every-epoch"
    assert code(forged(BUNDLE, lambda body: body["claims"][token(0)].pop())) == "not-in-every-epoch"


# --- V fishes for P's list


def test_the_vendor_sees_no_key_that_did_not_match():
    text = HONEST.bundle([3])
    assert b"example" not in text and b"LEI0" not in text


def test_a_claim_about_a_pair_that_is_not_ours_is_named():
    assert code(HONEST.bundle([0]), keys={"normaliser 1": {}}) == "unknown-account"


# --- V back-dates its opportunity


def test_the_vendor_commits_too_and_its_time_comes_from_the_same_clocks():
    vendor = Claimant(VENDOR)
    vendor.commit([account(0)], [(one, BEGIN + 3 * DAY) for one in WITNESSES[:2]])
    bundle = vendor.bundle([0], recipient=PARTNER.card.digest)
    seen = known(
        cards=[PARTNER.card], partner=[VENDOR.card], now=BEGIN + 4 * DAY,
        clocks=clocks(), terms=terms(),
    )  # fmt: skip
    outcome = verify_bundle(bundle, seen).outcomes[token(0)]
    assert outcome.committed_at == BEGIN + 3 * DAY
    first, second = judge([evidence_of(held(BUNDLE)), evidence_of(outcome, "northwind")])
    assert (first.partner, second.partner) == ("contoso", "northwind")


# --- Rival learns it was beaten by whom


def test_a_holding_names_its_own_partner_and_no_rival():
    mine = evidence_of(held(BUNDLE))
    theirs = evidence_of(held(BUNDLE, 1), "fabrikam", account="own")
    alone = only(mine)
    assert [one for one in judge([mine, theirs]) if one.partner == "contoso"] == [alone]
    assert b"fabrikam" not in BUNDLE


# --- Same firm, other domain


def test_a_firm_under_another_domain_is_proven_by_its_other_slot():
    moved = Claimant(PARTNER)
    for number, keys in enumerate(([domain(900), lei(0)], [domain(0), lei(0)])):
        when = BEGIN + number * MONTH
        moved.commit([make_row("A0", keys)], [(one, when) for one in WITNESSES[:2]])
    found = held(moved.bundle([0]), now=BEGIN + MONTH + DAY)
    assert (found.epoch, found.kind) == (1, "lei")


# --- Lost K


def test_without_the_opening_nothing_is_proven_and_nothing_leaks():
    with pytest.raises(MalformedFile):
        Opening.from_bytes(HONEST.epochs[0].opening.replace(b'"secret":"', b'"secret":"0', 1))
    public = HONEST.log.to_text().encode() + HONEST.epochs[0].commitment.to_bytes()
    assert b"example" not in public and b"LEI0" not in public


# --- Old certificates


def test_a_log_head_can_be_stamped_again_and_the_earliest_time_stays():
    again = honest(2)
    note = again.stamped[0].note
    later = cosign_claims(
        ClaimsLog(again.log.origin, tuple(again.entries[:1]), note), None, 0, VENDOR, BEGIN + 300 * DAY
    )
    again.stamped[0] = type(again.stamped[0])(later.note)
    assert held(again.bundle([0]), now=BEGIN + 32 * DAY).committed_at == BEGIN + DAY


# --- F7.1 Root copying


def test_a_rival_that_copies_root_and_opening_proves_nothing():
    copy = Claimant(RIVAL)
    stolen = HONEST.epochs[0]
    copy.epochs.append(stolen)
    log = sign_entries(claims_origin(RIVAL.card), copy.entries, RIVAL)
    copy.stamped.append(type(HONEST.stamped[0])(log.note))
    assert code(copy.bundle([0]), partner=[RIVAL.card], terms=None) == "wrong-origin"

    def relabel(body):
        body["epochs"][0]["commitment"]["origin"] = RIVAL.card.digest.hex()

    entries = []

    def relog(body):
        relabel(body)
        body["log"], body["checkpoints"] = entries[0], []

    from cleanroom.attribution import Commitment, sealed_entry

    fields = stolen.commitment.to_fields() | {"origin": RIVAL.card.digest.hex()}
    own = sign_entries(log.origin, [sealed_entry(stolen.salt, Commitment.from_fields(fields))], RIVAL)
    entries.append(own.to_text())
    forgery = forged(copy.bundle([0]), relog, RIVAL)
    assert code(forgery, partner=[RIVAL.card], terms=None) == "key-does-not-open"


def test_the_log_publishes_neither_root_nor_size():
    text = HONEST.log.to_text()
    for epoch in HONEST.epochs:
        assert epoch.commitment.root.hex() not in text
    guess = [HONEST.epochs[0].commitment.digest.hex()]
    assert not any(one in text for one in guess)


# --- F7.2 Learn, then commit


def test_a_claim_committed_after_the_disclosure_never_wins():
    found = held(BUNDLE)
    assert only(evidence_of(found, disclosed_at=found.committed_at)).grade == "after-disclosure"
    assert only(evidence_of(found, disclosed_at=found.committed_at - 1)).grade == "after-disclosure"
    assert only(evidence_of(found, disclosed_at=found.committed_at + 1)).grade == "witnessed"


# --- F7.3 Dummies


def dummy_place(claimant):
    opening = Opening.from_bytes(claimant.epochs[0].opening)
    index = next(at for at in range(opening.commitment.leaves) if not any(opening.leaf(at).row))
    return opening, index


def test_a_dummy_is_never_a_key():
    claimant = honest(1)
    opening, index = dummy_place(claimant)
    leaf, (path,) = opening.leaf(index), opening.paths([index])

    def guess(body):
        shown = body["claims"][token(0)][0]
        shown |= {
            "index": index, "path": [node.hex() for node in path], "slot": 0, "salt": leaf.salts[0].hex(),
            "slots": [slot.hex() for slot in leaf.slots], "meta": leaf.meta.hex(),
        }  # fmt: skip
        body["claims"][token(0)][0] = shown

    assert code(forged(claimant.bundle([0]), guess), now=BEGIN + 2 * DAY) == "dummy-as-key"


def test_a_guess_is_never_called_a_dummy():
    guessing = Claimant(PARTNER)
    guessing.commit([account(number) for number in range(64)])
    epoch = guessing.epochs[0]
    draw = Draw(1, b"n" * 32, guessing.stamped[0].note.text, 10)
    answer = json.loads(answer_draw(draw, Opening.from_bytes(epoch.opening)).split(b"\n")[1])
    for leaf in answer["leaves"]:
        leaf |= {"keys": ["", "", ""], "relation": "", "since": "", "evidence": ""}
    lied = b"overlap-claims-answer/1\n" + canonical.encode(answer) + b"\n"
    assert check_answer(draw, lied, epoch.commitment).failed == 10


# --- F7.4 Seed grinding


def test_no_cosignature_and_no_later_choice_of_the_nonce_changes_the_draw():
    draw = Draw(3, b"n" * 32, HONEST.stamped[2].note.text, 59)
    bare = sign_entries(HONEST.log.origin, HONEST.entries, PARTNER).note
    assert Draw(3, b"n" * 32, bare.text, 59).seed == draw.seed
    assert audit_commitment(b"n" * 32) != audit_commitment(b"m" * 32)
    assert Draw(3, b"m" * 32, bare.text, 59).seed != draw.seed


def test_no_answer_counts_as_failed():
    draw = Draw(3, b"n" * 32, HONEST.stamped[2].note.text, 29)
    result = check_answer(draw, None, HONEST.epochs[2].commitment)
    assert (result.failed, result.genuine) == (29, 0.0)


# --- F7.5 Mixed leaves, and versions


def test_a_leaf_with_keys_of_two_accounts_is_found_when_it_is_paid():
    mixed = Claimant(PARTNER)
    mixed.commit([make_row("A", [domain(0), lei(1)])], [(one, BEGIN) for one in WITNESSES[:2]])
    assert code(mixed.bundle([0]), now=BEGIN + DAY) == ""
    assert code(mixed.bundle([0], pay=True), now=BEGIN + DAY) == "mixed-leaf"
    # Also when the account itself has no number here that could be compared.
    keys = {"normaliser 1": {token(0): frozenset({domain(0).text}), token(1): frozenset({lei(1).text})}}
    assert code(mixed.bundle([0], pay=True), now=BEGIN + DAY, keys=keys) == "mixed-leaf"


def test_every_used_slot_is_opened_for_pay_as_what_it_is():
    paid = HONEST.bundle([0], pay=True)

    def hide(body):
        for shown in body["claims"][token(0)]:
            shown["others"][0]["key"] = ""

    assert code(paid) == ""
    assert code(forged(paid, hide)) == "slot-not-opened"


def test_an_unknown_normaliser_is_named():
    new = Claimant(PARTNER)
    new.commit([account(0)], [(one, BEGIN) for one in WITNESSES[:2]], software="normaliser 2")
    assert code(new.bundle([0]), now=BEGIN + DAY) == "unknown-canonicaliser"
    both = {"normaliser 1": {token(0): frozenset()}, "normaliser 2": {token(0): frozenset({domain(0).text})}}
    assert code(new.bundle([0]), now=BEGIN + DAY, keys=both) == ""


# --- F7.7 Commit time decides


def test_equal_times_are_equal_and_left_to_the_rules():
    first, second = judge([evidence_of(held(BUNDLE)), evidence_of(held(BUNDLE), "fabrikam")])
    assert first.committed_at == second.committed_at


def test_a_list_other_than_the_one_that_the_contract_bound_is_refused():
    bound = (HONEST.epochs[2].commitment.root, HONEST.epochs[2].commitment.leaves)
    assert code(BUNDLE, bound=bound) == ""
    assert code(BUNDLE, bound=(b"\1" * 32, 128)) == "other-list-bound"
    assert code(BUNDLE, bound=(bound[0], 64)) == "other-list-bound"


# --- Keys


def test_a_checkpoint_by_another_key_is_refused():
    log = sign_entries(HONEST.log.origin, HONEST.entries, RIVAL)
    assert code(forged(BUNDLE, lambda body: body.update(log=log.to_text()))) == "wrong-key"


def test_a_thief_of_a_retired_key_dates_nothing_after_its_end():
    present = keys_of("contoso-2")
    stolen = honest(1)
    retired = {PARTNER.card.digest: BEGIN}
    partner = [present.card, PARTNER.card]
    usual = {"partner": partner, "terms": None, "now": BEGIN + 2 * DAY}
    assert code(stolen.bundle([0]), retired=retired, **usual) == "wrong-key"
    assert code(stolen.bundle([0]), retired={PARTNER.card.digest: BEGIN + 2 * DAY}, **usual) == ""


def test_a_small_order_key_is_no_witness():
    from cleanroom.log import COSIGNATURE, NoteKey

    weak = NoteKey("witness.example", COSIGNATURE, bytes([1]) + bytes(31))
    with pytest.raises(ForgedFile):
        NoteKey.from_text(weak.to_text())
    assert NoteKey.from_text(witness_key(VENDOR.card).to_text()) == witness_key(VENDOR.card)


def test_the_formulas_separate_slots_owners_and_epochs():
    place = (b"o" * 32, 1)
    made = {
        key_slot("domain:a", *place, 0, b"s" * 32), key_slot("domain:a", *place, 1, b"s" * 32),
        key_slot("domain:a", b"p" * 32, 1, 0, b"s" * 32), key_slot("domain:a", b"o" * 32, 2, 0, b"s" * 32),
        dummy_slot(*place, 0, b"s" * 32), leaf_of(*place, [b"x"] * 3, b"m"), FIRST,
    }  # fmt: skip
    assert len(made) == 7
