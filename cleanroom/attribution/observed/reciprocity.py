"""Give and take with each partner: introductions that it made, leads that we sent it, and what came of both.

Facts beside each other. A lead that we sent is in no pipeline, so nothing here can earn anybody anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.times import DAY, NEVER, span_of
from cleanroom.attribution.weekly.desk import Desk, Done, make_desk
from cleanroom.moment import iso_day


@dataclass(frozen=True, slots=True)
class GiveAndTake:
    """One partner. `received` are its introductions, `sent` our leads to it; of each side how many were
    answered, told back and won. An introduction is answered by us and a lead by the partner."""

    partner: str
    received: int
    received_answered: int
    received_looped_back: int
    received_won: int
    sent: int
    sent_answered: int
    sent_looped_back: int
    sent_won: int
    sent_lost: int


@dataclass(frozen=True)
class Exchange:
    """All partners with anything in the window of days (YYYY-MM-DD, both included; "" where nothing is
    counted), by name. `left_out` leads name no partner, or have no usable day."""

    since: str
    until: str
    partners: tuple[GiveAndTake, ...]
    left_out: int


def give_and_take(
    judged: Judged, sent: Sequence[Mapping[str, str]], since: int | None = None, until: int | None = None
) -> Exchange:
    """What went each way from day `since` to day `until` (since 1970); default: the first day, and today.

    `sent` are rows of ACTION_COLUMNS that we sent. A deal may be won for several introductions: they are
    counted, not deals.
    """
    desk = make_desk(judged)
    last = desk.today if until is None else min(until, desk.today)
    received = [one for one in desk.done if one.origin]
    leads, left_out = _leads(judged, sent)
    days = [*(one.day for one in received), *(day for _, day, _ in leads)]
    days = [day for day in days if day <= last and (since is None or day >= since)]
    if not days:
        return Exchange("", "", (), left_out)
    first = min(days) if since is None else since
    counts: dict[str, Counter[str]] = {}
    won = _won_deals(judged)
    for one in received:
        if first <= one.day <= last:
            counts.setdefault(one.partner, Counter()).update(_received(desk, won, one))
    for partner, day, row in leads:
        if first <= day <= last:
            counts.setdefault(partner, Counter()).update(_sent(judged, row))
    rows = (
        GiveAndTake(name, **{field: found[field] for field in GiveAndTake.__slots__[1:]})
        for name, found in sorted(counts.items())
    )
    return Exchange(iso_day(first), iso_day(last), tuple(rows), left_out)


def _leads(
    judged: Judged, sent: Sequence[Mapping[str, str]]
) -> tuple[list[tuple[str, int, Mapping[str, str]]], int]:
    """Partner, day and row of every usable lead, and how many are not usable."""
    found = []
    for row in sent:
        start, partner = span_of(row["date"])[0], judged.pipeline.book.partner(row["partner"])
        if partner and NEVER < start <= judged.pipeline.now:
            found.append((partner, start // DAY, row))
    return found, len(sent) - len(found)


def _received(desk: Desk, won: frozenset[str], one: Done) -> Iterable[str]:
    yield "received"
    if one.responded is not None:
        yield "received_answered"
    if one.looped_back is not None:
        yield "received_looped_back"
    if _won(desk, won, one):
        yield "received_won"


def _sent(judged: Judged, row: Mapping[str, str]) -> Iterable[str]:
    yield "sent"
    for field, name in (("responded", "sent_answered"), ("looped_back", "sent_looped_back")):
        # What is said to have happened after now is not believed, as of introductions.
        if NEVER < span_of(row[field])[0] <= judged.pipeline.now:
            yield name
    if row["outcome"]:
        yield f"sent_{row['outcome']}"


def _won(desk: Desk, won: frozenset[str], one: Done) -> bool:
    """Whether the deal that an introduction names was won, or one of its account that was created in its
    window: from its day on, as long as its type counts in any version of the rules."""
    if one.deal:
        return one.deal in won
    windows = [version.types[one.type].days for version in desk.judged.pipeline.book.versions
               if one.type in version.types]  # fmt: skip
    end = one.day + max(windows, default=0)
    return any(
        deal.id in won and deal.created is not None and one.day <= deal.created <= end
        for deal in desk.of_account.get(one.account, [])
    )


def _won_deals(judged: Judged) -> frozenset[str]:
    status = texts(judged.deals.frame, "status").to_pylist()
    ids = judged.deals.ids.to_pylist()
    return frozenset(name for name, word in zip(ids, status, strict=True) if word == "won")
