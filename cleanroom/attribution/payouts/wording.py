"""How a line came about, in words."""

from __future__ import annotations

from fractions import Fraction

from cleanroom.attribution.currencies import exponent_of
from cleanroom.attribution.payouts.line import Line
from cleanroom.attribution.payouts.money import Exact, round_half_up, write_amount

__all__ = ["formula_of", "percent_text"]


def percent_text(share: Exact) -> str:
    """A share as a percentage in its shortest decimal form, or as a fraction of a per cent."""
    hundredths = Fraction(share) * 100
    for places in range(10):
        scaled = hundredths * 10**places
        if scaled.denominator == 1:
            return f"{write_amount(int(scaled), places)} %"
    return f"{hundredths} %"


def formula_of(line: Line) -> str:
    """The line in words: rule, volume, rounded due before and after, what parted it."""
    rule, exponent = line.rule, exponent_of(line.currency) or 0
    if line.code:
        return "not rated yet"
    if line.kind == "fund:pay":
        return f"claim {line.deal} on the fund {rule.id}"
    unit = f" {line.currency}"
    counted = rule.type in ("spiff", "mdf")
    before, after = (
        str(volume) if counted else _about(volume, exponent)
        for volume in (line.volume_before, line.volume_after)
    )
    what = _how(line)
    if line.kind == "true-up":
        what = f"true-up: {what}"
    moved = "" if line.volume_before == 0 else f" (before: {before})"
    text = f"{what} for {after}{' counted' if counted else unit}{moved}"
    due = [write_amount(minor, exponent) for minor in (line.due_before, line.due_after)]
    text += f" owes {due[1]}{unit}"
    if line.due_before:
        text += f", less {due[0]} before"
    if line.weight:
        text += f", share {line.weight}"
    if line.part == "later" or rule.holdback is not None:
        share = rule.holdback.share if rule.holdback is not None else 0
        text += f", {'held back ' if line.part == 'later' else 'after a holdback of '}{percent_text(share)}"
    if line.rate is not None:
        text += f"; {line.rate.words()}"
    return text


def _about(volume: Exact, exponent: int) -> str:
    """A volume as an amount; one that is no whole number of minor units with a sign that it is rounded."""
    whole = round_half_up(volume)
    return ("" if volume == whole else "about ") + write_amount(whole, exponent)


def _how(line: Line) -> str:
    rule = line.rule
    if rule.amount:
        return f"{write_amount(rule.amount, line.plan.exponent)} each{' once' if rule.once_per else ''}"
    if rule.type == "mdf":
        return "step of points"
    if rule.bands:
        return f"{rule.tiers} bands over {line.scope.span} ({_bands(line)})"
    return percent_text(rule.rate)


def _bands(line: Line) -> str:
    """The bands that the volume reached: what of it is paid at which rate; of a cliff the band it is in."""
    bands = line.rule.own_bands.get(line.partner, line.rule.bands)
    exponent, volume = line.plan.exponent, line.volume_after
    if line.rule.tiers == "cliff":
        at = [band for band in bands if band.low <= volume] or bands[:1]
        return f"all at {percent_text(at[-1].rate)}"
    reached = [band for band in bands if band.low < volume] or bands[:1]
    ends = [*(band.low for band in reached[1:]), volume]
    return " and ".join(
        f"{_about(end - band.low, exponent)} at {percent_text(band.rate)}"
        for band, end in zip(reached, ends, strict=True)
    )
