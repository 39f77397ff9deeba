"""lift: what attaching a partner changes in the win rate, or why that cannot be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from overlap.errors import Refused

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("lift")
@click.argument("deals", type=FILE)
@click.argument("stages", type=FILE)
@click.option("--as-of", metavar="DAY", help="Today, from when on dates lie in the future. Default: now.")
@json_option
@click.pass_obj
def lift_command(shell: Shell, deals: Path, stages: Path, as_of: str | None, as_json: bool) -> None:
    """Win rate with and without a partner, compared only where it can be.

    DEALS is a CSV with deal_id, segment, amount, created, partner_id, attached, closed and outcome (won, lost
    or empty), STAGES one with deal_id, stage and entered. Each attachment is compared with deals of its
    segment, size and stage that were open and unattached at that moment. The raw difference is printed beside
    it; it is not comparable. Exits 3 when time bias or thin strata make the comparison invalid.
    """
    from cleanroom.session.attribution.plain_deals import lift_answer, read_deals

    answer = lift_answer(read_deals(deals, stages, shell.now(), as_of))
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

    matched, naive = answer["matched"], answer["naive"]
    left_out = sum(answer["left_out"].values())
    click.echo(f"deals      {answer['deals']:,} used, {left_out:,} rows left out")
    for code, rows in answer["left_out"].items():
        click.echo(f"           {rows:,} {code}: {statistics.LEFT_OUT[code]}")
    if matched is not None:
        click.echo(
            f"matched    {_points(matched)} over {matched['attachments']:,} attachments and"
            f" {matched['controls']:,} controls, within {answer['horizon_days']:.0f} days"
        )
    click.echo(f"naive      {_points(naive)}, not comparable: it holds, besides any effect,")
    for bias in answer["biases_of_naive"]:
        click.echo(f"           {bias}")
    for refusal in answer["refused"]:
        click.echo(f"refused    {refusal['code']}: {refusal['reason']}")
    click.echo("")
    print_table(
        ("segment", "stage", "attachments", "matched", "controls each", "points"),
        [
            (
                *(each["segment"], each["stage"], each["attachments"], each["matched"]),
                *(f"{each['controls']:.1f}", _mean(each["difference"])),
            )
            for each in answer["strata"]
        ],
    )


def _mean(difference: float | None) -> str:
    return "not enough data" if difference is None else f"{100 * difference:+.1f}"


def _points(found: dict[str, Any]) -> str:
    low, high = 100 * found["low"], 100 * found["high"]
    return f"{100 * found['difference']:+.1f} points [{low:+.1f}, {high:+.1f}]"
