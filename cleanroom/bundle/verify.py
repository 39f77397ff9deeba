"""Verifying a bundle with nothing but its bytes: what holds, and where something is wrong.

Who reads the verdict compares the two fingerprints with the companies; all else follows from the cards.
Times are checked as far as they bind: by one party's clock exactly, between both with a day for wrong zones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

from cleanroom import merkle
from cleanroom.agreement import SignedAgreement, read_signed
from cleanroom.bundle.format import PURPOSE, Bundle, Opening, read_bundle, read_openings
from cleanroom.bundle.report import Happened, Report, Signed
from cleanroom.bundle.succession import Ended, cards_before, succession_problems
from cleanroom.bundle.times import ENDS, count_problems, holder_named, order_problems, receipt_problems
from cleanroom.log import (
    Cosigned,
    Entry,
    commitment,
    log_origin,
    read_checkpoint,
    read_cosigned,
    verify_log,
)
from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.receipts import GRANT, Statement, outline, read_statement
from overlap import canonical
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile, OverlapError
from overlap.keys import Card

#: A second that two clocks may differ by.
CLOCK_SKEW: Final = 86_400


@dataclass
class _Reading:
    """What has been read and holds of one log: the base of what is checked after it.

    `number` is that of an old log, 0 for the present one; the cards are those of its time.
    """

    bundle: Bundle
    exporter: Card
    peer: Card
    report: Report
    number: int = 0
    entries: dict[int, Entry] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    opened: dict[bytes, int] = field(default_factory=dict)
    proven: dict[int, Opening] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return log_origin(self.exporter, self.peer)

    @property
    def size(self) -> int:
        """Entries of the log, as many as there are whole pairs of lines."""
        return (len(self.lines) - 2) // 2

    def named(self, name: str) -> str:
        """The name of a part of this log: an old one has its number before it."""
        return f"old/{self.number}/{name}" if self.number else name

    def part(self, name: str) -> bytes:
        return self.bundle.parts[self.named(name)]

    def add(self, name: str, what: str, problems: list[str]) -> None:
        self.report.add(self.named(name), what, problems)


def verify_bundle(data: bytes) -> Report:
    """The verdict on a bundle, part by part; `problems` is empty when everything holds."""
    report = Report()
    try:
        bundle = read_bundle(data)
        cards = [Card.from_bytes(bundle.parts[name]) for name in ("card/exporter", "card/peer")]
    except OverlapError as error:
        report.add("bundle", "the file and its cards", [error.what])
        return report
    present = _Reading(bundle, cards[0], cards[1], report)
    report.exporter, report.peer, report.made = cards[0].party, cards[1].party, bundle.made
    report.fingerprints = {card.party: card.fingerprint for card in cards}
    _check_frame(present)
    readings = _with_earlier(present)
    for reading in readings:
        _check_log(reading)
        _check_peer(reading)
        _check_openings(reading)
    _check_succession(readings)
    report.happened = _events([entry for reading in readings for entry in reading.entries.values()])
    both = {card.digest.hex(): card for one in readings for card in (one.exporter, one.peer)}
    rooms = {card.digest.hex(): card for card in _rooms(present)}
    agreements = _check_agreements(present, [*both.values(), *rooms.values()])
    _check_receipts(readings, both, rooms, agreements)
    return report


def _rooms(reading: _Reading) -> list[Card]:
    """The cards of rooms that agreements name; their fingerprints are to be compared like the parties'."""
    rooms = []
    for name in reading.bundle.many("room"):
        try:
            card = Card.from_bytes(reading.part(name))
        except OverlapError as error:
            reading.add(name, "the card of a room", [error.what])
            continue
        problems = [] if name.endswith(card.digest.hex()) else ["it is not the card of its name"]
        reading.add(name, f"the card of the room {card.party}", problems)
        reading.report.fingerprints[f"{card.party} (room)"] = card.fingerprint
        rooms.append(card)
    return rooms


def _with_earlier(present: _Reading) -> list[_Reading]:
    """The logs from the oldest to the present one, each with the cards of its time.

    From a card one goes back by the statement that leads to it; where that is no good, no further.
    """
    readings, bundle = [present], present.bundle
    for number in range(bundle.old, 0, -1):
        after = readings[0]
        try:
            before = cards_before(bundle.parts[f"old/{number}/change"], after.exporter, after.peer)
        except BadPeerFile as error:
            present.report.add(f"old/{number}/change", "what changed a card", [error.what])
            break
        present.report.add(f"old/{number}/change", before.what)
        present.report.fingerprints |= before.to_compare(number)
        readings.insert(0, _Reading(bundle, before.exporter, before.peer, present.report, number))
    return readings


def _check_succession(readings: list[_Reading]) -> None:
    """Each log ends where the next one says that it does, and none before the first is left out."""
    if "previous" in getattr(readings[0].entries.get(0), "digests", {}):
        readings[0].add("log", "where it begins", ["it goes on from an older log that is not in the bundle"])
    for earlier, later in pairwise(readings):
        problems = succession_problems(
            Ended(earlier.lines, earlier.origin, earlier.exporter, earlier.part("change")),
            later.entries.get(0),
            later.proven.get(0),
        )
        earlier.add("log", "ends where the next log says", problems)


