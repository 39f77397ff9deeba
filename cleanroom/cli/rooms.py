"""room join, room list: the rooms through which our files travel."""

from __future__ import annotations

from dataclasses import asdict

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table


@click.command("join")
@click.argument("url")
@click.option("--fingerprint", required=True, help="The room's, as who runs it read it out.")
@click.pass_obj
def join_command(shell: Shell, url: str, fingerprint: str) -> None:
    """Confirm a room's card, keep it, and make our card known there; somebody has to have invited it.

    Then URL can stand in --via and in 'overlap partner via'.
    """
    from cleanroom.session.party import wall_clock
    from cleanroom.session.room.rooms import join_room

    with shell.party() as party:
        room = join_room(party, url, fingerprint, shell.clock or wall_clock)
    click.echo(f"joined       {room.name} at {room.url}")
    click.echo(f"fingerprint  {room.fingerprint}")


@click.command("introduce")
@click.argument("partner")
@click.option("--room", default="", help="The room; not needed while one was joined.")
@click.pass_obj
def introduce_command(shell: Shell, partner: str, room: str) -> None:
    """Invite a verified partner to a room that we have joined: for 14 days it may join too."""
    from cleanroom.moment import moment_of
    from cleanroom.session.party import wall_clock
    from cleanroom.session.room.rooms import introduce

    with shell.party() as party:
        expires = introduce(party, partner, room, shell.clock or wall_clock)
    click.echo(f"invited until {moment_of(expires)}: {partner}")


@click.command("list")
@json_option
@click.pass_obj
def list_command(shell: Shell, as_json: bool) -> None:
    """List the rooms that we have joined."""
    from cleanroom.session.room.rooms import list_rooms

    with shell.party() as party:
        rooms = list_rooms(party)
    if as_json:
        print_json([asdict(room) for room in rooms])
        return
    print_table(("room", "url", "fingerprint"), [(r.name, r.url, r.fingerprint) for r in rooms])
