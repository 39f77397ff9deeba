"""The lease-holder's addresses."""

from __future__ import annotations

from base64 import b64encode

from fastapi import APIRouter, Response

from cleanroom.room.callers import Anybody, Octets, Operator, Room, octet_answer, octet_body, plain
from cleanroom.room.models import Ended, IdPath, ShareId, ShareStatus

router = APIRouter()


@router.post("/v1/shares", status_code=201, openapi_extra=octet_body("`overlap-deposit/1`"))
def post_share(body: Octets, room: Room, member: Operator) -> ShareId:
    """Deposit a share: its terms, its half and its signed grant, sealed to the room."""
    return ShareId(id=room.leases.deposit(member.party, body, room.now()))


@router.put(
    "/v1/shares/{id}/countersignature",
    status_code=204,
    response_class=Response,
    openapi_extra=octet_body("The grant receipt, signed by both."),
)
def put_countersignature(id: IdPath, body: Octets, room: Room, member: Operator) -> Response:
    """The recipient's signature below the grant; no lease is given before it."""
    room.leases.countersign(id, member.party, body, room.now())
    return Response(status_code=204)


@router.post(
    "/v1/shares/{id}/leases",
    response_class=Response,
    openapi_extra=octet_body("`overlap-request/1`"),
    responses=octet_answer("`overlap-lease/1`"),
)
def post_lease(id: IdPath, body: Octets, room: Room, member: Operator) -> Response:
    """Ask to read records; the answer is sealed to the request's own key."""
    return plain(room.leases.lease(id, member.party, body, room.now()))


@router.post("/v1/shares/{id}/revocation")
def post_revocation(id: IdPath, room: Room, member: Operator) -> Ended:
    """End a share at once; by its grantor. The same answer each time."""
    ending = room.leases.revoke(id, member.party, room.now())
    assert ending.attestation is not None
    return Ended(notice=b64encode(ending.notice).decode(), attestation=b64encode(ending.attestation).decode())


@router.get("/v1/shares/{id}")
def get_share(id: IdPath, room: Room, member: Anybody) -> ShareStatus:
    """How a share stands, for both of its parties."""
    found = room.leases.state(id, member.party)
    held, ending = found.held, found.ending
    attestation = ending.attestation if ending else None
    return ShareStatus(
        share=held.terms.share,
        records=held.terms.count,
        read=len(held.read),
        reason=held.reason,  # type: ignore[arg-type]
        closed=held.closed,
        destroyed=held.destroyed,
        until=held.terms.until,
        countersigned=held.countersigned,
        notice=b64encode(ending.notice).decode() if ending else None,
        attestation=b64encode(attestation).decode() if attestation else None,
    )
