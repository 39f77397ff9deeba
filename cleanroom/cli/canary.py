"""canary: invented accounts in our own list, which a partner who guesses gives away."""

from __future__ import annotations

from dataclasses import asdict

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table


@click.group("canary")
def canary_command() -> None:
    """Planted accounts: a partner that claims to hold one is guessing, and the run stops.

    They go into our own list at level overlaps, count inside its size bound, and are shown to nobody.
    """


@canary_command.command("add")
@click.option("--name", required=True, help="The name of a company that does not exist.")
@click.option("--domain", default="", help="Its website; best one that you have registered.")
@click.option("--country", default="", help="Its country.")
@click.option("--population", default="customers", show_default=True, help="In whose runs it is planted.")
@json_option
@click.pass_obj
def add(shell: Shell, name: str, domain: str, country: str, population: str, as_json: bool) -> None:
    """Plant an invented account in all runs of a population that begin from now on."""
    from cleanroom.session.accounts.canaries import add_canary

    with shell.party() as party:
        made = add_canary(party, name, domain, country, population)
    if as_json:
        print_json(asdict(made))
        return
    click.echo(f"planted   {made.id} in {made.population}")


@canary_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List the planted accounts."""
    from cleanroom.session.accounts.canaries import list_canaries

    with shell.party() as party:
        known = list_canaries(party)
    if as_json:
        print_json([asdict(one) for one in known])
        return
    rows = [(one.id, one.name, one.domain, one.country, one.population) for one in known]
    print_table(("planted", "name", "domain", "country", "population"), rows)


@canary_command.command("remove")
@click.argument("planted")
@click.pass_obj
def remove(shell: Shell, planted: str) -> None:
    """Take a planted account out of all runs that begin from now on."""
    from cleanroom.session.accounts.canaries import remove_canary

    with shell.party() as party:
        gone = remove_canary(party, planted)
    click.echo(f"removed   {gone.id} from {gone.population}")
