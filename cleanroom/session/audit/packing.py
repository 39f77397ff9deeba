"""The facts of the security pack, gathered from one agreement and the newest run under it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cleanroom.agreement import SignedAgreement, describe
from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.report import PackFacts, Sent, pack_page
from cleanroom.session.agreement.agreements import agreement_name, find_agreement, partner_of
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import write_whole
from cleanroom.session.match.runs import OPEN_STATES, RunRecord, all_runs, was_sent
from cleanroom.session.party import Party
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.share.timeline import by_share, share_events
from overlap.protocol import flatten, frame_size, protocol_of

#: What each message tells whoever may open it; one that is not named tells what the protocol's text says.
_TELLS: Final = {
    "start": "blinded elements, padded to the declared bound: nothing without our key",
    "reply": "blinded elements and tags: which of the starter's own identifiers we hold",
    "finish": "tags of the matches only: which of the responder's own identifiers we hold",
}
_ELSE: Final = "see overlap/PROTOCOL.md"


def write_security_pack(party: Party, agreement: str, run: str, out: Path) -> PackFacts:
    """Write the pack for an agreement (or the only one in force) to `out`, and return what it says."""
    signed = find_agreement(party, agreement)
    facts = _gather(party, signed, _run_under(party, signed, run))
    write_whole(out, pack_page(facts).encode())
    return facts


def _run_under(party: Party, signed: SignedAgreement, name: str) -> RunRecord | None:
    """The run whose name begins so, else the newest one under the agreement; None where there is none."""
    runs = [one for one in all_runs(party) if one.agreement == signed.file_digest]
    if not name:
        return runs[-1] if runs else None
    hint = "'overlap match list' shows the runs"
    return only_one(runs, name, lambda one: one.run, "run under this agreement", hint)


def _gather(party: Party, signed: SignedAgreement, record: RunRecord | None) -> PackFacts:
    agreement, partner = signed.agreement, partner_of(party, signed.agreement)
    side = agreement.side(agreement.role_of(party.name) or "")
    log = party.log(partner)
    return PackFacts(
        party.name,
        partner,
        moment_of(party.now),
        agreement_name(signed),
        signed.digest,
        signed.file_digest,
        f"{moment_of(signed.not_before)} to {moment_of(signed.until)}",
        describe(signed),
        [(population, side.fields) for population in side.populations],
        [] if record is None else [(name, _text(value)) for name, value in flatten(record.terms).items()],
        record.run if record else "",
        [] if record is None else sorted(_sent(party, record), key=lambda sent: sent.time),
        log.head().to_note(party.keys.card),
    )


def _sent(party: Party, record: RunRecord) -> Iterator[Sent]:
    """The frames of the run that we sent, and the shares granted from it with their leases."""
    for step in _sent_steps(party, record):
        size = frame_size(record.terms, step)
        yield Sent(moment_of(record.begun), f"frame {step}", size, _TELLS.get(step, _ELSE))
    if record.level != "overlaps":
        return
    held = {
        share: one
        for share, one in read_holder_state(party, record.partner).shares.items()
        if one.terms.run == record.run
    }
    for share, events in by_share(share_events(party, record.partner, held)).items():
        fields = ", ".join(held[share].terms.fields)
        for event in events:
            if event.kind == "grant":
                what = f"share {share[:8]}, {count_of(held[share].terms.count, 'account')}"
                yield Sent(moment_of(event.time), what, 0, f"tokens; closed: {fields}")
            elif event.kind == "lease":
                yield Sent(moment_of(event.time), f"lease for {share[:8]}", 0, f"opens {fields}")


def _sent_steps(party: Party, record: RunRecord) -> list[str]:
    """The messages of a run that have left; of one that ended early, its first at least."""
    protocol = protocol_of(record.terms)
    ours = [step for step in protocol.messages if protocol.sender_of(step) == record.role]
    if record.state == "finished":
        return ours
    if record.state in OPEN_STATES:
        return [step for step in ours if was_sent(party, record, step)]
    return ours[:1]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
