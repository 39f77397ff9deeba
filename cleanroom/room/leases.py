"""The room as lease-holder: it keeps halves, answers reads, and destroys what has ended.

Each direction of a pair has a `Holder` of its own, and each pair a vault: a destruction encrypts the secrets
of its pair again, and no others. Everything in a pair is done under the pair's lock.

The time that a party signs into a request to the room is the second time source for a destruction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock
from typing import Final

from cleanroom.log import Facts
from cleanroom.receipts import STATEMENT_LIMIT_BYTES
from cleanroom.room.disk import Disk
from cleanroom.room.files import RoomFiles
from cleanroom.room.oneway import OneWayLog
from cleanroom.room.pairs import Pair, Pairs
from cleanroom.room.problem import missing, too_much
from cleanroom.room.quotas import Quotas
from cleanroom.room.registry import Registry
from cleanroom.room.witness import Witness
from cleanroom.share import Ending, Held, Holder, HolderState, read_deposit, read_request
from cleanroom.vault import Vault
from overlap.errors import Refused, WrongRun
from overlap.keys import PartyKeys, RandomBytes

#: Bytes of what is remembered of the shares of one direction: 10,000 shares with their terms and reads.
STATE_LIMIT: Final = 2**30

#: Seconds of a lease of a room: the answer comes at once, so it need not outlast a mail.
LEASE_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class ShareState:
    """A share as both parties see it; `ending` has its signed statements once it has ended."""

    held: Held
    ending: Ending | None


class Leases:
    """All shares whose halves lie in this room."""

    def __init__(
        self,
        files: RoomFiles,
        pairs: Pairs,
        registry: Registry,
        witness: Witness,
        quotas: Quotas,
        disk: Disk,
        keys: PartyKeys,
        random: RandomBytes,
    ) -> None:
        self._files, self._pairs, self._registry, self._witness = files, pairs, registry, witness
        self._disk = disk
        self._quotas, self._keys, self._random = quotas, keys, random
        self._lock = Lock()
        self._vaults: dict[str, Vault] = {}
        self._holders: dict[tuple[str, str], Holder] = {}
        self._direction_of: dict[str, tuple[str, str]] = {}
        self._heard: dict[str, int] = {}
        for name in files.names("holders"):
            grantor, recipient = name.split("-")
            for share in self._holder(grantor, recipient).state.shares:
                self._direction_of[share] = (grantor, recipient)

    def deposit(self, grantor: str, data: bytes, now: int) -> str:
        """Take over a share from its grantor; its id. The same deposit again changes nothing.

        Raises BadPeerFile for a deposit that is not acceptable, WrongRun when it is for another holder.
        """
        deposit = read_deposit(data, self._keys, self._registry.card(grantor))
        share, recipient = deposit.terms.share, deposit.terms.recipient
        self._registry.living(recipient)
        pair = self._pair(grantor, recipient)
        with self._lock:
            if self._direction_of.get(share, (grantor, recipient)) != (grantor, recipient):
                raise Refused("a share of this id was granted before", "grant a new share")
            known = share in self._direction_of
        with pair.lock:
            if not known and self._open_shares(grantor) >= self._quotas.open_shares:
                raise too_much(
                    f"{self._quotas.open_shares:,} shares of the party are open", "end some", 3_600
                )
            if not known:
                self._disk.admit(len(data))
            self._files.make_folder("holders", f"{grantor}-{recipient}")
            self._holder(grantor, recipient).grant(deposit, now)
        with self._lock:
            self._direction_of[share] = (grantor, recipient)
        return share

    def countersign(self, share: str, recipient: str, receipt: bytes, now: int) -> None:
        """Keep the grant receipt that the recipient has signed too; no lease before it."""
        grantor, pair = self._as(share, recipient, "recipient")
        with pair.lock:
            self._holder(grantor, recipient).countersign(share, receipt, now)

    def lease(self, share: str, recipient: str, data: bytes, now: int) -> bytes:
        """The lease that answers a request. Refused while a restored room waits for its parties."""
        grantor, pair = self._as(share, recipient, "recipient")
        request = read_request(data, self._keys, self._registry.card(recipient))
        if request.share != share:
            raise WrongRun("the request is about another share", "send it to the address of its share")
        with pair.lock:
            try:
                self._witness.require_cleared(pair)
            except Refused:
                facts: Facts = {"refused": 1, "share": bytes.fromhex(share)}
                pair.note("request", facts, now)
                raise
            return self._holder(grantor, recipient).lease(data, now).file

    def revoke(self, share: str, grantor: str, now: int) -> Ending:
        """End a share at once; its signed end and the attestation that the half is destroyed."""
        _, pair = self._as(share, grantor, "grantor")
        recipient = self._direction_of[share][1]
        with pair.lock:
            return self._holder(grantor, recipient).revoke(share, now)

    def end_party(self, party: str, now: int) -> None:
        """End every share of a party whose card is out of use, granted or received: nobody reads by a card
        whose keys may be anybody's, and no share outlives the card that signed it."""
        for (grantor, recipient), holder in list(self._holders.items()):
            if party not in (grantor, recipient):
                continue
            with self._pair(grantor, recipient).lock:
                for share, held in list(holder.state.shares.items()):
                    if not held.reason:
                        holder.revoke(share, now)

    def state(self, share: str, party: str) -> ShareState:
        """How a share stands, for one of its two parties."""
        grantor, recipient = self._direction_of.get(share, ("", ""))
        if party not in (grantor, recipient):
            raise missing("share")
        with self._pair(grantor, recipient).lock:
            holder = self._holder(grantor, recipient)
            return ShareState(holder.state.shares[share], holder.ending(share))

    def heard(self, party: str, time: int) -> None:
        """A party has signed that it is `time`: the second source for ends that wait."""
        self._heard[party] = max(time, self._heard.get(party, 0))

    def tick(self, now: int) -> int:
        """End what is over, destroy what a second source confirms; how many shares were touched."""
        touched = 0
        for (grantor, recipient), holder in list(self._holders.items()):
            with (pair := self._pair(grantor, recipient)).lock:
                time = max(now, pair.log.last_time)
                due = [held for held in holder.state.shares.values() if self._is_due(held, time)]
                if not due:
                    continue
                heard = max(self._heard.get(grantor, 0), self._heard.get(recipient, 0))
                if any(held.reason != "revocation" and held.terms.until <= heard for held in due):
                    holder.heard(heard)
                touched += len(holder.expire(now))
        return touched

    def settle(self, now: int) -> list[str]:
        """After a start: what is missing of halves, vaults or states; what should be destroyed is."""
        findings = []
        for (grantor, recipient), holder in self._holders.items():
            pair = self._pair(grantor, recipient)
            names = self._vault(pair).names()
            for share, held in holder.state.shares.items():
                if not held.destroyed and share not in names:
                    findings.append(f"the half of share {share} is missing: it is to be granted again")
                elif held.destroyed and share in names:
                    findings.append(f"the destroyed half of share {share} came back and is destroyed again")
            if any(held.destroyed and share in names for share, held in holder.state.shares.items()):
                holder.expire(now)
        for name in self._files.names("vault"):
            vault = self._vault(self._pair(*name.split("-")))
            findings += [
                f"a half lies in the vault for share {share}, which is not known here: it is never used"
                for share in vault.names()
                if share not in self._direction_of
            ]
        return findings

    def count(self) -> tuple[int, int]:
        """Shares that are open, and those whose half still waits for its destruction."""
        held = [one for holder in list(self._holders.values()) for one in holder.state.shares.values()]
        return sum(not one.reason for one in held), sum(
            bool(one.reason) and not one.destroyed for one in held
        )

    def _is_due(self, held: Held, now: int) -> bool:
        if held.destroyed:
            return False
        if not held.reason:
            return now >= held.terms.until
        parties = (held.terms.grantor, held.terms.recipient)
        heard = max(self._heard.get(party, 0) for party in parties)
        return held.reason == "revocation" or (now >= held.terms.until and heard >= held.terms.until)

    def _as(self, share: str, party: str, role: str) -> tuple[str, Pair]:
        """The grantor of a share and its pair, when `party` has that role in it."""
        grantor, recipient = self._direction_of.get(share, ("", ""))
        if party not in (grantor, recipient):
            raise missing("share")
        if party != (grantor if role == "grantor" else recipient):
            raise Refused(f"only the {role} of the share may do this", "ask the other party")
        return grantor, self._pair(grantor, recipient)

    def _open_shares(self, grantor: str) -> int:
        states = [holder.state for (by, _), holder in self._holders.items() if by == grantor]
        return sum(not held.reason for state in states for held in state.shares.values())

    def _pair(self, one: str, other: str) -> Pair:
        self._registry.card(other)
        return self._pairs.of(one, other)

    def _vault(self, pair: Pair) -> Vault:
        if pair.name not in self._vaults:
            key = self._keys.storage_key(b"vault")
            self._vaults[pair.name] = Vault(self._files.path("vault", pair.name), key, self._random)
        return self._vaults[pair.name]

    def _shares(self, grantor: str, recipient: str) -> Collection[str]:
        """The ids of the shares of one direction; its holder need not be open for it."""
        holder = self._holders.get((grantor, recipient))
        return holder.state.shares if holder else ()

    def _holder(self, grantor: str, recipient: str) -> Holder:
        if (grantor, recipient) not in self._holders:
            pair, place = self._pair(grantor, recipient), ("holders", f"{grantor}-{recipient}")
            state = HolderState()
            if self._files.size(*place, "state") is not None:
                state = HolderState.from_bytes(self._files.read(STATE_LIMIT, *place, "state"))
            self._holders[grantor, recipient] = Holder(
                self._vault(pair),
                OneWayLog(pair.log, lambda: self._shares(recipient, grantor)),
                self._keys,
                self._registry.card(grantor),
                self._registry.card(recipient),
                state,
                grants=_Receipts(self._files, place[1]),
                save=lambda state: self._files.write(state.to_bytes(), *place, "state"),
                decide=lambda *_: None,
                random=self._random,
                lease_seconds=LEASE_SECONDS,
            )
        return self._holders[grantor, recipient]


class _Receipts:
    """The grant receipts of one direction: who decides beyond the terms are the parties, who signed them."""

    def __init__(self, files: RoomFiles, folder: str) -> None:
        self._files, self._folder = files, folder

    def read(self, share: str) -> bytes:
        return self._files.read(STATEMENT_LIMIT_BYTES, "holders", self._folder, f"{share}.receipt")

    def keep(self, share: str, receipt: bytes) -> None:
        self._files.write(receipt, "holders", self._folder, f"{share}.receipt")
