"""Signed requests and answers: HTTP Message Signatures (RFC 9421) by Ed25519, and digests (RFC 9530).

    request   @method, @target-uri, content-digest, upload-offset when there is one
              created, expires (60 s later), keyid, nonce, tag
    answer    @status, content-digest, upload-offset when there is one; of the request it answers
              @method, @target-uri, and its signature when it had one; created, keyid, tag

A request is accepted once, inside its window; who keeps the nonces is the caller. An answer belongs to one
request, because it covers that request's signature. Both sides use this module, and neither reads a clock.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.structures import CaseInsensitiveDict

from overlap.errors import Expired, ForgedFile, MalformedFile
from overlap.keys import Card, PartyKeys, verify_plain

#: What the signature is for, so that one made for another service is none for a room.
TAG: Final = "overlap-room"

#: Seconds for which a request can be accepted.
WINDOW_SECONDS: Final = 60

#: Seconds by which a sender's clock may be ahead of the room's.
AHEAD_SECONDS: Final = 10

LABEL: Final = "overlap"
NONCE_BYTES: Final = 16

#: Characters of all three header fields together; ours have about 500.
FIELDS_LIMIT: Final = 4_096

_NONCE = re.compile(r"[0-9a-f]{32}")
_KEYID = re.compile(r"[0-9a-f]{64}")
_OFFSET: Final = "upload-offset"
_REQUEST_PARAMETERS: Final = {"created", "expires", "keyid", "nonce", "tag"}
_ANSWER_PARAMETERS: Final = {"created", "keyid", "tag"}
_HINT: Final = "sign every request anew with the key that the room knows"

#: The public key, 32 bytes, behind a key id; None when it is unknown.
KeyOf = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Signer:
    """Who signs requests: the id of a key, and plain Ed25519 by it."""

    keyid: str
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True)
class SignedRequest:
    """What a request's signature says. `digest` is its content-digest field, to compare with the body."""

    keyid: str
    nonce: str
    created: int
    expires: int
    digest: str


@dataclass
class HttpRequest:
    """A request as both sides see it: the encoded absolute URL, and the header fields."""

    method: str
    url: str
    headers: Any

    @staticmethod
    def of(method: str, url: str, fields: Iterable[tuple[str, str]] = ()) -> HttpRequest:
        return HttpRequest(method, url, header_fields(fields))


@dataclass
class _Answer:
    status_code: int
    headers: Any
    request: HttpRequest


def header_fields(fields: Iterable[tuple[str, str]]) -> Any:
    """Header fields by name in any case; the lines of one name are joined in their order."""
    joined = CaseInsensitiveDict()
    for name, value in fields:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def card_signer(keys: PartyKeys) -> Signer:
    """The party's own `requests` key, named by its card."""
    return Signer(keys.card.digest.hex(), lambda message: keys.sign_raw("requests", message))


def member_signer(keys: PartyKeys) -> Signer:
    """The `requests` key of a person whom a party's admin has made a member, named by the key itself."""
    return Signer(member_keyid(keys.card.requests), lambda message: keys.sign_raw("requests", message))


def member_keyid(key: bytes) -> str:
    """The id of a member's key: its SHA-256, in hex."""
    return sha256(key).hexdigest()


def content_digest(body: bytes) -> str:
    """The content-digest field of a body: SHA-256 and nothing else, in its one text."""
    return str(ContentDigest.create(body))


