"""Holdings for the rules: which partner is in which of our accounts, and since when by proof.

Who may win by holding is decided by the rules; here nothing is decided but what is live: a match under an
agreement that has ended is told apart, for it earns nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.attribution import Holding, judge
from cleanroom.session.attribution.evidence import evidence_by_run, has_ended
from cleanroom.session.party import Party


@dataclass(frozen=True)
class Held:
    """Live holdings, and the (partner, account) whose match has ended."""

    holdings: list[Holding]
    ended: set[tuple[str, str]]


def read_held(party: Party) -> Held:
    """What the finished runs for attribution tell. An ended run still tells when an account was disclosed."""
    found = evidence_by_run(party)
    live = {
        (one.partner, one.account) for record, items in found if not has_ended(party, record) for one in items
    }
    judged = judge(one for _, items in found for one in items)
    return Held(
        [one for one in judged if (one.partner, one.account) in live],
        {(one.partner, one.account) for one in judged} - live,
    )
