"""Who gets the credit for an opportunity: the partner whose claim was committed first. Rule first-holder/1.

A claim competes when its commitment was received before the account was disclosed to that partner, and its
proof holds. Among those the earliest *receipt by our own log* decides. What a partner states about itself
(its own time, the date it asserts) is shown and never decides. Credit is recognition: it pays nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from cleanroom.attribution.claims import Evidence
from cleanroom.attribution.claims.judge import COMPETING, SHORTFALLS, received, weigh
from cleanroom.moment import moment_of
from overlap import canonical

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEDGER_COLUMNS", "RULE", "STATUSES", "credit"]

RULE: Final = "first-holder/1"

#: What a row of the ledger says; every opportunity has exactly one.
STATUSES: Final = ("credited", "unresolved", "unmatched", "lost")

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


def credit(
    opportunities: pd.DataFrame, evidence: Iterable[Evidence], actions: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The ledger (`LEDGER_COLUMNS`), sorted by opportunity and row, for own `opportunities`.

    `actions` (`ACTION_COLUMNS`) are listed beside the decision and decide nothing. The order of the rows of
    any input does not matter.
    """
    import pandas as pd

    judged = weigh(evidence)
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
    contenders = [claim for claim in claims if claim["grade"] in COMPETING]
    if not contenders:
        return "unresolved", min((claim["grade"] for claim in claims), key=SHORTFALLS.index), None
    first = min(contenders, key=received)
    if sum(received(claim) == received(first) for claim in contenders) > 1:
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
        "committed_at": moment_of(winner["committed_at"]) if winner else "",
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
