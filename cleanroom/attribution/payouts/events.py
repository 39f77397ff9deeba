"""The events that money follows from: one row each, as `event_id,date,kind,partner_id,deal_id,product,amount,
currency,original_event_id`.

Every row ends as an event or as a finding, never as nothing. Amounts are positive decimal text in the event's
own currency; what goes back is an event of kind `refund` (a part or all of an amount) or `cancel` (the whole
event) that names the event it reverses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from cleanroom.attribution.currencies import exponent_of
from cleanroom.attribution.payouts.days import SECONDS_A_DAY, read_instant
from cleanroom.attribution.payouts.findings import Finding
from cleanroom.attribution.payouts.money import read_amount
from cleanroom.attribution.payouts.plan import FUND_STEPS, REVERSALS
from cleanroom.attribution.payouts.toml_table import KIND
from cleanroom.memory import uncollected

__all__ = ["EVENT_COLUMNS", "Event", "ReadEvents", "order_of", "read_events"]

EVENT_COLUMNS: Final = (
    "event_id",
    "date",
    "kind",
    "partner_id",
    "deal_id",
    "product",
    "amount",
    "currency",
    "original_event_id",
)
ID_LIMIT: Final = 200

_RANK: Final = {kind: rank for rank, kind in enumerate((*REVERSALS, *FUND_STEPS), start=1)}


class Event(NamedTuple):
    """One event; `second` is unix seconds UTC (a day is its first second), `minor` None without an amount."""

    second: int
    id: str
    date: str
    kind: str
    partner: str
    deal: str
    product: str
    minor: int | None
    currency: str
    original: str
    row: int

    @property
    def day(self) -> int:
        """Days since 1970, UTC."""
        return self.second // SECONDS_A_DAY


class ReadEvents(NamedTuple):
    """Events in their one order (`order_of`); findings by row; and how many rows there were."""

    events: list[Event]
    findings: list[Finding]
    rows: int


def read_events(rows: Iterable[Sequence[str]], zone: tzinfo | None = None) -> ReadEvents:
    """The events in the rows of a file below its header (row 1). Times without zone are taken in `zone`."""
    with uncollected():
        return _read_events(rows, zone)


def _read_events(rows: Iterable[Sequence[str]], zone: tzinfo | None) -> ReadEvents:
    found: list[Finding] = []
    first: dict[str, tuple[tuple[str, ...], int, Event | Finding]] = {}
    conflicts: set[str] = set()
    count = 0
    for number, row in enumerate(rows, start=2):
        count += 1
        cells = tuple(map(str.strip, row))
        if len(cells) != len(EVENT_COLUMNS):
            found.append(Finding(number, "", "columns-wrong"))
            continue
        name = cells[0]
        if not name or len(name) > ID_LIMIT or not "".join(cells).isprintable():
            found.append(Finding(number, "", "event-id-missing"))
            continue
        before = first.get(name)
        if before is None:
            first[name] = (cells, number, _read(cells, number, zone))
        elif before[0] == cells:
            found.append(Finding(number, name, "event-repeated"))
        else:
            found.append(Finding(number, name, "event-id-conflict"))
            conflicts.add(name)
    events: list[Event] = []
    for name, (_, number, outcome) in first.items():
        if name in conflicts:
            found.append(Finding(number, name, "event-id-conflict"))
        elif isinstance(outcome, Event):
            events.append(outcome)
        else:
            found.append(outcome)
    events.sort(key=order_of)
    found.sort()
    return ReadEvents(events, found, count)


def order_of(event: Event) -> tuple[int, int, str]:
    """The one order of events: time; within a second what earns, then what reverses, then fund steps; id."""
    return event.second, _RANK.get(event.kind, 0), event.id


def _read(cells: tuple[str, ...], number: int, zone: tzinfo | None) -> Event | Finding:
    """The event in nine stripped cells, or what is wrong with it."""
    name, date, kind, partner, deal, product, amount, currency, original = cells
    second = read_instant(date, zone)
    if isinstance(second, str):
        return Finding(number, name, second)
    code, minor = _amount(amount, currency)
    wrong = _kind_code(kind)
    if wrong:
        code = wrong
    elif not code and minor is None and (kind == "refund" or kind in FUND_STEPS[:4]):
        code = "amount-missing"
    elif not code and kind in REVERSALS and not original:
        code = "refund-of-unknown"
    if code:
        return Finding(number, name, code)
    return Event(second, name, date, kind, partner, deal, product, minor, currency, original, number)


@lru_cache(maxsize=256)
def _kind_code(kind: str) -> str:
    """What is wrong with a kind, or ""; few kinds stand in many rows."""
    if not KIND.fullmatch(kind):
        return "kind-unreadable"
    return "model-cannot-pay" if kind.startswith("model:") else ""


@lru_cache(maxsize=1_024)
def _amount(text: str, currency: str) -> tuple[str, int | None]:
    """A code of what is wrong, or "" and the minor units."""
    if not text and not currency:
        return "", None
    exponent = exponent_of(currency)
    if exponent is None:
        return "currency-unknown", None
    if not text:
        return "", None
    try:
        minor = read_amount(text, exponent)
    except ValueError:
        return "amount-too-fine", None
    if minor is None:
        return "amount-unreadable", None
    return ("amount-negative", None) if minor < 0 else ("", minor)