def _check_frame(reading: _Reading) -> None:
    bundle, exporter, peer = reading.bundle, reading.exporter, reading.peer
    problems = [f"the bytes of the part {name} were changed" for name in bundle.broken]
    if (bundle.exporter, bundle.peer) != (exporter.digest.hex(), peer.digest.hex()):
        problems.append("the header names other cards than those in the bundle")
    if exporter.digest == peer.digest:
        problems.append("both cards are the same")
    elif exporter.party == peer.party:
        # The reader compares one fingerprint for each name, and would not be shown the other.
        problems.append("both cards have the same name")
    try:
        exporter.verify("signing", PURPOSE, bundle.header, bundle.signature, "the bundle")
    except ForgedFile as error:
        problems.append(error.what)
    what = f"{len(bundle.parts)} parts, exported by {exporter.party} on {moment_of(bundle.made)}"
    reading.report.add("bundle", what, problems)


def _check_agreements(reading: _Reading, cards: list[Card]) -> dict[str, SignedAgreement]:
    agreements: dict[str, SignedAgreement] = {}
    for name in reading.bundle.many("agreement"):
        try:
            signed = read_signed(reading.part(name), cards)
        except OverlapError as error:
            reading.report.add(name, "signed by both", [error.what])
            continue
        problems = [] if name.endswith(signed.file_digest) else ["it is not the agreement of its name"]
        agreements[signed.file_digest] = signed
        period = f"signed by both, in force from {moment_of(signed.not_before)} to {moment_of(signed.until)}"
        reading.report.add(name, period, problems)
    return agreements


def _check_log(reading: _Reading) -> None:
    data, report = reading.part("log"), reading.report
    reading.lines = list(BytesIO(data))
    cosigned, problems = _cosigned(reading, "log.cosigned", reading.origin, reading.exporter, reading.peer)
    held = [cosigned.checkpoint] if cosigned else []
    findings = verify_log(reading.lines, reading.origin, reading.exporter, held)
    for number, line in enumerate(reading.lines[2::2]):
        try:
            reading.entries[number] = Entry.from_bytes(line.removesuffix(b"\n"))
        except MalformedFile:
            continue  # It is among the findings.
    found = [f"line {finding.line}: {finding.what}" for finding in findings]
    reading.add("log", f"{count_of(reading.size, 'entry')}: every line, signature and root", found)
    size = cosigned.checkpoint.size if cosigned else 0
    if not reading.number:
        report.entries, report.cosigned = reading.size, size
    if cosigned is not None:
        last = reading.entries.get(size - 1)
        if last is not None and cosigned.time + CLOCK_SKEW < last.time:
            problems.append("it was cosigned before its last entry was written")
        what = f"{reading.peer.party} cosigned {count_of(size, 'entry')} on {moment_of(cosigned.time)}"
        reading.add("log.cosigned", what, problems)
    elif problems:
        reading.add("log.cosigned", "the peer's cosignature", problems)


def _cosigned(
    reading: _Reading, name: str, origin: str, owner: Card, cosigner: Card
) -> tuple[Cosigned | None, list[str]]:
    if reading.named(name) not in reading.bundle.parts:
        return None, []
    try:
        return read_cosigned(reading.part(name).decode(), origin, owner, cosigner), []
    except (BadPeerFile, UnicodeDecodeError) as error:
        return None, [getattr(error, "what", "it is no text")]


def _check_peer(reading: _Reading) -> None:
    """The checkpoints of the peer's log that the exporter was shown: signed, and one root for each size."""
    origin, roots = log_origin(reading.peer, reading.exporter), dict[int, bytes]()
    cosigned, problems = _cosigned(reading, "peer.cosigned", origin, reading.peer, reading.exporter)
    if cosigned is not None:
        roots[cosigned.checkpoint.size] = cosigned.checkpoint.root
        cosigner, count = reading.exporter.party, cosigned.checkpoint.size
        what = f"{cosigner} cosigned {count_of(count, 'entry')} of {reading.peer.party}'s log"
        reading.add("peer.cosigned", what, [])
    elif problems:
        reading.add("peer.cosigned", "the exporter's cosignature", problems)
    problems, count = [], 0
    try:
        seen = canonical.decode(reading.part("peer.seen"), "the checkpoints")
        for one in seen:
            checkpoint = read_checkpoint(one["checkpoint"], origin, reading.peer)
            count += 1
            if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
                problems.append(
                    f"two histories of its log with {count_of(checkpoint.size, 'entry')}: it was forked"
                )
            if set(one) != {"checkpoint", "time"} or type(one["time"]) is not int:
                raise ValueError("not a checkpoint with its time")
    except BadPeerFile as error:
        problems.append(error.what)
    except (AttributeError, KeyError, TypeError, ValueError):
        problems.append("it is not of version 1")
    reading.add(
        "peer.seen", f"{count_of(count, 'checkpoint')} of {reading.peer.party}'s log, signed", problems
    )


