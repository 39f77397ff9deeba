"""Cards of partners: taken in unverified, used only after the fingerprint was compared by another channel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap.errors import Refused, UsageError
from overlap.keys import Card

CARD_LIMIT = 16_384


@dataclass(frozen=True)
class Partner:
    """One partner as listed."""

    name: str
    fingerprint: str
    verified: bool


def add_partner(party: Party, source: Path, fingerprint: str = "") -> Partner:
    """Keep the card in `source`; verified at once when `fingerprint` is given and equal.

    Raises BadPeerFile for a bad card, Refused when another card of that name is here already, and UsageError
    when the card is one's own.
    """
    card = Card.from_bytes(read_whole(source, CARD_LIMIT))
    if card.digest == party.keys.card.digest or card.party == party.name:
        raise UsageError("this card has our own name or keys", "give the card that the partner sent")
    if card.party in party.partners() and party.card_of(card.party).digest != card.digest:
        raise Refused(
            f"another card of '{card.party}' is here already",
            "ask the partner which one is right; a card with a history stays, a new one takes another name",
        )
    if fingerprint:
        require_same(card, fingerprint)
    write_whole(party.folder.path("partners", f"{card.party}.card"), card.to_bytes())
    if fingerprint:
        _mark_verified(party, card)
    return Partner(card.party, card.fingerprint, party.is_verified(card.party))


def verify_partner(party: Party, name: str, fingerprint: str) -> Partner:
    """Mark the card as verified when the fingerprint read out by the partner is the card's."""
    card = party.card_of(name)
    require_same(card, fingerprint)
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
    return [
        Partner(name, party.card_of(name).fingerprint, party.is_verified(name)) for name in party.partners()
    ]


def require_same(card: Card, fingerprint: str) -> None:
    """Refused when the fingerprint that was read out is not the card's."""
    if "".join(fingerprint.split()).upper() != card.fingerprint.replace(" ", ""):
        raise Refused(
            "the fingerprint is not that of the card",
            "do not use this card; ask the partner to send it again and to read out 'overlap card'",
        )


def _mark_verified(party: Party, card: Card) -> None:
    write_whole(party.folder.path("partners", f"{card.party}.verified"), party.verified_mark(card))
