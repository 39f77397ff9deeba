"""A party's side of a room: signed requests and checked answers.

Every answer is signed by the room's card and belongs to the request it answers, so that nobody between can
speak for the room; an answer that is not so signed is believed in nothing. Requests that fail on the way, and
answers that say that the room is in trouble, are tried again with pauses, each time signed anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx

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
            raise malformed() from error


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


def new_http(url: str) -> httpx.Client:
    """A client for one room: no redirects, time limits, and no proxy for this machine itself."""
    loopback = httpx.URL(url).host in ("localhost", "127.0.0.1", "::1")
    limits = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    trusted = _trusted(not loopback)
    return httpx.Client(verify=trusted, timeout=limits, follow_redirects=False, trust_env=not loopback)


@cache
def _trusted(environment: bool) -> Any:
    """The authorities that a client trusts (an SSL context), read once: it takes longer than a request."""
    return httpx.create_ssl_context(trust_env=environment)


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
            raise _away(url, f"status {status}") if status >= 500 else malformed()
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


def malformed() -> MalformedFile:
    """What is raised for an answer of another shape than documented."""
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
