"""Two parties with fixed keys, their software, and agreements between them, for tests about agreements."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cleanroom.agreement import (
    POLICY_SAMPLE,
    SignedAgreement,
    Software,
    accept,
    propose,
    read_signed,
    sign_proposal,
)
from overlap.keys import PartyKeys

#: 2026-11-22T10:00:00Z, the time at which every proposal of these tests is made.
PROPOSED = 1795341600
#: One hour later the other side accepts.
ACCEPTED = PROPOSED + 3600
DAY = 86_400


def fixed_bytes(seed: str) -> Callable[[int], bytes]:
    """A source of bytes that gives the same in every run."""
    drawn = 0

    def draw(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(f"{seed}/{drawn}".encode()).digest(count)

    return draw


NORTHWIND = PartyKeys.generate("northwind", fixed_bytes("northwind"))
CONTOSO = PartyKeys.generate("contoso", fixed_bytes("contoso"))
STRANGER = PartyKeys.generate("stranger", fixed_bytes("stranger"))
#: The name of the accepter with keys that nobody confirmed.
IMPOSTOR = PartyKeys.generate("contoso", fixed_bytes("impostor"))
CARDS = (NORTHWIND.card, CONTOSO.card)
SOFTWARE = Software("dh", ("lei", "domain_name", "name_country"), (1, 2, 8), 8, "2", "3" * 64, "4" * 64)


def make_text(policy: str = POLICY_SAMPLE) -> bytes:
    return propose(policy.encode(), NORTHWIND.card, CONTOSO.card, SOFTWARE, PROPOSED)


def make_proposal(policy: str = POLICY_SAMPLE) -> bytes:
    return sign_proposal(make_text(policy), NORTHWIND, PROPOSED)


def make_file(policy: str = POLICY_SAMPLE, accepted: int = ACCEPTED) -> bytes:
    return accept(make_proposal(policy), CARDS, SOFTWARE, CONTOSO, accepted)


def make_signed(policy: str = POLICY_SAMPLE, accepted: int = ACCEPTED) -> SignedAgreement:
    return read_signed(make_file(policy, accepted), CARDS)
