"""What the tests of cosigned logs and bundles share: one party shows its log to the other."""

from __future__ import annotations

from two_parties import PARTNER, VENDOR, TwoParties


def other(party: str) -> str:
    return PARTNER if party == VENDOR else VENDOR


def send(both: TwoParties, party: str, name: str = "sync") -> str:
    """The party shows its log to the other, which takes it in; what the other was told."""
    both.run(party, "audit", "sync", "--partner", other(party), "--out", both.mail(name))
    return both.run(other(party), "receive", both.mail(name)).out
