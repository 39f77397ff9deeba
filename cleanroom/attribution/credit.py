"""Who gets the credit for an opportunity: the partner whose claim was committed first. Rule first-holder/1.

A claim competes when its commitment was received before the account was disclosed to that partner, and its
proof holds. Among those the earliest *receipt by our own log* decides. What a partner states about itself
(its own time, the date it asserts) is shown and never decides. Credit is recognition: it pays nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cleanroom.attribution.proof import FAILURES, Failed, Verified
from overlap import canonical
from overlap.errors import UsageError
from overlap.records import TIERS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEDGER_COLUMNS", "REASONS", "RULE", "STATUSES", "Evidence", "credit"]

RULE: Final = "first-holder/1"

#: What a row of the ledger says; every opportunity has exactly one.
STATUSES: Final = ("credited", "unresolved", "unmatched", "lost")

#: Why an opportunity is unresolved. From `tie` to `no-commitment` in the order in which a claim falls short:
#: the reason of an opportunity is that of the partner who came closest.
REASONS: Final = {
    "tie": "two commitments arrived in the same second",
    "undated-claim": "the earliest committed claim asserts no date",
    "proof-missing": "a commitment was received, but no proof that the account is in it",
    "proof-failed": "the proof of the claim does not hold",
    "after-disclosure": "the commitment arrived after the account had been disclosed to the partner",
    "disclosure-unknown": "the log does not say when the account was disclosed to the partner",
    "no-commitment": "the partner had committed no claims",
    "candidate-match": "the match is a candidate that nobody has reviewed",
    "no-account": "the opportunity names no account",
    "unknown-status": "the opportunity is neither open nor won nor lost",
    "duplicate-opportunity": "the opportunity id occurs more than once",
}

#: One opportunity a row, dtype str, except `row` and `partners` (int64). `committed_at` is ISO 8601 UTC;
#: `claims` and `actions` are canonical JSON: every partner's claim as judged, and the actions beside it.
LEDGER_COLUMNS: Final = (
    "opportunity",
    "row",
    "account",
    "opportunity_status",
    "amount",
    "currency",
    "created",
    "closed",
    "status",
    "reason",
    "partner",
    "committed_at",
    "asserted_since",
    "token",
    "kind",
    "effect",
    "rule",
    "partners",
    "actions",
    "claims",
)

#: The grades of a claim, best first. An undated claim competes, so that its rival does not win by its flaw.
_GRADES = (
    "eligible",
    "undated-claim",
    "proof-missing",
    "proof-failed",
    "after-disclosure",
    "disclosure-unknown",
    "no-commitment",
    "candidate-match",
)
_COMPETING = ("eligible", "undated-claim")
#: Later than every second of a clock.
_NEVER = 2**63


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one partner, one own account and one confirmed pair; times are unix seconds.

    `committed_at` is when our own log recorded the receipt of the commitment that `outcome` is about,
    `disclosed_at` when the first run or share disclosed this account to the partner, `stated_at` when the
    partner says it committed. `outcome` is None when no proof was shown.
    """

    partner: str
    account: str
    token: str
    tier: str
    committed_at: int | None
    disclosed_at: int | None
    stated_at: int | None = None
    outcome: Verified | Failed | None = None

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