def _check_openings(reading: _Reading) -> None:
    """Each opening proves what an entry committed to, and that the entry is in the signed tree."""
    problems: list[str] = []
    size, openings = reading.size, list[Opening]()
    leaves = [merkle.leaf_hash(line.removesuffix(b"\n")) for line in reading.lines[2::2]]
    root = merkle.root(leaves[:size])
    try:
        openings = read_openings(reading.part("openings"))
    except MalformedFile as error:
        problems.append(error.what)
    for opening in openings:
        entry, number = reading.entries.get(opening.sequence), opening.sequence
        if entry is None or not merkle.verify_inclusion(leaves[number], number, size, opening.proof, root):
            problems.append(f"entry {number} is not proven to be in the log")
            continue
        reading.proven[number] = opening
        for name, value in opening.facts.items():
            if commitment(opening.salt, name, value).hex() != entry.digests.get(name):
                problems.append(f"entry {number} does not commit to what is said to be its {name}")
            else:
                reading.opened.setdefault(value, number)
    reading.add("openings", f"{count_of(len(openings), 'entry')} opened and proven", problems)


def _check_receipts(
    readings: list[_Reading],
    both: Mapping[str, Card],
    rooms: Mapping[str, Card],
    agreements: Mapping[str, SignedAgreement],
) -> None:
    """Each receipt by itself, then together: who may sign an end is the holder that the grant names."""
    present, read = readings[-1], list[tuple[Statement, Signed]]()
    cards, by_name = {**rooms, **both}, dict[str, Statement]()
    for name in present.bundle.many("receipt"):
        data = present.part(name)
        try:
            said = outline(data)
            signers = [cards[signer] for signer in said.signers]
            statement = read_statement(data, signers, said.predicate_type)
            if said.predicate_type not in ENDS and not both.keys() >= set(said.signers):
                raise KeyError("a room signs ends only")
        except KeyError:
            present.add(name, "a receipt", ["it is signed by somebody else"])
            continue
        except OverlapError as error:
            present.add(name, "a receipt", [error.what])
            continue
        log, number, entry = _opened(readings, (statement.digest, hashlib.sha256(data).digest()))
        signed = _signed(statement, entry, number, log)
        read.append((statement, signed))
        problems = receipt_problems(statement, entry, agreements, CLOCK_SKEW)
        if not name.endswith(statement.digest.hex()):
            problems.append("it is not the statement of its name")
        if len({card.party for card in signers}) != len(signers):
            problems.append("one party has signed it twice")
        present.add(name, f"{signed.kind}, signed by {' and '.join(signed.signers)}", problems)
        by_name[name] = statement
    present.report.receipts = sorted((signed for _, signed in read), key=lambda one: (one.time, one.kind))
    _check_holders(present, by_name, both)
    statements = [statement for statement, _ in read]
    if problems := order_problems(statements) + count_problems(statements):
        present.add("receipts", "ends of shares, one by one and together", problems)


def _check_holders(present: _Reading, receipts: Mapping[str, Statement], both: Mapping[str, Card]) -> None:
    """Each end is by the lease-holder of its share; one whose grant is not here, by one of the parties."""
    holders: dict[str, str] = {}
    for statement in receipts.values():
        if statement.predicate_type == GRANT:
            holders |= holder_named(statement)
    for name, statement in receipts.items():
        if statement.predicate_type not in ENDS:
            continue
        signer = outline(present.part(name)).signers[0]
        named = holders.get(str(statement.predicate.get("share")), signer if signer in both else "")
        if named != signer:
            present.add(name, "who held the half", ["it is not signed by the holder that the grant names"])


def _opened(readings: list[_Reading], values: Sequence[bytes]) -> tuple[int, int, Entry | None]:
    """Number of the log, sequence and entry that is opened to one of the values; 0, -1 and None for none."""
    for value in values:
        for reading in readings:
            if value in reading.opened:
                number = reading.opened[value]
                return reading.number, number, reading.entries.get(number)
    return 0, -1, None


def _signed(statement: Statement, entry: Entry | None, number: int, log: int) -> Signed:
    kind = statement.predicate_type.split(":")[2]
    said: Mapping[str, Any] = statement.predicate
    terms = said.get("terms")
    share = said.get("share") or (terms.get("share") if isinstance(terms, dict) else "")
    about = f"run {said['run']}" if said.get("run") else f"share {share}" if share else ""
    time = said.get("time")
    if type(time) is not int:
        time = entry.time if entry is not None else 0
    return Signed(kind, _plain(about), time, statement.signers, number, log)


def _plain(text: str) -> str:
    """A text of a signer, short and without what steers a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text[:60])


def _events(entries: Sequence[Entry]) -> list[Happened]:
    """The logs as a table: one row for each kind, in the order in which they first happened."""
    rows: dict[str, list[Entry]] = {}
    for entry in entries:
        rows.setdefault(entry.kind, []).append(entry)
    table = []
    for kind, found in rows.items():
        counts: dict[str, int] = {}
        for entry in found:
            for name, count in entry.counts.items():
                counts[name] = counts.get(name, 0) + count
        table.append(Happened(kind, len(found), found[0].time, found[-1].time, counts))
    return table
