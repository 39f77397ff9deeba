"""Since when a partner may know which of our accounts it shares with us, whatever our CRM calls them since.

An account keeps what it was told by: its id, its website (its name and country where it has none), and the
identifiers that matched. An id alone would forget a disclosure as soon as the CRM is moved or the account is
made anew, and the partner could learn, commit then, and win by holding at the next match.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from cleanroom.attribution import key_of
from cleanroom.log import Log, commitment
from cleanroom.session.history import ClosedLog
from cleanroom.session.match.runs import RunRecord, all_runs, run_names
from cleanroom.session.party import Party
from cleanroom.store import read_table
from overlap.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

#: What an account is known again by.
_Mark = tuple[str, ...]


def first_told(party: Party, partner: str, *, by_log: bool = True) -> dict[str, dict[int, int]]:
    """For each finished run with a partner, the number of a matched account to the first second (unix) at
    which this run or any other may have disclosed it.

    The starter learns from our reply and may send no finish, so every account we put into such a run counts
    as disclosed: else the partner could learn first, commit then, and match again. What a run is for makes no
    difference to what it tells.

    `by_log` takes the second of the log where a record says a later one, and raises BadInput when a finished
    run of the log is not here, for nobody knows then what it told.
    """
    logged = _logged_runs(party, partner) if by_log else {}
    records = [one for one in all_runs(party) if (one.partner, one.level) == (partner, "overlaps")]
    marks = {one.run: _matched_marks(party, one) for one in records if one.state == "finished"}
    wanted = {mark for matched in marks.values() for found in matched.values() for mark in found}
    first: dict[_Mark, int] = {}
    for record in records:
        told: set[_Mark] = set()
        if record.run in marks:
            told = set(chain.from_iterable(marks[record.run].values()))
        elif record.role == "responder":
            accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
            told = wanted.intersection(chain.from_iterable(_row_marks(accounts)))
        begun = min(record.begun, logged.get(record.run, record.begun))
        for mark in told:
            first[mark] = min(begun, first.get(mark, begun))
    return {
        run: {number: min(first[mark] for mark in found) for number, found in matched.items()}
        for run, matched in marks.items()
    }


def keys_of_matched(party: Party, partner: str) -> dict[str, set[str]]:
    """Own account to the texts of the keys by which any finished run with a partner matched it."""
    found: dict[str, set[str]] = {}
    for record in all_runs(party):
        if (record.partner, record.level, record.state) == (partner, "overlaps", "finished"):
            for marks in _matched_marks(party, record).values():
                account = marks[0][1]
                found.setdefault(account, set()).update(one[1] for one in marks if one[0] == "key")
    return found


def _logged_runs(party: Party, partner: str) -> dict[str, int]:
    """Run to the second of the entry by which the log with this partner says that it began."""
    names = [bytes.fromhex(name) for name in run_names(party)]
    found: dict[str, int] = {}
    logs: list[ClosedLog | Log] = [*party.closed_logs(partner), party.log(partner)]
    for log in logs:
        for entry in log.entries():
            for what in {"run", "finished"} & set(entry.digests) if entry.kind == "run" else ():
                salt, digest = log.salt(entry.sequence), entry.digests[what]
                name = next((one for one in names if commitment(salt, what, one).hex() == digest), None)
                if name is not None and what == "run":
                    found.setdefault(name.hex(), entry.time)
                elif name is None and what == "finished":
                    raise BadInput(
                        f"a finished run with '{partner}' is not here: what it told is not known",
                        "restore the folder from a backup",
                    )
    return found


def _matched_marks(party: Party, record: RunRecord) -> dict[int, list[_Mark]]:
    """The number of each matched account of a run to its marks."""
    place = party.folder.path("runs", record.run)
    matched = sorted(set(read_table(place / "overlap.parquet")["account"].tolist()))
    rows = read_table(place / "accounts.parquet").iloc[matched]
    found = dict(zip(matched, _row_marks(rows), strict=True))
    tokens = read_table(place / "tokens.parquet")
    columns = (tokens[name].tolist() for name in ("account", "kind", "value"))
    for number, kind, value in zip(*columns, strict=True):
        key = key_of(kind, value)
        if key is not None and number in found:
            found[number].append(("key", key.text))
    return found


def _row_marks(accounts: pd.DataFrame) -> Iterator[list[_Mark]]:
    """The marks of each row by its own cells, its id first."""
    columns = (accounts[name].tolist() for name in ("id", "website", "name", "country"))
    for account, website, name, country in zip(*columns, strict=True):
        marks: list[_Mark] = [("id", account)]
        host = website.strip().casefold().partition("//")
        host = (host[2] or host[0]).partition("/")[0].removeprefix("www.")
        if host:
            marks.append(("website", host))
        elif name.strip():
            marks.append(("name", name.strip().casefold(), country.strip().casefold()))
        yield marks
