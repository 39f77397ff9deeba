"""Rotating, revoking and re-locking our own keys. Each change is begun by one file and completed by anybody.

keys/next            the keys that are coming, locked; from its writing on the rotation is made
keys/next.rotation   its statement, until it is in keys/history
keys/revoked         our own card was declared dead, and when
partners/NAME.next   what a partner's card becomes (cleanroom.session.partners)

The order: everything that needs the old keys (ends, logs, files locked under the old storage key), then the
one step in which `next` becomes `identity`, then what only the new keys are needed for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cleanroom.durable import UNFINISHED, erase, sync_folder
from cleanroom.log import log_origin
from cleanroom.session.accounts.canaries import planted_files
from cleanroom.session.attribution.money_seal import carry_seal
from cleanroom.session.folder import Folder, read_whole, write_whole
from cleanroom.session.history import Retired, keep_retired, own_history
from cleanroom.session.keys.retiring import end_everything, is_kept_as, restart_log
from cleanroom.session.match.prepared_ends import end_prepared
from cleanroom.session.match.probing import carry_digest_key, submission_files
from cleanroom.session.partners import complete_partner
from cleanroom.session.party import Party, new_recovery_key, read_recovery_key
from cleanroom.session.room.rooms import confirm_rooms_anew, tell_rooms
from cleanroom.session.stored import STORED_LINE, Locked, keep_stored, read_stored
from cleanroom.vault import Vault
from overlap.errors import BadInput, Refused, UsageError
from overlap.keys import (
    ROTATION_LIMIT_BYTES,
    Card,
    PartyKeys,
    make_revocation,
    make_rotation,
    read_rotation,
    require_recovery,
)

_Rule = Callable[[Folder], Iterator[Locked]]


def _in_folder(*parts: str, suffix: str = "") -> _Rule:
    """Every file of one folder with this end of its name, locked under the rest of the name."""

    def rule(folder: Folder) -> Iterator[Locked]:
        for name in folder.names(*parts, suffix=suffix):
            yield name, (*parts, name + suffix)

    return rule


#: Stored secrets that outlive a rotation: purpose to the files that it locks.
RELOCKED: Final[Mapping[bytes, _Rule]] = {
    # Those of a run lie in its folder, and end with it.
    b"canaries": lambda folder: iter(planted_files(folder)),
    b"claims opening": _in_folder("claims", "own", suffix=".opening"),
    b"forgotten": _in_folder("forgotten"),
    b"reviews": _in_folder("reviews"),
    b"submissions": lambda folder: iter(submission_files(folder)),
}

#: Stored secrets that end with the card, and the folders in which they lie.
ENDED: Final = {b"prepared list": "prepared", b"releases": "releases", b"run state": "runs"}

_KEY_FILE_LIMIT: Final = 16_384


@dataclass(frozen=True)
class Rotated:
    """A rotation: the new card's fingerprint, and where the next recovery key lies ("" when made before)."""

    fingerprint: str
    number: int
    recovery: str


@dataclass(frozen=True)
class Past:
    """An own card that was rotated."""

    number: int
    fingerprint: str
    time: int


def rotate_keys(
    party: Party,
    passphrase: str,
    recovery: tuple[Path, str],
    next_recovery: tuple[Path | None, str],
    out: Path,
) -> Rotated:
    """New keys under the same name; the statement for the partners goes to `out`.

    `recovery` and `next_recovery` are a file and its passphrase each; the next one is made where it is not
    there. A rotation that was made and killed is found by the recovery file: its statement is written again.
    """
    if party.is_revoked:
        raise Refused("our own card was revoked", "make new keys in another folder with 'overlap init'")
    past = own_history(party.folder)
    key = read_recovery_key(recovery[0], party.name, recovery[1])
    if past and key.commitment == past[-1].card.recovery:
        write_whole(out, past[-1].statement.encode())
        return Rotated(party.keys.card.fingerprint, len(past), "")
    require_recovery(party.keys.card, key)
    _require_all_known(party)
    place = next_recovery[0] or party.folder.path(f"recovery-{len(past) + 2}.key")
    coming = new_recovery_key(place, party.name, next_recovery[1], party.random)
    if coming.commitment == party.keys.card.recovery:
        raise UsageError("the file for the next recovery key holds the present one", "name another file")
    keys = PartyKeys.generate(party.name, party.random, coming.commitment)
    rotation = make_rotation(party.keys, keys, key, party.now)
    write_whole(party.folder.path("keys", "next.rotation"), rotation.data)
    write_whole(party.folder.path("keys", "next"), keys.to_locked(passphrase, party.random))
    after = _complete(party, keys)
    write_whole(out, rotation.data)
    return Rotated(after.keys.card.fingerprint, len(past) + 1, str(place))


def write_rotation(folder: Folder, number: int, out: Path) -> Past:
    """Write the statement of rotation `number` (0: the last) again."""
    past = own_history(folder)
    if not 0 <= number <= len(past) or not past:
        raise UsageError("there is no such rotation", "'overlap keys list' shows them")
    number = number or len(past)
    write_whole(out, past[number - 1].statement.encode())
    return list_past(folder)[number - 1]


def list_past(folder: Folder) -> list[Past]:
    """Our cards that were rotated, the oldest first."""
    return [
        Past(number, retired.card.fingerprint, retired.time)
        for number, retired in enumerate(own_history(folder), start=1)
    ]


