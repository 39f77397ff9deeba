"""Claims: what is held, one committed epoch, and what opens it.

Expected values: the inline formulas of "first-holder commitment, version 1" are spelled out once more in
`test_a_leaf_is_the_published_formula`; everything else compares two paths through the code.
"""

from __future__ import annotations

import dataclasses
import hashlib

import pandas as pd
import pytest

from cleanroom import merkle
from cleanroom.attribution import (
    FIRST,
    Commitment,
    Key,
    Opening,
    commit,
    hold,
    key_of,
    make_row,
    require_bound,
)
from cleanroom.attribution.claims.commitment import _sorted
from cleanroom.attribution.claims.leaf import BLOCK, DUMMY, dummy_slot, make_hashes, open_leaf
from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, UsageError
from overlap.protocol.contract import Side
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS

OWNER, RIVAL, SECRET = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
SOFTWARE = "normaliser 1"
DOMAIN = Key("domain", "contoso.example")
LEI = Key("lei", "5493001KJTIIGC8Y1R12")
NAME = Key("name_country", "contoso|de")
FULL = make_row("A1", [DOMAIN, LEI, NAME], since="2019-04-01", evidence=hashlib.sha256(b"order").digest())
OTHER = make_row("A2", [Key("domain", "fabrikam.example")], relation="prospects")
MANY = tuple(
    make_row(f"B{number}", [Key("domain", f"d{number}.example")], since="2020-01-01") for number in range(70)
)
ROWS = [FULL, OTHER, *MANY]
COMMITTED = commit(ROWS, OWNER, 7, SECRET, SOFTWARE, previous=b"\x07" * 32)
PUBLIC = COMMITTED.commitment
OPENED = Opening.from_bytes(COMMITTED.opening)
LEAVES = [OPENED.leaf(index) for index in range(128)]


def test_a_leaf_is_the_published_formula():
    epoch, origin = (7).to_bytes(8, "big"), hashlib.sha256(OWNER).digest()
    stream = hashlib.shake_256(b"fhc1-salt" + SECRET + epoch + bytes(8)).digest(BLOCK * 128)
    salts = [stream[128 + at : 128 + at + 32] for at in range(0, 128, 32)]  # of the second account
    key = b"domain:fabrikam.example"
    used = b"fhc1-key" + origin + epoch + b"\x00" + salts[0] + len(key).to_bytes(4, "big") + key
    slots = [hashlib.sha256(used).digest()]
    slots += [hashlib.sha256(b"fhc1-dummy" + OWNER + epoch + bytes([i]) + salts[i]).digest() for i in (1, 2)]
    about = b"\0\0\0\x09prospects" + bytes(8)
    meta = hashlib.sha256(b"fhc1-meta" + salts[3] + about).digest()
    leaf = hashlib.sha256(b"\x00" + origin + epoch + b"".join(slots) + meta).digest()
    assert leaf in [made.hash(OWNER, 7) for made in LEAVES]


def test_the_quick_way_gives_the_hashes_of_single_leaves():
    rows = [*ROWS, *ROWS] * 8  # more than one block of salts
    size = len(rows) + 64
    quick = make_hashes(rows, OWNER, 7, SECRET, size)
    padded = [*rows, *[DUMMY] * 64]
    single = [open_leaf(row, at, OWNER, 7, SECRET).hash(OWNER, 7) for at, row in enumerate(padded)]
    assert quick == single and len(rows) > BLOCK


def test_leaves_are_sorted_and_padded_to_the_bucket_with_provable_dummies():
    hashes = [leaf.hash(OWNER, 7) for leaf in LEAVES]
    assert hashes == sorted(hashes)
    assert (PUBLIC.leaves, merkle.root(hashes), OPENED.root()) == (128, PUBLIC.root, PUBLIC.root)
    dummies = [leaf for leaf in LEAVES if leaf.row == DUMMY]
    assert len(dummies) == 128 - 72
    for leaf in dummies:
        assert [dummy_slot(OWNER, 7, slot, leaf.salts[slot]) for slot in range(3)] == list(leaf.slots)


def test_hashes_that_begin_alike_are_sorted_by_their_ends():
    alike = [b"\0" * 8 + bytes([number]) * 24 for number in (3, 1, 2)]
    assert _sorted(alike) == sorted(alike)
    assert _sorted(alike[:1]) == alike[:1]


def test_an_empty_list_is_committed_as_one_bucket_of_dummies():
    assert commit([], OWNER, 1, SECRET, SOFTWARE).commitment.leaves == 64


