"""Who is known to a room: cards, invitations, and the people who sign for a party.

All of it is in memory as well, because every request asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

from cleanroom.room.problem import missing, too_much
from cleanroom.room.signatures import member_keyid
from cleanroom.store import Database, Execute
from overlap.errors import Refused, UsageError
from overlap.keys import Card, check_verify_key

ROLES: Final = ("admin", "operator", "auditor", "viewer")

#: Seconds for which an invitation can be open at most: a year.
INVITATION_LIMIT: Final = 366 * 86_400

#: Invitations that a party may have open, and members that it may have.
OPEN_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Member:
    """A key that signs for a party (its card's digest), and what it may do."""

    party: str
    keyid: str
    key: bytes
    role: str


class Registry:
    """The cards, invitations and members of a room."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._cards: dict[str, Card] = {}
        self._members: dict[str, Member] = {}
        self._ended = {card for (card,) in database.read("SELECT card FROM ended")}
        for (data,) in database.read("SELECT card FROM cards"):
            self._take(Card.from_bytes(bytes(data)))
        for party, keyid, key, role in database.read("SELECT party, keyid, key, role FROM members"):
            self._members[keyid] = Member(party, keyid, bytes.fromhex(key), role)
        rows = database.read("SELECT party, keyid, key, role FROM suspended")
        self._suspended = {row[1]: Member(row[0], row[1], bytes.fromhex(row[2]), row[3]) for row in rows}

    @property
    def parties(self) -> tuple[str, ...]:
        """The digests of all registered cards."""
        return tuple(self._cards)

    def member(self, keyid: str) -> Member | None:
        return self._members.get(keyid)

    def is_suspended(self, keyid: str) -> bool:
        """Whether this is a member of before a restore that its party has not confirmed since."""
        return keyid in self._suspended

    def suspended_of(self, party: str) -> list[Member]:
        """The members of a party that wait to be confirmed after a restore."""
        found = [member for member in self._suspended.values() if member.party == party]
        return sorted(found, key=lambda member: member.keyid)

    def card(self, digest: str) -> Card:
        """The registered card; a problem when there is none."""
        if digest not in self._cards:
            raise missing("registered party")
        return self._cards[digest]

    def living(self, digest: str) -> Card:
        """The registered card while its owner uses it; a problem when there is none."""
        if digest in self._ended:
            raise missing("registered party")
        return self.card(digest)

    @property
    def ended(self) -> tuple[str, ...]:
        """The digests of cards that are out of use."""
        return tuple(self._ended)

    def members_of(self, party: str) -> list[Member]:
        """The members of a party, the card's own key first."""
        found = [member for member in self._members.values() if member.party == party]
        return sorted(found, key=lambda member: (member.keyid != party, member.keyid))

    def is_invited(self, digest: str, now: int) -> bool:
        sql = "SELECT count(*) FROM invitations WHERE card = ? AND expires > ?"
        return bool(self._database.read(sql, digest, now)[0][0])

    def invite(self, card: str, expires: int, inviter: str, now: int) -> None:
        """Let the card with this digest be registered until `expires`; `inviter` is "" for the room's own."""
        if not now < expires <= now + INVITATION_LIMIT:
            raise UsageError("an invitation ends later than now and within a year", "choose another end")

        def job(run: Execute) -> None:
            old = "DELETE FROM invitations WHERE expires <= ? OR (card = ? AND inviter = ?)"
            run(old, now, card, inviter)
            count = run("SELECT count(*) FROM invitations WHERE inviter = ?", inviter)[0][0]
            if inviter and count >= OPEN_LIMIT:
                what = f"{OPEN_LIMIT} invitations of this party are open"
                raise too_much(what, "wait until some end", 3_600)
            run("INSERT INTO invitations VALUES (?, ?, ?)", card, inviter, expires)

        self._database.write(job)

    def register(self, card: Card, now: int) -> bool:
        """Take in an invited card; False when it is here already. Refused when it is not invited."""
        digest = card.digest.hex()
        with self._lock:
            if digest in self._ended:
                raise Refused(
                    "this card is out of use: it was rotated or revoked", "register the present card"
                )
            if digest in self._cards:
                return False
            if not self.is_invited(digest, now):
                raise Refused("this card is not invited", "ask a party of the room, or its operator")

            def job(run: Execute) -> None:
                run("DELETE FROM invitations WHERE card = ?", digest)
                run("INSERT INTO cards VALUES (?, ?, ?)", digest, card.to_bytes(), now)

            self._database.write(job)
            self._take(card)
        return True

    def end(self, digest: str, statement: bytes, now: int) -> None:
        """Take nothing more that is signed for the party of this card, by whichever of its members.

        `statement` is the rotation or revocation of the card, checked. The card that a rotation leads to may
        be registered. A second statement about the same card changes nothing.
        """
        self.card(digest)
        with self._lock:
            if digest not in self._ended:

                def job(run: Execute) -> None:
                    run("DELETE FROM members WHERE party = ?", digest)
                    run("DELETE FROM suspended WHERE party = ?", digest)
                    run("INSERT INTO ended VALUES (?, ?, ?)", digest, statement, now)

                self._database.write(job)
                self._ended.add(digest)
                for member in self.members_of(digest):
                    del self._members[member.keyid]
                for member in self.suspended_of(digest):
                    del self._suspended[member.keyid]

    def add_member(self, party: str, key: bytes, role: str, now: int) -> Member:
        """Let `key` sign for `party` in a role; a key that is there takes the new role.

        A member that waits since a restore is confirmed by it.
        """
        check_verify_key(key, "the member's key")
        member = Member(party, member_keyid(key), key, role)
        with self._lock:
            self.living(party)
            there = self._members.get(member.keyid)
            if (there and there.party != party) or any(key == card.requests for card in self._cards.values()):
                raise Refused("this key signs for a party already", "make new keys for the member")
            waiting = self._suspended.get(member.keyid)
            if waiting and waiting.party != party:
                raise Refused("this key signs for a party already", "make new keys for the member")
            if not there and len(self.members_of(party)) > OPEN_LIMIT:
                raise too_much(f"the party has {OPEN_LIMIT} members", "remove one first", 60)

            def job(run: Execute) -> None:
                run("DELETE FROM members WHERE keyid = ?", member.keyid)
                run("DELETE FROM suspended WHERE keyid = ?", member.keyid)
                run("INSERT INTO members VALUES (?, ?, ?, ?, ?)", party, member.keyid, key.hex(), role, now)

            self._database.write(job)
            self._members[member.keyid] = member
            self._suspended.pop(member.keyid, None)
        return member

    def remove_member(self, party: str, keyid: str) -> None:
        """End a member's rights at once, also those it would get when confirmed. The card's own key stays."""
        with self._lock:
            member = self._members.get(keyid) or self._suspended.get(keyid)
            if member is None or member.party != party:
                raise missing("member")
            if keyid == party:
                raise Refused("the key of the card itself cannot be removed", "remove other members only")

            def job(run: Execute) -> None:
                run("DELETE FROM members WHERE keyid = ?", keyid)
                run("DELETE FROM suspended WHERE keyid = ?", keyid)

            self._database.write(job)
            self._members.pop(keyid, None)
            self._suspended.pop(keyid, None)

    def _take(self, card: Card) -> None:
        digest = card.digest.hex()
        self._cards[digest] = card
        if digest in self._ended:
            return
        self._members[digest] = Member(digest, digest, card.requests, "admin")
