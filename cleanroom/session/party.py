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

from cleanroom.log import Entry, Log, bucket, log_origin
from cleanroom.session.folder import PARTY_LINE, Folder, read_whole, write_whole
from cleanroom.vault import Vault
from overlap.errors import BadPeerFile, Refused, Unverified, UsageError
from overlap.keys import Card, PartyKeys, RandomBytes, check_party_name, hkdf

Clock = Callable[[], int]

#: A peer's signed time may be this far ahead of our clock, in seconds: a day covers every wrong time zone.
CLOCK_SKEW = 86_400

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
    """An opened party. `now` is the second at which the command began."""

    folder: Folder
    keys: PartyKeys
    now: int
    random: RandomBytes = secrets.token_bytes
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

    def is_verified(self, partner: str) -> bool:
        place = self.folder.path("partners", f"{partner}.verified")
        return place.is_file() and read_whole(place, 1024) == self.verified_mark(self.card_of(partner))

    def verified_mark(self, card: Card) -> bytes:
        """What NAME.verified holds: only who has our keys can make it, not everybody who can write a file."""
        return hkdf(self.keys.storage_key(b"verified card"), card.digest).hex().encode() + b"\n"

    def verified_card_of(self, partner: str) -> Card:
        """The card of that partner, or Unverified while its fingerprint has not been confirmed."""
        card = self.card_of(partner)
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


def create_party(root: Path, name: str, passphrase: str, random: RandomBytes = secrets.token_bytes) -> Card:
    """Make a new party in `root` and return its card; UsageError when one lives there already."""
    check_party_name(name)
    folder = Folder(root)
    if folder.is_party:
        raise UsageError(f"a party lives in {root} already", "choose another folder with --dir")
    with folder.locked():
        if os.name == "posix":
            root.chmod(0o700)
        keys = PartyKeys.generate(name, random)
        write_whole(folder.path("keys", "identity"), keys.to_locked(passphrase, random))
        write_whole(folder.path("keys", "card"), keys.card.to_bytes())
        write_whole(folder.path("party"), PARTY_LINE + name.encode() + b"\n")
    return keys.card


@contextmanager
def open_party(
    root: Path, unlock: Callable[[bytes], PartyKeys], clock: Clock = wall_clock
) -> Iterator[Party]:
    """The party in `root`, held for one command; `unlock` turns the key file's bytes into keys.

    Raises UsageError, Refused or WrongPassphrase.
    """
    folder = Folder(root)
    folder.require_party()
    with folder.locked():
        keys = unlock(read_whole(folder.path("keys", "identity"), 16_384))
        yield Party(folder, keys, clock())
