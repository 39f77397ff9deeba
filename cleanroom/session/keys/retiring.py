"""What ends when a card goes out of use, on either side, and how the log goes on under the next cards.

Everything can be repeated: a killed command is completed by the next one, from what it has left.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cleanroom.durable import sync_folder
from cleanroom.log import Facts, Log, bucket, commitment
from cleanroom.session.audit.receipting import collect_endings, keep_papers
from cleanroom.session.history import MOVING, OLD_LOGS, ClosedLog, origin_of
from cleanroom.session.match.runs import abandon_open_runs
from cleanroom.session.party import Party
from cleanroom.session.share.holding import begin_with_new_log, open_holder, read_holder_state
from cleanroom.session.share.releases import all_releases, erase_release
from cleanroom.share import Terms
from overlap.errors import OverlapError
from overlap.keys import Card, PartyKeys

#: How the name of the folder ends in which the next log is made before it takes the place of the last.
STARTING = ".start"


def end_everything(party: Party, partner: str, statement: bytes) -> None:
    """End what goes on with a partner under the present pair of cards: runs, and shares in both directions.

    The log says so, and last that the card changed; `statement` is the file that changes it. What was
    granted is revoked and its half destroyed; what was shown to us is erased.
    """
    abandon_open_runs(party, partner)
    for held in read_holder_state(party, partner).shares.values():
        if not held.reason:
            _revoke(party, partner, held.terms)
    # The last moment at which the keys of this card can sign what happened under it.
    collect_endings(party, partner)
    _end_received(party, partner)
    party.note(partner, "rotation", statement=statement)


def _revoke(party: Party, partner: str, terms: Terms) -> None:
    """End one share of ours. One that a room holds stays open here when the room does not answer now.

    A change of cards waits for no network: until its end the list of shares says that it is open.
    """
    try:
        open_holder(party, partner).revoke(terms.share, party.now)
    except OverlapError:
        if terms.holder == party.keys.card.digest.hex():
            raise


def _end_received(party: Party, partner: str) -> None:
    """Forget the shares of this partner: they are sealed to a card, and signed by one, that is no more."""
    shown = {release.share: release for release in all_releases(party, partner)}
    for share in party.folder.names("shares", "received", suffix=".record"):
        if party.folder.read_record("shares", "received", f"{share}.record")["partner"] != partner:
            continue
        if share in shown:
            party.note(partner, "expiry", share=bytes.fromhex(share), records=shown[share].records)
        erase_release(party, share)
        _forget_requests(party, share)
        keep_papers(party, partner, share)
        # The record goes last: by it a killed command finds what is left.
        for name in sorted(
            party.folder.names("shares", "received"), key=lambda name: name.endswith(".record")
        ):
            if name.startswith(share):
                party.folder.path("shares", "received", name).unlink()


def _forget_requests(party: Party, share: str) -> None:
    for request in party.folder.names("shares", "requests"):
        if party.folder.read_record("shares", "requests", request)["share"] == share:
            party.vault().destroy(request)
            party.folder.path("shares", "requests", request).unlink()


def is_kept_as(party: Party, partner: str, origin: str) -> bool:
    """Whether the log with this partner is still the one of that origin, and none of it was put aside."""
    if _moving(party, partner) is not None:
        return False
    live = party.folder.path("logs", f"{partner}.log")
    return live.is_file() and origin_of(live) == origin


def restart_log(
    party: Party, partner: str, owner: Card, keys: PartyKeys, origin: str, statement: bytes
) -> None:
    """Put the log with a partner aside and begin the next one, `origin`, signed by `keys`.

    `owner` is the card of the log put aside. The first entry of the next log commits to its last checkpoint
    and to `statement`, and is never before its last entry. The party's own `log` must be taken anew then.
    """
    logs = party.folder.path("logs")
    start = logs / f"{partner}{STARTING}"
    moving = _moving(party, partner)
    if moving is None and not start.is_dir():
        live = logs / f"{partner}.log"
        if not live.is_file() or origin_of(live) == origin:
            return
        number = len([name for name in party.folder.names(*OLD_LOGS) if name.rpartition(".")[0] == partner])
        moving = party.folder.path(*OLD_LOGS, f"{partner}.{number + 1}{MOVING}")
        moving.mkdir(parents=True)
    if moving is not None:
        _put_room_notes_aside(party, partner, moving)
        for name in _files_of(logs, partner):
            os.replace(logs / name, moving / name)
        closed = ClosedLog(moving, partner, 0, owner)
        shutil.rmtree(start, ignore_errors=True)
        start.mkdir()
        _begin(party, Log(start / f"{partner}.log", origin, keys), closed, statement)
        os.replace(moving, moving.with_suffix(""))
        sync_folder(moving.parent)
    begin_with_new_log(party, partner)
    for file in sorted(start.iterdir()):
        os.replace(file, logs / file.name)
    sync_folder(logs)
    start.rmdir()


def _put_room_notes_aside(party: Party, partner: str, place: Path) -> None:
    """What rooms showed of their logs of us and this partner: each log of a room is of one pair of cards."""
    for room in party.folder.names("rooms", suffix=f".{partner}.log"):
        os.replace(party.folder.path("rooms", f"{room}.{partner}.log"), place / f"{room}.room")
    for room in party.folder.names("rooms", suffix=f".{partner}.theirs"):
        party.folder.path("rooms", f"{room}.{partner}.theirs").unlink()


def _begin(party: Party, log: Log, closed: ClosedLog, statement: bytes) -> None:
    entries = sum(1 for _ in closed.entries())
    facts: Facts = {
        "previous": closed.head_note().encode(),
        "statement": statement,
        "entries": bucket(entries),
    }
    log.append("rotation", facts, max(party.now, closed.last_time), party.random)


def _moving(party: Party, partner: str) -> Path | None:
    for name in party.folder.names(*OLD_LOGS, suffix=MOVING):
        if name.rpartition(".")[0] == partner:
            return party.folder.path(*OLD_LOGS, name + MOVING)
    return None


def _files_of(logs: Path, partner: str) -> list[str]:
    """The log with this partner and all beside it; a party name has no dot, so no other partner's."""
    return [file.name for file in logs.iterdir() if file.is_file() and file.name.startswith(f"{partner}.")]


def verify_succession(party: Party, partner: str) -> list[str]:
    """What is wrong with the logs under earlier cards: each must hold, and the next one commit to its end."""
    closed = party.closed_logs(partner)
    found = [f"old log {log.number}, line {one.line}: {one.what}" for log in closed for one in log.verify()]
    if not closed:
        return []
    followers: list[ClosedLog | Log] = [*closed[1:], party.log(partner)]
    for log, following in zip(closed, followers, strict=True):
        first = next(following.entries(), None)
        salted = commitment(following.salt(0), "previous", log.head_note().encode()) if first else b""
        if first is None or first.digests.get("previous") != salted.hex():
            found.append(f"old log {log.number}: it does not end where the next log says")
    return found
