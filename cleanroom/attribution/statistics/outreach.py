"""A random hold-out of partner outreach, committed before, and what leaving it out shows.

Some accounts are kept from outreach at random, and nobody can choose which afterwards: the draw follows
from a seed, and its commitment names seed, share and accounts before the first result is known. What
outreach changes is the difference between the two groups, everybody counted where the draw put them,
whatever was done (intention to treat).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.attribution.statistics.intervals import newcombe
from overlap.errors import ForgedFile, Refused, UsageError

#: Bytes of a seed; it comes from the caller.
SEED_BYTES: Final = 32

HELD_OUT, REACHED = "held-out", "outreach"

#: A result needs so many accounts in each group.
FEWEST: Final = 20


@dataclass(frozen=True)
class Draw:
    """`group` says for every account, in the order of their ids, whether outreach may go there."""

    group: Mapping[str, str]
    share: str
    commitment: str


@dataclass(frozen=True)
class Effect:
    """The difference of the rates of success, outreach less held out, with Newcombe's 95 % interval."""

    difference: float
    low: float
    high: float
    reached: int
    reached_won: int
    held_out: int
    held_out_won: int
    missing: int


def draw(accounts: Iterable[str], share: str, seed: bytes) -> Draw:
    """A hold-out of `share` (a decimal between 0 and 1, as text, so that its digest is one) of the accounts.

    The accounts whose SHA-256 with the seed are smallest are held out. Raises UsageError for an account twice
    or a share or seed that is none.
    """
    ids = sorted(accounts)
    if len(set(ids)) < len(ids) or "" in ids:
        raise UsageError("an account is named twice or not at all", "one row for each account, with an id")
    held = round(len(ids) * _share(share))
    if len(seed) != SEED_BYTES:
        raise UsageError(f"a seed has {SEED_BYTES} bytes", "leave it out to have one drawn")
    order = sorted(ids, key=lambda account: _digest(seed, account.encode()))
    out = set(order[:held])
    group = {account: HELD_OUT if account in out else REACHED for account in ids}
    return Draw(group, share, commitment(ids, share, seed))


def commitment(accounts: Sequence[str], share: str, seed: bytes) -> str:
    """What is told before: the digest of seed, share and accounts, hex. It gives nothing of them away."""
    listed = b"".join(_digest(account.encode()) for account in sorted(accounts))
    return _digest(b"overlap hold-out 1", seed, share.encode(), listed).hex()


def result(
    drawn: Mapping[str, str], outcomes: Mapping[str, bool], share: str, seed: bytes, committed: str
) -> Effect:
    """The effect of outreach on the accounts of a draw.

    `drawn` is the group of every account as the file says, `outcomes` whether it succeeded; an account
    without an outcome counts as none and in `missing`. Raises ForgedFile when seed, share and accounts are
    not what was committed, or the groups not those of the draw; Refused when a group is too small.
    """
    again = draw(drawn, share, seed)
    if again.commitment != committed.lower():
        raise ForgedFile(
            "the draw is not the one that was committed", "take the seed, share and accounts of that draw"
        )
    if again.group != dict(drawn):
        raise ForgedFile("an account is in another group than it was drawn into", "take the file of the draw")
    sides = {name: [account for account in drawn if drawn[account] == name] for name in (REACHED, HELD_OUT)}
    if min(map(len, sides.values())) < FEWEST:
        raise Refused(
            f"too few to compare: {len(sides[HELD_OUT]):,} accounts held out, {len(sides[REACHED]):,} not",
            f"each group needs {FEWEST}",
        )
    won = {name: sum(outcomes.get(account, False) for account in some) for name, some in sides.items()}
    difference, low, high = newcombe(won[REACHED], len(sides[REACHED]), won[HELD_OUT], len(sides[HELD_OUT]))
    missing = sum(account not in outcomes for account in drawn)
    return Effect(
        difference, low, high, len(sides[REACHED]), won[REACHED], len(sides[HELD_OUT]), won[HELD_OUT], missing
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise UsageError("the share is not between 0 and 1", "a tenth is 0.1")
    return share


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
