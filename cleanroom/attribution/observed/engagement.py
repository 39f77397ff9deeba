"""How a partner was engaged on a deal: for how long, how often, before which stage, and what was taken up.

Counts beside a status, which they never touch: a long engagement is no proof of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.attribution.classification.acts import ORIGIN
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import has_text, texts
from cleanroom.attribution.classification.times import DAY, NEVER, spans
from cleanroom.attribution.observed.touches import Touches, gather_touches
from cleanroom.moment import iso_day


@dataclass(frozen=True, slots=True)
class Engagement:
    """One partner on one deal, up to its close, as texts; "" where the data do not say it.

    `first_action`, `last_action` are days, `engaged_days` the days from the one to the other, `actions` how
    many there are, `before_late` how many of them were over before the first late stage.
    `introductions_accepted` are those that one of us answered, `steps_done` the next joint steps that a later
    action of the partner closed.
    """

    first_action: str = ""
    last_action: str = ""
    engaged_days: str = ""
    actions: str = "0"
    before_late: str = ""
    introductions: str = "0"
    introductions_accepted: str = ""
    steps: str = "0"
    steps_done: str = ""


#: Columns beside a status.
ENGAGEMENT_COLUMNS: Final = tuple(Engagement.__slots__)

#: Of a partner without an action on the deal.
NOT_ENGAGED: Final = Engagement()


@dataclass(frozen=True)
class _Columns:
    """What is looked up of each action, by its place: days since 1970, -1 for none."""

    start: list[int]
    introduces: list[bool]
    responded: list[bool]
    has_step: list[bool]
    due: list[int]


def engagements_of(judged: Judged) -> dict[tuple[str, str], Engagement]:
    """(opportunity, partner) to its engagement, of every pair with a touch as `gather_touches` tells it."""
    columns, deals = _columns(judged), judged.deals
    ids, history = deals.ids.to_pylist(), deals.history.tolist()
    found = {}
    for (deal, partner), touched in _grouped(judged, gather_touches(judged)).items():
        # A deal with a history that never was in a late stage was only ever before one.
        before = str(sum(early for _, early in touched)) if history[deal] else ""
        acts = [act for act, _ in touched]
        found[ids[deal], judged.partners[partner]] = _engagement(columns, acts, before)
    return found


def _engagement(columns: _Columns, acts: Sequence[int], before_late: str) -> Engagement:
    acts = sorted(acts, key=lambda one: (columns.start[one], one))
    days = [columns.start[one] // DAY for one in acts]
    introduced = [one for one in acts if columns.introduces[one]]
    # A step without a day is closed by any later action, one with a day by an action on it or later.
    steps = [place for place, one in enumerate(acts) if columns.has_step[one]]
    done = sum(place + 1 < len(acts) and columns.due[acts[place]] <= days[-1] for place in steps)
    return Engagement(
        iso_day(days[0]),
        iso_day(days[-1]),
        str(days[-1] - days[0]),
        str(len(acts)),
        before_late,
        str(len(introduced)),
        str(sum(columns.responded[one] for one in introduced)) if introduced else "",
        str(len(steps)),
        str(done) if steps else "",
    )


def _grouped(judged: Judged, touches: Touches) -> dict[tuple[int, int], list[tuple[int, bool]]]:
    """Deal and partner to their actions up to the deal's close, each with whether it was over before the deal
    was first in a late stage."""
    deals, act = judged.deals, touches.act
    # Nothing is in a late stage before its creation, so that from then on is from the beginning.
    since = deals.created[0][touches.deal]
    early = ~deals.late.meet(touches.deal, since, judged.acts.happened[1][act])
    found: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    columns = (touches.deal, touches.partner, act, early, touches.after)
    for deal, partner, one, before, after in zip(*(each.tolist() for each in columns), strict=True):
        if not after:
            found.setdefault((deal, partner), []).append((one, before))
    return found


def _columns(judged: Judged) -> _Columns:
    frame, acts, now = judged.pipeline.actions, judged.acts, judged.pipeline.now
    origins = np.append((judged.menu.kind == ORIGIN).any(axis=0)[: len(judged.menu.names)], False)
    responded, due = (spans(texts(frame, name))[0] for name in ("responded", "due"))
    return _Columns(
        acts.happened[0].tolist(),
        origins[acts.type].tolist(),
        ((responded != NEVER) & (responded <= now)).tolist(),
        (has_text(frame, "next_step") | (due != NEVER)).tolist(),
        np.where(due == NEVER, -1, due // DAY).tolist(),
    )
