"""forget: one own account, taken out of everything that is kept here, and asked back from partners."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import open_carrying, tell_sent, via_option
from cleanroom.cli.shell import Shell, json_option, print_json
from cleanroom.number import count_of

if TYPE_CHECKING:
    from cleanroom.session.accounts.forgetting import Forgotten
    from cleanroom.session.post.carrying import Carrying

_NOT_REACHED = (
    "exports, backups and sent files, on either side, and what a modified tool kept",
    "committed claims: their locked openings keep it until you delete claims/own",
)


@click.command("forget")
@click.argument("account")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for partners' files, which are not sent then; default: one in exports/.",
)
@via_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def forget_command(shell: Shell, account: str, out: Path | None, via: str, yes: bool, as_json: bool) -> None:
    """Forget one own account by its id, and write what asks partners to drop it.

    A partner that a carrier reaches is sent its letter. Tables, runs, reviews and opened shares lose it, and
    no import takes it in again. Leases of shares that show it are refused from now on, until you revoke them
    and grant new ones.
    """
    from cleanroom.session.accounts.forgetting import forget_account

    if not yes:
        click.confirm("what is forgotten cannot be brought back; forget it?", abort=True, err=True)
    with open_carrying(shell) as carrying:
        done = forget_account(carrying.party, account, out)
        sent = [] if out else _address(carrying, done, via)
    if as_json:
        print_json(asdict(done))
    else:
        _tell(done, sent)
    if sent:
        with open_carrying(shell) as carrying:
            tell_sent(carrying.deliver(), {"as_json": as_json})


def _address(carrying: Carrying, done: Forgotten, via: str) -> list[str]:
    """Put the letters into the outbox for the partners that a carrier reaches; their names."""
    from cleanroom.session.folder import copy_file
    from cleanroom.session.post.carrying import read_via, via_of
    from cleanroom.session.post.letters import LETTER_LIMIT

    route, reached = read_via(via) if via else "", []
    for one in done.told:
        if one.letter and (there := route or via_of(carrying.party, one.partner)):
            copy_file(Path(one.letter), LETTER_LIMIT, carrying.outgoing(one.partner, "letter", there))
            reached.append(one.partner)
    return reached


def _tell(done: Forgotten, sent: list[str]) -> None:
    rows = ", ".join(f"{count:,} of {name}" for name, count in done.removed.tables.items())
    click.echo(f"removed   {rows or 'no imported row'}")
    removed = done.removed
    click.echo(
        f"          from {count_of(removed.runs, 'run')}, {count_of(removed.reviews, 'decision')}, "
        f"{count_of(removed.releases, 'record')} that partners showed"
    )
    if done.abandoned:
        click.echo(f"ended     {count_of(done.abandoned, 'open run')} that had it")
    for one in done.told:
        click.echo(f"shown to  {one.partner} in {count_of(len(one.shares), 'share')}")
        for share in one.open:
            click.echo(
                f"  careful share {share[:8]} is open: 'overlap shares revoke {share[:8]}', then grant anew"
            )
        click.echo(f"  list    {one.clean_up}")
        if one.partner not in sent:
            click.echo(f"  send    {one.letter or 'no letter: the card is not verified'}")
    for agreement in done.prepared:
        click.echo(f"careful   the list prepared for {agreement} has it until 'overlap match update'")
    click.echo("next      take it out of the CRM; no import here takes it in again")
    for what in _NOT_REACHED:
        click.echo(f"not reached: {what}")
