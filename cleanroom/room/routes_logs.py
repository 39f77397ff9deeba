"""The addresses of the room's logs, and of counts through the room."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from cleanroom.room.callers import Auditor, Octets, Operator, Room, octet_answer, octet_body, plain
from cleanroom.room.models import Consistency, DigestPath, IdPath, LogEntries
from overlap.errors import MalformedFile

router = APIRouter()

NOTE_TYPE = "text/plain; charset=utf-8"
Number = Annotated[int, Query(alias="from", ge=0, lt=2**53)]
First = Annotated[int, Query(ge=1, lt=2**53)]

#: What both lists of a count have in common.
_LIST: dict[str, Any] = {
    "status_code": 202,
    "response_class": Response,
    "openapi_extra": octet_body("The list with its contract, sealed to the room."),
}


@router.get(
    "/v1/logs/{peer}/checkpoint",
    response_class=Response,
    responses=octet_answer("A C2SP checkpoint, signed by the room.", "text/plain"),
)
def get_checkpoint(peer: DigestPath, room: Room, member: Auditor) -> Response:
    """The newest checkpoint of the room's log of the caller and `peer`."""
    return plain(room.witness.note(member.party, peer).encode(), NOTE_TYPE)


@router.get("/v1/logs/{peer}/entries")
def get_entries(peer: DigestPath, room: Room, member: Auditor, start: Number = 0) -> LogEntries:
    """At most 1,000 entries, from one on."""
    return LogEntries.model_validate(room.witness.entries(member.party, peer, start))


@router.get("/v1/logs/{peer}/consistency")
def get_consistency(peer: DigestPath, room: Room, member: Auditor, first: First) -> Consistency:
    """That the log begins with its first `first` entries."""
    return Consistency(**room.witness.consistency(member.party, peer, first))


@router.post(
    "/v1/logs/{peer}/cosignatures",
    status_code=204,
    response_class=Response,
    openapi_extra=octet_body("A checkpoint of this log with the caller's cosignature."),
)
def post_cosignature(peer: DigestPath, body: Octets, room: Room, member: Operator) -> Response:
    """Show a checkpoint of the log that the caller's party has cosigned."""
    try:
        note = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedFile("this is not a cosigned checkpoint", "send the note as it is") from error
    room.witness.cosigned(member.party, peer, note, room.now())
    return Response(status_code=204)


@router.put("/v1/counts/{run}/starter-list", **_LIST)
def put_starter_list(run: IdPath, body: Octets, room: Room, member: Operator) -> Response:
    """The starter's elements, blinded twice; the responder sends them."""
    room.counting.take(run, "starter-list", member.party, body, room.now())
    return Response(status_code=202)


@router.put("/v1/counts/{run}/responder-list", **_LIST)
def put_responder_list(run: IdPath, body: Octets, room: Room, member: Operator) -> Response:
    """The responder's elements, blinded twice; the starter sends them."""
    room.counting.take(run, "responder-list", member.party, body, room.now())
    return Response(status_code=202)


@router.get("/v1/counts/{run}/result", responses=octet_answer("The result."), response_class=Response)
def get_result(run: IdPath, room: Room, member: Operator) -> Response:
    """The result of a count, sealed to the caller's party; 404 while it is not there."""
    return plain(room.counting.result(run, member.party))
