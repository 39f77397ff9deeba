"""The end of a run: the starter learns from the reply and confirms, the responder learns from the finish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from cleanroom.session.accounts.canaries import canary_hit
from cleanroom.session.agreement.agreements import agreement_with_digest
from cleanroom.session.audit.receipting import run_receipt
from cleanroom.session.match.clustering import open_workers
from cleanroom.session.match.frames import Received, named_frame, received_frame, send_frame, wrong_frame
from cleanroom.session.match.grouping import run_groups
from cleanroom.session.match.passing import answer_to, awaited_message, passage_of, run_of, take_frame
from cleanroom.session.match.probing import jumps_in
from cleanroom.session.match.runs import NEW_RUN, OPEN_STATES, RunRecord, all_runs, end_run, keep_run
from cleanroom.session.match.submitting import kept_list
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.session.room.room_counting import (
    Counted,
    counted_in,
    leads_to_counts,
    open_counts,
    require_reply,
    wait_for_counts,
)
from cleanroom.store import read_table, write_table
from overlap import match
from overlap.engine import LOCAL, EngineChoice, Progress
from overlap.errors import Refused, UsageError, WrongRun
from overlap.identity import GROUP_KINDS
from overlap.protocol import Matches, protocol_of
from overlap.protocol.counts import Count
from overlap.protocol.sums import Sum
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
    minimum and withheld; so is `total`, the sum of level `sum` in whole units of `currency`. `jumps` says
    what is much larger than in all runs before. `counted` are the numbers of a room, where one counts;
    `shared` is then their sum, or -1 when one is withheld.
    """

    run: str
    partner: str
    level: str
    accounts: int
    shared: int
    tiers: dict[str, int]
    reviewed: dict[str, int]
    groups: int
    total: int
    currency: str
    jumps: list[str]
    counted: Counted | None = None


def finish_match(
    party: Party,
    source: Path | None,
    out: Path | None,
    progress: Progress | None = None,
    choice: EngineChoice = LOCAL,
) -> Found:
    """Learn the overlap from the frame that tells it; writes the answer to `out` where it has one.

    Where a room counts, its result is fetched: after the starter has taken the reply, and without any frame.
    """
    if source is None:
        if not (waiting := open_counts(party)):
            raise UsageError("no run waits for the result of a room", "give the file of the frame")
        return found_in(party, wait_for_counts(party, waiting))
    with received_frame(party, source) as frame:
        record = run_of(party, frame)
        if leads_to_counts(record, frame.header.step):
            record = take_counted(party, record, frame, progress, choice)
            finished = record.state == "finished"
            return found_in(party, record if finished else wait_for_counts(party, [record]))
        if record.state == "finished":
            return _repeat(party, record, frame, out)
        if record.state not in OPEN_STATES or record.state == "charged":
            raise Refused(f"this run is {record.state}", NEW_RUN)
        awaited = awaited_message(record)
        if not protocol_of(record.terms).tells(awaited):
            raise UsageError(
                f"this run is not there yet: on our side it awaits {named_frame(awaited)}",
                "answer that one with 'overlap match reply'",
            )
        if out is None and awaited != protocol_of(record.terms).messages[-1]:
            raise UsageError("this frame has an answer for the partner", "give --out FILE")
        if frame.header.step != awaited:
            raise wrong_frame(frame.header.step, awaited)
        with open_workers(party, choice, progress) as workers:
            record, learned = take_frame(party, record, passage_of(party, record, workers), frame)
            answer = answer_to(party, record, frame.digest)
            record = _conclude(party, record, learned)
        if answer and out is not None:
            send_frame(party, record, answer, out)
        return found_in(party, record)


def take_counted(
    party: Party, record: RunRecord, frame: Received, progress: Progress | None, choice: EngineChoice
) -> RunRecord:
    """Take the reply in a run that a room counts; our list for the room is then made, and not sent yet."""
    if not require_reply(party, record, frame):
        return record
    with open_workers(party, choice, progress) as workers:
        return take_frame(party, record, passage_of(party, record, workers), frame)[0]


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
    amounts = record.terms.amounts
    return Found(
        record.run,
        record.partner,
        record.level,
        record.accounts,
        record.shared,
        tiers,
        reviewed,
        number,
        record.total,
        amounts.currency if amounts else "",
        jumps_in(record, all_runs(party)),
        counted_in(party, record),
    )


def _shown_numbers(party: Party, record: RunRecord, learned: Count | Sum) -> tuple[int, int]:
    """The count and the sum, each -1 where there is none or below the agreement's minimum count."""
    signed = agreement_with_digest(party, record.agreement)
    if learned.shared < signed.agreement.terms.minimum_count:
        return -1, -1
    return learned.shared, learned.total if isinstance(learned, Sum) else -1


def _repeat(party: Party, record: RunRecord, frame: Received, out: Path | None) -> Found:
    """The same frame again gets the same answer; any other one comes too late (crypto.md F6)."""
    if record.answered != frame.digest:
        raise WrongRun("this run is finished and takes no other frame", NEW_RUN)
    if (answer := answer_to(party, record, frame.digest)) and out is not None:
        send_frame(party, record, answer, out)
    return found_in(party, record)


def _require_no_canary(party: Party, record: RunRecord, hits: pd.DataFrame, accounts: int) -> None:
    """Stop the run when the partner claims to hold planted accounts, which stand behind our own.

    Our answer is destroyed with it: a starter's would confirm to the partner what it shares with us.
    """
    planted = int(hits.loc[hits["account"] >= accounts, "account"].nunique())
    if not planted:
        return
    party.note(record.partner, "run", aborted=bytes.fromhex(record.run), canaries=planted)
    end_run(party, record, "aborted")
    for name in ("finish", "finish.header"):
        party.folder.path("runs", record.run, name).unlink(missing_ok=True)
    raise canary_hit(record.partner, planted)


def _conclude(party: Party, record: RunRecord, learned: Matches | Count | Sum) -> RunRecord:
    """Keep what was learned, log it as a count, and destroy the run's secrets."""
    total = -1
    if isinstance(learned, Count | Sum):
        shared, total = _shown_numbers(party, record, learned)
    else:
        place = party.folder.path("runs", record.run)
        accounts = read_table(place / "accounts.parquet")
        distinct = kept_list(party, record.run)
        hits = match.find_hits(distinct, learned)
        _require_no_canary(party, record, hits, len(accounts))
        overlap = match.resolve(accounts, hits)
        shared = len(overlap)
        write_table(place / "overlap.parquet", overlap)
        write_table(place / "tokens.parquet", hits)
        if set(GROUP_KINDS).intersection(record.terms.kinds):
            groups = resolve_groups(find_group_hits(distinct, learned), overlap)
            write_table(place / "groups.parquet", groups)
    record = replace(record, shared=shared, total=total)
    keep_run(party, record)
    shown = {"shared": shared} if shared >= 0 else {"withheld": 1}
    if jumps := jumps_in(record, all_runs(party)):
        shown["jumps"] = len(jumps)
    receipt = run_receipt(party, record)
    party.note(record.partner, "run", finished=bytes.fromhex(record.run), receipt=receipt, **shown)
    return end_run(party, record, "finished")
