"""The relay's addresses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from cleanroom.room.callers import Octets, Operator, Reader, Room, octet_answer, octet_body, plain
from cleanroom.room.models import Announcement, IdPath, InboxMessage, Upload
from cleanroom.room.relay import Message

router = APIRouter()

Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, lt=2**53)]
_OFFSET_HEADER = {"Upload-Offset": {"schema": {"type": "integer"}}}
From = Annotated[int, Query(ge=0, lt=2**53)]


@router.post("/v1/messages", status_code=201)
def post_message(wanted: Announcement, room: Room, member: Operator) -> Upload:
    """Announce a message to a registered party; the same announcement again says where to go on."""
    room.registry.living(wanted.recipient)
    new = Message(
        "", member.party, wanted.recipient, wanted.kind, wanted.size, wanted.sha256, 0, room.now(), 0
    )
    found = room.relay.announce(new)
    return Upload(id=found.id, offset=found.offset)


@router.patch(
    "/v1/messages/{id}",
    status_code=204,
    response_class=Response,
    openapi_extra=octet_body("The next piece, at most 8 MiB."),
    responses={
        204: {"description": "It is on disk.", "headers": {"Upload-Offset": {"schema": {"type": "integer"}}}}
    },
)
def patch_message(id: IdPath, offset: Offset, body: Octets, room: Room, member: Operator) -> Response:
    """Upload the next piece of an announced message."""
    end = room.relay.append(id, member.party, offset, body, room.now())
    return Response(status_code=204, headers={"Upload-Offset": str(end)})


@router.get("/v1/messages")
def get_messages(room: Room, member: Reader) -> list[InboxMessage]:
    """Complete messages that wait for the caller, the oldest first."""
    return [
        InboxMessage(
            id=one.id,
            sender=one.sender,
            kind=one.kind,
            size=one.size,
            sha256=one.sha256,
            time=one.completed,
        )
        for one in room.relay.inbox(member.party)
    ]


@router.get("/v1/messages/{id}", responses=octet_answer("A piece."), response_class=Response)
def get_message(id: IdPath, room: Room, member: Operator, offset: From = 0) -> Response:
    """At most 8 MiB of a message, from an offset on."""
    return plain(room.relay.fetch(id, member.party, offset))


@router.delete("/v1/messages/{id}", status_code=204, response_class=Response)
def delete_message(id: IdPath, room: Room, member: Operator) -> Response:
    """The recipient has it, or the sender takes it back."""
    room.relay.delete(id, member.party)
    return Response(status_code=204)
