"""Rotations and revocations: forged chains, replays, keys to be refused, and commands that are killed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from faulty_disk import STRIDE, Killed, faulty_disk
from two_parties import PARTNER, VENDOR, TwoParties, Walk, agree, match

from cleanroom.session.keys.rotating import ENDED, RELOCKED
from cleanroom.session.stored import PURPOSES
from overlap import canonical
from overlap.errors import BadPeerFile, ForgedFile, UsageError
from overlap.keys import (
    NO_RECOVERY,
    REVOCATION_LINE,
    ROTATION_LINE,
    Card,
    PartyKeys,
    RecoveryKey,
    make_revocation,
    make_rotation,
    read_revocation,
    read_rotation,
)

pytestmark = pytest.mark.usefixtures("quick_passphrase")

RANDOM = Random(17).randbytes
NAME, TIME = "contoso", 1_795_341_600


def made(name: str = NAME) -> tuple[RecoveryKey, PartyKeys]:
    recovery = RecoveryKey.generate(name, RANDOM)
    return recovery, PartyKeys.generate(name, RANDOM, recovery.commitment)


FIRST_RECOVERY, FIRST = made()
SECOND_RECOVERY, SECOND = made()
ROTATION = make_rotation(FIRST, SECOND, FIRST_RECOVERY, TIME)
REVOCATION = make_revocation(FIRST.card, FIRST_RECOVERY, TIME)


def fields_of(data: bytes, line: bytes) -> dict:
    return canonical.decode(data[len(line) : -1], "the file")


def rewritten(**changes: object) -> bytes:
    return ROTATION_LINE + canonical.encode(fields_of(ROTATION.data, ROTATION_LINE) | changes) + b"\n"


def signatures(**changes: str) -> bytes:
    return rewritten(signatures=fields_of(ROTATION.data, ROTATION_LINE)["signatures"] | changes)


def test_a_rotation_and_a_revocation_are_read_back() -> None:
    assert read_rotation(ROTATION.data) == ROTATION
    assert (ROTATION.old, ROTATION.new, ROTATION.time) == (FIRST.card, SECOND.card, TIME)
    assert read_revocation(REVOCATION.data) == REVOCATION


@pytest.mark.parametrize("data", [ROTATION.data, REVOCATION.data], ids=["rotation", "revocation"])
def test_every_changed_or_missing_byte_is_found(data: bytes) -> None:
    read = read_rotation if data.startswith(ROTATION_LINE) else read_revocation
    for position in range(len(data)):
        with pytest.raises(BadPeerFile):
            read(data[:position] + bytes([data[position] ^ 0x20]) + data[position + 1 :])
    for cut in (b"", data[:40], data[:-1], data + b"\n", data + bytes(65_536)):
        with pytest.raises(BadPeerFile):
            read(cut)


@pytest.mark.parametrize("missing", ["old", "new", "recovery"])
def test_a_rotation_needs_all_three_signatures(missing: str) -> None:
    kept = fields_of(ROTATION.data, ROTATION_LINE)["signatures"]
    others = [name for name in kept if name != missing]
    with pytest.raises(ForgedFile):
        read_rotation(rewritten(signatures={name: kept[name] for name in others}))
    for stands_in in (kept[others[0]], "00" * 64):
        with pytest.raises(ForgedFile):
            read_rotation(signatures(**{missing: stands_in}))


def thief_without_recovery() -> bytes:
    """Who has every key of the old card signs with a recovery key of its own."""
    recovery, new = made()
    message = canonical.encode(
        {
            "old": FIRST.card.digest.hex(),
            "new": new.card.digest.hex(),
            "recovery": recovery.public.hex(),
            "time": TIME,
        }
    )
    return rewritten(
        new=new.card.to_bytes().decode(),
        recovery=recovery.public.hex(),
        signatures={
            "old": FIRST.sign("signing", b"rotation", message).hex(),
            "new": new.sign("signing", b"rotation", message).hex(),
            "recovery": recovery.sign(b"rotation", message).hex(),
        },
    )


def test_the_keys_of_a_card_do_not_replace_it_without_its_recovery_key() -> None:
    with pytest.raises(ForgedFile, match="another recovery key"):
        read_rotation(thief_without_recovery())
    with pytest.raises(UsageError):
        make_rotation(FIRST, SECOND, SECOND_RECOVERY, TIME)
    with pytest.raises(UsageError):
        make_revocation(FIRST.card, SECOND_RECOVERY, TIME)


def test_a_revocation_by_another_key_is_forged() -> None:
    fields = fields_of(REVOCATION.data, REVOCATION_LINE)
    message = canonical.encode({"card": FIRST.card.digest.hex(), "time": TIME})
    for changes in (
        {"recovery": SECOND_RECOVERY.public.hex()},
        {"signature": SECOND_RECOVERY.sign(b"card revocation", message).hex()},
        {
            "recovery": FIRST.card.signing.hex(),
            "signature": FIRST.sign("signing", b"card revocation", message).hex(),
        },
        {"card": SECOND.card.to_bytes().decode()},
    ):
        with pytest.raises(ForgedFile):
            read_revocation(REVOCATION_LINE + canonical.encode(fields | changes) + b"\n")


def test_a_rotation_is_no_revocation_and_the_other_way_round() -> None:
    with pytest.raises(BadPeerFile):
        read_revocation(ROTATION.data)
    with pytest.raises(BadPeerFile):
        read_rotation(REVOCATION.data)


def test_the_new_card_has_other_keys_the_same_name_and_a_fresh_recovery_key() -> None:
    other_name = PartyKeys.generate("fabrikam", RANDOM, SECOND_RECOVERY.commitment)
    same_recovery = PartyKeys.generate(NAME, RANDOM, FIRST_RECOVERY.commitment)
    no_recovery = PartyKeys.generate(NAME, RANDOM)
    kept = PartyKeys(
        NAME, SECOND._secrets | {"requests": FIRST._secrets["requests"]}, SECOND_RECOVERY.commitment
    )
    assert no_recovery.card.recovery == NO_RECOVERY
    for new in (other_name, same_recovery, no_recovery, kept, FIRST):
        with pytest.raises(UsageError):
            make_rotation(FIRST, new, FIRST_RECOVERY, TIME)


P = 2**255 - 19
#: The eight points of edwards25519 whose order divides 8, each as y with the sign of x.
EIGHT = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
#: The u-coordinates of curve25519 whose order divides 8, and encodings that are not canonical.
LOW_U = [0, 1, P - 1, P, P + 1, 2**255 - 1, 2**255 + 9,
         325606250916557431795983626356110631294008115727848805560023387167927233504,
         39382357235489614581723060781553021112529911719440698176882885853963445705823]  # fmt: skip


@pytest.mark.parametrize("key", EIGHT)
def test_a_small_order_recovery_key_signs_nothing(key: str) -> None:
    with pytest.raises(ForgedFile, match="not a safe key"):
        read_rotation(rewritten(recovery=key))
    with pytest.raises(ForgedFile, match="not a safe key"):
        fields = fields_of(REVOCATION.data, REVOCATION_LINE) | {"recovery": key}
        read_revocation(REVOCATION_LINE + canonical.encode(fields) + b"\n")


@pytest.mark.parametrize("key", EIGHT)
@pytest.mark.parametrize("use", ["signing", "checkpoints", "requests"])
def test_a_card_with_a_small_order_key_is_refused(use: str, key: str) -> None:
    with pytest.raises(ForgedFile, match="not a safe key"):
        Card.from_bytes(replace(FIRST.card, **{use: bytes.fromhex(key)}).to_bytes())


@pytest.mark.parametrize("u", LOW_U)
def test_a_card_with_a_low_order_or_non_canonical_sealing_key_is_refused(u: int) -> None:
    sealing = FIRST.card.sealing[:1184] + u.to_bytes(32, "little")
    with pytest.raises(ForgedFile, match="not a safe key"):
        Card.from_bytes(replace(FIRST.card, sealing=sealing).to_bytes())


def test_every_stored_secret_has_a_rule_for_what_becomes_of_it_in_a_rotation() -> None:
    assert {*RELOCKED, *ENDED} == set(PURPOSES)
    assert not {*RELOCKED} & {*ENDED}


def rotate(both: TwoParties, party: str) -> tuple[str | Path, ...]:
    return ("keys", "rotate", "--recovery", both.place(party, "recovery.key"), "--out", both.mail("rotation"))


def test_a_stored_secret_that_the_rotation_does_not_know_stops_it_before_anything_changes(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("proven", tmp_path / "both")
    opening = both.place(PARTNER, "claims", "own", "1.opening")
    both.place(PARTNER, "elsewhere").mkdir()
    both.place(PARTNER, "elsewhere", "copy").write_bytes(opening.read_bytes())
    before = both.place(PARTNER, "keys", "identity").read_bytes()
    assert "not known to the rotation" in both.run(PARTNER, *rotate(both, PARTNER), code=3).err
    assert both.place(PARTNER, "keys", "identity").read_bytes() == before


def test_rotations_by_a_thief_and_back_to_an_old_card_are_refused_by_the_partner(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("met", tmp_path / "both")
    stolen = both.keys_of(PARTNER)
    both.run(PARTNER, *rotate(both, PARTNER))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
    present = both.keys_of(PARTNER)
    recovery = both.recovery_of(PARTNER, "recovery-2.key")
    # With every key, the recovery key too, nobody goes back to a card that is out of use.
    back = make_rotation(present, stolen, recovery, both.now)
    both.mail("back").write_bytes(back.data)
    assert "out of use" in both.run(VENDOR, "partner", "rotate", both.mail("back"), code=3).err
    # The thief of the old keys and the old recovery key is too late.
    late = made()[1]
    both.mail("late").write_bytes(
        make_rotation(stolen, late, both.recovery_of(PARTNER, "recovery.key"), both.now).data
    )
    assert "out of use" in both.run(VENDOR, "partner", "rotate", both.mail("late"), code=3).err
    far = make_rotation(present, made()[1], recovery, both.now + 10 * 86_400)
    both.mail("far").write_bytes(far.data)
    assert "clock" in both.run(VENDOR, "partner", "rotate", both.mail("far"), code=3).err
    assert both.read_json(VENDOR, "partner", "list")[0]["verified"]


def test_a_rotation_of_a_stranger_changes_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    both.mail("strange").write_bytes(ROTATION.data)
    assert "does not begin" in both.run(VENDOR, "partner", "rotate", both.mail("strange"), code=3).err
    fabrikam = made("fabrikam")
    other = make_rotation(fabrikam[1], made("fabrikam")[1], fabrikam[0], TIME)
    both.mail("strange").write_bytes(other.data)
    both.run(VENDOR, "partner", "rotate", both.mail("strange"), code=2)
    both.mail("strange").write_bytes(thief_without_recovery())
    both.run(VENDOR, "partner", "rotate", both.mail("strange"), code=5)


def works_again(both: TwoParties, thorough: bool) -> None:
    """Both know each other's present card and agree, and no log is broken; `thorough` has them match too."""
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        listed = both.read_json(ours, "partner", "list")[0]
        assert listed["verified"]
        assert listed["fingerprint"] == both.run(theirs, "card").after("fingerprint")
        assert not list(both.place(ours, "keys").glob("next*"))
        assert not list(both.place(ours, "keys").glob("*.old"))
        assert not list(both.place(ours, "partners").glob("*.next"))
        assert not list(both.place(ours, "logs").glob("*.start"))
        assert not list(both.place(ours, "logs", "old").glob("*.part"))
    both.require_good_logs()
    agree(both)
    if thorough:
        match(both)
        both.run(PARTNER, "claims", "prove", "--out", both.mail("claims"))
        both.require_good_logs()


