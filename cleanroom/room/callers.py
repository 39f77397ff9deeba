"""What the routes need of a request: the room, who calls and in which role, and a body of octets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

from cleanroom.room.house import OpenRoom
from cleanroom.room.models import Problem as ProblemDocument
from cleanroom.room.problem import PROBLEM_TYPE
from cleanroom.room.registry import Member
from overlap.errors import Refused

OCTETS: Final = "application/octet-stream"


async def room_of(request: Request) -> OpenRoom:
    room = request.app.state.room
    assert isinstance(room, OpenRoom)
    return room


async def caller(request: Request) -> Member:
    """Whoever signed the request; the gate has let nobody else pass."""
    member = request.state.member
    assert isinstance(member, Member)
    return member


async def octets(request: Request) -> bytes:
    """The body as it came."""
    return await request.body()


def only(*roles: str) -> Callable[[Request], Awaitable[Member]]:
    """The caller, when it has one of these roles; Refused otherwise."""

    async def check(request: Request) -> Member:
        member = await caller(request)
        if member.role not in roles:
            raise Refused(f"the role '{member.role}' may not do this", f"it takes one of: {', '.join(roles)}")
        return member

    return check


Room = Annotated[OpenRoom, Depends(room_of)]
Octets = Annotated[bytes, Depends(octets)]
Anybody = Annotated[Member, Depends(caller)]
Admin = Annotated[Member, Depends(only("admin"))]
Operator = Annotated[Member, Depends(only("admin", "operator"))]
Auditor = Annotated[Member, Depends(only("admin", "operator", "auditor"))]
Reader = Annotated[Member, Depends(only("admin", "operator", "viewer"))]

_REASONS: Final = {
    400: "The request has another form than it should.",
    401: "The request is not signed as it should be, or was made before.",
    403: "A role or a rule says no.",
    404: "There is no such thing, or none that the caller may know of.",
    408: "The body came too slowly.",
    409: "It does not fit what is there.",
    410: "The share has ended.",
    413: "The body is too large.",
    422: "The body is not acceptable.",
    429: "A quota says no.",
    503: "The room is busy.",
    507: "The room's disk has as many bytes as it may.",
}

#: The problems that any signed address can answer with, for the OpenAPI document.
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ProblemDocument, "description": text, "content": {PROBLEM_TYPE: {}}}
    for status, text in _REASONS.items()
}


def octet_body(text: str) -> dict[str, Any]:
    """A body of octets, for the OpenAPI document."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "description": text, "content": {OCTETS: schema}}}


def octet_answer(text: str, media_type: str = OCTETS) -> dict[int | str, dict[str, Any]]:
    """An answer of octets, for the OpenAPI document."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": text, "content": {media_type: schema}}}


def plain(data: bytes, media_type: str = OCTETS, status: int = 200) -> Response:
    """An answer of octets."""
    return Response(data, status, media_type=media_type)
