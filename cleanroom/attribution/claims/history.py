"""The claims log of one party: one salted entry an epoch, signed checkpoints, and what witnesses add to them.

    overlap-claims-log/1
    entry of epoch 1, 64 hex digits
    …

    the newest checkpoint, a C2SP signed note: its owner's signature, then the cosignatures of witnesses

An entry is SHA-256 over a salt and the commitment of the epoch, so anybody may read the log and learns how
many epochs there were; size and root are opened to partners. The log is short, so whoever checks one has it
whole: every earlier checkpoint is recomputed instead of proven. The entry of epoch e is number e - 1: there
cannot be two of one epoch in a log, and two logs that differ are a proof of cheating, which `Conflict`
carries.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom import merkle
from cleanroom.attribution.claims.commitment import Commitment
from cleanroom.log import ED25519, Note, NoteKey, NoteSignature, commitment, cosigned_bytes, witness_key
from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, Refused
from overlap.keys import Card, PartyKeys

__all__ = [
    "ClaimsLog",
    "Conflict",
    "claims_origin",
    "cosign_claims",
    "owner_key",
    "read_head",
    "roots_of",
    "sealed_entry",
    "sign_entries",
]

CLAIMS_LOG_LINE: Final = "overlap-claims-log/1\n"
CONFLICT_LINE: Final = b"overlap-claims-conflict/1\n"

#: Epochs of one log: a day each for twenty years.
EPOCH_LIMIT: Final = 8192
#: Bytes of a claims log, of which an entry takes 65; and of two of them as a proof.
CLAIMS_LOG_LIMIT: Final = 1024 * 1024
CONFLICT_LIMIT: Final = 4 * 1024 * 1024

_TEXT = re.compile(r"(overlap/[0-9a-f]{64}/claims)\n(0|[1-9][0-9]{0,5})\n([A-Za-z0-9+/]{43}=)\n")
_ENTRY = re.compile(r"[0-9a-f]{64}")
_HINT: Final = "ask the party for the file made by 'overlap claims log'"


def claims_origin(card: Card) -> str:
    """The name of the claims log that was begun under this card; it stays when the card is rotated."""
    return f"overlap/{card.digest.hex()}/claims"


def sealed_entry(salt: bytes, opened: Commitment) -> bytes:
    """The entry of an epoch: nobody without the salt (32 bytes) can tell which commitment it is."""
    return commitment(salt, "epoch", opened.to_bytes())


def roots_of(entries: Sequence[bytes]) -> list[bytes]:
    """The root of the log at each size, from 0 on."""
    frontier = merkle.Frontier()
    roots = [frontier.root()]
    for entry in entries:
        frontier = frontier.append(merkle.leaf_hash(entry))
        roots.append(frontier.root())
    return roots


def owner_key(origin: str, card: Card) -> NoteKey:
    """The key that signs the checkpoints of the claims log `origin` under this card."""
    return NoteKey(origin, ED25519, card.checkpoints)


def read_head(note: Note) -> tuple[str, int, bytes]:
    """Origin, size and root in the text of a checkpoint; MalformedFile for any other text."""
    match = _TEXT.fullmatch(note.text)
    try:
        root = base64.b64decode(match[3], validate=True) if match else b""
    except binascii.Error:
        root = b""
    if match is None or base64.b64encode(root).decode() != match[3] or len(root) != 32:
        raise MalformedFile("this is not a checkpoint of a claims log", _HINT)
    return match[1], int(match[2]), root


def sign_entries(origin: str, entries: Sequence[bytes], keys: PartyKeys) -> ClaimsLog:
    """The log with these entries, its checkpoint signed by its owner and nobody else yet."""
    text = head_text(origin, len(entries), roots_of(entries)[-1])
    key = owner_key(origin, keys.card)
    own = NoteSignature(origin, key.id, keys.sign_raw("checkpoints", text.encode()))
    return ClaimsLog(origin, tuple(entries), Note(text, (own,)))


def head_text(origin: str, size: int, root: bytes) -> str:
    """The three lines of a C2SP tlog-checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


