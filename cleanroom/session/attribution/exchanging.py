"""Give and take with partners in a folder: what was judged here, beside the leads that we sent."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

from cleanroom.attribution import actions, observed
from cleanroom.export import write_csv
from cleanroom.session.attribution.action_log import all_actions
from cleanroom.session.attribution.crediting import judge_here
from cleanroom.session.attribution.instants import day_in_window
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party


def exchange_here(
    party: Party, partner: str = "", since: str = "", until: str = "", out: Path | None = None
) -> observed.Exchange:
    """What went each way from `since` to `until` (YYYY-MM-DD, both included), with one partner or all.

    Writes one row a partner to `out`. UsageError without deals, and for a day that is none.
    """
    judged = judge_here(party).judged
    sent = actions.by_us(all_actions(party.folder)).to_dict("records")
    rows = [{str(name): str(value) for name, value in row.items()} for row in sent]
    found = observed.give_and_take(judged, rows, day_in_window(since), day_in_window(until))
    if partner:
        name = judged.pipeline.book.partner(partner)
        chosen = tuple(one for one in found.partners if one.partner == name)
        found = observed.Exchange(found.since, found.until, chosen, 0)
    if out is not None:
        header = ("since", "until", *(one.name for one in fields(observed.GiveAndTake)))
        lines = ([found.since, found.until, *map(str, asdict(one).values())] for one in found.partners)
        file = write_csv("give-and-take", "report", header, lines, line_end="\n", for_people=True)
        write_whole(out, file.content)
    return found
