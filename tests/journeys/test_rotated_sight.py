"""After a rotation the auditor's questions are answered for the time before it as they were then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shown_logs import other
from two_parties import DAY, PARTNER, SHARED, VENDOR, TwoParties, Walk, agree, match

from cleanroom import merkle
from cleanroom.moment import moment_of

pytestmark = pytest.mark.usefixtures("quick_passphrase")


def rotate(both: TwoParties, party: str) -> None:
    recovery = both.place(party, "recovery.key")
    both.run(party, "keys", "rotate", "--recovery", recovery, "--out", both.mail("rotation"))
    both.run(other(party), "partner", "rotate", both.mail("rotation"))


def sights(both: TwoParties, party: str, when: int, *words: str) -> list[dict[str, Any]]:
    """Runs and shares of that second; what an agreement still allows is about the time to come."""
    found = both.read_json(party, "audit", "who-sees", "--as-of", moment_of(when), *words)
    return [one for one in found if one["basis"] != "agreement"]


def same_as(one: dict[str, Any], other_one: dict[str, Any], *names: str) -> None:
    assert {name: one[name] for name in names} == {name: other_one[name] for name in names}


FACTS = ("viewer", "of", "basis", "id", "state", "fields", "purposes", "accounts", "since")


@pytest.mark.parametrize("rotated", [VENDOR, PARTNER])
@pytest.mark.parametrize("asked", [VENDOR, PARTNER])
def test_what_was_seen_before_a_rotation_is_told_after_it(
    walk: Walk, tmp_path: Path, rotated: str, asked: str
) -> None:
    both = walk.at("opened", tmp_path / "both")
    then = both.now
    both.now += DAY
    before = sights(both, asked, then)
    reads = both.read_json(asked, "audit", "reads")
    assert {one["basis"] for one in before} == {"run", "share"}
    assert reads
    changed = both.now
    rotate(both, rotated)
    after = sights(both, asked, then)
    assert len(after) == len(before)
    for one, same in zip(before, after, strict=True):
        same_as(one, same, *FACTS, "read")
    # Later the share is told as ended: at the rotation, not when it would have.
    later = {one["basis"]: one for one in sights(both, asked, both.now)}
    assert later["run"]["state"] == "could"
    assert later["share"]["state"] == "ended"
    assert moment_of(changed) <= later["share"]["until"] <= moment_of(both.now)
    again = both.read_json(asked, "audit", "reads")
    assert [{**one, "log": 0} for one in again] == reads
    assert {one["log"] for one in again} == {1}
    share = both.read_json(asked, "audit", "shares")[0]
    assert share["share"]["share"] == later["share"]["id"]
    assert share["uses"] == 1
    assert "erased" in share["share"]["state"] or "revoked" in share["share"]["state"]
    assert not share["remarks"]
    assert share["share"]["read"] == share["share"]["records"] == len(SHARED)
    assert "of old log 1" in both.run(asked, "audit", "reads").out
    listed = both.read_json(asked, "audit", "list")
    assert [one["log"] for one in listed] == sorted((one["log"] for one in listed), reverse=True)
    assert {one["log"] for one in listed} == {0, 1}
    at = {VENDOR: 0, PARTNER: 1}[rotated] if asked == VENDOR else {VENDOR: 1, PARTNER: 0}[rotated]
    old, new = ({tuple(one["cards"]) for one in listed if one["log"] == log}.pop() for log in (1, 0))
    assert old[at] != new[at] and old[1 - at] == new[1 - at]
    said = both.run(asked, "audit", "list").out
    assert (
        f"old log 1 with {other(asked)} was kept under our card {old[0]}\n  and its card {old[1]}\n" in said
    )


def test_one_own_account_is_told_for_the_time_before(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    then = both.now
    before = sights(both, PARTNER, then, "--account", "9000")
    rotate(both, PARTNER)
    rotate(both, VENDOR)
    after = sights(both, PARTNER, then, "--account", "9000")
    assert {one["basis"] for one in after} == {"run", "share"}
    for one, same in zip(before, after, strict=True):
        same_as(one, same, *FACTS, "read")


def test_the_audit_report_has_every_log_and_proves_under_the_head_of_each(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    rotate(both, PARTNER)
    agree(both)
    match(both)
    walk._granted(both)
    facts = json.loads(both.run(PARTNER, "audit", "report", "--out", both.mail("page"), "--json").out)
    logs = {log["log"]: log for log in facts["logs"]}
    assert set(logs) == {0, 1}
    assert not logs[0]["findings"] and not logs[1]["findings"]
    proven = {(one["log"], one["kind"]) for one in facts["proofs"]}
    assert proven == {(1, "grant"), (1, "revocation"), (1, "destruction"), (0, "grant")}
    for one in facts["proofs"]:
        log = logs[one["log"]]
        leaf, path = bytes.fromhex(one["leaf"]), [bytes.fromhex(step) for step in one["path"]]
        root = bytes.fromhex(log["root"])
        assert merkle.verify_inclusion(leaf, one["sequence"], log["entries"], path, root)
    assert "old log 1" in both.mail("page").read_text(encoding="utf-8")
    # A byte that is changed in the old log is told on the page.
    old = both.place(PARTNER, "logs", "old", f"{VENDOR}.1", f"{VENDOR}.log")
    old.write_bytes(old.read_bytes().replace(b'"kind":"grant"', b'"kind":"lease"', 1))
    told = both.run(PARTNER, "audit", "report", "--out", both.mail("page")).out
    assert "ALTERED" in told


def test_leases_are_given_after_a_rotation_however_long_the_log_was_before(
    walk: Walk, tmp_path: Path
) -> None:
    """The place of the last lease is one in the log that was closed."""
    both = walk.at("opened", tmp_path / "both")
    for _ in range(12):
        walk._requested(both)
        walk._leased(both)
        walk._opened(both)
    rotate(both, PARTNER)
    agree(both)
    match(both)
    for step in ("granted", "requested", "leased", "opened"):
        getattr(walk, f"_{step}")(both)
    assert [one["state"] for one in both.read_json(VENDOR, "shares", "list")] == ["open"]
    both.require_good_logs()
