"""The review queue: which matched accounts wait for a person, why, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cleanroom.review.position import Position
from cleanroom.review.state import ReleaseState

if TYPE_CHECKING:
    import pandas as pd

#: Own accounts that carry one identifier, from which on it says little about a single one of them.
CROWDED: Final = 5


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One matched own account for a person to look at.

    `kinds` are the kinds that agreed, best first, `token` the pair token of the best; `rivals` counts other
    own accounts that fit as well, `crowded` the own accounts that carry its rarest identifier. `review` is
    one of REVIEW_STATES and `why` says in words why the row is here.
    """

    account: str
    name: str
    token: str
    kinds: str
    tier: str
    confidence: float
    rivals: int
    crowded: int
    review: str
    why: str


def queue_rows(
    state: ReleaseState, tokens: pd.DataFrame, accounts: pd.DataFrame, *, everything: bool = False
) -> list[QueueRow]:
    """The rows that need a decision of ours, the most valuable first; with `everything` all matched accounts.

    First come those for which the partner waits, then the likeliest: a confidence is shared among rivals
    already. `tokens` has the columns account, token, kind and held_by, `accounts` id and name by position.
    """
    found: list[tuple[tuple[Any, ...], QueueRow]] = []
    rows = state.rows
    if not everything:
        asked = [token for token, position in state.theirs.items() if position.verdict == "accept"]
        concerned = tokens.loc[tokens["token"].isin(asked), "account"]
        rows = rows[rows["review"].isin(["open", "disputed"]) | rows["account"].isin(concerned)]
    links = _links_of(tokens[tokens["account"].isin(rows["account"])])
    ids, names = accounts["id"].tolist(), accounts["name"].tolist()
    for values in zip(*(rows[name].tolist() for name in rows.columns), strict=True):
        row: Mapping[str, Any] = dict(zip(rows.columns, values, strict=True))
        at = int(row["account"])
        linked = links[at]
        needed, urgent, why = _why(state, row, [token for token, _, _ in linked])
        if not (needed or everything):
            continue
        crowded = min(held for _, _, held in linked)
        if needed and crowded >= CROWDED:
            why.append(f"its rarest identifier is carried by {crowded:,} own accounts")
        shown = QueueRow(
            ids[at],
            names[at],
            row["token"],
            ", ".join(dict.fromkeys(kind for _, kind, _ in linked)),
            row["tier"],
            round(float(row["confidence"]), 4),
            int(row["rivals"]),
            crowded,
            row["review"],
            "; ".join(why),
        )
        found.append(
            ((not needed, not urgent, -shown.confidence, shown.rivals, crowded, shown.account), shown)
        )
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _why(state: ReleaseState, row: Mapping[str, Any], linked: list[str]) -> tuple[bool, bool, list[str]]:
    """Whether a row needs a decision of ours, whether the partner waits for it, and the reasons in words."""
    decision, stands = state.own.get(int(row["account"]), (None, ""))
    own = decision.verdict if decision is not None and stands == "holds" else ""
    theirs = {state.theirs.get(token, _NONE).verdict for token in linked} - {""}
    review = row["review"]
    if review == "disputed":
        return _why_disputed(own, theirs)
    if review == "rejected":
        return False, False, ["we rejected it" if own == "reject" else "the partner rejected it"]
    if review == "accepted":
        return False, False, ["both sides accepted it"]
    if review == "waiting":
        return False, False, ["we accepted it and wait for the partner"]
    asked = "accept" in theirs and own != "accept"
    why = ["the partner accepted it and waits for us"] if asked else []
    if review == "open":
        why += _why_open(state, row, decision.verdict if decision and stands == "lapsed" else "", linked)
    return review == "open" or asked, asked, why


def _why_disputed(own: str, theirs: set[str]) -> tuple[bool, bool, list[str]]:
    if own == "dispute":
        return False, False, ["we dispute it"]
    if "dispute" in theirs:
        return own != "withdraw", False, ["the partner disputes it"]
    if "withdraw" in theirs:
        return True, True, ["the partner has withdrawn its dispute and waits for us"]
    return False, False, ["we have withdrawn our dispute and wait for the partner"]


def _why_open(state: ReleaseState, row: Mapping[str, Any], lapsed: str, linked: list[str]) -> list[str]:
    words = {"accept": "accepted", "reject": "rejected"}
    why = [f"{words[lapsed]} before, on other evidence"] if lapsed in words else []
    if any(token in state.suppressed for token in linked):
        why.append("a part of its identifiers was rejected or is disputed")
    if row["rivals"]:
        why.append(f"other own accounts that fit as well: {row['rivals']:,}")
    return why or ["what matched does not suffice by itself"]


def _links_of(tokens: pd.DataFrame) -> dict[int, list[tuple[str, str, int]]]:
    """Token, kind and number of own holders of each matched identifier, by account, best first."""
    columns = (tokens[name].tolist() for name in ("account", "token", "kind", "held_by"))
    found: dict[int, list[tuple[str, str, int]]] = {}
    for account, token, kind, held in zip(*columns, strict=True):
        found.setdefault(account, []).append((token, kind, held))
    return found


_NONE: Final = Position()
