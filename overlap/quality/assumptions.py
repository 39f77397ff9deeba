"""What the estimate assumes of a partner's list: one table, each line with where it comes from.

A *fact* is what a kind of identifier is made of. A kind matches when all its facts agree on both sides:
`name_country` is the facts name and country. For each fact the partner has it filled with a certain chance,
and then it agrees with ours with another. Some facts are degrees of one another (`LADDERS`): whoever has the
same name has the same words, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from overlap.identity import KIND


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
FILLED: Final = "filled judged"
SETS: Final = "pairs of public company lists"
_NAMED: Final = Range(0.99, 1.0, 1.0)
_SITED: Final = Range(0.80, 0.92, 0.98)

#: Facts and their ranges. Of the numbers an account has one at most; few lists have them.
#:
#: The pairs of lists are independent public lists of the same companies (members of foundations, the largest
#: companies of a country, companies at stock exchanges), with true pairs known by another way. The middle is
#: that of all pairs of lists, the ends are the worst and the best pair. `label` and the degrees of a name
#: that are no kind by themselves follow from what was met where the next closer degree was not: an equal
#: brand in 20 of 100 pairs of other core words, one of two telling words in 70.
ASSUMPTIONS: Final = (
    Assumption("domain", _SITED, Range(0.82, 0.93, 0.97), f"{SETS}; {FILLED}"),
    Assumption("label", _SITED, Range(0.83, 0.935, 0.98), f"{SETS}; {FILLED}"),
    Assumption("name", _NAMED, Range(0.72, 0.80, 0.95), SETS),
    Assumption("core", _NAMED, Range(0.74, 0.88, 0.965), SETS),
    Assumption("words", _NAMED, Range(0.77, 0.89, 0.97), SETS),
    Assumption("brand", _NAMED, Range(0.80, 0.905, 0.975), SETS),
    Assumption("beyond", _NAMED, Range(0.89, 0.945, 0.98), f"{SETS}, where websites agree"),
    Assumption("word", _NAMED, Range(0.93, 0.965, 0.992), SETS),
    Assumption("country", Range(0.60, 0.85, 0.98), Range(0.95, 0.985, 1.0), f"{SETS}; {FILLED}"),
    Assumption("city", Range(0.50, 0.75, 0.95), Range(0.78, 0.91, 0.96), f"{SETS}; {FILLED}"),
    Assumption("postcode", Range(0.40, 0.65, 0.90), Range(0.50, 0.70, 0.88), JUDGED),
    Assumption("phone", Range(0.30, 0.55, 0.85), Range(0.50, 0.75, 0.96), "high: one such pair; else judged"),
    Assumption("lei", Range(0.01, 0.05, 0.20), Range(0.95, 0.98, 0.995), JUDGED),
    Assumption("duns", Range(0.03, 0.15, 0.50), Range(0.75, 0.85, 0.95), JUDGED),
    Assumption("vat", Range(0.03, 0.15, 0.50), Range(0.85, 0.93, 0.98), JUDGED),
    Assumption("registration", Range(0.02, 0.10, 0.40), Range(0.88, 0.95, 0.99), JUDGED),
    Assumption("isin", Range(0.01, 0.03, 0.10), Range(0.90, 0.95, 0.99), JUDGED),
    Assumption("ticker", Range(0.01, 0.05, 0.15), Range(0.85, 0.93, 0.98), JUDGED),
    Assumption("linkedin", Range(0.05, 0.25, 0.60), Range(0.85, 0.92, 0.97), JUDGED),
)  # fmt: skip
BY_FACT: Final = {assumption.fact: assumption for assumption in ASSUMPTIONS}

#: Facts that are degrees of one another, the closest first: each agrees wherever one before it does. The ends
#: of their ranges belong together, so that they move as one.
LADDERS: Final = (("name", "core", "words", "brand", "beyond", "word"), ("domain", "label"))

#: Facts that name one organisation whatever its name and website are: they hold for a hard pair, too.
NUMBERS: Final = frozenset({"lei", "isin", "duns", "vat", "registration", "ticker"})

#: Share of shared accounts that the two sides know under other names *and* other websites (renamed, merged, a
#: brand here and its owner there), so that only a number finds them: 1, 1 and 4 in 100 of the pairs of lists
#: with websites, and of the others whatever no degree of the name tells.
HARD: Final = Range(0.05, 0.02, 0.01)
HARD_SOURCE: Final = SETS

#: Shared accounts, as a share of the own list, for which the interval is drawn. The fewer, the more chance.
SHARED: Final = 0.10

#: "Nowhere" is no fact of a partner's list: it says that one side or both have no country.
NOWHERE: Final = "nowhere"

#: What must agree for an identifier of a kind to match. Behind a colon stands how it was made: a website that
#: its own name does not explain needs the whole name beside it, and a name without a country meets any other
#: of its kind.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{number: (number,) for number in sorted(NUMBERS)},
    "linkedin": ("linkedin",),
    "domain_name": ("domain", "beyond"),
    "domain_name:unexplained": ("domain", "words"),
    "domain_word": ("domain", "word"),
    "name_phone": ("core", "phone"),
    "name_postcode": ("core", "postcode"),
    "name_city": ("core", "city"),
    "name_country": ("name", "country"),
    "name": ("name", NOWHERE),
    "name:unplaced": ("name",),
    "word_phone": ("word", "phone"),
    "close_city": ("words", "city"),
    "close_country": ("words", "country"),
    "brand_city": ("brand", "city"),
    "domain": ("domain",),
    "mail_domain": ("domain",),
    "label": ("label", "country"),
    "bare_name": ("name",),
}


def kind_of(evidence: str) -> str:
    """The kind of a key of `NEEDS`."""
    return evidence.partition(":")[0]


def facts_of(kind: str) -> tuple[str, ...]:
    """The facts of a kind, () for a kind that this table does not know: the estimate counts it as nothing."""
    return NEEDS.get(kind, ())


def is_released(kind: str) -> bool:
    """Whether a match of this kind is released without a review: its tier in the table of kinds says so."""
    return KIND[kind].tier != "candidate"


def facts_used(kinds: Iterable[str]) -> tuple[str, ...]:
    """The facts that the kinds are made of, in the order of `ASSUMPTIONS`."""
    wanted = set(kinds)
    used = {fact for evidence, facts in NEEDS.items() if kind_of(evidence) in wanted for fact in facts}
    return tuple(fact for fact in BY_FACT if fact in used)


def evidence_of(kinds: Sequence[str]) -> tuple[str, ...]:
    """The keys of `NEEDS` whose kind is one of `kinds`."""
    return tuple(evidence for evidence in NEEDS if kind_of(evidence) in kinds)
