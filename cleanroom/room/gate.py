"""The gate of a room: every request passes here before anything else sees it, and every answer after.

    open address, or a signature that holds ─ not seen before ─ quota ─ body: size, time, digest
    ─ nonce on disk ─ the room ─ signed answer

Who cannot sign costs the room one signature check and no body, but where a body shows the card that signs: an
invited one, or the next one of a registered card. Nothing here reads a clock but the room's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from cleanroom.receipts import STATEMENT_LIMIT_BYTES
from cleanroom.room.house import KEYS_LIMIT, OpenRoom
from cleanroom.room.metrics import Metrics
from cleanroom.room.problem import PROBLEM_TYPE, Problem, document_of, problem_of, too_large, unsigned
from cleanroom.room.registry import Member
from cleanroom.room.relay import PIECE_BYTES
from cleanroom.room.sealed_counts import COUNT_LIMIT_BYTES
from cleanroom.room.signatures import (
    HttpRequest,
    SignedRequest,
    content_digest,
    sign_answer,
    verify_request,
)
from cleanroom.share import DEPOSIT_LIMIT_BYTES, REQUEST_LIMIT_BYTES
from overlap.errors import BadPeerFile, ForgedFile, OverlapError, Refused, UsageError
from overlap.keys import ROTATION_LIMIT_BYTES, Card, read_rotation

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: What anybody may ask for, by GET.
OPEN: Final = ("/v1/room", "/health", "/metrics", "/openapi.json")

#: Bytes of a body where no rule below says otherwise: a JSON document of a few lines, or a card.
BODY_LIMIT: Final = KEYS_LIMIT

#: Seconds within which a body has to be here: 8 MiB at 1 Mbit/s.
BODY_SECONDS: Final = 70

#: Bytes of all bodies that are read at one time; beyond, the room is busy.
INTAKE_LIMIT: Final = 512 * 2**20

#: Bytes of those of one party: the largest body, and pieces beside it. No party makes the room busy alone.
PARTY_INTAKE: Final = INTAKE_LIMIT // 4

_ID: Final = "[0-9a-f]{32}"
_LIMITS: Final = (
    ("PUT", re.compile("/v1/cards/[0-9a-f]{64}/end"), ROTATION_LIMIT_BYTES),
    ("PATCH", re.compile(f"/v1/messages/{_ID}"), PIECE_BYTES),
    ("POST", re.compile("/v1/shares"), DEPOSIT_LIMIT_BYTES),
    ("PUT", re.compile(f"/v1/shares/{_ID}/countersignature"), STATEMENT_LIMIT_BYTES),
    ("POST", re.compile(f"/v1/shares/{_ID}/leases"), REQUEST_LIMIT_BYTES),
    ("PUT", re.compile(f"/v1/counts/{_ID}/(?:starter|responder)-list"), COUNT_LIMIT_BYTES),
)
_CARD: Final = re.compile("/v1/cards/([0-9a-f]{64})(/end)?")
_OFFSET: Final = b"upload-offset"

#: Digits of a content-length: a longer number is no length of ours, and slow to read.
_LENGTH_DIGITS: Final = 12

_STRANGER: Final = (
    "the card has to be invited, by a party of the room or its operator; then join again after a few seconds"
)

_SUSPENDED: Final = (
    "the room was restored from a backup: the party runs 'overlap room member confirm', or removes the member"
)

_log = logging.getLogger("overlap.room")


@dataclass
class Answer:
    """An answer while it is made."""

    status: int = 500
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def take(self, event: Event) -> None:
        """The room's side of ASGI."""
        if event["type"] == "http.response.start":
            self.status, self.fields = event["status"], list(event.get("headers", ()))
        elif event["type"] == "http.response.body":
            self.body += event.get("body", b"")

    def become(self, problem: Problem, now: int) -> None:
        """Be that problem, whatever was answered so far."""
        self.status = problem.status
        self.body = bytearray(json.dumps(document_of(problem, now), ensure_ascii=False).encode())
        self.fields = [(name.lower().encode(), text.encode()) for name, text in problem.fields.items()]
        self.fields.append((b"content-type", PROBLEM_TYPE.encode()))


