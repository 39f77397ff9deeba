"""shares: grant, request, lease, open, revoke, list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from cleanroom.number import count_of, verb

if TYPE_CHECKING:
    from cleanroom.session.share.sharing import ListedShare

FILE = click.Path(path_type=Path, dir_okay=False)


#: What the table shows; --json has whole ids, the last use, and who has signed the grant.
_COLUMNS = ("share", "partner", "read", "leases", "state", "until", "days left")

#: Hex digits of an id in the table, which name it to every command, and letters of a partner's name.
_SHORT_ID, _SHORT_NAME = 8, 18


@click.group("shares")
def shares_command() -> None:
    """Fields of shared accounts, each with an end."""


def plain(text: str) -> str:
    """A partner's text on one line of a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


@shares_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List what we show and what is shown to us, and until when.

    The beginning of an id is enough for every command; --json has all of it, and when a share was last used.
    """
    from cleanroom.session.share.sharing import list_shares

    with shell.party() as party:
        shares = list_shares(party)
    if as_json:
        print_json([asdict(share) for share in shares])
        return
    print_table(_COLUMNS, [_row(one) for one in shares])


def _row(one: ListedShare) -> tuple[str | int, ...]:
    partner = one.partner if len(one.partner) <= _SHORT_NAME else one.partner[: _SHORT_NAME - 1] + "…"
    unsigned = one.state == "open" and one.direction == "to" and one.grant == "waiting"
    return (
        one.share[:_SHORT_ID],
        f"{one.direction} {partner}",
        f"{one.read:,}/{one.records:,}{' all' if one.scope == 'all' else ''}",
        "any" if one.leases_left is None else one.leases_left,
        "open, not countersigned" if unsigned else one.state,
        one.until,
        one.days_left,
    )


@shares_command.command("grant")
@click.option("--run", default="", help="The finished run whose accounts are shown; default: the newest.")
@click.option("--all", "all_", is_flag=True, help="Every account of the agreed populations (level all).")
@click.option("--agreement", default="", help="With --all: its id; default: the only one in force.")
@carries(sends="share", to="granted", out="The share file, to send.")
@click.pass_obj
def grant(shell: Shell, run: str, all_: bool, agreement: str, out: Path) -> None:
    """Show the agreed fields of the matched accounts to the partner, sealed, until the end."""
    from cleanroom.session.share.disclosing import disclose_accounts
    from cleanroom.session.share.granting import grant_share

    if (all_ and run) or (agreement and not all_):
        raise click.UsageError("--run is for matched accounts, --agreement for --all.")
    with shell.party() as party:
        granted = disclose_accounts(party, agreement, out) if all_ else [grant_share(party, run, out)]
    for made in granted:
        click.echo(f"share     {made.share} for {made.partner}, {count_of(made.records, 'account')}")
        click.echo(f"fields    {', '.join(made.fields)}")
        click.echo(f"until     {made.until}")
        for reason, count in made.left_out.items():
            click.echo(f"  left out: {count:,}, {reason}")
        tell_out("send", Path(made.file))


@shares_command.command("request")
@click.option("--purpose", required=True, help="One of the purposes in the agreement.")
@carries(
    sends="request", to="share file", out="The request, to send to the granting party.", reads="share=share"
)
@click.pass_obj
def request(shell: Shell, share: Path, purpose: str, out: Path) -> None:
    """Take in a share and ask for a lease to read it."""
    from cleanroom.session.share.sharing import request_lease

    with shell.party() as party:
        asked = request_lease(party, share, purpose, out)
    click.echo(
        f"share     {asked.share} from {asked.partner}, "
        f"{count_of(asked.records, 'account')}, until {asked.until}"
    )
    tell_out("send", out)


@shares_command.command("lease")
@carries(sends="lease", to="request", out="The lease, to send back.", reads="request=request")
@click.pass_obj
def lease(shell: Shell, request: Path, out: Path) -> None:
    """Answer a request: checked against the agreement, the end and the purpose; each read is logged."""
    from cleanroom.session.share.granting import answer_request

    with shell.party() as party:
        given = answer_request(party, request, out)
    click.echo(
        f"lease     {count_of(given.records, 'record')} of {given.share} for {given.partner}, "
        f"until {given.until}"
    )
    tell_out("send back", out)


@shares_command.command("open")
@carries(reads="lease=lease")
@json_option
@click.pass_obj
def open_(shell: Shell, lease: Path, as_json: bool) -> None:
    """Open a share with its lease and keep what it shows, locked, until the end."""
    from cleanroom.session.share.sharing import open_share

    with shell.party() as party:
        opened = open_share(party, lease)
    if as_json:
        print_json(asdict(opened))
        return
    click.echo(f"opened    {count_of(opened.records, 'account')} of {opened.partner}, until {opened.until}")
    click.echo("next: 'overlap matrix', 'overlap export territory'")


@shares_command.command("show")
@click.argument("share")
@click.option("--purpose", required=True, help="What it is read for; the share must be leased for it.")
@click.option("--out", type=FILE, help="A CSV file, logged as an export; beside it the file that undoes it.")
@json_option
@click.pass_obj
def show(shell: Shell, share: str, purpose: str, out: Path | None, as_json: bool) -> None:
    """Show an opened share as a table; checked against the agreement now."""
    from cleanroom.session.share.showing import show_share

    with shell.party() as party:
        shown = show_share(party, share, purpose, out)
    if as_json:
        print_json(asdict(shown))
        return
    if not shown.files:
        print_table(
            ("record", "our accounts", *shown.fields), [[plain(c) for c in row] for row in shown.rows]
        )
    click.echo(
        f"shared    {count_of(len(shown.rows), 'account')} by {shown.partner} for {purpose}, "
        f"until {shown.until}"
    )
    for file in shown.files:
        click.echo(f"wrote     {file}")


@shares_command.command("revoke")
@click.argument("share")
@carries(sends="letter", to="share", out="The signed revocation, to send to the recipient.")
@click.option("--attestation", type=FILE, help="The signed attestation of the destruction, for an auditor.")
@click.pass_obj
def revoke(shell: Shell, share: str, out: Path, attestation: Path | None) -> None:
    """End a share now: its key half is destroyed at once."""
    from cleanroom.session.share.granting import revoke_share
    from cleanroom.session.share.sharing import list_shares

    with shell.party() as party:
        ended = revoke_share(party, share, out, attestation)
        others = [one for one in list_shares(party) if one.direction == "to" and one.state == "open"]
    click.echo(
        f"revoked   {ended.share}: half destroyed; {ended.read:,} of {ended.records:,} records read before"
    )
    tell_out("send", out)
    if others:
        what = f"{count_of(len(others), 'more share')} {verb(len(others), 'is', 'are')} open"
        click.echo(f"careful   {what}; 'overlap shares list' shows them")


@shares_command.command("expire")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--attestation", type=FILE, help="The signed attestations; after the first: FILE-2, and so on.")
@click.pass_obj
def expire(shell: Shell, yes: bool, attestation: Path | None) -> None:
    """Destroy the key halves of all ended shares; you confirm the date, as the second clock."""
    from cleanroom.session.share.granting import expire_shares

    with shell.party() as party:
        if not yes:
            click.confirm(f"is it now {party.today}?", abort=True, err=True)
        ended = expire_shares(party, attestation=attestation)
    for one in ended:
        click.echo(f"ended     {one.share}: {one.read:,} of {one.records:,} records were read before the end")
    if not ended:
        click.echo("no share has ended")
        return
    attested = [one for one in ended if one.attestation is not None]
    read, records = (sum(getattr(one, name) for one in attested) for name in ("read", "records"))
    halves = count_of(len(attested), "half", "halves")
    click.echo(f"attested  {halves} destroyed; {read:,} of {count_of(records, 'record')} read before")
