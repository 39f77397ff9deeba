"""What the review looks at, in plain values: deals, usable actions, who is in which account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import numpy as np

from cleanroom.attribution.classification.acts import ORIGIN
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import Pipeline, texts
from cleanroom.attribution.classification.rules import Clocks
from cleanroom.attribution.classification.statuses import STATUSES
from cleanroom.attribution.classification.times import NEVER, spans
from cleanroom.attribution.currencies import CURRENCIES

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Deal:
    """One opportunity; `created` and `closed` are days since 1970, None where not known."""

    id: str
    account: str
    open: bool
    amount: str
    currency: str
    owner: str
    created: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """A usable action: a partner did this on a day. `deal` is one of ours or "", days are since 1970.

    `origin` says that it is an introduction: its type is of class origin in a version of the rules.
    `responded`, `looped_back` and `due` are None where nothing, or a moment after now, is kept.
    """

    id: str
    partner: str
    type: str
    day: int
    deal: str
    account: str
    owner: str
    step: str
    due: int | None
    origin: bool
    responded: int | None
    looped_back: int | None


@dataclass(frozen=True)
class Desk:
    """`statuses` are the live ones, (opportunity, partner) to status; `held` partner to our accounts."""

    judged: Judged
    today: int
    clocks: Clocks
    deals: Mapping[str, Deal]
    done: Sequence[Done]
    statuses: Mapping[tuple[str, str], str]
    held: Mapping[str, frozenset[str]]

    @cached_property
    def of_account(self) -> dict[str, list[Deal]]:
        """Account to its deals, by id."""
        found: dict[str, list[Deal]] = {}
        for deal in self.deals.values():
            if deal.account:
                found.setdefault(deal.account, []).append(deal)
        return found

    @cached_property
    def owners(self) -> list[str]:
        """Who of us answers for each action, usable or not, in the order of the file."""
        return [one.strip() for one in texts(self.judged.pipeline.actions, "owner").to_pylist()]

    @cached_property
    def by_subject(self) -> dict[tuple[str, str, str], list[Done]]:
        """Usable actions by partner, deal and account: of a deal, or with "" for the deal of an account."""
        found: dict[tuple[str, str, str], list[Done]] = {}
        for one in self.done:
            if one.deal or one.account:
                found.setdefault((one.partner, one.deal, one.account), []).append(one)
        return found

    @cached_property
    def last(self) -> dict[str, int]:
        """Partner to the day of its newest usable action."""
        found: dict[str, int] = {}
        for one in self.done:
            found[one.partner] = max(found.get(one.partner, one.day), one.day)
        return found

    @cached_property
    def managers(self) -> dict[str, str]:
        """Partner to who of us answered for its newest usable action that names somebody."""
        found: dict[str, Done] = {}
        for one in self.done:
            if one.owner:
                found[one.partner] = newest([found.get(one.partner, one), one])
        return {partner: one.owner for partner, one in found.items()}

    @property
    def next_review(self) -> int:
        """The Monday after today: what is open in this review is done by then."""
        return self.today + 7 - (self.today + 3) % 7

    def leading(self, account: str) -> Deal | None:
        """The open deal of an account that leads by `rank`."""
        found = [deal for deal in self.of_account.get(account, []) if deal.open]
        return min(found, key=self.rank) if found else None

    def rank(self, deal: Deal) -> tuple[object, ...]:
        """Sorts deals: those in the currency of most open deals first, in it the largest amount first."""
        known = deal.currency in self.currencies and deal.amount != ""
        place = self.currencies.index(deal.currency) if known else len(self.currencies)
        return place, -Decimal(deal.amount or 0), deal.id

    @cached_property
    def currencies(self) -> list[str]:
        """Currencies by how many open deals are in them, then by code."""
        counts: dict[str, int] = {}
        for deal in self.deals.values():
            if deal.currency in CURRENCIES:
                counts[deal.currency] = counts.get(deal.currency, 0) + deal.open
        return sorted(counts, key=lambda one: (-counts[one], one))


def make_desk(judged: Judged) -> Desk:
    """The desk of what was judged."""
    pipeline = judged.pipeline
    deals = _deals(judged)
    ids = list(deals)
    statuses = {
        (ids[deal], judged.partners[partner]): STATUSES[word]
        for deal, partner, word in zip(judged.pairs.deal, judged.pairs.partner, judged.status, strict=True)
    }
    held: dict[str, set[str]] = {}
    for one in pipeline.holdings:
        if one.partner:
            held.setdefault(pipeline.book.partner(one.partner), set()).add(one.account)
    return Desk(
        judged,
        pipeline.now // _DAY,
        pipeline.book.newest.clocks,
        deals,
        _done(judged, ids),
        statuses,
        {partner: frozenset(accounts) for partner, accounts in held.items()},
    )


def week_of(second: int) -> str:
    """The ISO week of a second (unix, UTC), such as 2026-W47."""
    year, week, _ = datetime.fromtimestamp(second, UTC).isocalendar()
    return f"{year:04}-W{week:02}"


def _deals(judged: Judged) -> dict[str, Deal]:
    deals = judged.deals
    names = ("amount", "currency", "owner")
    amounts, currencies, owners = (texts(deals.frame, name).to_pylist() for name in names)
    columns = (deals.ids.to_pylist(), deals.accounts.to_pylist(), deals.won_or_lost, amounts, currencies)
    created, ended = _days(deals.created[0]), _days(deals.ended[0])
    return {
        name: Deal(name, account, not bool(over), amount, currency, owner, first, last)
        for name, account, over, amount, currency, owner, first, last in zip(
            *columns, owners, created, ended, strict=True
        )
    }


def _days(seconds: np.ndarray) -> list[int | None]:
    return [None if one == NEVER else one // _DAY for one in seconds.tolist()]


def _done(judged: Judged, ids: Sequence[str]) -> list[Done]:
    pipeline, acts = judged.pipeline, judged.acts
    names = ("id", "account_id", "owner", "next_step")
    columns = {name: texts(pipeline.actions, name).to_pylist() for name in names}
    told = {name: _told(pipeline, name) for name in ("due", "responded", "looped_back")}
    kinds, days = [*judged.menu.names, ""], (acts.happened[0] // _DAY).tolist()
    origins = (judged.menu.kind == ORIGIN).any(axis=0)
    accounts = judged.deals.accounts.to_pylist()
    found = []
    for at in np.flatnonzero(acts.usable).tolist():
        place, kind = int(acts.deal[at]), int(acts.type[at])
        found.append(
            Done(
                columns["id"][at],
                judged.partners[acts.partner[at]],
                kinds[kind],
                days[at],
                ids[place] if place >= 0 else "",
                accounts[place] if place >= 0 else columns["account_id"][at],
                columns["owner"][at].strip(),
                columns["next_step"][at].strip(),
                told["due"][at],
                bool(origins[kind]),
                told["responded"][at],
                told["looped_back"][at],
            )
        )
    return found


def _told(pipeline: Pipeline, name: str) -> list[int | None]:
    """The days of a column; what is said to have happened after now is not believed."""
    start = spans(texts(pipeline.actions, name))[0]
    return _days(start if name == "due" else np.where(start > pipeline.now, NEVER, start))


def money_of(deal: Deal | None) -> tuple[str, str]:
    """Amount and currency of a deal; both "" where one is missing or the currency is none."""
    if deal is None or deal.amount == "" or deal.currency not in CURRENCIES:
        return "", ""
    return deal.amount, deal.currency


def newest(done: Iterable[Done]) -> Any:
    """The newest of some actions, None of none; of two on one day the one with the later id."""
    return max(done, key=lambda one: (one.day, one.id), default=None)
