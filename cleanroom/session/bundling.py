"""A bundle of what happened with one partner, gathered from the folder; and one verified without a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanroom.bundle import (
    BUNDLE_LIMIT_BYTES,
    Opening,
    Report,
    make_bundle,
    opening_part,
    verify_bundle,
)
from cleanroom.log import Log, commitment
from cleanroom.receipts import STATEMENT_LIMIT_BYTES, statement_digest
from cleanroom.session.agreements import AGREEMENT_LIMIT, agreements_with
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.frames import peer_record
from cleanroom.session.holding import read_holder_state
from cleanroom.session.party import Party
from cleanroom.session.receipting import collect_endings, kept_receipts
from overlap import canonical
from overlap.errors import Refused

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

    The log goes as it is. Its digests stay closed but for those of entries that commit to a receipt or an
    agreement in the bundle; with `disclose` "none" those stay closed too.
    """
    card, log = party.card_of(partner), party.log(partner)
    collect_endings(party, partner)
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
    openings = list(_openings(log, candidates)) if disclose == "receipts" else []
    parts = {
        "card/exporter": party.keys.card.to_bytes(),
        "card/peer": card.to_bytes(),
        "log": log.path.read_bytes(),
        "openings": opening_part(openings),
        "peer.seen": canonical.encode(peer_record(party, partner)["seen"]),
        **{f"agreement/{digest}": data for digest, data in agreements.items()},
        **{f"receipt/{digest}": data for digest, data in receipts.items()},
    }
    place = party.folder.path("logs", f"{partner}.cosigned")
    if place.is_file():
        parts["log.cosigned"] = read_whole(place, 4_096)
    if cosigned := peer_record(party, partner)["cosigned"]:
        parts["peer.cosigned"] = cosigned.encode()
    data = make_bundle(parts, card, party.keys, party.now)
    if len(data) > BUNDLE_LIMIT_BYTES:
        raise Refused("the bundle would be larger than 2 GiB", "send the log and the receipts by themselves")
    write_whole(out, data)
    return Bundled(partner, log.head().size, len(agreements), len(receipts), len(openings), len(data))


def verify_file(source: Path) -> Report:
    """The verdict on a bundle; nothing but the file is needed. Raises BadInput when it cannot be read."""
    return verify_bundle(read_whole(source, BUNDLE_LIMIT_BYTES))


def _agreements(party: Party, partner: str) -> Iterator[tuple[str, bytes]]:
    """Digest and bytes of each signed agreement between the present cards."""
    cards = {party.keys.card.digest.hex(), party.card_of(partner).digest.hex()}
    wanted = {
        signed.file_digest
        for signed in agreements_with(party, partner)
        if {signed.agreement.proposer.card, signed.agreement.accepter.card} == cards
    }
    for name in party.folder.names("agreements", suffix=".toml"):
        data = read_whole(party.folder.path("agreements", f"{name}.toml"), AGREEMENT_LIMIT)
        if (digest := hashlib.sha256(data).hexdigest()) in wanted:
            yield digest, data


def _receipts(party: Party, partner: str) -> Iterator[bytes]:
    """Every receipt about this partner: those kept with it, and the grants of both."""
    for receipt in kept_receipts(party, partner):
        yield receipt.data
    grants = [
        party.folder.path("shares", "grants", name) for name in read_holder_state(party, partner).shares
    ]
    for name in party.folder.names("shares", "received", suffix=".record"):
        if party.folder.read_record("shares", "received", f"{name}.record")["partner"] == partner:
            grants.append(party.folder.path("shares", "received", f"{name}.receipt"))
    for place in grants:
        if place.is_file():
            yield read_whole(place, STATEMENT_LIMIT_BYTES)


def _openings(log: Log, candidates: dict[str, list[bytes]]) -> Iterator[Opening]:
    for entry in log.entries():
        salt = log.salt(entry.sequence)
        facts = {
            name: value
            for name, values in candidates.items()
            if name in entry.digests
            for value in _found(salt, name, values, entry.digests[name])
        }
        if facts:
            yield Opening(entry.sequence, salt, facts, log.inclusion_proof(entry.sequence))


def _found(salt: bytes, name: str, values: Sequence[bytes], digest: str) -> list[bytes]:
    return [value for value in values if commitment(salt, name, value).hex() == digest][:1]
