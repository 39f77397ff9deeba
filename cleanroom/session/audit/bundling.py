"""A bundle of what happened with one partner, gathered from the folder; and one verified without a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleanroom.bundle import (
    BUNDLE_LIMIT_BYTES,
    Report,
    make_bundle,
    verify_bundle,
)
from cleanroom.receipts import STATEMENT_LIMIT_BYTES, statement_digest
from cleanroom.session.agreement.agreements import AGREEMENT_LIMIT, agreements_with
from cleanroom.session.audit.periods import log_periods
from cleanroom.session.audit.receipting import collect_endings, kept_receipts
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from cleanroom.session.room.rooms import room_cards
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.share.lent_shares import room_endings
from overlap.errors import Refused
from overlap.keys import Card

#: What a bundle opens: entries that commit to receipts and agreements in it, or nothing.
DISCLOSE = ("receipts", "none")


@dataclass(frozen=True)
class Bundled:
    """A bundle as written."""

    partner: str
    entries: int
    agreements: int
    receipts: int
    opened: int
    size: int


def write_bundle(party: Party, partner: str, out: Path, disclose: str = "receipts") -> Bundled:
    """Write all that shows what happened with `partner`, and nothing about any account, to `out`.

    The logs go as they are, those under earlier cards too. Their digests stay closed but for those of entries
    that commit to a receipt or an agreement in the bundle; with `disclose` "none" those stay closed too.
    """
    card = party.card_of(partner)
    collect_endings(party, partner)
    periods = log_periods(party, partner)
    agreements = dict(_agreements(party, partner))
    receipts = {statement_digest(data).hex(): data for data in _receipts(party, partner)}
    candidates = {
        "agreement": [bytes.fromhex(digest) for digest in agreements],
        "receipt": [
            digest
            for name, data in receipts.items()
            for digest in (bytes.fromhex(name), hashlib.sha256(data).digest())
        ],
    }
    # How one log goes on from another is in the bundle anyway: opening it tells nothing more.
    succession = {
        "previous": [period.end for period in periods[:-1]],
        "statement": [period.change for period in periods[:-1]],
    }
    wanted = succession | (candidates if disclose == "receipts" else {})
    parts = {
        "card/exporter": party.keys.card.to_bytes(),
        "card/peer": card.to_bytes(),
        **{f"agreement/{digest}": data for digest, data in agreements.items()},
        **{f"receipt/{digest}": data for digest, data in receipts.items()},
        **{f"room/{card.digest.hex()}": card.to_bytes() for card in _rooms(party, partner)},
    }
    opened = 0
    for period in periods:
        openings = list(period.openings(wanted))
        opened += len(openings)
        parts |= {period.prefix + name: data for name, data in period.parts(openings).items()}
    data = make_bundle(parts, card, party.keys, party.now)
    if len(data) > BUNDLE_LIMIT_BYTES:
        raise Refused("the bundle would be larger than 2 GiB", "send the log and the receipts by themselves")
    write_whole(out, data)
    entries = sum(len(period.entries) for period in periods)
    return Bundled(partner, entries, len(agreements), len(receipts), opened, len(data))


def verify_file(source: Path) -> Report:
    """The verdict on a bundle; nothing but the file is needed. Raises BadInput when it cannot be read."""
    return verify_bundle(read_whole(source, BUNDLE_LIMIT_BYTES))


def _rooms(party: Party, partner: str) -> list[Card]:
    """The cards of the rooms that agreements with this partner name."""
    named = {
        signed.agreement.room.card for signed in agreements_with(party, partner) if signed.agreement.room
    }
    known = {card.digest.hex(): card for card in (*party.known_cards(), *room_cards(party))} if named else {}
    return [known[digest] for digest in sorted(named)]


def _agreements(party: Party, partner: str) -> Iterator[tuple[str, bytes]]:
    """Digest and bytes of each signed agreement with this partner, under whichever cards."""
    wanted = {signed.file_digest for signed in agreements_with(party, partner)}
    for name in party.folder.names("agreements", suffix=".toml"):
        data = read_whole(party.folder.path("agreements", f"{name}.toml"), AGREEMENT_LIMIT)
        if (digest := hashlib.sha256(data).hexdigest()) in wanted:
            yield digest, data


def _receipts(party: Party, partner: str) -> Iterator[bytes]:
    """Every receipt about this partner: those kept with it, the grants of both, and the ends that rooms have
    signed of shares whose halves they held."""
    for receipt in kept_receipts(party, partner):
        yield receipt.data
    shares = read_holder_state(party, partner).shares
    for share in shares:
        yield from room_endings(party, share)
    grants = [party.folder.path("shares", "grants", name) for name in shares]
    for name in party.folder.names("shares", "received", suffix=".record"):
        if party.folder.read_record("shares", "received", f"{name}.record")["partner"] == partner:
            grants.append(party.folder.path("shares", "received", f"{name}.receipt"))
    for place in grants:
        if place.is_file():
            yield read_whole(place, STATEMENT_LIMIT_BYTES)
