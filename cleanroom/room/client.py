"""A party's side of a room: signed requests, checked answers, and the room as a carrier of files.

Every answer is signed by the room's card and belongs to the request it answers, so that nobody between can
speak for the room; an answer that is not so signed is believed in nothing. Requests that fail on the way, and
answers that say that the room is in trouble, are tried again with pauses, each time signed anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from cleanroom.durable import OWNER_ONLY, sync_folder
from cleanroom.room.carrier import PIECE, Waiting, changed, gone, limit_of, require_kind
from cleanroom.room.signatures import NONCE_BYTES, HttpRequest, Signer, sign_request, verify_answer
from overlap import errors
from overlap.errors import (
    BadPeerFile,
    ForgedFile,
    MalformedFile,
    OverlapError,
    Refused,
    Unreachable,
    UsageError,
)
from overlap.keys import Card, RandomBytes

#: Bytes of one piece of an upload or a download.
CHUNK: Final = 8 * 2**20

#: Bytes of the largest answer that is read: a piece, or a list of as many messages as a room keeps.
ANSWER_LIMIT: Final = CHUNK + 2**20

#: Seconds before each further attempt.
PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0)

#: Seconds for a connection, and for an answer to begin.
CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0

#: Seconds by which clocks may differ before the difference is what we complain about.
CLOCK_SECONDS: Final = 10

#: The status of a room whose disk is full: asking again at once is in vain.
_FULL: Final = 507

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TEXT_LIMIT: Final = 300
_CLASSES: Final = {
    name: getattr(errors, name) for name in ("Expired", "Unverified", "ForgedFile", "WrongRun")
}
_CODES: Final[dict[int, type[OverlapError]]] = {2: UsageError, 3: Refused, 5: BadPeerFile}


@dataclass(frozen=True)
class Answer:
    """A room's answer whose signature holds. Names of `fields` are lower case."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; MalformedFile when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise _malformed() from error


class RoomClient:
    """Requests to one room, signed by `signer`, and its answers, checked against its `card`.

    `clock` gives unix seconds, `random` nonces; `sleep` waits between attempts.
    """

    def __init__(
        self,
        url: str,
        card: Card,
        signer: Signer,
        clock: Callable[[], int],
        random: RandomBytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._card = card
        self._signer = signer
        self._clock = clock
        self._random = random
        self._sleep = sleep
        self._http = new_http(url)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        fields: Mapping[str, str] | None = None,
        expect: Collection[int] = (200, 201, 202, 204),
    ) -> Answer:
        """The room's answer, when its status is one of `expect`.

        Raises Unreachable when there is none after all attempts, or the room asks to wait; ForgedFile when
        the answer is not the room's; otherwise the error that the room names.
        """
        for pause in (*PAUSES, 0.0):
            try:
                answer = self._attempt(method, path, body, fields or {})
            except Unreachable:
                if not pause:
                    raise
                self._sleep(pause)
                continue
            if answer.status in expect:
                return answer
            raise self.problem(answer)
        raise AssertionError("the last pause is none")

    def ask_json(self, method: str, path: str, value: Any = None) -> Any:
        """The answer to a request with a JSON body, as JSON."""
        body = b"" if value is None else json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
        fields = {"Content-Type": "application/json"} if body else {}
        return self.ask(method, path, body, fields).json()

    def register(self, card: Card) -> None:
        """Make our card known to the room; Refused when nobody has invited it.

        A room that runs takes its operator's invitations in once a second, so a refusal is not taken at once.
        """
        for pause in (1.0, 2.0, 0.0):
            try:
                self.ask("PUT", f"/v1/cards/{card.digest.hex()}", card.to_bytes())
            except Refused:
                if not pause:
                    raise
                self._sleep(pause)
            else:
                return

    def invite(self, card: Card, expires: int) -> None:
        """Let another party register its card until `expires`, in unix seconds."""
        self.ask_json("POST", "/v1/invitations", {"card": card.digest.hex(), "expires": expires})

    def end_card(self, card: Card, statement: bytes) -> bool:
        """Let the room take nothing more by a card, on the word of its rotation or revocation; False when it
        knows no such card."""
        fields = {"Content-Type": "application/octet-stream"}
        path = f"/v1/cards/{card.digest.hex()}/end"
        return self.ask("PUT", path, statement, fields, expect=(200, 204, 404)).status != 404

    def has_card(self, digest: str) -> bool:
        """Whether the room takes what the card with this digest signs."""
        return self.ask("GET", f"/v1/cards/{digest}", expect=(200, 404)).status == 200

    def card_of(self, digest: str) -> Card:
        """The card of a registered party."""
        card = Card.from_bytes(self.ask("GET", f"/v1/cards/{digest}").body)
        if card.digest.hex() != digest:
            raise ForgedFile("the room gave another card than the one asked for", "tell who runs the room")
        return card

    def close(self) -> None:
        """End the connections that are kept for further requests."""
        self._http.close()

    def _attempt(self, method: str, path: str, body: bytes, fields: Mapping[str, str]) -> Answer:
        url = self._url + path
        sent = dict(fields)
        nonce = self._random(NONCE_BYTES)
        sent |= sign_request(method, url, body, self._signer, self._clock(), nonce, fields)
        status, received, content = exchange(self._http, method, url, body, sent)
        try:
            verify_answer(status, received, content, HttpRequest.of(method, url, sent.items()), self._card)
        except BadPeerFile:
            if status >= 500:  # Whoever stands before the room says that it is away.
                raise _away(self._url, f"status {status}") from None
            raise
        answer = Answer(status, {name.lower(): value for name, value in received}, content)
        if (status >= 500 and status != _FULL) or status == 429:
            raise _away(self._url, _texts(answer)[0])
        return answer

    def problem(self, answer: Answer) -> OverlapError:
        """The error that the room names, in its words as far as they can be printed."""
        what, hint = _texts(answer)
        document = _document(answer)
        theirs = document.get("time")
        if answer.status == 401 and isinstance(theirs, int):
            ahead = self._clock() - theirs
            if abs(ahead) > CLOCK_SECONDS:
                word = "ahead of" if ahead > 0 else "behind"
                return Refused(f"our clock is {abs(ahead):,} seconds {word} the room's", "set the clock")
        if answer.status == 401 and document.get("error") == "ForgedFile":
            return Refused(
                "the room does not know our card",
                "have it invited ('overlap card --json' shows its digest), then 'overlap room join'",
            )
        if answer.status == _FULL:
            return Unreachable(f"the room says: {what}", hint)
        kind = _CLASSES.get(str(document.get("error")))
        if kind is None:
            code = document.get("exit_code")
            kind = _CODES.get(code if isinstance(code, int) else 0, Refused)
        error: OverlapError = kind(f"the room says: {what}", hint)
        return error


