"""What the decisions of both sides let through: the one answer that every reader of an overlap asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cleanroom.review.decision import Decision, Identifier, standing
from cleanroom.review.memory import Memory
from cleanroom.review.position import Position, settle
from overlap.records import OVERLAP_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

#: How a matched account stands: "" released by its tier alone, `open` and `waiting` (for the partner) not
#: released, `accepted` by both sides and so released, `rejected` or `disputed` by a side and suppressed.
REVIEW_STATES: Final = ("", "open", "waiting", "accepted", "rejected", "disputed")
_RELEASED: Final = ("", "accepted")
_SUPPRESSED: Final = ("rejected", "disputed")


@dataclass(frozen=True)
class ReleaseState:
    """A run's overlap after review.

    `rows` has OVERLAP_COLUMNS and `review` (str, one of REVIEW_STATES), one matched own account a row; the
    tier of an accepted one is `strong`, that of a row held back for a decision `candidate`. `links` has the
    columns of the run's tokens, one row for each account that is not suppressed and each pair token that
    links it, best first; an accepted account is linked by what both sides accepted. `suppressed` are the pair
    tokens that no account may be linked by. `own` says how each decision of ours stands, by the account's
    position; `ours` and `theirs` are the positions by pair token.
    """

    rows: pd.DataFrame
    links: pd.DataFrame
    suppressed: frozenset[str]
    own: Mapping[int, tuple[Decision, str]]
    ours: Mapping[str, Position]
    theirs: Mapping[str, Position]

    @property
    def shown(self) -> pd.DataFrame:
        """The rows that are not suppressed."""
        return self.rows[~self.rows["review"].isin(_SUPPRESSED)]

    @property
    def released(self) -> pd.DataFrame:
        """The rows that may be shown to the partner."""
        return self.rows[self.rows["review"].isin(_RELEASED)]

    def settled(self, token: str) -> str:
        """What both positions on that token come to, as `settle` says."""
        return settle(self.ours.get(token, _NONE), self.theirs.get(token, _NONE))


_NONE = Position()


def release_rows(
    overlap: pd.DataFrame, tokens: pd.DataFrame, ids: Sequence[str], kinds: Sequence[str], memory: Memory
) -> ReleaseState:
    """The overlap of a run under what is remembered.

    `overlap` has OVERLAP_COLUMNS. `tokens` has account, token, kind, value and `telling` (bool: the token
    links this account), best first within an account. `ids` are the ids of the own accounts by position,
    `kinds` the kinds of the contract, best first.
    """
    import pandas as pd

    own = _standing(tokens, ids, kinds, memory)
    ours = _own_positions(tokens, own)
    theirs = _their_positions(tokens, memory)
    settled = {token: settle(ours.get(token, _NONE), theirs.get(token, _NONE)) for token in {*ours, *theirs}}
    suppressed = frozenset(token for token, word in settled.items() if word in _SUPPRESSED)
    links = tokens[tokens["telling"]]
    touched = set(links.loc[links["token"].isin(list(settled)), "account"].tolist()) | set(own)
    linked = _by_account(links, touched)
    words: list[str] = []
    dropped: list[int] = []
    for account, tier in zip(overlap["account"].tolist(), overlap["tier"].tolist(), strict=True):
        word = "open" if tier == "candidate" else ""
        if account in touched:
            word, lost = _judge(linked[account], tier == "candidate", own.get(account), settled)
            dropped += lost
        words.append(word)
    review = pd.Series(words, index=overlap.index, dtype="str")
    tiers = overlap["tier"].mask(review == "accepted", "strong")
    tiers = tiers.mask(review.isin(["open", "waiting"]), "candidate")
    links = links.drop(index=dropped).drop(columns="telling").reset_index(drop=True)
    rows = overlap.assign(tier=tiers, review=review)
    if dropped:
        rows = _with_best(rows, links)
    return ReleaseState(rows[[*OVERLAP_COLUMNS, "review"]], links, suppressed, own, ours, theirs)


def _with_best(rows: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Token and kind of each row are those of its best link that is left, if any is."""
    best = links.drop_duplicates("account")[["account", "token", "kind"]]
    both = rows[["account"]].merge(best, on="account", how="left")
    left = both["token"].notna().to_numpy()
    return rows.assign(
        **{name: rows[name].where(~left, both[name].to_numpy()).astype("str") for name in ("token", "kind")}
    )


