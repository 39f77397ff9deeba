"""The quality report as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from cleanroom.limits import limits_of
from cleanroom.number import count_of
from cleanroom.report.page import Cell, bar, heading, limits_section, page, paragraph, span_bar, table, tiles
from cleanroom.report.quality_text import (
    MODEL,
    POINTS,
    assumption_rows,
    companies_text,
    percent,
    points,
    rows_text,
    span,
    tier_of,
)
from overlap.quality import Quality, Repair

NOTHING: Final = "Nothing here left this machine: the report looks at our own list alone."

FOOTER: Final = "Made by overlap quality. Row numbers are those of a spreadsheet: the first line is 1."


def quality_page(quality: Quality, source: str, names: Mapping[str, str]) -> str:
    """The report on `source` as one HTML file; `names` has account names by row number, or nothing."""
    body = [
        f"<header><h1>How well can this list be matched?</h1>"
        f'<p class="soft">{escape(source)}, assessed on {quality.today}. {NOTHING}</p></header>',
        *_head(quality),
        *_repairs(quality.repairs, names),
        *_identifiers(quality),
        *_doubles(quality, names),
        *_state(quality),
        *_assumptions(quality),
        *limits_section(limits_of("quality")),
        f"<footer><p>{FOOTER}</p></footer>",
    ]
    return page("Quality of an account list", body)


def _head(quality: Quality) -> Iterator[str]:
    expected = quality.estimate
    rejected = sum(quality.rejected.values())
    facts = [
        ("accounts", f"{quality.accounts:,}", f"{count_of(rejected, 'row')} rejected"),
        ("companies", companies_text(quality), "after doubles, see below"),
    ]
    if expected is not None:
        facts += [
            ("will be found", span(expected.found), "of accounts that a partner also holds"),
            ("released without a review", span(expected.released), "of accounts that a partner also holds"),
        ]
    yield tiles(facts)
    yield heading("What to expect of a run")
    if expected is None:
        yield paragraph("There is no account to match.")
        return
    yield paragraph(
        f"Of the accounts that a partner also holds, {span(expected.found)} will be found; "
        f"{span(expected.released)} will be released without a review, the others wait as candidates. "
        f"The intervals are for 95 %, where {expected.shared:,} accounts are shared."
    )
    labels = (("found", expected.found), ("released without a review", expected.released))
    rows = [
        (
            Cell(label),
            Cell(span(one), number=True),
            Cell(percent(one.middle), number=True),
            Cell(chart=span_bar(one.low, one.middle, one.high)),
        )
        for label, one in labels
    ]
    yield table("Expected match rate", ("", "interval", "middle", "0 to 100 %"), rows)
    reach = quality.reach
    yield table(
        "The best that a match on an account can become",
        ("tier", "accounts", "share", "0 to 100 %"),
        [
            _counted(label, count, quality.accounts)
            for label, count in (
                ("released", reach.released),
                ("candidate, waits for a review", reach.candidate),
                ("nothing to be found by", reach.nothing),
            )
        ],
    )


def _repairs(repairs: Sequence[Repair], names: Mapping[str, str]) -> Iterator[str]:
    yield heading("What to repair first")
    if not repairs:
        yield paragraph("No repair would gain a match.")
        return
    yield paragraph(POINTS[0].upper() + POINTS[1:] + ".", soft=True)
    items = []
    for repair in repairs:
        gain = points(repair)
        items.append(
            f'<li><span class="gain">{escape(gain)}</span><div>'
            f"<p><strong>{escape(_capital(repair.what))}</strong>: {repair.accounts:,} "
            f"{'row' if repair.accounts == 1 else 'rows'}. {escape(repair.instruction)}</p>"
            f'<p class="rows">{escape(_rows(repair.rows, repair.accounts, names))}'
            f"{escape(_gained(repair))}</p></div></li>"
        )
    yield f'<ol class="do">{"".join(items)}</ol>'


def _gained(repair: Repair) -> str:
    parts = [
        f"{gain:+.1f} {text}"
        for gain, text in (
            (repair.found, "found"),
            (repair.released, "released"),
            (repair.avoided, "wrong or double ones avoided"),
        )
        if gain >= 0.05
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _identifiers(quality: Quality) -> Iterator[str]:
    yield heading("Identifiers")
    yield table(
        "Accounts with at least one usable identifier of a kind",
        ("kind", "accounts", "share", "0 to 100 %"),
        [
            _counted(f"{one.kind} ({tier_of(one.kind) or 'unknown'})", one.accounts, quality.accounts)
            for one in quality.coverage
            if one.accounts
        ],
    )
    without = [one.kind for one in quality.coverage if not one.accounts]
    if without:
        yield paragraph(f"No account has {', '.join(without)}.", soft=True)
    if quality.uncounted:
        yield paragraph(f"The estimate does not count {', '.join(quality.uncounted)}.", soft=True)
    if quality.websites:
        yield table(
            "Websites that are no identifier",
            ("reason", "accounts", "share", "0 to 100 %"),
            [_counted(reason, count, quality.accounts) for reason, count in quality.websites.items()],
        )
        yield paragraph(
            f"{quality.by_mail:,} of these accounts have the domain of an e-mail address instead.", soft=True
        )
    if quality.drops:
        yield table(
            "Filled cells that nothing can be made of",
            ("column", "reason", "cells"),
            [
                (Cell(one.column), Cell(one.reason), Cell(f"{one.cells:,}", number=True))
                for one in quality.drops
            ],
        )
    if quality.rejected:
        yield table(
            "Rejected rows",
            ("reason", "rows"),
            [(Cell(reason), Cell(f"{count:,}", number=True)) for reason, count in quality.rejected.items()],
        )


def _doubles(quality: Quality, names: Mapping[str, str]) -> Iterator[str]:
    yield heading("One value on several accounts")
    if not quality.doubles:
        yield paragraph("No two accounts have a number, a website or a name with its country in common.")
        return
    yield table(
        "Groups of own accounts that carry one same value",
        ("what", "groups", "of 2", "3", "4 to 9", "10 and more", "accounts", "groups of several names"),
        [
            [
                Cell(one.what),
                Cell(f"{one.groups:,}", number=True),
                *(Cell(f"{count:,}", number=True) for count in one.sizes.values()),
                Cell(f"{one.accounts:,}", number=True),
                Cell(f"{one.differing:,}", number=True),
            ]
            for one in quality.doubles
        ],
    )
    yield table(
        "The largest groups",
        ("what", "accounts", "names", "rows"),
        [
            (
                Cell(one.what),
                Cell(f"{group.accounts:,}", number=True),
                Cell(f"{group.names:,}", number=True),
                Cell(_rows(group.rows, group.accounts, names)),
            )
            for one in quality.doubles
            for group in one.largest
        ],
    )


def _state(quality: Quality) -> Iterator[str]:
    yield heading("Columns and freshness")
    fresh = quality.freshness
    oldest = f" The oldest date is {fresh.oldest}." if fresh.oldest else ""
    yield paragraph(
        f"{count_of(fresh.stale, 'account')} unchanged since before {fresh.limit}; "
        f"{fresh.undated:,} without a date."
        f"{oldest} {count_of(quality.orphans, 'account')} with a parent that is not in the list."
    )
    if fresh.by_creation:
        yield paragraph(f"{fresh.by_creation:,} of them by their creation: no change is dated.")
    yield table(
        "Filled cells",
        ("field", "accounts", "share", "0 to 100 %"),
        [_counted(one.field.replace("_", " "), one.accounts, quality.accounts) for one in quality.filled],
    )


def _assumptions(quality: Quality) -> Iterator[str]:
    yield heading("What the estimate assumes")
    yield paragraph(MODEL)
    yield table(
        "A partner's list: low, middle and high, in per cent",
        ("fact", "filled", "agrees", "from"),
        [tuple(map(Cell, row)) for row in assumption_rows(quality)],
    )


def _counted(label: str, count: int, accounts: int) -> tuple[Cell, ...]:
    share = count / accounts if accounts else 0.0
    return (
        Cell(label),
        Cell(f"{count:,}", number=True),
        Cell(percent(share), number=True),
        Cell(chart=bar(share)),
    )


def _rows(rows: Sequence[str], accounts: int, names: Mapping[str, str]) -> str:
    shown = [f"{row} ({names[row].strip()})" if names.get(row) else row for row in rows]
    return ("row " if accounts == 1 else "rows ") + rows_text(shown, accounts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
