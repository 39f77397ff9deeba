"""The blind match over files: start, reply, and finish on each side.

The order of writing is the safety: the budget is charged (log entry and record) before anything is blinded,
state and answer are durable before the answer leaves, and a frame taken twice gets the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from cleanroom.agreement import ClaimRoot, SignedAgreement, build_contract, require_software
from cleanroom.moment import moment_of
from cleanroom.session.agreements import (
    agreement_name,
    agreements_with,
    find_agreement,
    own_software,
    partner_of,
    runs_left,
    starter_of,
)
from cleanroom.session.claim_roots import own_claim_root, received_claim_root, require_known_roots
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
from cleanroom.session.party import Party
from cleanroom.session.runs import (
    OPEN_STATES,
    RunRecord,
    abandon_open_runs,
    all_runs,
    end_run,
    keep_run,
    keep_state,
)
from cleanroom.session.submitting import Submitted, charge, charge_again, require_budget, submit
from overlap.engine import AUTO, Engine, Progress
from overlap.errors import BadPeerFile, Refused, WrongRun
from overlap.protocol import Contract, answer_header, open_frame, read_contract, start_header


@dataclass(frozen=True)
class Step:
    """What `start` or `reply` did. `dropped` lists (kind, reason, count) of identifiers not used."""

    run: str
    partner: str
    accounts: int
    identifiers: int
    bound: int
    runs_left: int
    dropped: list[tuple[str, str, int]]


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
    party: Party, agreement: str, out: Path, progress: Progress | None = None, backend: str = AUTO
) -> Step:
    """Begin a run under an agreement and write the start frame to `out`.

    `backend` says what multiplies, one of `overlap.engine.BACKENDS`; UsageError when it cannot be used here.
    """
    engine = Engine(progress=progress, backend=backend)
    signed = find_agreement(party, agreement, starter_only=not agreement)
    partner = partner_of(party, signed.agreement)
    party.verified_card_of(partner)
    if starter_of(signed) != party.name:
        raise Refused(f"{partner} starts runs under this agreement", "ask them to run 'overlap match start'")
    require_software(signed.agreement, own_software(signed.agreement.terms))
    roots = {party.name: own_claim_root(party), partner: received_claim_root(party, partner)}
    contract = build_contract(signed, roots)
    submitted = submit(party, signed, contract, progress)
    run = party.random(16)
    require_budget(party, signed)
    abandon_open_runs(party, partner)
    record = charge(party, signed, contract, run, "starter", submitted)
    with engine:
        role = role_of(contract, "starter").begin(contract, run, submitted.encoded, engine, party.random)
        body = role.start()
    header = start_header(contract, run, checkpoint_for(party, partner), party.now)
    keep_state(party, record.run, role.to_bytes())
    frame = keep_frame(party, record, header, body)
    keep_run(party, replace(record, state="started"))
    write_whole(out, frame)
    return _step(party, signed, record, contract.starter.size_bound, submitted)


def reply_match(
    party: Party, source: Path, out: Path, progress: Progress | None = None, backend: str = AUTO
) -> Step:
    """Answer the start frame in `source`; compares contracts before anything is blinded.

    `backend` as in `start_match`.
    """
    engine = Engine(progress=progress, backend=backend)
    data = read_frame_file(party, source)
    partner, header, body = read_from_anybody(party, data)
    signed, contract = _agree(party, partner, body)
    header, body = open_frame(data, party.keys, party.card_of(partner), contract, "start")
    taken = [record for record in all_runs(party) if record.run == header.run]
    bound, digest = contract.responder.size_bound, hashlib.sha256(data).hexdigest()
    # A run that is only charged was killed before its answer was kept, so nothing of it was sent.
    if taken and (taken[0].state, taken[0].answered) != ("charged", digest):
        return _repeat_reply(party, signed, taken[0], data, out, bound)
    submitted = submit(party, signed, contract, progress)
    if taken:
        record = charge_again(party, taken[0], submitted)
    else:
        require_budget(party, signed)
        abandon_open_runs(party, partner)
        run = bytes.fromhex(header.run)
        record = charge(party, signed, contract, run, "responder", submitted, digest)
    with engine:
        begin = role_of(contract, "responder").begin
        role = begin(contract, bytes.fromhex(header.run), submitted.encoded, engine, party.random)
        try:
            answer = role.reply(body)
        except BadPeerFile:
            end_run(party, record, "aborted")
            raise
    keep_state(party, record.run, role.to_bytes())
    keep_peer_checkpoint(party, partner, header.checkpoint, header.time)
    reply = answer_header(header, data, checkpoint_for(party, partner), party.now)
    frame = keep_frame(party, record, reply, answer)
    keep_run(party, replace(record, state="replied"))
    write_whole(out, frame)
    return _step(party, signed, record, bound, submitted)


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


def _agree(party: Party, partner: str, body: bytes) -> tuple[SignedAgreement, Contract]:
    """The agreement and the contract as we build it ourselves; ContractMismatch names what differs."""
    theirs = read_contract(body)
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
    expected.require_equal(theirs)
    if starter_of(signed) != partner:
        raise WrongRun(
            "the agreement does not let this partner start runs", "begin with 'overlap match start'"
        )
    require_software(signed.agreement, own_software(signed.agreement.terms))
    return signed, expected


def _repeat_reply(
    party: Party, signed: SignedAgreement, record: RunRecord, data: bytes, out: Path, bound: int
) -> Step:
    """The same answer to the same start frame; another one under this run ends it (crypto.md F6)."""
    if record.answered != hashlib.sha256(data).hexdigest():
        if record.state in OPEN_STATES:
            end_run(party, record, "aborted")
        raise WrongRun("a second, different start frame came for this run", "ask for a new run")
    if record.state != "replied":
        raise Refused(f"this run is {record.state}", "ask for a new run")
    write_whole(out, read_sent(party, record, "reply")[1])
    left = runs_left(party, signed)
    return Step(record.run, record.partner, record.accounts, record.identifiers, bound, left, [])


def _step(party: Party, signed: SignedAgreement, record: RunRecord, bound: int, submitted: Submitted) -> Step:
    return Step(
        record.run,
        record.partner,
        record.accounts,
        record.identifiers,
        bound,
        runs_left(party, signed),
        submitted.dropped,
    )
