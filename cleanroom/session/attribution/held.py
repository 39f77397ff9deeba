"""Holdings for the rules: which partner is in which of our accounts, and since when by proof.

Who may win by holding is decided by the rules; here nothing is decided but what is live: a match under an
agreement that has ended is told apart, for it earns nothing new. Our own holdings are read where a version of
the rules asks who held an account before whom.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cleanroom.attribution import Holding, judge
from cleanroom.session.attribution.disclosed import keys_of_matched
from cleanroom.session.attribution.evidence import evidence_by_run, has_ended, own_holdings
from cleanroom.session.party import Party


@dataclass(frozen=True)
class Held:
    """Live holdings, the (partner, account) whose match has ended, and our own holdings by partner."""

    holdings: list[Holding]
    ended: set[tuple[str, str]]
    own: dict[str, list[Holding]] = field(default_factory=dict)


def read_held(party: Party, *, with_own: bool = False) -> Held:
    """What the finished runs for attribution tell. An ended run still tells when an account was disclosed.

    `with_own` adds our own holdings of the accounts that each partner holds too, by the clocks that it
    believes.
    """
    found = evidence_by_run(party)
    live = {
        (one.partner, one.account) for record, items in found if not has_ended(party, record) for one in items
    }
    judged = judge(one for _, items in found for one in items)
    return Held(
        [one for one in judged if (one.partner, one.account) in live],
        {(one.partner, one.account) for one in judged} - live,
        _own(party, live) if with_own else {},
    )


def _own(party: Party, live: set[tuple[str, str]]) -> dict[str, list[Holding]]:
    found = {}
    for partner in sorted({partner for partner, _ in live}):
        keys = keys_of_matched(party, partner)
        ours = {account: keys.get(account, set()) for one, account in live if one == partner}
        found[partner] = own_holdings(party, partner, ours)
    return found
