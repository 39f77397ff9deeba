"""A run between two commands: which message comes next, what was sent, and a frame taken and answered.

The order of writing is the safety: a bucket's state is durable before its answer is handed out, the answering
frame is kept whole before it is sent, and a frame taken twice gets the same bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cleanroom.session.match.clustering import Workers, passage_on, reaches_lists
from cleanroom.session.match.frames import (
    Received,
    checkpoint_for,
    keep_frame,
    keep_peer_checkpoint,
    sent_frame,
    sent_header,
)
from cleanroom.session.match.prepared_lists import open_for_run
from cleanroom.session.match.runs import RunRecord, RunStates, all_runs, end_run, keep_run, was_sent
from cleanroom.session.match.submitting import Submitted, kept_list, kept_populations
from cleanroom.session.party import Party
from overlap.errors import BadPeerFile, Refused, WrongRun
from overlap.protocol import ROLES, Passage, answer_header, check_header, protocol_of

if TYPE_CHECKING:
    from overlap.spark import SparkPassage

    AnyPassage = Passage | SparkPassage


def passage_of(party: Party, record: RunRecord, workers: Workers, *, begins: bool = False) -> AnyPassage:
    """Our side of a run, with its states in the folder; its lists are here, or on a cluster."""
    contract, run, engine = record.terms, bytes.fromhex(record.run), workers.engine
    if contract.prepared:
        prepared, states = open_for_run(party, record)
        return Passage(contract, record.role, run, engine, party.random, states, prepared)
    if on_cluster := passage_on(party, record, workers, begins=begins):
        return on_cluster
    return Passage(contract, record.role, run, engine, party.random, RunStates(party, record.run))


def begin_passage(party: Party, record: RunRecord, passage: AnyPassage, submitted: Submitted) -> None:
    """Put our identifiers into the run's buckets; those of our prepared list are in no bucket."""
    lists = party.folder.path("runs", record.run, "lists")
    lists.mkdir(parents=True, exist_ok=True)
    for left in lists.iterdir():
        left.unlink()
    listed = record.terms.prepared and record.role == "responder"
    passage.begin([] if listed else submitted.encoded, lists, submitted.values)


def is_begun(party: Party, record: RunRecord, submitted: Submitted, workers: Workers) -> bool:
    """Whether all buckets of a charged run hold their lists, in reach, and these are the ones submitted now.

    A run over amounts begins again: they are no part of what is compared.
    """
    counting = record.terms.counting
    if (submitted.values and counting is None) or not RunStates(party, record.run).has(
        record.terms.buckets - 1
    ):
        return False
    if not reaches_lists(party, record.run, workers):
        return False
    kept = kept_list(party, record.run)
    if counting is not None and kept_populations(party, record, kept) != submitted.values:
        return False
    return kept.encoded == submitted.encoded


def run_of(party: Party, frame: Received) -> RunRecord:
    """The run that a frame belongs to."""
    for record in all_runs(party):
        if record.run == frame.header.run and record.partner == frame.partner:
            return record
    raise WrongRun("the frame belongs to no run that we began or answered", "check which file to read now")


def awaited_message(record: RunRecord) -> str:
    """The message that an open run waits for."""
    state = "begun" if record.state == "charged" else record.state
    return protocol_of(record.terms).next_message(record.role, state)


def answer_to(party: Party, record: RunRecord, digest: str) -> str:
    """The message with which we answered the frame of this digest; "" when we did not."""
    kept = set(party.folder.names("runs", record.run))
    for message in protocol_of(record.terms).messages:
        both = {message, f"{message}.header"} <= kept
        if both and sent_header(party, record, message).previous == digest:
            return message
    return ""


def take_frame(
    party: Party, record: RunRecord, passage: AnyPassage, frame: Received
) -> tuple[RunRecord, Any]:
    """Take the message that the run waits for, and keep our answer where it has one.

    Gives the record in its new state, not yet finished, and what was learned when this message told it. The
    run ends when the message is not acceptable; a file that was damaged on its way leaves it as it was.
    """
    message = frame.header.step
    protocol = protocol_of(record.terms)
    messages = protocol.messages
    at = messages.index(message)
    sends = protocol.sends_after(record.role, message)
    if any(was_sent(party, record, one) for one in sends):
        end_run(party, record, "aborted")
        raise Refused(
            "this run has answered before, and the answer is not here: the folder was restored",
            "begin a new run",
        )
    if at:
        check_header(frame.header, record.terms, message, sent_frame(party, record, messages[at - 1]))
    keep_peer_checkpoint(party, frame.partner, frame.header.checkpoint, frame.header.time)
    record = replace(record, answered=frame.digest)
    pieces = passage.take(message, frame.body)
    try:
        # What goes to a room is no frame, and stays in the run's state until it is sent.
        if any(set(ROLES).intersection(protocol.recipients_of(one)) for one in sends):
            checkpoint = checkpoint_for(party, frame.partner)
            header = answer_header(record.terms, frame.header, frame.digest, checkpoint, party.now)
            keep_frame(party, record, header, pieces)
        else:
            list(pieces)
    except (BadPeerFile, Refused):
        if passage.aborted:
            end_run(party, record, "aborted")
        raise
    if protocol.tells(message):
        return record, passage.learned()
    record = replace(record, state=protocol.state_after(record.role, message))
    keep_run(party, record)
    return record, None
