"""Our own claims log: its entries, a checkpoint an epoch, and the cosignatures and tokens that come back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import (
    CLAIMS_LOG_LIMIT,
    ClaimsLog,
    Commitment,
    Proven,
    Stamped,
    claims_origin,
    read_head,
    sealed_entry,
    sign_entries,
    stamped_text,
)
from cleanroom.log import Note, NoteKey, witness_key
from cleanroom.moment import moment_of
from cleanroom.session.attribution.claim_roots import own_commitments
from cleanroom.session.attribution.claim_terms import all_terms
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap.errors import BadPeerFile, Refused, UsageError
from overlap.keys import TOKEN_LIMIT_BYTES, timestamp_request, verify_timestamp

_NOTE_LIMIT = 65_536


@dataclass(frozen=True)
class CosignaturesTaken:
    """Cosignatures that came in for the checkpoint of `epoch`: who signed when, and how many are unknown."""

    epoch: int
    signed: list[tuple[str, str]]
    unknown: int


def own_origin(party: Party) -> str:
    """The name of our claims log; it stays when our card is rotated."""
    notes = own_notes(party)
    return read_head(notes[0])[0] if notes else claims_origin(party.keys.card)


def own_notes(party: Party) -> list[Note]:
    """Our checkpoints with what was cosigned, the smallest first."""
    names = [name for name in party.folder.names("claims", "log", suffix=".note") if name.isdigit()]
    return [_read_note(party, int(name)) for name in sorted(names, key=int)]


def own_salt(party: Party, epoch: int) -> bytes:
    """The salt of the entry of an epoch of ours."""
    return bytes.fromhex(party.folder.read_record("claims", "own", f"{epoch}.entry")["salt"])


def own_entries(party: Party) -> list[bytes]:
    """The entries of our claims log, the oldest first."""
    return [sealed_entry(own_salt(party, one.epoch), one) for one in own_commitments(party)]


def own_claims_log(party: Party) -> ClaimsLog:
    """Our claims log with its newest checkpoint; UsageError before the first epoch."""
    notes = own_notes(party)
    if not notes:
        raise UsageError("nothing is committed yet", "run 'overlap claims commit' first")
    return ClaimsLog(read_head(notes[0])[0], tuple(own_entries(party)), notes[-1])


def own_checkpoints(party: Party) -> list[Stamped]:
    """Our checkpoints with their cosignatures and tokens, the smallest first."""
    found = []
    for note in own_notes(party):
        place = party.folder.path("claims", "log", f"{read_head(note)[1]}.tsr")
        token = read_whole(place, TOKEN_LIMIT_BYTES) if place.is_file() else b""
        found.append(Stamped(note, token))
    return found


def add_epoch(party: Party, commitment: Commitment, salt: bytes) -> ClaimsLog:
    """Append the entry of a new epoch and sign the log. The checkpoint is what makes the epoch one."""
    origin, entries = own_origin(party), own_entries(party)
    party.folder.write_record({"salt": salt.hex()}, "claims", "own", f"{commitment.epoch}.entry")
    log = sign_entries(origin, [*entries, sealed_entry(salt, commitment)], party.keys)
    _write_note(party, log.note)
    return log


def write_claims_log(party: Party, out: Path) -> ClaimsLog:
    """Write our claims log, to be shown to anybody: it tells how many epochs there were, and no size."""
    log = own_claims_log(party)
    write_whole(out, log.to_text().encode())
    return log


def take_cosignatures(party: Party, source: Path) -> CosignaturesTaken:
    """Keep the cosignatures of witnesses that we know below our checkpoint.

    Raises MalformedFile, Refused when the log is not ours, ForgedFile when a cosignature is false.
    """
    log = read_claims_log(source)
    ours = own_claims_log(party)
    if log.origin != ours.origin or not ours.goes_on_from(log) or not log.entries:
        raise Refused("this is not our claims log", "show the witness the file made by 'overlap claims log'")
    epoch = len(log.entries)
    note = _read_note(party, epoch)
    if note.text != log.note.text:
        raise Refused("this is not our claims log", "show the witness the file made by 'overlap claims log'")
    taken, times = [], []
    for key in known_witnesses(party):
        time = log.note.signed_by(key)
        if time is not None:
            times.append((key.name, moment_of(time)))
            taken += [one for one in log.note.signatures if (one.name, one.id) == (key.name, key.id)]
    if not taken:
        raise Refused(
            "nobody that is known here has cosigned this log",
            "add the witness's card with 'overlap partner add', or name its key in the claims terms",
        )
    _write_note(party, note.with_signatures(taken))
    return CosignaturesTaken(epoch, times, len(log.note.signatures) - 1 - len(taken))


def known_witnesses(party: Party) -> list[NoteKey]:
    """Keys whose cosignatures we can check: of all partners, and of the witnesses in any claims terms."""
    keys = {witness_key(card) for card in party.known_cards()}
    return sorted(keys.union(*(terms.witnesses for terms in all_terms(party).values())))


def request_token(party: Party, out: Path) -> int:
    """Write a request for a token over our newest checkpoint, to be sent to a time authority; its epoch."""
    note = own_claims_log(party).note
    write_whole(out, timestamp_request(stamped_text(note)))
    return read_head(note)[1]


def take_token(party: Party, source: Path) -> tuple[int, Proven]:
    """Keep a time authority's reply over one of our checkpoints; its epoch and time.

    The authority is one that claims terms of ours name. Raises Refused when there is none, or no fit.
    """
    reply = read_whole(source, TOKEN_LIMIT_BYTES)
    authorities = sorted({terms.authority for terms in all_terms(party).values()} - {""})
    if not authorities:
        raise Refused("no claims terms name a time authority", "agree on one: time_authority in the terms")
    problem: BadPeerFile | None = None
    for note in reversed(own_notes(party)):
        for authority in authorities:
            try:
                second = verify_timestamp(reply, stamped_text(note), authority)
            except BadPeerFile as error:
                problem = error
                continue
            epoch = read_head(note)[1]
            write_whole(party.folder.path("claims", "log", f"{epoch}.tsr"), reply)
            return epoch, Proven(second, "token")
    raise problem or UsageError("nothing is committed yet", "run 'overlap claims commit' first")


def read_claims_log(source: Path) -> ClaimsLog:
    """The claims log in a file, nothing but its form checked. Raises BadInput or MalformedFile."""
    return ClaimsLog.from_text(read_whole(source, CLAIMS_LOG_LIMIT).decode("utf-8", errors="replace"))


def _read_note(party: Party, epoch: int) -> Note:
    data = read_whole(party.folder.path("claims", "log", f"{epoch}.note"), _NOTE_LIMIT)
    return Note.from_text(data.decode("utf-8", errors="replace"))


def _write_note(party: Party, note: Note) -> None:
    place = party.folder.path("claims", "log", f"{read_head(note)[1]}.note")
    write_whole(place, note.to_text().encode())
