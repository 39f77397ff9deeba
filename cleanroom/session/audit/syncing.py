"""The letter of kind checkpoint: how our log went on, and the receipts that wait for the partner's signature.

What comes back, with the next letter of any kind, is the partner's cosignature of our log; receipts that it
countersigned come back with its next letter of this kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanroom.number import count_of, verb
from cleanroom.receipts import (
    DESTRUCTION,
    EXPIRY,
    EXPORT,
    RELEASE,
    REVOCATION,
    RUN,
    Statement,
    read_statement,
)
from cleanroom.session.audit.receipting import (
    CARRIED,
    Receipt,
    add_signature,
    collect_endings,
    first_signer,
    keep_both,
    keep_owed,
    kept_receipt,
    kept_receipts,
    owed,
    read_receipt,
    run_receipt,
    signers_in_order,
)
from cleanroom.session.audit.witnessing import Growth, cosign_growth, own_cosigned, own_growth
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import all_runs
from cleanroom.session.party import Party
from cleanroom.session.post.letters import Letter, write_letter
from cleanroom.session.room.room_logs import room_notes, take_room_notes
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.share.sharing import believe_revocation
from cleanroom.share import SHARE_LIMIT_BYTES, read_share
from overlap import canonical
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile

_FIELDS = {"base", "leaves", "peaks", "proof", "receipts", "rooms"}


@dataclass(frozen=True)
class Synced:
    """A letter as written: entries of our log, how many the partner had cosigned, and receipts in it.

    `waiting` are to be signed by the partner, `returned` have been signed by us.
    """

    partner: str
    entries: int
    cosigned: int
    waiting: int
    returned: int


def write_sync(party: Party, partner: str, out: Path) -> Synced:
    """Write the letter that shows our log to `partner` and asks for its signatures, to `out`.

    Raises Refused when our log is not the one that the partner has cosigned: it was restored.
    """
    party.verified_card_of(partner)
    collect_endings(party, partner)
    ours, back = party.keys.card.digest.hex(), owed(party, partner)
    kept = list(kept_receipts(party, partner))
    waiting = [receipt for receipt in kept if receipt.signers == (ours,)]
    returned = [receipt for receipt in kept if receipt.digest in back]
    texts = [receipt.data.decode() for receipt in (*waiting, *returned)]
    more = {"receipts": texts, "rooms": room_notes(party, partner)}
    body = canonical.encode(own_growth(party, partner).to_fields() | more)
    write_whole(out, write_letter(party, partner, "checkpoint", body))
    keep_owed(party, partner, [])
    base = own_cosigned(party, partner)
    cosigned = base.checkpoint.size if base else 0
    return Synced(partner, party.log(partner).head().size, cosigned, len(waiting), len(returned))


def take_sync(party: Party, letter: Letter) -> list[str]:
    """Check and cosign the partner's log, countersign its receipts that agree with our own records.

    Raises ForgedFile or Refused when the log does not go on from what we have cosigned.
    """
    value = canonical.decode(letter.body, "the letter")
    lists = ("receipts", "rooms")
    if (
        not isinstance(value, dict)
        or set(value) != _FIELDS
        or not all(isinstance(value[one], list) for one in lists)
    ):
        raise MalformedFile("the letter is not of version 1", "ask for it again")
    size = cosign_growth(party, letter.partner, letter.checkpoint, Growth.from_fields(value))
    lines = [f"its log of {count_of(size, 'entry')} goes on from what we knew, and is cosigned"]
    if (ours := own_cosigned(party, letter.partner)) is not None:
        lines.append(f"it has cosigned {count_of(ours.checkpoint.size, 'entry')} of ours")
    lines += take_room_notes(party, letter.partner, value["rooms"])
    signed, complete, back = 0, 0, owed(party, letter.partner)
    for text in value["receipts"]:
        receipt = _read(text)
        if receipt.signers == (party.card_of(letter.partner).digest.hex(),):
            problem = _countersign(party, letter.partner, receipt)
            signed += not problem
            back += [] if problem else [receipt.digest]
            lines += [f"not countersigned: {problem}"] if problem else []
        else:
            complete += _complete(party, letter.partner, receipt)
    keep_owed(party, letter.partner, back)
    if signed:
        lines.append(f"{count_of(signed, 'receipt')} of its {verb(signed, 'is', 'are')} countersigned")
    if complete:
        has = verb(complete, "has", "have")
        lines.append(f"{count_of(complete, 'receipt')} of ours {has} come back countersigned")
    own = (party.keys.card.digest.hex(),)
    if back:
        lines.append("next: 'overlap audit sync' brings our signatures to the partner")
    elif any(receipt.signers == own for receipt in kept_receipts(party, letter.partner)):
        lines.append("next: 'overlap audit sync' asks for the partner's signature below receipts of ours")
    return lines


def _read(text: Any) -> Receipt:
    if not isinstance(text, str):
        raise MalformedFile("a receipt in the letter is no text", "ask for it again")
    receipt = read_receipt(text.encode())
    if receipt.kind not in CARRIED:
        raise MalformedFile("a receipt in the letter is about something else", "ask for it again")
    return receipt


def _countersign(party: Party, partner: str, receipt: Receipt) -> str:
    """Sign a receipt of the partner's too; else why not, in words."""
    statement = read_statement(receipt.data, [party.card_of(partner)], receipt.kind)
    kept = kept_receipt(party, partner, statement.digest)
    if kept is not None and len(kept.signers) == 2:
        return ""
    if problem := _CHECKS[receipt.kind](party, partner, statement):
        return problem
    if receipt.kind == REVOCATION:
        _believe(party, partner, receipt, str(statement.predicate["share"]))
    keep_both(party, partner, add_signature(party, partner, receipt.data, receipt.kind))
    return ""


