"""A row of the ledger in at most twelve lines that a salesperson, a partner and finance read the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from cleanroom.attribution.claims import FAILURES, REASONS
from cleanroom.attribution.credit import RULE
from cleanroom.moment import moment_of

__all__ = ["EXPLANATION_LINES", "PAYS_NOTHING", "explain"]

#: Lines; more is not read out in a meeting.
EXPLANATION_LINES: Final = 12
#: Said wherever a credit is shown.
PAYS_NOTHING: Final = "this credit is recognition and pays nothing"

#: Rivals that get a line of their own; the others are counted.
_RIVALS_SHOWN = 3
#: Characters of one cell of a file; a longer one is cut.
_CELL = 60
#: Partners whose actions are listed.
_ACTORS_SHOWN = 3


def explain(row: Mapping[str, Any]) -> list[str]:
    """What was decided, by which rule, on which claim, why the others lost, and what would change it."""
    claims: list[dict[str, Any]] = json.loads(row["claims"])
    winner = next((claim for claim in claims if claim["partner"] == row["partner"]), None)
    lines = [_decision(row), _rule(row)]
    if winner:
        lines += _winning_claim(winner)
    others = [claim for claim in claims if claim is not winner]
    lines += [
        f"  {_plain(claim['partner'])}: {_shortfall(claim, winner)}" for claim in others[:_RIVALS_SHOWN]
    ]
    if len(others) > _RIVALS_SHOWN:
        lines.append(
            f"  and {len(others) - _RIVALS_SHOWN} further partners that committed later or not at all"
        )
    lines.append(_actions(row))
    lines.append("to change it: " + _change(row, claims, winner))
    lines.append(f"note: {PAYS_NOTHING}")
    return lines


def _decision(row: Mapping[str, Any]) -> str:
    subject = f"opportunity {_plain(row['opportunity'])} ({_plain(row['opportunity_status']) or 'no status'})"
    if row["account"]:
        subject += f" on account {_plain(row['account'])}"
    verdict = {
        "credited": f"credited to {_plain(row['partner'])}",
        "unresolved": f"unresolved, because {REASONS.get(row['reason'], '')}",
        "unmatched": "not attributed: no partner has a match on this account",
        "lost": "not attributed: the opportunity was lost",
    }[row["status"]]
    return f"{subject}: {verdict}"


def _rule(row: Mapping[str, Any]) -> str:
    if row["status"] in ("unmatched", "lost"):
        return f"rule {RULE}: only open or won opportunities on a matched account are judged"
    return f"rule {RULE}: the proven claim whose commitment our log received first, before disclosure"


def _winning_claim(claim: dict[str, Any]) -> list[str]:
    if claim["relation"]:
        asserted = f"asserts '{claim['relation']}' since {claim['since'] or 'no date'} (shown, never decides)"
    else:
        asserted = "asserts nothing here (opened for pay only, never decides)"
    stated = f"; says it committed {moment_of(claim['stated_at'])}" if claim["stated_at"] is not None else ""
    document = f"document {claim['evidence'][:16]}…" if claim["evidence"] else "no document"
    return [
        f"claim: committed in epoch {claim['epoch']}, there {moment_of(claim['committed_at'])}, "
        f"account disclosed {moment_of(claim['disclosed_at'])}",
        f"claim: {asserted}{stated}",
        f"evidence: leaf {claim['index']} of {claim['leaves']} under root {claim['root'][:16]}…, "
        f"matched by {claim['kind']} ({claim['tier']}), {document}",
    ]


def _shortfall(claim: dict[str, Any], winner: dict[str, Any] | None) -> str:
    received = (
        f"commitment received {moment_of(claim['committed_at'])}" if claim["committed_at"] is not None else ""
    )
    verdict = claim["grade"]
    if verdict == "eligible":
        return f"{received}, {'later' if winner else 'proven'}; asserts {claim['since'] or 'no date'}"
    if verdict == "after-disclosure":
        return f"{received}, not before disclosure {moment_of(claim['disclosed_at'])}"
    if verdict == "proof-failed":
        return f"{received}; proof failed: {FAILURES[claim['failure']]}"
    return f"{received}; {REASONS[verdict]}" if received else REASONS[verdict]


def _actions(row: Mapping[str, Any]) -> str:
    actors = json.loads(row["actions"])
    if not actors:
        return "actions logged: none (actions are shown and decide nothing yet)"
    texts = [_actor(actor) for actor in actors[:_ACTORS_SHOWN]]
    more = f" and {len(actors) - _ACTORS_SHOWN} more" if len(actors) > _ACTORS_SHOWN else ""
    return f"actions logged: {', '.join(texts)}{more} (shown, they decide nothing yet)"


def _actor(actor: dict[str, Any]) -> str:
    kinds = ", ".join(_plain(kind) for kind in actor["types"][:3]) or "no type"
    last = f"; last {_plain(actor['last'])}" if actor["last"] else ""
    return f"{_plain(actor['partner']) or 'unnamed'} {actor['count']} ({kinds}{last})"


def _change(row: Mapping[str, Any], claims: list[dict[str, Any]], winner: dict[str, Any] | None) -> str:
    if winner:
        return _overtake(claims, winner)
    if row["reason"] == "tie":
        return "one of the tied commitments having arrived a second earlier"
    closest = next((claim for claim in claims if claim["grade"] == row["reason"]), None)
    if closest:
        return _repair(closest)
    return {
        "duplicate-opportunity": "importing the opportunity once",
        "unknown-status": "a status of open or won",
        "no-account": "the id of its account in the import",
        "": "a match with a partner" if row["status"] == "unmatched" else "nothing",
    }[row["reason"]]


def _overtake(claims: list[dict[str, Any]], winner: dict[str, Any]) -> str:
    rivals = [claim for claim in claims if claim is not winner and claim["grade"] != "candidate-match"]
    if not rivals:
        return (
            f"a proven claim of another matched partner, received before {moment_of(winner['committed_at'])}"
        )
    rival = rivals[0]
    limits = (winner["committed_at"], rival["disclosed_at"])
    return _earlier(rival, min(limit for limit in limits if limit is not None))


def _earlier(claim: dict[str, Any], limit: int | None) -> str:
    """The claim with an earlier receipt, and with whatever else it lacks."""
    needs = []
    if limit is not None and (claim["committed_at"] is None or claim["committed_at"] >= limit):
        needs.append(f"its commitment had arrived before {moment_of(limit)}")
    elif claim["committed_at"] is None:
        needs.append("it had committed its claims")
    if claim["disclosed_at"] is None:
        needs.append("the log said that the account was disclosed to it only after that")
    if claim["grade"] == "contradicted":
        needs.append("its claims logs did not contradict each other")
    if not claim["root"]:
        needs.append("it had shown a proof that holds")
    return f"{_plain(claim['partner'])} would be credited if {' and '.join(needs)}"


def _repair(claim: dict[str, Any]) -> str:
    if claim["grade"] == "candidate-match":
        return f"a review that accepts the match with {_plain(claim['partner'])}"
    return _earlier(claim, claim["disclosed_at"])


def _plain(text: str) -> str:
    """A cell on one line, without control characters, cut when long."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown if len(shown) <= _CELL else shown[: _CELL - 1] + "…"
