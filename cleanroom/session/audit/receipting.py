"""Receipts that both sign: made where something happens, countersigned by who took part in it.

receipts/PARTNER/DIGEST   a statement signed by us, or by both; DIGEST is that of the statement
receipts/PARTNER.owed     the digests of those that we countersigned since our last letter

A run's statement has the same bytes on both sides; the starter's signature stands first. Of releases, exports
and ends the one who did it signs first. Grants are countersigned with the request for a lease. Nothing here
waits: what the partner has not signed yet is sent again with every letter of kind checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanroom.log import bucket
from cleanroom.receipts import (
    DESTRUCTION,
    EXPIRY,
    EXPORT,
    RELEASE,
    REVOCATION,
    RUN,
    STATEMENT_LIMIT_BYTES,
    countersign,
    last_signature,
    outline,
    sign_statement,
    statement_digest,
    with_countersignature,
)
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import RunRecord
from cleanroom.session.party import Party
from cleanroom.session.share.holding import open_holder, read_holder_state
from cleanroom.share import Terms
from overlap.keys import Card

#: What letters of kind checkpoint carry; a grant is countersigned with the request for a lease.
CARRIED = (DESTRUCTION, EXPIRY, EXPORT, RELEASE, REVOCATION, RUN)

#: How the names of the statements end that lie beside a share of a partner: its grant and its ends.
_PAPERS = (".receipt", ".revoked", ".destroyed")


@dataclass(frozen=True)
class Receipt:
    """A receipt as kept; `signers` are card digests (hex) in the order of signing."""

    digest: str
    kind: str
    signers: tuple[str, ...]
    data: bytes


def run_receipt(party: Party, record: RunRecord) -> bytes:
    """Keep our signature of the statement about a finished run; the statement's digest.

    It has no count of matches and no name: agreement, contract, cards, level and the declared bounds.
    """
    contract = record.terms
    predicate = {
        "level": contract.level,
        "responder": {"card": contract.responder.card, "size_bound": contract.responder.size_bound},
        "run": record.run,
        "starter": {"card": contract.starter.card, "size_bound": contract.starter.size_bound},
    }
    subject = {"agreement": record.agreement, "contract": contract.digest.hex()}
    return _keep_own(party, record.partner, RUN, subject, predicate)


def release_receipt(party: Party, partner: str, terms: Terms, purpose: str, records: int) -> bytes:
    """Keep our signature of the statement that we opened a share; the statement's digest."""
    subject = {"agreement": terms.agreement, "terms": terms.digest.hex()}
    predicate = {"purpose": purpose, "records": records, "share": terms.share, "time": party.now}
    return _keep_own(party, partner, RELEASE, subject, predicate)


def export_receipt(party: Party, partner: str, manifest: bytes, accounts: int, files: int) -> bytes:
    """Keep our signature of the statement that we exported what `partner` had shown; the statement's digest.

    The manifest names no account; the number of accounts is rounded up as in the log.
    """
    predicate = {"accounts": bucket(accounts), "files": files, "time": party.now}
    return _keep_own(party, partner, EXPORT, {"manifest": hashlib.sha256(manifest).hexdigest()}, predicate)


def collect_endings(party: Party, partner: str) -> None:
    """Keep the statements about every share granted to `partner` that has ended, and log the new ones.

    Those of shares under an earlier card of ours were kept when that card went out of use.
    """
    holder, ours = open_holder(party, partner), party.keys.card.digest.hex()
    for share, held in read_holder_state(party, partner).shares.items():
        if held.terms.holder != ours:
            continue
        ending = holder.ending(share)
        for data in (ending.notice, ending.attestation) if ending else ():
            if data is not None and not _place(party, partner, digest := statement_digest(data)).is_file():
                party.note(partner, "receipt", receipt=digest)
                write_whole(_place(party, partner, digest), data)


