"""The nearest alternative: what would have had to be otherwise, found by judging once more.

Every sentence here has been tried: the pipeline of the one account with this one change was judged, and the
status came out as the sentence says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from cleanroom.attribution.actions.menu import ActionType, missing_of, plain_type
from cleanroom.attribution.classification.engine import judge_pipeline
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.rules import Rules
from cleanroom.attribution.classification.surroundings import only, status_of, statuses_of
from cleanroom.attribution.classification.table import status_table
from cleanroom.attribution.classification.times import DAY, NEVER, span_of
from cleanroom.attribution.holding import WINNING, Holding
from cleanroom.moment import iso_day, moment_of

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
        alone = only(pipeline, {opportunity})
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
            words = f"{_name(row, kind)} had been logged on or before {iso_day(day)}"
            yield _Change(1, logged - day, words, {**row, "logged": iso_day(day)})
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
        words = f"{_name(row, kind)} had happened {side} {iso_day(day)}"
        moved = {**row, "date": iso_day(day), "logged": iso_day(day) if logged is not None else ""}
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
    """An action both completed and moved; else a new one with all its evidence, logged today or, where that
    is too late, on the last day that would have done."""
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
    today = iso_day(pipeline.now // DAY)
    new = []
    for kind in sorted(rules.menu, key=lambda one: (one.kind != "advance", one.name)):
        words = f"{_article(kind.name)} were logged today{_with(kind)}"
        new.append((_Change(5, 0, "", _new(partner, opportunity, kind, today)), words))
    found_new = _first(pipeline, opportunity, partner, now, new)
    return found_new or _first(
        pipeline, opportunity, partner, now, _in_time(pipeline, opportunity, partner, rules)
    )


def _in_time(pipeline: Pipeline, opportunity: str, partner: str, rules: Rules) -> list[tuple[_Change, str]]:
    """One new action of each class on the days on which it could have counted, the latest first; a source
    also on an account that was new."""
    deals = pipeline.opportunities
    deal = deals[deals["id"] == opportunity].iloc[0]
    created, closed = _day(deal["created"]), _day(deal["closed"])
    if created is None:
        return []
    today = pipeline.now // DAY
    end = today if deal["status"] == "open" or closed is None else min(closed, today)
    alone = only(pipeline, {opportunity})
    found: list[tuple[int, int, str, _Change]] = []
    for kind in _simplest(rules):
        days = {created} if kind.kind == "origin" else {end, *_entered(pipeline, opportunity)}
        for day in sorted(day for day in days if created <= day <= end):
            row = _new(partner, opportunity, kind, iso_day(day))
            words = f"{_article(kind.name)} had been logged on or before {iso_day(day)}{_with(kind)}"
            found.append((0, -day, words, _Change(5, 0, "", row)))
            if kind.kind == "origin" and len(deals) > 1:
                both = _Change(5, 0, "", pipeline=_with_action(alone, row))
                found.append((1, -day, f"{words}, and the account had had no other open deal", both))
    return [(change, words) for *_, words, change in sorted(found, key=lambda one: one[:3])]


def _simplest(rules: Rules) -> list[ActionType]:
    """Of each class that gives a status the type that requires the least; of equals the first by name."""
    ordered = sorted(rules.menu, key=lambda one: (len(one.requires), one.name))
    first = {one.kind: one for one in reversed(ordered)}
    return [first[kind] for kind in ("origin", "late", "advance") if kind in first]


def what_higher_takes(pipeline: Pipeline, opportunity: str, now: str) -> str:
    """What the statuses above take on this deal, in the words of its rules; nothing of it was tried."""
    rules = _rules_of(pipeline, opportunity)
    if rules is None:
        return "no version of the rules judges this deal"
    deals = pipeline.opportunities
    created = _day(deals.loc[deals["id"] == opportunity, "created"].iloc[0])
    if created is None:
        return "every status above takes a usable day of creation"
    says = {
        "origin": ("Sourced", f"days before {iso_day(created)}, and no rival that proves it was first"),
        "late": ("Assisted Close", "days before a change of stage, in a late stage"),
        "advance": ("Influenced", "days before a change of stage of the open deal"),
    }
    better = _WISHED[: _WISHED.index(now)]
    parts = [
        f"{says[kind.kind][0]} takes {_article(kind.name)} at most {kind.days} {says[kind.kind][1]}"
        for kind in _simplest(rules)
        if says[kind.kind][0] in better
    ]
    return "; ".join(parts)


def _new(partner: str, opportunity: str, kind: ActionType, day: str) -> dict[str, str]:
    """A new action with all that its type requires, logged on its day."""
    blank = {"id": "a new action", "opportunity_id": opportunity, "account_id": "", "partner": partner}
    return _completed({**blank, "type": kind.name, "date": day, "logged": day, "proof": ""}, kind)


def _with(kind: ActionType) -> str:
    needs = " and ".join(name.replace("_", " ") for name in kind.requires)
    return f" with its {needs}" if needs else ""


def _article(name: str) -> str:
    return f"{'an' if name[:1] in 'aeio' else 'a'} {name}"


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
