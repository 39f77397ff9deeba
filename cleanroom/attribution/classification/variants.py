"""The nearest alternative: what would have had to be otherwise, found by judging once more.

Every sentence here has been tried: the pipeline of the one account with this one change was judged, and the
status came out as the sentence says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from cleanroom.attribution.actions.menu import ActionType, missing_of, plain_type
from cleanroom.attribution.classification.engine import judge_pipeline
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.rules import Rules
from cleanroom.attribution.classification.statuses import STATUSES
from cleanroom.attribution.classification.table import status_table
from cleanroom.attribution.classification.times import DAY, NEVER, span_of
from cleanroom.attribution.holding import WINNING, Holding
from cleanroom.moment import moment_of

#: What a partner would rather have, best first; disputed is nothing until it is decided.
_WISHED: Final = ("Sourced", "Assisted Close", "Influenced", "Attached", "Unattributed", "Disputed")

#: Actions looked at, the newest; a deal has a handful that matter.
_TRIED: Final = 12

#: Changes tried, the nearest first: a command answers while one waits.
_VARIANTS: Final = 40

_DIGEST: Final = "sha256:" + "0" * 64


@dataclass(frozen=True)
class Alternative:
    """A status that would be, and the condition in words."""

    status: str
    condition: str


@dataclass(frozen=True)
class _Change:
    """One thing otherwise, in words, and the action or the pipeline it gives.

    Evidence (kind 0) is nearer than the day of logging (1), that than a decision or a proof (2), a day (3)
    and another deal (4).
    """

    kind: int
    days: int
    words: str
    action: dict[str, str] | None = None
    pipeline: Pipeline | None = None


def focus(pipeline: Pipeline, opportunity: str) -> Pipeline:
    """What bears on one deal: the deals of its account, with their actions, stages, holdings and disputes."""
    deals = pipeline.opportunities
    account = deals.loc[deals["id"] == opportunity, "account_id"].iloc[0]
    near = deals[(deals["id"] == opportunity) | ((deals["account_id"] == account) & (account != ""))]
    ids = set(near["id"])
    actions = pipeline.actions
    if actions is not None:
        there = actions["opportunity_id"].isin(ids)
        if account:
            there |= (actions["account_id"] == account) & ~actions["opportunity_id"].isin(set(deals["id"]))
        actions = actions[there]
    stages = pipeline.stages
    return replace(
        pipeline,
        opportunities=near,
        actions=actions,
        stages=None if stages is None else stages[stages["opportunity_id"].isin(ids)],
        holdings=[one for one in pipeline.holdings if one.account == account],
        disputes=[one for one in pipeline.disputes if one[0] in ids],
        own={name: [one for one in held if one.account == account] for name, held in pipeline.own.items()},
    )


def status_of(pipeline: Pipeline, opportunity: str, partner: str) -> str:
    """The status of one pair; Unattributed where there is none."""
    return statuses_of([pipeline], opportunity, partner)[0]


def statuses_of(pipelines: Sequence[Pipeline], opportunity: str, partner: str) -> list[str]:
    """The status of one pair in each pipeline, all judged at once: each stands under accounts of its own."""
    whole = replace(
        pipelines[0],
        opportunities=_stacked([one.opportunities for one in pipelines], ("id", "account_id")),
        actions=_stacked([one.actions for one in pipelines], ("id", "opportunity_id", "account_id")),
        stages=_stacked([one.stages for one in pipelines], ("opportunity_id",)),
        holdings=[
            replace(held, account=f"{at}:{held.account}")
            for at, one in enumerate(pipelines)
            for held in one.holdings
        ],
        disputes=[(f"{at}:{two[0]}", two[1]) for at, one in enumerate(pipelines) for two in one.disputes],
        own={
            name: [
                replace(held, account=f"{at}:{held.account}")
                for at, one in enumerate(pipelines)
                for held in one.own.get(name, ())
            ]
            for name in pipelines[0].own
        },
    )
    judged = judge_pipeline(whole)
    if partner not in judged.partners:
        return [STATUSES[-1]] * len(pipelines)
    mine = judged.pairs.partner == judged.partners.index(partner)
    ids = judged.deals.ids.to_pylist()
    places = zip(judged.pairs.deal[mine], judged.status[mine], strict=True)
    found = {ids[deal]: STATUSES[at] for deal, at in places}
    return [found.get(f"{at}:{opportunity}", STATUSES[-1]) for at in range(len(pipelines))]


def _stacked(frames: Sequence[pd.DataFrame | None], names: Sequence[str]) -> pd.DataFrame | None:
    """The frames below each other, the ids of each with its number in front."""
    parts = [
        frame.drop(columns="row", errors="ignore").assign(
            **{name: (f"{at}:" + frame[name]).where(frame[name] != "", "") for name in names}
        )
        for at, frame in enumerate(frames)
        if frame is not None and len(frame)
    ]
    return pd.concat(parts, ignore_index=True) if parts else None


def nearest_alternative(
    pipeline: Pipeline, opportunity: str, partner: str, *, for_partner: bool = False
) -> Alternative | None:
    """The better status that is nearest, for a partner at the top the lower one; None when nothing was found.

    `pipeline` is focused. One change is nearer than two; see `_Change` for which of them is nearest.
    """
    now = status_of(pipeline, opportunity, partner)
    rules = _rules_of(pipeline, opportunity)
    if rules is None:
        return None
    if now == "Sourced":
        return _without_its_actions(pipeline, opportunity, partner)
    mine = _own_actions(pipeline, opportunity, partner)
    changes = sorted(
        _changes(pipeline, opportunity, partner, rules, mine, for_partner),
        key=lambda one: (one.kind, one.days, one.words),
    )
    found = _first(pipeline, opportunity, partner, now, [(one, one.words) for one in changes])
    if found is not None:
        return found
    return _by_two_changes(pipeline, opportunity, partner, now, rules, mine)


def _rules_of(pipeline: Pipeline, opportunity: str) -> Rules | None:
    deals = pipeline.opportunities
    created, _ = span_of(deals.loc[deals["id"] == opportunity, "created"].iloc[0])
    return None if created == NEVER else pipeline.book.judging(created)


def _own_actions(pipeline: Pipeline, opportunity: str, partner: str) -> list[dict[str, str]]:
    """The partner's actions on the deal, and those that name the account only; the newest of them."""
    if pipeline.actions is None or pipeline.actions.empty:
        return []
    ids = set(pipeline.opportunities["id"])
    rows = [{str(k): v for k, v in row.items()} for row in pipeline.actions.to_dict("records")]
    mine = [
        row
        for row in rows
        if pipeline.book.partner(row["partner"]) == partner
        and (row["opportunity_id"] == opportunity or row["opportunity_id"] not in ids)
    ]
    return sorted(mine, key=lambda row: (row["date"], row["id"]))[-_TRIED:]


