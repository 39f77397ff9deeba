"""room: neutral ground between parties, run by whoever they trust to run it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.members import inbox_command, log_command, member_command, share_command
from cleanroom.cli.rooms import introduce_command, join_command, list_command
from cleanroom.cli.shell import Shell, json_option, print_json
from cleanroom.moment import moment_of
from overlap.errors import UsageError

if TYPE_CHECKING:
    from overlap.keys import PartyKeys


@click.group("room")
def room_command() -> None:
    """A room between parties: it relays, holds halves of shares and witnesses, and reads none of it."""
    needed = ("fastapi", "http_message_signatures", "prometheus_client", "uvicorn")
    if not all(map(find_spec, needed)):
        raise UsageError("the packages of a room are not installed", "pip install 'account-overlap[room]'")


room_command.add_command(join_command)
room_command.add_command(list_command)
room_command.add_command(introduce_command)
for _command in (member_command, inbox_command, share_command, log_command):
    room_command.add_command(_command)


def _unlock(shell: Shell) -> Callable[[bytes], PartyKeys]:
    from overlap.keys import PartyKeys

    return lambda locked: PartyKeys.from_locked(locked, shell.read_passphrase())


def _clock(shell: Shell) -> Callable[[], int]:
    from cleanroom.session.party import wall_clock

    return shell.clock or wall_clock


@room_command.command("init")
@click.option("--name", required=True, help="A short name: a-z, 0-9 and '-'.")
@click.pass_obj
def init(shell: Shell, name: str) -> None:
    """Make a room: its folder and its keys."""
    from cleanroom.room import create_room

    card = create_room(shell.root, name, shell.new_passphrase(), secrets.token_bytes)
    click.echo(f"made room {name} in {shell.root}")
    click.echo(f"fingerprint  {card.fingerprint}")
    click.echo("next: 'overlap room invite DIGEST' for each first party, then 'overlap room serve'")


@room_command.command("card")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the card to this file.")
@json_option
@click.pass_obj
def card_(shell: Shell, out: Path | None, as_json: bool) -> None:
    """Show the room's fingerprint, and write its card for the parties."""
    from cleanroom.room import room_card
    from cleanroom.session.folder import write_whole

    card = room_card(shell.root)
    if out:
        write_whole(out, card.to_bytes())
    if as_json:
        print_json({"room": card.party, "fingerprint": card.fingerprint, "digest": card.digest.hex()})
        return
    click.echo(f"room         {card.party}")
    click.echo(f"fingerprint  {card.fingerprint}")
    click.echo(f"digest       {card.digest.hex()}")
    if out:
        click.echo(f"card in      {out}")


@room_command.command("invite")
@click.argument("digest", metavar="CARD-DIGEST")
@click.pass_obj
def invite(shell: Shell, digest: str) -> None:
    """Let a party register its card within 14 days; a server that runs knows it at once."""
    from cleanroom.room import invite_here

    expires = invite_here(shell.root, digest, shell.now())
    click.echo(f"invited until {moment_of(expires)}: {digest}")


@room_command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8443, show_default=True, type=click.IntRange(1, 65535), help="Its port.")
@click.option("--url", default="", help="How clients reach the room; default: scheme, host and port.")
@click.option(
    "--tls-cert", type=click.Path(path_type=Path, dir_okay=False), help="PEM: the certificate chain."
)
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="PEM: its private key.")
@click.option("--insecure-http", is_flag=True, help="No TLS; on loopback only, behind a proxy that has it.")
@click.option(
    "--requests-per-minute",
    default=600,
    show_default=True,
    type=click.IntRange(1),
    help="Quota of each party.",
)
@click.option(
    "--stored-mib",
    default=4096,
    show_default=True,
    type=click.IntRange(1),
    help="MiB of messages of each party that may wait at once.",
)
@click.option(
    "--open-messages",
    default=1000,
    show_default=True,
    type=click.IntRange(1),
    help="Messages of each party that may wait at once.",
)
@click.option(
    "--disk-limit",
    default=65_536,
    show_default=True,
    type=click.IntRange(1),
    metavar="MIB",
    help="MiB on the disk of all parties together, from which on nothing new is taken.",
)
@click.pass_obj
def serve(
    shell: Shell,
    host: str,
    port: int,
    url: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    insecure_http: bool,
    requests_per_minute: int,
    stored_mib: int,
    open_messages: int,
    disk_limit: int,
) -> None:
    """Serve the room until it is stopped."""
    from cleanroom.room import Quotas, choose_address, open_room, serve_room

    address = choose_address(host, port, url, tls_cert, tls_key, insecure_http)
    quotas = Quotas(
        requests=requests_per_minute,
        stored_bytes=stored_mib * 2**20,
        open_messages=open_messages,
        disk_bytes=disk_limit * 2**20,
    )
    with open_room(shell.root, _unlock(shell), _clock(shell), secrets.token_bytes, quotas) as room:
        for finding in room.findings:
            click.echo(f"note: {finding}", err=True)

        def ready() -> None:
            click.echo(f"room {room.keys.party} at {address.url}")
            click.echo(f"fingerprint  {room.keys.card.fingerprint}")

        serve_room(room, address, ready)
    click.echo("stopped")


@room_command.command("backup")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
)
@click.pass_obj
def backup(shell: Shell, folder: Path, out: Path) -> None:
    """Write everything but the vault to one file. The server must be stopped."""
    from cleanroom.room import backup_room
    from cleanroom.session.folder import replacing_file

    with replacing_file(out) as file:
        count = backup_room(folder, file, shell.now())
    click.echo(f"{count} files in {out}; the vault is in no backup")


@room_command.command("restore")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that 'room backup' has written.",
)
@click.pass_obj
def restore(shell: Shell, folder: Path, source: Path) -> None:
    """Put a backup in the place of a room; its vault stays, where there is one.

    No lease is given in a pair before both parties have shown their newest cosigned checkpoint of its log.
    """
    from cleanroom.room import restore_room
    from cleanroom.session.folder import open_file

    with open_file(source, 2**40) as file:
        count = restore_room(folder, file, shell.now())
    click.echo(f"restored {count} files to {folder}")
    click.echo("leases wait until both parties of a pair have cosigned its log again")
