"""The party at work: its folder, keys, clock and randomness, opened once for a command.

This is the only place that reads the wall clock. Time is whole seconds UTC; a command takes it once.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleanroom.log import Entry, Log, bucket, log_origin
from cleanroom.session.folder import PARTY_LINE, Folder, read_whole, write_whole
from cleanroom.session.history import ClosedLog, Retired, closed_logs, own_history, partner_history
from cleanroom.vault import Vault
from overlap.errors import BadPeerFile, Refused, Unverified, UsageError
from overlap.keys import (
    RECOVERY_LIMIT_BYTES,
    Card,
    PartyKeys,
    RandomBytes,
    RecoveryKey,
    check_party_name,
    check_passphrase,
    hkdf,
)

Clock = Callable[[], int]

#: A peer's signed time may be this far ahead of our clock, in seconds: a day covers every wrong time zone.
CLOCK_SKEW = 86_400

#: Where `init` puts the recovery key when it is told nothing else: a name to be moved away from here.
RECOVERY_FILE = "recovery.key"

#: Facts of log entries that are no numbers of accounts, or are rounded already.
EXACT_FACTS = ("days", "leaves")


def wall_clock() -> int:
    """Whole seconds since 1970, UTC."""
    return int(time.time())


def day_of(seconds: int) -> str:
    """The UTC date of a second, as YYYY-MM-DD."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


@dataclass
class Party:
    """An opened party. `now` is the second at which the command began.

    `memo` is what this command has read and needs again, by what it is, with what would make it old.
    """

    folder: Folder
    keys: PartyKeys
    now: int
    random: RandomBytes = secrets.token_bytes
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict, repr=False)
    _logs: dict[str, Log] = field(default_factory=dict)
    _vaults: list[Vault] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.keys.party

    @property
    def today(self) -> str:
        """The date of `now` in UTC."""
        return day_of(self.now)

    def log(self, partner: str) -> Log:
        """The log kept with that partner."""
        if partner not in self._logs:
            origin = log_origin(self.keys.card, self.card_of(partner))
            self.folder.path("logs").mkdir(exist_ok=True)
            self._logs[partner] = Log(self.folder.path("logs", f"{partner}.log"), origin, self.keys)
        return self._logs[partner]

    def forget_log(self, partner: str) -> None:
        """Open the log anew at the next use: it goes on under another card."""
        self._logs.pop(partner, None)

    def note(self, partner: str, kind: str, **facts: int | bytes) -> Entry:
        """Append one entry to the log kept with that partner, and return it as written.

        The log may be shown to anybody, so numbers of accounts are rounded up to buckets.
        """
        rounded = {
            name: value if isinstance(value, bytes) or name in EXACT_FACTS else bucket(value)
            for name, value in facts.items()
        }
        return self.log(partner).append(kind, rounded, self.now, self.random)

    def vault(self) -> Vault:
        """The vault, opened once a command."""
        if not self._vaults:
            self._vaults.append(
                Vault(self.folder.path("vault"), self.keys.storage_key(b"vault"), self.random)
            )
        return self._vaults[0]

    def partners(self) -> list[str]:
        return self.folder.names("partners", suffix=".card")

    def card_of(self, partner: str) -> Card:
        """The card kept for that partner; UsageError when there is none."""
        if partner not in self.partners():
            raise UsageError(
                f"there is no partner named '{partner}' here",
                "add the partner's card with 'overlap partner add'",
            )
        return Card.from_bytes(read_whole(self.folder.path("partners", f"{partner}.card"), 16_384))

    def retired_cards(self) -> list[Retired]:
        """Cards of ours and of all partners that were rotated or revoked."""
        theirs = [one for name in self.partners() for one in partner_history(self.folder, name)]
        return [*own_history(self.folder), *theirs]

    def known_cards(self) -> list[Card]:
        """Every card that something kept here may name: present and retired, ours and the partners'."""
        present = [self.keys.card, *(self.card_of(name) for name in self.partners())]
        return [*present, *(retired.card for retired in self.retired_cards())]

    def end_of_card(self, card_digest: str) -> int | None:
        """When the card with that digest (hex) went out of use; None while it is in use, or never known."""
        dead = [retired for retired in self.retired_cards() if retired.card.digest.hex() == card_digest]
        if dead:
            return dead[-1].time
        if self.is_revoked and self.keys.card.digest.hex() == card_digest:
            return int(self.folder.read_record("keys", "revoked")["time"])
        for partner in self.partners():
            if self.card_of(partner).digest.hex() == card_digest:
                return self.revoked_at(partner)
        return None

    def closed_logs(self, partner: str) -> list[ClosedLog]:
        """The logs with that partner under earlier cards, the oldest first."""
        return closed_logs(self.folder, partner, self.known_cards())

    def revoked_at(self, partner: str) -> int | None:
        """When we took in that the partner's present card is dead; None while it is not."""
        place = ("partners", f"{partner}.revoked")
        return int(self.folder.read_record(*place)["time"]) if self.folder.path(*place).is_file() else None

    @property
    def is_revoked(self) -> bool:
        """Whether our own card was declared dead with the recovery key."""
        return self.folder.path("keys", "revoked").is_file()

    def is_verified(self, partner: str) -> bool:
        """Whether the card kept for that partner may be believed: compared by phone, and no card is dead."""
        if self.is_revoked or self.revoked_at(partner) is not None:
            return False
        place = self.folder.path("partners", f"{partner}.verified")
        return place.is_file() and read_whole(place, 1024) == self.verified_mark(self.card_of(partner))

    def verified_mark(self, card: Card) -> bytes:
        """What NAME.verified holds: only who has our keys can make it, not everybody who can write a file."""
        return hkdf(self.keys.storage_key(b"verified card"), card.digest).hex().encode() + b"\n"

    def verified_card_of(self, partner: str) -> Card:
        """The card of that partner, or Unverified while its fingerprint has not been confirmed."""
        card = self.card_of(partner)
        if self.is_revoked:
            raise Refused("our own card was revoked", "make new keys in another folder with 'overlap init'")
        if self.revoked_at(partner) is not None:
            raise Refused(
                f"the card of '{partner}' was revoked by its owner",
                "ask for the partner's new card, add it, and compare its fingerprint by phone",
            )
        if not self.is_verified(partner):
            raise Unverified(
                f"the card of '{partner}' is not verified",
                f"compare the fingerprint by phone, then 'overlap partner verify {partner} --fingerprint …'",
            )
        return card

    def partner_with(self, card_digest: str) -> str:
        """The name of the partner whose card has that digest; BadPeerFile when we know none."""
        for partner in self.partners():
            if self.card_of(partner).digest.hex() == card_digest:
                return partner
        raise BadPeerFile(
            "the file is from a party whose card is not here",
            "add the partner's card with 'overlap partner add'",
        )

    def time_with(self, partner: str, peer_time: int = 0) -> int:
        """The latest of our clock, the last log entry, and a time the peer signed.

        A share is refused by this time, so that a clock set back opens nothing.
        """
        if peer_time > self.now + CLOCK_SKEW:
            raise Refused(
                "the peer's clock is more than a day ahead of ours",
                "compare both clocks, then ask for the file again",
            )
        return max(self.now, self.log(partner).last_time, peer_time)