def killed_everywhere(
    walk: Walk, place: Path, kind: str, begin: Callable[[TwoParties], tuple[str, tuple[str | Path, ...]]],
    check: Callable[[TwoParties, str, tuple[str | Path, ...], bool], None],
    first: int = 1, stride: int = STRIDE,
) -> int:  # fmt: skip
    """Break the command at change `first`, `first + stride`, … of a file until it comes through.

    `check` is thorough after every second of them, or after all with OVERLAP_EVERY_CHANGE. Returns the last
    change that was broken.
    """
    for turn in itertools.count():
        at = first + turn * stride
        both = walk.at("opened", place / str(at))
        party, words = begin(both)
        try:
            with faulty_disk(both.root, at, kind) as fault:
                both.run(party, *words, code=None)
        except Killed:
            pass
        if not fault.happened:
            return at - stride
        check(both, party, words, turn % 2 == 0 or STRIDE == 1)
    raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dead", "full"])
@pytest.mark.parametrize("other_command_first", [False, True])
def test_a_rotation_broken_at_any_change_is_completed(
    walk: Walk, tmp_path: Path, kind: str, other_command_first: bool
) -> None:
    def begin(both: TwoParties) -> tuple[str, tuple[str | Path, ...]]:
        both.run(VENDOR, "match", "start", "--out", both.mail("start2"))
        return PARTNER, rotate(both, PARTNER)

    def check(both: TwoParties, party: str, words: tuple[str | Path, ...], thorough: bool) -> None:
        if other_command_first:
            both.run(party, "status")
            both.run(party, "audit", "verify")
        both.run(party, *words)
        assert len(both.read_json(PARTNER, "keys", "list")) == 2
        both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
        works_again(both, thorough)

    # With the other command first at one change, without it at the next; every change in both ways takes
    # OVERLAP_EVERY_CHANGE.
    first, stride = (1 + STRIDE * other_command_first, 2 * STRIDE) if STRIDE > 1 else (1, 1)
    assert killed_everywhere(walk, tmp_path, kind, begin, check, first, stride) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dead", "full"])
