"""The auditor's report as one dated page that prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cleanroom.limits import limits_of
from cleanroom.number import count_of
from cleanroom.report.page import Cell, heading, limits_section, page, paragraph, table, tiles
from cleanroom.report.sight import Sight, sight_sentence


@dataclass(frozen=True, slots=True)
class LogFacts:
    """One log: `findings` are sentences, empty when every byte is as written; `note` is its signed head.

    `log` is the number of a log under earlier cards, 0 for the present one.
    """

    partner: str
    entries: int
    root: str
    note: str
    peer_checkpoints: int
    findings: tuple[str, ...]
    log: int = 0


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """One agreement with the digests by which contracts, shares and the partner name it."""

    id: str
    partner: str
    level: str
    state: str
    begin: str
    end: str
    runs_left: int
    text_digest: str
    file_digest: str


@dataclass(frozen=True, slots=True)
class ShareFacts:
    """One share as `audit shares` lists it."""

    share: str
    direction: str
    partner: str
    state: str
    is_open: bool
    days_left: int
    read: int
    records: int
    last_use: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofFacts:
    """That an entry is in the log: its place, its leaf hash and its inclusion path (RFC 9162), in hex.

    `log` is the number of a log under earlier cards, 0 for the present one.
    """

    partner: str
    sequence: int
    time: str
    kind: str
    share: str
    leaf: str
    path: tuple[str, ...]
    log: int = 0


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """Everything the report says. `as_of` is the day or second that was asked about."""

    party: str
    fingerprint: str
    made: str
    as_of: str
    logs: Sequence[LogFacts]
    agreements: Sequence[AgreementFacts]
    sights: Sequence[Sight]
    shares: Sequence[ShareFacts]
    proofs: Sequence[ProofFacts]


def audit_page(facts: AuditFacts) -> str:
    """The report as one HTML file."""
    good = all(not log.findings for log in facts.logs)
    body = [
        f"<header><h1>Who could see what: {escape(facts.party)}</h1>"
        f'<p class="soft">As of {escape(facts.as_of)}, made {escape(facts.made)}. Card fingerprint '
        f"{escape(facts.fingerprint)}.</p></header>",
        tiles(
            [
                (
                    "logs",
                    "verified" if good else "ALTERED",
                    f"{count_of(sum(log.entries for log in facts.logs), 'entry')}",
                ),
                ("agreements in force", _in_force(facts), f"of {len(facts.agreements):,} kept"),
                (
                    "open shares",
                    str(sum(one.is_open for one in facts.shares)),
                    f"of {len(facts.shares):,}",
                ),
            ]
        ),
        *_sights(facts),
        *_shares(facts.shares),
        *_agreements(facts.agreements),
        *_logs(facts.logs),
        *_proofs(facts.proofs),
        *limits_section(limits_of("audit report"), "What this page does not show"),
        "<footer><p>Made by overlap audit report. No account is named in it.</p></footer>",
    ]
    return page(f"Audit of {facts.party}, {facts.as_of}", body)


def _in_force(facts: AuditFacts) -> str:
    return str(sum(one.state == "in force" for one in facts.agreements))


def _sights(facts: AuditFacts) -> Iterator[str]:
    for title, own in (("Who could see our accounts", True), ("What partners showed us", False)):
        yield heading(title)
        rows = [_sight_row(one) for one in facts.sights if (one.of == facts.party) == own]
        if not rows:
            yield paragraph("Nobody, nothing." if own else "Nothing.")
            continue
        yield table(
            f"As of {facts.as_of}",
            ("who and what", "fields", "populations", "purposes", "from", "until", "read"),
            rows,
        )


def _sight_row(sight: Sight) -> list[Cell]:
    read = f"{sight.read:,}; {sight.note}" if sight.read >= 0 else sight.note
    return [
        Cell(f"{sight_sentence(sight)} ({sight.basis} {sight.id})"),
        Cell(", ".join(sight.fields)),
        Cell(", ".join(sight.populations)),
        Cell(", ".join(sight.purposes)),
        Cell(sight.since),
        Cell(sight.until or "no end"),
        Cell(read),
    ]


def _shares(shares: Sequence[ShareFacts]) -> Iterator[str]:
    yield heading("All shares")
    if not shares:
        yield paragraph("There is none.")
        return
    rows = [
        [
            Cell(one.share[:16]),
            Cell(f"{one.direction} {one.partner}"),
            Cell(one.state),
            Cell(str(one.days_left)),
            Cell(f"{one.read:,} of {one.records:,}"),
            Cell(one.last_use or "never"),
            Cell("; ".join(one.remarks)),
        ]
        for one in shares
    ]
    yield table(
        "Newest state", ("share", "partner", "state", "days left", "read", "last use", "remarks"), rows
    )


def _agreements(agreements: Sequence[AgreementFacts]) -> Iterator[str]:
    yield heading("Agreements")
    rows = [
        [
            Cell(one.id),
            Cell(one.level),
            Cell(one.state),
            Cell(f"{one.begin} to {one.end}"),
            Cell(str(one.runs_left)),
            Cell(one.text_digest, digest=True),
            Cell(one.file_digest, digest=True),
        ]
        for one in agreements
    ]
    headings = (
        "agreement",
        "level",
        "state",
        "period",
        "runs left",
        "SHA-256 of the text",
        "of the signed file",
    )
    yield (
        table("By the digests in contracts and shares", headings, rows)
        if rows
        else paragraph("There is none.")
    )


def _logs(logs: Sequence[LogFacts]) -> Iterator[str]:
    yield heading("Logs")
    for log in logs:
        verdict = "every entry is the one that was written" if not log.findings else "; ".join(log.findings)
        yield paragraph(
            f"With {log.partner}{_old(log.log)}: {count_of(log.entries, 'entry')}, {verdict}. "
            f"Signed checkpoints of the partner's log kept here: {log.peer_checkpoints:,}."
        )
        yield f"<pre>{escape(log.note)}</pre>"


def _old(log: int) -> str:
    return f", old log {log}" if log else ""


def _proofs(proofs: Sequence[ProofFacts]) -> Iterator[str]:
    yield heading("Proofs")
    if not proofs:
        yield paragraph("No share was granted or ended.")
        return
    yield paragraph(
        "Each entry below is in the log with its head above: SHA-256 over 0x00 and the entry's line is the "
        "leaf, and the path leads from it to the root (RFC 9162, section 2.1.3)."
    )
    rows = [
        [
            Cell(f"{one.partner} {one.sequence}{_old(one.log)}"),
            Cell(one.time),
            Cell(f"{one.kind} {one.share[:16]}"),
            Cell(one.leaf, digest=True),
            Cell(" ".join(one.path), digest=True),
        ]
        for one in proofs
    ]
    yield table(
        "Grants, revocations, expiries and destructions", ("entry", "time", "what", "leaf", "path"), rows
    )
