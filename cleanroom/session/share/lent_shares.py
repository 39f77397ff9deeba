"""Shares of ours whose halves a room holds: deposited when they are granted, revoked and asked about there.

shares/ended/SHARE    the room's signed end of such a share, then its attestation that the half is destroyed

The room signs how a share ended. What it says of reads is its word, and a count: which records is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cleanroom.log import Facts, bucket
from cleanroom.number import count_of
from cleanroom.receipts import (
    DESTRUCTION,
    EXPIRY,
    REVOCATION,
    STATEMENT_LIMIT_BYTES,
    read_statement,
    statement_digest,
)
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.history import own_history
from cleanroom.session.party import Party, wall_clock
from cleanroom.session.review.reviews import why_not_shown
from cleanroom.session.room.room_logs import watch_room_log
from cleanroom.session.room.rooms import holder_card, room_at, room_client
from cleanroom.share import Deposit, Ending, Held, Holder, MadeShare, Terms, make_deposit
from overlap.errors import BadInput, UsageError, WrongRun

if TYPE_CHECKING:
    from cleanroom.room import LentShare, RoomLeases


@contextmanager
def lending_room(party: Party, partner: str, holder: str) -> Iterator[RoomLeases]:
    """The joined room whose card has that digest (hex), as lease-holder, after a look at its log.

    Raises UsageError when it was not joined, ForgedFile when its log is not the one it showed before.
    """
    url = room_at(party, holder)
    if not url:
        raise UsageError(
            "the lease-holder of this share is a room that was not joined",
            "run 'overlap room join URL --fingerprint …'",
        )
    with closing(room_client(party, url, wall_clock)) as client:
        from cleanroom.room import RoomLeases

        watch_room_log(party, client, holder_card(party, holder), partner)
        yield RoomLeases(client)


class PartnerHolder(Holder):
    """The lease-holder for what we show to a partner: our folder, or the room that an agreement names."""

    def __init__(self, party: Party, partner: str, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._party, self._partner = party, partner

    def grant(self, made: MadeShare | Deposit, now: int) -> None:
        """As Holder does; the half of a share that a room holds goes there and stays nowhere else."""
        terms = made.terms
        if not self._is_lent(terms) or not isinstance(made, MadeShare):
            super().grant(made, now)
            return
        deposit = make_deposit(made, self._party.keys, holder_card(self._party, terms.holder))
        self._grants.keep(terms.share, made.statement)
        with lending_room(self._party, self._partner, terms.holder) as room:
            room.deposit(terms.share, deposit)
        self._append("grant", terms, now, {"records": bucket(terms.count)})
        self._save(self.state.with_share(Held(terms)))

    def revoke(self, share: str, now: int) -> Ending:
        """As Holder does; a room ends and destroys what it holds, and signs both."""
        held = self.state.shares.get(share)
        if held is None or not self._is_lent(held.terms):
            return super().revoke(share, now)
        with lending_room(self._party, self._partner, held.terms.holder) as room:
            return self._ended(held, room.revoke(share), now)

    def ending(self, share: str) -> Ending | None:
        """As Holder does; of a share that a room holds the room's statements are kept, not ours made."""
        held = self.state.shares.get(share)
        return None if held is not None and self._is_lent(held.terms) else super().ending(share)

    def refresh(self, now: int) -> list[str]:
        """Ask the rooms how the shares stand that they hold; what is new, a line for each share.

        A room knows no account, so it goes on with a share of which one may not be shown any more, or nobody
        knows which it shows, where our own folder would refuse each lease: such a share is revoked.
        """
        lines = []
        for held in self.state.shares.values():
            if held.destroyed or not self._is_lent(held.terms):
                continue
            if why := "" if held.reason else self._why_not_shown(held.terms):
                self.revoke(held.terms.share, now)
                lines.append(f"share {held.terms.share[:8]} is revoked: {why}; grant a new one")
                continue
            with lending_room(self._party, self._partner, held.terms.holder) as room:
                stands = room.stands(held.terms.share)
            name = f"share {held.terms.share[:8]}"
            if stands.attestation:
                self._ended(held, stands, now)
                lines.append(
                    f"{name} has ended, its half is destroyed; read: {count_of(stands.read, 'record')}"
                )
            elif (stands.read, stands.countersigned) != (len(held.read), held.countersigned):
                self._save(self.state.with_share(_seen(held, stands, now)))
                lines.append(f"{name}: {stands.read:,} of {held.terms.count:,} records were read")
        return lines

    def _why_not_shown(self, terms: Terms) -> str:
        return why_not_shown(self._party, self._partner, terms.share, terms.run)

    def _is_lent(self, terms: Terms) -> bool:
        own = [self._keys.card, *(retired.card for retired in own_history(self._party.folder))]
        return terms.holder not in {card.digest.hex() for card in own}

    def _ended(self, held: Held, stands: LentShare, now: int) -> Ending:
        """Keep the room's two statements once their signatures hold and they are about this share."""
        card, terms = holder_card(self._party, held.terms.holder), held.terms
        said = REVOCATION if stands.reason == "revocation" else EXPIRY
        for data, kind in ((stands.notice, said), (stands.attestation, DESTRUCTION)):
            statement = read_statement(data, [card], kind)
            named = statement.subject.get("terms"), statement.predicate.get("share")
            if named != (terms.digest.hex(), terms.share):
                raise WrongRun("the room's statement is about another share", "tell who runs the room")
        write_whole(
            self._party.folder.path("shares", "ended", terms.share), stands.notice + stands.attestation
        )
        if not held.destroyed:
            kind = "revocation" if stands.reason == "revocation" else "expiry"
            # Our log commits to the room's two words, so that a bundle shows when we had them.
            facts: Facts = {"records": bucket(terms.count), "receipt": statement_digest(stands.notice)}
            self._append(kind, terms, now, facts)
            read, word = bucket(stands.read), statement_digest(stands.attestation)
            self._append("destruction", terms, now, {**facts, "read": read, "receipt": word})
            self._save(self.state.with_share(_seen(held, stands, now)))
        return Ending(terms.share, stands.reason, terms.count, stands.read, stands.notice, stands.attestation)


def room_endings(party: Party, share: str) -> tuple[bytes, ...]:
    """What a room has signed about the end of a share that it held: the end, the attestation; or nothing."""
    place = party.folder.path("shares", "ended", share)
    if not place.is_file():
        return ()
    lines = read_whole(place, STATEMENT_LIMIT_BYTES).splitlines(keepends=True)
    if len(lines) != 4:
        raise BadInput(f"{place} does not hold the room's two statements", "restore it from a backup")
    return b"".join(lines[:2]), b"".join(lines[2:])


def _seen(held: Held, stands: LentShare, now: int) -> Held:
    """The share as the room says that it stands. Only the number of read records is known, not which."""
    read = tuple(range(min(stands.read, held.terms.count)))
    return replace(
        held,
        read=read,
        reason=stands.reason,
        closed=stands.closed,
        destroyed=stands.destroyed,
        countersigned=stands.countersigned,
        last=now if len(read) > len(held.read) else held.last,
    )
