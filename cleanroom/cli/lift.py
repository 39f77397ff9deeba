"""lift: what attaching a partner changes in win rate, days or amount, or why that cannot be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, tell_limits
from overlap.errors import Refused

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("lift")
@click.argument("deals", type=FILE)
@click.argument("stages", type=FILE)
@click.option(
    "--measure",
    type=click.Choice(("win", "days", "amount")),
    default="win",
    show_default=True,
    help="What is compared: the share won, the days to the close, or how the amount grows.",
)
@click.option("--as-of", metavar="DAY", help="Today, from when on dates lie in the future. Default: now.")
@json_option
@click.pass_obj
def lift_command(
    shell: Shell, deals: Path, stages: Path, measure: str, as_of: str | None, as_json: bool
) -> None:
    """Win rate, days to close or amount with and without a partner, compared only where it can be.

    DEALS is a CSV with deal_id, segment, amount, created, partner_id, attached, closed and outcome (won, lost
    or empty), STAGES one with deal_id, stage, entered and, for the amount, the amount from then on. Each
    attachment is compared with deals of its segment, size and stage that were open and unattached at that
    moment. The raw difference is printed beside it; it is not comparable. Exits 3 when time bias or thin
    strata make the comparison invalid.
    """
    from cleanroom.session.attribution.plain_deals import lift_answer, read_deals

    answer = lift_answer(read_deals(deals, stages, shell.now(), as_of), measure)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)
    if answer["refused"]:
        raise Refused(
            "the comparison is refused: " + "; ".join(each["code"] for each in answer["refused"]),
            "the reasons are printed above; repair the dates, or collect more deals",
        )


def _tell(answer: dict[str, Any]) -> None:
    from cleanroom.attribution import statistics

    matched, naive, measure = answer["matched"], answer["naive"], answer["measure"]
    left_out = sum(answer["left_out"].values())
    click.echo(f"deals      {answer['deals']:,} used, {left_out:,} rows left out")
    for code, rows in answer["left_out"].items():
        click.echo(f"           {rows:,} {code}: {statistics.LEFT_OUT[code]}")
    if matched is not None:
        click.echo(
            f"matched    {_range(matched, measure)} over {matched['attachments']:,} attachments and"
            f" {matched['controls']:,} controls, within {answer['horizon_days']:.0f} days"
        )
    raw = "too few closed deals" if naive is None else f"{_range(naive, measure)}, {_RAW[measure]}"
    click.echo(f"naive      {raw}, not comparable: it holds, besides any effect,")
    for bias in answer["biases_of_naive"]:
        click.echo(f"           {bias}")
    for refusal in answer["refused"]:
        click.echo(f"refused    {refusal['code']}: {refusal['reason']}")
    tell_limits(answer["limits"])
    click.echo("")
    print_table(
        ("segment", "stage", "attachments", "matched", "controls each", _UNITS[measure]),
        [
            (
                *(each["segment"], each["stage"], each["attachments"], each["matched"]),
                *(f"{each['controls']:.1f}", _mean(each["difference"], measure)),
            )
            for each in answer["strata"]
        ],
    )


#: In what a difference is told.
_UNITS = {"win": "points", "days": "days", "amount": "%"}

#: What the raw difference is one of.
_RAW = {
    "win": "of closed deals",
    "days": "from creation to close",
    "amount": "of what won deals are on average",
}


def _mean(difference: float | None, measure: str) -> str:
    return "not enough data" if difference is None else _told(difference, measure)


def _told(difference: float, measure: str) -> str:
    return f"{difference if measure == 'days' else 100 * difference:+.1f}"


def _range(found: dict[str, Any], measure: str) -> str:
    middle, low, high = (_told(found[name], measure) for name in ("difference", "low", "high"))
    return f"{middle} {_UNITS[measure]} [{low}, {high}]"
