"""The lease-holder: who keeps the holder's halves, decides each read, and destroys the half at the end.

It is the granting party's own folder, or a room between the parties: the same `Holder` with other keys.

Order of work, so that a crash at any moment gives nothing away and loses no count: the state is saved before
the half is used, the half is destroyed after the closing is saved, and a file is returned last. Every call
can be repeated after a crash and then completes what was begun.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from cleanroom.log import Facts, bucket
from cleanroom.receipts import (
    DESTRUCTION,
    EXPIRY,
    GRANT,
    REVOCATION,
    last_signature,
    sign_statement,
    with_countersignature,
)
from cleanroom.share.deposit import Deposit
from cleanroom.share.grant import MadeShare
from cleanroom.share.lease import MadeLease, make_lease
from cleanroom.share.request import Request, check_request, read_request
from cleanroom.share.restored import HolderLog, newest_shown, read_secret, require_newest, secret_of
from cleanroom.share.state import Held, HolderState
from cleanroom.share.terms import Terms
from cleanroom.vault import Vault
from overlap.errors import BadInput, Expired, Refused, WrongRun
from overlap.keys import Card, PartyKeys, RandomBytes

#: How long a lease opens records, at most to the share's end: long enough for a mail to be read the next day.
LEASE_SECONDS: Final = 2 * 86_400

#: How far ahead a request may be, a day for any wrong time zone: its time ends shares for good.
CLOCK_AHEAD_SECONDS: Final = 86_400

#: Says why a well-formed request is refused, or None: (terms, request, records read before, now).
Decide = Callable[[Terms, Request, int, int], str | None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a share ended, or waits to: `notice` is the signed expiry or revocation, `attestation` the signed
    word that the half was destroyed, None while a second time source is awaited. Counts are records."""

    share: str
    reason: str
    records: int
    read: int
    notice: bytes
    attestation: bytes | None


class LeaseHolder(Protocol):
    """What the recipient's reads and the end of a share depend on, wherever the halves lie."""

    def lease(self, data: bytes, now: int) -> MadeLease:
        """Answer a request file, or raise Refused, Expired or BadPeerFile."""

    def revoke(self, share: str, now: int) -> Ending:
        """End a share at once and destroy its half."""

    def expire(self, now: int, *, confirmed: bool = False) -> tuple[Ending, ...]:
        """End every share whose time has come; destroy the halves whose end a second source confirms."""


class Grants(Protocol):
    """Where the grant receipts of the shares lie: first signed by the grantor, later by the recipient too."""

    def read(self, share: str) -> bytes:
        """The receipt kept last for the share; BadInput when there is none."""

    def keep(self, share: str, receipt: bytes) -> None:
        """Put the receipt in the place of the one before; on disk when this returns."""


