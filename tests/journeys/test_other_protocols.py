"""Runs of more than three files by the real commands: vector-OLE with five, a sum with four."""

from __future__ import annotations

import re
from pathlib import Path

from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk, change_policy

from cleanroom.agreement import policy_text


def agree(both: TwoParties, policy: Path | str, size_bound: int) -> str:
    """Proposed by the vendor and accepted; what the partner reads before it signs."""
    proposal, signed = both.mail("proposal.toml"), both.mail("agreement.toml")
    words = ("--partner", PARTNER, "--policy", policy, "--size-bound", str(size_bound))
    both.run(VENDOR, "agreement", "propose", *words, "--out", proposal)
    told = both.run(PARTNER, "agreement", "accept", proposal, "--out", signed, "--yes").out
    both.run(VENDOR, "agreement", "accept", signed, "--yes")
    return told


def vole_policy(both: TwoParties) -> Path:
    path = change_policy(both)
    path.write_text(re.sub("(?m)^veto = .*$", 'veto = "none"\nprotocol = "vole"', path.read_text()))
    return path


def step(both: TwoParties, party: str, verb: str, frame: str, answer: str = "", code: int = 0) -> str:
    words = ("--out", both.mail(answer)) if answer else ()
    done = both.run(party, "match", verb, both.mail(frame), *words, code=code)
    return done.err or done.out


def test_a_match_by_vector_ole_takes_five_files(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    assert "vector-OLE: experimental" in agree(both, vole_policy(both), 16_384)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    step(both, PARTNER, "reply", "start", "offer")
    assert "an offer frame" in (said := step(both, VENDOR, "finish", "offer", "x", code=2))
    assert "match reply" in said
    assert "one of your own" in step(both, VENDOR, "reply", "start", "x", code=5)
    step(both, VENDOR, "reply", "offer", "request")
    request = both.mail("request").read_bytes()
    step(both, PARTNER, "reply", "request", "reply")
    assert "match finish" in step(both, VENDOR, "reply", "reply", "x", code=2)
    step(both, VENDOR, "reply", "offer", "request")  # once more gives the same file
    assert both.mail("request").read_bytes() == request
    step(both, VENDOR, "finish", "reply", "finish")
    step(both, PARTNER, "finish", "finish")
    for party in (VENDOR, PARTNER):
        (run,) = both.read_json(party, "match", "list")
        assert (run["state"], run["shared"]) == ("finished", str(len(SHARED)))
        (place,) = both.place(party, "runs").iterdir()
        left = {path.name for path in place.iterdir()}
        assert not left & {"state.0", "start", "offer", "request", "reply", "identifiers.parquet"}
    both.run(PARTNER, "shares", "grant", "--out", both.mail("share"))
    both.require_good_logs()


def test_below_its_least_bound_vector_ole_is_not_used(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, vole_policy(both), 16_383)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    (place,) = both.place(VENDOR, "runs").iterdir()
    assert '"protocol":"dh-2hash/1"' in (place / "run").read_text().replace("\\", "")


def test_a_sum_tells_both_the_count_and_the_sum_and_names_no_account(walk: Walk, tmp_path: Path) -> None:
    """The vendor holds the amounts: one open opportunity of 1,000, with an account that both hold."""
    both = walk.at("sent", tmp_path / "both")
    text = policy_text("potential-revenue").decode()
    text = re.sub("(?m)^minimum_count = .*$", "minimum_count = 5", text)
    text = re.sub("(?m)^granule = .*$", "granule = 100", text)
    text = text.replace('held_by = "accepter"', 'held_by = "proposer"')
    text = text.replace('starter = "proposer"', 'starter = "accepter"')
    (both.root / "sum.toml").write_text(text, encoding="utf-8")
    agree(both, both.root / "sum.toml", 256)
    holder, starter = VENDOR, PARTNER
    both.run(starter, "match", "start", "--out", both.mail("start"))
    step(both, holder, "reply", "start", "reply")
    step(both, starter, "reply", "reply", "total")
    told = [step(both, holder, "finish", "total", "finish"), step(both, starter, "finish", "finish")]
    for party, out in zip((holder, starter), told, strict=True):
        assert re.search(rf"shared +at least {len(SHARED)} of", out)
        assert re.search(r"sum +[A-Z]{3} 1,000 ", out)
        (matrix,) = both.read_json(party, "matrix")
        assert matrix["cells"] == [{"entities": len(SHARED), "sum": 1000}]
        both.run(party, "shares", "grant", "--out", both.mail("x"), code=3)
    both.require_good_logs()
