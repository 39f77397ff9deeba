"""Signed requests and answers: the RFC's example, and every single thing that may be altered on the way."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver

from cleanroom.room import signatures
from cleanroom.room.signatures import (
    AHEAD_SECONDS,
    NONCE_BYTES,
    WINDOW_SECONDS,
    Ed25519,
    HttpRequest,
    SignedRequest,
    card_signer,
    content_digest,
    header_fields,
    member_keyid,
    member_signer,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)
from overlap.errors import BadPeerFile, Expired, ForgedFile, MalformedFile, OverlapError
from overlap.keys import PartyKeys, verify_plain

NOW = 1_790_000_000
URL = "https://room.example:8443/v1/messages?offset=0"
KEYS = PartyKeys.generate("northwind", Random(1).randbytes)
ROOM = PartyKeys.generate("room", Random(2).randbytes)
NONCE = bytes(range(NONCE_BYTES))
PUBLIC = {
    KEYS.card.digest.hex(): KEYS.card.requests,
    member_keyid(ROOM.card.requests): ROOM.card.requests,
}


def signed(
    method: str = "POST",
    url: str = URL,
    body: bytes = b"{}",
    now: int = NOW,
    fields: dict[str, str] | None = None,
) -> HttpRequest:
    fields = fields or {}
    made = sign_request(method, url, body, card_signer(KEYS), now, NONCE, fields)
    return HttpRequest.of(method, url, [*fields.items(), *made.items()])


def verified(request: HttpRequest, now: int = NOW) -> SignedRequest:
    return verify_request(request, PUBLIC.get, now)


def test_the_example_of_the_rfc_gives_its_signature() -> None:
    """RFC 9421, B.2.6: Ed25519 signatures are deterministic, so the bytes must be these."""
    secrets = {name: Random(3).randbytes(32) for name in ("signing", "checkpoints", "x25519", "storage")}
    secrets |= {"mlkem": Random(4).randbytes(64)}
    # The last 32 bytes of test-key-ed25519 (B.1.4).
    secrets["requests"] = base64.b64decode("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=")
    keys = PartyKeys("rfc", secrets)
    assert base64.b64encode(keys.card.requests) == b"JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="

    class Keys(HTTPSignatureKeyResolver):  # type: ignore[misc]
        def resolve_private_key(self, key_id: str) -> Callable[[bytes], bytes]:
            return lambda message: keys.sign_raw("requests", message)

    request = HttpRequest.of(
        "POST",
        "https://example.com/foo?param=Value&Pet=dog",
        [
            ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("Content-Type", "application/json"),
            ("Content-Length", "18"),
        ],
    )
    library = HTTPMessageSigner(signature_algorithm=Ed25519, key_resolver=Keys())
    covered = ("date", "@method", "@path", "@authority", "content-type", "content-length")
    library.sign(
        request,
        key_id="test-key-ed25519",
        created=datetime.fromtimestamp(1618884473, UTC),
        label="sig-b26",
        include_alg=False,
        covered_component_ids=covered,
    )
    assert request.headers["Signature-Input"] == (
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    )
    expected = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert request.headers["Signature"] == f"sig-b26=:{expected}:"
    base = library.prepare(
        request,
        key_id="test-key-ed25519",
        created=datetime.fromtimestamp(1618884473, UTC),
        include_alg=False,
        covered_component_ids=covered,
    ).signature_base
    verify_plain(keys.card.requests, base, base64.b64decode(expected), "the example")


def test_a_digest_is_that_of_the_rfc() -> None:
    """RFC 9530, appendix B.1: the digest of a JSON body with its line feed."""
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_a_signed_request_says_who_when_and_what() -> None:
    found = verified(signed(body=b"abc"))
    assert found == SignedRequest(
        KEYS.card.digest.hex(), NONCE.hex(), NOW, NOW + WINDOW_SECONDS, content_digest(b"abc")
    )


def test_a_member_signs_with_a_key_of_its_own() -> None:
    made = sign_request("GET", URL, b"", member_signer(ROOM), NOW, NONCE)
    found = verified(HttpRequest.of("GET", URL, made.items()))
    assert found.keyid == member_keyid(ROOM.card.requests)


@pytest.mark.parametrize("late", [-AHEAD_SECONDS, 0, WINDOW_SECONDS - 1])
def test_inside_its_window_a_request_is_taken(late: int) -> None:
    verified(signed(), NOW + late)


@pytest.mark.parametrize("late", [-AHEAD_SECONDS - 1, WINDOW_SECONDS, WINDOW_SECONDS + 1, 10**6])
def test_outside_its_window_it_is_not(late: int) -> None:
    with pytest.raises(Expired):
        verified(signed(), NOW + late)


def test_a_longer_window_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "WINDOW_SECONDS", WINDOW_SECONDS + 1)
    request = signed()
    monkeypatch.undo()
    with pytest.raises(MalformedFile, match="window"):
        verified(request)


@pytest.mark.parametrize(
    "alter",
    [
        lambda request: setattr(request, "method", "DELETE"),
        lambda request: setattr(request, "url", URL.replace("room", "moor")),
        lambda request: setattr(request, "url", URL + "1"),
        lambda request: setattr(request, "url", URL.replace("https", "http")),
        lambda request: request.headers.update({"Content-Digest": content_digest(b"other")}),
        lambda request: request.headers.update({"Upload-Offset": "8"}),
        lambda request: request.headers.update(
            {"Signature-Input": request.headers["Signature-Input"].replace(str(NOW), str(NOW + 1))}
        ),
        lambda request: request.headers.update(
            {"Signature-Input": request.headers["Signature-Input"].replace("00010203", "00010204")}
        ),
        lambda request: request.headers.update(
            {"Signature-Input": request.headers["Signature-Input"].replace("overlap-room", "overlap-moor")}
        ),
        lambda request: request.headers.pop("Upload-Offset"),
    ],
    ids=["method", "host", "query", "scheme", "digest", "offset", "time", "nonce", "tag", "no offset"],
)
def test_whatever_is_altered_is_noticed(alter: Callable[[HttpRequest], object]) -> None:
    request = signed(fields={"Upload-Offset": "7"})
    verified(request)
    alter(request)
    with pytest.raises(ForgedFile):
        verified(request)


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest"])
def test_without_a_field_there_is_no_signature(name: str) -> None:
    request = signed()
    request.headers.pop(name)
    with pytest.raises(MalformedFile):
        verified(request)


def test_a_signature_of_another_key_under_a_known_id_is_refused() -> None:
    signer = card_signer(ROOM)
    made = sign_request("GET", URL, b"", type(signer)(KEYS.card.digest.hex(), signer.sign), NOW, NONCE)
    with pytest.raises(ForgedFile):
        verified(HttpRequest.of("GET", URL, made.items()))


def test_an_unknown_key_is_refused() -> None:
    made = sign_request("GET", URL, b"", card_signer(ROOM), NOW, NONCE)
    with pytest.raises(ForgedFile):
        verified(HttpRequest.of("GET", URL, made.items()))


@pytest.mark.parametrize(
    "value", ["", "x", "overlap=1", "overlap=()", 'overlap=("@method")', "(" * 3_000, "é", "a=:AA==:" * 9_999]
)
@pytest.mark.parametrize("name", ["Signature", "Signature-Input"])
def test_what_a_stranger_writes_is_refused_and_breaks_nothing(name: str, value: str) -> None:
    request = signed()
    request.headers[name] = value
    with pytest.raises(BadPeerFile):
        verified(request)


def test_random_changes_of_the_fields_are_refused() -> None:
    random = Random(5)
    for _ in range(300):
        request = signed()
        name = random.choice(["Signature", "Signature-Input", "Content-Digest"])
        text = request.headers[name]
        at = random.randrange(len(text))
        changed = text[:at] + chr(random.randrange(33, 127)) + text[at + 1 :]
        request.headers[name] = changed
        if changed == text or (name == "Signature" and _same_bytes(changed, text)):
            continue
        # The label is no part of what is signed; both fields must still agree on it.
        with pytest.raises(OverlapError):
            verified(request)


def _same_bytes(changed: str, text: str) -> bool:
    """Base 64 of 64 bytes has spare bits at its end."""
    try:
        return base64.b64decode(changed[9:-1]) == base64.b64decode(text[9:-1]) and changed[:9] == text[:9]
    except ValueError:
        return False


def answered(request: HttpRequest, status: int = 200, body: bytes = b"[]") -> dict[str, str]:
    return sign_answer(status, body, request, ROOM, NOW)


def test_an_answer_is_the_rooms_and_to_this_request() -> None:
    request = signed()
    verify_answer(200, answered(request).items(), b"[]", request, ROOM.card)


def test_an_answer_with_an_offset_covers_it() -> None:
    request = signed()
    made = sign_answer(204, b"", request, ROOM, NOW, "5") | {"Upload-Offset": "5"}
    verify_answer(204, made.items(), b"", request, ROOM.card)
    with pytest.raises(ForgedFile):
        verify_answer(204, (made | {"Upload-Offset": "6"}).items(), b"", request, ROOM.card)


def test_an_altered_or_exchanged_answer_is_refused() -> None:
    request, other = signed(), signed(now=NOW + 1)
    made = answered(request)
    with pytest.raises(ForgedFile):
        verify_answer(200, made.items(), b"[1]", request, ROOM.card)
    with pytest.raises(ForgedFile):
        verify_answer(201, made.items(), b"[]", request, ROOM.card)
    with pytest.raises(ForgedFile):
        verify_answer(200, made.items(), b"[]", other, ROOM.card)
    with pytest.raises(ForgedFile):
        verify_answer(200, made.items(), b"[]", request, KEYS.card)


def test_an_answer_that_does_not_cover_the_requests_signature_is_refused() -> None:
    """Else the answer to an unsigned request would pass for one to a signed request of the same address."""
    request = signed()
    unsigned = HttpRequest.of(request.method, request.url)
    made = answered(unsigned)
    verify_answer(200, made.items(), b"[]", unsigned, ROOM.card)
    with pytest.raises(ForgedFile):
        verify_answer(200, made.items(), b"[]", request, ROOM.card)


def test_lines_of_one_field_are_joined() -> None:
    assert header_fields([("A", "1"), ("a", "2")])["a"] == "1, 2"
