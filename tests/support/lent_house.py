"""Two companies one of which lends what it shows to a room in this process, which their requests reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from counted_house import join_house
from live_parties import LiveParties, lending
from room_house import RoomHouse
from two_parties import PARTNER, VENDOR, match, meet


def meet_to_lend(both: LiveParties, house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both join the room, agree that it gives the leases, and match."""
    meet(both)
    join_house(both, house, monkeypatch)
    proposal, signed = both.mail("proposal"), both.mail("agreement")
    words = ("--partner", PARTNER, "--room", "lobby", "--size-bound", "256", "--out", proposal)
    both.run(VENDOR, "agreement", "propose", *words, "--policy", lending(both))
    both.run(PARTNER, "agreement", "accept", proposal, "--out", signed, "--yes")
    both.run(VENDOR, "agreement", "accept", signed, "--yes")
    match(both)


def grant_lent(both: LiveParties) -> str:
    """The partner grants a share whose half lies in the room; its id."""
    both.run(PARTNER, "shares", "grant", "--out", both.mail("share"))
    return str(both.read_json(PARTNER, "shares", "list")[0]["share"])


def read_lent(both: LiveParties) -> None:
    """The vendor reads it by a lease of the room."""
    both.run(VENDOR, "shares", "request", both.mail("share"), "--purpose", "territory-planning")


def bundle_of(both: LiveParties, party: str) -> Path:
    other = PARTNER if party == VENDOR else VENDOR
    both.run(party, "audit", "bundle", "--partner", other, "--out", both.mail(f"{party}.bundle"))
    return both.mail(f"{party}.bundle")
