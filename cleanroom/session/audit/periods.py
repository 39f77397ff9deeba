"""The log with a partner as it was kept under one pair of cards after another, for who reads all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cleanroom import merkle
from cleanroom.bundle import Opening, opening_part
from cleanroom.log import Entry, Log, commitment
from cleanroom.session.folder import read_whole
from cleanroom.session.history import ClosedLog
from cleanroom.session.match.frames import peer_record
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import BadInput

#: Bytes of a cosigned note.
_NOTE_LIMIT = 4_096


@dataclass(frozen=True)
class Period:
    """One log and what lies beside it. `number` is that of an old log, 0 for the present one.

    Of an old log, `end` is its last checkpoint as the next log commits to it, and `change` the statement
    after which that one began; both are b"" of the present log.
    """

    number: int
    log: Log | ClosedLog
    seen: list[object]
    cosigned: bytes
    peer_cosigned: bytes
    end: bytes = b""
    change: bytes = b""

    @property
    def prefix(self) -> str:
        """Before the names of its parts in a bundle."""
        return f"old/{self.number}/" if self.number else ""

    @cached_property
    def entries(self) -> list[Entry]:
        """Every entry, the oldest first."""
        return list(self.log.entries())

    def proofs(self, sequences: Sequence[int]) -> dict[int, merkle.Proof]:
        """That each of these entries is in the tree of the whole log."""
        leaves = [merkle.leaf_hash(entry.to_bytes()) for entry in self.entries]
        return dict(zip(sequences, merkle.inclusion_proofs(leaves, sequences), strict=True))

    def openings(self, candidates: Mapping[str, Sequence[bytes]]) -> Iterator[Opening]:
        """What opens the entries that commit to one of the values of a fact, by its name."""
        found: dict[int, dict[str, bytes]] = {}
        for entry in self.entries:
            salt = self.log.salt(entry.sequence)
            for name in candidates.keys() & entry.digests.keys():
                for value in candidates[name]:
                    if commitment(salt, name, value).hex() == entry.digests[name]:
                        found.setdefault(entry.sequence, {})[name] = value
        proofs = self.proofs(list(found))
        for sequence, facts in found.items():
            yield Opening(sequence, self.log.salt(sequence), facts, proofs[sequence])

    def parts(self, openings: Sequence[Opening]) -> dict[str, bytes]:
        """The parts of a bundle about this log, by their names without the prefix."""
        parts = {
            "log": self.log.path.read_bytes(),
            "openings": opening_part(openings),
            "peer.seen": canonical.encode(self.seen),
        }
        optional = {
            "change": self.change,
            "log.cosigned": self.cosigned,
            "peer.cosigned": self.peer_cosigned,
        }
        return parts | {name: data for name, data in optional.items() if data}


def log_periods(party: Party, partner: str) -> list[Period]:
    """The logs with a partner from the oldest to the present one."""
    closed, live = party.closed_logs(partner), party.log(partner)
    statements = {one.card.digest.hex(): one.statement for one in party.retired_cards()}
    origins = [*(log.origin for log in closed), live.origin]
    found = []
    for number, log in enumerate(closed, start=1):
        gone = set(origins[number - 1].split("/")) - set(origins[number].split("/"))
        change = next((statements[card] for card in gone if card in statements), None)
        if change is None:
            raise BadInput("what changed a card is not here", "restore keys/ and partners/ from a backup")
        seen = log.seen()
        found.append(
            Period(
                number,
                log,
                seen["seen"],
                log.cosigned(),
                seen["cosigned"].encode(),
                log.head_note().encode(),
                change.encode(),
            )
        )
    place, known = party.folder.path("logs", f"{partner}.cosigned"), peer_record(party, partner)
    note = read_whole(place, _NOTE_LIMIT) if place.is_file() else b""
    return [*found, Period(0, live, known["seen"], note, known["cosigned"].encode())]
