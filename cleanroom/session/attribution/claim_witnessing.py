"""Claims logs of others: checked against the last we saw, cosigned, and kept with any contradiction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import (
    CLAIMS_LOG_LIMIT,
    CONFLICT_LIMIT,
    ClaimsLog,
    Conflict,
    cosign_claims,
    require_growth,
)
from cleanroom.log import witness_key
from cleanroom.moment import moment_of
from cleanroom.session.attribution.claims_log import read_claims_log
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.history import partner_history
from cleanroom.session.party import Party
from overlap.errors import ForgedFile, UsageError
from overlap.keys import CARD_LINE, Card


@dataclass(frozen=True)
class WitnessedLog:
    """A claims log that we cosigned: whose, how many epochs it has, when, and by which name of ours."""

    owner: str
    epochs: int
    time: str
    witness: str


def witness_file(party: Party, source: Path, card: Path | None, out: Path) -> WitnessedLog:
    """Cosign the claims log in a file, after comparing it with the last we saw of it.

    Raises ForgedFile for a fork or a log of nobody known here, Refused for a smaller one or a clock that went
    back. A contradiction is kept as a proof.
    """
    shown = read_claims_log(source)
    partner, cards = _owner(party, shown, card)
    cosigned = seen_log(party, shown.origin, cosigned_only=True)
    last = _last_cosigned(party, shown.origin)
    require_seen(party, partner, shown)
    made = cosign_claims(shown, cosigned, last, party.keys, party.now)
    if partner in party.partners() and (cosigned is None or len(cosigned.entries) < len(made.entries)):
        root = hashlib.sha256(made.note.text.encode()).digest()
        party.note(partner, "checkpoint", cosigned=root, entries=len(made.entries))
    keep_seen(party, made, cosigned=True)
    write_whole(out, made.to_text().encode())
    ours = witness_key(party.keys.card)
    second = made.note.signed_by(ours) or 0
    return WitnessedLog(partner or cards[0].party, len(made.entries), moment_of(second), ours.name)


def own_witness_key(party: Party, card: Path | None) -> str:
    """Our public key as a witness, or that of the card in a file, as claims terms name it."""
    owner = party.keys.card if card is None else Card.from_bytes(read_whole(card, 16_384))
    return witness_key(owner).to_text()


def cards_of(party: Party, partner: str) -> list[Card]:
    """A partner's cards, the present one first."""
    earlier = [one.card for one in partner_history(party.folder, partner)]
    return [party.card_of(partner), *reversed(earlier)]


def seen_log(party: Party, origin: str, *, cosigned_only: bool = False) -> ClaimsLog | None:
    """The newest claims log of that name that we saw, or that we cosigned."""
    place = party.folder.path("claims", "seen", _name(origin) + (".cosigned" if cosigned_only else ".log"))
    if not place.is_file():
        return None
    return ClaimsLog.from_text(read_whole(place, CLAIMS_LOG_LIMIT).decode("utf-8", errors="replace"))


def require_seen(party: Party, partner: str, shown: ClaimsLog) -> None:
    """Return unless `shown` contradicts the log that we saw; then keep both and raise ForgedFile."""
    known = seen_log(party, shown.origin)
    if known is None or not known.conflicts_with(shown):
        return
    if partner:
        keep_conflict(party, partner, Conflict(known, shown))
    require_growth(known, shown)


def keep_seen(party: Party, log: ClaimsLog, *, cosigned: bool = False) -> None:
    """Remember a log whose owner's signature was checked and that goes on from the last we saw."""
    known = seen_log(party, log.origin)
    name = _name(log.origin)
    if known is None or len(log.entries) >= len(known.entries):
        write_whole(party.folder.path("claims", "seen", f"{name}.log"), log.to_text().encode())
    if cosigned:
        write_whole(party.folder.path("claims", "seen", f"{name}.cosigned"), log.to_text().encode())


def keep_conflict(party: Party, partner: str, conflict: Conflict) -> None:
    """Keep two contradicting logs of a partner: from now on its claims win nothing."""
    place = party.folder.path("claims", "conflicts", partner)
    if not place.is_file():
        data = conflict.to_bytes()
        party.note(partner, "checkpoint", refused=1, shown=hashlib.sha256(data).digest())
        write_whole(place, data)


def is_contradicted(party: Party, partner: str) -> bool:
    """Whether we hold two claims logs of that partner that contradict each other."""
    place = party.folder.path("claims", "conflicts", partner)
    if not place.is_file():
        return False
    Conflict.from_bytes(read_whole(place, CONFLICT_LIMIT)).require_signed(cards_of(party, partner))
    return True


def take_conflict(party: Party, data: bytes) -> tuple[str, int]:
    """Check a proof of two contradicting logs and keep it; the partner and the first epoch that differs."""
    conflict = Conflict.from_bytes(data)
    partner, cards = _owner(party, conflict.first, None)
    conflict.require_signed(cards)
    keep_conflict(party, partner, conflict)
    pairs = zip(conflict.first.entries, conflict.second.entries, strict=False)
    return partner, next(epoch for epoch, (one, other) in enumerate(pairs, start=1) if one != other)


def _owner(party: Party, log: ClaimsLog, card: Path | None) -> tuple[str, list[Card]]:
    """Whose log it is, "" for somebody who is no partner, and the cards; ForgedFile when it is nobody's."""
    if card is not None:
        data = read_whole(card, 16_384)
        if not data.startswith(CARD_LINE):
            raise UsageError("this is not a card", "give the file made by 'overlap card'")
        cards = [Card.from_bytes(data)]
        log.signer(cards)
        names = [name for name in party.partners() if party.card_of(name) == cards[0]]
        return (names[0] if names else ""), cards
    for partner in party.partners():
        cards = cards_of(party, partner)
        try:
            log.signer(cards)
        except ForgedFile:
            continue
        return partner, cards
    raise ForgedFile(
        "the claims log is signed by no card that is known here",
        "add the owner's card with 'overlap partner add', or give --card FILE",
    )


def _last_cosigned(party: Party, origin: str) -> int:
    log = seen_log(party, origin, cosigned_only=True)
    keys = [witness_key(card) for card in party.known_cards()]
    times = [log.note.signed_by(key) for key in keys] if log else []
    return max((time for time in times if time is not None), default=0)


def _name(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()[:32]
