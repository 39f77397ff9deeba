"""claims, receive, credit: who held the relationship first, on evidence committed before the match."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.shell import Shell, json_option, print_json, print_table

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("claims")
def claims_command() -> None:
    """Accounts held since a date, committed before the match."""


@claims_command.command("commit")
@click.option("--partner", help="Write the commitment for this partner.")
@carries(sends="letter", to="partner", out="The commitment, to send.", needed=False)
@click.pass_obj
def commit(shell: Shell, partner: str | None, out: Path | None) -> None:
    """Commit to the accounts we hold now; nothing but their padded number is shown."""
    from cleanroom.session.attribution.claiming import commit_claims

    progress = ProgressLine(shell.quiet)
    with shell.party() as party:
        made = commit_claims(party, partner, out, progress)
    progress.close()
    click.echo(
        f"epoch     {made.epoch}: {made.held:,} accounts, {made.dated:,} with a date, {made.leaves:,} leaves"
    )
    click.echo(f"root      {made.root}")
    tell_out("send", out)


@claims_command.command("prove")
@click.option("--run", default="", help="The run whose matched accounts are proven; default: the newest.")
@carries(sends="letter", to="run", out="The proof, to send.")
@click.pass_obj
def prove(shell: Shell, run: str, out: Path) -> None:
    """Open our claims on the matched accounts of a run to the partner, and no other claim."""
    from cleanroom.session.attribution.claiming import prove_claims

    with shell.party() as party:
        made = prove_claims(party, run, out)
    click.echo(f"proven    {made.proven:,} of {made.shared:,} shared accounts, by epoch {made.epoch}")
    tell_out("send", out)


@claims_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List our commitments and those received from partners."""
    from cleanroom.session.attribution.claiming import list_commitments

    with shell.party() as party:
        commitments = list_commitments(party)
    if as_json:
        print_json([asdict(one) for one in commitments])
        return
    rows = [(c.owner, c.epoch, c.leaves, c.root[:16], c.time) for c in commitments]
    print_table(("owner", "epoch", "leaves", "root", "committed or received"), rows)


@click.command("receive")
@carries(reads="file=letter")
@click.pass_obj
def receive_command(shell: Shell, file: Path) -> None:
    """Take in a partner's commitment, proofs, revocation, decisions, prepared list or wish to forget."""
    from cleanroom.session.post.receiving import receive_file

    with shell.party() as party:
        taken = receive_file(party, file)
    click.echo(f"received  {taken.what} from {taken.partner}")
    for line in taken.lines:
        click.echo(line)
