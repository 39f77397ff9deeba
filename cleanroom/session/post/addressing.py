"""Whom a command's file goes to, and what a file that waits is for, found before the command runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cleanroom.session.agreement.agreements import agreements_with, find_agreement, partner_in, partner_of
from cleanroom.session.folder import read_whole
from cleanroom.session.match.frames import received_frame
from cleanroom.session.match.runs import all_runs, find_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import LETTER_LIMIT, read_letter
from cleanroom.session.review.reviewing import find_overlap_run
from cleanroom.session.room.room_counting import leads_to_counts, open_counts
from cleanroom.session.share.granting import find_granted
from cleanroom.session.share.sharing import share_in
from cleanroom.share import REQUEST_LIMIT_BYTES, read_request
from overlap.errors import BadPeerFile, WrongRun
from overlap.keys import Card
from overlap.protocol import protocol_of

#: The options and arguments of a command, by name.
Given = dict[str, Any]


def _by_agreement(party: Party, given: Given) -> str:
    return partner_of(party, find_agreement(party, given["agreement"]).agreement)


def _by_start(party: Party, given: Given) -> str:
    name = given["agreement"]
    return partner_of(party, find_agreement(party, name, starter_only=not name).agreement)


def _by_run(party: Party, given: Given) -> str:
    return find_run(party, given["run"]).partner


def _by_share(party: Party, given: Given) -> str:
    return find_granted(party, given["share"])[0]


def _by_frame(party: Party, given: Given) -> str:
    with received_frame(party, given["frame"]) as frame:
        return frame.partner


def _by_request(party: Party, given: Given) -> str:
    data = read_whole(given["request"], REQUEST_LIMIT_BYTES)
    return _whoever(party, lambda card: read_request(data, party.keys, card))


def _whoever(party: Party, read: Callable[[Card], object]) -> str:
    """The verified partner with whose card a file can be read."""
    for partner in party.partners():
        if party.is_verified(partner):
            try:
                read(party.card_of(partner))
            except BadPeerFile:
                continue
            return partner
    raise WrongRun("the file is from no verified partner", "compare fingerprints, or ask for the file again")


#: How a command finds the partner whom its file goes to, from what it was given.
RECIPIENTS: Final[dict[str, Callable[[Party, Given], str]]] = {
    "partner": lambda party, given: given["partner"] or "",
    "agreement": _by_agreement,
    "start": _by_start,
    "run": _by_run,
    "granted": lambda party, given: (_by_agreement if given["all_"] else _by_run)(party, given),
    "overlap run": lambda party, given: find_overlap_run(party, given["run"]).partner,
    "share": _by_share,
    "document": lambda party, given: partner_in(party, given["file"]),
    "frame": _by_frame,
    "share file": lambda party, given: share_in(party, given["share"])[0],
    "request": _by_request,
}


def command_for(party: Party, source: Path) -> str:
    """Which command reads a frame: "reply", or "finish" when it tells the result. Raises BadPeerFile."""
    with received_frame(party, source) as frame:
        for record in all_runs(party):
            if (record.run, record.partner) == (frame.header.run, frame.partner):
                step = frame.header.step
                last = protocol_of(record.terms).tells(step) or leads_to_counts(record, step)
                return "finish" if last else "reply"
        if frame.header.step == "start" and agreements_with(party, frame.partner):
            return "reply"
    raise WrongRun("the frame belongs to no run that we began or answered", "check which file to read now")


#: When a command that is given no file reads none: 'match finish' has a result to fetch from a room.
ALONE: Final[dict[str, Callable[[Party], bool]]] = {"finish": lambda party: bool(open_counts(party))}

#: What a waiting file must be, beyond its kind, for the command that reads it.
FITS: Final[dict[str, Callable[[Party, Path], bool]]] = {
    "reply": lambda party, path: command_for(party, path) == "reply",
    "finish": lambda party, path: command_for(party, path) == "finish",
    "review": lambda party, path: read_letter(party, read_whole(path, LETTER_LIMIT)).kind == "review",
}
