"""The quality report at a terminal: at most 80 columns, counts and own row numbers, no name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from cleanroom.limits import limits_of
from cleanroom.number import count_of
from overlap.identity import KIND
from overlap.quality import ASSUMPTIONS, HARD, HARD_SOURCE, SHARED, Interval, Quality, Repair, facts_used

WIDTH: Final = 80
#: Characters of a full bar.
BAR: Final = 20

POINTS: Final = (
    "points: accounts for every 100 that a partner also holds, matches won or wrong and double ones "
    "avoided; each repair by itself; '-' where the model cannot say"
)

MODEL: Final = (
    "A kind matches when all its facts agree; a fact agrees when the partner has it filled and then it is "
    "the same. A hard pair is known to both sides under different names and websites, and agrees in numbers "
    "at most. The interval adds what either end of each range moves, and the luck of the draw where a "
    f"partner shares {100 * SHARED:.0f} % of the list, none better or worse kept than the rest."
)


def render_quality(quality: Quality, *, assumptions: bool = False) -> list[str]:
    """The report as lines of plain text; `assumptions` adds the table behind the expected match rate."""
    sections = [_head(quality), _expected(quality), _repairs(quality.repairs), _identifiers(quality)]
    sections += [_drops(quality), _websites(quality), _doubles(quality), _rest(quality)]
    if assumptions:
        sections.append(_assumptions(quality))
    sections.append(_limits())
    lines: list[str] = []
    for section in map(list, sections):
        if section:
            lines += [*([""] if lines else []), *section]
    return lines


def tier_of(kind: str) -> str:
    """The tier that a hit of the kind gives, "" for a kind that the table does not have."""
    return KIND[kind].tier if kind in KIND else ""


def percent(share: float) -> str:
    """A share as per cent, with a decimal where rounding would hide that it is neither none nor all."""
    rounded = round(100 * share)
    if 0 < share < 0.02 or (rounded == 100 and share < 1):
        return f"{min(max(100 * share, 0.1), 99.9):.1f} %"
    return f"{rounded} %"


def span(interval: Interval) -> str:
    """Both ends in whole per cent."""
    return f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %"


def points(repair: Repair) -> str:
    """The gain of a repair in points."""
    if repair.gain <= 0:
        return "-"
    return f"+{repair.gain:.1f}" if repair.gain >= 0.1 else "<0.1"


def rows_text(rows: Sequence[str], accounts: int) -> str:
    """Row numbers, and that there are more."""
    return ", ".join(rows) + (", ..." if accounts > len(rows) else "")


def companies_text(quality: Quality) -> str:
    """How many companies the list holds, as one number or a range."""
    least, most = quality.companies
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _head(quality: Quality) -> Iterator[str]:
    yield f"accounts   {quality.accounts:,}, which are {companies_text(quality)} companies"
    rejected = sum(quality.rejected.values())
    if rejected:
        yield f"rejected   {count_of(rejected, 'row')}"
        for reason, count in quality.rejected.items():
            yield from _hanging(f"  {count:>7,}  ", reason)
    if quality.left_out:
        yield f"left out   {count_of(quality.left_out, 'row')} that --where did not ask for"
    for field, count in quality.unreadable.items():
        yield f"careful    {count_of(count, 'cell')} of {field} cannot be read"


def _expected(quality: Quality) -> Iterator[str]:
    if quality.estimate is None:
        yield "expected   nothing: there is no account"
        return
    yield "expected   of the accounts that a partner also holds"
    expected = quality.estimate
    for label, interval in (("found", expected.found), ("released without a review", expected.released)):
        yield f"  {label:<28}{span(interval):<14}{_bar(interval.middle)}  {percent(interval.middle)}"
    yield f"  (95 %, where {expected.shared:,} accounts are shared; --assumptions says why)"
    reach = quality.reach
    released = count_of(reach.released, "account")
    yield f"  {released} can be released, {reach.candidate:,} become candidates at best,"
    yield f"  {reach.nothing:,} have nothing to be found by"


def _repairs(repairs: Sequence[Repair]) -> Iterator[str]:
    if not repairs:
        yield "repair     nothing: no repair would gain a match"
        return
    yield f"repair first{'accounts':>41}{'points':>9}"
    for number, repair in enumerate(repairs, start=1):
        yield f"{number:>3}  {repair.what[:38]:<39}{repair.accounts:>9,}{points(repair):>9}"
        yield from _hanging("     ", repair.instruction)
        yield from _hanging("     rows ", rows_text(repair.rows, repair.accounts))
    yield from wrap(POINTS, WIDTH)


def _identifiers(quality: Quality) -> Iterator[str]:
    yield f"identifiers     tier{'accounts':>16}{'share':>10}"
    for kind in quality.coverage:
        if kind.accounts:
            counts = f"{kind.accounts:>12,}{percent(kind.share):>10}"
            yield f"  {kind.kind:<14}{tier_of(kind.kind):<10}{counts}  {_bar(kind.share)}"
    for label, kinds in (
        ("nobody has      ", [kind.kind for kind in quality.coverage if not kind.accounts]),
        ("not estimated   ", quality.uncounted),
    ):
        if kinds:
            yield from _hanging(label, ", ".join(kinds))


def _drops(quality: Quality) -> Iterator[str]:
    if quality.drops:
        yield "filled cells that nothing can be made of"
        for drop in quality.drops:
            yield from _hanging(f"  {drop.cells:>7,}  {drop.column:<14} ", drop.reason)


def _websites(quality: Quality) -> Iterator[str]:
    if quality.websites or quality.by_mail:
        yield "websites that are no identifier"
        for reason, count in quality.websites.items():
            yield from _hanging(f"  {count:>7,}  {percent(count / quality.accounts):>7}  ", reason)
        if quality.by_mail:
            yield f"  {quality.by_mail:>7,}  of these accounts have the domain of an e-mail address instead"


def _doubles(quality: Quality) -> Iterator[str]:
    if quality.doubles:
        yield f"one value on several accounts{'groups':>12}{'accounts':>10}{'several names':>15}"
        for one in quality.doubles:
            yield f"  {one.what:<27}{one.groups:>12,}{one.accounts:>10,}{one.differing:>15,}"
            largest = one.largest[0]
            text = (
                f"{count_of(largest.accounts, 'account')}: rows {rows_text(largest.rows, largest.accounts)}"
            )
            yield from _hanging("    the largest ", text)


def _limits() -> Iterator[str]:
    for at, sentence in enumerate(limits_of("quality")):
        yield from _hanging(" " * 11 if at else "limits     ", sentence)


def _rest(quality: Quality) -> Iterator[str]:
    fresh = quality.freshness
    yield f"stale      {fresh.stale:,} unchanged since before {fresh.limit}; {fresh.undated:,} without a date"
    if fresh.oldest:
        yield f"           the oldest date is {fresh.oldest}"
    if fresh.by_creation:
        yield f"           {fresh.by_creation:,} of them by their creation, no change is dated"
    if quality.orphans:
        yield f"parents    {count_of(quality.orphans, 'account')} with a parent that is not in the list"
    empty = [one.field for one in quality.filled if not one.accounts]
    if empty:
        yield from _hanging("empty      ", ", ".join(empty))


def _assumptions(quality: Quality) -> Iterator[str]:
    yield "assumed of a partner's list (low, middle, high, in per cent)"
    yield f"  {'fact':<14}{'filled':<16}{'agrees':<16}from"
    for fact, filled, agrees, source in assumption_rows(quality):
        yield from _hanging(f"  {fact:<14}{filled:<16}{agrees:<16}", source)
    yield from wrap(MODEL, WIDTH)


def assumption_rows(quality: Quality) -> list[tuple[str, str, str, str]]:
    """Fact, filled, agrees (low, middle and high in per cent) and source of what this estimate assumes."""
    used = facts_used([one.kind for one in quality.coverage])
    rows = [
        (one.fact, _range(one.filled), _range(one.agrees), one.source)
        for one in ASSUMPTIONS
        if one.fact in used
    ]
    return [*rows, ("hard pairs", _range(HARD), "", HARD_SOURCE)]


def _range(shares: Sequence[float]) -> str:
    return " ".join(f"{100 * share:.3g}" for share in shares)


def _bar(share: float) -> str:
    return ("#" * round(BAR * share)).ljust(BAR, ".")


def _hanging(label: str, text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label)) or [label.rstrip()]
