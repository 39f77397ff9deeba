"""agreement: propose, renew, accept, show, check, list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import carries, is_carried, tell_out
from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from overlap.errors import UsageError

if TYPE_CHECKING:
    from cleanroom.session.agreement.agreements import Kept

FILE = click.Path(path_type=Path, dir_okay=False)


presets_option = click.option("--presets", type=FILE, help="A file of your own lists of fields by name.")


@click.group("agreement")
def agreement_command() -> None:
    """What may be shown, to whom, for what purpose and until when; signed by both."""


@agreement_command.command("propose")
@click.option("--partner", required=True, help="The partner to propose it to.")
@click.option(
    "--policy",
    required=True,
    help="A shipped policy (see 'agreement policies'), a TOML file, or one that says which for whom.",
)
@carries(sends="proposal", to="partner", out="The proposal to send.")
@click.option(
    "--size-bound", type=int, default=0, help="Most identifiers a side may submit; default: the policy's."
)
@presets_option
@click.option("--room", default="", help="The room that was joined, if the policy asks for one.")
@click.pass_obj
def propose(
    shell: Shell, partner: str, policy: str, out: Path, size_bound: int, presets: Path | None, room: str
) -> None:
    """Fill a policy in for a partner and sign it."""
    from cleanroom.session.agreement.agreements import propose_agreement

    with shell.party() as party:
        kept = propose_agreement(party, partner, policy, out, size_bound, presets=presets, room=room)
    _print_proposal(kept, out)


@agreement_command.command("renew")
@click.argument("agreement")
@carries(sends="proposal", to="agreement", out="The proposal to send.")
@click.option("--until", default="", help='Its end: "90 days" or 2027-03-01T00:00:00Z; default: as before.')
@click.pass_obj
def renew(shell: Shell, agreement: str, out: Path, until: str) -> None:
    """Propose AGREEMENT once more, in force or ended, with the same terms and a new period.

    Either side may; the one who does signs as the proposer, and what each side gives stays the same. It is a
    new agreement: runs and shares of the old one end with that.
    """
    from cleanroom.session.agreement.agreements import renew_agreement

    with shell.party() as party:
        kept = renew_agreement(party, agreement, out, until)
    _print_proposal(kept, out)


def _print_proposal(kept: Kept, out: Path) -> None:
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
    from cleanroom.session.agreement.agreements import accept_agreement, read_offer

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
    from cleanroom.session.agreement.agreements import show_agreement

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
    from cleanroom.session.agreement.agreements import check_agreement

    with shell.party() as party:
        kept = check_agreement(party, agreement)
    click.echo(f"good: {kept.id} with {kept.partner}, {kept.level}, until {kept.until}")


@agreement_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List the agreements kept here."""
    from cleanroom.session.agreement.agreements import list_agreements

    with shell.party() as party:
        kept = list_agreements(party)
    if as_json:
        print_json([asdict(one) for one in kept])
        return
    rows = [(a.id, a.partner, a.level, a.state, a.not_before, a.until, a.runs_left) for a in kept]
    print_table(("agreement", "partner", "level", "state", "from", "until", "runs left"), rows)


@agreement_command.command("policies")
@click.argument("policy", required=False)
@click.option("--partner", default="", help="Show the policy that POLICY, a file, proposes to this partner.")
@click.option("--text", is_flag=True, help="Print the text of that policy, to be read or linted.")
@presets_option
@json_option
def policies(policy: str | None, partner: str, text: bool, presets: Path | None, as_json: bool) -> None:
    """List the shipped policies; with POLICY and --partner, say which policy applies to a partner.

    No folder is needed.
    """
    if bool(policy) != bool(partner) or (text and not policy):
        raise UsageError("a policy applies to a partner", "give both, a file and --partner NAME, or neither")
    if policy:
        _print_applied(policy, partner, presets, text, as_json)
        return
    from cleanroom.agreement import policy_names

    names = list(policy_names())
    if as_json:
        print_json(names)
        return
    for name in names:
        click.echo(name)


def _print_applied(policy: str, partner: str, presets: Path | None, text: bool, as_json: bool) -> None:
    from cleanroom.session.agreement.policy_files import applied_policy

    applied = applied_policy(policy, partner, presets)
    if as_json:
        print_json(asdict(applied))
        return
    if text:
        click.echo(applied.text, nl=False)
        return
    click.echo(f"partner   {applied.partner}")
    click.echo(f"policy    {applied.policy}")
    click.echo(f"replaced  {', '.join(applied.replaced) or 'nothing'}")
