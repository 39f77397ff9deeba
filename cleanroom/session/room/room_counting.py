"""Level `counts` through a room: our list goes there, and the blurred counts come back from there.

runs/RUN/at-room    which list the room has taken from us
runs/RUN/counts     the number that the room told for each cell

Start and reply go between the parties like any frame. Each side then holds the other's elements blinded twice
and sends them to the room, which counts once both lists are there. Taking the same list twice changes nothing
there, and a result is drawn once, so a command that was killed anywhere is simply given again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from cleanroom.session.agreement.agreements import agreement_with_digest, runs_left
from cleanroom.session.audit.receipting import run_receipt
from cleanroom.session.match.frames import Received
from cleanroom.session.match.runs import (
    NEW_RUN,
    OPEN_STATES,
    RunRecord,
    RunStates,
    all_runs,
    end_run,
    keep_run,
    mark_sent,
)
from cleanroom.session.party import Party, wall_clock
from cleanroom.session.room.room_logs import watch_room_log
from cleanroom.session.room.rooms import holder_card, room_at, room_client
from overlap.engine import Engine
from overlap.errors import BadPeerFile, OverlapError, Refused, UsageError
from overlap.protocol import ROOM_COUNTS, Contract, Counting, role_of

if TYPE_CHECKING:
    from cleanroom.room import RoomClient
    from overlap.protocol.room_counts import CellCounts

#: Seconds between looks for a result by a command that waits for it.
WAITS: Final = [0.1, 0.2, 0.3, 0.4, 1.0, 1.0, 1.0]

_OCTETS: Final = {"Content-Type": "application/octet-stream"}
#: The list that each role sends to the room: the other side's elements, which it blinded again.
_LIST: Final = {"starter": "responder-list", "responder": "starter-list"}


@dataclass(frozen=True)
class CellCount:
    """What a room told about one population of ours and one of the partner's; -1 when withheld."""

    ours: str
    theirs: str
    shared: int


@dataclass(frozen=True)
class Counted:
    """The result of a run that a room counted. `spent` is epsilon of all runs begun with this partner, `left`
    that of the runs which the agreement still allows; both as fractions."""

    room: str
    minimum: int
    cells: list[CellCount]
    epsilon: str
    spent: str
    left: str


def is_counted(record: RunRecord) -> bool:
    """Whether a room counts in this run."""
    return record.terms.protocol == ROOM_COUNTS


def leads_to_counts(record: RunRecord, step: str) -> bool:
    """Whether the frame of `step` is the last that its side needs, because a room tells the rest."""
    return is_counted(record) and record.role == "starter" and step == "reply"


def require_room(party: Party, contract: Contract) -> None:
    """Return when the room of a contract was joined, is verified, and takes lists so long.

    To be called before a run is charged. Raises UsageError, Unverified or Refused.
    """
    if contract.counting is None:
        return
    _url(party, contract.counting)
    holder_card(party, contract.counting.room)
    from cleanroom.room import COUNT_LIMIT_BYTES

    size = len(contract.to_bytes()) + max(
        role_of(contract, role).part_size(contract, step) for role, step in _LIST.items()
    )
    if size + 2**12 > COUNT_LIMIT_BYTES:
        raise Refused(
            "lists of the agreed bounds are longer than a room takes", "agree on smaller bounds in [counting]"
        )


def open_counts(party: Party) -> list[RunRecord]:
    """The runs that wait for a result of their room, the newest first."""
    return [one for one in reversed(all_runs(party)) if one.state == "listed" and is_counted(one)]


def offer_list(party: Party, record: RunRecord) -> str:
    """Send our list to the room when it does not have it; what became of that, in words.

    Nothing is raised: the list stays here, and 'match finish' or 'sync' sends it later.
    """
    if not is_counted(record) or record.state != "listed":
        return ""
    try:
        with _counting_room(party, record) as client:
            _send_list(party, record, client)
    except OverlapError as error:
        return f"not sent yet, 'overlap sync' goes on: {error.what}"
    return f"the list of {record.partner}, blinded again, is at {_room_name(party, record)}"


def fetch_counts(party: Party, record: RunRecord) -> RunRecord | None:
    """The run as finished by the room's result; None while that is not there.

    Raises Refused when the room has aborted the run, BadPeerFile when the result is not acceptable.
    """
    with _counting_room(party, record) as client:
        _send_list(party, record, client)
        answer = client.ask("GET", f"/v1/counts/{record.run}/result", expect=(200, 403, 404))
        if answer.status == 404:
            return None
        if answer.status == 403:
            raise _refused(party, record, client.problem(answer))
        card = holder_card(party, _counting(record).room)
        watch_room_log(party, client, card, record.partner)
    from cleanroom.room import open_result

    body = open_result(record.terms, bytes.fromhex(record.run), answer.body, party.keys, card)
    try:
        told = _role(party, record).finish(body)
    except BadPeerFile:
        end_run(party, record, "aborted")
        raise
    return _conclude(party, record, told)


def wait_for_counts(party: Party, records: Sequence[RunRecord]) -> RunRecord:
    """The first of these runs whose result is at its room, finished; waits some seconds for one.

    Raises Refused when none is there, and what `fetch_counts` raises.
    """
    for pause in (*WAITS, 0.0):
        for record in records:
            if finished := fetch_counts(party, record):
                return finished
        if pause:
            time.sleep(pause)
    names = " or ".join(sorted({record.partner for record in records}))
    raise Refused(
        f"the room has not counted yet: the list of {names} is not there",
        "try 'overlap match finish' again in a moment; it may be that they have to run 'overlap sync' first",
    )


