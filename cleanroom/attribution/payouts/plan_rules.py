"""One rule of a plan file: which events it takes, and how it pays."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from cleanroom.attribution.payouts.money import Exact, read_amount, read_percent
from cleanroom.attribution.payouts.plan import (
    PARTNER_TYPES,
    RULE_TYPES,
    SPANS,
    SPLITS,
    TIERS,
    Band,
    Cap,
    Holdback,
    Rule,
    Split,
)
from cleanroom.attribution.payouts.toml_table import KIND, TomlTable

__all__ = ["read_rule"]


def read_rule(table: TomlTable, exponent: int) -> Rule:
    """The rule in a table; amounts have the decimals of the plan's currency."""
    type_ = table.choice("type", RULE_TYPES)
    points = _points(table)
    kinds = tuple(points) if type_ == "mdf" else table.words("kinds", kinds=True, needed=True)
    bands, own = _bands(table, type_, exponent)
    return Rule(
        id=table.text("id"),
        type=type_,
        kinds=kinds,
        products=frozenset(_products(table)),
        partners=frozenset(table.words("partners", partners=True)),
        partner_types=_types(table, "partner_types"),
        not_partner_types=_types(table, "not_partner_types"),
        start=table.day("from", needed=False),
        end=table.day("until", needed=False),
        instead_of=frozenset(table.words("instead_of")),
        rate=table.percent("rate") if table.has("rate") else Fraction(0),
        bands=bands,
        own_bands=own,
        tiers=table.choice("tiers", TIERS, "marginal"),
        over=table.choice("over", SPANS, "period"),
        amount=table.money("amount", exponent) if table.has("amount") else 0,
        once_per=table.choice("once_per", ("deal", "period"), "") if table.has("once_per") else "",
        accrue=table.percent("accrue") if table.has("accrue") else None,
        cap=_cap(table, exponent),
        split=_split(table),
        holdback=_holdback(table),
        hold_days=table.count("hold_days", 0),
        pays_in=table.choice("pays_in", ("plan", "deal"), "plan"),
        points=points,
        expires_days=table.count("expires_days") if table.has("expires_days") else None,
    )


def _types(table: TomlTable, name: str) -> frozenset[str]:
    types = table.words(name)
    if set(types) - set(PARTNER_TYPES):
        table.fault("bad-value", name, f"types of partners are {', '.join(PARTNER_TYPES)}")
    return frozenset(types)


def _products(table: TomlTable) -> tuple[str, ...]:
    return table.words("products")


def _points(table: TomlTable) -> dict[str, int]:
    """Points by kind of event, from which a fund's score is added up."""
    below = table.table("points")
    if below is None:
        return {}
    points = {}
    for name in below.names():
        if not KIND.fullmatch(name):
            below.fault("bad-value", name, "points stand beside a kind of event")
        points[name] = below.count(name, least=1)
    return points


def _bands(
    table: TomlTable, type_: str, exponent: int
) -> tuple[tuple[Band, ...], dict[str, tuple[Band, ...]]]:
    """The bands, and those of partners with a quota of their own."""
    quota = table.money("quota", exponent) if table.has("quota") else None
    quotas = {}
    if (below := table.table("quotas")) is not None:
        quotas = {name: below.money(name, exponent) for name in below.names()}
    rows = [_row(row, type_, exponent) for row in table.tables("bands")]
    if (accelerator := table.table("accelerator")) is not None:
        rows = _accelerated(table, accelerator, rows, exponent)
    if any(isinstance(low, Fraction) for low, _ in rows) and quota is None:
        table.fault("quota-missing", "bands", "bands in per cent need a quota")
    bands = _at_quota(rows, quota or 0)
    if bands and bands[0].low != 0:
        table.fault("bands-first", "bands", 'the first band begins at "0", so that no amount lies in a gap')
    if any(here.low >= after.low for here, after in pairwise(bands)):
        table.fault("bands-order", "bands", "each band begins above the one before")
    return bands, {name: _at_quota(rows, own) for name, own in quotas.items()}


def _row(row: TomlTable, type_: str, exponent: int) -> tuple[int | Fraction, Band]:
    """Where a band begins: minor units or points (int), or a share of the quota (Fraction); and the band."""
    low: int | Fraction = 0
    if type_ == "mdf":
        low = row.count("from")
        band = Band(0, amount=row.money("amount", exponent))
    else:
        text = row.text("from", prose=True)
        low = _low(text, exponent)
        if low == -1:
            row.fault("bad-value", "from", 'a band begins at an amount ("100000") or at a share of the quota')
        band = Band(0, row.percent("rate"))
    row.done()
    return low, band


def _low(text: str, exponent: int) -> int | Fraction:
    share = read_percent(text)
    if share is not None:
        return share if share else 0
    try:
        amount = read_amount(text, exponent)
    except ValueError:
        amount = None
    return -1 if amount is None else amount


def _accelerated(
    table: TomlTable, accelerator: TomlTable, rows: list[tuple[int | Fraction, Band]], exponent: int
) -> list[tuple[int | Fraction, Band]]:
    """A flat rate and a higher one from a point on: two bands."""
    above = _low(accelerator.text("above", prose=True), exponent)
    rate = accelerator.percent("rate")
    accelerator.done()
    base = table.percent("rate")
    if rows or above == -1:
        table.fault(
            "bad-value", "accelerator", "an accelerator stands beside one rate, above an amount or share"
        )
    return [(0, Band(0, base)), (above, Band(0, rate))]


def _at_quota(rows: list[tuple[int | Fraction, Band]], quota: int) -> tuple[Band, ...]:
    def at(low: int | Fraction) -> Exact:
        exact = low * quota if isinstance(low, Fraction) else low
        return int(exact) if isinstance(exact, Fraction) and exact.denominator == 1 else exact

    return tuple(Band(at(low), band.rate, band.amount) for low, band in rows)


def _cap(table: TomlTable, exponent: int) -> Cap:
    below = table.table("cap")
    if below is None:
        return Cap()
    amounts = {
        name: below.money(name, exponent) for name in ("deal", "period", "lifetime") if below.has(name)
    }
    if not amounts:
        below.fault("missing", "", "a cap is per deal, period or lifetime")
    below.done()
    return Cap(**amounts)


def _split(table: TomlTable) -> Split | None:
    below = table.table("split")
    if below is None:
        return None
    by = below.choice("by", SPLITS)
    weights: dict[str, Exact] = {}
    kinds: tuple[str, ...] = ()
    parent = Fraction(0)
    if by == "fixed":
        shares = below.table("shares") or TomlTable({}, below.place, below.found)
        weights = {name: shares.percent(name) for name in shares.names()}
        if sum(weights.values()) != 1 or not all(weights.values()):
            below.fault("shares-sum", "shares", "the shares sum to 100% exactly, and none is zero")
    elif by == "points":
        weights = dict(_points(below))
        if not weights:
            below.fault("missing", "points", "points by kind of event are needed")
    elif by == "equal":
        kinds = below.words("kinds", kinds=True, needed=True)
    else:
        parent = below.percent("parent", most=1)
    below.done()
    return Split(by, weights, kinds or tuple(weights), parent)


def _holdback(table: TomlTable) -> Holdback | None:
    below = table.table("holdback")
    if below is None:
        return None
    share = below.percent("share", most=1)
    until = below.text("until", "") if below.has("until") else ""
    days = below.count("days", 0 if until else None, least=0 if until else 1)
    below.done()
    return Holdback(share, days, until)
