"""A bundle about a partnership in which cards were rotated or revoked shows all of it, and how it follows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from secrets import token_bytes

import pytest
from shown_logs import other, send
from two_parties import PARTNER, VENDOR, TwoParties, Walk, agree, match, require_no_account

from cleanroom.bundle import Bundle, make_bundle, opening_part, read_bundle
from cleanroom.bundle.format import read_openings
from overlap import canonical
from overlap.keys import ROTATION_LINE, PartyKeys, RecoveryKey, make_rotation

pytestmark = pytest.mark.usefixtures("quick_passphrase")

Parts = dict[str, bytes]


def rotate(both: TwoParties, party: str, recovery: str = "recovery.key") -> None:
    words = ("keys", "rotate", "--recovery", both.place(party, recovery), "--out", both.mail("rotation"))
    both.run(party, *words)
    both.run(other(party), "partner", "rotate", both.mail("rotation"))


def show_each_other(both: TwoParties) -> None:
    for party in (VENDOR, PARTNER, VENDOR, PARTNER):
        send(both, party)


def run_again(both: TwoParties, walk: Walk) -> None:
    agree(both)
    match(both)
    for step in ("granted", "requested", "leased", "opened"):
        getattr(walk, f"_{step}")(both)
    show_each_other(both)


@pytest.fixture(scope="module")
def rotated(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> TwoParties:
    """A run and a share, a rotation by the partner, a run and a share; each showed the other its log."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
        both = walk.at("opened", tmp_path_factory.mktemp("rotated") / "both")
        show_each_other(both)
        rotate(both, PARTNER)
        run_again(both, walk)
        for party in (VENDOR, PARTNER):
            bundle_of(both, party)
    return both


def bundle_of(both: TwoParties, party: str, *words: str) -> Path:
    out = both.mail(f"{party}.bundle")
    both.run(party, "audit", "bundle", "--partner", other(party), "--out", out, *words)
    return out


def verified(both: TwoParties, bundle: Path, *, code: int = 0) -> dict:
    answer = both.run("auditor", "audit", "verify", bundle, "--json", code=code)
    require_no_account(answer.out)
    return dict(json.loads(answer.out))


@pytest.mark.parametrize("party", [VENDOR, PARTNER])
def test_both_runs_both_shares_and_the_rotation_are_shown(rotated: TwoParties, party: str) -> None:
    report = verified(rotated, rotated.mail(f"{party}.bundle"))
    assert report["problems"] == []
    kinds = [one["kind"] for one in report["receipts"]]
    assert kinds.count("run") == kinds.count("grant") == kinds.count("release") == 2
    assert {one["log"] for one in report["receipts"]} == {0, 1}
    signed = {one["kind"]: sorted(one["signers"]) for one in report["receipts"] if one["kind"] != "export"}
    assert signed["run"] == signed["grant"] == sorted((VENDOR, PARTNER))
    happened = {one["kind"]: one["entries"] for one in report["happened"]}
    assert happened["rotation"] == 2
    assert happened["run"] >= 4
    told = {one["name"]: one["what"] for one in report["parts"]}
    assert f"{PARTNER} rotated its card" in told["old/1/change"]
    assert "cosigned" in told["old/1/log.cosigned"]
    assert sum(name.startswith("agreement/") for name in told) == 2
    out = rotated.run("auditor", "audit", "verify", rotated.mail(f"{party}.bundle")).out
    assert "of old log 1" in out
    for name in (VENDOR, PARTNER):
        assert f"fingerprint of {name}: {rotated.run(name, 'card').after('fingerprint')}" in out


def test_the_succession_is_shown_also_when_nothing_is_disclosed(rotated: TwoParties, tmp_path: Path) -> None:
    both = rotated.copy(tmp_path / "both")
    report = verified(both, bundle_of(both, VENDOR, "--disclose", "none"))
    assert report["problems"] == []
    assert {one["entry"] for one in report["receipts"]} == {-1}


def test_what_is_inspected_says_moments_and_no_seconds_of_a_clock(rotated: TwoParties) -> None:
    places = {"time": [rotated.mail("rotation"), *rotated.place(VENDOR, "logs").glob("*.head")]}
    places["made"] = [rotated.mail(f"{VENDOR}.bundle")]
    for name, files in places.items():
        for file in files:
            told = rotated.read_json("nobody", "inspect", file)[name]
            assert re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\dZ", told)
    assert len(places["time"]) == 2


def test_three_logs_after_both_rotated_hold_in_their_order(
    rotated: TwoParties, walk: Walk, tmp_path: Path
) -> None:
    both = rotated.copy(tmp_path / "both")
    rotate(both, VENDOR)
    run_again(both, walk)
    for party in (VENDOR, PARTNER):
        report = verified(both, bundle_of(both, party))
        assert report["problems"] == []
        assert {one["log"] for one in report["receipts"]} == {0, 1, 2}


