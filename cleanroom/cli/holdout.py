"""holdout: keep some accounts from outreach at random, committed before, and see what it changes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import json_option, print_json, tell_limits
from cleanroom.limits import limits_of

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("holdout")
def holdout_command() -> None:
    """A random hold-out of partner outreach: the one comparison that needs no model."""


@holdout_command.command("draw")
@click.argument("accounts", type=FILE)
@click.option("--out", type=FILE, required=True, help="Where the CSV account_id,group goes.")
@click.option(
    "--share", default="0.1", show_default=True, help="Share of the accounts to keep from outreach."
)
@click.option("--seed", metavar="HEX", help="32 bytes; drawn when not given.")
@json_option
def holdout_draw(accounts: Path, out: Path, share: str, seed: str | None, as_json: bool) -> None:
    """Draw the hold-out from ACCOUNTS, a CSV with account_id.

    Tell the commitment to whoever will judge the result, before outreach begins; keep the seed.
    """
    from cleanroom.session.attribution.plain_deals import draw_holdout

    drawn = draw_holdout(accounts, out, share, seed)
    if as_json:
        print_json(asdict(drawn))
        return
    click.echo(f"held out   {drawn.held_out:,} of {drawn.held_out + drawn.outreach:,} accounts: {out}")
    click.echo(f"commitment {drawn.commitment}")
    click.echo(f"seed       {drawn.seed}")


@holdout_command.command("result")
@click.argument("draw", type=FILE)
@click.argument("outcomes", type=FILE)
@click.option("--share", default="0.1", show_default=True, help="As drawn.")
@click.option("--seed", required=True, metavar="HEX", help="As drawn.")
@click.option("--commitment", required=True, metavar="HEX", help="As told before.")
@json_option
def holdout_result(draw: Path, outcomes: Path, share: str, seed: str, commitment: str, as_json: bool) -> None:
    """What outreach changed: DRAW as written, OUTCOMES a CSV account_id,outcome ('won' is a success).

    Everybody counts where the draw put them, whatever was done. Fails when the draw is not the committed one.
    """
    from cleanroom.session.attribution.plain_deals import holdout_result as compare

    found = compare(draw, outcomes, share, seed, commitment)
    if as_json:
        print_json(asdict(found) | {"limits": limits_of("holdout result")})
        return
    points = f"{100 * found.difference:+.1f} points [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
    click.echo(f"effect     {points}")
    click.echo(f"outreach   {found.reached_won:,} of {found.reached:,} won")
    click.echo(f"held out   {found.held_out_won:,} of {found.held_out:,} won")
    if found.missing:
        click.echo(f"careful    {found.missing:,} accounts have no outcome and count as not won")
    tell_limits(limits_of("holdout result"))