class Gate:
    """ASGI: lets pass what is signed, and signs what goes out. `url` is the room's own address as its
    clients write it, without a path."""

    def __init__(self, app: App, room: OpenRoom, url: str, metrics: Metrics) -> None:
        self._app, self._room, self._url, self._metrics = app, room, url.rstrip("/"), metrics
        self._reading = 0
        self._reading_of: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        begun, answer, received = time.perf_counter(), Answer(), 0
        request = self._request(scope)
        try:
            body = await self._admit(scope, receive, request)
            received = len(body)
            await self._app(scope, _replay(body), answer.take)
        except Problem as problem:
            answer.become(problem, self._room.now())
        except OverlapError as error:
            answer.become(problem_of(error), self._room.now())
        except Exception as error:
            answer.become(_bug(error), self._room.now())
        await self._send(send, request, answer)
        route = getattr(scope.get("route"), "path", "none")
        seconds = time.perf_counter() - begun
        self._metrics.answered(request.method, route, answer.status, seconds, received, len(answer.body))

    def _request(self, scope: Scope) -> HttpRequest:
        path = scope.get("raw_path") or scope["path"].encode()
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        target = (path + query).decode("latin-1")
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        return HttpRequest.of(scope["method"].upper(), self._url + target, fields)

    async def _admit(self, scope: Scope, receive: Receive, request: HttpRequest) -> bytes:
        """The body of a request that may pass; its member is then in the scope's state."""
        limit = _limit_of(request.method, scope["path"])
        if scope["path"] in OPEN and request.method in ("GET", "HEAD"):
            await self._read(receive, request, 0)
            return b""
        body, shown = None, None
        if reader := self._reader_of_card(request.method, scope["path"]):
            body = await self._read(receive, request, limit)
            shown = reader(body)
        signed = self._verify(request, shown)
        member = self._room.registry.member(signed.keyid) or Member(signed.keyid, signed.keyid, b"", "admin")
        self._burn(signed)
        self._room.rate.take(member.party)
        kept = asyncio.wrap_future(self._room.nonces.keep(signed.keyid, signed.nonce, signed.expires))
        if body is None:
            body = await self._read(receive, request, limit, member.party)
        if content_digest(body) != signed.digest:
            raise unsigned(ForgedFile("the body is not the one that was signed", "send it again"))
        await kept
        self._room.leases.heard(member.party, signed.created)
        scope.setdefault("state", {})["member"] = member
        return body

    def _reader_of_card(self, method: str, path: str) -> Callable[[bytes], Card | None] | None:
        """How the body of this request shows a card that may sign it and is not registered, if it may.

        It is an invited one that registers, or the one to which a registered card was rotated: who rotated
        while the room was away has nothing else to tell it with.
        """
        match, registry = _CARD.fullmatch(path) if method == "PUT" else None, self._room.registry
        if match is None:
            return None
        digest, ends = match[1], bool(match[2])
        if ends:
            return partial(_heir, digest=digest) if registry.member(digest) else None
        if registry.member(digest) or not registry.is_invited(digest, self._room.now()):
            return None
        return partial(_own_card, digest=digest)

    def _verify(self, request: HttpRequest, shown: Card | None) -> SignedRequest:
        strangers = []

        def key_of(keyid: str) -> bytes | None:
            member = self._room.registry.member(keyid)
            if member is None and shown is not None and keyid == shown.digest.hex():
                return shown.requests
            if member is None:
                strangers.append(keyid)
            return member.key if member else None

        try:
            return verify_request(request, key_of, self._room.now())
        except OverlapError as error:
            if any(map(self._room.registry.is_suspended, strangers)):
                raise unsigned(Refused("this member waits to be confirmed", _SUSPENDED)) from error
            if strangers:
                raise unsigned(ForgedFile("the room does not know the key that signed", _STRANGER)) from error
            raise unsigned(error) from error

    def _burn(self, signed: SignedRequest) -> None:
        try:
            self._room.nonces.burn(signed.keyid, signed.nonce, signed.expires)
        except Refused as error:
            raise unsigned(error) from error

    async def _read(self, receive: Receive, request: HttpRequest, limit: int, party: str = "") -> bytes:
        """The body, at most `limit` bytes, in BODY_SECONDS; `party` is who signed, where that is known."""
        length = request.headers.get("content-length", "")
        if length and not (length.isascii() and length.isdecimal() and len(length) <= _LENGTH_DIGITS):
            raise too_large(limit)
        if length and int(length) > limit:
            raise too_large(limit)
        reserved = int(length) if length else limit
        own = self._reading_of.get(party, 0) + reserved
        if self._reading + reserved > INTAKE_LIMIT or own > PARTY_INTAKE:
            busy = Refused("the room is reading too much at once", "try again in a moment")
            raise Problem(503, busy, {"Retry-After": "2"})
        self._reading += reserved
        self._reading_of[party] = own
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await _collect(receive, limit)
        except TimeoutError as error:
            slow = UsageError(f"the body was not here after {BODY_SECONDS} seconds", "send smaller pieces")
            raise Problem(408, slow) from error
        finally:
            self._reading -= reserved
            self._reading_of[party] -= reserved
            if not self._reading_of[party]:
                del self._reading_of[party]

    async def _send(self, send: Send, request: HttpRequest, answer: Answer) -> None:
        if request.method == "HEAD":
            answer.body = bytearray()
        body = bytes(answer.body)
        fields = [one for one in answer.fields if one[0].lower() != b"content-length"]
        offset = next((value.decode() for name, value in fields if name.lower() == _OFFSET), "")
        signed = self._signed(answer.status, body, request, offset)
        fields += [(name.lower().encode(), text.encode("latin-1")) for name, text in signed.items()]
        fields += [(b"cache-control", b"no-store")]
        if answer.status != 204:
            fields += [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    def _signed(self, status: int, body: bytes, request: HttpRequest, offset: str) -> dict[str, str]:
        """The fields of a signed answer; to a request that has no form, one that repeats nothing of it."""
        keys, now = self._room.keys, self._room.now()
        try:
            return sign_answer(status, body, request, keys, now, offset)
        except Exception:
            plain = HttpRequest.of("GET", self._url + "/", ())
            return sign_answer(status, body, plain, keys, now, offset)


def _limit_of(method: str, path: str) -> int:
    for verb, pattern, limit in _LIMITS:
        if method == verb and pattern.fullmatch(path):
            return limit
    return BODY_LIMIT


def _own_card(body: bytes, digest: str) -> Card | None:
    """The card of this digest in a body, if it is one."""
    with suppress(BadPeerFile):
        card = Card.from_bytes(body)
        return card if card.digest.hex() == digest else None
    return None


def _heir(body: bytes, digest: str) -> Card | None:
    """The card to which the one of this digest was rotated, by its owner's word in the body."""
    with suppress(BadPeerFile):
        rotation = read_rotation(body)
        return rotation.new if rotation.old.digest.hex() == digest else None
    return None


async def _collect(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Problem(400, UsageError("the body was cut short", "send the request again"))
        body += event.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        if not event.get("more_body", False):
            return bytes(body)


def _replay(body: bytes) -> Receive:
    """The body once more, in one event."""
    events: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Event:
        return events.pop() if events else {"type": "http.disconnect"}

    return receive


def _bug(error: Exception) -> Problem:
    """Type and place of an unexpected error; its text may quote what is nobody's business."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
    _log.error("a bug in the room: %s", place)
    return Problem(500, OverlapError(f"a bug in the room: {place}", "tell the room's operator this line"))
