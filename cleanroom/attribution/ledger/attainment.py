"""Where a partner stands in the bands of a plan: what is reached, what it pays, what is missing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from cleanroom.attribution import payouts

__all__ = ["ATTAINMENT_FIELDS", "attainment_of"]

#: All texts; amounts are exact minor units (of points: points), `currency` is "" where a volume is points.
ATTAINMENT_FIELDS: Final = (
    "scope", "rule", "span", "currency", "volume", "due", "band", "pays", "next_band", "missing",
)  # fmt: skip


def attainment_of(
    inputs: Mapping[str, Any], plans: Sequence[payouts.Plan], partner: str, as_of: int, at: int
) -> list[dict[str, str]]:
    """ATTAINMENT_FIELDS of each scope of bands, by scope, from what was taken in up to close number `at`.

    `next_band` and `missing` are "" in the last band.
    """
    read = payouts.read_events([row[:-1] for row in inputs["rows"] if row[-1] <= at])
    rates, _ = payouts.read_rates([row[:-1] for row in inputs["rates"] if row[-1] <= at])
    found = []
    for scope, meter in sorted(payouts.rate(plans, read, rates, as_of).meters.items()):
        tariff = meter.tariff
        if scope.partner != partner or not tariff.lows:
            continue
        here = max(bisect_right(tariff.lows, meter.volume) - 1, 0)
        following = tariff.lows[here + 1] if here + 1 < len(tariff.lows) else None
        share = Fraction(tariff.rates[here], tariff.denominator)
        cells = (
            scope.text(),
            scope.rule,
            scope.span,
            "" if tariff.steps else meter.currency,
            payouts.write_exact(meter.volume),
            str(meter.due),
            payouts.write_exact(tariff.lows[here]),
            f"{payouts.amount_text(tariff.amounts[here], meter.currency)} {meter.currency}"
            if tariff.steps
            else payouts.percent_text(share),
            "" if following is None else payouts.write_exact(following),
            "" if following is None else payouts.write_exact(following - meter.volume),
        )
        found.append(dict(zip(ATTAINMENT_FIELDS, cells, strict=True)))
    return found
