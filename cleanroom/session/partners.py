"""Cards of partners: taken in unverified, used only after the fingerprint was compared by another channel.

A card that is here changes in three ways, each written to partners/NAME.next first and completed by the
next command when this one is killed: a rotation, which keeps a verified card verified because the recovery
key that signs it was fixed in that card; a revocation; and, after one, a new card to be verified by phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cleanroom.log import log_origin
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.history import Retired, keep_retired, partner_history
from cleanroom.session.keys.retiring import end_everything, is_kept_as, restart_log
from cleanroom.session.party import Party
from cleanroom.session.post.outbox import drop_unsent
from cleanroom.session.room.rooms import tell_rooms
from overlap.errors import Refused, UsageError, WrongRun
from overlap.keys import (
    CARD_LINE,
    REVOCATION_LINE,
    ROTATION_LIMIT_BYTES,
    ROTATION_LINE,
    Card,
    read_revocation,
    read_rotation,
)

CARD_LIMIT = 16_384


@dataclass(frozen=True)
class Partner:
    """One partner as listed; `revoked` when its owner has declared the card dead."""

    name: str
    fingerprint: str
    verified: bool
    revoked: bool = False


def add_partner(party: Party, source: Path, fingerprint: str = "") -> Partner:
    """Keep the card in `source`; verified at once when `fingerprint` is given and equal.

    A rotation or revocation of a card that is here is taken in as such. Raises BadPeerFile for a bad file,
    Refused when another card of that name is here already and not revoked, and UsageError when the card is
    one's own.
    """
    data = read_whole(source, ROTATION_LIMIT_BYTES)
    if data.startswith((ROTATION_LINE, REVOCATION_LINE)):
        if fingerprint:
            raise UsageError("a rotation or revocation has no fingerprint", "leave --fingerprint out")
        return (take_rotation if data.startswith(ROTATION_LINE) else take_card_revocation)(party, source)
    card = Card.from_bytes(data)
    if card.digest == party.keys.card.digest or card.party == party.name:
        raise UsageError("this card has our own name or keys", "give the card that the partner sent")
    if fingerprint:
        _require_same(card, fingerprint)
    if card.party in party.partners() and party.card_of(card.party).digest != card.digest:
        _replace_revoked(party, card)
    write_whole(party.folder.path("partners", f"{card.party}.card"), card.to_bytes())
    if fingerprint:
        _require_alive(party, card.party)
        _mark_verified(party, card)
    return _listed(party, card.party)


def take_rotation(party: Party, source: Path) -> Partner:
    """Put a partner's new card in the place of the one that is here, by its rotation.

    It stays verified when the old one was: the recovery key that signs was fixed in the card compared by
    phone. Runs, shares and agreements under the old card end. Taken in twice it changes nothing.

    Raises BadPeerFile for a bad file, UsageError when no card of that name is here, and Refused for a
    rotation that does not begin at the card that is here, is older than it, or comes after a revocation.
    """
    rotation = read_rotation(read_whole(source, ROTATION_LIMIT_BYTES))
    name = rotation.new.party
    if name == party.name:
        raise UsageError("this is a rotation of our own card", "it is for the partners")
    card = party.card_of(name)
    if card.digest == rotation.new.digest:
        tell_rooms(party, rotation.old, rotation.data)
        return _listed(party, name)
    if party.revoked_at(name) is not None:
        raise Refused(
            "the card of the rotation was revoked: nothing that is signed with it counts any more",
            "ask for the partner's new card, add it, and compare its fingerprint by phone",
        )
    before = {retired.card.digest for retired in partner_history(party.folder, name)}
    if rotation.new.digest in before or rotation.old.digest in before:
        raise Refused(
            "the rotation is an old one: it begins at or leads back to a card that is out of use",
            "nothing needs to be done; call the partner when it was sent as a new one",
        )
    if rotation.old.digest != card.digest:
        raise Refused(
            "the rotation does not begin at the card that is here",
            "take in the partner's rotations in their order; 'overlap keys statement' writes each again",
        )
    party.time_with(name, rotation.time)
    write_whole(party.folder.path("partners", f"{name}.next"), rotation.data)
    complete_partner(party, name)
    tell_rooms(party, rotation.old, rotation.data)
    return _listed(party, name)


def take_card_revocation(party: Party, source: Path) -> Partner:
    """Believe that a partner's card is dead: nothing by it is taken any more, and all that goes on ends.

    Raises BadPeerFile for a bad file, UsageError when no card of that name is here.
    """
    revocation = read_revocation(read_whole(source, ROTATION_LIMIT_BYTES))
    name = revocation.card.party
    card = party.card_of(name)
    if revocation.card.digest != card.digest:
        raise WrongRun(
            "the revocation is of another card than the one that is here",
            "nothing needs to be done when that card was rotated before; else ask the partner",
        )
    if party.revoked_at(name) is None:
        write_whole(party.folder.path("partners", f"{name}.next"), revocation.data)
        complete_partner(party, name)
    tell_rooms(party, revocation.card, revocation.data)
    return _listed(party, name)


def complete_partner(party: Party, name: str) -> None:
    """Complete the change of this partner's card that was begun, if there is one."""
    begun = party.folder.path("partners", f"{name}.next")
    if not begun.is_file():
        return
    data = read_whole(begun, ROTATION_LIMIT_BYTES)
    if data.startswith(REVOCATION_LINE):
        _revoke(party, name, data)
    elif data.startswith(CARD_LINE):
        statement = str(party.folder.read_record("partners", f"{name}.revoked")["statement"])
        _succeed(party, name, Card.from_bytes(data), statement)
        party.folder.path("partners", f"{name}.revoked").unlink()
    else:
        _succeed(party, name, read_rotation(data).new, data.decode())
    begun.unlink()


