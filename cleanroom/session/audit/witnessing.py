"""Each party as the witness of the other's log: what goes from one checkpoint to the next, and is cosigned.

logs/PARTNER.peer       the checkpoints of the partner's log that we were shown, and the newest we cosigned
logs/PARTNER.roots      the root of the partner's log at each size that we have verified, 32 bytes each
logs/PARTNER.cosigned   the newest checkpoint of our log that the partner cosigned, a signed note

A log shown to us must go on from what we cosigned: the letter has the proof of RFC 9162, section 2.1.4, and
the leaf hashes of the entries since then, so that every checkpoint that came with a file in between is
checked too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleanroom import merkle
from cleanroom.log import Checkpoint, Cosigned, cosign, log_origin, read_checkpoint, read_cosigned
from cleanroom.number import count_of
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.frames import keep_peer_record, keep_verified_roots, peer_record
from cleanroom.session.party import Party
from overlap.errors import ForgedFile, MalformedFile, Refused

_HINT = "keep the file, and ask the partner why its log was restored or rewritten"


@dataclass(frozen=True)
class Growth:
    """How a log went on since the checkpoint `base`, a cosigned note or "" for the empty log.

    `proof` is that of RFC 9162 from the size of `base`, `peaks` are its full subtrees, `leaves` the hashes of
    the entries since then.
    """

    base: str
    proof: tuple[bytes, ...]
    peaks: tuple[bytes, ...]
    leaves: tuple[bytes, ...]

    def to_fields(self) -> dict[str, Any]:
        """As it stands in a letter: hashes in hex."""
        lists = {name: [one.hex() for one in getattr(self, name)] for name in ("proof", "peaks", "leaves")}
        return {"base": self.base, **lists}

    @staticmethod
    def from_fields(value: Mapping[str, Any]) -> Growth:
        """The inverse; MalformedFile for anything else."""
        try:
            hashes = {
                name: tuple(_hash(text) for text in value[name]) for name in ("proof", "peaks", "leaves")
            }
            if not isinstance(value["base"], str):
                raise TypeError("a note is text")
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedFile("the letter does not say how the log went on", "ask for it again") from error
        return Growth(value["base"], **hashes)


def own_cosigned(party: Party, partner: str) -> Cosigned | None:
    """The newest checkpoint of our log that the partner has cosigned, if any."""
    place = party.folder.path("logs", f"{partner}.cosigned")
    if not place.is_file():
        return None
    return _read_own(party, partner, read_whole(place, 4_096).decode("utf-8", errors="replace"))


def keep_own_cosigned(party: Party, partner: str, note: str) -> None:
    """Keep what the partner has cosigned of our log, when it is newer than what is here; "" is nothing.

    Raises BadPeerFile when it is not that, Refused when our log does not contain it.
    """
    if not note:
        return
    brought, kept = _read_own(party, partner, note), own_cosigned(party, partner)
    party.log(partner).require_contains(brought.checkpoint)
    if kept is None or brought.checkpoint.size > kept.checkpoint.size:
        write_whole(party.folder.path("logs", f"{partner}.cosigned"), note.encode())


def own_growth(party: Party, partner: str) -> Growth:
    """How our log went on since the partner's newest cosignature; Refused when it does not contain that."""
    log, base = party.log(partner), own_cosigned(party, partner)
    if base is None:
        return Growth("", (), (), tuple(log.leaves(0)))
    log.require_contains(base.checkpoint)
    size = base.checkpoint.size
    proof = log.consistency_proof(size) if size else ()
    note = base.to_note(party.keys.card, party.card_of(partner))
    return Growth(note, proof, log.frontier_at(size).peaks, tuple(log.leaves(size)))


def cosign_growth(party: Party, partner: str, checkpoint: str, growth: Growth) -> int:
    """Check that the partner's log went on to `checkpoint`, a note of it, and cosign that; its entries.

    Raises ForgedFile when the log was forked, Refused when it is shorter than what we cosigned; either is
    logged.
    """
    card = party.card_of(partner)
    new = read_checkpoint(checkpoint, log_origin(card, party.keys.card), card)
    record = peer_record(party, partner)
    try:
        last = _last_cosigned(party, partner, record)
        roots = _require_growth(party, partner, growth, new, last, record)
    except (ForgedFile, Refused):
        party.note(partner, "checkpoint", refused=1, shown=checkpoint.encode())
        raise
    if last is None or last.checkpoint != new:
        party.note(partner, "checkpoint", cosigned=new.root, entries=new.size)
        cosigned = cosign(new, party.keys, party.time_with(partner))
        keep_verified_roots(party, partner, roots)
        record["cosigned"] = cosigned.to_note(card, party.keys.card)
        keep_peer_record(party, partner, record)
    return new.size


def _require_growth(
    party: Party,
    partner: str,
    growth: Growth,
    new: Checkpoint,
    last: Cosigned | None,
    record: Mapping[str, Any],
) -> dict[int, bytes]:
    """The root for each size from that of the base on; raises when the log did not go on so."""
    card = party.card_of(partner)
    if last is not None and last.checkpoint.size > new.size:
        raise Refused(
            f"the partner shows {count_of(new.size, 'entry')} of its log, "
            f"and we cosigned {last.checkpoint.size:,}",
            "unless this is an old letter, its log was shortened: ask for a new one, and keep this one",
        )
    size, root = 0, merkle.EMPTY_ROOT
    if growth.base:
        base = read_cosigned(growth.base, new.origin, card, party.keys.card).checkpoint
        size, root = base.size, base.root
    before = merkle.Frontier(size, growth.peaks)
    proven = not growth.proof if size == 0 else _is_proven(size, root, new, growth.proof)
    if len(growth.peaks) != size.bit_count() or before.root() != root or not proven:
        raise ForgedFile("the partner's log does not go on from what we cosigned", _HINT)
    roots = {size: root}
    for leaf in growth.leaves:
        before = before.append(leaf)
        roots[before.size] = before.root()
    shown = [read_checkpoint(seen["checkpoint"], new.origin, card) for seen in record["seen"]]
    shown += [new, *([last.checkpoint] if last else [])]
    for one in shown:
        if size <= one.size <= new.size and roots.get(one.size) != one.root:
            raise ForgedFile(
                f"the partner's log is not the one that it showed when it had {count_of(one.size, 'entry')}",
                _HINT,
            )
    return {size: root for size, root in roots.items() if size <= new.size}


def _is_proven(size: int, root: bytes, new: Checkpoint, proof: tuple[bytes, ...]) -> bool:
    return merkle.verify_consistency(size, new.size, root, new.root, proof)


def _last_cosigned(party: Party, partner: str, record: Mapping[str, Any]) -> Cosigned | None:
    if not record["cosigned"]:
        return None
    card = party.card_of(partner)
    return read_cosigned(record["cosigned"], log_origin(card, party.keys.card), card, party.keys.card)


def _read_own(party: Party, partner: str, note: str) -> Cosigned:
    card = party.card_of(partner)
    return read_cosigned(note, log_origin(party.keys.card, card), party.keys.card, card)


def _hash(text: str) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != 32 or data.hex() != text:
        raise ValueError("a hash is 64 hex digits")
    return data
