"""What the estimate assumes of a partner's list: one table, each line with where it comes from.

A *fact* is what a kind of identifier is made of. A kind matches when all its facts agree on both sides:
`name_country` is the facts name and country. For each fact the partner has it filled with a certain chance,
and then it agrees with ours with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple


class Range(NamedTuple):
    """A share (0 to 1): the middle, and the ends between which it lies in 19 of 20 lists, best last."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Assumption:
    """`filled`: share of a partner's accounts with a usable value; `agrees`: share of pairs of one company
    with two usable values in which both are the same. `source` says from where.
    """

    fact: str
    filled: Range
    agrees: Range
    source: str


JUDGED: Final = "judged"
LISTS: Final = "two public company lists"
MEMBERS: Final = "276 pairs in member lists"
GUIDES: Final = "112 pairs in Fodors-Zagats"

#: Facts and their ranges. Of the numbers an account has one at most; few lists have them.
#:
#: Where two public company lists with websites were compared, an equal registrable domain found .88 and .74
#: of the pairs, an equal cleaned name .84 and .87, one of both .95 and .96. The member lists are those of
#: twelve public landscapes of open-source foundations, pairs those with one Crunchbase page: website usable
#: on both sides in .93 and equal in .94 of these; name equal in .74, either .93, both .67. In Fodors-Zagats
#: (restaurants) the city was written alike in .54, the telephone in .96. Failures come together a little more
#: often than independence says: solving P(both) = P(domain) P(name) / (1 - hard) gives `HARD`, and what is
#: then left to websites and names stands here.
ASSUMPTIONS: Final = (
    Assumption("domain", Range(0.80, 0.92, 0.98), Range(0.93, 0.96, 0.985), f"{LISTS}; {MEMBERS}"),
    Assumption("name", Range(0.99, 1.0, 1.0), Range(0.77, 0.86, 0.92), f"{LISTS}; {MEMBERS}"),
    Assumption("country", Range(0.60, 0.85, 0.98), Range(0.90, 0.96, 0.99), JUDGED),
    Assumption("city", Range(0.50, 0.75, 0.95), Range(0.54, 0.75, 0.92), f"low: {GUIDES}; else judged"),
    Assumption("postcode", Range(0.40, 0.65, 0.90), Range(0.50, 0.70, 0.88), JUDGED),
    Assumption("place", Range(0.50, 0.75, 0.95), Range(0.54, 0.75, 0.92), f"as city ({GUIDES})"),
    Assumption("phone", Range(0.30, 0.55, 0.85), Range(0.50, 0.70, 0.96), f"high: {GUIDES}; else judged"),
    Assumption("lei", Range(0.01, 0.05, 0.20), Range(0.95, 0.98, 0.995), JUDGED),
    Assumption("duns", Range(0.03, 0.15, 0.50), Range(0.75, 0.85, 0.95), JUDGED),
    Assumption("vat", Range(0.03, 0.15, 0.50), Range(0.85, 0.93, 0.98), JUDGED),
    Assumption("registration", Range(0.02, 0.10, 0.40), Range(0.88, 0.95, 0.99), JUDGED),
    Assumption("isin", Range(0.01, 0.03, 0.10), Range(0.90, 0.95, 0.99), JUDGED),
    Assumption("ticker", Range(0.01, 0.05, 0.15), Range(0.85, 0.93, 0.98), JUDGED),
    Assumption("linkedin", Range(0.05, 0.25, 0.60), Range(0.85, 0.92, 0.97), JUDGED),
)
BY_FACT: Final = {assumption.fact: assumption for assumption in ASSUMPTIONS}

#: Facts that name one organisation whatever its name and website are: they hold for a hard pair, too.
NUMBERS: Final = frozenset({"lei", "duns", "vat", "registration", "isin", "ticker"})

#: Share of shared accounts that the two sides know under other names *and* other websites (renamed, merged, a
#: brand here and its owner there), so that only a number finds them. From the joint failures named above.
HARD: Final = Range(0.05, 0.03, 0.01)
HARD_SOURCE: Final = f"{LISTS}; {MEMBERS}"

#: Shared accounts, as a share of the own list, for which the interval is drawn. The fewer, the more chance.
SHARED: Final = 0.10

#: A match on these facts together is released without a review. A website that the own name does not explain
#: is wrong about once in fifteen, a bare name is shared by strangers: both are candidates alone.
RELEASED: Final = (("domain", "name"), ("name", "country"), ("name", "city"), ("name", "postcode"),
                   ("name", "place"), ("name", "phone"))  # fmt: skip


def facts_of(kind: str) -> tuple[str, ...]:
    """The facts of a kind, () for a kind that this table does not know: the estimate counts it as nothing.

    A kind whose name is made of known facts, such as `name_country`, needs them all.
    """
    if kind in BY_FACT:
        return (kind,)
    parts = tuple(kind.split("_"))
    return parts if len(parts) > 1 and all(part in BY_FACT for part in parts) else ()


def is_released(facts: frozenset[str]) -> bool:
    """Whether facts that agree are enough for a release, the website not explained by the own name."""
    return not NUMBERS.isdisjoint(facts) or any(facts.issuperset(enough) for enough in RELEASED)


def facts_used(kinds: Sequence[str]) -> tuple[str, ...]:
    """The facts that the kinds are made of, in the order of `ASSUMPTIONS`."""
    used = {fact for kind in kinds for fact in facts_of(kind)}
    return tuple(fact for fact in BY_FACT if fact in used)
