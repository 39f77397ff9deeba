"""keys and doctor: what becomes of our keys, and whether everything here is as it should be."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import open_carrying, tell_sent, via_option
from cleanroom.cli.shell import (
    Shell,
    in_keyring,
    json_option,
    print_json,
    print_table,
    read_passphrase_file,
    replace_in_keyring,
)
from overlap.errors import Refused, UsageError

if TYPE_CHECKING:
    from cleanroom.session.post.carrying import Carrying

_FILE = click.Path(path_type=Path, dir_okay=False)

recovery_option = click.option(
    "--recovery", type=_FILE, required=True, help="The file with the recovery key."
)
recovery_passphrase_option = click.option(
    "--recovery-passphrase-file",
    type=_FILE,
    help="File with the passphrase of the recovery key; OVERLAP_RECOVERY_PASSPHRASE does as well. Without one"
    " it is that of the party's keys.",
)


def recovery_passphrase(given: Path | None) -> str | None:
    """The passphrase of a recovery file where it has one of its own."""
    if given is not None:
        return read_passphrase_file(given, "--recovery-passphrase-file")
    return os.environ.get("OVERLAP_RECOVERY_PASSPHRASE")


@click.group("keys")
def keys_command() -> None:
    """Rotate, revoke and lock our keys; docs/keys.md says when."""


@keys_command.command("rotate")
@recovery_option
@recovery_passphrase_option
@click.option(
    "--next-recovery",
    type=_FILE,
    help="Where the next recovery key goes; default: recovery-N.key in the folder.",
)
@click.option("--out", type=_FILE, help="Write the rotation here, for every partner.")
@via_option
@click.pass_obj
def rotate(
    shell: Shell,
    recovery: Path,
    recovery_passphrase_file: Path | None,
    next_recovery: Path | None,
    out: Path | None,
    via: str,
) -> None:
    """New keys under our name. Open runs, shares and agreements end; partners who verified us still do.

    The recovery key is used up and a next one made. A command that was stopped is completed by the next
    command; run it again with the same recovery file, or 'keys statement', to have the rotation written.
    """
    from cleanroom.session.keys.rotating import rotate_keys, write_rotation

    own = shell.read_passphrase()
    locked = recovery_passphrase(recovery_passphrase_file) or own
    with open_carrying(shell) as carrying:
        party, places = carrying.party, _places(carrying, out, via)
        done = rotate_keys(party, own, (recovery, locked), (next_recovery, locked), places[0])
        for place in places[1:]:
            write_rotation(party.folder, done.number, place)
    click.echo(f"rotation {done.number}" + (f" in {out}: send it to every partner" if out else ""))
    click.echo(f"fingerprint  {done.fingerprint}")
    if done.recovery:
        click.echo(f"recovery key in {done.recovery}: move it offline, and destroy the one before")
    click.echo("open runs, shares and agreements under the old card have ended: agree anew")
    _send(shell, out)


@keys_command.command("statement")
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--out", type=_FILE, help="Write the rotation here.")
@via_option
@click.pass_obj
def statement(shell: Shell, number: int | None, out: Path | None, via: str) -> None:
    """Write a rotation again, by its NUMBER; without one the last."""
    from cleanroom.session.keys.rotating import write_rotation

    with open_carrying(shell) as carrying:
        for place in _places(carrying, out, via):
            past = write_rotation(carrying.party.folder, number or 0, place)
    click.echo(f"rotation {past.number}" + (f" in {out}" if out else ""))
    _send(shell, out)


def _places(carrying: Carrying, out: Path | None, via: str) -> list[Path]:
    """Where to write a rotation: at `out`, else in the outbox for every partner that a carrier reaches."""
    from cleanroom.session.post.carrying import read_via, via_of

    if out is not None:
        return [out]
    route, party = read_via(via) if via else "", carrying.party
    routes = {
        name: route or via_of(party, name) for name in party.partners() if party.revoked_at(name) is None
    }
    places = [carrying.outgoing(name, "rotation", one) for name, one in routes.items() if one]
    if not places:
        raise UsageError("no place to write to is given", "give --out FILE, or --via CARRIER")
    return places


def _send(shell: Shell, out: Path | None) -> None:
    """Send what lies in the outbox, under the keys as they are now; nothing when a file was asked for."""
    if out is None:
        with open_carrying(shell) as carrying:
            tell_sent(carrying.deliver(), {})


@keys_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List our cards: those that were rotated, and the present one."""
    from cleanroom.moment import moment_of
    from cleanroom.session.keys.rotating import list_past

    with shell.party() as party:
        past, card, revoked = list_past(party.folder), party.keys.card, party.is_revoked
    state = "revoked" if revoked else "in use"
    if as_json:
        present = {"number": len(past) + 1, "fingerprint": card.fingerprint, "state": state}
        print_json([*(asdict(one) | {"state": "rotated"} for one in past), present])
        return
    rows = [(one.number, one.fingerprint, f"rotated {moment_of(one.time)}") for one in past]
    print_table(("card", "fingerprint", "state"), [*rows, (len(past) + 1, card.fingerprint, state)])


