"""room: the rooms through which files travel."""

from __future__ import annotations

import click

from cleanroom.cli.rooms import join_command, list_command


@click.group("room")
def room_command() -> None:
    """A room: neutral ground between parties, which carries what it cannot read."""


room_command.add_command(join_command)
room_command.add_command(list_command)
