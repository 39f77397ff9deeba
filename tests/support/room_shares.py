"""Shares whose halves lie in a room: made, deposited, asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from room_house import NOW, Reply, RoomHouse

from cleanroom.receipts import GRANT, countersign
from cleanroom.share import (
    MadeRequest,
    MadeShare,
    Record,
    Share,
    Terms,
    make_deposit,
    make_request,
    make_share,
    read_share,
)
from overlap.keys import PartyKeys

UNTIL = NOW + 1_000
RECORDS = [Record((f"{number:032x}",), {"stage": f"stage {number}"}) for number in range(3)]


def grant(house: RoomHouse, grantor: PartyKeys, recipient: PartyKeys, **changes: Any) -> MadeShare:
    """A share of three records until UNTIL."""
    terms = Terms(
        share=house.random.randbytes(16).hex(),
        agreement="ab" * 32,
        grantor=grantor.card.digest.hex(),
        recipient=recipient.card.digest.hex(),
        holder=house.keys.card.digest.hex(),
        run="0123",
        purposes=("co-sell",),
        fields=("stage",),
        not_before=NOW - 10,
        until=UNTIL,
        exportable=True,
        count=3,
    )
    return make_share(replace(terms, **changes), RECORDS, recipient.card, grantor, house.random.randbytes)


def deposit(house: RoomHouse, made: MadeShare, grantor: PartyKeys) -> Reply:
    return house.call(grantor, "POST", "/v1/shares", make_deposit(made, grantor, house.keys.card))


def countersigned(house: RoomHouse, made: MadeShare, grantor: PartyKeys, recipient: PartyKeys) -> Reply:
    receipt = countersign(made.statement, [grantor.card], GRANT, recipient)
    return house.call(recipient, "PUT", f"/v1/shares/{made.terms.share}/countersignature", receipt)


def asked(
    house: RoomHouse, share: Share, recipient: PartyKeys, numbers: list[int] | None = None
) -> tuple[MadeRequest, Reply]:
    """A request to read, and the room's answer."""
    made = make_request(
        share,
        numbers,
        "co-sell",
        recipient,
        min(house.now, share.terms.until - 1),
        holder=house.keys.card,
        random=house.random.randbytes,
    )
    return made, house.call(recipient, "POST", f"/v1/shares/{share.terms.share}/leases", made.file)


def received(made: MadeShare, recipient: PartyKeys, grantor: PartyKeys) -> Share:
    return read_share(made.file, recipient, grantor.card)
