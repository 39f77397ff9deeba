"""A partner that commits epochs, witnesses that cosign them, and a vendor that verifies; all in memory.

Every attack changes one thing of an honest world, and signs again whatever its player can sign.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import shake_256
from typing import Any

from cleanroom.attribution import (
    FIRST,
    ClaimsLog,
    Clocks,
    Commitment,
    Failed,
    Key,
    Known,
    OpenedEpoch,
    Opening,
    Row,
    Stamped,
    Terms,
    Verdict,
    Verified,
    claims_origin,
    commit,
    cosign_claims,
    make_row,
    prove,
    sealed_entry,
    sign_entries,
    verify_bundle,
)
from cleanroom.attribution.claims.bundle import CLAIMS_BUNDLE_LINE, PURPOSE
from cleanroom.log import witness_key
from overlap import canonical
from overlap.keys import PartyKeys

DAY = 86_400
MONTH = 30 * DAY
BEGIN = 1_767_225_600  # 2026-01-01T00:00:00Z, by `date -u -d 2026-01-01 +%s`
SOFTWARE = "normaliser 1"
RUN = bytes(range(16))


@cache
def keys_of(name: str) -> PartyKeys:
    """The same keys for the same name: key generation is not what is tested."""
    return PartyKeys.generate(name, lambda size: shake_256(f"{name}{size}".encode()).digest(size))


PARTNER, VENDOR, RIVAL = keys_of("contoso"), keys_of("northwind"), keys_of("fabrikam")
WITNESSES = tuple(keys_of(f"witness-{number}") for number in range(3))


def domain(number: int) -> Key:
    return Key("domain", f"company{number}.example")


def lei(number: int) -> Key:
    return Key("lei", f"LEI{number:017d}")


def token(number: int) -> str:
    return f"{number:032x}"


def account(number: int, *, since: str = "2019-04-01", evidence: bytes = b"") -> Row:
    return make_row(f"A{number}", [domain(number), lei(number)], since=since, evidence=evidence)


@dataclass(frozen=True)
class Epoch:
    """An epoch as its owner has it."""

    commitment: Commitment
    salt: bytes
    opening: bytes


@dataclass
class Claimant:
    """A party that commits a list each month; `stamped` are its checkpoints with what came back."""

    keys: PartyKeys
    epochs: list[Epoch] = field(default_factory=list)
    stamped: list[Stamped] = field(default_factory=list)

    @property
    def entries(self) -> list[bytes]:
        return [sealed_entry(one.salt, one.commitment) for one in self.epochs]

    @property
    def log(self) -> ClaimsLog:
        """The log with its newest checkpoint."""
        return ClaimsLog(claims_origin(self.keys.card), tuple(self.entries), self.stamped[-1].note)

    def commit(
        self,
        rows: Sequence[Row],
        cosigners: Sequence[tuple[PartyKeys, int]] = (),
        *,
        software: str = SOFTWARE,
        salt: bytes = b"",
        previous: bytes | None = None,
    ) -> Epoch:
        """One more epoch, cosigned by each of `cosigners` at its second."""
        number = len(self.epochs) + 1
        before = self.epochs[-1].commitment.root if self.epochs else FIRST
        made = commit(
            rows,
            self.keys.card.digest,
            number,
            shake_256(f"secret{number}".encode()).digest(32),
            software,
            previous=before if previous is None else previous,
        )
        salt = salt or shake_256(f"salt{number}".encode()).digest(32)
        self.epochs.append(Epoch(made.commitment, salt, made.opening))
        log = sign_entries(claims_origin(self.keys.card), self.entries, self.keys)
        for witness, second in cosigners:
            log = cosign_claims(log, None, 0, witness, second)
        self.stamped.append(Stamped(log.note))
        return self.epochs[-1]

    def bundle(
        self, tokens: Sequence[int] = (0, 1), *, pay: bool = False, now: int = 0, **change: Any
    ) -> bytes:
        """The bundle for accounts with these numbers, to the vendor."""
        matched = {token(number): [domain(number), lei(number)] for number in tokens}
        opened = [OpenedEpoch(one.commitment, one.salt) for one in self.epochs]
        return prove(
            opened,
            lambda epoch: Opening.from_bytes(self.epochs[epoch - 1].opening),
            matched,
            change.get("log", self.log),
            change.get("stamped", self.stamped),
            self.keys,
            change.get("recipient", VENDOR.card.digest),
            RUN,
            now or BEGIN,
            pay=pay,
            since=1,
        ).data


def honest(epochs: int = 3, accounts: int = 70) -> Claimant:
    """A partner with the same list every month, cosigned by two of three witnesses on the day after."""
    claimant = Claimant(PARTNER)
    rows = [account(number) for number in range(accounts)]
    for number in range(epochs):
        begin = BEGIN + number * MONTH
        claimant.commit(rows, [(WITNESSES[0], begin), (WITNESSES[1], begin + DAY)])
    return claimant


def terms(**change: Any) -> Terms:
    usual = Terms(
        logs={party.party: claims_origin(party.card) for party in (PARTNER, VENDOR)},
        epoch_days=30,
        grace_days=10,
        most_leaves=1_024,
        most_growth=50,
        audit_draws=59,
        witnesses_needed=2,
        witnesses=tuple(witness_key(one.card) for one in WITNESSES),
        counts_from=0,
        authority="",
    )
    return replace(usual, **change)


def clocks(agreed: Terms | None = None) -> Clocks:
    """The clocks that the vendor believes under these terms."""
    found = agreed or terms()
    return Clocks(
        own=(witness_key(VENDOR.card),),
        witnesses=found.witnesses,
        needed=found.witnesses_needed,
        authority=found.authority,
        counts_from=found.counts_from,
    )


def known(**change: Any) -> Known:
    """What the vendor knows a day after the third epoch: the keys of its own seventy accounts."""
    own = {token(number): frozenset({domain(number).text, lei(number).text}) for number in range(70)}
    usual = Known(
        cards=[VENDOR.card],
        partner=[PARTNER.card],
        keys={SOFTWARE: own},
        now=BEGIN + 2 * MONTH + 2 * DAY,
        clocks=clocks(),
        terms=terms(),
    )
    return replace(usual, **change)


def verdict(data: bytes, **change: Any) -> Verdict:
    return verify_bundle(data, known(**change))


def code(data: bytes, number: int = 0, **change: Any) -> str:
    """The code of the whole bundle, else of one claim, else ""."""
    found = verdict(data, **change)
    outcome = found.outcomes.get(token(number))
    return found.code or (outcome.code if isinstance(outcome, Failed) else "")


def held(data: bytes, number: int = 0, **change: Any) -> Verified:
    outcome = verdict(data, **change).outcomes[token(number)]
    assert isinstance(outcome, Verified), outcome
    return outcome


def forged(data: bytes, change: Callable[[dict[str, Any]], object], by: PartyKeys = PARTNER) -> bytes:
    """The bundle with its fields changed in place, signed again by its sender."""
    body = json.loads(data[len(CLAIMS_BUNDLE_LINE) : -130])
    change(body)
    signed = CLAIMS_BUNDLE_LINE + canonical.encode(body) + b"\n"
    return signed + by.sign("signing", PURPOSE, signed).hex().encode() + b"\n"