def _complete(party: Party, partner: str, receipt: Receipt) -> bool:
    """Keep a receipt of ours that has come back with the partner's signature; whether it is new here."""
    cards = signers_in_order(party, partner, receipt)
    if cards is None or len({card.party for card in cards}) != 2:
        raise ForgedFile("a receipt in the letter is signed by somebody else", "ask for it again")
    statement = read_statement(receipt.data, cards, receipt.kind)
    kept = kept_receipt(party, partner, statement.digest)
    if kept is None or len(kept.signers) == 2 or first_signer(kept, kept.signers[0]) != receipt.signers[0]:
        return False
    keep_both(party, partner, receipt.data)
    return True


def _check_run(party: Party, partner: str, statement: Statement) -> str:
    for record in all_runs(party):
        if record.run == statement.predicate.get("run") and record.partner == partner:
            if record.state != "finished":
                return f"run {record.run} is {record.state} here"
            same = run_receipt(party, record) == statement.digest
            return "" if same else f"of run {record.run} we know other facts"
    return "it is about a run that is not here"


def _check_use(party: Party, partner: str, statement: Statement) -> str:
    """A release: the share is one that we granted, and the records are no more than it has."""
    held = read_holder_state(party, partner).shares.get(str(statement.predicate.get("share")))
    if held is None or statement.subject.get("terms") != held.terms.digest.hex():
        return "it is about a share that we did not grant"
    records = statement.predicate.get("records")
    good = type(records) is int and 0 < records <= len(held.read)
    return "" if good else f"it says that more was read of share {held.terms.share} than we leased"


def _check_export(party: Party, partner: str, _statement: Statement) -> str:
    """An export: something was leased to the partner that it could write out."""
    shares = read_holder_state(party, partner).shares.values()
    good = any(held.read and held.terms.exportable for held in shares)
    return "" if good else "it is about an export, and we showed nothing that may be exported"


def _check_end(party: Party, partner: str, statement: Statement) -> str:
    """An end: the share is one that we received from this partner, under these terms."""
    share = str(statement.predicate.get("share"))
    if share not in party.folder.names("shares", "received", suffix=".record"):
        return "it is about a share that is not here"
    data = read_whole(party.folder.path("shares", "received", share), SHARE_LIMIT_BYTES)
    try:
        terms = read_share(data, party.keys, party.card_of(partner)).terms
    except BadPeerFile:
        return "it is about a share of somebody else"
    if statement.subject.get("terms") != terms.digest.hex():
        return f"it names other terms of share {share}"
    if statement.predicate_type == EXPIRY and party.time_with(partner) < terms.until:
        return f"share {share} has not ended by our time"
    return ""


_CHECKS: dict[str, Callable[[Party, str, Statement], str]] = {
    DESTRUCTION: _check_end,
    EXPIRY: _check_end,
    EXPORT: _check_export,
    RELEASE: _check_use,
    REVOCATION: _check_end,
    RUN: _check_run,
}


def _believe(party: Party, partner: str, receipt: Receipt, share: str) -> None:
    """A revocation of which the letter was lost takes effect from here."""
    if not party.folder.path("shares", "received", f"{share}.revoked").is_file():
        believe_revocation(party, partner, receipt.data)
