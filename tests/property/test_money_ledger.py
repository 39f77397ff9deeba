"""Closes in any batches book what one rating of everything owes, and every statement recomputes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from money_events import RATES, RULES, rows
from plans import plan_bytes

from cleanroom.attribution import ledger, payouts
from overlap import canonical

PLAN_TEXT = plan_bytes(RULES).decode()
PERIODS = ("2026-Q1", "2026-Q2", "2026-Q3")
ENDS = tuple(payouts.read_day(text) or 0 for text in ("2026-03-31", "2026-06-30", "2026-09-30"))


class Book:
    """A ledger in memory, written as the commands write it."""

    def __init__(self) -> None:
        self.entries: list[ledger.Entry] = []
        self.books = ledger.Books()

    def add(self, kind: str, body: dict[str, object]) -> None:
        entry = ledger.make_entry(ledger.head_of(self.entries), len(self.entries), 0, kind, body)
        self.entries.append(entry)
        self.books.apply(entry)

    def close(self, at: int) -> None:
        self.add("close", ledger.close_body(self.books, PERIODS[at], ENDS[at]))


def booked_in(events: list[list[str]], arrivals: list[int]) -> Book:
    """A ledger that took each event in before the close with that number, and closed all three periods."""
    book = Book()
    book.add("plan", {"text": PLAN_TEXT})
    book.add("events", {"evidence": [], "rates": [row.split(",") for row in RATES.split()], "rows": []})
    for at in range(3):
        fresh = [row for row, arrival in zip(events, arrivals, strict=True) if arrival == at]
        book.add("events", {"evidence": [], "rates": [], "rows": sorted(fresh)})
        book.close(at)
    return book


def sums(book: Book) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for line in book.books.lines.values():
        fields = line.booked.fields
        found[fields["partner_id"], fields["part"]] += line.minor
    return found


@settings(max_examples=40, deadline=None)
@given(rows(), st.data())
def test_batches_do_not_matter_and_statements_recompute(events, data):
    arrivals = [data.draw(st.integers(0, 2)) for _ in events]
    parted, whole = booked_in(events, arrivals), booked_in(events, [0] * len(events))
    rated = whole.books.rated(ENDS[2])
    owed: Counter[tuple[str, str]] = Counter()
    for line in rated.lines:
        if not line.code:
            owed[line.partner, line.part] += line.minor
    for book in (parted, whole):
        assert +sums(book) == +owed and -sums(book) == -owed
    for partner in sorted({name for name, _ in sums(parted)}):
        for at, period in enumerate(PERIODS):
            made = ledger.make_statement(parted.books, "us", partner, period, "2026-12-31", "")
            made = canonical.decode(canonical.encode(made), "the statement")
            assert ledger.recompute(made, [payouts.read_plan(PLAN_TEXT.encode())]) == [], (partner, at)


@settings(max_examples=15, deadline=None)
@given(rows(), st.data())
def test_a_replay_gives_the_same_bytes_and_notices_a_changed_line(events, data):
    book = booked_in(events, [data.draw(st.integers(0, 2)) for _ in events])
    again = ledger.replay(book.entries, recompute=True)
    assert [one.booked for one in again.lines.values()] == [one.booked for one in book.books.lines.values()]
    text = ledger.LEDGER_LINE + b"\n" + b"".join(entry.line + b"\n" for entry in book.entries)
    assert ledger.read_ledger(text) == book.entries