def _after(pipeline: Pipeline, change: _Change) -> Pipeline:
    if change.pipeline is not None:
        return change.pipeline
    assert change.action is not None
    return _with_action(pipeline, change.action)


def _with_action(pipeline: Pipeline, action: dict[str, str]) -> Pipeline:
    """The pipeline with this action in the place of the one with its id, or beside the others."""
    row = pd.DataFrame([action]).astype("str")
    if pipeline.actions is None or pipeline.actions.empty:
        return replace(pipeline, actions=row)
    others = pipeline.actions[pipeline.actions["id"] != action["id"]].drop(columns="row", errors="ignore")
    return replace(pipeline, actions=pd.concat([others, row], ignore_index=True).fillna(""))


def _changes(
    pipeline: Pipeline,
    opportunity: str,
    partner: str,
    rules: Rules,
    mine: Sequence[dict[str, str]],
    for_partner: bool,
) -> Iterator[_Change]:
    """Everything that is one step away."""
    for action in mine:
        kind = rules.types.get(plain_type(action["type"]))
        if kind is None or kind.kind == "weak":
            continue
        row = {name: value for name, value in action.items() if name != "row"}
        if missing := _missing(row, kind):
            words = f"{_name(row, kind)} had its {' and '.join(missing)}"
            yield _Change(0, 0, words, _completed(row, kind))
        yield from _moved(pipeline, opportunity, rules, kind, row)
    others = [
        one for one in pipeline.disputes if (one[0], pipeline.book.partner(one[1])) != (opportunity, partner)
    ]
    if len(others) < len(pipeline.disputes):
        yield _Change(
            2, 0, "the open dispute were decided for it", pipeline=replace(pipeline, disputes=others)
        )
    yield from _held_earlier(pipeline, opportunity, partner, for_partner)
    deals = pipeline.opportunities
    if len(deals) > 1:
        alone = replace(pipeline, opportunities=deals[deals["id"] == opportunity])
        yield _Change(4, 0, "the account had had no other open deal", pipeline=alone)


