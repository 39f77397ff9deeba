"""What a run found out about one own account: which identifiers agreed, which decided, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from overlap.explanation.lookalikes import LookAlike, look_alike
from overlap.identity import KIND, KINDS, without_veto
from overlap.match import NAME_KINDS, judge
from overlap.records import TIERS

_CANDIDATE: Final = TIERS.index("candidate")


@dataclass(frozen=True, slots=True)
class Agreed:
    """An identifier that matched. `held_by` own accounts carry it; `part` is what it did for the match.

    `telling` is false where it links the account with none of the partner's, because a better one does.
    """

    kind: str
    tier: str
    value: str
    token: str
    held_by: int
    telling: bool
    part: str


@dataclass(frozen=True, slots=True)
class Match:
    """The match of an account in a run: the kind and pair token that name it, and the rule in words.

    `kind` decided. `tier` is what the identifiers come to before any review. `rivals` are the other own
    accounts that carry all that matched.
    """

    kind: str
    tier: str
    confidence: float
    token: str
    rule: str
    agreed: tuple[Agreed, ...]
    rivals: tuple[LookAlike, ...]


def explain_hits(accounts: pd.DataFrame, position: int, hits: pd.DataFrame) -> Match | None:
    """The match of the account at `position`, None when none of its identifiers matched.

    `accounts` and `hits` (as `match.find_hits` gives them) are those of one run.
    """
    own = hits[hits["account"] == position]
    if own.empty:
        return None
    carriers = hits[hits["position"].isin(own["position"])]
    telling = own[own["telling"]]
    judged = judge(telling, ["account"], carriers, accounts).iloc[0]
    ranks = telling["kind"].map(KINDS.index)
    best = telling.assign(rank=ranks).sort_values(["tier", "rank"], kind="stable").iloc[0]
    rivals = _rivals(accounts, position, carriers, telling, str(best["kind"]))
    tier, confidence = int(judged["tier"]), float(judged["confidence"])
    shared_out = confidence < KIND[best["kind"]].right / 1000 - 1e-9
    agreed = tuple(
        Agreed(
            str(hit.kind),
            TIERS[int(hit.tier)],
            without_veto(str(hit.value)),
            str(hit.token),
            int(hit.held_by),
            bool(hit.telling),
            _part(bool(hit.telling), hit.position == best["position"], int(best["tier"])),
        )
        for hit in own.itertuples(index=False)
    )
    rule = _rule(str(best["kind"]), int(best["tier"]), int(best["held_by"]), len(rivals), shared_out)
    token = str(telling["token"].iloc[0])
    return Match(str(best["kind"]), TIERS[tier], confidence, token, rule, agreed, rivals)


def _part(telling: bool, decided: bool, best: int) -> str:
    if decided:
        return "decides"
    if telling:
        return "agrees"
    return "not used: a better candidate matched" if best == _CANDIDATE else "not used: a better one matched"


def _rule(kind: str, tier: int, held_by: int, rivals: int, shared_out: bool) -> str:
    """What decided, in words."""
    name = KIND[kind]
    others = "1 other own account carries" if rivals == 1 else f"{rivals} other own accounts carry"
    rule = f"{name.says}: {TIERS[tier]} by itself"
    if tier == _CANDIDATE and name.tier != "candidate":
        rule = f"{name.says}, but {held_by} own accounts have it, and a name alone does not tell them apart"
    if shared_out:
        return f"{rule}; {others} all that matched, so it is a candidate and its confidence is shared"
    if rivals and kind not in NAME_KINDS:
        rule += f"; {others} the same and are its duplicates, which raises no doubt"
    return rule


def _rivals(
    accounts: pd.DataFrame, position: int, carriers: pd.DataFrame, telling: pd.DataFrame, best: str
) -> tuple[LookAlike, ...]:
    wanted = set(telling["position"].tolist())
    held = carriers[carriers["position"].isin(wanted)].groupby("account")["position"].nunique()
    others = [int(at) for at in held.index[held == len(wanted)] if at != position]
    kinds = (best, *dict.fromkeys(kind for kind in telling["kind"].tolist() if kind != best))
    return tuple(look_alike(accounts, position, at, kinds, at) for at in others)
