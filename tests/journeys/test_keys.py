"""Two companies live through a rotation, a theft and a lost folder, with the commands of docs/keys.md."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from two_parties import (
    PARTNER,
    PASSPHRASE,
    SHARED,
    VENDOR,
    TwoParties,
    Walk,
    agree,
    match,
    require_no_account,
)

from cleanroom.session.folder import Folder
from cleanroom.session.history import own_history, partner_history
from overlap.errors import WrongPassphrase
from overlap.keys import Card, PartyKeys, RecoveryKey, read_rotation

pytestmark = pytest.mark.usefixtures("quick_passphrase")


def rotate(both: TwoParties, party: str, number: int = 1) -> Path:
    """Rotate the keys of a party, its recovery keys lying in its folder; the rotation."""
    place = both.mail(f"{party}.rotation{number}")
    recovery = both.place(party, "recovery.key" if number == 1 else f"recovery-{number}.key")
    both.run(party, "keys", "rotate", "--recovery", recovery, "--out", place)
    return place


def fingerprint(both: TwoParties, party: str) -> str:
    return both.run(party, "card").after("fingerprint")


def test_after_a_rotation_of_either_side_both_agree_match_and_share_again(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    both.run(VENDOR, "partner", "rotate", rotate(both, PARTNER))
    both.run(PARTNER, "partner", "add", rotate(both, VENDOR))
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        listed = both.read_json(ours, "partner", "list")
        assert [(one["name"], one["verified"]) for one in listed] == [(theirs, True)]
        assert listed[0]["fingerprint"] == fingerprint(both, theirs)
        assert {one["state"] for one in both.read_json(ours, "agreement", "list")} == {"ended"}
        assert both.run(ours, "match", "start", "--out", both.mail("x"), code=2).err
    both.require_good_logs()
    agree(both)
    match(both)
    for step in ("granted", "requested", "leased", "opened", "proven"):
        if step != "proven":
            getattr(walk, f"_{step}")(both)
    assert {cell["theirs"] for cell in both.read_json(VENDOR, "matrix")[0]["cells"]} == {len(SHARED)}
    both.require_good_logs()


def test_open_shares_and_runs_end_with_the_card_on_both_sides(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    both.run(VENDOR, "match", "start", "--out", both.mail("start2"))
    rotation = rotate(both, PARTNER)
    assert both.read_json(PARTNER, "shares", "list")[0]["state"] == "revoked, half destroyed"
    assert not list(both.place(PARTNER, "vault").glob("*.secret"))
    both.run(VENDOR, "partner", "rotate", rotation)
    assert both.read_json(VENDOR, "shares", "list") == []
    assert not list(both.place(VENDOR, "releases").iterdir())
    states = sorted(run["state"] for run in both.read_json(VENDOR, "match", "list"))
    assert states == ["finished", "unfinished"]
    assert not list(both.place(VENDOR, "vault").glob("*.secret"))
    both.require_good_logs()


def test_the_new_log_commits_to_the_end_of_the_old_one(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    both.run(VENDOR, "partner", "rotate", rotate(both, PARTNER))
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        both.run(ours, "audit", "verify")
        old = both.place(ours, "logs", "old", f"{theirs}.1", f"{theirs}.log")
        lines = old.read_bytes().splitlines(keepends=True)
        kept = old.read_bytes()
        old.write_bytes(b"".join(lines[:-2]))
        assert "old log 1" in both.run(ours, "audit", "verify", code=3).out
        old.write_bytes(kept)
        both.run(ours, "audit", "verify")


def test_what_was_proven_before_a_rotation_stays_proven(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("proven", tmp_path / "both")
    before = [(row["opportunity"], row["status"]) for row in both.read_json(VENDOR, "credit")]
    both.run(VENDOR, "partner", "rotate", rotate(both, PARTNER))
    rows = both.read_json(VENDOR, "credit")
    assert [(row["opportunity"], row["status"]) for row in rows] == before
    # The agreement ended with the card: the lines stay, and keep no more than a digest of their facts.
    assert all(list(json.loads(row["facts"])) == ["kept"] for row in rows if row["partner"])
    rotate(both, VENDOR)
    assert both.read_json(VENDOR, "credit") == rows
    both.run(PARTNER, "claims", "list")
    both.run(PARTNER, "claims", "prove", "--out", both.mail("again"))


def test_an_unverified_partner_stays_unverified_through_a_rotation(tmp_path: Path) -> None:
    from two_parties import meet

    both = TwoParties(tmp_path)
    meet(both, verify=False)
    answer = both.run(VENDOR, "partner", "rotate", rotate(both, PARTNER))
    assert "NOT VERIFIED" in answer.out
    both.run(VENDOR, "partner", "verify", PARTNER, "--fingerprint", fingerprint(both, PARTNER))


def test_a_chain_of_rotations_is_taken_in_in_its_order_only(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    first, second = rotate(both, PARTNER, 1), rotate(both, PARTNER, 2)
    assert "does not begin" in both.run(VENDOR, "partner", "rotate", second, code=3).err
    both.run(VENDOR, "partner", "rotate", first)
    both.run(VENDOR, "partner", "rotate", first)
    both.run(VENDOR, "partner", "rotate", second)
    assert "out of use" in both.run(VENDOR, "partner", "rotate", first, code=3).err
    both.run(PARTNER, "keys", "statement", "1", "--out", both.mail("again"))
    assert both.mail("again").read_bytes() == first.read_bytes()
    assert [one["state"] for one in both.read_json(PARTNER, "keys", "list")] == [
        "rotated",
        "rotated",
        "in use",
    ]
    assert len(partner_history(Folder(both.place(VENDOR)), PARTNER)) == 2
    assert len(own_history(Folder(both.place(PARTNER)))) == 2
    both.require_good_logs()


def test_the_recovery_key_is_nowhere_but_in_its_file(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    usb = tmp_path / "usb" / "recovery"
    both.run(VENDOR, "init", "--party", VENDOR, "--recovery", usb)
    assert not both.place(VENDOR, "recovery.key").exists()
    key = RecoveryKey.from_locked(usb.read_bytes(), PASSPHRASE)
    assert Card.from_bytes(both.place(VENDOR, "keys", "card").read_bytes()).recovery == key.commitment
    usb.unlink()
    assert (
        "cannot read"
        in both.run(VENDOR, "keys", "rotate", "--recovery", usb, "--out", tmp_path / "x", code=4).err
    )


def test_a_recovery_file_has_a_passphrase_of_its_own(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    own = tmp_path / "own"
    own.write_text("four words of another kind\n", encoding="utf-8")
    both.run(VENDOR, "init", "--party", VENDOR, "--recovery-passphrase-file", own)
    with pytest.raises(WrongPassphrase):
        RecoveryKey.from_locked(both.place(VENDOR, "recovery.key").read_bytes(), PASSPHRASE)
    words = (
        "keys",
        "rotate",
        "--recovery",
        both.place(VENDOR, "recovery.key"),
        "--out",
        tmp_path / "rotation",
    )
    both.run(VENDOR, *words, code=3)
    both.run(VENDOR, *words, "--recovery-passphrase-file", own)
    assert read_rotation((tmp_path / "rotation").read_bytes()).new.party == VENDOR


def test_a_lost_folder_is_revoked_with_the_recovery_file_and_the_card_alone(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("opened", tmp_path / "both")
    words = (
        "keys",
        "revoke",
        "--recovery",
        both.place(PARTNER, "recovery.key"),
        "--out",
        both.mail("dead"),
        "--yes",
    )
    both.run("nowhere", *words, "--card", both.mail(f"{PARTNER}.card"))
    answer = both.run(VENDOR, "partner", "revoke", both.mail("dead"))
    assert "REVOKED" in answer.out
    assert both.read_json(VENDOR, "shares", "list") == []
    both.run(VENDOR, "partner", "revoke", both.mail("dead"))
    assert both.read_json(VENDOR, "partner", "list")[0]["revoked"]
    # Nothing by the dead card is taken, whatever it is.
    for command in (
        ("receive", both.mail("commitment")),
        ("agreement", "accept", both.mail("agreement.toml")),
        ("partner", "verify", PARTNER, "--fingerprint", "x"),
        ("partner", "rotate", rotate(both, PARTNER)),
    ):
        both.run(VENDOR, *command, code=3)
    both.run(VENDOR, "audit", "verify")
    # The party begins again in another folder, and is compared by phone.
    both.run("again", "init", "--party", PARTNER)
    both.run("again", "card", "--out", both.mail("again.card"))
    assert "NOT VERIFIED" in both.run(VENDOR, "partner", "add", both.mail("again.card")).out
    both.run(VENDOR, "partner", "verify", PARTNER, "--fingerprint", fingerprint(both, "again"))
    both.run(VENDOR, "partner", "add", both.mail(f"{PARTNER}.card"), code=3)
    both.run(VENDOR, "audit", "verify")


def test_a_folder_whose_own_card_was_revoked_ends_everything_and_sends_nothing(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("opened", tmp_path / "both")
    recovery = both.place(PARTNER, "recovery.key")
    both.run(PARTNER, "keys", "revoke", "--recovery", recovery, "--out", both.mail("dead"), "--yes")
    assert both.read_json(PARTNER, "shares", "list")[0]["state"] == "revoked, half destroyed"
    said = both.run(PARTNER, "claims", "commit", "--partner", VENDOR, "--out", both.mail("x"), code=3).err
    assert "revoked" in said
    both.run(PARTNER, "keys", "rotate", "--recovery", recovery, "--out", both.mail("x"), code=3)
    assert both.read_json(PARTNER, "keys", "list")[-1]["state"] == "revoked"
    both.run(PARTNER, "audit", "verify")


def test_the_passphrase_changes_and_the_keys_stay(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    both.run(VENDOR, "init", "--party", VENDOR)
    before, new = fingerprint(both, VENDOR), tmp_path / "new"
    for weak in ("short", "aaaaaaaaaaaaaaa", "northwind1234", "password1234"):
        new.write_text(weak, encoding="utf-8")
        both.run(VENDOR, "keys", "passphrase", "--new-passphrase-file", new, code=2)
    new.write_text("another horse entirely\n", encoding="utf-8")
    both.run(VENDOR, "keys", "passphrase", "--new-passphrase-file", new)
    both.run(VENDOR, "card", passphrase="the first one is gone", code=3)
    assert both.run(VENDOR, "card", passphrase="another horse entirely").after("fingerprint") == before
    locked = both.place(VENDOR, "keys", "identity").read_bytes()
    with pytest.raises(WrongPassphrase):
        PartyKeys.from_locked(locked, PASSPHRASE)


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaa", "northwind-2026", "passwordpassword"])
def test_no_party_is_made_under_a_passphrase_that_is_too_weak(tmp_path: Path, weak: str) -> None:
    both = TwoParties(tmp_path)
    both.run(VENDOR, "init", "--party", VENDOR, passphrase=weak, code=2)
    assert not both.place(VENDOR, "party").exists()


def test_the_output_of_the_commands_has_no_key_in_it(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    keys = PartyKeys.from_locked(both.place(PARTNER, "keys", "identity").read_bytes(), PASSPHRASE)
    recovery = RecoveryKey.from_locked(both.place(PARTNER, "recovery.key").read_bytes(), PASSPHRASE)
    secrets = [value.hex() for value in keys._secrets.values()] + [recovery._secret.hex()]
    rotation = rotate(both, PARTNER)
    listed = both.run(PARTNER, "keys", "list").out + both.run(PARTNER, "keys", "list", "--json").out
    seen = [rotation.read_text(encoding="utf-8"), listed, repr(keys), repr(recovery)]
    require_no_account(listed)
    assert not [secret for secret in secrets for text in seen if secret in text]