def test_a_card_that_came_after_a_revocation_is_to_be_compared_again(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    dead = both.run(PARTNER, "card").after("fingerprint")
    words = ("--recovery", both.place(PARTNER, "recovery.key"), "--out", both.mail("dead"), "--yes")
    both.run(PARTNER, "keys", "revoke", *words)
    both.run(VENDOR, "partner", "revoke", both.mail("dead"))
    both.run("again", "init", "--party", PARTNER)
    both.run("again", "card", "--out", both.mail("again.card"))
    both.run(VENDOR, "partner", "add", both.mail("again.card"))
    report = verified(both, bundle_of(both, VENDOR))
    assert report["problems"] == []
    assert report["fingerprints"][f"{PARTNER} (revoked, old log 1)"] == dead


def without_old(_both: TwoParties, parts: Parts) -> Parts:
    return {name: data for name, data in parts.items() if not name.startswith("old/")}


def shortened(_both: TwoParties, parts: Parts) -> Parts:
    lines = parts["old/1/log"].splitlines(keepends=True)
    openings = [
        one for one in read_openings(parts["old/1/openings"]) if 2 * one.sequence + 3 < len(lines) - 1
    ]
    return parts | {"old/1/log": b"".join(lines[:-2]), "old/1/openings": opening_part(openings)}


def fields_of(change: bytes) -> dict:
    return dict(canonical.decode(change[len(ROTATION_LINE) : -1], "the rotation"))


def without_recovery_key(_both: TwoParties, parts: Parts) -> Parts:
    """Signed by old and new key alone, as who has stolen both could."""
    fields = fields_of(parts["old/1/change"])
    fields["signatures"]["recovery"] = fields["signatures"]["old"]
    return parts | {"old/1/change": ROTATION_LINE + canonical.encode(fields) + b"\n"}


def of_strangers(_both: TwoParties, parts: Parts) -> Parts:
    recovery = [RecoveryKey.generate(PARTNER, token_bytes) for _ in range(2)]
    keys = [PartyKeys.generate(PARTNER, token_bytes, one.commitment) for one in recovery]
    return parts | {"old/1/change": make_rotation(keys[0], keys[1], recovery[0], 1_795_341_600).data}


def from_another_old_card(both: TwoParties, parts: Parts) -> Parts:
    """A true rotation to the present card, from keys that were never in use."""
    recovery = RecoveryKey.generate(PARTNER, token_bytes)
    keys = PartyKeys.generate(PARTNER, token_bytes, recovery.commitment)
    return parts | {"old/1/change": make_rotation(keys, both.keys_of(PARTNER), recovery, 1_795_341_600).data}


def closed_beginning(_both: TwoParties, parts: Parts) -> Parts:
    openings = [one for one in read_openings(parts["openings"]) if one.sequence]
    return parts | {"openings": opening_part(openings)}


def other_time(both: TwoParties, parts: Parts) -> Parts:
    """The same two cards, by all three keys, but not the statement that the log went on after."""
    before = PartyKeys.from_locked(both.mail("old.identity").read_bytes(), "correct horse battery staple")
    recovery = both.recovery_of(PARTNER)
    return parts | {"old/1/change": make_rotation(before, both.keys_of(PARTNER), recovery, both.now).data}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (without_old, "older log that is not in the bundle"),
        (shortened, "entries are missing"),
        (without_recovery_key, "signature"),
        (of_strangers, "does not lead to the card"),
        (from_another_old_card, "line 2"),
        (closed_beginning, "does not show from which one"),
        (other_time, "another change of cards"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("party", [VENDOR, PARTNER])
def test_a_cut_or_forged_succession_is_refused_even_from_the_exporter(
    rotated: TwoParties, walk: Walk, tmp_path: Path, party: str, harm: Callable[..., Parts], said: str
) -> None:
    rotated.mail("old.identity").write_bytes(
        walk.kept["opened"].place(PARTNER, "keys", "identity").read_bytes()
    )
    bundle: Bundle = read_bundle(rotated.mail(f"{party}.bundle").read_bytes())
    keys, peer = rotated.keys_of(party), rotated.keys_of(other(party)).card
    place = tmp_path / "changed"
    # What was there is as it was: else the next line could find anything.
    place.write_bytes(make_bundle(bundle.parts, peer, keys, bundle.made))
    assert verified(rotated, place)["problems"] == []
    place.write_bytes(make_bundle(harm(rotated, dict(bundle.parts)), peer, keys, bundle.made))
    problems = verified(rotated, place, code=3)["problems"]
    assert any(said in problem["what"] for problem in problems), problems
