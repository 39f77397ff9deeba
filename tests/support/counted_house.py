"""Two companies that let a room count, and a room in this process that all their requests reach."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from live_parties import LiveParties
from room_house import URL, RoomHouse
from two_parties import PARTNER, PARTNER_ONLY, SHARED, VENDOR, domain_of, meet, write_csv

from cleanroom.agreement import policy_text
from cleanroom.room import HttpRequest, client, invite_here
from cleanroom.session.party import wall_clock

#: Of the companies in common the partner has so many as customers, the others as prospects.
CUSTOMERS = 8
#: So weak that a number is the exact one but for a chance of 2 in e^999.
EPSILON = "999"


def meet_counted(both: LiveParties) -> None:
    """As `meet`; the partner has two populations."""
    meet(both)
    header = ("Record ID", "Company name", "Company Domain Name", "Country/Region", "Create Date")
    rows = [
        (str(9000 + at), f"{name} GmbH", domain_of(name), "DE", "2022-03-01")
        for at, name in enumerate((*SHARED, *PARTNER_ONLY))
    ]
    for population, some in (("customers", rows[:CUSTOMERS]), ("prospects", rows[CUSTOMERS:])):
        file = write_csv(both.root / "crm" / f"{population}.csv", header, some)
        both.run(PARTNER, "import", file, "--population", population)


def counting_policy(both: LiveParties, bounds: str = "[16, 16]", budget: int = 3) -> Path:
    """A policy by which a room counts: one cell above the minimum of 5, one below."""
    text = policy_text("counts-only").decode()
    text = text.replace("size_bound = 65_536", "size_bound = 32")
    head, _, tail = text.partition("[accepter]")
    tail = tail.replace('["customers"]', '["customers", "prospects"]')
    text = f"{head}[accepter]{tail}"
    for old, new in (
        ("minimum_count = 20", "minimum_count = 5"),
        ("run_budget = 2", f"run_budget = {budget}"),
        ("[terms]\n", '[terms]\nasymmetry = "they have prospects too"\n'),
    ):
        assert old in text
        text = text.replace(old, new)
    text += f'\n[counting]\nepsilon = "{EPSILON}/1"\nproposer_bounds = [32]\naccepter_bounds = {bounds}\n'
    path = both.root / "counting.toml"
    path.write_text(text, encoding="utf-8")
    return path


def agree_counted(both: LiveParties, room: str, **options: Any) -> None:
    """Both sign the policy, by files."""
    proposal, signed = both.mail("proposal"), both.mail("agreement")
    policy = counting_policy(both, **options)
    words = ("--partner", PARTNER, "--policy", policy, "--room", room, "--out", proposal)
    both.run(VENDOR, "agreement", "propose", *words)
    both.run(PARTNER, "agreement", "accept", proposal, "--out", signed, "--yes")
    both.run(VENDOR, "agreement", "accept", signed, "--yes")


def join_house(both: LiveParties, house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both join the room of this process, which from now on is what their requests reach."""

    def exchange(
        http: object, method: str, url: str, body: bytes, fields: Mapping[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        house.now = wall_clock()
        reply = house.send(HttpRequest.of(method, url, fields.items()), body)
        return reply.status, list(reply.fields.items()), reply.body

    monkeypatch.setattr(client, "exchange", exchange)
    house.now = wall_clock()
    for party in (VENDOR, PARTNER):
        invite_here(house.root, both.read_json(party, "card")["digest"], house.now)
    house.room.tick()
    for party in (VENDOR, PARTNER):
        both.run(party, "room", "join", URL, "--fingerprint", house.keys.card.fingerprint)
