"""period: statement periods of the money ledger."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json, say

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("period")
def period_command() -> None:
    """Statement periods of the money ledger."""


@period_command.command("close")
@click.argument("period")
@click.option("--events", type=FILE, help="All events so far; what is known already may stay in it.")
@click.option("--credit", is_flag=True, help="Take in what the statuses here earn, as 'credit events' tells.")
@click.option("--rates", type=FILE, help="Exchange rates: date,base,quote,rate,source.")
@click.option("--evidence", type=FILE, help="On what events rest: event_id,evidence,proof; ids or digests.")
@click.option("--dry-run", is_flag=True, help="Say what would be booked, and write nothing.")
@json_option
@click.pass_obj
def close(
    shell: Shell,
    period: str,
    events: Path | None,
    credit: bool,
    rates: Path | None,
    evidence: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Rate what has happened up to the end of PERIOD, such as 2026-Q1, and close it for good.

    An event that comes later gives lines and adjustments in the period that is open then. Events come from a
    file, from the statuses of won deals (--credit), or from both.
    """
    from cleanroom.attribution import earnings, payouts
    from cleanroom.session.attribution.periods_money import close_period

    with shell.party() as party:
        made = close_period(party, period, events, rates, evidence, credit=credit, dry_run=dry_run)
    if as_json:
        print_json(asdict(made))
        return
    counts = f"{made.lines:,} lines, {made.late:,} late, {made.adjustments:,} adjustments"
    said = f"trial     {made.period}, nothing is written" if dry_run else f"closed    {made.period}"
    say(f"{said}: {counts}")
    for partner, currency, amount in made.partners:
        say(f"  {partner}: {amount} {currency}")
    for currency, amount in made.totals.items():
        say(f"together  {amount} {currency}")
    for code, count in made.waiting.items():
        effect, text = payouts.CODES[code]
        say(f"{'waiting' if effect == 'held' else effect:<9} {count:,} {code}: {text}")
        if effect != "noted":
            say(f"          {', '.join(made.first[code])}{', …' if count > len(made.first[code]) else ''}")
    for group in made.look_alikes:
        shown = ", ".join(f"{one} ({one!a})" for one in group)
        say(f"careful   partners whose names look the same: {shown}")
    for code, count in made.not_earned.items():
        say(f"careful   {count:,} {code}: {earnings.EARNING_FINDINGS[code]}")
    for name, code in made.refused:
        say(f"refused   {name}: {code}")
