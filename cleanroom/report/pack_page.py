"""The pack for a security review: what one agreement allows, and what left this machine under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from cleanroom.limits import limits_of
from cleanroom.number import count_of
from cleanroom.report.page import Cell, heading, limits_section, page, paragraph, table, tiles

#: The arrows of the flow: from, to, what, protected how.
_FLOW: Final = (
    (
        "CRM export",
        "own folder",
        "the accounts of the agreed populations",
        "stays on this machine, owner-only",
    ),
    (
        "own folder",
        "frames",
        "identifiers, blinded under a key that serves one run",
        "signed, sealed, padded",
    ),
    ("frames", "partner", "which of its own identifiers we hold too", "nothing about the others"),
    ("own folder", "share", "agreed fields of shared accounts", "two key halves a record; ends"),
    ("share", "partner", "values, read by read, with a lease", "checked, counted and logged each time"),
    ("every step", "log", "counts in buckets and salted digests", "append-only, checkpoints at the partner"),
)

#: What the primitives are, for a reader who has a list of allowed ones.
_CRYPTOGRAPHY: Final = (
    ("blinding", "X25519 (RFC 7748) on points hashed by RFC 9380, curve25519_XMD:SHA-512_ELL2_NU_"),
    ("tags, digests", "SHA-256"),
    ("frames, shares, requests, leases", "HPKE (RFC 9180) with ML-KEM-768 + X25519, AES-256-GCM"),
    ("signatures", "Ed25519 (RFC 8032), a key for each use"),
    ("receipts", "in-toto Statement v1 in DSSE 1.0.2"),
    ("log", "Merkle tree of RFC 9162, checkpoints as C2SP signed notes"),
    ("secrets at rest", "AES-256-GCM under scrypt (N = 65536, r = 8, p = 1)"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that left this machine: `size` in bytes of the file, 0 where it is not known any more."""

    time: str
    what: str
    size: int
    tells: str


@dataclass(frozen=True, slots=True)
class PackFacts:
    """What the pack says of one agreement, and of one run under it where there is one.

    `terms` are the agreement in plain words, `parameters` names and values of the run's contract, `allowed`
    has for each own population the fields that may be shown of it.
    """

    party: str
    partner: str
    made: str
    agreement: str
    digest: str
    file_digest: str
    period: str
    terms: Sequence[str]
    allowed: Sequence[tuple[str, tuple[str, ...]]]
    parameters: Sequence[tuple[str, str]]
    run: str
    sent: Sequence[Sent]
    log_note: str


def pack_page(facts: PackFacts) -> str:
    """The pack as one HTML file."""
    title = f"Security pack: {facts.party} and {facts.partner}"
    body = [
        f"<header><h1>{escape(title)}</h1>"
        f'<p class="soft">Agreement {escape(facts.agreement)}, made {escape(facts.made)}.</p></header>',
        tiles(
            [
                ("in force", facts.period.partition(" to ")[0], "to " + facts.period.partition(" to ")[2]),
                (
                    "left this machine",
                    f"{count_of(len(facts.sent), 'message')}",
                    f"in run {facts.run[:8] or 'none yet'}",
                ),
                ("connections opened", "0", "messages are files; a room is used only where it is named"),
            ]
        ),
        heading("What the agreement says"),
        f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in facts.terms)}</ul>",
        paragraph(f"SHA-256 of the text {facts.digest}, of the signed file {facts.file_digest}.", soft=True),
        *_allowed(facts),
        heading("How data flows"),
        table("From, to, what, how", ("from", "to", "what", "protection"), _rows(_FLOW)),
        *_sent(facts),
        *_parameters(facts),
        heading("Cryptography"),
        table("Primitives come from libraries", ("use", "what"), _rows(_CRYPTOGRAPHY)),
        *limits_section(limits_of("audit pack")),
        heading("How to check this"),
        paragraph(
            "overlap agreement show prints the terms from the signed file; overlap policy explain says why a "
            "field is shown or not; overlap audit verify checks the log, whose head was:"
        ),
        f"<pre>{escape(facts.log_note)}</pre>",
        "<footer><p>Made by overlap security-pack. No account is named in it.</p></footer>",
    ]
    return page(title, body)


def _allowed(facts: PackFacts) -> Iterator[str]:
    yield heading(f"What {facts.partner} may see of {facts.party}")
    if not any(fields for _, fields in facts.allowed):
        yield paragraph("No field of any account.")
        return
    rows = [[Cell(population), Cell(", ".join(fields))] for population, fields in facts.allowed]
    yield table("Of accounts that both hold, and of no other", ("population", "fields"), rows)


def _sent(facts: PackFacts) -> Iterator[str]:
    yield heading("What left this machine")
    if not facts.sent:
        yield paragraph("Nothing yet under this agreement.")
        return
    rows = [
        [
            Cell(one.time),
            Cell(one.what),
            Cell(f"{one.size:,}" if one.size else "", number=True),
            Cell(one.tells),
        ]
        for one in facts.sent
    ]
    yield table(f"Run {facts.run}", ("time", "message", "bytes", "what it tells"), rows)


def _parameters(facts: PackFacts) -> Iterator[str]:
    if facts.parameters:
        yield heading("Protocol and parameters of the run")
        yield table("The contract that both sides compared", ("field", "value"), _rows(facts.parameters))


def _rows(lines: Sequence[tuple[str, ...]]) -> list[list[Cell]]:
    return [[Cell(text) for text in line] for line in lines]
