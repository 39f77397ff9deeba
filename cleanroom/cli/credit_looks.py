"""credit who, journey, even: whom to ask about an account, what happened on a deal, who logs how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say, tell_limits
from cleanroom.number import per_cent


@click.command("who")
@click.argument("account", default="")
@json_option
@click.pass_obj
def who_command(shell: Shell, account: str, as_json: bool) -> None:
    """Whom to ask for an introduction to ACCOUNT, an id or a name of ours; without it, who is in many.

    Partners are listed by what is known: who acted lately, how often in a year, since when it proves to hold
    the account, its statuses there, and who of us knows it. There is no score.
    """
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.relating import who_connects, who_is_in

    plain = classification.plain_cell
    with shell.party() as party:
        if not account:
            connectors = who_connects(party)
        else:
            place, name, relations = who_is_in(party, account)
    if not account:
        if as_json:
            print_json([asdict(one) for one in connectors])
            return
        print_table(
            ("partner", "accounts", "acted lately", "in a year", "last"),
            [(plain(one.partner), one.accounts, one.active, one.year, one.last) for one in connectors],
        )
        return
    if as_json:
        print_json({"account": place, "name": name, "partners": [asdict(one) for one in relations]})
        return
    click.echo(f"account   {plain(place)} ({plain(name)})")
    if not relations:
        click.echo("nobody    no live match and no action shows a partner in it")
    for at, one in enumerate(relations, start=1):
        held = (
            f"proves it since {one.held_since} ({one.grade})" if one.held_since else one.grade or "no match"
        )
        last = f"last {one.type} of {one.last}" if one.last else "no action"
        lately = "" if one.active else ", silent"
        click.echo(f"{at:>3}. {plain(one.partner)}: {last}{lately}; {one.year} in a year; {held}")
        deals = ", ".join(plain(deal) for deal in one.deals[:3])
        more = f" and {len(one.deals) - 3} more" if len(one.deals) > 3 else ""
        ours = plain(one.ours) or "nobody of us is named"
        click.echo(f"     {deals or 'on no deal'}{more}; ask {ours}")


@click.command("journey")
@click.argument("opportunity")
@json_option
@click.pass_obj
def journey_command(shell: Shell, opportunity: str, as_json: bool) -> None:
    """What happened on a deal from the first introduction to the close, the oldest first.

    The beginning of the deal's id will do where one id alone begins so.
    Actions that count for nothing are marked; 'overlap credit --findings FILE' says why.
    """
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.relating import journey

    plain = classification.plain_cell
    with shell.party() as party:
        steps = journey(party, opportunity)
    if as_json:
        print_json([asdict(one) for one in steps])
        return
    for one in steps:
        who = f"{plain(one.partner) or 'no partner'}: " if one.kind == "action" else ""
        where = f", from {one.source}" if one.source else ""
        counts = "" if one.counts else "; counts for nothing"
        click.echo(f"{one.day or 'no day':<10}  {who}{one.what}{where}{counts}")


@click.command("even")
@json_option
@click.pass_obj
def even_command(shell: Shell, as_json: bool) -> None:
    """How evenly owners and partners log: in time, with evidence, re-dated, disputed, of their deals.

    A deal counts once for everybody who logged on it. Each share is drawn towards that of all; who is said to
    differ does so with an interval that allows for the number of owners or partners that were tested.
    """
    from cleanroom.session.attribution.evenly import logged_evenly

    with shell.party() as party:
        made = logged_evenly(party)
    if as_json:
        print_json(made)
        return
    for code, count in made["left_out"].items():
        say(f"left out   {count:,} actions: {code}")
    tell_limits(made["limits"])
    for name, nobody in (("owners", "nobody is named"), ("partners", "")):
        for one in made[name]:
            say("")
            _tell_measure(name, one, made["measures"][one["measure"]], nobody)


def _tell_measure(name: str, one: Mapping[str, Any], means: str, nobody: str) -> None:
    from cleanroom.attribution import classification

    if not one["rows"]:
        say(f"{one['measure']:<10} {means}: no action of any of the {name} says so")
        return
    say(
        f"{one['measure']:<10} {per_cent(one['overall'])} over all {name}: {means}; {one['tested']:,} tested,"
        f" {one['outside']:,} outside, by chance alone up to {one['by_chance']:.1f}"
    )
    print_table(
        (name, "so", "of deals", "share", "95 %", "drawn in", "95 %", ""),
        [
            (
                *(classification.plain_cell(row["name"]) or nobody, row["deals"], row["of"]),
                *(per_cent(row["share"]), f"{per_cent(row['share_low'])}-{per_cent(row['share_high'])}"),
                *(per_cent(row["drawn"]), f"{per_cent(row['low'])}-{per_cent(row['high'])}", row["says"]),
            )
            for row in one["rows"]
        ],
    )
