"""The actions that are proven by themselves, whatever they do for a status: for spiffs and points."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.acted import Acted
from cleanroom.attribution.classification.acts import UNKNOWN, counted_from
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.meetings import CONTRADICTED, Scalars
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.times import span_text


def proven_actions(judged: Judged, types: Collection[str] | None = None) -> list[Acted]:
    """Usable actions with a deal or an account that lack nothing of what their type requires.

    Only those of the named types, of all types for None.

    The version of the deal judges an action on it, else the one in force on the day of the action. Left out
    are those logged too late where the rules dispute these, and late ones that the stage history contradicts.
    In the order of the rows.
    """
    acts, deals, book, frame = judged.acts, judged.deals, judged.pipeline.book, judged.pipeline.actions
    placed = np.asarray(pc.not_equal(texts(frame, "account_id"), ""), dtype=bool)
    wanted = np.array([types is None or name in types for name in (*judged.menu.names, "")], bool)
    at = np.flatnonzero(acts.usable & ((acts.deal >= 0) | placed) & wanted[acts.type])
    if not len(at):
        return []
    deal, direct = acts.deal[at], acts.deal[at] >= 0
    starts = np.array([one.effective for one in book.versions], np.int64)
    version = np.searchsorted(starts, acts.happened[0][at], "right") - 1
    version[direct] = deals.version[deal[direct]]
    scalars, menu, kind = Scalars.of(book), judged.menu, acts.type[at]
    lacks = menu.requires[version, kind] & ~acts.shows[at]
    start, end, late = counted_from(acts, at, scalars.late_days[version], scalars.re_dates[version])
    good = (version >= 0) & (menu.kind[version, kind] != UNKNOWN) & (lacks == 0)
    good &= ~late | scalars.re_dates[version]
    contradicted = np.zeros(len(acts), bool)
    contradicted[judged.meetings.act[judged.meetings.lacks & CONTRADICTED > 0]] = True
    good &= ~contradicted[at]
    chosen = at[good]
    names = np.append(deals.ids.to_numpy(zero_copy_only=False), "")
    accounts = np.append(deals.accounts.to_numpy(zero_copy_only=False), "")
    of = deal[good]
    own = texts(frame, "account_id").take(pa.array(chosen)).to_pylist()
    digests = [one.digest for one in book.versions]
    columns = (
        acts.ids.take(pa.array(chosen)).to_pylist(),
        [judged.partners[one] for one in acts.partner[chosen]],
        [menu.names[one] for one in acts.type[chosen]],
        [str(names[one]) for one in of],
        [str(accounts[one]) if one >= 0 else mine for one, mine in zip(of, own, strict=True)],
        span_text(start[good], end[good]).to_pylist(),
        texts(frame, "proof").take(pa.array(chosen)).to_pylist(),
        [digests[one] for one in version[good]],
    )
    return [Acted(*row) for row in zip(*columns, strict=True)]