def _judge(
    linked: Sequence[tuple[int, str]],
    candidate: bool,
    decided: tuple[Decision, str] | None,
    settled: Mapping[str, str],
) -> tuple[str, list[int]]:
    """The state of one row, and which of its links (by their index in the table) fall away."""
    verdict, stands = (decided[0].verdict, decided[1]) if decided else ("", "")
    everything = [index for index, _ in linked]
    words = {index: settled.get(token, "") for index, token in linked}
    lost = [index for index in everything if words[index] in _SUPPRESSED]
    if verdict == "reject" and stands == "holds" and "disputed" not in words.values():
        return "rejected", everything
    if len(lost) == len(everything):
        return ("disputed" if "disputed" in words.values() else "rejected"), everything
    # What is left of the evidence is not what the row's tier was judged by, so a person looks again.
    if not (candidate or lost or (verdict == "reject" and stands == "lapsed")):
        return "", lost
    if verdict != "accept" or stands != "holds":
        return "open", lost
    both = [index for index in everything if words[index] == "accepted"]
    return ("accepted", [index for index in everything if index not in both]) if both else ("waiting", lost)


def _standing(
    tokens: pd.DataFrame, ids: Sequence[str], kinds: Sequence[str], memory: Memory
) -> dict[int, tuple[Decision, str]]:
    """Each remembered decision that says something about a matched account, by the account's position."""
    if not memory.own:
        return {}
    decided = {at: memory.own[name] for at, name in enumerate(ids) if name in memory.own}
    telling = tokens[tokens["telling"] & tokens["account"].isin(list(decided))]
    matched: dict[int, list[Identifier]] = {}
    columns = (telling[name].tolist() for name in ("account", "kind", "value"))
    for account, kind, value in zip(*columns, strict=True):
        matched.setdefault(account, []).append((kind, value))
    found = {at: (decided[at], standing(decided[at], names, kinds)) for at, names in matched.items()}
    return {at: (decision, stands) for at, (decision, stands) in found.items() if stands}


def _own_positions(tokens: pd.DataFrame, own: Mapping[int, tuple[Decision, str]]) -> dict[str, Position]:
    """What our decisions say about each pair token; a token nobody decided on is not in it.

    It is decided by the own accounts that the token links, or all that carry it when it links none.
    """
    decided = {account: decision for account, (decision, stands) in own.items() if stands == "holds"}
    concerned = tokens.loc[tokens["account"].isin(list(decided)), "token"].unique()
    carried = tokens[tokens["token"].isin(concerned)]
    names: dict[str, Identifier] = {}
    holders: dict[str, tuple[list[Decision | None], list[Decision | None]]] = {}
    columns = (carried[name].tolist() for name in ("account", "token", "kind", "value", "telling"))
    for account, token, kind, value, telling in zip(*columns, strict=True):
        names[token] = (kind, value)
        linked, carrying = holders.setdefault(token, ([], []))
        (linked if telling else carrying).append(decided.get(account))
    found = {
        token: _position_of(linked or carrying, names[token]) for token, (linked, carrying) in holders.items()
    }
    return {token: position for token, position in found.items() if position is not None}


def _position_of(words: Sequence[Decision | None], name: Identifier) -> Position | None:
    """One position from the decisions on all own accounts that a token links; None is no decision.

    A dispute of any of them stands for all, because the partner's account is one. A rejection needs all: who
    rejects one of two rivals says nothing against the other. An acceptance covers what was accepted.
    """
    taken = [word for word in words if word is not None]
    for verdict in ("dispute", "withdraw"):
        if found := [word for word in taken if word.verdict == verdict]:
            return Position(verdict, max(one.raised for one in found), min(one.seen for one in found))
    if taken and all(word is not None and word.verdict == "reject" for word in words):
        return Position("reject", 0, min(one.seen for one in taken))
    accepted = [one for one in taken if one.verdict == "accept" and name in one.identifiers]
    return Position("accept", 0, min(one.seen for one in accepted)) if accepted else None


def _their_positions(tokens: pd.DataFrame, memory: Memory) -> dict[str, Position]:
    if not memory.theirs:
        return {}
    values = {value for _, value in memory.theirs}
    rows = tokens[tokens["value"].isin(list(values))]
    named = zip(rows["token"].tolist(), rows["kind"].tolist(), rows["value"].tolist(), strict=True)
    return {
        token: memory.theirs[kind, value] for token, kind, value in named if (kind, value) in memory.theirs
    }


def _by_account(links: pd.DataFrame, accounts: set[int]) -> dict[int, list[tuple[int, str]]]:
    """(index, token) of the links of those accounts, best first."""
    rows = links[links["account"].isin(list(accounts))]
    grouped: dict[int, list[tuple[int, str]]] = {}
    for index, account, token in zip(
        rows.index.tolist(), rows["account"].tolist(), rows["token"].tolist(), strict=True
    ):
        grouped.setdefault(account, []).append((index, token))
    return grouped