def _missing(row: dict[str, str], kind: ActionType) -> list[str]:
    return [name.replace("_", " ") for name in missing_of(row, kind)]


def _completed(row: dict[str, str], kind: ActionType) -> dict[str, str]:
    """The action with everything that its type requires."""
    full = dict(row)
    for name in kind.requires:
        if name in ("proof", "digest"):
            full["proof"] = f"{row.get('proof', '')} {_DIGEST}".strip()
        elif not full.get(name, "").strip():
            full[name] = row["date"] if name == "logged" else "there"
    return full


def _moved(
    pipeline: Pipeline, opportunity: str, rules: Rules, kind: ActionType, row: dict[str, str]
) -> Iterator[_Change]:
    """The action logged earlier, or happened on another day."""
    happened, logged = _day(row["date"]), _day(row.get("logged", ""))
    if happened is None:
        return
    deals = pipeline.opportunities
    deal = deals[deals["id"] == opportunity].iloc[0]
    created, closed = _day(deal["created"]), _day(deal["closed"])
    assert created is not None
    if logged is not None:
        limits = {happened + rules.late_days, created, created + rules.lock_days}
        for day in sorted(day for day in limits if happened <= day < logged):
            words = f"{_name(row, kind)} had been logged on or before {_text(day)}"
            yield _Change(1, logged - day, words, {**row, "logged": _text(day)})
    today = pipeline.now // DAY
    end = today if deal["status"] == "open" or closed is None else closed
    entered = _entered(pipeline, opportunity)
    goals = {
        created,
        created - kind.days,
        end,
        end - kind.days,
        *entered,
        *(day - kind.days for day in entered),
    }
    for day in sorted(goals):
        if day == happened or not 0 <= day <= today:
            continue
        side = "on or before" if day < happened else "on or after"
        words = f"{_name(row, kind)} had happened {side} {_text(day)}"
        moved = {**row, "date": _text(day), "logged": _text(day) if logged is not None else ""}
        yield _Change(3, abs(day - happened), words, moved)


def _entered(pipeline: Pipeline, opportunity: str) -> list[int]:
    if pipeline.stages is None:
        return []
    texts = pipeline.stages.loc[pipeline.stages["opportunity_id"] == opportunity, "entered"]
    return [day for day in map(_day, texts) if day is not None]