@dataclass(frozen=True, slots=True)
class ClaimsLog:
    """A claims log as shown: its entries (32 bytes each) and a note that signs all of them."""

    origin: str
    entries: tuple[bytes, ...]
    note: Note

    def to_text(self) -> str:
        """The file, which is text."""
        lines = "".join(f"{entry.hex()}\n" for entry in self.entries)
        return f"{CLAIMS_LOG_LINE}{lines}\n{self.note.to_text()}"

    @staticmethod
    def from_text(text: str) -> ClaimsLog:
        """The inverse. MalformedFile unless the checkpoint is over exactly these entries."""
        head, empty, rest = text.partition("\n\n")
        lines = head.split("\n")
        good = len(text) <= CLAIMS_LOG_LIMIT and empty and lines[0] + "\n" == CLAIMS_LOG_LINE
        if not good or len(lines) - 1 > EPOCH_LIMIT or not all(map(_ENTRY.fullmatch, lines[1:])):
            raise MalformedFile("this is not a claims log of version 1", _HINT)
        entries = tuple(map(bytes.fromhex, lines[1:]))
        note = Note.from_text(rest)
        origin, size, root = read_head(note)
        if size != len(entries) or roots_of(entries)[-1] != root:
            raise MalformedFile("the checkpoint of the claims log is not over its entries", _HINT)
        return ClaimsLog(origin, entries, note)

    def signer(self, cards: Sequence[Card]) -> Card:
        """The one of `cards` that signed this log; ForgedFile when none did."""
        for card in cards:
            if self.note.signed_by(owner_key(self.origin, card)) is not None:
                return card
        raise ForgedFile("the claims log is not signed by a card that is known here", _HINT)

    def goes_on_from(self, other: ClaimsLog) -> bool:
        """Whether this log begins with all entries of the other."""
        return self.entries[: len(other.entries)] == other.entries

    def conflicts_with(self, other: ClaimsLog) -> bool:
        """Whether neither of two logs of one name begins with the other."""
        return self.origin == other.origin and not self.goes_on_from(other) and not other.goes_on_from(self)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two signed logs of one name that contradict each other: anybody with the card can see it.

    Two lists for one epoch need two entries in one place, so whoever showed different lists to two partners
    is found by comparing what they hold.
    """

    first: ClaimsLog
    second: ClaimsLog

    def to_bytes(self) -> bytes:
        fields = {"first": self.first.to_text(), "second": self.second.to_text()}
        return CONFLICT_LINE + canonical.encode(fields) + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> Conflict:
        """The inverse; MalformedFile when the two do not contradict each other."""
        if len(data) > CONFLICT_LIMIT or not data.startswith(CONFLICT_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a proof of two claims logs", _HINT)
        value = canonical.decode(data[len(CONFLICT_LINE) : -1], "the proof of two claims logs")
        if not isinstance(value, dict) or set(value) != {"first", "second"}:
            raise MalformedFile("the proof does not hold two claims logs", _HINT)
        if not all(isinstance(text, str) for text in value.values()):
            raise MalformedFile("the proof does not hold two claims logs", _HINT)
        conflict = Conflict(*(ClaimsLog.from_text(value[name]) for name in ("first", "second")))
        if not conflict.first.conflicts_with(conflict.second):
            raise MalformedFile("these two claims logs do not contradict each other", _HINT)
        return conflict

    def require_signed(self, cards: Sequence[Card]) -> None:
        """Return when one of `cards` signed both logs or a rotation lies between them; else ForgedFile."""
        self.first.signer(cards)
        self.second.signer(cards)


def cosign_claims(
    shown: ClaimsLog, known: ClaimsLog | None, last_time: int, keys: PartyKeys, now: int
) -> ClaimsLog:
    """The log with our cosignature at `now`, once its owner's signature was checked by the caller.

    `known` is the newest log of this name that we cosigned, at `last_time`. Raises Refused for a smaller
    log or when the clock went back, ForgedFile for a fork or another log of the same size.
    """
    key = witness_key(keys.card)
    if known is not None:
        require_growth(known, shown)
        if known.entries == shown.entries and known.note.signed_by(key) is not None:
            return ClaimsLog(shown.origin, shown.entries, shown.note.with_signatures(known.note.signatures))
        if now < last_time:
            raise Refused(
                "the clock here is behind the last cosignature of this log",
                "set the clock right, then cosign again",
            )
    signature = keys.sign_raw("checkpoints", cosigned_bytes(shown.note.text.encode(), now))
    ours = NoteSignature(key.name, key.id, now.to_bytes(8, "big") + signature)
    return ClaimsLog(shown.origin, shown.entries, shown.note.with_signatures([ours]))


def require_growth(known: ClaimsLog, shown: ClaimsLog) -> None:
    """Return when `shown` is the known log or goes on from it; ForgedFile for a fork, Refused if smaller."""
    if shown.conflicts_with(known):
        raise ForgedFile(
            "this claims log contradicts one that its owner showed before",
            "the two together are a proof: it is kept here, show it to the partners of that party",
        )
    if len(shown.entries) < len(known.entries):
        raise Refused(
            f"this claims log has {len(shown.entries):,} epochs, and we cosigned {len(known.entries):,}",
            "ask for the newest one, made by 'overlap claims log'",
        )
