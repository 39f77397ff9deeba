"""The facts of the auditor's report, gathered from the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cleanroom import merkle
from cleanroom.moment import moment_of
from cleanroom.report import AgreementFacts, AuditFacts, LogFacts, ProofFacts, ShareFacts, audit_page
from cleanroom.session.agreement.agreements import agreement_name, agreements_with, list_agreements
from cleanroom.session.audit.auditing import verify_logs
from cleanroom.session.audit.periods import log_periods
from cleanroom.session.audit.seeing import read_stretch, who_sees
from cleanroom.session.folder import write_whole
from cleanroom.session.history import ClosedLog
from cleanroom.session.party import Party
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.share.portfolio import list_holdings
from cleanroom.session.share.timeline import share_events

#: Entries that are proven one by one: those that give and those that take away.
_PROVEN: Final = ("grant", "revocation", "expiry", "destruction")


def write_audit_report(party: Party, as_of: str, out: Path) -> AuditFacts:
    """Write the report on that day or second ("" for now) to `out`, and return what it says."""
    facts = gather_audit(party, as_of or moment_of(party.now))
    write_whole(out, audit_page(facts).encode())
    return facts


def gather_audit(party: Party, as_of: str) -> AuditFacts:
    """Everything that the report says. Raises UsageError for a time that is none."""
    return AuditFacts(
        party.name,
        party.keys.card.fingerprint,
        moment_of(party.now),
        as_of,
        _logs(party),
        _agreements(party),
        who_sees(party, read_stretch(as_of)),
        _shares(party),
        [proof for partner in party.partners() for proof in _proofs(party, partner)],
    )


def _logs(party: Party) -> list[LogFacts]:
    return [
        LogFacts(
            verdict.partner,
            verdict.entries,
            verdict.root,
            "" if verdict.findings else party.log(verdict.partner).head().to_note(party.keys.card),
            _peer_checkpoints(party, verdict.partner),
            tuple(f"{where}: {what}" for where, what in verdict.findings),
        )
        for verdict in verify_logs(party)
    ] + [_old_log(partner, log) for partner in party.partners() for log in party.closed_logs(partner)]


def _old_log(partner: str, log: ClosedLog) -> LogFacts:
    """A log under earlier cards; that the next one goes on from it is among the findings of the present."""
    head = log.head()
    findings = tuple(f"line {finding.line}: {finding.what}" for finding in log.verify())
    root, note = (head.root.hex(), head.to_note(log.owner)) if head else ("", "")
    return LogFacts(
        partner, head.size if head else 0, root, note, len(log.seen()["seen"]), findings, log.number
    )


def _peer_checkpoints(party: Party, partner: str) -> int:
    place = ("logs", f"{partner}.peer")
    return len(party.folder.read_record(*place)["seen"]) if party.folder.path(*place).is_file() else 0


def _agreements(party: Party) -> list[AgreementFacts]:
    files = {
        agreement_name(signed): signed.file_digest
        for partner in party.partners()
        for signed in agreements_with(party, partner)
    }
    return [
        AgreementFacts(
            one.id,
            one.partner,
            one.level,
            one.state,
            one.not_before,
            one.until,
            one.runs_left,
            one.digest,
            files.get(one.id, ""),
        )
        for one in list_agreements(party)
    ]


def _shares(party: Party) -> list[ShareFacts]:
    return [
        ShareFacts(
            one.share.share,
            one.share.direction,
            one.share.partner,
            one.share.state,
            one.is_open,
            one.share.days_left,
            one.share.read,
            one.share.records,
            one.last_use,
            one.remarks,
        )
        for one in list_holdings(party)
    ]


def _proofs(party: Party, partner: str) -> list[ProofFacts]:
    """Inclusion proofs for what was granted and ended, each under the head of the log that has it."""
    events = share_events(party, partner, read_holder_state(party, partner).shares)
    found = []
    for period in log_periods(party, partner):
        wanted = {
            event.sequence: event for event in events if event.kind in _PROVEN and event.log == period.number
        }
        proofs = period.proofs(list(wanted))
        found += [
            ProofFacts(
                partner,
                sequence,
                moment_of(event.time),
                event.kind,
                event.share,
                merkle.leaf_hash(period.entries[sequence].to_bytes()).hex(),
                tuple(step.hex() for step in proofs[sequence]),
                period.number,
            )
            for sequence, event in sorted(wanted.items())
        ]
    return found
