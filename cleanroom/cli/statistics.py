"""rates, forecast: statistics over plain files of deals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, tell_limits
from cleanroom.number import per_cent

FILE = click.Path(path_type=Path, dir_okay=False)
STATUSES = "CSV deal_id,status and for a forecast since: only Sourced, Influenced and Assisted Close count."


@click.command("rates")
@click.argument("deals", type=FILE)
@click.argument("stages", type=FILE)
@click.option("--actions", type=FILE, help="CSV partner,date,type,deal_id: rates by type of action, too.")
@click.option("--as-of", metavar="DAY", help="Today, from when on dates lie in the future. Default: now.")
@json_option
@click.pass_obj
def rates_command(
    shell: Shell, deals: Path, stages: Path, actions: Path | None, as_of: str | None, as_json: bool
) -> None:
    """Win rates partner by partner, drawn towards their strata, and how many were tested.

    DEALS and STAGES are those of 'overlap lift'. A rate compares partners with one another, in their segments
    and stages; whether a partner changes anything at all, 'overlap lift' says. With --actions: what became of
    deals after each type of action, beside deals that stood in the same stage as long.
    """
    from cleanroom.session.attribution.plain_deals import rates_answer, read_deals

    answer = rates_answer(read_deals(deals, stages, shell.now(), as_of), actions)
    if as_json:
        print_json(answer)
        return
    click.echo(
        f"tested     {answer['tested']:,} partners, {answer['outside']:,} outside their strata;"
        f" by chance alone up to {answer['by_chance']:.1f}"
    )
    click.echo("")
    print_table(
        ("partner", "won", "of", "raw", "expected", "rate", "95 %", ""),
        [
            (
                *(
                    each["partner"],
                    each["won"],
                    each["of"],
                    per_cent(each["raw"]),
                    per_cent(each["expected"]),
                ),
                *(per_cent(each["rate"]), f"{per_cent(each['low'])}-{per_cent(each['high'])}", each["says"]),
            )
            for each in answer["partners"]
        ],
    )
    if actions is not None:
        _tell_actions(answer["actions"])
    click.echo("")
    tell_limits(answer["limits"])


def _tell_actions(found: dict[str, Any]) -> None:
    click.echo("")
    click.echo(
        f"actions    {found['tested']:,} types by partner tested, {found['outside']:,} outside what deals in"
        f" their place give; by chance alone up to {found['by_chance']:.1f}; {found['open']:,} still open"
    )
    for code, count in found["left_out"].items():
        click.echo(f"left out   {count:,} actions: {code}")
    print_table(
        ("type", "partner", "won", "of", "expected", "rate", "95 %", ""),
        [
            (
                *(each["type"], each["partner"] or "(all)", each["won"], each["of"]),
                *(per_cent(each["expected"]), per_cent(each["rate"])),
                *(f"{per_cent(each['low'])}-{per_cent(each['high'])}", each["says"]),
            )
            for each in (*found["types"], *found["cells"])
        ],
    )


@click.command("forecast")
@click.argument("deals", type=FILE)
@click.argument("stages", type=FILE)
@click.option("--statuses", type=FILE, help=STATUSES)
@click.option("--as-of", metavar="DAY", help="Today, from when on dates lie in the future. Default: now.")
@json_option
@click.pass_obj
def forecast_command(
    shell: Shell, deals: Path, stages: Path, statuses: Path | None, as_of: str | None, as_json: bool
) -> None:
    """What open deals bring in the next 91 days, with a band that past quarters have tested.

    A partner counts only by a status that needed an action, and only if past forecasts were better with it.
    Being attached never raises a forecast.
    """
    from cleanroom.session.attribution.plain_deals import forecast_answer, read_deals

    answer = forecast_answer(read_deals(deals, stages, shell.now(), as_of), statuses)
    if as_json:
        print_json(answer)
        return
    click.echo(f"forecast   {answer['middle']:,.0f} [{answer['low']:,.0f}, {answer['high']:,.0f}], 80 %")
    click.echo(f"deals      {answer['deals']:,} open")
    click.echo(
        f"attached   {answer['attached_without_action']:,} of them without an action: no higher for it"
    )
    click.echo(f"partners   {answer['reason']}")
    covered = "not tested" if answer["coverage"] is None else f"{per_cent(answer['coverage'])} held what came"
    click.echo(f"bands      {len(answer['tests'])} past forecasts, {covered}")
    tell_limits(answer["limits"])
