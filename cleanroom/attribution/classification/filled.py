"""Whether a field of actions is kept with discipline: what is filled by chance drives no pay and no forecast.

Counted are the actions that may still earn: those that are more than presence (not of class weak; a type
outside every menu is a type that nobody filled), about a deal that is open or closed in the last YEAR days,
or about an account with such a deal or with none yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow.compute as pc

from cleanroom.attribution.classification.acts import UNKNOWN, WEAK
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import has_text, texts
from cleanroom.attribution.classification.rules import GATED
from cleanroom.attribution.classification.times import NEVER, day_number
from overlap.errors import Refused

#: Days since its close for which a deal counts: what closed before is paid, and nobody fills it in any more.
YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Filled:
    """How many of the actions that may earn (`of`) have a field, and the per cent `needed`, 0 for no gate."""

    field: str
    needed: int
    filled: int
    of: int

    @property
    def enough(self) -> bool:
        """Whether the gate lets through; without actions there is nothing that could be missing."""
        return self.filled * 100 >= self.needed * self.of

    @property
    def per_cent(self) -> str:
        """One decimal, rounded down, so that what is too little never looks like enough."""
        if not self.of:
            return "-"
        tenths = self.filled * 1000 // self.of
        return f"{tenths // 10}.{tenths % 10}"

    @property
    def share(self) -> str:
        """How much is filled of what, beside what the rules need."""
        return f"{self.per_cent} per cent of {self.of:,} actions, the rules need {self.needed}"


def completeness(judged: Judged, partner: str | None = None) -> list[Filled]:
    """Every field of GATED, in that order, over the actions of everybody or of one partner (its one name).

    Needed is what the newest version of the rules says.
    """
    pipeline, menu, acts = judged.pipeline, judged.menu, judged.acts
    chosen = _may_earn(judged)
    if partner is not None:
        number = judged.partners.index(partner) if partner in judged.partners else len(judged.partners)
        chosen &= acts.partner == number
    needed, of = pipeline.book.newest.completeness, int(chosen.sum())
    known = (menu.kind != UNKNOWN).any(axis=0)[acts.type]
    found = []
    for name in GATED:
        there = known if name == "type" else has_text(pipeline.actions, name)
        found.append(Filled(name, needed.get(name, 0), int((there & chosen).sum()), of))
    return found


def require_complete(judged: Judged) -> None:
    """Return when every field is filled as the rules demand; else Refused, naming each and its per cent."""
    lacking = [one for one in completeness(judged) if not one.enough]
    if not lacking:
        return
    said = "; ".join(f"{one.field} in {one.share}" for one in lacking)
    raise Refused(
        f"fields are not filled well enough to pay or forecast by: {said}",
        "'overlap weekly' lists what is missing and who fills it in; [completeness] of the rules is the gate",
    )


def _may_earn(judged: Judged) -> np.ndarray:
    pipeline, menu, deals, acts = judged.pipeline, judged.menu, judged.deals, judged.acts
    today = pipeline.now // 86_400
    closed = deals.ended[0]
    counts = ~deals.won_or_lost | (closed == NEVER) | (day_number(closed) >= today - YEAR)
    of_account = np.zeros(len(deals.account_ids) + 1, bool)
    of_account[deals.account[counts & (deals.account >= 0)]] = True
    of, on = (texts(pipeline.actions, name) for name in ("opportunity_id", "account_id"))
    named, placed = (np.asarray(pc.not_equal(one, ""), dtype=bool) for one in (of, on))
    on_account = placed & (acts.deal < 0)
    waits = on_account & ~named & (acts.account < 0)
    about = waits | (on_account & (acts.account >= 0) & of_account[acts.account])
    if len(deals):
        about |= (acts.deal >= 0) & counts[np.maximum(acts.deal, 0)]
    weak = ((menu.kind == WEAK) | (menu.kind == UNKNOWN)).all(axis=0) & (menu.kind == WEAK).any(axis=0)
    return np.asarray(about & ~weak[acts.type])