def counted_in(party: Party, record: RunRecord) -> Counted | None:
    """What a finished run told; None for a run in which no room counted."""
    if record.state != "finished" or not is_counted(record):
        return None
    counting = _counting(record)
    kept = party.folder.read_record("runs", record.run, "counts")["cells"]
    signed = agreement_with_digest(party, record.agreement)
    each = _epsilon(counting)
    return Counted(
        _room_name(party, record),
        counting.minimum,
        [CellCount(ours, theirs, shared) for ours, theirs, shared in kept],
        str(each),
        str(epsilon_spent(party, record.partner)),
        str(each * runs_left(party, signed)),
    )


def cell_lines(counted: Counted) -> list[str]:
    """The cells of a result, one a line."""
    width = max(len(f"{one.ours} x {one.theirs}") for one in counted.cells)
    below = f"below the minimum of {counted.minimum:,}, withheld"
    return [
        f"{f'{one.ours} x {one.theirs}':<{width}}  {f'{one.shared:,}' if one.shared >= 0 else below}"
        for one in counted.cells
    ]


def epsilon_spent(party: Party, partner: str) -> Fraction:
    """Epsilon of every run with a partner in which a room counts, also of those that never ended."""
    counted = [one.terms.counting for one in all_runs(party) if one.partner == partner]
    return sum((_epsilon(one) for one in counted if one), Fraction(0))


def progress_of(party: Party, record: RunRecord) -> str:
    """How far an open run has come that a room counts; "" for other runs."""
    if record.state not in OPEN_STATES or not is_counted(record):
        return ""
    if record.state != "listed":
        return "the room has nothing of us yet"
    if not _is_at_room(party, record):
        return "our list is still to be sent to the room: 'overlap sync'"
    return "our list is at the room, the result is not here yet: 'overlap match finish' or 'overlap sync'"


def require_reply(party: Party, record: RunRecord, frame: Received) -> bool:
    """Whether a reply is still to be taken; False when this very one was. Another one ends the run (F6)."""
    if record.state in ("listed", "finished") and record.answered == frame.digest:
        return False
    if record.state == "listed":
        end_run(party, record, "aborted")
        raise Refused("a second, different reply frame came for this run, which is aborted now", NEW_RUN)
    if record.state != "started":
        raise Refused(f"this run is {record.state}", NEW_RUN)
    return True


def _conclude(party: Party, record: RunRecord, told: CellCounts) -> RunRecord:
    """Keep and log what the room told, and destroy the run's secrets."""
    ours_first = record.role == "starter"
    names = [pair if ours_first else pair[::-1] for pair in told.cells]
    cells = [[*pair, number] for pair, number in zip(names, told.numbers, strict=True)]
    party.folder.write_record({"cells": cells}, "runs", record.run, "counts")
    withheld = sum(number < 0 for number in told.numbers)
    record = replace(record, shared=-1 if withheld else sum(told.numbers))
    keep_run(party, record)
    shown = {"withheld": withheld} if withheld else {"shared": record.shared}
    receipt = run_receipt(party, record)
    party.note(record.partner, "run", finished=bytes.fromhex(record.run), receipt=receipt, **shown)
    return end_run(party, record, "finished")


def _send_list(party: Party, record: RunRecord, client: RoomClient) -> None:
    if _is_at_room(party, record):
        return
    from cleanroom.room import seal_list

    step, run = _LIST[record.role], bytes.fromhex(record.run)
    card = holder_card(party, _counting(record).room)
    sealed = seal_list(record.terms, run, step, _role(party, record).room_list(), card)
    mark_sent(party, record, step)
    path = f"/v1/counts/{record.run}/{step}"
    answer = client.ask("PUT", path, sealed, _OCTETS, expect=(202, 403))
    if answer.status == 403:
        raise _refused(party, record, client.problem(answer))
    party.folder.write_record({"list": step}, "runs", record.run, "at-room")


def _refused(party: Party, record: RunRecord, why: OverlapError) -> OverlapError:
    """What to raise when a room refuses; a run that it has aborted is aborted here too."""
    if "aborted" in why.what:
        end_run(party, record, "aborted")
    return why


@contextmanager
def _counting_room(party: Party, record: RunRecord) -> Iterator[RoomClient]:
    with closing(room_client(party, _url(party, _counting(record)), wall_clock)) as client:
        yield client


def _role(party: Party, record: RunRecord) -> Any:
    """Our role, as it stands: a list that a room counts is never split."""
    state = RunStates(party, record.run).load(0)
    return role_of(record.terms, record.role).from_bytes(state, Engine(), party.random)


def _is_at_room(party: Party, record: RunRecord) -> bool:
    return party.folder.path("runs", record.run, "at-room").is_file()


def _counting(record: RunRecord) -> Counting:
    counting = record.terms.counting
    assert counting is not None
    return counting


def _epsilon(counting: Counting) -> Fraction:
    return Fraction(counting.epsilon, counting.epsilon_of)


def _room_name(party: Party, record: RunRecord) -> str:
    room = agreement_with_digest(party, record.agreement).agreement.room
    return room.party if room else ""


def _url(party: Party, counting: Counting) -> str:
    """The address of the room; UsageError when it was not joined."""
    url = room_at(party, counting.room)
    if not url:
        raise UsageError(
            "the room that counts under this agreement was not joined",
            "run 'overlap room join URL --fingerprint …'",
        )
    return url
