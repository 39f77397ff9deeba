"""agreement: propose, accept, show, check, list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.carry import carries, is_carried, tell_out
from cleanroom.cli.shell import Shell, json_option, print_json, print_table

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("agreement")
def agreement_command() -> None:
    """What may be shown, to whom, for what purpose and until when; signed by both."""


@agreement_command.command("propose")
@click.option("--partner", required=True, help="The partner to propose it to.")
@click.option("--policy", required=True, help="A shipped policy (see 'agreement policies') or a TOML file.")
@carries(sends="proposal", to="partner", out="The proposal to send.")
@click.option(
    "--size-bound", type=int, default=0, help="Most identifiers a side may submit; default: the policy's."
)
@click.pass_obj
def propose(shell: Shell, partner: str, policy: str, out: Path, size_bound: int) -> None:
    """Fill a policy in for a partner and sign it."""
    from cleanroom.session.agreements import propose_agreement

    with shell.party() as party:
        kept = propose_agreement(party, partner, policy, out, size_bound)
    click.echo(f"proposed  {kept.id}")
    click.echo(f"digest    {kept.digest}")
    tell_out("send", out)


@agreement_command.command("accept")
@carries(
    sends="agreement",
    to="document",
    out="The agreement signed by both, to send back.",
    needed=False,
    reads="file=proposal,agreement",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def accept(shell: Shell, file: Path, out: Path | None, yes: bool) -> None:
    """Sign a partner's proposal, or take in our own that the partner has signed."""
    from cleanroom.session.agreements import accept_agreement, read_offer

    with shell.party() as party:
        offer = read_offer(party, file)
        for line in offer.lines:
            click.echo(line)
        if not offer.complete and not yes:
            click.confirm("sign this agreement?", abort=True, err=True)
        back = None if offer.complete and is_carried(out) else out
        kept = accept_agreement(party, file, back)
    click.echo(f"in force  {kept.id} from {kept.not_before} until {kept.until}")
    tell_out("send back", out)


@agreement_command.command("show")
@click.argument("agreement")
@json_option
@click.pass_obj
def show(shell: Shell, agreement: str, as_json: bool) -> None:
    """Say in plain words what an agreement (id or file) allows."""
    from cleanroom.session.agreements import show_agreement

    with shell.party() as party:
        shown = show_agreement(party, agreement)
    if as_json:
        print_json(asdict(shown))
        return
    for line in shown.lines:
        click.echo(line)


@agreement_command.command("check")
@click.argument("agreement")
@click.pass_obj
def check(shell: Shell, agreement: str) -> None:
    """Check signatures, dates and that our software is the one the agreement names."""
    from cleanroom.session.agreements import check_agreement

    with shell.party() as party:
        kept = check_agreement(party, agreement)
    click.echo(f"good: {kept.id} with {kept.partner}, {kept.level}, until {kept.until}")


@agreement_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List the agreements kept here."""
    from cleanroom.session.agreements import list_agreements

    with shell.party() as party:
        kept = list_agreements(party)
    if as_json:
        print_json([asdict(one) for one in kept])
        return
    rows = [(a.id, a.partner, a.level, a.state, a.not_before, a.until, a.runs_left) for a in kept]
    print_table(("agreement", "partner", "level", "state", "from", "until", "runs left"), rows)


@agreement_command.command("policies")
@json_option
def policies(as_json: bool) -> None:
    """List the shipped policies."""
    from cleanroom.agreement import policy_names

    names = list(policy_names())
    if as_json:
        print_json(names)
        return
    for name in names:
        click.echo(name)
