"""Frames in and out of the folder: kept before they are sent, read from whichever partner sent them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cleanroom.agreement import build_contract
from cleanroom.log import log_origin, read_checkpoint
from cleanroom.session.agreement.agreements import agreements_with
from cleanroom.session.folder import copy_file, open_file, read_whole, replacing_file, write_whole
from cleanroom.session.match.runs import FRAME_LIMIT, OPEN_STATES, RunRecord, mark_sent
from cleanroom.session.party import Party
from overlap.errors import BadPeerFile, ForgedFile, Unverified, WrongRun
from overlap.protocol import Body, Header, read_frame, size_limit, write_frame

#: Bytes of a frame that is read before any agreement is here, so that the error can say what is missing.
UNAGREED_LIMIT = 2**24

#: Bytes of a root of a log, and of those of the longest log of a partner.
ROOT_BYTES = 32
ROOTS_LIMIT = ROOT_BYTES * 2**24


@dataclass(frozen=True)
class Received:
    """A frame of a verified partner: its header, its body to be read once, and the digest of the file."""

    partner: str
    header: Header
    body: Body
    digest: str  # SHA-256, hex


def keep_frame(party: Party, record: RunRecord, header: Header, pieces: Iterable[bytes]) -> None:
    """Seal a frame to the partner of the run, and keep it with its header; nothing is sent yet."""
    place = party.folder.path("runs", record.run, header.step)
    with replacing_file(place) as file:
        write_frame(header, pieces, party.keys, party.card_of(record.partner), party.random, file)
    party.folder.write_record(asdict(header), "runs", record.run, f"{header.step}.header")


def send_frame(party: Party, record: RunRecord, step: str, out: Path) -> None:
    """Put a frame that we keep at `out`, to be sent; the same bytes every time."""
    if record.state in OPEN_STATES:
        mark_sent(party, record, step)
    copy_file(party.folder.path("runs", record.run, step), FRAME_LIMIT, out)


def sent_header(party: Party, record: RunRecord, step: str) -> Header:
    """The header of a frame that we sent in this run."""
    return Header(**party.folder.read_record("runs", record.run, f"{step}.header"))


def sent_frame(party: Party, record: RunRecord, step: str) -> tuple[Header, str]:
    """Header and file digest (hex) of a frame that we sent in this run."""
    header = sent_header(party, record, step)
    with open_file(party.folder.path("runs", record.run, step), FRAME_LIMIT) as file:
        return header, hashlib.file_digest(file, "sha256").hexdigest()


def named_frame(step: str) -> str:
    """A frame as a sentence calls it."""
    return f"a{'n' if step[:1] in 'aeiou' else ''} {step} frame"


def wrong_frame(step: str, awaited: str) -> WrongRun:
    """What to raise for a frame of this step where another is awaited."""
    return WrongRun(
        f"this is {named_frame(step)}, not {named_frame(awaited)}", "check which file to read now"
    )


@contextmanager
def received_frame(party: Party, source: Path) -> Iterator[Received]:
    """The frame in a file, from whichever verified partner sent it; its body is read inside the block.

    Anybody can seal a file to our card, so nothing larger is opened than the agreements with verified
    partners allow. Raises BadInput, the BadPeerFile of the last partner tried, or Unverified when none is.
    """
    too_large = "no frame under the agreements here is so large; compare both sides' size bounds"
    with open_file(source, _largest_frame(party), too_large) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        partner, header, body = _read_from_anybody(party, file)
        yield Received(partner, header, body, digest)


def _largest_frame(party: Party) -> int:
    partners = [partner for partner in party.partners() if party.is_verified(partner)]
    contracts = [
        build_contract(signed, {}) for partner in partners for signed in agreements_with(party, partner)
    ]
    return max((size_limit(contract) for contract in contracts), default=UNAGREED_LIMIT)


def _read_from_anybody(party: Party, file: BinaryIO) -> tuple[str, Header, Body]:
    problem: BadPeerFile | None = None
    for partner in party.partners():
        if not party.is_verified(partner):
            continue
        try:
            header, body = read_frame(file, party.keys, party.card_of(partner), FRAME_LIMIT)
        except BadPeerFile as error:
            problem = error
            continue
        party.time_with(partner, header.time)
        return partner, header, body
    raise problem or Unverified(
        "no partner is verified here", "compare fingerprints, then 'overlap partner verify'"
    )


def checkpoint_for(party: Party, partner: str) -> str:
    """Our log's checkpoint, to travel in a frame: the partner keeps it, so that we cannot shorten the log."""
    return party.log(partner).head().to_note(party.keys.card)


