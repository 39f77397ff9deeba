"""What each partner's claim on an account is worth: its evidence, its grade, and why it falls short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cleanroom.attribution.claims.proof import FAILURES, Failed, Verified
from cleanroom.attribution.holding import Holding
from overlap.errors import UsageError
from overlap.records import TIERS

__all__ = ["REASONS", "Evidence", "judge", "shortfall"]

#: What a claim falls short of, the least first, with the reason in words.
REASONS: Final = {
    "proof-missing": "a commitment was received, but no proof that the account is in it",
    "proof-failed": "the proof of the claim does not hold",
    "contradicted": "the partner showed two claims logs that contradict each other",
    "after-disclosure": "the commitment arrived after the account had been disclosed to the partner",
    "disclosure-unknown": "the log does not say when the account was disclosed to the partner",
    "no-commitment": "the partner had committed no claims",
}

#: Later than every second of a clock.
_NEVER: Final = 2**63


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


def judge(evidence: Iterable[Evidence]) -> list[Holding]:
    """One holding for each own account and partner with a confirmed match, sorted by account and partner.

    Where there are several pieces, the one that falls short of least counts, then the earliest. A second run
    does not make an account undisclosed: the earliest disclosure counts for every piece.
    """
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for item in evidence:
        groups.setdefault((item.account, item.partner), []).append(item)
    confirmed = (pair for pair in groups if any(item.tier != "candidate" for item in groups[pair]))
    return [_best(groups[pair]) for pair in sorted(confirmed)]


def shortfall(item: Evidence, disclosed_at: int | None) -> str:
    """What one piece of evidence falls short of, a key of REASONS or "", given the earliest disclosure."""
    faults = (
        ("contradicted", item.contradicted),
        ("no-commitment", item.committed_at is None),
        ("disclosure-unknown", disclosed_at is None),
        ("after-disclosure", (item.committed_at or 0) >= (disclosed_at or 0)),
        ("proof-missing", item.outcome is None),
        ("proof-failed", isinstance(item.outcome, Failed)),
    )
    return next((fault for fault, found in faults if found), "")


def _best(items: list[Evidence]) -> Holding:
    disclosures = [item.disclosed_at for item in items]
    known = [second for second in disclosures if second is not None]
    disclosed_at = min(known) if len(known) == len(disclosures) else None
    order = ("", *REASONS)
    confirmed = (item for item in items if item.tier != "candidate")
    judged = [(shortfall(item, disclosed_at), item) for item in confirmed]
    fault, best = min(judged, key=lambda one: (order.index(one[0]), _received(one[1]), one[1].proof))
    return Holding(best.partner, best.account, _worth(fault, best), best.committed_at, best.proof)


def _worth(fault: str, item: Evidence) -> str:
    """The grade of a claim that falls short of `fault`."""
    if not fault and isinstance(item.outcome, Verified):
        return "logged" if item.outcome.dated_by in ("", "receipt") else "witnessed"
    return fault if fault in ("after-disclosure", "contradicted") else "asserted"


def _received(item: Evidence) -> int:
    return _NEVER if item.committed_at is None else item.committed_at