@keys_command.command("revoke")
@recovery_option
@recovery_passphrase_option
@click.option("--card", type=_FILE, help="The card to revoke; default: that of the party in this folder.")
@click.option("--out", type=_FILE, required=True, help="Write the revocation here, for every partner.")
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be taken back.")
@click.pass_obj
def revoke(
    shell: Shell,
    recovery: Path,
    recovery_passphrase_file: Path | None,
    card: Path | None,
    out: Path,
    yes: bool,
) -> None:
    """Declare our card dead with the recovery key alone: when the other keys are lost or stolen.

    No key of the folder is opened. Partners who take it in refuse everything by the card and keep its log.
    """
    from cleanroom.session.folder import Folder
    from cleanroom.session.keys.rotating import revoke_card

    if not yes:
        click.confirm("a revoked card never comes back to life; go on?", abort=True, err=True)
    passphrase = recovery_passphrase(recovery_passphrase_file) or shell.read_passphrase()
    dead = revoke_card(Folder(shell.root), (recovery, passphrase), card, out, shell.now())
    click.echo(f"revocation in {out}: send it to every partner, and call")
    click.echo(f"dead  {dead.fingerprint}")
    click.echo("next: 'overlap init' in another folder, and send the new card")


@keys_command.command("passphrase")
@click.option(
    "--new-passphrase-file",
    type=_FILE,
    help="File with the new passphrase; OVERLAP_NEW_PASSPHRASE or a prompt does as well.",
)
@click.pass_obj
def passphrase(shell: Shell, new_passphrase_file: Path | None) -> None:
    """Change the passphrase of the keys, and in the system keyring when it is there.

    Who has an old copy of the key file and the old passphrase still has the keys: rotate then.
    """
    from cleanroom.session.keys.rotating import change_passphrase

    with shell.party() as party:
        fresh = shell.replacing_passphrase(party.name, new_passphrase_file)
        with replace_in_keyring(shell.root, fresh) if in_keyring(shell.root) else nullcontext():
            change_passphrase(party, fresh)
    click.echo("the passphrase is changed; the recovery file keeps its own")


@click.command("doctor")
@json_option
@click.pass_obj
def doctor_command(shell: Shell, as_json: bool) -> None:
    """Check keys, folder, logs, shares and this machine; one line each, and how to repair it.

    Nothing secret and no name is printed, so that it can be mailed. Exit code 3 when something is to be
    repaired.
    """
    from cleanroom.session.keys.doctoring import examine

    findings = examine(shell.root, shell.unlock, shell.clock)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{finding.state:<7} {finding.about:<12} {finding.what}")
            if finding.repair:
                click.echo(f"{'':<20} → {finding.repair}")
    wrong = sum(finding.state == "REPAIR" for finding in findings)
    if wrong:
        raise Refused(f"{wrong} to be repaired", "do what stands behind the arrows, then run it again")