def create_party(
    root: Path,
    name: str,
    passphrase: str,
    random: RandomBytes = secrets.token_bytes,
    *,
    recovery: Path | None = None,
    recovery_passphrase: str | None = None,
) -> Card:
    """Make a new party in `root` and return its card.

    The recovery key goes to the file `recovery` (default: RECOVERY_FILE in the folder), locked under
    `recovery_passphrase` or the same passphrase, and nowhere else. UsageError when a party lives there
    already or a passphrase is too weak.
    """
    check_party_name(name)
    check_passphrase(passphrase, name)
    folder = Folder(root)
    if folder.is_party:
        raise UsageError(f"a party lives in {root} already", "choose another folder with --dir")
    with folder.locked():
        if os.name == "posix":
            root.chmod(0o700)
        place = folder.path(RECOVERY_FILE) if recovery is None else recovery
        key = new_recovery_key(place, name, recovery_passphrase or passphrase, random)
        keys = PartyKeys.generate(name, random, key.commitment)
        write_whole(folder.path("keys", "identity"), keys.to_locked(passphrase, random))
        write_whole(folder.path("keys", "card"), keys.card.to_bytes())
        write_whole(folder.path("party"), PARTY_LINE + name.encode() + b"\n")
    return keys.card


def new_recovery_key(place: Path, name: str, passphrase: str, random: RandomBytes) -> RecoveryKey:
    """A recovery key for a card to be made, written to `place`.

    A file that is there already is taken when it holds a key of this party: it was made beforehand, or a
    killed command has left it. Anything else there is refused, never overwritten.
    """
    check_passphrase(passphrase, name)
    if not place.exists():
        key = RecoveryKey.generate(name, random)
        write_whole(place, key.to_locked(passphrase, random))
        return key
    return read_recovery_key(place, name, passphrase)


def read_recovery_key(place: Path, name: str, passphrase: str) -> RecoveryKey:
    """The recovery key of party `name` in a file. Raises BadInput, WrongPassphrase or UsageError."""
    key = RecoveryKey.from_locked(read_whole(place, RECOVERY_LIMIT_BYTES), passphrase)
    if key.party != name:
        raise UsageError("the recovery key is of another party", "give the recovery file of this party")
    return key


@contextmanager
def open_party(
    root: Path, unlock: Callable[[bytes], PartyKeys], clock: Clock = wall_clock
) -> Iterator[Party]:
    """The party in `root`, held for one command; `unlock` turns the key file's bytes into keys.

    A change of cards that was begun and killed is completed first. Raises UsageError, Refused or
    WrongPassphrase.
    """
    from cleanroom.session.keys.rotating import complete_changes

    folder = Folder(root)
    folder.require_party()
    with folder.locked():
        keys = unlock(read_whole(folder.path("keys", "identity"), 16_384))
        yield complete_changes(Party(folder, keys, clock()), unlock)
