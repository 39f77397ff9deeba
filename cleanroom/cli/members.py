"""room member, and what a member may look at: inbox, share, log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from cleanroom.moment import moment_of
from cleanroom.number import count_of

if TYPE_CHECKING:
    from cleanroom.session.party import Clock
    from cleanroom.session.room.room_members import MemberKey

FILE = click.Path(path_type=Path, dir_okay=False)

room_option = click.option("--room", default="", help="The room; not needed while one was joined.")
as_option = click.option(
    "--as", "key", type=FILE, required=True, help="The key file; the passphrase asked for is its own."
)


def _clock(shell: Shell) -> Clock:
    from cleanroom.session.party import wall_clock

    return shell.clock or wall_clock


def _key(shell: Shell, key: Path) -> MemberKey:
    from cleanroom.session.room.room_members import read_member_key

    return read_member_key(key, shell.read_passphrase())


@click.group("member")
def member_command() -> None:
    """Colleagues who ask a room that we have joined in our name, each with a key and a role."""


@member_command.command("add")
@click.option(
    "--role", required=True, type=click.Choice(["operator", "auditor", "viewer"]), help="What it may do."
)
@click.option("--out", type=FILE, required=True, help="The key file, to give to the colleague.")
@click.option(
    "--new-passphrase-file",
    type=FILE,
    help="File with the passphrase of the key file; OVERLAP_NEW_PASSPHRASE or a prompt does as well.",
)
@room_option
@click.pass_obj
def add(shell: Shell, role: str, out: Path, new_passphrase_file: Path | None, room: str) -> None:
    """Make a key file for a colleague, under a passphrase of its own, and tell the room its role."""
    from cleanroom.session.room.room_members import add_member

    with shell.party() as party:
        passphrase = shell.replacing_passphrase(party.name, new_passphrase_file)
        member = add_member(party, room, role, passphrase, out, _clock(shell))
    click.echo(f"member    {member.keyid}, {member.role}")
    click.echo(f"key file  {out}")


@member_command.command("list")
@room_option
@json_option
@click.pass_obj
def list_(shell: Shell, room: str, as_json: bool) -> None:
    """List the keys that sign for us at a room; our card's own is an admin.

    After a restore of the room every other one is suspended, until it is confirmed or removed.
    """
    from cleanroom.session.room.room_members import list_members

    with shell.party() as party:
        members = list_members(party, room, _clock(shell))
    if as_json:
        print_json([asdict(one) for one in members])
        return
    print_table(("member", "role", "state"), [(one.keyid, one.role, one.state) for one in members])


@member_command.command("confirm")
@click.argument("member")
@room_option
@click.pass_obj
def confirm(shell: Shell, member: str, room: str) -> None:
    """Let a member in again that a restored room has suspended; MEMBER is the beginning of its id.

    The room's backup does not know who was removed after it was made. Remove who was.
    """
    from cleanroom.session.room.room_members import confirm_member

    with shell.party() as party:
        confirmed = confirm_member(party, room, member, _clock(shell))
    click.echo(f"confirmed {confirmed.keyid}, {confirmed.role}")


@member_command.command("remove")
@click.argument("member")
@room_option
@click.pass_obj
def remove(shell: Shell, member: str, room: str) -> None:
    """End the rights of a member at once; MEMBER is the beginning of its id."""
    from cleanroom.session.room.room_members import remove_member

    with shell.party() as party:
        removed = remove_member(party, room, member, _clock(shell))
    click.echo(f"removed   {removed.keyid}, {removed.role}")


@click.command("inbox")
@as_option
@json_option
@click.pass_obj
def inbox_command(shell: Shell, key: Path, as_json: bool) -> None:
    """What waits at the room for the party; for operators and viewers."""
    from cleanroom.session.room.room_members import see_inbox

    waiting = see_inbox(_key(shell, key), _clock(shell))
    if as_json:
        print_json([asdict(one) for one in waiting])
        return
    rows = [(one.kind, f"{one.size:,}", one.sender[:16], one.time) for one in waiting]
    print_table(("kind", "bytes", "sender", "since"), rows)


@click.command("share")
@click.argument("share")
@as_option
@json_option
@click.pass_obj
def share_command(shell: Shell, share: str, key: Path, as_json: bool) -> None:
    """How a share stands whose half the room holds; for every role. SHARE is its whole id."""
    from cleanroom.session.room.room_members import see_share

    stands = see_share(_key(shell, key), share, _clock(shell))
    facts: dict[str, Any] = {
        "share": share, "records": stands.records, "read": stands.read, "until": moment_of(stands.until),
        "ended": stands.reason, "destroyed": moment_of(stands.destroyed) if stands.destroyed else "",
    }  # fmt: skip
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name:<9} {value}".rstrip())


@click.command("log")
@click.argument("peer", metavar="CARD-DIGEST")
@as_option
@json_option
@click.pass_obj
def log_command(shell: Shell, peer: str, key: Path, as_json: bool) -> None:
    """Check the room's log of the party and the partner with this card; for operators and auditors."""
    from cleanroom.session.room.room_members import see_log

    seen = see_log(_key(shell, key), peer, _clock(shell))
    if as_json:
        print_json(asdict(seen))
        return
    print_table(("time", "event"), seen.events)
    click.echo(f"verified  {count_of(seen.size, 'entry')}, root {seen.root[:16]}…")
