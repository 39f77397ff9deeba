"""What stands now, as events read it: statuses on won deals, open disputes, actions, deals, holdings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cleanroom.attribution.acted import Acted
from cleanroom.attribution.holding import Holding

__all__ = ["StandingNow", "StatusNow", "Taken"]


class StatusNow(NamedTuple):
    """A row of the table of statuses.

    `action` is the id of the action behind it, "" where there is none; `kept` says that it is what a match
    has left that ended, `won` that its opportunity is.
    """

    opportunity: str
    partner: str
    status: str
    rule: str
    rules: str
    action: str
    kept: bool
    amount: str
    currency: str
    closed: str
    account: str
    won: bool
    share_of: int


@dataclass(frozen=True)
class StandingNow:
    """What statuses say. `statuses` are those that earn on won deals, and those disputed by an open dispute.

    `products` has every imported deal and its product, `actions` what is proven, `known` the ids of all
    actions, proven or not (needed once something was taken in), and `acting` every partner that has one.
    `proofs` are of the actions behind the statuses by partner and id, `holdings` by partner and account.
    `closed` has the day of every deal of an action that was won or lost, `moved` the deal that an action
    names now, where it earned something for a deal that is gone.
    """

    statuses: Sequence[StatusNow]
    products: Mapping[str, str]
    actions: Sequence[Acted] = ()
    known: Collection[str] = frozenset()
    acting: Collection[str] = frozenset()
    proofs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    holdings: Mapping[tuple[str, str], Holding] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What pay has taken in: rows (cells of EVENT_COLUMNS) and evidence by event id.

    `late` are events that a cancellation comes too late for, `beside` rows of a file that is taken in too,
    `since` the first day of the first plan ("" without one). `decided` are (deal, partner) of upheld disputes
    about what earned no line, with the day on which the last was opened. `names` are the names that partners
    of rows have now: a row stands for the partner, whatever it was called.
    """

    rows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)
    late: Collection[str] = frozenset()
    beside: Sequence[Sequence[str]] = ()
    since: str = ""
    decided: Mapping[tuple[str, str], str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
