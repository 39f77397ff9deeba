"""From judged claims to holdings: which partner is in which of our accounts, and since when by proof.

The grades of claims as they are judged today become those that the rules know. Who may win by holding is
decided there; here nothing is decided but what is live: a match under an agreement that has ended is told
apart, for it earns nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cleanroom.attribution import classification, judge
from cleanroom.session.attribution.evidence import gather_evidence
from cleanroom.session.party import Party

#: A claim that our own log received before the disclosure, and whose proof holds, is logged; whether it
#: asserts a date of its own does not matter. A candidate that nobody reviewed is no overlap.
_GRADES: Final = {
    "eligible": "logged",
    "undated-claim": "logged",
    "proof-missing": "asserted",
    "proof-failed": "contradicted",
    "after-disclosure": "after-disclosure",
    "disclosure-unknown": "asserted",
    "no-commitment": "asserted",
}


@dataclass(frozen=True)
class Held:
    """Live holdings, and the (partner, account) whose match has ended."""

    holdings: list[classification.Holding]
    ended: set[tuple[str, str]]


def read_held(party: Party) -> Held:
    """What the finished runs for attribution tell. An ended run still tells when an account was disclosed."""
    live = {(one.partner, one.account) for one in gather_evidence(party, live=True)}
    holdings, ended = [], set()
    for account, claims in judge(gather_evidence(party)).items():
        for claim in claims:
            if claim["grade"] not in _GRADES:
                continue
            if (claim["partner"], account) in live:
                holdings.append(_holding(account, claim))
            else:
                ended.add((claim["partner"], account))
    return Held(sorted(holdings, key=lambda one: (one.account, one.partner)), ended)


def _holding(account: str, claim: dict[str, Any]) -> classification.Holding:
    grade = _GRADES[claim["grade"]]
    proven = claim["committed_at"] if grade == "logged" else None
    return classification.Holding(
        claim["partner"], account, grade, proven, claim["root"] if grade == "logged" else ""
    )
