"""pay against-credit: whether payouts follow credit."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say, tell_limits


@click.command("against-credit")
@click.option("--period", default="", metavar="NAME", help="One closed period. Default: all of them.")
@click.option("--currency", default="", help="The currency of the deals, where they are in several.")
@json_option
@click.pass_obj
def against_credit_command(shell: Shell, period: str, currency: str, as_json: bool) -> None:
    """Each partner's share of the payouts beside its share of the credit, the largest gap first.

    Both are about the same deals: won in the closed periods, in one currency. Credit is a deal's amount in
    equal parts to the partners whose status earns. What is paid for anything else is listed apart.
    """
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.pay_beside import pay_beside_credit

    with shell.party() as party:
        made = pay_beside_credit(party, period, currency)
    if as_json:
        print_json(asdict(made))
        return
    say(
        f"base       {made.deals:,} won deals of {', '.join(made.periods)}: {made.credited} {made.currency} "
        f"credited, {made.paid} paid"
    )
    for one in made.outside:
        amounts = ", ".join(f"{amount} {name}" for name, amount in one["amounts"].items())
        say(f"outside    {one['lines']:,} lines, {amounts}: {one['means']}")
    tell_limits(made.limits)
    say("")
    names = ("credited", "share", "paid", "share", "points")
    print_table(
        ("partner", *names),
        [(classification.plain_cell(one["partner"]), *_cells(one)) for one in made.partners],
    )
    say("")
    for one in made.partners:
        if one["because"]:
            say(f"{classification.plain_cell(one['partner'])}: {'; '.join(one['because'])}")
    say("")
    print_table(("kind", *names), [(one["kind"], *_cells(one)) for one in made.kinds])


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    share = [f"{100 * one[name]:.1f} %" for name in ("credit_share", "pay_share")]
    return one["credited"], share[0], one["paid"], share[1], f"{100 * one['gap']:+.1f}"