def _held_earlier(pipeline: Pipeline, opportunity: str, partner: str, for_partner: bool) -> Iterator[_Change]:
    """The account proven to be held before every rival, or before us."""
    deals = pipeline.opportunities
    account = deals.loc[deals["id"] == opportunity, "account_id"].iloc[0]
    named = pipeline.book.partner
    proven = [one for one in pipeline.holdings if _is_proven(one, account)]
    times = [one.committed_at for one in proven if named(one.partner) != partner]
    times += [
        one.committed_at
        for name, held in pipeline.own.items()
        for one in held
        if named(name) == partner and _is_proven(one, account)
    ]
    created, _ = span_of(deals.loc[deals["id"] == opportunity, "created"].iloc[0])
    limit = min([*(time for time in times if time is not None), created])
    own = [one for one in proven if named(one.partner) == partner]
    others = [one for one in pipeline.holdings if named(one.partner) != partner]
    earlier = replace(pipeline, holdings=[*others, Holding(partner, account, "logged", limit - 1)])
    before = "its rivals" if for_partner and times else moment_of(limit)
    distance = max(0, (own[0].committed_at or 0) - limit) // DAY if own else DAY
    yield _Change(2, distance, f"it had proven to hold the account before {before}", pipeline=earlier)


def _is_proven(one: Holding, account: str) -> bool:
    return one.account == account and one.grade in WINNING and one.committed_at is not None


def _without_its_actions(pipeline: Pipeline, opportunity: str, partner: str) -> Alternative | None:
    """What a sourcing partner would be without the action that decided."""
    table = status_table(judge_pipeline(pipeline))
    row = table[(table["opportunity"] == opportunity) & (table["partner"] == partner)].iloc[0]
    decided = json.loads(row["facts"]).get("action")
    if pipeline.actions is None or decided is None:
        return None
    less = replace(pipeline, actions=pipeline.actions[pipeline.actions["id"] != decided])
    return Alternative(status_of(less, opportunity, partner), f"action {decided} were not there")


def _by_two_changes(
    pipeline: Pipeline,
    opportunity: str,
    partner: str,
    now: str,
    rules: Rules,
    mine: Sequence[dict[str, str]],
) -> Alternative | None:
    """An action both completed and moved; else a new one, logged today with all its evidence."""
    found: list[tuple[int, str, _Change]] = []
    for action in mine:
        kind = rules.types.get(plain_type(action["type"]))
        row = {name: value for name, value in action.items() if name != "row"}
        if kind is None or kind.kind == "weak" or not _missing(row, kind):
            continue
        for change in _moved(pipeline, opportunity, rules, kind, _completed(row, kind)):
            words = f"{change.words}, with its {' and '.join(_missing(row, kind))}"
            found.append((change.days, words, change))
    tried = [(change, words) for _, words, change in sorted(found, key=lambda one: one[:2])]
    nearest = _first(pipeline, opportunity, partner, now, tried)
    if nearest is not None:
        return nearest
    today = _text(pipeline.now // DAY)
    new = []
    for kind in sorted(rules.menu, key=lambda one: (one.kind != "advance", one.name)):
        blank = {"id": "a new action", "opportunity_id": opportunity, "account_id": "", "partner": partner}
        row = _completed({**blank, "type": kind.name, "date": today, "logged": today, "proof": ""}, kind)
        needs = " and ".join(name.replace("_", " ") for name in kind.requires) or "nothing more"
        new.append((_Change(5, 0, "", row), f"a {kind.name} were logged today with its {needs}"))
    return _first(pipeline, opportunity, partner, now, new)


def _first(
    pipeline: Pipeline, opportunity: str, partner: str, now: str, tried: Sequence[tuple[_Change, str]]
) -> Alternative | None:
    """The first change that gives a status which may earn, and a better one than now; they stand in order."""
    tried = tried[:_VARIANTS]
    if not tried:
        return None
    after = statuses_of([_after(pipeline, change) for change, _ in tried], opportunity, partner)
    wanted = min(_WISHED.index(now), _WISHED.index("Attached"))
    better = (
        Alternative(status, words)
        for status, (_, words) in zip(after, tried, strict=True)
        if _WISHED.index(status) < wanted
    )
    return next(better, None)


def _name(row: dict[str, str], kind: ActionType) -> str:
    return f"{kind.name} {row['id']}"


def _day(text: str) -> int | None:
    first, _ = span_of(text)
    return None if first == NEVER else first // DAY


def _text(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()
