"""A bundle of a real partnership, verified by somebody who was in neither company."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shown_logs import other, send
from two_parties import DAY, PARTNER, VENDOR, TwoParties, Walk, require_no_account

OUTSIDER = "auditor"


def bundle_of(both: TwoParties, party: str, *words: str) -> Path:
    out = both.mail(f"{party}.bundle")
    both.run(party, "audit", "bundle", "--partner", other(party), "--out", out, *words)
    return out


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """After a share was opened and revoked, and both showed each other their logs."""
    both = walk.at("opened", tmp_path / "both")
    share = both.read_json(PARTNER, "shares", "list")[0]["share"]
    both.run(PARTNER, "shares", "revoke", share, "--out", both.mail("revocation"))
    both.run(VENDOR, "receive", both.mail("revocation"))
    for party in (VENDOR, PARTNER, VENDOR, PARTNER):
        send(both, party)
    return both


@pytest.mark.parametrize("party", [VENDOR, PARTNER])
def test_an_outsider_verifies_it_without_a_folder(both: TwoParties, party: str) -> None:
    bundle = bundle_of(both, party)
    answer = both.run(OUTSIDER, "audit", "verify", bundle)
    assert not both.place(OUTSIDER).exists()
    require_no_account(answer.out)
    require_no_account(bundle.read_bytes().decode("latin-1"))
    for name in (VENDOR, PARTNER):
        assert f"fingerprint of {name}: {both.run(name, 'card').after('fingerprint')}" in answer.out
    report = json.loads(both.run(OUTSIDER, "audit", "verify", bundle, "--json").out)
    assert report["problems"] == []
    assert 0 < report["cosigned"] <= report["entries"]
    receipts = {one["kind"]: one for one in report["receipts"]}
    assert {"run", "release", "revocation", "destruction"} <= set(receipts)
    assert all(sorted(one["signers"]) == sorted((VENDOR, PARTNER)) for one in receipts.values())
    assert all(one["entry"] >= 0 for one in receipts.values())
    happened = {one["kind"] for one in report["happened"]}
    assert {"agreement", "run", "checkpoint", "revocation"} <= happened
    assert ("release" if party == VENDOR else "lease") in happened


def test_nothing_is_opened_when_nothing_is_disclosed(both: TwoParties) -> None:
    closed = bundle_of(both, VENDOR, "--disclose", "none")
    report = json.loads(both.run(OUTSIDER, "audit", "verify", closed, "--json").out)
    data = closed.read_bytes()
    assert report["problems"] == []
    assert {one["entry"] for one in report["receipts"]} == {-1}
    salts = both.place(VENDOR, "logs", f"{PARTNER}.log.salts").read_bytes()[20:]
    opened = bundle_of(both, VENDOR).read_bytes()
    found = [salts[at : at + 32].hex().encode() in opened for at in range(0, 32 * report["entries"], 32)]
    assert 0 < sum(found) < len(found)
    assert not any(salts[at : at + 32].hex().encode() in data for at in range(0, len(salts), 32))


def test_a_receipt_that_waits_for_the_other_is_no_fault(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    report = json.loads(both.run(OUTSIDER, "audit", "verify", bundle_of(both, VENDOR), "--json").out)
    assert report["problems"] == [] and report["cosigned"] == 0
    assert {tuple(one["signers"]) for one in report["receipts"] if one["kind"] == "run"} == {(VENDOR,)}


def test_a_changed_byte_is_found_with_its_place(both: TwoParties) -> None:
    bundle = bundle_of(both, VENDOR)
    data = bundle.read_bytes()
    place = data.index(b'"kind":"run"')
    bundle.write_bytes(data[:place] + data[place:].replace(b'"kind":"run"', b'"kind":"rug"', 1))
    answer = both.run(OUTSIDER, "audit", "verify", bundle, code=3)
    assert "the part log" in answer.err
    assert "log: line" in answer.out
    assert "wrong" in answer.out


def test_a_bundle_made_after_the_end_still_holds(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    send(both, VENDOR)
    both.now += 400 * DAY
    both.run(PARTNER, "shares", "expire", "--yes")
    for party in (PARTNER, VENDOR, PARTNER):
        send(both, party)
    report = json.loads(both.run(OUTSIDER, "audit", "verify", bundle_of(both, PARTNER), "--json").out)
    assert report["problems"] == []
    signed = {one["kind"]: one["signers"] for one in report["receipts"]}
    assert len(signed["expiry"]) == len(signed["destruction"]) == 2


def test_what_is_no_bundle_shows_no_tables(both: TwoParties) -> None:
    both.mail("note").write_text("no bundle")
    for name in ("note", "share", "missing"):
        answer = both.run("auditor", "audit", "verify", both.mail(name), code=None)
        assert answer.code in (3, 4) and answer.out == ""


def test_a_bundle_takes_no_options_of_a_folder(both: TwoParties) -> None:
    bundle = bundle_of(both, VENDOR)
    both.run(OUTSIDER, "audit", "verify", bundle, "--quick", code=2)
    assert "good" in both.run(VENDOR, "audit", "verify", "--quick").out
