"""Claim bundles as files: what is read, what is refused with which code, and that every byte counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from claim_world import (
    BEGIN,
    DAY,
    PARTNER,
    RIVAL,
    RUN,
    VENDOR,
    WITNESSES,
    Claimant,
    account,
    code,
    domain,
    forged,
    held,
    honest,
    known,
    token,
    verdict,
)

from cleanroom.attribution import FAILURES, Failed, Verified, read_bundle, verify_bundle
from cleanroom.attribution.claims import proof
from cleanroom.attribution.claims.bundle import CLAIMS_BUNDLE_LINE
from overlap import canonical

HONEST = honest()
BUNDLE = HONEST.bundle()
PAID = HONEST.bundle([0], pay=True)


def small():
    """A bundle of one epoch, one account and one witness."""
    claimant = Claimant(PARTNER)
    claimant.commit([account(0)], [(WITNESSES[0], BEGIN), (WITNESSES[1], BEGIN)])
    return claimant.bundle([0], pay=True)


def test_a_bundle_is_read_as_it_was_made():
    bundle = read_bundle(BUNDLE)
    assert (bundle.run, bundle.recipient, bundle.pay) == (RUN, VENDOR.card.digest, False)
    assert sorted(bundle.claims) == [token(0), token(1)]
    assert [one.commitment.epoch for one in bundle.epochs] == [1, 2, 3]


def test_every_claim_of_a_good_bundle_holds():
    found = verdict(BUNDLE)
    assert found.code == "" and all(isinstance(one, Verified) for one in found.outcomes.values())
    assert [found.times[epoch].time for epoch in (1, 2, 3)] == [BEGIN + DAY + n * 30 * DAY for n in range(3)]


def test_a_bundle_for_pay_opens_what_is_asserted():
    documented = Claimant(PARTNER)
    rows = [account(0, evidence=b"\5" * 32)]
    documented.commit(rows, [(one, BEGIN) for one in WITNESSES[:2]])
    bundle = documented.bundle([0], pay=True)
    found = held(bundle, now=BEGIN + DAY)
    assert (found.since, found.relation, found.evidence) == ("2019-04-01", "customers", b"\5" * 32)
    assert code(bundle, now=BEGIN + DAY, documents=frozenset({b"\5" * 32})) == ""
    assert code(bundle, now=BEGIN + DAY, documents=frozenset({b"\6" * 32})) == "evidence-differs"
    assert held(documented.bundle([0]), now=BEGIN + DAY).since == ""


def test_an_account_that_the_newest_epoch_does_not_hold_is_missing_from_the_bundle():
    assert sorted(read_bundle(HONEST.bundle([0, 700])).claims) == [token(0)]


def test_every_changed_byte_of_a_small_bundle_is_found():
    data = small()
    assert code(data, now=BEGIN + DAY) == ""
    seen = known(now=BEGIN + DAY)
    for place in range(len(data)):
        for flip in (0x01, 0x20, 0x80):
            changed = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
            found = verify_bundle(changed, seen)
            assert found.code in ("malformed", "bundle-altered", "wrong-recipient", "wrong-origin"), place


@pytest.mark.parametrize("cut", [0, 1, 20, 128, 129, 130, 500, -1])
def test_a_truncated_bundle_is_malformed(cut):
    assert verdict(BUNDLE[:cut]).code == "malformed"


@pytest.mark.parametrize(
    "data", [b"\xff" * 500, BUNDLE + b"\n", b"\n" + BUNDLE, CLAIMS_BUNDLE_LINE + b"[" * 5000 + b"\n" * 200]
)
def test_a_garbled_bundle_is_malformed(data):
    assert verdict(data).code == "malformed"


def test_an_oversized_bundle_is_named_before_it_is_read(monkeypatch):
    monkeypatch.setattr(proof, "BUNDLE_LIMIT", 1_000)
    assert verdict(BUNDLE).code == "too-large"


def fields_set(**change):
    return lambda body: body.update(change)


def claim_set(**change):
    return lambda body: body["claims"][token(0)][0].update(change)


@pytest.mark.parametrize(
    "change",
    [
        fields_set(extra=1),
        fields_set(pay=1),
        fields_set(run="00"),
        fields_set(made=-1),
        fields_set(made=True),
        fields_set(sender="AB" * 32),
        fields_set(log="overlap-claims-log/1\n"),
        fields_set(claims={"zz": []}),
        fields_set(claims={token(0): []}),
        fields_set(checkpoints=[{"note": "x", "token": ""}]),
        fields_set(epochs=[{"commitment": {}, "salt": "00" * 32}]),
        fields_set(epochs=[5]),
        claim_set(epoch=-1),
        claim_set(index=True),
        claim_set(path=["00" * 32] * 25),
        claim_set(path=["00"]),
        claim_set(slot=3),
        claim_set(salt="AB" * 32),
        claim_set(slots=["00" * 32] * 2),
        claim_set(asserted={}),
        lambda body: body["checkpoints"][0].update(token="AAA"),
    ],
)
def test_a_bundle_with_a_wrong_field_is_malformed(change):
    assert verdict(forged(BUNDLE, change)).code == "malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"since": "1970"},
        {"since": "2020-13-01"},
        {"relation": "cust\nomers"},
        {"evidence": "00"},
        {"salt": 7},
    ],
    ids=str,
)
def test_an_assertion_with_a_wrong_field_is_malformed(change):
    def alter(body):
        body["claims"][token(0)][0]["asserted"].update(change)

    assert verdict(forged(PAID, alter)).code == "malformed"


@pytest.mark.parametrize("value", [None, [], {}, 0, False])
@pytest.mark.parametrize("name", ["since", "evidence", "relation"])
def test_an_empty_value_of_another_type_in_an_assertion_is_malformed(name, value):
    def alter(body):
        body["claims"][token(0)][0]["asserted"][name] = value

    assert verdict(forged(PAID, alter)).code == "malformed"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (fields_set(recipient=RIVAL.card.digest.hex()), "wrong-recipient"),
        (fields_set(sender=RIVAL.card.digest.hex()), "wrong-origin"),
        (lambda body: body["epochs"].pop(), "epoch-missing"),
        (lambda body: body["epochs"].pop(1), "epoch-missing"),
        (lambda body: body["epochs"][0].update(salt="00" * 32), "entry-does-not-open"),
        (lambda body: body["epochs"][0]["commitment"].update(leaves=64), "entry-does-not-open"),
        (lambda body: body["checkpoints"].reverse(), "checkpoint-of-other-log"),
        (lambda body: body["checkpoints"].append(body["checkpoints"][0]), "checkpoint-of-other-log"),
        (claim_set(index=128), "index-out-of-range"),
        (claim_set(index=2**62), "index-out-of-range"),
        (claim_set(slot=1), "key-does-not-open"),
        (claim_set(salt="00" * 32), "key-does-not-open"),
        (claim_set(meta="00" * 32), "not-in-tree"),
        (claim_set(path=[]), "not-in-tree"),
        (claim_set(index=0), "not-in-tree"),
        (claim_set(epoch=2), "not-in-every-epoch"),
    ],
)
def test_a_bundle_that_says_something_else_has_a_code(change, expected):
    assert code(forged(BUNDLE, change)) == expected


def test_a_checkpoint_over_other_entries_is_found():
    other = Claimant(PARTNER)
    other.commit([account(900)])
    swapped = other.stamped[0].note.to_text()
    changed = forged(BUNDLE, lambda body: body["checkpoints"][0].update(note=swapped))
    assert code(changed) == "checkpoint-of-other-log"


def test_a_broken_chain_of_roots_is_found():
    broken = Claimant(PARTNER)
    broken.commit([account(0)], [(one, BEGIN) for one in WITNESSES[:2]])
    broken.commit([account(0)], [(one, BEGIN) for one in WITNESSES[:2]], previous=b"\1" * 32)
    assert code(broken.bundle([0]), now=BEGIN + DAY) == "chain-broken"


def test_what_is_asserted_cannot_be_changed_after_the_commitment():
    def older(body):
        body["claims"][token(0)][0]["asserted"]["since"] = "1970-01-01"

    assert code(forged(PAID, older)) == "meta-does-not-open"


def test_a_bundle_signed_by_somebody_else_is_altered():
    assert verdict(forged(BUNDLE, lambda body: None, RIVAL)).code == "bundle-altered"


def test_one_wrong_claim_leaves_the_others_good():
    found = verdict(forged(BUNDLE, claim_set(meta="00" * 32))).outcomes
    assert isinstance(found[token(0)], Failed) and isinstance(found[token(1)], Verified)


def test_a_failed_bundle_fails_every_claim_in_it_with_its_code():
    found = verdict(BUNDLE, now=BEGIN + 400 * DAY)
    assert {one.code for one in found.outcomes.values()} == {"lapsed"}


def test_every_failure_code_is_met_by_a_test():
    place = Path(__file__).parent
    files = [Path(__file__), place.parent / "faults" / "test_attack_claims.py", place / "test_claim_times.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [one for one in FAILURES if f'"{one}"' not in text] == []


def test_a_bundle_shows_no_key_and_no_other_salt():
    from cleanroom.attribution import Opening

    opening = Opening.from_bytes(HONEST.epochs[0].opening)
    leaf = opening.leaf(opening.places()[domain(0).text])
    secret = json.loads(HONEST.epochs[0].opening.split(b"\n")[1])["secret"]
    for hidden in (b"company0", b"LEI0", secret.encode(), *(leaf.salts[i].hex().encode() for i in (1, 2, 3))):
        assert hidden not in BUNDLE


def test_the_body_is_canonical():
    body = BUNDLE[len(CLAIMS_BUNDLE_LINE) : -130]
    assert canonical.encode(json.loads(body)) == body
