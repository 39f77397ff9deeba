"""Two logs compared, and referral tokens. Expected values: FORMATS.md, worked by hand."""

from __future__ import annotations

import random
from functools import cache
from hashlib import shake_256

import pytest
from stories import act

from cleanroom.attribution.actions import (
    DIFFERENCES,
    Token,
    compare_actions,
    digest_in,
    make_token,
    plain_type,
    read_token,
)
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile, UsageError
from overlap.keys import PartyKeys

PROOF = "mail sha256:" + "ab" * 32


def compared(ours, theirs):
    found = compare_actions(ours, theirs, lambda name: name.strip().casefold())
    return [(one.code, one.ours, one.theirs) for one in found]


def log(*rows: tuple[str, str, str], **change: str):
    return [act(kind, day, id=name, **change) for name, kind, day in rows]


def test_equal_logs_have_no_difference_whatever_their_ids() -> None:
    ours = log(("1", "demo", "2026-05-03"), ("2", "introduction", "2026-05-04"))
    theirs = log(("x", "Demo", "2026-05-03"), ("y", "introduction", "2026-05-04"), partner="Contoso ")
    assert compared(ours, theirs) == []


def test_what_only_one_log_has_is_listed_for_both() -> None:
    ours, theirs = log(("1", "demo", "2026-05-03")), log(("x", "security-review", "2026-06-03"))
    assert compared(ours, theirs) == [("only-theirs", "", "x"), ("only-ours", "1", "")]


def test_a_date_a_type_and_a_proof_are_told_apart() -> None:
    ours = log(("1", "demo", "2026-05-03"), ("2", "introduction", "2026-05-04"))
    theirs = log(("x", "demo", "2026-05-09"), ("y", "recommendation", "2026-05-04"))
    assert compared(ours, theirs) == [("other-date", "1", "x"), ("other-type", "2", "y")]
    same = log(("1", "demo", "2026-05-03"), proof=PROOF)
    other = log(("x", "demo", "2026-05-03"), proof=PROOF.replace("ab", "cd"))
    assert compared(same, other) == [("other-proof", "1", "x")]


def test_equal_ids_are_one_action_even_where_all_else_differs() -> None:
    ours, theirs = log(("1", "demo", "2026-05-03")), log(("1", "introduction", "2026-07-03"))
    assert compared(ours, theirs) == [("other-date", "1", "1"), ("other-type", "1", "1")]


def test_a_shifted_list_does_not_pair_every_action_with_its_neighbour() -> None:
    ours = log(("1", "demo", "2026-05-01"), ("2", "demo", "2026-05-08"))
    theirs = log(("x", "demo", "2026-05-08"), ("y", "demo", "2026-05-15"))
    assert compared(ours, theirs) == [("other-date", "1", "y")]


def test_the_order_of_rows_does_not_matter_and_every_row_is_accounted_for() -> None:
    rng = random.Random(6)
    for _ in range(200):
        sides = [
            [
                act(rng.choice(["demo", "introduction"]), f"2026-05-0{rng.randrange(1, 4)}", id=f"{side}{n}")
                for n in range(rng.randrange(6))
            ]
            for side in "ot"
        ]
        found = compared(*sides)
        assert found == compared(*(rng.sample(side, len(side)) for side in sides))
        assert {code for code, _, _ in found} <= set(DIFFERENCES)
        alone = [sum(code == name for code, _, _ in found) for name in ("only-ours", "only-theirs")]
        assert len(sides[0]) - alone[0] == len(sides[1]) - alone[1]


def test_types_and_digests_are_read_in_any_dress() -> None:
    assert {plain_type(one) for one in ("Joint Discovery", "joint_discovery", " JOINT--discovery ")} == {
        "joint-discovery"
    }
    assert digest_in(PROOF) == "ab" * 32 and digest_in("mail") == ""


# Tokens.


@cache
def keys(name: str) -> PartyKeys:
    return PartyKeys.generate(name, lambda size: shake_256(f"{name}{size}".encode()).digest(size))


def token(**change: int) -> tuple[Token, bytes]:
    facts = {"made": 100, "until": 200, "uses": 3} | change
    return make_token(
        keys("northwind"), "contoso", "Introduction", **facts, random=lambda size: b"\x07" * size
    )


def test_a_token_says_what_was_put_in() -> None:
    made, data = token()
    assert read_token(data, (keys("northwind").card,)) == made
    assert (made.partner, made.type, made.uses) == ("contoso", "introduction", 3)
    assert data == token()[1]


def test_a_token_of_another_vendor_is_refused() -> None:
    with pytest.raises(ForgedFile):
        read_token(token()[1], (keys("fabrikam").card,))


def test_no_byte_of_a_token_can_be_changed() -> None:
    _, data = token()
    for place in range(len(data)):
        for flip in (1, 32, 128):
            changed = data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
            with pytest.raises(BadPeerFile):
                read_token(changed, (keys("northwind").card,))


@pytest.mark.parametrize("data", [b"", b"overlap-referral/1\n", b"x" * 5000])
def test_what_is_no_token_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedFile):
        read_token(data, (keys("northwind").card,))


@pytest.mark.parametrize("change", [{"until": 100}, {"uses": 0}, {"uses": 10_001}])
def test_a_token_that_is_good_for_nothing_is_not_made(change: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        token(**change)