def verify_partner(party: Party, name: str, fingerprint: str) -> Partner:
    """Mark the card as verified when the fingerprint read out by the partner is the card's."""
    card = party.card_of(name)
    _require_alive(party, name)
    _require_same(card, fingerprint)
    _mark_verified(party, card)
    return Partner(name, card.fingerprint, True)


def remove_partner(party: Party, name: str) -> bool:
    """Take a partner's card out of use: unverified, it takes part in nothing. True when it is forgotten too.

    A card with which something was agreed or shared is kept, because log, agreements and the ends of shares
    still need it.
    """
    party.card_of(name)
    party.folder.path("partners", f"{name}.verified").unlink(missing_ok=True)
    if party.log(name).head().size:
        return False
    for kept in party.folder.names("logs"):
        if kept.startswith(f"{name}.log"):
            party.folder.path("logs", kept).unlink()
    party.folder.path("partners", f"{name}.via").unlink(missing_ok=True)
    party.folder.path("partners", f"{name}.card").unlink()
    return True


def list_partners(party: Party) -> list[Partner]:
    """All partners, by name."""
    return [_listed(party, name) for name in party.partners()]


def _listed(party: Party, name: str) -> Partner:
    revoked = party.revoked_at(name) is not None
    return Partner(name, party.card_of(name).fingerprint, party.is_verified(name), revoked)


def _revoke(party: Party, name: str, data: bytes) -> None:
    # Without the mark, whoever removes the record of the revocation brings no card back to life.
    party.folder.path("partners", f"{name}.verified").unlink(missing_ok=True)
    end_everything(party, name, data)
    drop_unsent(party.folder, name)
    party.folder.write_record({"statement": data.decode(), "time": party.now}, "partners", f"{name}.revoked")


def _replace_revoked(party: Party, card: Card) -> None:
    """Begin with a new card where the old one was revoked; Refused when it was not."""
    if party.revoked_at(card.party) is None:
        raise Refused(
            f"another card of '{card.party}' is here already",
            "a new card comes with a rotation ('overlap keys rotate') or after a revocation; ask the partner",
        )
    if card.digest in {retired.card.digest for retired in partner_history(party.folder, card.party)}:
        raise Refused("this card is out of use", "ask for the partner's present card")
    write_whole(party.folder.path("partners", f"{card.party}.next"), card.to_bytes())
    complete_partner(party, card.party)


def _succeed(party: Party, name: str, card: Card, statement: str) -> None:
    """Put `card` in the place of the one that is here; verified when that one was, and is not revoked."""
    old, own = party.card_of(name), party.keys
    if old.digest == card.digest:
        return
    if is_kept_as(party, name, log_origin(own.card, old)):
        end_everything(party, name, statement.encode())
    drop_unsent(party.folder, name)
    restart_log(party, name, own.card, own, log_origin(own.card, card), statement.encode())
    keep_retired(party.folder, Retired(old, statement, party.now), "partners", "history", name)
    mark = party.folder.path("partners", f"{name}.verified")
    trusted = {party.verified_mark(old), party.verified_mark(card)}
    if mark.is_file() and read_whole(mark, 1024) in trusted:
        write_whole(mark, party.verified_mark(card))
    write_whole(party.folder.path("partners", f"{name}.card"), card.to_bytes())
    party.forget_log(name)


def _require_alive(party: Party, name: str) -> None:
    if party.revoked_at(name) is not None:
        raise Refused("this card was revoked by its owner", "ask for the partner's new card")


def _require_same(card: Card, fingerprint: str) -> None:
    if "".join(fingerprint.split()).upper() != card.fingerprint.replace(" ", ""):
        raise Refused(
            "the fingerprint is not that of the card",
            "do not use this card; ask the partner to send it again and to read out 'overlap card'",
        )


def _mark_verified(party: Party, card: Card) -> None:
    write_whole(party.folder.path("partners", f"{card.party}.verified"), party.verified_mark(card))
