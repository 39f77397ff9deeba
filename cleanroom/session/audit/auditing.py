"""The logs: verified on their own bytes and against the checkpoints that partners hold, and listed."""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.log import Entry, Log, log_origin, verify_log
from cleanroom.moment import moment_of
from cleanroom.session.audit.witnessing import own_cosigned
from cleanroom.session.history import ClosedLog
from cleanroom.session.keys.retiring import verify_succession
from cleanroom.session.party import EXACT_FACTS, Party
from overlap.errors import BadInput, BadPeerFile


@dataclass(frozen=True)
class Verdict:
    """One verified log; `cosigned` is how many entries the partner has cosigned.

    `findings` are (where, what), empty when every byte is as written.
    """

    partner: str
    entries: int
    root: str
    cosigned: int
    older: int
    findings: list[tuple[str, str]]


@dataclass(frozen=True)
class ListedEntry:
    """One log entry as listed; `facts` are its counts, rounded up, and what it holds salted digests of.

    `log` is the number of the old log that has it, 0 for the present one; `cards` are the fingerprints of the
    two cards under which that log is kept, ours first ("" for one that is not here any more).
    """

    partner: str
    sequence: int
    time: str
    kind: str
    facts: str
    log: int
    cards: tuple[str, str]


def verify_logs(party: Party, partner: str | None = None, *, every_signature: bool = True) -> list[Verdict]:
    """A verdict for each log (or for that of one partner), also against what the partner has cosigned.

    Without `every_signature` only the newest checkpoint's and the cosigned one's are checked.
    """
    return [_verify(party, name, every_signature) for name in _logged(party, partner)]


def list_entries(party: Party, partner: str | None = None) -> list[ListedEntry]:
    """All entries, log by log, the oldest first; those of logs under earlier cards before the present one."""
    known = {card.digest.hex(): card.fingerprint for card in party.known_cards()}
    found = []
    for name in _logged(party, partner):
        logs: list[tuple[int, Log | ClosedLog]] = [(log.number, log) for log in party.closed_logs(name)]
        for number, log in (*logs, (0, party.log(name))):
            _, ours, theirs = log.origin.split("/")
            cards = known.get(ours, ""), known.get(theirs, "")
            found += [_listed(name, entry, number, cards) for entry in log.entries()]
    return found


def _logged(party: Party, partner: str | None) -> list[str]:
    if partner is not None:
        party.card_of(partner)
    return [name for name in party.folder.names("logs", suffix=".log") if partner in (None, name)]


def _verify(party: Party, partner: str, every_signature: bool) -> Verdict:
    try:
        log = party.log(partner)
    except BadInput as error:
        origin = log_origin(party.keys.card, party.card_of(partner))
        with party.folder.path("logs", f"{partner}.log").open("rb") as file:
            findings = verify_log(file, origin, party.keys.card, (), every_signature=every_signature)
        found = [(f"line {finding.line}", finding.what) for finding in findings]
        return Verdict(partner, 0, "", 0, 0, [*found, ("head", error.what)])
    head, cosigned, wrong = log.head(), None, []
    try:
        cosigned = own_cosigned(party, partner)
    except BadPeerFile as error:
        wrong = [("cosigned", error.what)]
    held = [cosigned.checkpoint] if cosigned else []
    findings = log.verify(held, every_signature=every_signature)
    found = [(f"line {finding.line}", finding.what) for finding in findings]
    found += [("before", what) for what in verify_succession(party, partner)]
    count = cosigned.checkpoint.size if cosigned else 0
    return Verdict(partner, head.size, head.root.hex(), count, len(party.closed_logs(partner)), found + wrong)


def _listed(partner: str, entry: Entry, log: int, cards: tuple[str, str]) -> ListedEntry:
    counts = [
        f"{name} {value:,}" if name in EXACT_FACTS else f"{name} up to {value:,}"
        for name, value in entry.counts.items()
    ]
    facts = ", ".join([*counts, *(f"digest of {name}" for name in entry.digests)])
    return ListedEntry(partner, entry.sequence, moment_of(entry.time), entry.kind, facts, log, cards)
