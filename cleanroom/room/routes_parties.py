"""The room's own addresses, cards, invitations and members."""

from __future__ import annotations

from fastapi import APIRouter, Response

from cleanroom.room.callers import (
    Admin,
    Anybody,
    Octets,
    Room,
    octet_answer,
    octet_body,
    plain,
)
from cleanroom.room.house import INVITED_SECONDS
from cleanroom.room.metrics import METRICS_TYPE, Metrics
from cleanroom.room.models import DigestPath, Health, Invitation, KeyId, NewMember
from cleanroom.room.models import Member as MemberDocument
from overlap.errors import WrongRun
from overlap.keys import ROTATION_LINE, Card, read_revocation, read_rotation

router = APIRouter()


@router.get("/v1/room", responses=octet_answer("The room's card."), response_class=Response)
def read_room(room: Room) -> Response:
    """The room's card, to compare its fingerprint by another channel before it is trusted."""
    return plain(room.keys.card.to_bytes())


@router.get("/health")
def read_health(room: Room) -> Health:
    """That the room answers and its database reads."""
    room.database.read("SELECT 1")
    return Health(status="ok", time=room.now())


def metrics_route(metrics: Metrics) -> APIRouter:
    """The address of the figures."""
    figures = APIRouter()

    def read_metrics(room: Room) -> Response:
        """Figures in the text format of Prometheus, without names."""
        messages, size = room.relay.count()
        shares, waiting = room.leases.count()
        text = metrics.text(
            parties=len(room.registry.parties),
            messages=messages,
            message_bytes=size,
            open_shares=shares,
            ends_waiting=waiting,
            disk_bytes=room.disk.used,
            disk_limit_bytes=room.disk.limit,
        )
        return plain(text, METRICS_TYPE)

    answers = octet_answer("The figures.", METRICS_TYPE.split(";", 1)[0])
    figures.add_api_route("/metrics", read_metrics, responses=answers, response_class=Response)
    return figures


@router.put(
    "/v1/cards/{digest}",
    status_code=201,
    response_class=Response,
    openapi_extra=octet_body("The card."),
    responses={200: {"description": "It is registered already."}, 201: {"description": "It is registered."}},
)
def put_card(digest: DigestPath, body: Octets, room: Room, member: Anybody) -> Response:
    """Register an invited card; the request is signed by that card's `requests` key."""
    card = Card.from_bytes(body)
    if not card.digest.hex() == digest == member.keyid:
        raise WrongRun("the card is not the one of the address and the signature", "send the own card")
    if digest not in room.registry.parties:
        room.disk.admit(len(body))
    new = room.registry.register(card, room.now())
    return Response(status_code=201 if new else 200)


@router.get("/v1/cards/{digest}", responses=octet_answer("The card."), response_class=Response)
def get_card(digest: DigestPath, room: Room, member: Anybody) -> Response:
    """A registered card. Whoever takes it in compares its fingerprint by another channel."""
    return plain(room.registry.living(digest).to_bytes())


@router.put(
    "/v1/cards/{digest}/end",
    status_code=204,
    response_class=Response,
    openapi_extra=octet_body("The rotation or the revocation of the card."),
)
def put_end(digest: DigestPath, body: Octets, room: Room, member: Anybody) -> Response:
    """Put a card out of use, by its owner's statement, whoever brings it.

    Nothing signed for its party is taken any more, and its shares end. The card that a rotation leads to may
    be registered for two weeks.
    """
    if body.startswith(ROTATION_LINE):
        rotation = read_rotation(body)
        old, coming = rotation.old, rotation.new.digest.hex()
    else:
        old, coming = read_revocation(body).card, ""
    if old.digest.hex() != digest:
        raise WrongRun("the statement is about another card", "send it to the address of its card")
    now = room.now()
    room.registry.end(digest, body, now)
    room.leases.end_party(digest, now)
    if coming:
        room.registry.invite(coming, now + INVITED_SECONDS, "", now)
    return Response(status_code=204)


@router.post("/v1/invitations", status_code=201)
def post_invitation(invitation: Invitation, room: Room, member: Admin) -> Invitation:
    """Invite a card: until `expires` it may be registered."""
    room.registry.invite(invitation.card, invitation.expires, member.party, room.now())
    return invitation


@router.get("/v1/members")
def get_members(room: Room, member: Admin) -> list[MemberDocument]:
    """Who signs for the caller's party; after a restore also who did before, until it is confirmed."""
    found = [(one, "active") for one in room.registry.members_of(member.party)]
    found += [(one, "suspended") for one in room.registry.suspended_of(member.party)]
    return [
        MemberDocument(keyid=one.keyid, key=one.key.hex(), role=one.role, state=state)  # type: ignore[arg-type]
        for one, state in found
    ]


@router.post("/v1/members", status_code=201)
def post_member(wanted: NewMember, room: Room, member: Admin) -> KeyId:
    """Let a key sign for the caller's party; the same key again takes the new role, or is confirmed."""
    made = room.registry.add_member(member.party, bytes.fromhex(wanted.key), wanted.role, room.now())
    return KeyId(keyid=made.keyid)


@router.delete("/v1/members/{keyid}", status_code=204, response_class=Response)
def delete_member(keyid: DigestPath, room: Room, member: Admin) -> Response:
    """End the rights of a member at once."""
    room.registry.remove_member(member.party, keyid)
    return Response(status_code=204)
