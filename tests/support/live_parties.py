"""Two companies that live by this machine's clock, because a room judges the age of requests by its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from two_parties import PARTNER, PASSPHRASE, VENDOR, Answer, TwoParties

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
