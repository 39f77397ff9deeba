"""What each type of action went with: a deal was created, a deal moved on, a deal was won, or nothing.

It describes; a type that goes with wins need not have caused any, and nobody should be paid by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.attribution.actions.menu import CLASSES
from cleanroom.attribution.classification.acts import ORIGIN
from cleanroom.attribution.classification.deals import EVER
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.meetings import SOURCE_CLAIM, next_change
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.times import DAY, NEVER, day_number
from cleanroom.attribution.observed.touches import Touches
from cleanroom.attribution.statistics.intervals import Share, share_of

#: A share of fewer actions than this is not told.
FEWEST_ACTIONS: Final = 20


@dataclass(frozen=True)
class Motion:
    """One type of action: how many name a deal or may have sourced one, and shares of those of which it can
    be known; `waiting` ones still have time.

    `created`: after an origin action a deal of its account was created in its window. `moved`: the deal that
    the action names changed stage, or was won, in its window. Both are of actions whose window has ended.
    `won`: of actions on deals that are closed. `neither`: none of the three, of actions whose window has
    ended and that name no deal or a closed one.
    """

    type: str
    kind: str
    actions: int
    waiting: int
    created: Share
    moved: Share
    won: Share
    neither: Share


def motions(judged: Judged, touches: Touches) -> tuple[Motion, ...]:
    """Every type of every version of the rules that an action has, by name; one action counts once."""
    menu = judged.menu
    seen = _Seen.of(judged, touches)
    newest = menu.kind[-1]
    found = []
    for number, name in enumerate(menu.names):
        mine = seen.counts & (judged.acts.type == number)
        if not mine.any():
            continue
        kind = int(newest[number]) or int(menu.kind[:, number].max())
        over = mine & seen.over
        found.append(
            Motion(
                name,
                CLASSES[kind - 1],
                int(mine.sum()),
                int((mine & ~seen.over).sum()),
                _share(seen.created, over & (kind == ORIGIN)),
                _share(seen.moved, over & seen.direct),
                _share(seen.won, mine & seen.closed),
                _share(~seen.created & ~seen.moved & ~seen.won, over & (seen.closed | ~seen.direct)),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class _Seen:
    """One flag an action. `counts`: it is looked at; `over`: its window has ended; `direct`: it names a deal
    and was done before that closed; `closed`: a deal that it names or may have created is."""

    counts: np.ndarray
    over: np.ndarray
    direct: np.ndarray
    closed: np.ndarray
    created: np.ndarray
    moved: np.ndarray
    won: np.ndarray

    @staticmethod
    def of(judged: Judged, touches: Touches) -> _Seen:
        acts, deals, menu, now = judged.acts, judged.deals, judged.menu, judged.pipeline.now
        flags = np.zeros((7, len(acts)), bool)
        counts, over, direct, closed, created, moved, won = flags
        met = judged.meetings
        created[met.act[met.worth & SOURCE_CLAIM > 0]] = True
        # What names no deal of ours has done something only where it may source one; its window is that of
        # the newest rules that know its type.
        origins = (menu.kind == ORIGIN).any(axis=0)
        away = acts.usable & (acts.deal < 0) & origins[acts.type]
        days = np.where(menu.kind > 0, menu.days, -1)
        newest = np.array([next((n for n in column[::-1] if n >= 0), 0) for column in days.T], np.int64)
        counts[away] = True
        over[away] = (day_number(acts.happened[0]) + newest[acts.type] < now // DAY)[away]
        use = ~touches.after
        act, deal, start = touches.act[use], touches.deal[use], touches.start[use]
        counts[act] = True
        over[act] = day_number(touches.until[use]) < now // DAY
        named = acts.deal[act] == deal
        direct[act[named]] = True
        status = np.array([one == "won" for one in texts(deals.frame, "status").to_pylist()], bool)
        done = deals.won_or_lost[deal]
        closed[act[done]] = True
        won[act[done & status[deal]]] = True
        change = next_change(deals, deal, start, EVER)
        end = day_number(deals.last[deal])
        lost = done & ~status[deal] & (deals.last[deal] != NEVER) & (change >= end)
        moves = (change <= day_number(touches.until[use])) & (change * DAY <= now) & ~lost
        moves &= named & (touches.end[use] >= deals.created[0][deal])
        moved[act[moves]] = True
        return _Seen(*flags)


def _share(what: np.ndarray, of: np.ndarray) -> Share:
    return share_of(int((what & of).sum()), int(of.sum()), FEWEST_ACTIONS)