def revoke_card(
    folder: Folder, recovery: tuple[Path, str], card_file: Path | None, out: Path, now: int
) -> Card:
    """Declare a card dead with its recovery key alone; the statement for the partners goes to `out`.

    The card is `card_file`, or that of the party in the folder, which is then marked as dead itself. No other
    key is needed. The statement is written first: nothing is marked that nobody could be told.
    """
    place = card_file or folder.path("keys", "card")
    card = Card.from_bytes(read_whole(place, _KEY_FILE_LIMIT))
    key = read_recovery_key(recovery[0], card.party, recovery[1])
    revocation = make_revocation(card, key, now)
    write_whole(out, revocation.data)
    if folder.is_party and folder.path("keys", "card").read_bytes() == card.to_bytes():
        with folder.locked():
            record = {"statement": revocation.data.decode(), "time": now}
            folder.write_record(record, "keys", "revoked")
    return card


def change_passphrase(party: Party, passphrase: str) -> None:
    """Lock the key file under another passphrase, in one step; the keys stay."""
    write_whole(party.folder.path("keys", "identity"), party.keys.to_locked(passphrase, party.random))


def complete_changes(party: Party, unlock: Callable[[bytes], PartyKeys]) -> Party:
    """The party after every change of cards that was begun: ours, the partners', or none."""
    place = party.folder.path("keys")
    if (place / "next").is_file():
        party = _complete(party, unlock(read_whole(place / "next", _KEY_FILE_LIMIT)))
    elif (place / "next.rotation").is_file():
        _finish(party)
    for partner in party.partners():
        complete_partner(party, partner)
    if party.is_revoked:
        _end_as_revoked(party)
    return party


def _complete(party: Party, keys: PartyKeys) -> Party:
    """From the writing of `next` to the end; `party` has the old keys still."""
    rotation = read_rotation(read_whole(party.folder.path("keys", "next.rotation"), ROTATION_LIMIT_BYTES))
    if (rotation.old, rotation.new) != (party.keys.card, keys.card):
        raise BadInput("the files of a rotation do not belong together", "restore keys/ from a backup")
    after = Party(party.folder, keys, party.now, party.random)
    for partner in party.partners():
        peer = party.card_of(partner)
        if is_kept_as(party, partner, log_origin(party.keys.card, peer)):
            end_everything(party, partner, rotation.data)
        origin = log_origin(keys.card, peer)
        restart_log(party, partner, party.keys.card, keys, origin, rotation.data)
    tell_rooms(party, rotation.old, rotation.data)
    _relock(party, after)
    retired = Retired(party.keys.card, rotation.data.decode(), party.now)
    keep_retired(party.folder, retired, "keys", "history")
    place = party.folder.path("keys")
    with suppress(OSError):  # No hard links here: the blocks of the old file are freed, not overwritten.
        os.link(place / "identity", place / "identity.old")
    os.replace(place / "next", place / "identity")
    sync_folder(place)
    _finish(after)
    return after


def _finish(party: Party) -> None:
    """What follows the switch; when none was made, only the statement that a killed command left goes."""
    place = party.folder.path("keys")
    rotation = read_rotation(read_whole(place / "next.rotation", ROTATION_LIMIT_BYTES))
    if rotation.new == party.keys.card:
        if (place / "identity.old").exists():
            erase(place / "identity.old", party.random)
        write_whole(place / "card", party.keys.card.to_bytes())
        end_prepared(party)
    (place / "next.rotation").unlink()


def _relock(before: Party, after: Party) -> None:
    """Every file locked under the old storage key that outlives it, under the new one."""
    if before.folder.path("vault", "key").is_file():
        _rekey_vault(before, after)
    for partner in before.partners():
        card = before.card_of(partner)
        place = before.folder.path("partners", f"{partner}.verified")
        if place.is_file() and read_whole(place, 1024) == before.verified_mark(card):
            write_whole(place, after.verified_mark(card))
    carry_seal(before, after)
    confirm_rooms_anew(before, after)
    carry_digest_key(before, after)
    for purpose, rule in RELOCKED.items():
        for name, where in rule(before.folder):
            try:
                read_stored(after, purpose, name, *where)
            except BadInput:
                contents = read_stored(before, purpose, name, *where)
                keep_stored(after, purpose, name, contents, *where)


def _rekey_vault(before: Party, after: Party) -> None:
    key = after.keys.storage_key(b"vault")
    try:
        Vault(before.folder.path("vault"), key, before.random)
    except BadInput:
        before.vault().rekey(key)


def _require_all_known(party: Party) -> None:
    """Refused when a stored secret lies where no rule says what becomes of it, or opens no more.

    It would be lost, or stop the rotation when it can no longer be taken back.
    """
    folder, relocked = party.folder, set[Path]()
    for purpose, rule in RELOCKED.items():
        for name, where in rule(folder):
            read_stored(party, purpose, name, *where)
            relocked.add(folder.path(*where))
    for path in folder.root.rglob("*"):
        if path in relocked or path.relative_to(folder.root).parts[0] in ENDED.values():
            continue
        if path.name.endswith(UNFINISHED):  # What a killed command has left, read by nothing.
            continue
        if path.is_file() and path.stat().st_size > len(STORED_LINE):
            with path.open("rb") as file:
                if file.read(len(STORED_LINE)) == STORED_LINE:
                    raise Refused(
                        f"{path} is locked under the present keys and is not known to the rotation",
                        "move it away when it is a copy; else report this as a bug",
                    )


def _end_as_revoked(party: Party) -> None:
    """End what goes on under our own dead card, as soon as somebody opens the folder."""
    statement = party.folder.read_record("keys", "revoked")["statement"].encode()
    for partner in party.partners():
        last = max(party.log(partner).entries(), key=lambda entry: entry.sequence, default=None)
        if last is None or last.kind != "rotation":
            end_everything(party, partner, statement)
