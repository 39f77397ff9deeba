"""rates, forecast, partners-report: statistics over plain files of deals."""

from __future__ import annotations

from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table

FILE = click.Path(path_type=Path, dir_okay=False)
STATUSES = "CSV deal_id,status and for a forecast since: only Sourced, Influenced and Assisted Close count."


@click.command("rates")
@click.argument("deals", type=FILE)
@click.argument("stages", type=FILE)
@click.option("--as-of", metavar="DAY", help="Today, from when on dates lie in the future. Default: now.")
@json_option
@click.pass_obj
def rates_command(shell: Shell, deals: Path, stages: Path, as_of: str | None, as_json: bool) -> None:
    """Win rates partner by partner, drawn towards their strata, and how many were tested.

    DEALS and STAGES are those of 'overlap lift'. A rate compares partners with one another, in their segments
    and stages; whether a partner changes anything at all, 'overlap lift' says.
    """
    from cleanroom.session.attribution.plain_deals import rates_answer, read_deals

    answer = rates_answer(read_deals(deals, stages, shell.now(), as_of))
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
                    _percent(each["raw"]),
                    _percent(each["expected"]),
                ),
                *(_percent(each["rate"]), f"{_percent(each['low'])}-{_percent(each['high'])}", each["says"]),
            )
            for each in answer["partners"]
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
    covered = "not tested" if answer["coverage"] is None else f"{_percent(answer['coverage'])} held what came"
    click.echo(f"bands      {len(answer['tests'])} past forecasts, {covered}")


@click.command("partners-report")
@click.argument("deals", type=FILE)
@click.argument("actions", type=FILE)
@click.option("--statuses", type=FILE, help=STATUSES)
@click.option("--regions", type=FILE, help="CSV deal_id,region.")
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    metavar="NAME=AMOUNT",
    help="A tier and what is won for it in 182 days; once for each. Default: gold=250000, silver=50000, "
    "member=0.",
)
@click.option(
    "--silence",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Days without an action after which a partner may be at risk.",
)
@click.option("--as-of", metavar="DAY", help="Today, from when on dates lie in the future. Default: now.")
@json_option
@click.pass_obj
def partners_report_command(
    shell: Shell,
    deals: Path,
    actions: Path,
    statuses: Path | None,
    regions: Path | None,
    tiers: tuple[str, ...],
    silence: float,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Tier, segment and signal of churn of every partner, each with its reason, and where it counts; what
    partners influenced, by quarter; and who gets a joint account plan, enablement or nurture.

    DEALS is that of 'overlap lift', ACTIONS a CSV with partner and date. Without --statuses no deal counts
    for a tier: presence earns none.
    """
    from cleanroom.session.attribution.plain_deals import partners_answer, read_deals, thresholds

    rules = thresholds(tiers, silence)
    answer = partners_answer(read_deals(deals, None, shell.now(), as_of), actions, statuses, regions, rules)
    if as_json:
        print_json(answer)
        return
    for each in answer["partners"]:
        click.echo(each["partner"])
        click.echo(
            f"  pipeline {each['open_pipeline']:,.0f} (with attached {each['attached_pipeline']:,.0f})"
        )
        click.echo(f"  tier     {each['tier']}: {each['tier_because']}")
        click.echo(f"  segment  {each['segment']}: {each['segment_because']}")
        click.echo(f"  {'at risk ' if each['at_risk'] else 'active  '} {each['risk_because']}")
        for kind in ("verticals", "regions"):
            for place in each[kind]:
                rate = "not enough data" if place["rate"] is None else _percent(place["rate"])
                interval = f"{_percent(place['low'])}-{_percent(place['high'])}"
                click.echo(
                    f"  in       {place['name'] or '-'}: {place['won']} of {place['of']}, {rate} [{interval}]"
                )
    for each in answer["quarters"]:
        all_won = f"{each['quarter']}  won {each['won']:,.0f} in {each['deals']:,} deals"
        acted = f"{each['influenced']:,.0f} in {each['influenced_deals']:,} with a partner's action"
        click.echo(f"{all_won}, {acted}{'' if each['whole'] else ' (so far)'}")
    for each in answer["next"]:
        click.echo(f"{each['lane']}: {each['partner']}, {each['because']}")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
