"""partners-report: every partner at a glance, and what changed since an earlier report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, say, tell_limits
from cleanroom.cli.statistics import STATUSES
from cleanroom.number import per_cent

FILE = click.Path(path_type=Path, dir_okay=False)


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
@click.option(
    "--lead",
    "leads",
    multiple=True,
    metavar="TYPE",
    help="A type of action that introduces a lead; once for each. Default: introduction, registered-lead.",
)
@click.option("--since", type=FILE, help="An earlier answer with --json: which tiers changed, and by what.")
@click.option("--csv", type=FILE, help="Write a row for each partner to this file.")
@click.option("--html", type=FILE, help="Write the page to this file.")
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
    leads: tuple[str, ...],
    since: Path | None,
    csv: Path | None,
    html: Path | None,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Tier, segment and signal of churn of every partner, each with its reason, and where it counts; what its
    introductions become, how large its deals are and how long they take; what partners influenced, by
    quarter; and who gets a joint account plan, enablement or nurture.

    DEALS is that of 'overlap lift', ACTIONS a CSV with partner, date and, for what introductions become, type
    and deal_id. Without --statuses no deal counts for a tier: presence earns none.
    """
    from cleanroom.session.attribution.partners_report import (
        Inputs,
        partners_answer,
        thresholds,
        write_report,
    )
    from cleanroom.session.attribution.plain_deals import read_deals

    given = Inputs(actions, statuses, regions, since, thresholds(tiers, silence), leads)
    answer = partners_answer(read_deals(deals, None, shell.now(), as_of), given)
    write_report(answer, csv, html)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)


def _tell(answer: Mapping[str, Any]) -> None:
    for each in answer["partners"]:
        _tell_partner(each)
    for each in answer.get("tier_changes", ()):
        change = f"{each['before'] or 'nothing'} -> {each['after'] or 'nothing'}"
        say(f"tier       {each['partner']}: {change}, {each['because']}")
    for each in answer["quarters"]:
        all_won = f"{each['quarter']}  won {each['won']:,.0f} in {each['deals']:,} deals"
        acted = f"{each['influenced']:,.0f} in {each['influenced_deals']:,} with a partner's action"
        say(f"{all_won}, {acted}{'' if each['whole'] else ' (so far)'}")
    for each in answer["next"]:
        say(f"{each['lane']}: {each['partner']}, {each['because']}")
    tell_limits(answer["limits"])


def _tell_partner(each: Mapping[str, Any]) -> None:
    from cleanroom.report import cycle_text, share_text, size_text

    say(each["partner"])
    say(f"  pipeline {each['open_pipeline']:,.0f} (with attached {each['attached_pipeline']:,.0f})")
    say(f"  tier     {each['tier']}: {each['tier_because']}")
    say(f"  segment  {each['segment']}: {each['segment_because']}")
    say(f"  {'at risk ' if each['at_risk'] else 'active  '} {each['risk_because']}")
    seen = each["indicators"]
    if seen["introductions"]:
        say(f"  leads    became a deal in 90 days: {share_text(seen['became'])}")
        say(f"           won of these deals: {share_text(seen['won'])}, {seen['open']:,} open")
    say(f"  size     {size_text(seen)}")
    say(f"  cycle    {cycle_text(seen['cycle'])}")
    for kind in ("verticals", "regions"):
        for place in each[kind]:
            rate = "not enough data" if place["rate"] is None else per_cent(place["rate"])
            interval = f"{per_cent(place['low'])}-{per_cent(place['high'])}"
            say(f"  in       {place['name'] or '-'}: {place['won']} of {place['of']}, {rate} [{interval}]")