class RoomCarrier:
    """A room as a carrier of files. What the room says of a file is believed in nothing but its address."""

    def __init__(self, client: RoomClient) -> None:
        self._client = client

    def send(self, recipient: Card, kind: str, source: Path) -> None:
        """See Carrier. Goes on where an upload of the same bytes was stopped."""
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            require_kind(kind, size)
            about = {
                "recipient": recipient.digest.hex(),
                "kind": kind,
                "size": size,
                "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            }
            told = self._client.ask_json("POST", "/v1/messages", about)
            place, offset = _place(told), _number(told, "offset", size)
            for _ in range(2 * (size // CHUNK + 1) + 8):
                if offset >= size:
                    return
                file.seek(offset)
                offset = self._upload(place, file.read(CHUNK), offset, size)
        raise Unreachable("the room does not take the whole file", "'overlap sync' goes on with it later")

    def waiting(self, kinds: Collection[str]) -> list[Waiting]:
        """See Carrier."""
        listed = self._client.ask_json("GET", "/v1/messages")
        if not isinstance(listed, list):
            raise _malformed()
        items = [_waiting(one) for one in listed]
        fitting = [item for item in items if item.kind in kinds and item.size <= limit_of(item.kind)]
        return sorted(fitting, key=lambda item: item.time)

    def fetch(self, item: Waiting, target: Path) -> None:
        """See Carrier."""
        part = target.with_name(f"{target.name}.part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), OWNER_ONLY)
        with os.fdopen(descriptor, "r+b") as file:
            offset = min(file.seek(0, os.SEEK_END), item.size)
            while offset < item.size:
                answer = self._client.ask(
                    "GET", f"/v1/messages/{item.id}?offset={offset}", expect=(200, 206, 404)
                )
                if answer.status == 404:
                    raise gone()
                if not answer.body or offset + len(answer.body) > item.size:
                    raise changed()
                file.seek(offset)
                file.write(answer.body)
                offset += len(answer.body)
            file.truncate(item.size)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.sha256()
            while piece := file.read(PIECE):
                digest.update(piece)
        if digest.hexdigest() != item.sha256:
            part.unlink()
            raise changed()
        os.replace(part, target)
        sync_folder(target.parent)

    def done(self, item: Waiting) -> None:
        """See Carrier."""
        self._client.ask("DELETE", f"/v1/messages/{item.id}", expect=(200, 204, 404))

    def close(self) -> None:
        """See Carrier."""
        self._client.close()

    def _upload(self, place: str, piece: bytes, offset: int, size: int) -> int:
        """Send one piece; the offset at which the next one begins, as the room says."""
        fields = {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
        answer = self._client.ask("PATCH", place, piece, fields, expect=(200, 204, 409))
        said = answer.fields.get("upload-offset", "")
        if not re.fullmatch(r"[0-9]{1,15}", said) or int(said) > size:
            if answer.status == 409:
                raise self._client.problem(answer)
            raise _malformed()
        return int(said)


def new_http(url: str) -> httpx.Client:
    """A client for one room: no redirects, time limits, and no proxy for this machine itself."""
    loopback = httpx.URL(url).host in ("localhost", "127.0.0.1", "::1")
    limits = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    return httpx.Client(timeout=limits, follow_redirects=False, trust_env=not loopback)


def exchange(
    http: httpx.Client, method: str, url: str, body: bytes, fields: Mapping[str, str]
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, header fields and body of an answer of bounded size. Raises Unreachable."""
    sent = {"Accept-Encoding": "identity", **fields}
    with _reachable(url), http.stream(method, url, content=body, headers=sent) as answer:
        content = bytearray()
        for piece in answer.iter_raw():
            content += piece
            if len(content) > ANSWER_LIMIT:
                raise MalformedFile("the room's answer is too long", "tell who runs the room")
        return answer.status_code, list(answer.headers.multi_items()), bytes(content)


def read_room_card(url: str) -> Card:
    """The card that a room shows, with an answer signed by it; nobody has confirmed it yet."""
    with new_http(url) as http:
        where = f"{url}/v1/room"
        status, fields, body = exchange(http, "GET", where, b"", {})
        if status != 200:
            raise _away(url, f"status {status}") if status >= 500 else _malformed()
        card = Card.from_bytes(body)
        verify_answer(status, fields, body, HttpRequest.of("GET", where), card)
    return card


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise _away(url, type(error).__name__) from error
    except httpx.HTTPError as error:
        raise MalformedFile("the room's answer cannot be read", "tell who runs the room") from error


def _away(url: str, why: str) -> Unreachable:
    return Unreachable(f"the room at {url} cannot be reached: {why}", "'overlap sync' goes on later")


def _malformed() -> MalformedFile:
    return MalformedFile("the room's answer is not what it should be", "tell who runs the room")


def _document(answer: Answer) -> dict[str, Any]:
    try:
        found = answer.json()
    except MalformedFile:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(answer: Answer) -> tuple[str, str]:
    """The room's two lines without what steers a terminal."""
    document = _document(answer)
    what, hint = (str(document.get(name, ""))[:_TEXT_LIMIT] for name in ("what", "hint"))
    plain = ["".join(char if char.isprintable() else "?" for char in text) for text in (what, hint)]
    return plain[0] or f"status {answer.status}", plain[1] or "ask who runs the room"


def _place(told: Any) -> str:
    if not isinstance(told, dict) or not _ID.fullmatch(str(told.get("id"))):
        raise _malformed()
    return f"/v1/messages/{told['id']}"


def _number(told: Any, name: str, most: int) -> int:
    value = told.get(name) if isinstance(told, dict) else None
    if type(value) is not int or not 0 <= value <= most:
        raise _malformed()
    return value


def _waiting(told: Any) -> Waiting:
    """One entry of the inbox; MalformedFile when it is not what it should be."""
    if not isinstance(told, dict):
        raise _malformed()
    names = ("id", "sender", "kind", "sha256")
    texts = [str(told.get(name)) for name in names]
    known = [
        _ID.fullmatch(texts[0]),
        _DIGEST.fullmatch(texts[1]),
        texts[2].isalpha(),
        _DIGEST.fullmatch(texts[3]),
    ]
    if not all(known):
        raise _malformed()
    size, when = (_number(told, name, 2**53) for name in ("size", "time"))
    return Waiting(texts[0], texts[1], texts[2], size, texts[3], when)
