"""What parties have cosigned of the room's logs, and whether a restored room may give leases again.

After a restore the room knows less than the parties may: a log may be shorter than one they have seen. So no
lease is given in a pair until both parties have shown their newest cosigned checkpoint, and the log has it.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from cleanroom.log import read_cosigned
from cleanroom.room.pairs import Pair, Pairs
from cleanroom.room.registry import Registry
from cleanroom.store import Database, Execute
from overlap.errors import Refused, UsageError
from overlap.keys import Card

#: Entries in one answer.
ENTRIES_LIMIT: Final = 1_000

_RESTORED: Final = "restored"


class Witness:
    """The logs of a room as its parties see them."""

    def __init__(self, database: Database, pairs: Pairs, registry: Registry, room: Card) -> None:
        self._database, self._pairs, self._registry, self._room = database, pairs, registry, room
        found = database.read("SELECT value FROM facts WHERE name = ?", _RESTORED)
        #: When the room was restored, 0 when it never was; a restore needs the room to be closed.
        self._restored: int = found[0][0] if found else 0

    def note(self, party: str, peer: str) -> str:
        """The newest checkpoint of the pair's log, as a note."""
        pair = self._pair(party, peer)
        with pair.lock:
            return pair.log.head().to_note(self._room)

    def entries(self, party: str, peer: str, start: int) -> dict[str, Any]:
        """Entries from number `start` on, with the salts that open what they commit to."""
        pair = self._pair(party, peer)
        with pair.lock:
            size = pair.log.head().size
            found = [
                {"entry": entry.to_bytes().decode(), "salt": pair.log.salt(entry.sequence).hex()}
                for entry in islice(pair.log.entries(start), ENTRIES_LIMIT)
            ]
        return {"origin": pair.log.origin, "size": size, "from": start, "entries": found}

    def consistency(self, party: str, peer: str, first: int) -> dict[str, Any]:
        """That the log now begins with its first `first` entries."""
        pair = self._pair(party, peer)
        with pair.lock:
            head = pair.log.head()
            if not 0 < first <= head.size:
                raise UsageError("the log has no such earlier size", f"ask for one from 1 to {head.size}")
            proof = pair.log.consistency_proof(first)
            note = head.to_note(self._room)
        return {
            "first": first,
            "size": head.size,
            "proof": [node.hex() for node in proof],
            "checkpoint": note,
        }

    def cosigned(self, party: str, peer: str, note: str, now: int) -> None:
        """Keep a checkpoint of the pair's log that `party` has cosigned.

        Raises BadPeerFile for another note, Refused when the log does not contain it: then the room, or
        whoever restored it, has lost entries that the party has seen.
        """
        pair, card = self._pair(party, peer), self._registry.card(party)
        found = read_cosigned(note, pair.log.origin, self._room, card)
        with pair.lock:
            pair.log.require_contains(found.checkpoint)
        size = found.checkpoint.size

        def job(run: Execute) -> None:
            where = "origin = ? AND party = ?"
            kept = run(f"SELECT size, note FROM cosignatures WHERE {where}", pair.log.origin, party)  # noqa: S608
            newest = max([(size, note), *kept])
            run(f"DELETE FROM cosignatures WHERE {where}", pair.log.origin, party)  # noqa: S608
            run("INSERT INTO cosignatures VALUES (?, ?, ?, ?, ?)", pair.log.origin, party, *newest, now)

        self._database.write(job)

    def require_cleared(self, pair: Pair) -> None:
        """Return when leases may be given in a pair; Refused while a restored room waits for its parties."""
        if not self._restored:
            return
        sql = "SELECT party FROM cosignatures WHERE origin = ? AND shown >= ?"
        shown = {party for (party,) in self._database.read(sql, pair.log.origin, self._restored)}
        if not shown.issuperset(pair.parties):
            raise Refused(
                "the room was restored from a backup and waits for both parties' newest cosigned checkpoints",
                "both parties cosign the log of this pair; then ask again",
            )

    def _pair(self, party: str, peer: str) -> Pair:
        self._registry.card(peer)
        return self._pairs.of(party, peer)


def mark_restored(run: Execute, now: int) -> None:
    """Let the room wait for cosigned checkpoints from `now` on, and for the word of each party's own card
    about its members: the backup does not know who was removed after it."""
    run("DELETE FROM facts WHERE name = ?", _RESTORED)
    run("INSERT INTO facts VALUES (?, ?)", _RESTORED, now)
    run("UPDATE cosignatures SET shown = 0")
    run("INSERT INTO suspended SELECT * FROM members")
    run("DELETE FROM members")
