"""A list prepared once for all runs of an agreement: one side prepares and updates it, the other takes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cleanroom.agreement import SignedAgreement, require_software
from cleanroom.session.agreement.agreements import (
    agreement_name,
    agreement_with_digest,
    find_agreement,
    own_software,
    partner_of,
    starter_of,
)
from cleanroom.session.folder import copy_file
from cleanroom.session.match.clustering import open_workers
from cleanroom.session.match.prepared_lists import PreparedList
from cleanroom.session.match.runs import abandon_open_runs
from cleanroom.session.match.submitting import Submitted, submit
from cleanroom.session.party import Party
from cleanroom.session.post.letters import LETTER_LIMIT, Letter, write_letter
from overlap.engine import LOCAL, EngineChoice, Progress
from overlap.errors import MalformedFile, Refused, UsageError
from overlap.protocol.prepared import Asker, Holder

_DIGEST_SIZE = 32


@dataclass(frozen=True)
class Prepared:
    """Our prepared list as it is now. `written` is the version in the file; 0 is the preparation.

    `dropped` lists (kind, reason, count) of identifiers not used; it is empty for a letter written again.
    """

    agreement: str
    partner: str
    version: int
    written: int
    identifiers: int
    bound: int
    runs_left: int
    elements_left: int
    updates_left: int
    dropped: list[tuple[str, str, int]]


def prepare_list(
    party: Party,
    agreement: str,
    out: Path,
    progress: Progress | None = None,
    choice: EngineChoice = LOCAL,
) -> Prepared:
    """Prepare our list for the runs of an agreement, and write the letter for the partner to `out`.

    A list that was prepared before is left as it is; its letter is written again.
    """
    prepared = _own_list(party, agreement)
    if prepared.has("holder"):
        return _write_again(prepared, 0, out)
    prepared.require_unused()
    signed, terms = prepared.signed, prepared.terms
    with open_workers(party, choice, progress) as workers:
        submitted = submit(party, signed, prepared.contract, progress, workers)
        holder, body = Holder.prepare(terms, submitted.encoded, workers.engine, party.random)
    party.note(
        partner_of(party, signed.agreement),
        "preparation",
        made=terms.digest,
        identifiers=len(submitted.encoded),
    )
    return _send(prepared, holder, submitted, "preparation", body, out)


def update_list(
    party: Party,
    agreement: str,
    out: Path,
    again: int | None = None,
    progress: Progress | None = None,
    choice: EngineChoice = LOCAL,
) -> Prepared:
    """Bring our prepared list up to our accounts, and write the letter for the partner to `out`.

    Uses one of the agreed updates, also when nothing changed, and ends open runs, which are over the list
    before. With `again` nothing changes: the letter of that version is written again.
    """
    prepared = _own_list(party, agreement)
    if again is not None:
        return _write_again(prepared, again, out)
    signed = prepared.signed
    partner = partner_of(party, signed.agreement)
    holder = prepared.holder(rows=True)
    with open_workers(party, choice, progress) as workers:
        submitted = submit(party, signed, prepared.contract, progress, workers)
        body = holder.update(submitted.encoded, workers.engine, party.random)
    abandon_open_runs(party, partner, signed.file_digest)
    party.note(partner, "preparation", updated=holder.terms.digest, identifiers=len(submitted.encoded))
    return _send(prepared, holder, submitted, "update", body, out)


def take_preparation(party: Party, letter: Letter) -> list[str]:
    """Take in the list that the partner prepared; lines that say so. Raises BadPeerFile or Refused."""
    prepared, body = _partners_list(party, letter)
    asker = Asker.take_preparation(prepared.terms, body)
    # In a folder that was restored, what was known of the list cannot be opened; it begins anew.
    if prepared.has("asker") and prepared.has_half:
        known = prepared.asker()
        first = known.terms.tags_of(0).stop * known.terms.tag_size
        if bytes(known.tags[:first]) == asker.tags:
            return ["already received; nothing changes"]
        raise Refused(
            "another prepared list is here for this agreement",
            "a list is prepared once for an agreement; propose a new one",
        )
    _note_taken(prepared, letter)
    prepared.keep_tags(asker)
    return [
        f"agreement {agreement_name(prepared.signed)}, at most {asker.terms.responder_bound:,} identifiers"
    ]


def take_update(party: Party, letter: Letter) -> list[str]:
    """Take in an update of the partner's list; lines that say so. Raises BadPeerFile or Refused."""
    prepared, body = _partners_list(party, letter)
    asker = prepared.asker()
    size = asker.terms.tag_size
    for version in range(1, asker.version + 1):
        span = asker.terms.tags_of(version)
        if body[_DIGEST_SIZE:] == bytes(asker.tags[span.start * size : span.stop * size]):
            return [f"version {version}, already received; nothing changes"]
    asker.take_update(body)
    abandon_open_runs(party, letter.partner, prepared.signed.file_digest)
    _note_taken(prepared, letter)
    prepared.keep_tags(asker)
    return [f"agreement {agreement_name(prepared.signed)}, version {asker.version} of the list"]