def keep_peer_checkpoint(party: Party, partner: str, checkpoint: str, time: int) -> None:
    """Keep a checkpoint of the partner's log and the second it signed; ForgedFile when not of its log."""
    card = party.card_of(partner)
    origin = log_origin(card, party.keys.card)
    newest = read_checkpoint(checkpoint, origin, card)
    record = peer_record(party, partner)
    for seen in record["seen"]:
        before = read_checkpoint(seen["checkpoint"], origin, card)
        if before.size == newest.size and before.root != newest.root:
            raise _forked()
    if verified_root(party, partner, newest.size) not in (b"", newest.root):
        raise _forked()
    if {"time": time, "checkpoint": checkpoint} not in record["seen"]:
        record["seen"].append({"time": time, "checkpoint": checkpoint})
        keep_peer_record(party, partner, record)


def verified_root(party: Party, partner: str, size: int) -> bytes:
    """The root that the partner's log had with its first `size` entries, as we verified it; b"" if we did
    not."""
    place = party.folder.path("logs", f"{partner}.roots")
    if size < 1 or not place.is_file():
        return b""
    with place.open("rb") as file:
        file.seek((size - 1) * ROOT_BYTES)
        root = file.read(ROOT_BYTES)
    return root if any(root) else b""


def keep_verified_roots(party: Party, partner: str, roots: Mapping[int, bytes]) -> None:
    """Remember the roots, by size, of the partner's log, so that a shorter history of another kind shows."""
    place = party.folder.path("logs", f"{partner}.roots")
    known = bytearray(read_whole(place, ROOTS_LIMIT) if place.is_file() else b"")
    known += bytes(max(0, max(roots) * ROOT_BYTES - len(known)))
    for size, root in roots.items():
        if size:
            known[(size - 1) * ROOT_BYTES : size * ROOT_BYTES] = root
    write_whole(place, bytes(known))


def _forked() -> ForgedFile:
    return ForgedFile(
        "the partner's log is not the one whose checkpoint it showed before",
        "its log was restored or rewritten: keep both files and ask the partner",
    )


def peer_record(party: Party, partner: str) -> dict[str, Any]:
    """What we know of the partner's log: `seen`, its checkpoints with the time of the file that brought each,
    and `cosigned`, the newest that we have cosigned, as a note, or ""."""
    place = ("logs", f"{partner}.peer")
    if not party.folder.path(*place).is_file():
        return {"cosigned": "", "seen": []}
    return party.folder.read_record(*place)


def keep_peer_record(party: Party, partner: str, record: dict[str, Any]) -> None:
    """Put that record in the place of the one before."""
    party.folder.write_record(record, "logs", f"{partner}.peer")


def newest_peer_checkpoint(party: Party, partner: str) -> str:
    """The last checkpoint of the partner's log that we were given; "" when there is none."""
    seen = peer_record(party, partner)["seen"]
    return str(seen[-1]["checkpoint"]) if seen else ""


def highest_peer_time(party: Party, partner: str) -> int:
    """The latest second that this partner has signed; 0 when there is none."""
    return max((seen["time"] for seen in peer_record(party, partner)["seen"]), default=0)