def test_taking_in_a_rotation_broken_at_any_change_is_completed(
    walk: Walk, tmp_path: Path, kind: str
) -> None:
    def begin(both: TwoParties) -> tuple[str, tuple[str | Path, ...]]:
        both.run(VENDOR, "match", "start", "--out", both.mail("start2"))
        both.run(PARTNER, *rotate(both, PARTNER))
        return VENDOR, ("partner", "rotate", both.mail("rotation"))

    def check(both: TwoParties, party: str, words: tuple[str | Path, ...], thorough: bool) -> None:
        both.run(party, *words)
        works_again(both, thorough)

    assert killed_everywhere(walk, tmp_path, kind, begin, check) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dead", "full"])
def test_taking_in_a_revocation_broken_at_any_change_is_completed(
    walk: Walk, tmp_path: Path, kind: str
) -> None:
    def begin(both: TwoParties) -> tuple[str, tuple[str | Path, ...]]:
        recovery = both.place(PARTNER, "recovery.key")
        both.run(PARTNER, "keys", "revoke", "--recovery", recovery, "--out", both.mail("dead"), "--yes")
        return VENDOR, ("partner", "revoke", both.mail("dead"))

    def check(both: TwoParties, party: str, words: tuple[str | Path, ...], _: bool) -> None:
        both.run(party, *words)
        assert both.read_json(VENDOR, "partner", "list")[0]["revoked"]
        assert both.read_json(VENDOR, "shares", "list") == []
        both.run(VENDOR, "audit", "verify")

    assert killed_everywhere(walk, tmp_path, kind, begin, check) >= 4


@pytest.mark.slow
def test_a_change_of_passphrase_broken_at_any_change_leaves_one_that_opens(tmp_path: Path) -> None:
    new = "another horse entirely"
    for at in itertools.count(1):
        both = TwoParties(tmp_path / str(at))
        both.root.mkdir()
        source = both.root / "new"
        source.write_text(new, encoding="utf-8")
        both.run(VENDOR, "init", "--party", VENDOR)
        try:
            with faulty_disk(both.root, at, "dead") as fault:
                both.run(VENDOR, "keys", "passphrase", "--new-passphrase-file", source, code=None)
        except Killed:
            pass
        codes = [
            both.run(VENDOR, "card", code=None).code,
            both.run(VENDOR, "card", passphrase=new, code=None).code,
        ]
        assert sorted(codes) == [0, 3]
        if not fault.happened:
            assert at > 1
            break