def keep_papers(party: Party, partner: str, share: str) -> None:
    """Keep the signed papers about a share of the partner's, whose own files go with a card."""
    for suffix in _PAPERS:
        place = party.folder.path("shares", "received", share + suffix)
        if place.is_file():
            data = read_whole(place, STATEMENT_LIMIT_BYTES)
            kept = kept_receipt(party, partner, statement_digest(data))
            if kept is None or len(kept.signers) < len(outline(data).signers):
                write_whole(_place(party, partner, statement_digest(data)), data)


def read_receipt(data: bytes) -> Receipt:
    """A receipt by what it says of itself, its signatures unchecked; MalformedFile when it is none."""
    said = outline(data)
    return Receipt(statement_digest(data).hex(), said.predicate_type, said.signers, data)


def kept_receipts(party: Party, partner: str) -> Iterator[Receipt]:
    """Every receipt kept with that partner, in the order of their digests."""
    for name in party.folder.names("receipts", partner):
        data = read_whole(party.folder.path("receipts", partner, name), STATEMENT_LIMIT_BYTES)
        yield read_receipt(data)


def kept_receipt(party: Party, partner: str, digest: bytes) -> Receipt | None:
    """The receipt about the statement with this digest, when one is kept."""
    place = _place(party, partner, digest)
    if not place.is_file():
        return None
    data = read_whole(place, STATEMENT_LIMIT_BYTES)
    return read_receipt(data)


def keep_both(party: Party, partner: str, data: bytes) -> None:
    """Keep a receipt with both signatures, and log that it is here."""
    digest = statement_digest(data)
    party.note(partner, "receipt", receipt=digest, signatures=len(outline(data).signers))
    write_whole(_place(party, partner, digest), data)


def add_signature(party: Party, partner: str, data: bytes, kind: str) -> bytes:
    """The partner's receipt with our signature beside: of a run the starter's stands first."""
    card = party.card_of(partner)
    own = kept_receipt(party, partner, statement_digest(data))
    ours = party.keys.card.digest.hex()
    if own is not None and first_signer(own, ours) == ours:
        return with_countersignature(own.data, [party.keys.card], kind, card, last_signature(data))
    return countersign(data, [card], kind, party.keys)


def first_signer(receipt: Receipt, author: str) -> str:
    """The card digest of who signs first: the starter of a run, else the `author` of the statement."""
    return str(outline(receipt.data).predicate["starter"]["card"]) if receipt.kind == RUN else author


def owed(party: Party, partner: str) -> list[str]:
    """The digests of the receipts that go back with the next letter."""
    place = ("receipts", f"{partner}.owed")
    return list(party.folder.read_record(*place)["owed"]) if party.folder.path(*place).is_file() else []


def keep_owed(party: Party, partner: str, digests: list[str]) -> None:
    """Remember which receipts go back with the next letter."""
    party.folder.write_record({"owed": sorted(set(digests))}, "receipts", f"{partner}.owed")


def signers_in_order(party: Party, partner: str, receipt: Receipt) -> list[Card] | None:
    """The cards behind the signatures of a receipt, retired ones too; None when a signer is neither of us."""
    known = {card.digest.hex(): card for card in cards_of_both(party, partner)}
    if not all(signer in known for signer in receipt.signers):
        return None
    return [known[signer] for signer in receipt.signers]


def cards_of_both(party: Party, partner: str) -> list[Card]:
    """The cards that we and this partner have or had."""
    return [card for card in party.known_cards() if card.party in (party.name, partner)]


def _keep_own(
    party: Party, partner: str, kind: str, subject: Mapping[str, str], predicate: Mapping[str, Any]
) -> bytes:
    data = sign_statement(kind, subject, predicate, party.keys)
    digest = statement_digest(data)
    if not _place(party, partner, digest).is_file():
        write_whole(_place(party, partner, digest), data)
    return digest


def _place(party: Party, partner: str, digest: bytes) -> Path:
    return party.folder.path("receipts", partner, digest.hex())