def sign_request(
    method: str,
    url: str,
    body: bytes,
    signer: Signer,
    now: int,
    nonce: bytes,
    fields: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The header fields to add to a request, which may have `fields` already. `nonce` is NONCE_BYTES."""
    request = HttpRequest.of(method, url, (fields or {}).items())
    request.headers["Content-Digest"] = content_digest(body)
    covered = ["@method", "@target-uri", "content-digest"]
    if _OFFSET in request.headers:
        covered.append(_OFFSET)
    made = _sign(request, covered, signer, now, expires=now + WINDOW_SECONDS, nonce=nonce.hex())
    return made | {"Content-Digest": request.headers["Content-Digest"]}


def verify_request(request: HttpRequest, key_of: KeyOf, now: int) -> SignedRequest:
    """What the signature of a request says, when it holds and `now` is in its window.

    The body is compared with `digest` by the caller, and the nonce with those seen before. Raises
    MalformedFile for fields of another form, ForgedFile for an unknown key or a false signature, Expired
    outside the window.
    """
    required = ["@method", "@target-uri", "content-digest"]
    if _OFFSET in request.headers:
        required.append(_OFFSET)
    found = _verify(request, required, key_of, "the request")
    if set(found) != _REQUEST_PARAMETERS or not _NONCE.fullmatch(found["nonce"]):
        raise MalformedFile("the signature's parameters are not what they should be", _HINT)
    created, expires = found["created"], found["expires"]
    if not 0 < expires - created <= WINDOW_SECONDS:
        raise MalformedFile(f"the request's window is not one of {WINDOW_SECONDS} seconds", _HINT)
    if not created - AHEAD_SECONDS <= now < expires:
        raise Expired("the request is outside its window", f"set the clock: the room's time is {now}")
    return SignedRequest(found["keyid"], found["nonce"], created, expires, request.headers["content-digest"])


def sign_answer(
    status: int, body: bytes, request: HttpRequest, keys: PartyKeys, now: int, offset: str = ""
) -> dict[str, str]:
    """The header fields to add to an answer of the room; `offset` is its upload-offset field, if any."""
    answer = _Answer(status, header_fields([("Content-Digest", content_digest(body))]), request)
    if offset:
        answer.headers["Upload-Offset"] = offset
    made = _sign(answer, _answered(answer), card_signer(keys), now)
    return made | {"Content-Digest": answer.headers["Content-Digest"]}


def verify_answer(
    status: int, fields: Iterable[tuple[str, str]], body: bytes, request: HttpRequest, room: Card
) -> None:
    """Return when this is the room's answer to `request`, the request as it was sent; else raises.

    ForgedFile when a signature, a key or the body is another, MalformedFile for fields of another form.
    """
    answer = _Answer(status, header_fields(fields), request)
    keyid = room.digest.hex()
    found = _verify(
        answer, _answered(answer), lambda one: room.requests if one == keyid else None, "the room's answer"
    )
    if set(found) != _ANSWER_PARAMETERS:
        raise MalformedFile("the signature's parameters are not what they should be", _HINT)
    if answer.headers["content-digest"] != content_digest(body):
        raise ForgedFile("the room's answer was altered on its way", "try again, and ask the room")


class Ed25519(HTTPSignatureAlgorithm):  # type: ignore[misc]
    """Signatures by our own key handling: a public key is 32 bytes, a private one what signs with it."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes = b"", private_key: Callable[[bytes], bytes] | None = None) -> None:
        self.public_key, self.private_key = public_key, private_key

    def sign(self, message: bytes) -> bytes:
        assert self.private_key is not None
        return self.private_key(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        verify_plain(self.public_key, message, signature, "the message")


class _Verifier(HTTPMessageVerifier):  # type: ignore[misc]
    """The library's verifier without its clock: the times are judged by our callers, who pass theirs."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        if "created" not in sig_input.params:
            raise HTTPMessageSignaturesException("there is no time of signing")


class _Keys(HTTPSignatureKeyResolver):  # type: ignore[misc]
    def __init__(self, key_of: KeyOf) -> None:
        self._key_of = key_of

    def resolve_public_key(self, key_id: str) -> bytes | None:
        return self._key_of(key_id) if _KEYID.fullmatch(key_id) else None


def _answered(answer: _Answer) -> list[str]:
    """What an answer's signature covers."""
    covered = ["@status", "content-digest", '"@method";req', '"@target-uri";req']
    if _OFFSET in answer.headers:
        covered.append(_OFFSET)
    if "signature" in answer.request.headers:
        covered.append('"signature";req')
    return covered


def _sign(
    message: HttpRequest | _Answer,
    covered: list[str],
    signer: Signer,
    now: int,
    expires: int = 0,
    nonce: str | None = None,
) -> dict[str, str]:
    library = HTTPMessageSigner(signature_algorithm=Ed25519)
    prepared = library.prepare(
        message,
        key_id=signer.keyid,
        created=datetime.fromtimestamp(now, UTC),
        expires=datetime.fromtimestamp(expires, UTC) if expires else None,
        nonce=nonce,
        tag=TAG,
        include_alg=False,
        covered_component_ids=covered,
        use_existing_digest=True,
    )
    # The library's `apply` would build the signature base a second time, in case the message has changed.
    signature = base64.b64encode(signer.sign(prepared.signature_base)).decode()
    return {
        "Signature-Input": f"{LABEL}={prepared.signature_params}",
        "Signature": f"{LABEL}=:{signature}:",
    }


def _verify(message: HttpRequest | _Answer, required: list[str], key_of: KeyOf, what: str) -> dict[str, Any]:
    """The parameters of the one signature of ours, when it holds and covers exactly what it must."""
    fields = [message.headers.get(name, "") for name in ("signature-input", "signature", "content-digest")]
    if not all(fields):
        raise MalformedFile(f"{what} is not signed", _HINT)
    if sum(map(len, fields)) > FIELDS_LIMIT:
        raise MalformedFile(f"the signature of {what} is too long", _HINT)
    library = _Verifier(signature_algorithm=Ed25519, key_resolver=_Keys(key_of))
    try:
        found = library.verify(message, max_age=None, expect_tag=TAG, require_components=required)
    # The library parses what a stranger wrote; whatever it stumbles over, the answer is no.
    except Exception as error:
        raise ForgedFile(f"the signature of {what} does not hold", _HINT) from error
    if len(found) != 1 or len(found[0].covered_components) != len(required) + 1:
        raise MalformedFile(f"the signature of {what} covers something else than it should", _HINT)
    parameters: dict[str, Any] = dict(found[0].parameters)
    return parameters
