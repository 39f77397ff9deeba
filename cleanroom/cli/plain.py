"""What the money commands share: a group that may be called with a file, and a person's own key."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.shell import OverlapGroup, read_passphrase_file

if TYPE_CHECKING:
    from overlap.keys import PartyKeys

_FILE = click.Path(path_type=Path, dir_okay=False)


class PlainOrNamed(OverlapGroup):
    """A group whose first word may be a file or name in place of a command: `plain` is called with it."""

    def __init__(self, *words: Any, plain: str, **others: Any) -> None:
        super().__init__(*words, **others)
        self.plain = plain

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The named command, or the plain one."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = [self.plain, *args]
        return super().resolve_command(ctx, args)


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--as` with a person's key file, and where its passphrase is."""
    command = click.option(
        "--key-passphrase-file",
        type=_FILE,
        help="File with the passphrase of the key; OVERLAP_KEY_PASSPHRASE or a prompt does as well.",
    )(command)
    return click.option(
        "--as", "key", type=_FILE, required=True, help="The key file of the person who acts."
    )(command)


def approver_key(key: Path, source: Path | None) -> PartyKeys:
    """The person's keys in a key file."""
    from cleanroom.session.attribution.money_books import read_key

    given = os.environ.get("OVERLAP_KEY_PASSPHRASE")
    if source is not None:
        given = read_passphrase_file(source, "--key-passphrase-file")
    if given is None:
        given = str(click.prompt("passphrase of the key", hide_input=True, err=True))
    return read_key(key, given)
