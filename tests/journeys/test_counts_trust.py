"""Level counts over files trusts both tools: agreement, plain words and command say so."""

from __future__ import annotations

from pathlib import Path

from two_parties import PARTNER, VENDOR, Walk

WORDS = "over files, a modified tool can learn which of the accounts it submitted match"


def test_the_signed_text_and_the_commands_say_what_counts_does_not_prevent(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("met", tmp_path / "both")
    proposal, signed = both.mail("proposal"), both.mail("signed")
    words = ("agreement", "propose", "--partner", PARTNER, "--policy", "counts-only")
    both.run(VENDOR, *words, "--size-bound", "256", "--out", proposal)
    assert "# Level counts trusts both tools" in proposal.read_text(encoding="utf-8")
    accepted = both.run(PARTNER, "agreement", "accept", proposal, "--out", signed, "--yes")
    assert WORDS in accepted.out
    both.run(VENDOR, "agreement", "accept", signed, "--yes")
    start, reply, finish = (both.mail(step) for step in ("s", "r", "f"))
    both.run(VENDOR, "match", "start", "--out", start)
    both.run(PARTNER, "match", "reply", start, "--out", reply)
    assert WORDS in both.run(VENDOR, "match", "finish", reply, "--out", finish).out
