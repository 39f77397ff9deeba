"""Who stands how in an account, who is in many, and a deal's journey: facts beside each other, and no score.

A relation counts only live matches and usable actions, as statuses do. The order says whom to ask first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.statuses import STATUSES
from cleanroom.attribution.classification.times import DAY, NEVER, spans
from cleanroom.attribution.holding import Holding
from cleanroom.attribution.weekly.desk import Desk, Done, make_desk, newest
from cleanroom.moment import iso_day

#: Days that are "the last year".
_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Relation:
    """A partner in an account. `held_since` is the proven day, "" for none; `year` counts the actions of the
    last 365 days; `last` and `type` are of the newest action, `ours` who of us answered for the newest one
    that names somebody. `active` says that it acted within `inactive_days`. `deals` are its best statuses."""

    partner: str
    grade: str
    held_since: str
    actions: int
    year: int
    active: bool
    last: str
    type: str
    ours: str
    deals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connector:
    """A partner over all of our accounts: how many it is in, and in how many it acted within `inactive_days`
    (`active`) and within 365 days (`year`)."""

    partner: str
    accounts: int
    active: int
    year: int
    last: str


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a deal's journey; `day` is "" where none can be read, `counts` is False for an action that
    counts for nothing. `kind` is `created`, `stage`, `action` or `closed`; `source` is where an action was
    recorded, "" where that is not known."""

    day: str
    kind: str
    partner: str
    what: str
    counts: bool
    source: str = ""


def relations_of(judged: Judged, account: str) -> tuple[Relation, ...]:
    """Every partner in one of our accounts, whom to ask first: acted lately, most actions in a year, earliest
    proven holding, name."""
    desk = make_desk(judged)
    done: dict[str, list[Done]] = {}
    for one in desk.done:
        if one.account == account:
            done.setdefault(one.partner, []).append(one)
    held: dict[str, Holding] = {}
    for holding in judged.pipeline.holdings:
        if holding.account == account and holding.partner:
            name = judged.pipeline.book.partner(holding.partner)
            held[name] = min(held.get(name, holding), holding, key=_since)
    found = [_relation(desk, name, done.get(name, []), held.get(name), account) for name in {*done, *held}]
    return tuple(sorted(found, key=_first))


def connectors_of(judged: Judged) -> tuple[Connector, ...]:
    """Every partner, those that act in the most accounts first, then those that are in the most."""
    desk = make_desk(judged)
    last: dict[str, dict[str, int]] = {}
    for one in desk.done:
        if one.account:
            days = last.setdefault(one.partner, {})
            days[one.account] = max(days.get(one.account, one.day), one.day)
    found = []
    for name in {*last, *desk.held}:
        days = last.get(name, {})
        accounts = len({*days, *desk.held.get(name, ())})
        ages = [desk.today - day for day in days.values()]
        active, year = (sum(age <= most for age in ages) for most in (desk.clocks.inactive, _YEAR))
        newest_day = iso_day(max(days.values())) if days else ""
        found.append(Connector(name, accounts, active, year, newest_day))
    return tuple(sorted(found, key=lambda one: (-one.active, -one.year, -one.accounts, one.partner)))


def journey_of(judged: Judged, opportunity: str) -> tuple[Step, ...]:
    """What is known of a deal, the oldest first, what has no day last: its creation, stages, actions, close.

    Actions are those on the deal, and those on its account that name no deal.
    """
    deal = make_desk(judged).deals[opportunity]
    found = [*_stages(judged, opportunity), *_actions(judged, opportunity, deal.account)]
    if deal.created is not None:
        found.append(Step(iso_day(deal.created), "created", "", "the deal was created", True))
    if deal.closed is not None:
        status = dict(zip(judged.deals.ids.to_pylist(), texts(judged.deals.frame, "status").to_pylist(),
                          strict=True))[opportunity]  # fmt: skip
        found.append(Step(iso_day(deal.closed), "closed", "", status, True))
    order = {"action": 0, "created": 1, "stage": 2, "closed": 3}
    return tuple(sorted(found, key=lambda one: (one.day or "~", order[one.kind], one.partner, one.what)))


def _relation(desk: Desk, partner: str, done: list[Done], held: Holding | None, account: str) -> Relation:
    last: Done | None = newest(done)
    ours: Done | None = newest(one for one in done if one.owner)
    deals = sorted(
        (STATUSES.index(status), f"{deal.id} {status}")
        for deal in desk.of_account.get(account, [])
        if (status := desk.statuses.get((deal.id, partner), "Unattributed")) != "Unattributed"
    )
    since = held.committed_at if held else None
    return Relation(
        partner,
        held.grade if held else "",
        iso_day(since // DAY) if since is not None else "",
        len(done),
        sum(desk.today - one.day <= _YEAR for one in done),
        last is not None and desk.today - last.day <= desk.clocks.inactive,
        iso_day(last.day) if last else "",
        last.type if last else "",
        ours.owner if ours else "",
        tuple(said for _, said in deals),
    )


def _since(holding: Holding) -> tuple[bool, int, str]:
    return holding.committed_at is None, holding.committed_at or 0, holding.grade


def _first(one: Relation) -> tuple[object, ...]:
    return not one.active, -one.year, one.held_since or "~", -one.actions, one.partner


def _stages(judged: Judged, opportunity: str) -> Iterator[Step]:
    frame = judged.pipeline.stages
    rows = zip(
        texts(frame, "opportunity_id").to_pylist(),
        texts(frame, "stage").to_pylist(),
        spans(texts(frame, "entered"))[0].tolist(),
        strict=True,
    )
    for deal, stage, start in rows:
        if deal == opportunity:
            yield Step(_day(start), "stage", "", f"entered {plain_cell(stage)}", start != NEVER)


def _actions(judged: Judged, opportunity: str, account: str) -> Iterator[Step]:
    frame, acts = judged.pipeline.actions, judged.acts
    names = ("id", "opportunity_id", "account_id", "partner", "type", "role", "source")
    columns = zip(*(texts(frame, name).to_pylist() for name in names), strict=True)
    starts = spans(texts(frame, "date"))[0].tolist()
    for at, (name, deal, of, partner, kind, role, source) in enumerate(columns):
        if deal == opportunity or (not deal and account and of == account):
            known = judged.pipeline.book.partner(partner)
            part = f", as {plain_cell(role)}" if role.strip() else ""
            what = f"{plain_cell(kind) or 'no type'} ({plain_cell(name)}){part}"
            usable = bool(acts.usable[at])
            yield Step(_day(starts[at]), "action", known, what, usable, plain_cell(source))


def _day(second: int) -> str:
    return iso_day(second // DAY) if second != NEVER else ""