class Holder:
    """The lease-holder of what one party (`grantor`) shows to another (`recipient`).

    `keys` are the holder's: the grantor's own when its folder holds the halves, or a room's. `save` must have
    the state on disk when it returns; `decide` asks agreement and budgets. Time is the latest of `now`, the
    log's last entry and the highest time a party has signed, so a clock set back opens nothing.
    """

    def __init__(
        self,
        vault: Vault,
        log: HolderLog,
        keys: PartyKeys,
        grantor: Card,
        recipient: Card,
        state: HolderState,
        *,
        grants: Grants,
        save: Callable[[HolderState], None],
        decide: Decide,
        random: RandomBytes,
        lease_seconds: int = LEASE_SECONDS,
    ) -> None:
        self._vault = vault
        self._log = log
        self._keys = keys
        self._grantor = grantor
        self._recipient = recipient
        self._grants = grants
        self._save_state = save
        self._decide = decide
        self._random = random
        self._lease_seconds = lease_seconds
        self.state = state

    def grant(self, made: MadeShare | Deposit, now: int) -> None:
        """Take over a new share: remember its terms, log the grant, keep its half; then its file may go.

        The same share again completes what a crash has left and changes nothing else. Raises WrongRun for a
        share of other parties or another holder, Refused for an id that is taken or a share that has ended.
        """
        terms = made.terms
        cards = (self._grantor, self._recipient, self._keys.card)
        if (terms.grantor, terms.recipient, terms.holder) != tuple(card.digest.hex() for card in cards):
            raise WrongRun("the share is of other parties or for another holder", "grant the share again")
        held = self.state.shares.get(terms.share)
        if held is None:
            self._grants.keep(terms.share, made.statement)
            self._save(self.state.with_share(Held(terms)))
        elif held.terms != terms or held.reason:
            raise Refused("a share of this id was granted before", "grant a new share")
        if terms.share not in self._vault.names():
            self._append("grant", terms, now, {"records": bucket(terms.count)})
            self._vault.put(terms.share, secret_of(made.half, 0))

    def countersign(self, share: str, receipt: bytes, now: int) -> None:
        """Keep the recipient's countersignature, from the doubly signed grant `receipt`; no lease before it.

        Raises Refused when there is no such share, BadPeerFile when it is not the recipient's signature of
        this very grant.
        """
        held = self.state.shares.get(share)
        if held is None:
            raise Refused("there is no such share", "see them with 'shares list'")
        self._countersign(held, last_signature(receipt), now)

    def heard(self, time: int) -> None:
        """Note a time that the peer has signed in any verified file: the second source for the end."""
        if time > self.state.peer_time:
            self._save(replace(self.state, peer_time=time))

    def lease(self, data: bytes, now: int) -> MadeLease:
        """The lease that answers a request file; counted, logged and saved before it is returned.

        Raises BadPeerFile for a file that is not acceptable, WrongRun for an unknown share, Expired from the
        end on, and Refused for a revoked share, a repeated request, a log that is older than the peer's
        newest checkpoint of it, or by `decide`. Every refusal of a well-formed request is logged too.
        """
        request = read_request(data, self._keys, self._recipient)
        if request.time > self._time(now) + CLOCK_AHEAD_SECONDS:
            raise Refused(
                "the peer's clock is more than a day ahead of ours", "compare both clocks, ask again"
            )
        self.heard(request.time)
        held = self.state.shares.get(request.share)
        if held is None:
            raise WrongRun(
                "the request is about a share that is not held here", "ask for the share's own file"
            )
        time = self._time(now)
        try:
            shown = self._check(request, held, time)
            held = self._countersign(held, request.countersignature, now)
            self._require_allowed(request, held, time)
            half, mark = read_secret(self._vault.get(request.share))
            require_newest(self._log, self.state, mark)
        except Refused:
            self._append("request", held.terms, now, {"refused": 1, "records": bucket(len(request.records))})
            raise
        state = self.state.with_share(held.with_read(request.records, request.request, time))
        position = self._log.head().size
        self._save(replace(state, position=position, announced=request.share, shown=shown))
        facts: Facts = {"purpose": request.purpose.encode(), "records": bucket(len(request.records))}
        self._append("lease", held.terms, now, facts)
        self._vault.replace(request.share, secret_of(half, position + 1))
        return make_lease(
            request,
            held.terms,
            half,
            self._keys,
            time,
            seconds=self._lease_seconds,
            checkpoint=self._log.head().to_note(self._keys.card),
        )

    def revoke(self, share: str, now: int) -> Ending:
        """End the share at once: no lease from now on, the half destroyed, both signed.

        Raises Refused when there is no such share, Expired when it has ended by itself. A share revoked
        before gives the same two statements again.
        """
        held = self.state.shares.get(share)
        if held is None:
            raise Refused("there is no such share", "see them with 'shares list'")
        if held.reason == "end":
            raise Expired("the share has ended by itself", "nothing is left to revoke")
        if not held.reason:
            held = self._close(held, "revocation", now)
        return self._ending(self._destroy(held, "", now))

    def expire(self, now: int, *, confirmed: bool = False) -> tuple[Ending, ...]:
        """End every share at or after its end; also complete what was begun before a crash.

        Refusal is immediate. The half is destroyed only when this machine's clock is at or after the end
        and a second source agrees: a time signed by the peer, or the operator who says `confirmed`, so that a
        clock that jumps destroys nothing. Returns the shares that ended or were destroyed now, or still wait.
        """
        endings = []
        for held in self.state.shares.values():
            if held.terms.holder != self._keys.card.digest.hex():
                continue  # A room ends what it holds.
            if held.destroyed and held.terms.share in self._vault.names():
                self._vault.destroy(held.terms.share)  # It came back with an old copy of the vault.
            if held.destroyed or not (held.reason or self._time(now) >= held.terms.until):
                continue
            closed = held if held.reason else self._close(held, "end", now)
            source = "" if closed.reason == "revocation" else self._second_source(closed, now, confirmed)
            if source is not None:
                closed = self._destroy(closed, source, now)
            endings.append(self._ending(closed))
        return tuple(endings)

    def ending(self, share: str) -> Ending | None:
        """The statements about a share that has ended, the same ones again; None while it has not."""
        held = self.state.shares.get(share)
        return self._ending(held) if held is not None and held.reason else None

    def _time(self, now: int) -> int:
        return max(now, self._log.last_time, self.state.peer_time)

    def _check(self, request: Request, held: Held, time: int) -> str:
        """Everything but countersignature, budget and agreement; the newest checkpoint the peer has shown."""
        if held.reason == "revocation":
            raise Refused("the share was revoked", "ask the granting party for a new share")
        if held.reason == "end":
            raise Expired("the share has ended", "agree on a new share; what has ended is not opened again")
        check_request(request, held.terms, time)
        if request.request in held.requests:
            raise Refused("this request was answered before", "make a new request")
        return newest_shown(self._log, self._keys.card, self.state.shown, request.checkpoint)

    def _countersign(self, held: Held, signature: bytes, now: int) -> Held:
        """The share with its doubly signed grant receipt kept and logged (crypto.md F11)."""
        if held.countersigned:
            return held
        if not signature:
            raise Refused(
                "the grant waits for the recipient's countersignature",
                "make the request with 'shares request'",
            )
        share = held.terms.share
        receipt = with_countersignature(
            self._grants.read(share), [self._grantor], GRANT, self._recipient, signature
        )
        self._grants.keep(share, receipt)
        held = replace(held, countersigned=self._time(now))
        self._save(self.state.with_share(held))
        self._append("receipt", held.terms, now, {"receipt": hashlib.sha256(receipt).digest()})
        return held

    def _require_allowed(self, request: Request, held: Held, time: int) -> None:
        if held.leases_left == 0:
            raise Refused(
                f"clause terms.read_budget: all {held.terms.read_budget:,} leases of this share were given",
                "ask the granting party for a new share",
            )
        reason = self._decide(held.terms, request, len(held.read), time)
        if reason is not None:
            raise Refused(reason, "see what the agreement allows with 'agreement show'")

    def _second_source(self, held: Held, now: int, confirmed: bool) -> str | None:
        if now < held.terms.until:
            return None
        if self.state.peer_time >= held.terms.until:
            return "peer"
        return "operator" if confirmed else None

    def _close(self, held: Held, reason: str, now: int) -> Held:
        closed = replace(held, reason=reason, closed=self._time(now))
        self._save(self.state.with_share(closed))
        kind = "expiry" if reason == "end" else "revocation"
        share = held.terms.share
        self._append(kind, held.terms, now, {"records": bucket(held.terms.count)})
        with suppress(BadInput, Refused):  # An end waits for nothing, whatever became of the half.
            half, _ = read_secret(self._vault.get(share))
            self._vault.replace(share, secret_of(half, self._log.head().size))
        return closed

    def _destroy(self, held: Held, source: str, now: int) -> Held:
        if held.destroyed:
            return held
        self._vault.destroy(held.terms.share)
        destroyed = replace(held, destroyed=self._time(now), source=source)
        facts = {"records": bucket(held.terms.count), "read": bucket(len(held.read))}
        self._append("destruction", held.terms, now, facts)
        self._save(self.state.with_share(destroyed))
        return destroyed

    def _ending(self, held: Held) -> Ending:
        """The statements about an ended share; made from the state alone, so they can be made again."""
        terms = held.terms
        common: dict[str, Any] = {"records": terms.count, "read": len(held.read), "share": terms.share}
        closed = common | {"time": held.closed, "until": terms.until}
        notice = self._sign(REVOCATION if held.reason == "revocation" else EXPIRY, terms, closed)
        attestation = None
        if held.destroyed:
            word = common | {"confirmed_by": held.source, "reason": held.reason, "time": held.destroyed}
            attestation = self._sign(DESTRUCTION, terms, word)
        return Ending(terms.share, held.reason, terms.count, len(held.read), notice, attestation)

    def _sign(self, kind: str, terms: Terms, predicate: dict[str, Any]) -> bytes:
        subject = {"agreement": terms.agreement, "terms": terms.digest.hex()}
        return sign_statement(kind, subject, predicate, self._keys)

    def _append(self, kind: str, terms: Terms, now: int, counts: Facts) -> None:
        facts: Facts = {"share": bytes.fromhex(terms.share), "terms": terms.digest, **counts}
        self._log.append(kind, facts, now, self._random)

    def _save(self, state: HolderState) -> None:
        self._save_state(state)
        self.state = state
