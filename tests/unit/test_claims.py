"""Claims: commitments, proofs, and every attack that can be tried with files.

Expected values: the inline formulas of "first-holder commitment, version 1" are spelled out once more in
`test_a_leaf_is_the_published_formula`; everything else compares two paths through the code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
from pathlib import Path

import pandas as pd
import pytest

from cleanroom import merkle
from cleanroom.attribution import (
    FAILURES,
    Commitment,
    Failed,
    HeldAccount,
    Key,
    Verified,
    commit,
    hold,
    key_of,
    prove,
    read_proofs,
    require_bound,
    verify,
)
from cleanroom.attribution.claims.commitment import read_opening
from cleanroom.attribution.claims.leaf import dummy_slot
from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, UsageError
from overlap.protocol.contract import Side
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS

OWNER, RIVAL, SECRET = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
SOFTWARE = "normaliser 1"
DOMAIN = Key("domain", "contoso.example")
LEI = Key("lei", "5493001KJTIIGC8Y1R12")
NAME = Key("name_country", "contoso|de")
TOKEN = "ab" * 16
FULL = HeldAccount("A1", (DOMAIN, LEI, NAME), "2019-04-01", "customers", hashlib.sha256(b"order").digest())
OTHER = HeldAccount("A2", (Key("domain", "fabrikam.example"), None, None), "", "prospects", b"")
MANY = tuple(
    HeldAccount(
        f"B{number}", (Key("domain", f"d{number}.example"), None, None), "2020-01-01", "customers", b""
    )
    for number in range(70)
)
COMMITTED = commit([FULL, OTHER, *MANY], OWNER, 7, SECRET, SOFTWARE)
PUBLIC = COMMITTED.commitment


def proof_of(key, committed=COMMITTED):
    (proof,) = read_proofs(prove(committed.opening, {TOKEN: key}).body)
    return proof


def failure(proof, commitment=PUBLIC, origin=OWNER, key=DOMAIN, software=SOFTWARE):
    outcome = verify(proof, commitment, origin, key, software)
    return outcome.code if isinstance(outcome, Failed) else None


def test_a_leaf_is_the_published_formula():
    epoch, origin = (7).to_bytes(8, "big"), hashlib.sha256(OWNER).digest()
    account = canonical.digest(b"account", b"A2", b"domain:fabrikam.example", b"", b"")
    salts = [hmac.new(SECRET, b"fhc1" + epoch + bytes([i]) + account, "sha256").digest() for i in range(4)]
    key = b"domain:fabrikam.example"
    used = b"fhc1-key" + origin + epoch + b"\x00" + salts[0] + len(key).to_bytes(4, "big") + key
    slots = [hashlib.sha256(used).digest()]
    slots += [hashlib.sha256(b"fhc1-dummy" + OWNER + epoch + bytes([i]) + salts[i]).digest() for i in (1, 2)]
    meta = canonical.digest(salts[3], b"prospects", b"", b"")
    leaf = hashlib.sha256(b"\x00" + origin + epoch + b"".join(slots) + meta).digest()
    assert leaf in [made.hash for made in read_opening(COMMITTED.opening)[1]]


def test_leaves_are_sorted_and_padded_to_the_bucket_with_provable_dummies():
    commitment, leaves = read_opening(COMMITTED.opening)
    hashes = [leaf.hash for leaf in leaves]
    assert hashes == sorted(hashes)
    assert (len(leaves), commitment.leaves, merkle.root(hashes)) == (128, 128, PUBLIC.root)
    dummies = [leaf for leaf in leaves if leaf.account is None]
    assert len(dummies) == 128 - 72
    for leaf in dummies:
        assert [dummy_slot(OWNER, 7, slot, leaf.salts[slot]) for slot in range(3)] == list(leaf.slots)


def test_an_empty_list_is_committed_as_one_bucket_of_dummies():
    assert commit([], OWNER, 0, SECRET, SOFTWARE).commitment.leaves == 64


@pytest.mark.parametrize("key", [DOMAIN, LEI, NAME])
def test_a_committed_key_of_each_slot_is_proven(key):
    outcome = verify(proof_of(key), PUBLIC, OWNER, key, SOFTWARE)
    assert isinstance(outcome, Verified)
    assert (outcome.since, outcome.relation, outcome.kind) == ("2019-04-01", "customers", key.kind)
    assert outcome.evidence == hashlib.sha256(b"order").digest()


def test_a_key_that_was_not_committed_has_no_proof():
    stranger = Key("domain", "stranger.example")
    proved = prove(COMMITTED.opening, {TOKEN: stranger, "cd" * 16: DOMAIN})
    assert proved.missing == (TOKEN,)
    assert [proof.token for proof in read_proofs(proved.body)] == ["cd" * 16]


def test_a_key_of_two_accounts_is_proven_by_the_earlier_asserted_date():
    twice = [dataclasses.replace(FULL, id=name, since=day) for name, day in (("C", ""), ("A", "2021-01-01"))]
    assert proof_of(DOMAIN, commit([*twice, FULL], OWNER, 1, SECRET, SOFTWARE)).since == "2019-04-01"
    assert proof_of(DOMAIN, commit(twice, OWNER, 1, SECRET, SOFTWARE)).since == "2021-01-01"


def test_a_rival_that_copies_the_root_proves_nothing():
    copied = dataclasses.replace(PUBLIC, origin=RIVAL)
    leaked = proof_of(DOMAIN)
    assert failure(leaked, copied, RIVAL) == "wrong-origin"
    relabelled = dataclasses.replace(leaked, origin=RIVAL)
    assert failure(relabelled, copied, RIVAL) == "key-does-not-open"


def test_a_rival_that_recomputes_the_slots_of_a_leaked_opening_is_not_in_the_tree():
    own = proof_of(DOMAIN, commit([FULL], RIVAL, 7, SECRET, SOFTWARE))
    copied = dataclasses.replace(PUBLIC, origin=RIVAL)
    leaked = proof_of(DOMAIN)
    forged = dataclasses.replace(own, index=leaked.index, path=leaked.path)
    assert failure(forged, copied, RIVAL) == "not-in-tree"


def test_a_commitment_of_another_party_is_refused():
    assert failure(proof_of(DOMAIN), origin=RIVAL) == "wrong-origin"


def test_a_proof_of_another_epoch_is_refused():
    later = commit([FULL], OWNER, 8, SECRET, SOFTWARE)
    assert failure(proof_of(DOMAIN, later)) == "wrong-epoch"
    renumbered = dataclasses.replace(proof_of(DOMAIN, later), epoch=7)
    assert failure(renumbered) == "key-does-not-open"


def test_another_normaliser_is_named():
    assert failure(proof_of(DOMAIN), software="normaliser 2") == "other-canonicaliser"


def test_a_key_of_another_account_is_refused():
    assert failure(proof_of(DOMAIN), key=Key("domain", "stranger.example")) == "key-does-not-open"


def test_a_slot_for_another_kind_is_refused():
    assert failure(proof_of(NAME), key=DOMAIN) == "wrong-slot"


@pytest.mark.parametrize("index", [128, 129, 2**62])
def test_an_index_outside_the_committed_size_is_refused(index):
    assert failure(dataclasses.replace(proof_of(DOMAIN), index=index)) == "index-out-of-range"


def test_a_dummy_leaf_presented_as_a_key_is_recognised():
    _, leaves = read_opening(COMMITTED.opening)
    index, dummy = next((place, leaf) for place, leaf in enumerate(leaves) if leaf.account is None)
    path = merkle.inclusion_proof([leaf.hash for leaf in leaves], index)
    guess = dataclasses.replace(
        proof_of(DOMAIN), index=index, path=path, salt=dummy.salts[0], slots=dummy.slots, meta=dummy.meta
    )
    assert failure(guess) == "dummy-as-key"


def test_an_unused_slot_of_a_held_account_does_not_open_as_a_key():
    _, leaves = read_opening(COMMITTED.opening)
    leaf = next(leaf for leaf in leaves if leaf.account == OTHER)
    guess = dataclasses.replace(proof_of(Key("domain", "fabrikam.example")), slot=1, salt=leaf.salts[1])
    assert failure(guess, key=LEI) == "dummy-as-key"


@pytest.mark.parametrize(
    "change",
    [{"since": "1970-01-01"}, {"relation": "prospects"}, {"evidence": b""}, {"meta_salt": b"\0" * 32}],
)
def test_what_is_asserted_cannot_be_changed_after_the_commitment(change):
    assert failure(dataclasses.replace(proof_of(DOMAIN), **change)) == "meta-does-not-open"


def altered_path(proof):
    return (bytes([proof.path[0][0] ^ 1]) + proof.path[0][1:], *proof.path[1:])


@pytest.mark.parametrize(
    "path",
    [
        altered_path,
        lambda p: p.path[:-1],
        lambda p: (*p.path, b"\0" * 32),
        lambda p: p.path[::-1],
        lambda p: (),
    ],
    ids=["bit", "shorter", "longer", "reversed", "empty"],
)
def test_an_altered_path_is_refused(path):
    proof = proof_of(DOMAIN)
    assert failure(dataclasses.replace(proof, path=path(proof))) == "not-in-tree"


def test_a_true_proof_against_another_list_of_the_same_party_is_refused():
    shown_to_another = commit([FULL, *MANY], OWNER, 7, b"\x09" * 32, SOFTWARE).commitment
    assert failure(proof_of(DOMAIN), shown_to_another) == "not-in-tree"


def test_every_failure_code_is_met_by_a_test():
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{code}"' in text for code in FAILURES)


def test_a_proof_shows_no_key_and_no_other_salt():
    body = prove(COMMITTED.opening, {TOKEN: DOMAIN}).body
    leaf = next(leaf for leaf in read_opening(COMMITTED.opening)[1] if leaf.account == FULL)
    for hidden in (
        b"contoso",
        b"5493001",
        SECRET.hex().encode(),
        *(leaf.salts[i].hex().encode() for i in (1, 2)),
    ):
        assert hidden not in body


def test_the_same_list_looks_new_in_every_epoch():
    slots = [proof_of(DOMAIN, commit([FULL], OWNER, epoch, SECRET, SOFTWARE)).slots for epoch in (1, 2)]
    assert not set(slots[0]) & set(slots[1])


def test_neither_commitment_nor_key_is_printed_with_its_secret():
    assert SECRET.hex() not in repr(COMMITTED)
    assert "contoso" not in repr(DOMAIN)
    assert "opening" not in repr(COMMITTED)


def test_a_commitment_survives_its_file():
    assert Commitment.from_bytes(PUBLIC.to_bytes()) == PUBLIC


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("leaves", 127),
        ("leaves", 0),
        ("leaves", 2**24 + 64),
        ("leaves", "128"),
        ("bucket", 0),
        ("epoch", -1),
        ("epoch", True),
        ("root", "00"),
        ("origin", "zz"),
        ("canonicaliser", ""),
        ("canonicaliser", "a\u001b[31m"),
        ("unknown", 1),
    ],
)
def test_a_commitment_with_a_wrong_field_is_refused(name, value):
    head, body = PUBLIC.to_bytes()[:-1].split(b"\n", 1)
    fields = canonical.decode(body, "test") | {name: value}
    with pytest.raises(MalformedFile):
        Commitment.from_bytes(head + b"\n" + canonical.encode(fields) + b"\n")


@pytest.mark.parametrize(
    "data", [b"", b"overlap-claims-commitment/2\n{}\n", b"overlap-claims-commitment/1\n"]
)
def test_a_file_that_is_no_commitment_is_refused(data):
    with pytest.raises(MalformedFile):
        Commitment.from_bytes(data)


def proofs_with(**change):
    body = prove(COMMITTED.opening, {TOKEN: DOMAIN, "cd" * 16: LEI}).body
    head, value = body[:-1].split(b"\n", 1)
    fields = canonical.decode(value, "test")
    fields["proofs"][0] |= change
    return head + b"\n" + canonical.encode(fields) + b"\n"


@pytest.mark.parametrize(
    "change",
    [
        {"token": "cd" * 16},
        {"token": "AB" * 16},
        {"token": "ff" * 16},
        {"index": -1},
        {"index": True},
        {"path": ["00" * 32] * 25},
        {"path": ["00"]},
        {"slot": 3},
        {"salt": "AB" * 32},
        {"slots": ["00" * 32] * 2},
        {"since": "1970"},
        {"since": "2020-13-01"},
        {"relation": "cust\nomers"},
        {"evidence": "00"},
        {"extra": 1},
        {"token": 7},
    ],
    ids=str,
)
def test_a_proof_with_a_wrong_field_is_refused(change):
    with pytest.raises(MalformedFile):
        read_proofs(proofs_with(**change))


def test_an_altered_opening_is_refused():
    with pytest.raises(MalformedFile):
        prove(COMMITTED.opening.replace(b"2019-04-01", b"1970-01-01"), {})
    with pytest.raises(MalformedFile):
        prove(COMMITTED.opening.replace(b"opening/1", b"opening/2"), {})


def test_a_commitment_other_than_the_bound_one_is_refused():
    side = Side("contoso", OWNER.hex(), ("customers",), 1000, PUBLIC.root.hex(), 128)
    require_bound(PUBLIC, side)
    for name, change in (("card", RIVAL.hex()), ("claim_root", "00" * 32), ("claim_leaves", 64)):
        with pytest.raises(ContractMismatch) as refused:
            require_bound(PUBLIC, dataclasses.replace(side, **{name: change}))
        assert refused.value.field == name


@pytest.mark.parametrize(
    "change",
    [
        {"keys": (None, None, None)},
        {"keys": (LEI, None, None)},
        {"keys": (Key("name", "contoso"), None, None)},
        {"since": "01.04.2019"},
        {"relation": "Key Accounts"},
        {"evidence": b"short"},
    ],
    ids=["no key", "wrong slot", "kind without slot", "date", "relation", "evidence"],
)
def test_a_claim_that_cannot_be_read_later_is_refused(change):
    with pytest.raises(UsageError):
        dataclasses.replace(FULL, **change)


@pytest.mark.parametrize(
    "arguments",
    [
        (b"short", 1, SECRET, SOFTWARE),
        (OWNER, -1, SECRET, SOFTWARE),
        (OWNER, 1, b"", SOFTWARE),
        (OWNER, 1, SECRET, ""),
    ],
)
def test_commit_refuses_arguments_out_of_range(arguments):
    with pytest.raises(UsageError):
        commit([FULL], *arguments)


def frames(accounts, identifiers):
    rows = [
        dict.fromkeys(ACCOUNT_COLUMNS, "") | {"row": place + 2} | row for place, row in enumerate(accounts)
    ]
    return pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS)), pd.DataFrame(
        identifiers, columns=list(IDENTIFIER_COLUMNS)
    )


def test_accounts_become_claims_with_further_leaves_for_further_keys():
    held = hold(
        *frames(
            [
                {"id": "A", "created": "2020-05-31T10:00:00Z", "population": "customers"},
                {"id": "B", "created": "soon", "population": "Key Accounts"},
                {"id": "C", "population": "customers"},
            ],
            [
                (0, "domain", "a.example"),
                (0, "domain", "b.example"),
                (0, "duns", "123456789"),
                (0, "lei", LEI.value),
                (0, "name_country", "a|de"),
                (1, "domain", "c.example"),
                (2, "name", "only a name"),
            ],
        ),
        evidence={"A": b"\x05" * 32},
    )
    first, second = Key("domain", "a.example"), Key("domain", "b.example")
    assert held.accounts == (
        HeldAccount("A", (first, LEI, Key("name_country", "a|de")), "2020-05-31", "customers", b"\x05" * 32),
        HeldAccount("A", (second, Key("duns", "123456789"), None), "2020-05-31", "customers", b"\x05" * 32),
        HeldAccount("B", (Key("domain", "c.example"), None, None), "", "other", b""),
    )
    assert [(row.row, "identifier" in row.reason) for row in held.rejected] == [(4, True)]
    assert held.undated == 1


def test_the_date_of_the_relation_may_come_from_another_column():
    accounts, identifiers = frames([{"id": "A", "modified": "2022-02-02"}], [(0, "domain", "a.example")])
    assert hold(accounts, identifiers, since="modified").accounts[0].since == "2022-02-02"


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("domain", "acme.com", Key("domain", "acme.com")),
        ("domain_name", "acme.com||tech", Key("domain", "acme.com")),
        ("domain_name", "acme.com||starter|", Key("domain", "acme.com")),
        ("domain_word", "acme.com|foundry", Key("domain", "acme.com")),
        ("domain_name", "acme.com||\x1f=123456789", Key("domain", "acme.com")),
        ("name_country", "acme|DE", Key("name_country", "acme|DE")),
        ("lei", "529900T8BM49AURSDO55", Key("lei", "529900T8BM49AURSDO55")),
        ("name_city", "acme|berlin", None),
        ("bare_name", "acme", None),
    ],
)
def test_a_matched_identifier_is_claimed_by_its_website_number_or_name(
    kind: str, value: str, key: Key | None
):
    assert key_of(kind, value) == key