def _own_list(party: Party, agreement: str) -> PreparedList:
    """The list that we prepare under an agreement; Refused when the partner's is the one."""
    signed = find_agreement(party, agreement)
    prepared = PreparedList(party, signed)
    partner = partner_of(party, signed.agreement)
    party.verified_card_of(partner)
    require_software(signed.agreement, own_software(signed.agreement))
    if prepared.terms and starter_of(signed) == party.name:
        raise Refused(
            f"the list of {partner} is prepared under this agreement",
            "ask for its file, and take it in with 'overlap receive'",
        )
    return prepared


def _send(
    prepared: PreparedList, holder: Holder, submitted: Submitted, kind: str, body: bytes, out: Path
) -> Prepared:
    party, signed = prepared.party, prepared.signed
    partner = partner_of(party, signed.agreement)
    letter = write_letter(party, partner, kind, bytes.fromhex(signed.file_digest) + body)
    prepared.keep_version(holder, submitted, letter)
    copy_file(prepared.letter(holder.version), LETTER_LIMIT, out)
    return _told(prepared, holder, holder.version, len(submitted.encoded), submitted.dropped)


def _write_again(prepared: PreparedList, version: int, out: Path) -> Prepared:
    holder = prepared.holder(rows=True)
    if not 0 <= version <= holder.version:
        raise UsageError(
            f"the prepared list has no version {version}", f"its versions are 0 to {holder.version}"
        )
    copy_file(prepared.letter(version), LETTER_LIMIT, out)
    return _told(prepared, holder, version, len(holder.rows), [])


def _told(
    prepared: PreparedList,
    holder: Holder,
    written: int,
    identifiers: int,
    dropped: list[tuple[str, str, int]],
) -> Prepared:
    runs, elements, updates = holder.left
    signed = prepared.signed
    return Prepared(
        agreement_name(signed),
        partner_of(prepared.party, signed.agreement),
        holder.version,
        written,
        identifiers,
        holder.terms.responder_bound,
        runs,
        elements,
        updates,
        dropped,
    )


def _partners_list(party: Party, letter: Letter) -> tuple[PreparedList, bytes]:
    """The list that a letter is about, and the letter's body behind the agreement's digest."""
    if len(letter.body) < _DIGEST_SIZE:
        raise MalformedFile("the letter names no agreement", "ask for the file again")
    signed = agreement_with_digest(party, letter.body[:_DIGEST_SIZE].hex())
    _require_open(party, signed, letter)
    return PreparedList(party, signed), letter.body[_DIGEST_SIZE:]


def _require_open(party: Party, signed: SignedAgreement, letter: Letter) -> None:
    if partner_of(party, signed.agreement) != letter.partner:
        raise Refused("the letter names an agreement with another partner", "ask for the file again")
    if starter_of(signed) != party.name:
        raise Refused("our own list is the one that is prepared under this agreement", "ask for no such file")
    if not signed.not_before <= party.time_with(letter.partner) < signed.until:
        raise Refused("the agreement is not in force", "'overlap agreement list' shows from when until when")


def _note_taken(prepared: PreparedList, letter: Letter) -> None:
    received = hashlib.sha256(letter.body).digest()
    prepared.party.note(letter.partner, "preparation", received=received)
