"""A room in this process, called as its server calls it, with a clock that tests set.

Every answer is checked to be the room's own, signed, and about the request that was made.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from cleanroom.room import (
    HttpRequest,
    Quotas,
    Signer,
    card_signer,
    create_room,
    invite_here,
    open_room,
    sign_request,
    verify_answer,
)
from cleanroom.room.app import make_app
from cleanroom.room.files import RoomFiles
from cleanroom.room.house import OpenRoom
from overlap.keys import PartyKeys

URL = "https://room.example"
NOW = 1_790_000_000

PASSPHRASE = "a long passphrase"

#: The files of a new room and its keys: stretching a passphrase is slow on purpose, so one is made once.
_MADE: list[tuple[dict[str, bytes], PartyKeys]] = []


@dataclass
class Reply:
    """An answer of the room."""

    status: int
    fields: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def what(self) -> str:
        return str(self.json()["what"])


@dataclass
class RoomHouse:
    """A room in `root` and the parties that tests make."""

    root: Path
    quotas: Quotas = field(default_factory=Quotas)
    now: int = NOW
    random: Random = field(default_factory=lambda: Random(7))
    parties: dict[str, PartyKeys] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stack = ExitStack()
        self._runner = asyncio.Runner()
        self.keys = _make_room(self.root)
        self.start()

    def start(self) -> None:
        """Open the room, as its server does when it starts."""
        opened = open_room(
            self.root, lambda _: self.keys, lambda: self.now, self.random.randbytes, self.quotas
        )
        self.room: OpenRoom = self._stack.enter_context(opened)
        self.gate = make_app(self.room, URL)

    def stop(self) -> None:
        self._stack.close()
        self._stack = ExitStack()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop()
        self._runner.close()

    def join(self, name: str) -> PartyKeys:
        """A new party that was invited by the operator and has registered its card."""
        keys = PartyKeys.generate(name, self.random.randbytes)
        digest = keys.card.digest.hex()
        invite_here(self.root, digest, self.now)
        self.room.tick()
        reply = self.call(keys, "PUT", f"/v1/cards/{digest}", keys.card.to_bytes())
        assert reply.status == 201, reply.body
        self.parties[name] = keys
        return keys

    def signed(
        self,
        signer: PartyKeys | Signer,
        method: str,
        path: str,
        body: bytes = b"",
        fields: dict[str, str] | None = None,
        now: int | None = None,
        nonce: bytes | None = None,
        url: str = URL,
    ) -> HttpRequest:
        """A request with its signature."""
        by = card_signer(signer) if isinstance(signer, PartyKeys) else signer
        nonce = nonce or self.random.randbytes(16)
        made = sign_request(
            method, url + path, body, by, self.now if now is None else now, nonce, fields or {}
        )
        return HttpRequest.of(method, url + path, [*(fields or {}).items(), *made.items()])

    def call(
        self,
        signer: PartyKeys | Signer | None,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        document: Any = None,
        fields: dict[str, str] | None = None,
    ) -> Reply:
        """Make a signed request, or an unsigned one, and take the answer."""
        fields = dict(fields or {})
        if document is not None:
            body = json.dumps(document).encode()
            fields["Content-Type"] = "application/json"
        if signer is None:
            return self.send(HttpRequest.of(method, URL + path, fields.items()), body)
        return self.send(self.signed(signer, method, path, body, fields), body)

    def send(
        self,
        request: HttpRequest,
        body: bytes = b"",
        pieces: Iterable[bytes] | None = None,
        answers: bool = True,
    ) -> Reply:
        """Send a request as it is; its body in one piece, or in `pieces`.

        The answer is signed for the room's own address; without `answers` it is taken as it is.
        """
        target = urlsplit(request.url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": target.path,
            "raw_path": target.path.encode("latin-1"),
            "query_string": target.query.encode("latin-1"),
            "root_path": "",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("room.example", 443),
        }
        events = [
            {"type": "http.request", "body": piece, "more_body": True}
            for piece in (pieces if pieces is not None else [body])
        ]
        events.append({"type": "http.request", "body": b"", "more_body": False})
        sent: list[Any] = []
        self._runner.run(self.gate(scope, _giver(events), _taker(sent)))
        fields = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        reply = Reply(sent[0]["status"], fields, b"".join(event.get("body", b"") for event in sent[1:]))
        if answers:
            verify_answer(reply.status, fields.items(), reply.body, request, self.keys.card)
        return reply

    def deliver(
        self, sender: PartyKeys, recipient: PartyKeys, data: bytes, kind: str = "frame", piece: int = 2**23
    ) -> str:
        """Announce and upload a message; its id."""
        wanted = announcement(recipient, data, kind)
        reply = self.call(sender, "POST", "/v1/messages", document=wanted)
        assert reply.status == 201, reply.body
        name, offset = reply.json()["id"], reply.json()["offset"]
        while offset < len(data):
            reply = self.upload(sender, name, offset, data[offset : offset + piece])
            assert reply.status == 204, reply.body
            offset = int(reply.fields["upload-offset"])
        return str(name)

    def upload(self, sender: PartyKeys, name: str, offset: int, data: bytes) -> Reply:
        return self.call(sender, "PATCH", f"/v1/messages/{name}", data, fields={"Upload-Offset": str(offset)})


def _make_room(root: Path) -> PartyKeys:
    if not _MADE:
        create_room(root, "lobby", PASSPHRASE, Random(7).randbytes)
        names = ("room", "keys/card", "keys/identity")
        made = {name: (root / name).read_bytes() for name in names}
        _MADE.append((made, PartyKeys.from_locked(made["keys/identity"], PASSPHRASE)))
    files, keys = _MADE[0]
    RoomFiles(root).make_folders()
    for name, data in files.items():
        (root / name).write_bytes(data)
    return keys


def announcement(recipient: PartyKeys, data: bytes, kind: str = "frame") -> dict[str, Any]:
    return {
        "recipient": recipient.card.digest.hex(),
        "kind": kind,
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
    }


def _giver(events: list[dict[str, Any]]) -> Callable[[], Any]:
    left = iter(events)

    async def receive() -> dict[str, Any]:
        return next(left, {"type": "http.disconnect"})

    return receive


def _taker(sent: list[Any]) -> Callable[[Any], Any]:
    async def send(event: Any) -> None:
        sent.append(event)

    return send
