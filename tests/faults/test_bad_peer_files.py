"""What a peer, or somebody between, may send instead of the right file: refused through the commands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from attacked_house import frame_file
from two_parties import PARTNER, PASSPHRASE, SHARED, VENDOR, TwoParties, Walk, match

from overlap import canonical
from overlap.keys import CARD_LINE, Card, PartyKeys
from overlap.protocol import read_frame

P = 2**255 - 19
#: u-coordinates that must be refused; 2^3 + 486662 * 2^2 + 2 is no square modulo p, so 2 is on the twist.
BAD_ELEMENTS = {
    "order two": bytes(32),
    "order four": (1).to_bytes(32, "little"),
    "twist": (2).to_bytes(32, "little"),
    "non-canonical": (P + 9).to_bytes(32, "little"),
    "top bit": (9 + 2**255).to_bytes(32, "little"),
}
#: Frame to the step of the walk after which it lies in the mail, who reads it, and with which words.
READERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "start": ("started", PARTNER, ("reply",)),
    "reply": ("replied", VENDOR, ("finish",)),
    "finish": ("learned", PARTNER, ("finish",)),
}


def read(both: TwoParties, frame: str, code: int = 0) -> str:
    """Read a frame from the mail, as its recipient; what standard error says."""
    _, party, words = READERS[frame]
    out = both.mail({"start": "reply", "reply": "finish", "finish": "unused"}[frame])
    return both.run(party, "match", *words, both.mail(frame), "--out", out, code=code).err


def keys_of(both: TwoParties, party: str) -> PartyKeys:
    return PartyKeys.from_locked(both.place(party, "keys", "identity").read_bytes(), PASSPHRASE)


def rewrite(both: TwoParties, frame: str, change: Callable[[bytes], bytes]) -> None:
    """The frame with another body, signed by its true sender and sealed to its true recipient."""
    reader = READERS[frame][1]
    sender = VENDOR if reader == PARTNER else PARTNER
    theirs, ours = keys_of(both, sender), keys_of(both, reader)
    with both.mail(frame).open("rb") as file:
        header, body = read_frame(file, ours, theirs.card, 2**30)
        changed = change(body.read_rest())
    both.mail(frame).write_bytes(frame_file(header, changed, theirs, ours.card))


def shared_with_partner(both: TwoParties) -> list[str]:
    return [run["shared"] for run in both.read_json(PARTNER, "match", "list")]


@pytest.mark.parametrize("frame", READERS)
@pytest.mark.parametrize("at", [0, 30, 1500, -1])
def test_an_altered_or_truncated_frame_is_refused_and_the_true_one_still_read(
    walk: Walk, tmp_path: Path, quick_passphrase: None, frame: str, at: int
) -> None:
    both = walk.at(READERS[frame][0], tmp_path / "both")
    true = both.mail(frame).read_bytes()
    for bad in (true[:at] + bytes([true[at] ^ 1]) + true[at:][1:], true[:at], b"", true + b"\0"):
        both.mail(frame).write_bytes(bad)
        read(both, frame, code=5)
    both.mail(frame).write_bytes(true)
    read(both, frame)
    both.require_good_logs()


def test_a_frame_of_another_run_is_refused_and_costs_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("started", tmp_path / "both")
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("old-reply"))
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    said = both.run(VENDOR, "match", "finish", both.mail("old-reply"), "--out", both.mail("finish"), code=3)
    assert "this run is unfinished" in said.err
    read(both, "start")
    said = both.run(PARTNER, "match", "finish", both.mail("start"), code=5)
    read(both, "reply")
    read(both, "finish")
    assert shared_with_partner(both) == ["", str(len(SHARED))]


def test_a_frame_is_not_read_by_the_wrong_step_or_party(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("replied", tmp_path / "both")
    both.run(VENDOR, "match", "reply", both.mail("start"), "--out", both.mail("x"), code=5)
    both.run(PARTNER, "match", "finish", both.mail("reply"), code=5)
    both.run(PARTNER, "match", "finish", both.mail("start"), code=5)
    read(both, "reply")


def test_a_repeated_start_gets_the_same_bytes(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("replied", tmp_path / "both")
    first = both.mail("reply").read_bytes()
    both.mail("reply").unlink()
    read(both, "start")
    assert both.mail("reply").read_bytes() == first


def test_a_repeated_reply_gets_the_same_bytes_and_the_same_result(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("learned", tmp_path / "both")
    first = both.mail("finish").read_bytes()
    assert both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("again")).out
    assert both.mail("again").read_bytes() == first


def test_a_second_different_start_of_the_same_run_ends_it(
    walk: Walk, tmp_path: Path, quick_passphrase: None
) -> None:
    both = walk.at("replied", tmp_path / "both")
    rewrite(both, "start", lambda body: body)  # sealed again: the same words in other bytes
    assert "second, different start" in read(both, "start", code=5)
    assert both.read_json(PARTNER, "match", "list")[0]["state"] == "aborted"
    assert not both.place(
        PARTNER, "runs", both.read_json(PARTNER, "match", "list")[0]["run"], "state.0"
    ).exists()


@pytest.mark.parametrize("defect", BAD_ELEMENTS)
@pytest.mark.parametrize("frame", ["start", "reply"])
def test_a_bad_element_in_a_well_signed_frame_ends_the_run(
    walk: Walk, tmp_path: Path, quick_passphrase: None, frame: str, defect: str
) -> None:
    both = walk.at(READERS[frame][0], tmp_path / "both")
    bad = BAD_ELEMENTS[defect]

    def spoil(body: bytes) -> bytes:
        if frame == "reply":  # elements first, in the order of the start
            return bad + body[32:]
        head = len(body) - 256 * 32
        rest = [body[at : at + 32] for at in range(head + 32, len(body), 32)]
        return body[:head] + b"".join(sorted([bad, *rest]))

    rewrite(both, frame, spoil)
    assert "element" in read(both, frame, code=5)
    run = both.read_json(READERS[frame][1], "match", "list")[-1]
    assert run["state"] == "aborted"
    both.require_good_logs()


def test_a_contract_of_another_normaliser_is_refused_by_name(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = walk.at("started", tmp_path / "both")
    with monkeypatch.context() as patch:
        patch.setattr("overlap.identity.normaliser_digest", lambda: "ab" * 32)
        assert "normaliser" in read(both, "start", code=3)
        out = both.mail("other")
        assert "normaliser" in both.run(VENDOR, "match", "start", "--out", out, code=3).err
        assert not out.exists()
        both.run(VENDOR, "agreement", "check", both.read_json(VENDOR, "agreement", "list")[0]["id"], code=3)
    assert both.read_json(PARTNER, "match", "list") == []
    read(both, "start")


def test_a_contract_whose_terms_were_changed_by_the_starter_is_refused_by_name(
    walk: Walk, tmp_path: Path, quick_passphrase: None
) -> None:
    both = walk.at("started", tmp_path / "both")
    rewrite(both, "start", lambda body: body.replace(b'"size_bound":256', b'"size_bound":512', 1))
    assert "size_bound" in read(both, "start", code=3)
    assert both.read_json(PARTNER, "match", "list") == []


@pytest.mark.parametrize("use", ["signing", "checkpoints", "requests"])
def test_a_card_with_a_small_order_key_is_refused(walk: Walk, tmp_path: Path, use: str) -> None:
    """A key of order one makes the signature (R, 0) with R = identity hold for every message."""
    both = walk.at("met", tmp_path / "both")
    neutral = (1).to_bytes(32, "little")
    keys = PartyKeys.generate("mallory", lambda size: hashlib.shake_256(b"mallory").digest(size))
    weak = replace(keys.card, **{use: neutral})
    weak = replace(weak, signature=keys.sign("signing", b"card", weak.body()))
    if use == "signing":
        weak = replace(weak, signature=neutral + bytes(32))
    both.mail("weak.card").write_bytes(weak.to_bytes())
    assert "not a safe key" in both.run(VENDOR, "partner", "add", both.mail("weak.card"), code=5).err
    both.run(VENDOR, "inspect", both.mail("weak.card"), code=5)
    assert [one["name"] for one in both.read_json(VENDOR, "partner", "list")] == [PARTNER]


def test_a_card_that_is_not_canonical_or_names_another_party_is_refused(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    data = both.mail(f"{PARTNER}.card").read_bytes()
    renamed = canonical.decode(data[len(CARD_LINE) : -1], "card") | {"party": "fabrikam"}
    for bad in (data + b"\n", data[:-40], CARD_LINE + canonical.encode(renamed) + b"\n", b""):
        both.mail("bad.card").write_bytes(bad)
        both.run(VENDOR, "partner", "add", both.mail("bad.card"), code=5)
    assert Card.from_bytes(data).party == PARTNER


def test_another_card_of_a_known_partner_does_not_replace_the_first(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    other = PartyKeys.generate(PARTNER, lambda size: hashlib.shake_256(b"other").digest(size))
    both.mail("other.card").write_bytes(other.card.to_bytes())
    assert "another card" in both.run(VENDOR, "partner", "add", both.mail("other.card"), code=3).err
    said = both.run(VENDOR, "partner", "verify", PARTNER, "--fingerprint", other.card.fingerprint, code=3)
    assert "not that of the card" in said.err


@pytest.mark.parametrize(
    ("file", "step", "words"),
    [
        ("share", "granted", (VENDOR, "shares", "request", "--purpose", "territory-planning", "--out", "x")),
        ("request", "requested", (PARTNER, "shares", "lease", "--out", "x")),
        ("lease", "leased", (VENDOR, "shares", "open")),
        ("commitment", "committed", (VENDOR, "receive")),
    ],
)
def test_altered_files_of_shares_and_claims_are_refused_and_the_true_ones_still_read(
    walk: Walk, tmp_path: Path, file: str, step: str, words: tuple[str, ...]
) -> None:
    both = walk.at(step, tmp_path / "both")
    true = both.mail(file).read_bytes()
    party, *rest = words
    place = 2 if rest[0] == "shares" else 1
    command = [*rest[:place], both.mail(file), *rest[place:]]
    command = [both.mail("answer") if word == "x" else word for word in command]
    middle = len(true) // 2
    flipped = true[:middle] + bytes([true[middle] ^ 1]) + true[middle + 1 :]
    for bad in (true[:-1], flipped, b""):
        both.mail(file).write_bytes(bad)
        both.run(party, *command, code=5)
        assert not both.mail("answer").exists()
    both.mail(file).write_bytes(true)
    both.run(party, *command)
    both.require_good_logs()


def test_a_lease_answers_one_request_and_a_request_gets_one_lease(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("leased", tmp_path / "both")
    again = both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("two"), code=3)
    assert "answered before" in again.err and not both.mail("two").exists()
    both.run(PARTNER, "shares", "open", both.mail("lease"), code=5)


def test_an_agreement_with_one_changed_byte_is_refused(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    text = both.mail("agreement.toml").read_bytes()
    both.mail("agreement.toml").write_bytes(text.replace(b"run_budget = 300", b"run_budget = 301"))
    both.run(VENDOR, "agreement", "accept", both.mail("agreement.toml"), "--yes", code=5)


def test_a_partner_can_be_matched_twice(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    match(both)
    assert shared_with_partner(both) == [str(len(SHARED))] * 2


def test_without_a_verified_card_nothing_begins(tmp_path: Path, quick_passphrase: None) -> None:
    from two_parties import meet

    both = TwoParties(tmp_path / "both")
    meet(both, verify=False)
    for words in (
        ("agreement", "propose", "--policy", "territory-planning", "--partner", PARTNER),
        ("claims", "commit", "--partner", PARTNER),
    ):
        assert "not verified" in both.run(VENDOR, *words, "--out", both.mail("x"), code=3).err
    assert not both.mail("x").exists()


def test_a_card_that_is_no_longer_verified_stops_match_and_share(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("requested", tmp_path / "both")
    both.place(PARTNER, "partners", f"{VENDOR}.verified").unlink()
    out = ("--out", both.mail("x"))
    both.run(PARTNER, "shares", "grant", *out, code=3)
    both.run(PARTNER, "shares", "lease", both.mail("request"), *out, code=3)
    both.run(PARTNER, "match", "reply", both.mail("start"), *out, code=3)
    assert not both.mail("x").exists()
