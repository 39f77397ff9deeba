"""When we first responded to a partner's introduction, and when we told the partner what came of it.

attribution/answers/NAME   `action`, `responded`, `looped_back`, `outcome`

Of a lead that we sent, the record says when the partner took it up, when it told us, and what came of it.
NAME is the digest of what the action says, and a record stands beside imported and logged actions alike. It
holds for the action as it was: once the CRM says otherwise who brought what and when, the record is that of
another action and counts for nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

import pandas as pd

from cleanroom.attribution import actions
from cleanroom.moment import moment_of
from cleanroom.session.folder import Folder
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import BadInput, UsageError
from overlap.ingest import read_actions
from overlap.records import OURS, OUTCOMES

_PLACE: Final = ("attribution", "answers")

#: What can be answered: the column of ACTION_COLUMNS that says when.
ANSWERS: Final = ("responded", "looped_back")
_KEPT: Final = (*ANSWERS, "outcome")
_FORM: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?)?")
_SAYS: Final = ("id", "opportunity_id", "account_id", "partner", "type", "date")


def answer_action(
    party: Party,
    table: pd.DataFrame,
    origins: tuple[str, ...],
    action: str,
    what: str,
    *,
    on: str = "",
    zone: str = "",
    outcome: str = "",
) -> dict[str, str]:
    """Keep when an introduction or a lead was answered (`what` of ANSWERS): at `on`, or now; its fields.

    `table` are all actions here, `origins` the types that are introductions, `outcome` one of OUTCOMES or "".
    Raises UsageError for another action, an outcome of one that is no lead of ours, and for a time before it
    or after now.
    """
    found = table[table["id"] == action]
    if len(found) != 1:
        raise UsageError("no action here has this id", "'overlap actions list' shows them")
    row = {name: str(found[name].iloc[0]) for name in table.columns if name != "row"}
    lead = row["direction"] == OURS
    if not lead and actions.plain_type(row["type"]) not in origins:
        raise UsageError("only an introduction waits for an answer", f"types: {', '.join(origins)}")
    if outcome and not lead:
        raise UsageError("only a lead that we sent has an outcome", "of an introduction the deal says it")
    when = _moment(on, zone) if on else moment_of(party.now)
    if when > moment_of(party.now) or when < row["date"][: len(when)]:
        raise UsageError("an answer is given after the action, and not in the future", "check --on")
    name = _name(row)
    known = dict.fromkeys(_KEPT, "")
    if name in party.folder.names(*_PLACE):
        known |= _record(party.folder, name)
    told = {what: when} | ({"outcome": outcome} if outcome else {})
    party.folder.write_record({**known, "action": action, **told}, *_PLACE, name)
    return row | told


def with_answers(folder: Folder, table: pd.DataFrame) -> pd.DataFrame:
    """The actions with what was answered by command: of two moments of one action the earlier counts."""
    records = {name: _record(folder, name) for name in folder.names(*_PLACE)}
    if not records:
        return table
    ids = {str(one["action"]) for one in records.values()}
    columns = {name: table[name].tolist() for name in _KEPT}
    for place, row in _rows(table, ids):
        record = records.get(_name(row), {})
        for name in ANSWERS:
            said = [one for one in (columns[name][place], record.get(name, "")) if one]
            columns[name][place] = min(said, default="")
        # What was said by command is newer than the file.
        columns["outcome"][place] = record.get("outcome", "") or columns["outcome"][place]
    return table.assign(**columns).astype(dict.fromkeys(_KEPT, "str"))


def _record(folder: Folder, name: str) -> dict[str, str]:
    """One record as it was written; BadInput when somebody made it something else."""
    record = folder.read_record(*_PLACE, name)
    fits = set(record) == {"action", *_KEPT} and all(isinstance(one, str) for one in record.values())
    fits = fits and record["outcome"] in ("", *OUTCOMES)
    if not fits or not all(_FORM.fullmatch(record[one]) for one in ANSWERS):
        raise BadInput(
            f"the record {name[:16]} of an answer was altered",
            "restore it from a backup, or delete it and answer again",
        )
    return record


def _rows(table: pd.DataFrame, ids: set[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for place in table["id"].isin(ids).to_numpy().nonzero()[0]:
        yield int(place), {name: str(table[name].iloc[place]) for name in _SAYS}


def _name(row: dict[str, str]) -> str:
    said = [row[name] for name in _SAYS]
    return hashlib.sha256(canonical.encode(said)).hexdigest()


def _moment(text: str, zone: str) -> str:
    """A day or an instant in the form of an action, read as a file of actions is."""
    sample = {"opportunity_id": "1", "date": text}
    table = read_actions(pd.DataFrame([sample]), zone=zone)
    if table.rejected or table.unreadable:
        reason = table.rejected[0].reason if table.rejected else "this is neither a day nor a time"
        raise UsageError(reason, "write days as 2026-05-03, times as 2026-05-03T10:00:00Z")
    return str(table.frame["date"].iloc[0])
