"""What each partner's claim on an account is worth: its evidence, its grade, and why it falls short.

`judge` gives the grades; `weigh` the same claims with what they fall short of, for an explanation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.attribution.claims.proof import FAILURES, Failed, Verified
from overlap import canonical
from overlap.errors import UsageError
from overlap.records import TIERS

__all__ = ["GRADES", "REASONS", "WINNING", "Evidence", "Holding", "grade", "judge", "received", "weigh"]

#: What a claim on an account is worth, best first.
GRADES: Final = ("witnessed", "logged", "asserted", "after-disclosure", "contradicted")
#: The grades with which a claim may win by holding.
WINNING: Final = ("witnessed", "logged")


#: Why an opportunity is unresolved. From `tie` to `no-commitment` in the order in which a claim falls short:
#: the reason of an opportunity is that of the partner who came closest.
REASONS: Final = {
    "tie": "two commitments were there in the same second",
    "proof-missing": "a commitment was received, but no proof that the account is in it",
    "proof-failed": "the proof of the claim does not hold",
    "contradicted": "the partner showed two claims logs that contradict each other",
    "after-disclosure": "the commitment arrived after the account had been disclosed to the partner",
    "disclosure-unknown": "the log does not say when the account was disclosed to the partner",
    "no-commitment": "the partner had committed no claims",
    "candidate-match": "the match is a candidate that nobody has reviewed",
    "no-account": "the opportunity names no account",
    "unknown-status": "the opportunity is neither open nor won nor lost",
    "duplicate-opportunity": "the opportunity id occurs more than once",
}

#: What a claim falls short of, the least first; "eligible" is what falls short of nothing.
SHORTFALLS: Final = (
    "eligible",
    "proof-missing",
    "proof-failed",
    "after-disclosure",
    "disclosure-unknown",
    "no-commitment",
    "contradicted",
    "candidate-match",
)
COMPETING: Final = ("eligible",)
#: Later than every second of a clock.
_NEVER = 2**63


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one partner, one own account and one confirmed pair; times are unix seconds.

    `committed_at` is the earliest proven time of the first epoch that `outcome` relies on, or when our own
    log recorded the receipt of a commitment without proof; `disclosed_at` when the first run or share
    disclosed this account to the partner, `stated_at` when the partner says it committed. `outcome` is None
    when no proof was shown. `contradicted` says that two claims logs of the partner contradict each other;
    `proof` is the digest of the claim bundle in hex, or "".
    """

    partner: str
    account: str
    token: str
    tier: str
    committed_at: int | None
    disclosed_at: int | None
    stated_at: int | None = None
    outcome: Verified | Failed | None = None
    contradicted: bool = False
    proof: str = ""

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise UsageError("the tier of a match is not one of the three", "use exact, strong or candidate")
        if self.outcome is not None and self.outcome.token != self.token:
            raise UsageError("a proof was filed under another pair", "file each proof under its own token")
        if isinstance(self.outcome, Failed) and self.outcome.code not in FAILURES:
            raise UsageError("the failure of a proof has an unknown code", "use a code of FAILURES")

    @property
    def asserted_since(self) -> str:
        """The date that a verified claim asserts, or ""; it never decides."""
        return self.outcome.since if isinstance(self.outcome, Verified) else ""


def grade(item: Evidence, disclosed_at: int | None) -> str:
    """The grade of one piece of evidence, given the earliest disclosure of the account to this partner."""
    committed, outcome = item.committed_at, item.outcome
    faults = (
        ("candidate-match", item.tier == "candidate"),
        ("contradicted", item.contradicted),
        ("no-commitment", committed is None),
        ("disclosure-unknown", disclosed_at is None),
        ("after-disclosure", (committed or 0) >= (disclosed_at or 0)),
        ("proof-missing", outcome is None),
        ("proof-failed", isinstance(outcome, Failed)),
    )
    return next((fault for fault, found in faults if found), "eligible")


@dataclass(frozen=True, slots=True)
class Holding:
    """One partner's claim on one own account, for the status engine.

    `grade` is one of GRADES and only those of WINNING win by holding; `committed_at` is the proven time in
    unix seconds, or None; two equal times are unresolved. `proof` is the bundle's digest in hex, or "".
    """

    partner: str
    account: str
    grade: str
    committed_at: int | None
    proof: str


def judge(evidence: Iterable[Evidence]) -> list[Holding]:
    """One holding for each own account and partner that claims it, sorted by account and time.

    Who has a match but has shown no commitment holds nothing; a match that waits for a review is none.
    """
    return [
        Holding(claim["partner"], account, _worth(claim), claim["committed_at"], claim["proof"])
        for account, claims in sorted(weigh(evidence).items())
        for claim in claims
        if claim["grade"] != "candidate-match" and (claim["grade"] != "no-commitment" or claim["root"])
    ]


def _worth(claim: dict[str, Any]) -> str:
    """The grade of a claim as it was weighed."""
    if claim["grade"] == "eligible":
        return "logged" if claim["dated_by"] in ("", "receipt") else "witnessed"
    if claim["grade"] in ("after-disclosure", "contradicted"):
        return str(claim["grade"])
    return "asserted"


def weigh(evidence: Iterable[Evidence]) -> dict[str, list[dict[str, Any]]]:
    """Own account id to one claim for each partner, the earliest receipt first."""
    groups: dict[str, dict[str, list[Evidence]]] = {}
    for item in evidence:
        groups.setdefault(item.account, {}).setdefault(item.partner, []).append(item)
    judged = {}
    for account, partners in groups.items():
        claims = [_best_claim(items) for items in partners.values()]
        judged[account] = sorted(claims, key=lambda claim: (received(claim), claim["partner"]))
    return judged


def _best_claim(items: list[Evidence]) -> dict[str, Any]:
    # A second run does not make an account undisclosed: the earliest disclosure counts for every claim.
    disclosures = [item.disclosed_at for item in items]
    known = [second for second in disclosures if second is not None]
    disclosed_at = min(known) if len(known) == len(disclosures) else None
    claims = [_claim(item, grade(item, disclosed_at), disclosed_at) for item in items]
    return min(
        claims,
        key=lambda claim: (SHORTFALLS.index(claim["grade"]), received(claim), canonical.encode(claim)),
    )


def _claim(item: Evidence, verdict: str, disclosed_at: int | None) -> dict[str, Any]:
    proven = item.outcome if isinstance(item.outcome, Verified) else None
    return {
        "partner": item.partner,
        "grade": verdict,
        "token": item.token,
        "tier": item.tier,
        "committed_at": item.committed_at,
        "disclosed_at": disclosed_at,
        "stated_at": item.stated_at,
        "failure": item.outcome.code if isinstance(item.outcome, Failed) else "",
        "since": item.asserted_since,
        "dated_by": proven.dated_by if proven else "",
        "proof": item.proof,
        "kind": proven.kind if proven else "",
        "relation": proven.relation if proven else "",
        "evidence": proven.evidence.hex() if proven else "",
        "epoch": proven.epoch if proven else None,
        "index": proven.index if proven else None,
        "leaves": proven.leaves if proven else None,
        "root": proven.root.hex() if proven else "",
    }


def received(claim: dict[str, Any]) -> int:
    """When our log received the commitment behind a claim; later than every second when it never did."""
    return _NEVER if claim["committed_at"] is None else int(claim["committed_at"])