def test_a_key_of_two_accounts_is_placed_by_the_earlier_asserted_date():
    rows = [
        make_row("C", [DOMAIN]),
        make_row("A", [DOMAIN], since="2021-01-01"),
        make_row("B", [DOMAIN], since="2019-04-01"),
    ]
    opened = Opening.from_bytes(commit(rows, OWNER, 1, SECRET, SOFTWARE).opening)
    assert opened.leaf(opened.places()[DOMAIN.text]).row == rows[2]
    undated = Opening.from_bytes(commit(rows[:2], OWNER, 1, SECRET, SOFTWARE).opening)
    assert undated.leaf(undated.places()[DOMAIN.text]).row == rows[1]


def test_the_same_list_looks_new_in_every_epoch():
    made = [commit([FULL], OWNER, epoch, SECRET, SOFTWARE).opening for epoch in (1, 2)]
    slots = [{slot for at in range(64) for slot in Opening.from_bytes(one).leaf(at).slots} for one in made]
    assert not slots[0] & slots[1]


def test_neither_commitment_nor_key_is_printed_with_its_secret():
    assert SECRET.hex() not in repr(COMMITTED)
    assert "contoso" not in repr(DOMAIN)
    assert "opening" not in repr(COMMITTED)


def test_a_commitment_survives_its_file():
    assert Commitment.from_bytes(PUBLIC.to_bytes()) == PUBLIC
    assert commit([FULL], OWNER, 1, SECRET, SOFTWARE).commitment.previous == FIRST


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fhc", 2),
        ("fhc", True),
        ("leaves", 127),
        ("leaves", 0),
        ("leaves", 2**24 + 64),
        ("leaves", "128"),
        ("bucket", 0),
        ("epoch", 0),
        ("epoch", True),
        ("root", "00"),
        ("previous", "AB" * 32),
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


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"2019-04-01", b"1970-01-01"), (b"opening/1", b"opening/2"), (b'"held":[[', b'"held":[5,[')],
)
def test_an_altered_opening_is_refused(old, new):
    assert old in COMMITTED.opening
    with pytest.raises(MalformedFile):
        Opening.from_bytes(COMMITTED.opening.replace(old, new))


def test_a_commitment_other_than_the_bound_one_is_refused():
    side = Side("contoso", OWNER.hex(), ("customers",), 1000, PUBLIC.root.hex(), 128)
    require_bound(PUBLIC, side)
    for name, change in (("card", RIVAL.hex()), ("claim_root", "00" * 32), ("claim_leaves", 64)):
        with pytest.raises(ContractMismatch) as refused:
            require_bound(PUBLIC, dataclasses.replace(side, **{name: change}))
        assert refused.value.field == name


@pytest.mark.parametrize(
    ("keys", "change"),
    [
        ([], {}),
        ([Key("name", "contoso")], {}),
        ([DOMAIN, Key("domain", "b.example")], {}),
        ([DOMAIN], {"since": "01.04.2019"}),
        ([DOMAIN], {"relation": "Key Accounts"}),
        ([DOMAIN], {"evidence": b"short"}),
    ],
    ids=["no key", "kind without slot", "slot taken", "date", "relation", "evidence"],
)
def test_a_claim_that_cannot_be_read_later_is_refused(keys, change):
    with pytest.raises(UsageError):
        make_row("A", keys, **change)


@pytest.mark.parametrize(
    "arguments",
    [
        (b"short", 1, SECRET, SOFTWARE),
        (OWNER, 0, SECRET, SOFTWARE),
        (OWNER, 1, b"", SOFTWARE),
        (OWNER, 1, SECRET, ""),
    ],
)
def test_commit_refuses_arguments_out_of_range(arguments):
    with pytest.raises(UsageError):
        commit([FULL], *arguments)


def test_commit_refuses_a_key_longer_than_any_name():
    with pytest.raises(UsageError):
        commit([make_row("A", [Key("domain", "x" * 2000)])], OWNER, 1, SECRET, SOFTWARE)


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
    about = {"since": "2020-05-31", "relation": "customers", "evidence": b"\x05" * 32}
    assert held.rows == (
        make_row("A", [first, LEI, Key("name_country", "a|de")], **about),
        make_row("A", [second, Key("duns", "123456789")], **about),
        make_row("B", [Key("domain", "c.example")], relation="other"),
    )
    assert [(row.row, "identifier" in row.reason) for row in held.rejected] == [(4, True)]
    assert held.undated == 1


def test_the_date_of_the_relation_may_come_from_another_column():
    accounts, identifiers = frames([{"id": "A", "modified": "2022-02-02"}], [(0, "domain", "a.example")])
    assert hold(accounts, identifiers, since="modified").rows[0][5] == "2022-02-02"


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
