"""The report of partners as a page and as rows of a CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cleanroom.attribution import classification
from cleanroom.number import count_of, per_cent
from cleanroom.report.page import Cell, bar, heading, limits_section, page, paragraph, table, tiles

#: Columns of the CSV. Shares are fractions of 1; empty where there is not enough data.
PARTNERS_COLUMNS: Final = (
    *("partner", "tier", "segment", "at_risk", "open_pipeline", "won", "won_before"),
    *("introductions", "became_deals", "of_followed", "became_share", "became_low", "became_high"),
    *("introduced_won", "introduced_closed", "introduced_open", "win_share", "win_low", "win_high"),
    *("won_deals", "median_size", "median_cycle", "cycle_low", "cycle_high", "closed_deals", "open_deals"),
)

_THIN: Final = "not enough data"


def partners_rows(answer: Mapping[str, Any]) -> Iterator[list[str]]:
    """One row a partner, in the order of the report."""
    for one in answer["partners"]:
        seen = one["indicators"]
        became, won, cycle = seen["became"], seen["won"], seen["cycle"] or {}
        values = (
            *(one[name] for name in ("partner", "tier", "segment", "at_risk", "open_pipeline", "won")),
            *(one["won_before"], seen["introductions"]),
            *(became[name] for name in ("count", "of", "share", "low", "high")),
            *(won["count"], won["of"], seen["open"], won["share"], won["low"], won["high"]),
            *(seen["won_deals"], seen["size"]),
            *(cycle.get(name) for name in ("middle", "low", "high", "ended", "running")),
        )
        yield [_text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)


def partners_page(answer: Mapping[str, Any]) -> bytes:
    """The page, from the answer that the command prints as JSON."""
    partners = answer["partners"]
    at_risk = sum(one["at_risk"] for one in partners)
    body = [
        "<h1>Partners</h1>",
        paragraph(f"From data that end on {answer['as_of']}.", soft=True),
        tiles(
            [
                ("partners", f"{len(partners):,}", f"{at_risk:,} at risk"),
                ("open pipeline", _money(sum(one["open_pipeline"] for one in partners)), "with an action"),
                ("won in 182 days", _money(sum(one["won"] for one in partners)), "with an action"),
            ]
        ),
        *_changes(answer),
        *_standings(partners),
        *_indicators(partners),
        *_quarters(answer),
        *_lists(answer),
        *limits_section(answer["limits"]),
    ]
    return page("Partners", body).encode()


def _changes(answer: Mapping[str, Any]) -> Iterator[str]:
    if "tier_changes" not in answer:
        return
    changes = answer["tier_changes"]
    yield heading(f"Tiers that changed since {answer['since'] or 'the earlier report'}: {len(changes):,}")
    if changes:
        rows = [
            (
                Cell(_plain(one["partner"])),
                Cell(f"{_plain(one['before']) or '-'} → {_plain(one['after']) or '-'}"),
                Cell(_plain(one["because"], 400), fit="words"),
            )
            for one in changes
        ]
        yield table("The number that moved each", ("partner", "tier", "because"), rows)


def _standings(partners: list[dict[str, Any]]) -> Iterator[str]:
    yield heading("Where each stands")
    rows = [
        (
            Cell(_plain(one["partner"])),
            Cell(f"{_plain(one['tier'])}, {one['segment']}{', at risk' if one['at_risk'] else ''}"),
            Cell(_money(one["open_pipeline"]), number=True),
            Cell(_money(one["won"]), number=True),
            Cell(_money(one["won_before"]), number=True),
            Cell(_plain(f"{one['segment_because']}; {one['risk_because']}", 400), fit="words"),
        )
        for one in partners
    ]
    names = ("partner", "tier and segment", "open pipeline", "won", "won before", "because")
    yield table("Amounts of deals with a status that needed an action; 182 days each", names, rows)


def _indicators(partners: list[dict[str, Any]]) -> Iterator[str]:
    yield heading("Leads, sizes and cycles")
    yield paragraph(
        "Introductions that became a deal within 90 days, of those that were followed so long; deals that "
        "began so and were won, of those closed; the median won deal; the median days from creation to "
        "close, open deals counted as far as they have come. In brackets: 95 % intervals.",
        soft=True,
    )
    rows = []
    for one in partners:
        seen = one["indicators"]
        rows.append(
            (
                Cell(_plain(one["partner"])),
                Cell(share_text(seen["became"])),
                Cell(f"{share_text(seen['won'])}, {seen['open']:,} open"),
                Cell(size_text(seen)),
                Cell(cycle_text(seen["cycle"])),
            )
        )
    yield table("By partner", ("partner", "became deals", "won of these", "deal size", "cycle"), rows)


def share_text(share: Mapping[str, Any]) -> str:
    """ "12 of 30, 40 % [25 %, 58 %]"."""
    if share["share"] is None:
        return f"{share['count']:,} of {share['of']:,} (too few for a share)"
    middle, low, high = (per_cent(share[name]) for name in ("share", "low", "high"))
    return f"{share['count']:,} of {share['of']:,}, {middle} [{low}, {high}]"


def size_text(seen: Mapping[str, Any]) -> str:
    """The median won deal and how many there are."""
    middle = _THIN if seen["size"] is None else _money(seen["size"])
    return f"{middle}, {seen['won_deals']:,} won"


def cycle_text(cycle: Mapping[str, Any] | None) -> str:
    """The median cycle with its interval, closed and open deals."""
    if cycle is None:
        return _THIN
    middle, low, high = (
        "never" if cycle[name] is None else f"{cycle[name]:.0f}" for name in ("middle", "low", "high")
    )
    told = "more than half still open" if cycle["middle"] is None else f"{middle} days [{low}, {high}]"
    return f"{told}, {cycle['ended']:,} closed, {cycle['running']:,} open"


def _quarters(answer: Mapping[str, Any]) -> Iterator[str]:
    if not answer["quarters"]:
        return
    yield heading("What partners influenced")
    rows = [
        (
            Cell(one["quarter"] + ("" if one["whole"] else " (so far)")),
            Cell(_money(one["won"]), number=True),
            Cell(_money(one["influenced"]), number=True),
            Cell(chart=bar(one["influenced"] / one["won"] if one["won"] else 0.0)),
        )
        for one in answer["quarters"]
    ]
    yield table("Won by quarter (UTC)", ("quarter", "won", "with a partner's action", ""), rows)


def _lists(answer: Mapping[str, Any]) -> Iterator[str]:
    if not answer["next"]:
        return
    yield heading("Who gets what next")
    rows = [
        (Cell(_plain(one["partner"])), Cell(one["lane"]), Cell(_plain(one["because"], 400), fit="words"))
        for one in answer["next"]
    ]
    yield table(count_of(len(rows), "partner"), ("partner", "list", "because"), rows)


def _money(amount: float) -> str:
    return f"{amount:,.0f}"


def _plain(text: str, most: int = 60) -> str:
    return classification.plain_cell(text, most)
