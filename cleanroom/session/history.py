"""Cards that are no longer in use, and the logs that were kept under them.

keys/history/N                  an own card that was rotated: card, rotation, when
partners/history/PARTNER/N      a partner's card that was rotated or revoked
logs/old/PARTNER.N/             the log with that partner before a card changed, as it was

Public keys are enough to read old logs, agreements and receipts, so the secret keys of an old card are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cleanroom.log import Checkpoint, Entry, Finding, last_checkpoint, read_salt, verify_log
from cleanroom.session.folder import Folder, read_whole
from overlap.errors import BadInput
from overlap.keys import Card

#: Where the logs of retired cards lie, and how the name of one ends while its files are moved there.
OLD_LOGS: Final = ("logs", "old")
MOVING: Final = ".part"


@dataclass(frozen=True)
class Retired:
    """A card out of use since `time` (unix seconds by our log), and the statement that says so."""

    card: Card
    statement: str
    time: int


def own_history(folder: Folder) -> list[Retired]:
    """Our own cards that were rotated, the oldest first."""
    return _read(folder, "keys", "history")


def partner_history(folder: Folder, partner: str) -> list[Retired]:
    """The cards that this partner had before the present one, the oldest first."""
    return _read(folder, "partners", "history", partner)


def keep_retired(folder: Folder, retired: Retired, *place: str) -> None:
    """Add a card to a history; nothing happens when it is the last one there."""
    known = _read(folder, *place)
    if known and known[-1].card == retired.card:
        return
    record = {
        "card": retired.card.to_bytes().decode(),
        "statement": retired.statement,
        "time": retired.time,
    }
    folder.write_record(record, *place, str(len(known) + 1))


@dataclass(frozen=True)
class ClosedLog:
    """A log that goes on under another card: nothing is appended to it any more."""

    place: Path
    partner: str
    number: int
    owner: Card

    @property
    def path(self) -> Path:
        """The log file itself."""
        return self.place / f"{self.partner}.log"

    @property
    def origin(self) -> str:
        """Both card digests, as the log's second line has them."""
        return origin_of(self.path)

    def entries(self) -> Iterator[Entry]:
        """Every entry, oldest first."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number > 2 and number % 2 == 1:
                    yield Entry.from_bytes(line[:-1])

    @property
    def last_time(self) -> int:
        """The time of the last entry, 0 when there is none."""
        return max((entry.time for entry in self.entries()), default=0)

    def salt(self, sequence: int) -> bytes:
        """The salt that opens the commitments of entry `sequence`."""
        return read_salt(self.path.with_name(f"{self.partner}.log.salts"), sequence)

    def head(self) -> Checkpoint | None:
        """The last checkpoint; None when there is no entry."""
        with self.path.open("rb") as file:
            return last_checkpoint(file.readlines(), self.origin)

    def head_note(self) -> str:
        """The last checkpoint, as the log that goes on commits to it; "" when there is no entry."""
        last = self.head()
        return last.to_note(self.owner) if last else ""

    def seen(self) -> dict[str, Any]:
        """What was known of the partner's log of that time, as in its own record; see `peer_record`."""
        place = (*OLD_LOGS, self.place.name, f"{self.partner}.peer")
        folder = Folder(self.place.parents[len(OLD_LOGS)])
        return folder.read_record(*place) if folder.path(*place).is_file() else {"cosigned": "", "seen": []}

    def cosigned(self) -> bytes:
        """The newest checkpoint that the partner has cosigned, a note; b"" when there is none."""
        place = self.path.with_suffix(".cosigned")
        return read_whole(place, 4_096) if place.is_file() else b""

    def verify(self) -> list[Finding]:
        """Everything wrong with the file itself; what follows it commits to where it ends."""
        with self.path.open("rb") as file:
            return verify_log(file, self.origin, self.owner, ())


def closed_logs(folder: Folder, partner: str, cards: list[Card]) -> list[ClosedLog]:
    """The logs with that partner before the present one, the oldest first; `cards` has their owners' cards.

    Raises BadInput when the card of an owner is not among them.
    """
    by_digest = {card.digest.hex(): card for card in cards}
    found = []
    for name in folder.names(*OLD_LOGS):
        whose, _, number = name.rpartition(".")
        if whose != partner or not number.isdigit():
            continue
        place = folder.path(*OLD_LOGS, name)
        owner = origin_of(place / f"{partner}.log").split("/")[1]
        if owner not in by_digest:
            raise BadInput("an old log is of a card that is not here", "restore keys/history from a backup")
        found.append(ClosedLog(place, partner, int(number), by_digest[owner]))
    return sorted(found, key=lambda log: log.number)


def origin_of(path: Path) -> str:
    """The second line of a log file; BadInput when there is none of the right form."""
    with path.open("rb") as file:
        file.readline(80)
        origin = file.readline(200).decode("ascii", errors="replace").strip()
    if origin.count("/") != 2:
        raise BadInput("a log does not name its two cards", "restore the log from a backup")
    return origin


def _read(folder: Folder, *place: str) -> list[Retired]:
    names = sorted((name for name in folder.names(*place) if name.isdigit()), key=int)
    records = [folder.read_record(*place, name) for name in names]
    return [
        Retired(Card.from_bytes(record["card"].encode()), record["statement"], record["time"])
        for record in records
    ]
