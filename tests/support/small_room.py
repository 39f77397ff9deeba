"""The carrier side of a room, in memory on loopback: it checks and signs as a room does, or cheats when told.

What a room does beyond carrying is tested with the room itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cleanroom.room.signatures import HttpRequest, content_digest, sign_answer, verify_request
from cleanroom.session.party import wall_clock
from overlap.errors import OverlapError
from overlap.keys import Card, PartyKeys

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Message:
    """One file on its way."""

    sender: str
    about: dict[str, Any]
    time: int
    data: bytearray = field(default_factory=bytearray)

    @property
    def complete(self) -> bool:
        return len(self.data) == self.about["size"]


@dataclass
class SmallRoom:
    """What the room holds, whom it knows, and how it cheats.

    `before` may answer a request in the room's place: a Reply, or None to let it do its work; an exception
    cuts the connection. `sign` are the keys it signs with, `alter` changes an answer after it was signed.
    """

    keys: PartyKeys
    sign: PartyKeys
    cards: dict[str, Card] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    before: Callable[[str, str, bytes], Reply | None] = lambda method, path, body: None
    alter: Callable[[Reply], Reply] = lambda reply: reply
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    url: str = ""

    @property
    def fingerprint(self) -> str:
        return self.keys.card.fingerprint

    def answer(self, method: str, path: str, fields: list[tuple[str, str]], body: bytes) -> Reply:
        self.requests.append((method, path, len(body)))
        request = HttpRequest.of(method, self.url + path, fields)
        reply = self.before(method, path, body) or self._work(request, path, body)
        status, headers, content = reply
        signed = sign_answer(
            status, content, request, self.sign, wall_clock(), headers.get("Upload-Offset", "")
        )
        return self.alter((status, headers | signed, content))

    def _work(self, request: HttpRequest, path: str, body: bytes) -> Reply:
        if (request.method, path) == ("GET", "/v1/room"):
            return 200, {}, self.keys.card.to_bytes()
        registers = request.method == "PUT" and path.startswith("/v1/cards/")
        if registers:
            card = Card.from_bytes(body)
            self.cards[card.digest.hex()] = card
        try:
            said = verify_request(request, self._key_of, wall_clock())
            assert said.digest == content_digest(body)
        except OverlapError as error:
            return problem(401, error.what)
        return (201, {}, b"") if registers else self._carry(request, path, said.keyid, body)

    def _key_of(self, keyid: str) -> bytes | None:
        return self.cards[keyid].requests if keyid in self.cards else None

    def _carry(self, request: HttpRequest, path: str, caller: str, body: bytes) -> Reply:
        place, _, asked = path.partition("?offset=")
        name = place.rpartition("/")[2]
        if place == "/v1/messages" and request.method == "POST":
            return self._announced(caller, json.loads(body))
        if place == "/v1/messages":
            return 200, {}, json.dumps(self._inbox(caller)).encode()
        if name not in self.messages:
            return problem(404, "there is no such message")
        message = self.messages[name]
        if request.method == "DELETE":
            del self.messages[name]
            return 204, {}, b""
        if request.method == "GET":
            return 200, {}, bytes(message.data[int(asked or 0) :][: 8 * 2**20])
        if int(request.headers["upload-offset"]) != len(message.data):
            return 409, {"Upload-Offset": str(len(message.data))}, b"{}"
        message.data += body
        if message.complete and hashlib.sha256(message.data).hexdigest() != message.about["sha256"]:
            message.data.clear()
            return problem(422, "the digest is another")
        return 204, {"Upload-Offset": str(len(message.data))}, b""

    def _announced(self, caller: str, about: dict[str, Any]) -> Reply:
        for name, message in self.messages.items():
            if (message.sender, message.about) == (caller, about):
                return 201, {}, json.dumps({"id": name, "offset": len(message.data)}).encode()
        name = secrets.token_hex(16)
        self.messages[name] = Message(caller, about, wall_clock())
        return 201, {}, json.dumps({"id": name, "offset": 0}).encode()

    def _inbox(self, caller: str) -> list[dict[str, Any]]:
        names = ("kind", "size", "sha256")
        return [
            {"id": name, "sender": one.sender, "time": one.time} | {key: one.about[key] for key in names}
            for name, one in self.messages.items()
            if one.about["recipient"] == caller and one.complete
        ]


def problem(status: int, what: str, error: str = "Refused", **more: Any) -> Reply:
    """A problem document as a room writes it."""
    document = {"status": status, "what": what, "hint": "ask", "exit_code": 3, "error": error} | more
    return status, {"Content-Type": "application/problem+json"}, json.dumps(document).encode()


@contextmanager
def small_room(keys: PartyKeys) -> Iterator[SmallRoom]:
    """A room on a free port of this machine, until the end of the block."""
    room = SmallRoom(keys, keys)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def work(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                reply = room.answer(self.command, self.path, list(self.headers.items()), body)
            except ConnectionError:
                self.close_connection = True
                return
            status, fields, content = reply
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            if not re.search("content-length", " ".join(fields), re.IGNORECASE) and status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status != 204:
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = work

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    room.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield room
    finally:
        server.shutdown()
        server.server_close()
