"""Two companies that live by this machine's clock, because a room judges the age of requests by its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from two_parties import PARTNER, PASSPHRASE, SHARED, VENDOR, Answer, TwoParties, change_policy

from cleanroom.session.party import wall_clock


@dataclass
class LiveParties(TwoParties):
    """As TwoParties, each command at the present second."""

    def run(
        self, party: str, *words: str | Path, code: int | None = 0, passphrase: str = PASSPHRASE
    ) -> Answer:
        self.now = wall_clock()
        return super().run(party, *words, code=code, passphrase=passphrase)

    def join(self, url: str, fingerprint: str) -> None:
        """Both join a room and remember it for each other."""
        for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
            self.run(ours, "room", "join", url, "--fingerprint", fingerprint)
            self.run(ours, "partner", "via", theirs, url)


def walk(both: LiveParties) -> None:
    """From claims to an opened share, with `sync` wherever nothing is decided."""
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR)
    both.run(VENDOR, "sync")
    policy = change_policy(both, run_budget="300")
    both.run(VENDOR, "agreement", "propose", "--partner", PARTNER, "--policy", policy, "--size-bound", "256")
    both.run(PARTNER, "agreement", "accept", "--yes")
    both.run(VENDOR, "sync")
    both.run(VENDOR, "match", "start")
    for party in (PARTNER, VENDOR, PARTNER):
        both.run(party, "sync")
    for party in (VENDOR, PARTNER):
        assert [run["shared"] for run in both.read_json(party, "match", "list")] == [str(len(SHARED))]
    both.run(PARTNER, "shares", "grant")
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning")
    both.run(PARTNER, "sync")
    both.run(VENDOR, "sync")
    assert both.read_json(VENDOR, "shares", "list")[0]["state"] == "open"
    both.run(PARTNER, "claims", "prove")
    both.run(VENDOR, "receive")
    for party in (VENDOR, PARTNER):
        assert json.loads(both.run(party, "sync", "--json").out) == []
    both.require_good_logs()


def lending(both: LiveParties) -> Path:
    """The territory policy with a room that gives the leases."""
    policy = change_policy(both, run_budget="300")
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("[terms]\n", '[terms]\nlease_holder = "room"\n'), encoding="utf-8")
    return policy


def lend(both: LiveParties) -> None:
    """A share of the partner whose half the room holds, on its way to the vendor."""
    propose = ("agreement", "propose", "--partner", PARTNER, "--room", "room", "--size-bound", "256")
    both.run(VENDOR, *propose, "--policy", lending(both))
    both.run(PARTNER, "agreement", "accept", "--yes")
    both.run(VENDOR, "sync")
    both.run(VENDOR, "match", "start")
    for party in (PARTNER, VENDOR, PARTNER):
        both.run(party, "sync")
    both.run(PARTNER, "shares", "grant")
