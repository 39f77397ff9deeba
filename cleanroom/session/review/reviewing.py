"""Reviews at work: the queue of a run, and decisions about its rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cleanroom.review import Decision, Memory, QueueRow, ReleaseState, decide_row, queue_rows
from cleanroom.session.match.runs import RunRecord, all_runs, find_run
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import (
    keep_memory,
    read_memory,
    release_state,
    run_tokens,
    told_digest,
    why_not_shown,
)
from cleanroom.session.share.holding import read_holder_state
from cleanroom.store import read_table
from overlap import canonical
from overlap.errors import UsageError

#: Hex digits of a pair token that name a row: fewer are too easily met by chance.
LEAST_TOKEN = 6


@dataclass(frozen=True)
class Queue:
    """The rows of a run that need a decision, or all; `counts` has the review states of all its rows.

    `unsent` says that the partner has not been told of our decisions as they are now.
    """

    run: str
    partner: str
    rows: list[QueueRow]
    counts: dict[str, int]
    unsent: bool


@dataclass(frozen=True)
class Decided:
    """What was decided: rows that changed by word, rows that said so before, and our shares to be renewed."""

    run: str
    partner: str
    changed: dict[str, int]
    unchanged: int
    unsent: bool
    renew: list[str]


def list_reviews(party: Party, run: str, *, everything: bool = False) -> Queue:
    """The review queue of a finished run, by default the newest; with `everything` all matched accounts."""
    record = find_overlap_run(party, run)
    memory = read_memory(party, record.partner)
    state = release_state(party, record, memory)
    tokens = run_tokens(party, record)
    accounts = _accounts(party, record)
    rows = queue_rows(state, tokens[tokens["telling"]], accounts, everything=everything)
    counts = {str(word): int(count) for word, count in state.rows["review"].value_counts().items()}
    return Queue(record.run, record.partner, rows, counts, _is_unsent(memory, state, tokens))


def decide_reviews(party: Party, run: str, words: Sequence[tuple[str, str]]) -> Decided:
    """Take decisions: (row handle, one of VERDICTS) each, all or none of them.

    A handle is an own account id, or the beginning of the pair token in the list. Raises UsageError for a
    handle that names no row or several, and Refused as `decide_row` does.
    """
    record = find_overlap_run(party, run)
    memory = read_memory(party, record.partner)
    state = release_state(party, record, memory)
    tokens = run_tokens(party, record)
    ids = _accounts(party, record)["id"].tolist()
    places = _places_of(state, ids, [handle for handle, _ in words])
    if len(set(places)) < len(places):
        raise UsageError("a row is decided twice in one command", "decide each account once")
    links = tokens[tokens["telling"] & tokens["account"].isin(places)]
    linked = {int(str(at)): rows for at, rows in links.groupby("account", sort=False)}
    disputed = set(state.rows.loc[state.rows["review"] == "disputed", "account"].tolist())
    changes: dict[str, Decision | None] = {}
    for place, (_, word) in zip(places, words, strict=True):
        rows = linked[place]
        names = tuple(zip(rows["kind"].tolist(), rows["value"].tolist(), strict=True))
        theirs = {state.theirs[token].verdict for token in rows["token"] if token in state.theirs}
        before = state.own.get(place)
        changes[ids[place]] = decide_row(
            word,
            Decision(ids[place], "", names, 0, memory.taken, record.run, party.now),
            before[0] if before else None,
            disputed=place in disputed,
            partner_disputes=bool(theirs & {"dispute", "withdraw"}),
            next_letter=memory.sent + 1,
        )
    done = {name: one for name, one in changes.items() if memory.own.get(name) != one}
    counted = Counter(word for (_, word), name in zip(words, changes, strict=True) if name in done)
    if done:
        memory = memory.decided(done)
        party.note(record.partner, "review", run=bytes.fromhex(record.run), **counted)
        keep_memory(party, record.partner, memory)
        state = release_state(party, record, memory)
    renew = shares_to_renew(party, record.partner)
    unsent = _is_unsent(memory, state, tokens)
    return Decided(record.run, record.partner, dict(counted), len(words) - len(done), unsent, renew)


def describe_renewals(shares: Sequence[str]) -> list[str]:
    """What to do about shares that show what may not be shown any more."""
    return [
        f"careful   share {share} gives no lease: an account that it shows is rejected, disputed or unknown "
        "by now; revoke it and grant a new one"
        for share in shares
    ]


def find_overlap_run(party: Party, name: str) -> RunRecord:
    """The finished run at level overlaps whose name begins so; without a name the newest one."""
    if name:
        return find_run(party, name)
    found = [one for one in all_runs(party) if one.state == "finished" and one.level == "overlaps"]
    if not found:
        raise UsageError("no run at level overlaps is finished", "'overlap match list' shows the runs")
    return found[-1]


def shares_to_renew(party: Party, partner: str) -> list[str]:
    """Open shares of ours that give no lease any more, for what they show."""
    return [
        share
        for share, held in read_holder_state(party, partner).shares.items()
        if not held.reason and why_not_shown(party, partner, share, held.terms.run)
    ]


def _accounts(party: Party, record: RunRecord) -> pd.DataFrame:
    return read_table(party.folder.path("runs", record.run, "accounts.parquet"))


def _places_of(state: ReleaseState, ids: Sequence[str], handles: Sequence[str]) -> list[int]:
    """The positions of the own accounts that the handles name."""
    matched = state.rows["account"].tolist()
    by_id = {ids[at]: at for at in matched}
    best = dict(zip(matched, state.rows["token"].tolist(), strict=True))
    places = []
    for handle in handles:
        found = [by_id[handle]] if handle in by_id else []
        if not found and len(handle) >= LEAST_TOKEN:
            found = [at for at, token in best.items() if token.startswith(handle.lower())]
        if len(found) != 1:
            raise UsageError(
                "a row handle names no matched account, or more than one",
                f"give an id or {LEAST_TOKEN} digits of a token that 'overlap review list --all' shows",
            )
        places += found
    return places


def _is_unsent(memory: Memory, state: ReleaseState, tokens: pd.DataFrame) -> bool:
    told = memory.told or hashlib.sha256(canonical.encode([])).hexdigest()
    return told != told_digest(state, tokens)
