"""init, card, partner: who we are and whom we know."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.keys import recovery_passphrase, recovery_passphrase_option
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, remember_passphrase

if TYPE_CHECKING:
    from cleanroom.session.partners import Partner


@click.command("init")
@click.option("--party", "name", required=True, help="A short name: a-z, 0-9 and '-'.")
@click.option(
    "--dir", "root", type=click.Path(path_type=Path, file_okay=False), help="The folder to make it in."
)
@click.option("--keyring", "use_keyring", is_flag=True, help="Keep the passphrase in the system keyring.")
@click.option(
    "--recovery",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the recovery key goes; default: recovery.key in the folder, to be moved offline.",
)
@recovery_passphrase_option
@click.pass_obj
def init_command(
    shell: Shell,
    name: str,
    root: Path | None,
    use_keyring: bool,
    recovery: Path | None,
    recovery_passphrase_file: Path | None,
) -> None:
    """Make a party: its folder, its keys, and the recovery key that lies offline.

    The recovery key replaces the others when they are stolen and ends the card when they are lost.
    """
    from cleanroom.session.party import RECOVERY_FILE, create_party

    root = root or shell.root
    passphrase = shell.new_passphrase()
    own = recovery_passphrase(recovery_passphrase_file)
    card = create_party(root, name, passphrase, recovery=recovery, recovery_passphrase=own)
    if use_keyring:
        remember_passphrase(root, passphrase)
    click.echo(f"made party {name} in {root}")
    click.echo(f"fingerprint  {card.fingerprint}")
    click.echo(f"recovery key in {recovery or root / RECOVERY_FILE}: move it offline")
    click.echo("next: 'overlap card --out FILE' writes the card to send to a partner")


@click.command("card")
@carries(sends="card", to="partner", out="Write the card to this file.", needed=False)
@click.option("--partner", default="", help="Send the card to this partner.")
@json_option
@click.pass_obj
def card_command(shell: Shell, partner: str, out: Path | None, as_json: bool) -> None:
    """Show our fingerprint, and write the card to send to a partner."""
    from cleanroom.session.folder import write_whole
    from overlap.errors import UsageError

    if partner and out is None:
        raise UsageError("no carrier is known for this card", "give --via, or set 'overlap partner via'")
    with shell.party() as party:
        card = party.keys.card
        if out:
            write_whole(out, card.to_bytes())
    if as_json:
        print_json({"party": card.party, "fingerprint": card.fingerprint, "digest": card.digest.hex()})
        return
    click.echo(f"party        {card.party}")
    click.echo(f"fingerprint  {card.fingerprint}")
    tell_out("card in     ", out)
    click.echo("send the card by mail; read the fingerprint out by phone")


@click.group("partner")
def partner_command() -> None:
    """Cards of partners."""


@partner_command.command("add")
@carries(reads="card=card")
@click.option("--fingerprint", default="", help="As the partner read it out; marks the card as verified.")
@click.pass_obj
def add(shell: Shell, card: Path, fingerprint: str) -> None:
    """Take in a partner's card and show its fingerprint to compare by phone.

    A rotation or a revocation of a card that is here is taken in as such.
    """
    from cleanroom.session.partners import add_partner
    from cleanroom.session.post.outbox import unsent

    with shell.party() as party:
        before = len(unsent(party.folder))
        partner = add_partner(party, card, fingerprint)
        dropped = before - len(unsent(party.folder))
    _show_taken(partner, "verified: the fingerprint is the one you gave" if fingerprint else _STILL, dropped)


@partner_command.command("rotate")
@carries(reads="file=rotation")
@click.pass_obj
def rotate(shell: Shell, file: Path) -> None:
    """Take in a partner's rotation: its new card takes the place of the old one.

    A verified card stays verified, because the recovery key that signs the rotation was fixed in the card
    compared by phone. Open runs, shares and agreements under the old card end.
    """
    from cleanroom.session.partners import take_rotation
    from cleanroom.session.post.outbox import unsent

    with shell.party() as party:
        before = len(unsent(party.folder))
        partner = take_rotation(party, file)
        dropped = before - len(unsent(party.folder))
    _show_taken(partner, _STILL, dropped)
    click.echo("open runs, shares and agreements under the old card have ended: agree anew")


@partner_command.command("revoke")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def revoke(shell: Shell, file: Path) -> None:
    """Take in a partner's revocation: its card is dead, all that goes on with it ends, its log stays."""
    from cleanroom.session.partners import take_card_revocation
    from cleanroom.session.post.outbox import unsent

    with shell.party() as party:
        before = len(unsent(party.folder))
        partner = take_card_revocation(party, file)
        dropped = before - len(unsent(party.folder))
    _show_taken(partner, _STILL, dropped)


_STILL = "verified: its fingerprint, or that of the card before it, was compared"


def _show_taken(partner: Partner, verified: str, dropped: int) -> None:
    click.echo(f"partner      {partner.name}")
    click.echo(f"fingerprint  {partner.fingerprint}")
    if partner.revoked:
        click.echo(
            "REVOKED: nothing by this card is taken any more; ask for a new card and compare it by phone"
        )
    elif partner.verified:
        click.echo(verified)
    else:
        click.echo("NOT VERIFIED: no match and no share until you compare the fingerprint by phone, then run")
        click.echo(f'  overlap partner verify {partner.name} --fingerprint "..."')
    if dropped:
        click.echo(f"removed      {dropped:,} from the outbox: sealed to the card that is out of use")


@partner_command.command("verify")
@click.argument("name")
@click.option("--fingerprint", required=True, help="As the partner read it out.")
@click.pass_obj
def verify(shell: Shell, name: str, fingerprint: str) -> None:
    """Confirm a card by the fingerprint that the partner read out."""
    from cleanroom.session.partners import verify_partner

    with shell.party() as party:
        verify_partner(party, name, fingerprint)
    click.echo(f"verified: {name}")


@partner_command.command("via")
@click.argument("name")
@click.argument("carrier")
@click.pass_obj
def via(shell: Shell, name: str, carrier: str) -> None:
    """Remember how files go to and from a partner: folder:PATH, https://ROOM, or none for files by hand.

    Commands that write a file for this partner or read one need no --out and no FILE any more.
    """
    from cleanroom.session.post.carrying import keep_via

    with shell.party() as party:
        kept = keep_via(party, name, carrier)
    click.echo(f"{name}: by {kept}" if kept else f"{name}: by hand")


@partner_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List the partners whose cards are here."""
    from cleanroom.session.partners import list_partners

    with shell.party() as party:
        partners = list_partners(party)
    if as_json:
        print_json([asdict(partner) for partner in partners])
        return
    states = ["REVOKED" if p.revoked else "yes" if p.verified else "NO" for p in partners]
    rows = [(p.name, p.fingerprint, state) for p, state in zip(partners, states, strict=True)]
    print_table(("partner", "fingerprint", "verified"), rows)


@partner_command.command("remove")
@click.argument("name")
@click.pass_obj
def remove(shell: Shell, name: str) -> None:
    """Take a partner's card out of use; logs, runs and shares stay, and end when they end."""
    from cleanroom.session.partners import remove_partner

    with shell.party() as party:
        forgotten = remove_partner(party, name)
    click.echo(
        f"removed the card of {name}" if forgotten else f"out of use: {name}; its card stays for the log"
    )
