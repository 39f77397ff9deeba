"""The end of a run: the starter learns from the reply and confirms, the responder learns from the finish."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cleanroom.session.agreements import agreement_with_digest
from cleanroom.session.folder import write_whole
from cleanroom.session.frames import (
    checkpoint_for,
    keep_frame,
    keep_peer_checkpoint,
    read_frame_file,
    read_from_anybody,
    read_sent,
    role_of,
)
from cleanroom.session.grouping import run_groups
from cleanroom.session.party import Party
from cleanroom.session.reviews import release_state
from cleanroom.session.runs import RunRecord, all_runs, end_run, keep_run, keep_state, read_state
from cleanroom.store import read_table, write_table
from overlap import match
from overlap.engine import AUTO, Engine, Progress
from overlap.errors import BadPeerFile, Refused, UsageError, WrongRun
from overlap.identity import GROUP_KINDS
from overlap.protocol import Header, answer_header, open_frame
from overlap.protocol.counts import Count
from overlap.protocol.dh import Matches
from overlap.records import TIERS
from overlap.relation import find_group_hits, resolve_groups

#: States that somebody has decided.
_REVIEWED: Final = ("waiting", "accepted", "rejected", "disputed")


@dataclass(frozen=True)
class Found:
    """What a finished run told us. `tiers` counts our matched accounts; it is empty at level counts.

    `reviewed` counts those about which decisions of earlier runs stand, by review state; a rejected or
    disputed account is in no tier. `groups` counts our further accounts that are of one group with one of the
    partner's; -1 when the agreement does not compare groups. `shared` is -1 when it is below the agreement's
    minimum and withheld.
    """

    run: str
    partner: str
    level: str
    accounts: int
    shared: int
    tiers: dict[str, int]
    reviewed: dict[str, int]
    groups: int


def finish_match(
    party: Party, source: Path, out: Path | None, progress: Progress | None = None, backend: str = AUTO
) -> Found:
    """Learn the overlap: as starter from a reply (writes the finish frame to `out`), else from a finish.

    `backend` as in `start_match`.
    """
    engine = Engine(progress=progress, backend=backend)
    data = read_frame_file(party, source)
    partner, header, _ = read_from_anybody(party, data)
    record = _run_of(party, partner, header)
    if record.role == "starter" and out is None:
        raise UsageError("the starter confirms the matches to its partner", "give --out FILE")
    if record.state == "finished":
        return _repeat(party, record, data, out)
    if record.state not in ("started", "replied"):
        raise Refused(f"this run is {record.state}", "begin a new run with 'overlap match start'")
    step, sent = ("reply", "start") if record.role == "starter" else ("finish", "reply")
    header, body = open_frame(
        data, party.keys, party.card_of(partner), record.terms, step, answers=read_sent(party, record, sent)
    )
    keep_peer_checkpoint(party, partner, header.checkpoint, header.time)
    record = replace(record, answered=hashlib.sha256(data).hexdigest())
    with engine:
        role = role_of(record.terms, record.role).from_bytes(
            read_state(party, record.run), engine, party.random
        )
        try:
            learned = role.finish(body)
        except BadPeerFile:
            end_run(party, record, "aborted")
            raise
    if record.role == "starter":
        answer, learned = learned
        keep_state(party, record.run, role.to_bytes())
        reply = answer_header(header, data, checkpoint_for(party, partner), party.now)
        frame = keep_frame(party, record, reply, answer)
    record = _conclude(party, record, learned)
    if record.role == "starter" and out is not None:
        write_whole(out, frame)
    return found_in(party, record)


def found_in(party: Party, record: RunRecord) -> Found:
    """What a finished run told us, read from the folder."""
    tiers: dict[str, int] = {}
    reviewed: dict[str, int] = {}
    if record.level == "overlaps":
        state = release_state(party, record)
        tiers = {tier: int((state.shown["tier"] == tier).sum()) for tier in TIERS}
        decided = state.rows["review"].value_counts()
        reviewed = {word: int(decided[word]) for word in _REVIEWED if word in decided}
    groups = run_groups(party, record) if record.level == "overlaps" else None
    number = -1 if groups is None else len(groups)
    return Found(
        record.run, record.partner, record.level, record.accounts, record.shared, tiers, reviewed, number
    )


def _run_of(party: Party, partner: str, header: Header) -> RunRecord:
    for record in all_runs(party):
        if record.run == header.run and record.partner == partner:
            return record
    raise WrongRun("the frame belongs to no run that we began or answered", "check which file to read now")


def _shown_count(party: Party, record: RunRecord, learned: Count) -> int:
    """The number, or -1 when it is below the agreement's minimum count and so withheld."""
    signed = agreement_with_digest(party, record.agreement)
    return learned.shared if learned.shared >= signed.agreement.terms.minimum_count else -1


def _repeat(party: Party, record: RunRecord, data: bytes, out: Path | None) -> Found:
    """The same frame again gets the same answer; any other one comes too late (crypto.md F6)."""
    if record.answered != hashlib.sha256(data).hexdigest():
        raise WrongRun("this run is finished and takes no other frame", "begin a new run")
    if record.role == "starter" and out is not None:
        write_whole(out, read_sent(party, record, "finish")[1])
    return found_in(party, record)


def _conclude(party: Party, record: RunRecord, learned: Matches | Count) -> RunRecord:
    """Keep what was learned, log it as a count, and destroy the run's secrets."""
    if isinstance(learned, Count):
        shared = _shown_count(party, record, learned)
    else:
        place = party.folder.path("runs", record.run)
        accounts = read_table(place / "accounts.parquet")
        distinct = match.distinct(read_table(place / "identifiers.parquet"))
        hits = match.find_hits(distinct, learned)
        overlap = match.resolve(accounts, hits)
        shared = len(overlap)
        write_table(place / "overlap.parquet", overlap)
        write_table(place / "tokens.parquet", hits)
        if set(GROUP_KINDS).intersection(record.terms.kinds):
            groups = resolve_groups(find_group_hits(distinct, learned), overlap)
            write_table(place / "groups.parquet", groups)
    record = replace(record, shared=shared)
    keep_run(party, record)
    shown = {"shared": shared} if shared >= 0 else {"withheld": 1}
    party.note(record.partner, "run", finished=bytes.fromhex(record.run), **shown)
    return end_run(party, record, "finished")
