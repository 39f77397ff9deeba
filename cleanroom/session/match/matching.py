"""The blind match over files: the start, and the answers to frames before the one that tells the matches.

The budget is charged (log entry and record) before anything is blinded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cleanroom.agreement import ClaimRoot, SignedAgreement, build_contract, require_software
from cleanroom.moment import moment_of
from cleanroom.session.agreement.agreements import (
    agreement_name,
    agreement_with_digest,
    agreements_with,
    find_agreement,
    own_software,
    partner_of,
    runs_left,
    starter_of,
)
from cleanroom.session.attribution.claim_roots import own_claim_root, received_claim_root, require_known_roots
from cleanroom.session.match.clustering import Workers, open_workers
from cleanroom.session.match.frames import (
    Received,
    checkpoint_for,
    keep_frame,
    received_frame,
    send_frame,
    wrong_frame,
)
from cleanroom.session.match.passing import (
    answer_to,
    awaited_message,
    begin_passage,
    is_begun,
    passage_of,
    run_of,
    take_frame,
)
from cleanroom.session.match.prepared_lists import PreparedList, answer_list, ask_list
from cleanroom.session.match.runs import (
    NEW_RUN,
    OPEN_STATES,
    RunRecord,
    abandon_open_runs,
    all_runs,
    end_run,
    keep_run,
    was_sent,
)
from cleanroom.session.match.submitting import Submitted, charge, charge_again, require_budget, submit
from cleanroom.session.party import Party
from cleanroom.session.room.room_counting import leads_to_counts, offer_list, require_room
from overlap.engine import LOCAL, EngineChoice, Progress
from overlap.errors import Refused, UsageError, WrongRun
from overlap.protocol import (
    Contract,
    check_header,
    protocol_of,
    read_contract,
    start_header,
)


@dataclass(frozen=True)
class Step:
    """What `start` or `reply` did. `dropped` lists (kind, reason, count) of identifiers not used.

    `queries` is how many elements a run over a prepared list asks about, 0 for any other run. `private` and
    `restricted` count own accounts that our rules left out; 0 in a reply that sends an answer again. `room`
    says what became of our list for a room that counts, "" where none does or it is not made yet.
    """

    run: str
    partner: str
    accounts: int
    identifiers: int
    bound: int
    runs_left: int
    dropped: list[tuple[str, str, int]]
    queries: int
    private: int
    restricted: int
    room: str = ""


@dataclass(frozen=True)
class ListedRun:
    """A run as listed; times are RFC 3339, `shared` is "" while unknown."""

    run: str
    partner: str
    agreement: str
    role: str
    state: str
    begun: str
    shared: str


def start_match(
    party: Party,
    agreement: str,
    out: Path,
    progress: Progress | None = None,
    choice: EngineChoice = LOCAL,
) -> Step:
    """Begin a run under an agreement and write the start frame to `out`.

    A start that was killed on its way goes on where it stopped, while the accounts are the same.
    """
    signed = find_agreement(party, agreement, starter_only=not agreement)
    partner = partner_of(party, signed.agreement)
    party.verified_card_of(partner)
    if starter_of(signed) != party.name:
        raise Refused(f"{partner} starts runs under this agreement", "ask them to run 'overlap match start'")
    require_software(signed.agreement, own_software(signed.agreement))
    roots = {party.name: own_claim_root(party), partner: received_claim_root(party, partner)}
    contract = build_contract(signed, roots)
    require_room(party, contract)
    with open_workers(party, choice, progress) as workers:
        submitted = submit(party, signed, contract, progress, workers)
        if signed.agreement.terms.prepared:
            contract = ask_list(PreparedList(party, signed), contract, submitted.encoded)
        record = _interrupted_start(party, contract, submitted, workers)
        begun = record is not None
        if record is None:
            require_budget(party, signed)
            abandon_open_runs(party, partner)
            record = charge(party, signed, contract, party.random(16), "starter", submitted)
        passage = passage_of(party, record, workers, begins=not begun)
        if not begun:
            begin_passage(party, record, passage, submitted)
        header = start_header(contract, bytes.fromhex(record.run), checkpoint_for(party, partner), party.now)
        keep_frame(party, record, header, passage.take("start"))
    keep_run(party, replace(record, state="started"))
    send_frame(party, record, "start", out)
    return _step(party, signed, record, submitted)


def reply_match(
    party: Party,
    source: Path,
    out: Path,
    progress: Progress | None = None,
    choice: EngineChoice = LOCAL,
) -> Step:
    """Answer a frame that asks for an answer; a start is answered after comparing the contracts."""
    with received_frame(party, source) as frame:
        known = [record for record in all_runs(party) if record.run == frame.header.run]
        if not known and frame.header.step == "start":
            return _reply_to_start(party, None, frame, out, progress, choice)
        record = run_of(party, frame)
        answer = answer_to(party, record, frame.digest)
        if (record.state, record.answered) == ("charged", frame.digest):
            # It was killed before its answer was kept, so nothing of it was sent.
            return _reply_to_start(party, record, frame, out, progress, choice)
        if record.state not in OPEN_STATES:
            raise Refused(f"this run is {record.state}", NEW_RUN)
        signed = agreement_with_digest(party, record.agreement)
        if not answer:
            record = _reply_in_run(party, record, frame, progress, choice)
            answer = answer_to(party, record, frame.digest)
        elif awaited_message(record) == frame.header.step:
            # It was killed between the answer and the record.
            after = protocol_of(record.terms).state_after(record.role, frame.header.step)
            record = replace(record, state=after, answered=frame.digest)
            keep_run(party, record)
        send_frame(party, record, answer, out)
        return _step(party, signed, record, None, offer_list(party, record))


def _reply_to_start(
    party: Party,
    known: RunRecord | None,
    frame: Received,
    out: Path,
    progress: Progress | None,
    choice: EngineChoice,
) -> Step:
    signed, contract = agreed_contract(party, frame.partner, read_contract(frame.body))
    check_header(frame.header, contract, "start")
    require_room(party, contract)
    prepared = PreparedList(party, signed)
    with open_workers(party, choice, progress) as workers:
        listed = contract.prepared
        submitted = prepared.submitted() if listed else submit(party, signed, contract, progress, workers)
        begun = known is not None and is_begun(party, known, submitted, workers)
        if known is None:
            require_budget(party, signed)
            abandon_open_runs(party, frame.partner)
            run = bytes.fromhex(frame.header.run)
            record = charge(party, signed, contract, run, "responder", submitted, frame.digest)
        else:
            record = known if begun else charge_again(party, known, submitted)
        passage = passage_of(party, record, workers, begins=not begun)
        if not begun:
            begin_passage(party, record, passage, submitted)
        record, _ = take_frame(party, record, passage, frame)
    send_frame(party, record, answer_to(party, record, frame.digest), out)
    return _step(party, signed, record, submitted, offer_list(party, record))


def _reply_in_run(
    party: Party, record: RunRecord, frame: Received, progress: Progress | None, choice: EngineChoice
) -> RunRecord:
    """Answer a frame in the middle of a run. Another one in place of one taken before ends the run (F6)."""
    protocol, step = protocol_of(record.terms), frame.header.step
    awaited = awaited_message(record)
    # A start was taken when the run was charged, though its answer may not be kept yet.
    before = protocol.messages[: max(1, protocol.messages.index(awaited)) if awaited else None]
    if step in before and protocol.sender_of(step) != record.role:
        end_run(party, record, "aborted")
        raise WrongRun(
            f"a second, different {step} frame came for this run, which is aborted now", "ask for a new run"
        )
    if step != awaited or protocol.sender_of(step) == record.role:
        raise wrong_frame(step, awaited)
    if protocol.tells(step) or leads_to_counts(record, step):
        raise UsageError("this frame tells the matches", "read it with 'overlap match finish'")
    with open_workers(party, choice, progress) as workers:
        return take_frame(party, record, passage_of(party, record, workers), frame)[0]


def _interrupted_start(
    party: Party, contract: Contract, submitted: Submitted, workers: Workers
) -> RunRecord | None:
    """Our run under this contract of which nothing was sent yet, when its lists are these."""
    text = contract.to_bytes().decode()
    for record in all_runs(party):
        if (record.role, record.state, record.contract) == ("starter", "charged", text):
            unsent = not was_sent(party, record, "start")
            return record if unsent and is_begun(party, record, submitted, workers) else None
    return None


def list_runs(party: Party) -> list[ListedRun]:
    """All runs, the oldest first."""
    names = {
        signed.file_digest: agreement_name(signed)
        for partner in party.partners()
        for signed in agreements_with(party, partner)
    }
    return [
        ListedRun(
            record.run,
            record.partner,
            names.get(record.agreement, record.agreement[:8]),
            record.role,
            record.state,
            moment_of(record.begun),
            "" if record.shared < 0 else str(record.shared),
        )
        for record in all_runs(party)
    ]


def agreed_contract(party: Party, partner: str, theirs: Contract) -> tuple[SignedAgreement, Contract]:
    """The agreement and the contract as we build it ourselves; ContractMismatch names what differs."""
    known = agreements_with(party, partner)
    if not known:
        raise Refused(
            f"there is no signed agreement with {partner}", "take it in with 'overlap agreement accept'"
        )
    signed = next((one for one in known if one.file_digest == theirs.agreement), known[0])
    require_known_roots(party, partner, theirs)
    sides = (theirs.starter, theirs.responder)
    roots = {side.party: ClaimRoot(side.claim_root, side.claim_leaves) for side in sides}
    named = {name: root for name, root in roots.items() if signed.agreement.role_of(name)}
    expected = build_contract(signed, named)
    if signed.agreement.terms.prepared and starter_of(signed) == partner:
        expected = answer_list(PreparedList(party, signed), expected, theirs)
    expected.require_equal(theirs)
    if starter_of(signed) != partner:
        raise WrongRun(
            "the agreement does not let this partner start runs", "begin with 'overlap match start'"
        )
    require_software(signed.agreement, own_software(signed.agreement))
    return signed, expected


def _step(
    party: Party, signed: SignedAgreement, record: RunRecord, submitted: Submitted | None, room: str = ""
) -> Step:
    side = record.terms.starter if record.role == "starter" else record.terms.responder
    left = runs_left(party, signed)
    return Step(
        record.run,
        record.partner,
        record.accounts,
        record.identifiers,
        side.size_bound,
        left,
        submitted.dropped if submitted else [],
        record.terms.queries,
        submitted.left_out.private if submitted else 0,
        submitted.left_out.restricted if submitted else 0,
        room,
    )