def credit(
    opportunities: pd.DataFrame, evidence: Iterable[Evidence], actions: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The ledger (`LEDGER_COLUMNS`), sorted by opportunity and row, for own `opportunities`.

    `actions` (`ACTION_COLUMNS`) are listed beside the decision and decide nothing. The order of the rows of
    any input does not matter.
    """
    import pandas as pd  # noqa: PLC0415 - the command line must start without it

    judged = _judge_all(evidence)
    logged = _actions_by_place(actions)
    counts = Counter(opportunities["id"])
    names = ("id", "row", "account_id", "status", "amount", "currency", "created", "closed")
    rows = []
    for values in zip(*(opportunities[name] for name in names), strict=True):
        facts = dict(zip(names, values, strict=True))
        claims = judged.get(facts["account_id"], []) if facts["account_id"] else []
        decision = _decide(facts, claims, repeated=counts[facts["id"]] > 1)
        rows.append(_ledger_row(facts, claims, decision, logged))
    rows.sort(key=lambda row: (row["opportunity"], row["row"], canonical.encode(row)))
    ledger = pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))
    numbers = {"row", "partners"}
    return ledger.astype({name: "int64" if name in numbers else "str" for name in LEDGER_COLUMNS})


def grade(item: Evidence, disclosed_at: int | None) -> str:
    """The grade of one piece of evidence, given the earliest disclosure of the account to this partner."""
    committed, outcome = item.committed_at, item.outcome
    faults = (
        ("candidate-match", item.tier == "candidate"),
        ("no-commitment", committed is None),
        ("disclosure-unknown", disclosed_at is None),
        ("after-disclosure", (committed or 0) >= (disclosed_at or 0)),
        ("proof-missing", outcome is None),
        ("proof-failed", isinstance(outcome, Failed)),
        ("undated-claim", not item.asserted_since),
    )
    return next((fault for fault, found in faults if found), "eligible")


def _judge_all(evidence: Iterable[Evidence]) -> dict[str, list[dict[str, Any]]]:
    """Own account id to one claim for each partner, the earliest receipt first."""
    groups: dict[str, dict[str, list[Evidence]]] = {}
    for item in evidence:
        groups.setdefault(item.account, {}).setdefault(item.partner, []).append(item)
    judged = {}
    for account, partners in groups.items():
        claims = [_best_claim(items) for items in partners.values()]
        judged[account] = sorted(claims, key=lambda claim: (_received(claim), claim["partner"]))
    return judged


def _best_claim(items: list[Evidence]) -> dict[str, Any]:
    # A second run does not make an account undisclosed: the earliest disclosure counts for every claim.
    disclosures = [item.disclosed_at for item in items]
    known = [second for second in disclosures if second is not None]
    disclosed_at = min(known) if len(known) == len(disclosures) else None
    claims = [_claim(item, grade(item, disclosed_at), disclosed_at) for item in items]
    return min(
        claims,
        key=lambda claim: (_GRADES.index(claim["grade"]), _received(claim), canonical.encode(claim)),
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
        "kind": proven.kind if proven else "",
        "relation": proven.relation if proven else "",
        "evidence": proven.evidence.hex() if proven else "",
        "epoch": proven.epoch if proven else None,
        "index": proven.index if proven else None,
        "leaves": proven.leaves if proven else None,
        "root": proven.root.hex() if proven else "",
    }


def _decide(
    facts: dict[str, Any], claims: list[dict[str, Any]], *, repeated: bool
) -> tuple[str, str, dict[str, Any] | None]:
    """Status, reason, and the winning claim."""
    refusals = (
        ("unresolved", "duplicate-opportunity", repeated),
        ("lost", "", facts["status"] == "lost"),
        ("unresolved", "unknown-status", facts["status"] not in ("open", "won")),
        ("unresolved", "no-account", not facts["account_id"]),
        ("unmatched", "", not claims),
    )
    for status, reason, holds in refusals:
        if holds:
            return status, reason, None
    contenders = [claim for claim in claims if claim["grade"] in _COMPETING]
    if not contenders:
        return "unresolved", min((claim["grade"] for claim in claims), key=_GRADES.index), None
    first = min(contenders, key=_received)
    if sum(_received(claim) == _received(first) for claim in contenders) > 1:
        return "unresolved", "tie", None
    if first["grade"] != "eligible":
        return "unresolved", first["grade"], None
    return "credited", "", first


def _ledger_row(
    facts: dict[str, Any],
    claims: list[dict[str, Any]],
    decision: tuple[str, str, dict[str, Any] | None],
    logged: dict[tuple[str, str], list[dict[str, str]]],
) -> dict[str, Any]:
    status, reason, winner = decision
    entered = sum(claim["grade"] != "candidate-match" for claim in claims)
    return {
        "opportunity": facts["id"],
        "row": int(facts["row"]),
        "account": facts["account_id"],
        "opportunity_status": facts["status"],
        "amount": facts["amount"],
        "currency": facts["currency"],
        "created": facts["created"],
        "closed": facts["closed"],
        "status": status,
        "reason": reason,
        "partner": winner["partner"] if winner else "",
        "committed_at": moment(winner["committed_at"]) if winner else "",
        "asserted_since": winner["since"] if winner else "",
        "token": winner["token"] if winner else "",
        "kind": winner["kind"] if winner else "",
        "effect": "recognition" if winner else "",
        "rule": RULE,
        "partners": entered,
        "actions": canonical.encode(_actions_of(facts, logged)).decode(),
        "claims": canonical.encode(claims).decode(),
    }


def _actions_by_place(actions: pd.DataFrame | None) -> dict[tuple[str, str], list[dict[str, str]]]:
    """Actions by ("opportunity", id), or by ("account", id) when they name no opportunity."""
    places: dict[tuple[str, str], list[dict[str, str]]] = {}
    if actions is None:
        return places
    names = ("partner", "type", "date", "opportunity_id", "account_id")
    for values in zip(*(actions[name] for name in names), strict=True):
        partner, kind, date, opportunity, account = values
        place = ("opportunity", opportunity) if opportunity else ("account", account)
        places.setdefault(place, []).append({"partner": partner.strip(), "type": kind, "date": date})
    return places


def _actions_of(
    facts: dict[str, Any], logged: dict[tuple[str, str], list[dict[str, str]]]
) -> list[dict[str, Any]]:
    """One entry a partner: how many actions, of which types, the last date."""
    found = list(logged.get(("opportunity", facts["id"]), [])) if facts["id"] else []
    found += logged.get(("account", facts["account_id"]), []) if facts["account_id"] else []
    partners: dict[str, list[dict[str, str]]] = {}
    for action in found:
        partners.setdefault(action["partner"], []).append(action)
    return [
        {
            "partner": partner,
            "count": len(items),
            "types": sorted({action["type"] for action in items if action["type"]}),
            "last": max(action["date"] for action in items),
        }
        for partner, items in sorted(partners.items())
    ]


def _received(claim: dict[str, Any]) -> int:
    return _NEVER if claim["committed_at"] is None else int(claim["committed_at"])


def moment(second: int) -> str:
    """Unix seconds as ISO 8601 UTC."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
