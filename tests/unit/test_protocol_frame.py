"""The envelope: what is written is read again, everything else is refused with its own error."""

from __future__ import annotations

import io
import secrets
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import pytest
from protocol_parties import RUN, begin, identifiers, keys, make_contract

from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError, WrongRun
from overlap.keys import Card, PartyKeys
from overlap.protocol import (
    Header,
    answer_header,
    check_header,
    frame_size,
    read_frame,
    start_header,
    write_frame,
)
from overlap.protocol.body import write_contract
from overlap.protocol.frame import FRAME_LINE, HEAD_SIZE, HEADER_SIZE, INFO
from overlap.protocol.stream import CHUNK, stream_size, write_chunks

CONTRACT = make_contract(3, 2)
LEFT, RIGHT, OTHER = keys("left"), keys("right"), keys("other")
CHECKPOINT = "overlap/left-right\n12\nq1Zx\n\n— overlap/left-right AbCd\n"
HEADER = start_header(CONTRACT, RUN, CHECKPOINT, 1_700_000_000)
BODY = write_contract(CONTRACT) + begin(CONTRACT, identifiers(range(3)), [])[0].start()
LIMIT = 20_000


def sealed(header: Header, body: bytes, keys: PartyKeys, recipient: Card) -> bytes:
    out = io.BytesIO()
    write_frame(header, [body], keys, recipient, secrets.token_bytes, out)
    return out.getvalue()


def frame(header: Header = HEADER, body: bytes = BODY) -> bytes:
    return sealed(header, body, LEFT, RIGHT.card)


def opened(data: bytes, keys: PartyKeys, sender: Card, limit: int = LIMIT) -> tuple[Header, bytes]:
    header, body = read_frame(io.BytesIO(data), keys, sender, limit)
    return header, body.read_rest()


def crafted(changes: dict[str, Any] | None = None, line: bytes | None = None) -> bytes:
    """A frame whose signature and seal hold, with a header that `write_frame` would not write."""
    return signed_by(LEFT, b"frame", changes, line)


def signed_by(
    keys: PartyKeys, purpose: bytes, changes: dict[str, Any] | None = None, line: bytes | None = None
) -> bytes:
    key = bytes(range(32))
    chunks = io.BytesIO()
    length, digest = write_chunks([BODY], key, chunks)
    fields = asdict(HEADER) | {"body_length": length, "body": digest.hex(), "body_key": key.hex()}
    fields = {name: value for name, value in (fields | (changes or {})).items() if value is not None}
    signed = (canonical.encode(fields) if line is None else line).ljust(HEADER_SIZE - 1) + b"\n"
    signature = keys.sign("signing", purpose, signed)
    return FRAME_LINE + RIGHT.card.seal(INFO, signed + signature) + chunks.getvalue()


def read(data: bytes) -> tuple[Header, bytes]:
    return opened(data, RIGHT, LEFT.card)


def test_what_is_written_is_read() -> None:
    assert read(frame()) == (HEADER, BODY)


@pytest.mark.parametrize("checkpoint", ["", CHECKPOINT, "x" * 1024])
def test_the_size_of_a_frame_follows_from_the_contract_alone(checkpoint: str) -> None:
    data = frame(replace(HEADER, checkpoint=checkpoint))
    assert len(data) == frame_size(CONTRACT, "start")


def test_nothing_of_the_header_or_body_is_visible() -> None:
    data = frame()
    for secret in (RUN, RUN.hex().encode(), b"left", LEFT.card.digest, b"customers", BODY[-32:]):
        assert secret not in data


def test_two_frames_of_the_same_content_have_nothing_in_common() -> None:
    first, second = frame(), frame()
    assert first[: len(FRAME_LINE)] == second[: len(FRAME_LINE)]
    same = sum(a == b for a, b in zip(first[len(FRAME_LINE) :], second[len(FRAME_LINE) :], strict=True))
    assert same < len(first) / 64  # 1 in 256 by chance


def test_every_flipped_byte_is_refused() -> None:
    data = frame()
    head = range(len(FRAME_LINE) + 1200)
    for at in (*head[:64], *range(64, len(data), 11), *range(len(data) - 20, len(data))):
        altered = data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
        with pytest.raises((ForgedFile, MalformedFile)):
            read(altered)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1_200, 5_000, -64, -1])
def test_a_truncated_frame_is_refused(size: int) -> None:
    with pytest.raises((ForgedFile, MalformedFile)):
        read(frame()[:size])


def test_a_lengthened_frame_is_refused() -> None:
    with pytest.raises(MalformedFile):
        read(frame() + b"\0")


def test_a_frame_over_the_limit_is_refused_before_anything_else() -> None:
    class Untouched:
        def __getattr__(self, name: str) -> None:
            raise AssertionError(f"{name} was used")

    with pytest.raises(MalformedFile, match="larger than 10 bytes"):
        read_frame(io.BytesIO(b"not even a frame"), Untouched(), Untouched(), 10)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [b"overlap-frame/2\n", b"overlap-frame/1\r\n", b"overlap-card/1\n", b"\n"])
def test_another_first_line_is_refused(line: bytes) -> None:
    with pytest.raises(MalformedFile, match="not a frame of version 1"):
        read(line + frame()[len(FRAME_LINE) :])


@pytest.mark.parametrize(
    ("defect", "data"),
    [
        ("unknown field", crafted({"note": "x"})),
        ("missing field", crafted({"time": None})),
        ("unknown step", crafted({"step": "hello"})),
        ("step of another type", crafted({"step": 1})),
        ("sequence of another step", crafted({"sequence": 1})),
        ("sequence true", crafted({"step": "reply", "sequence": True})),
        ("negative time", crafted({"time": -1})),
        ("time as text", crafted({"time": "1700000000"})),
        ("short run", crafted({"run": RUN.hex()[:-2]})),
        ("upper-case digest", crafted({"contract": CONTRACT.digest.hex().upper()})),
        ("body shorter than said", crafted({"body_length": len(BODY) + 1})),
        ("body longer than said", crafted({"body_length": len(BODY) - 1})),
        ("long checkpoint", crafted({"checkpoint": "x" * 1025})),
        ("control characters in the checkpoint", crafted({"checkpoint": "\x00" * 10})),
        ("keys not sorted", crafted(line=b'{"step":"start","run":"00"}')),
        ("no JSON", crafted(line=b"start")),
        ("a number", crafted(line=b"1")),
        ("white space", crafted(line=b" " + canonical.encode({"step": "start"}))),
    ],
)
def test_a_signed_header_of_another_form_is_refused(defect: str, data: bytes) -> None:
    with pytest.raises(MalformedFile):
        read(data)


def test_a_frame_signed_by_somebody_else_is_refused() -> None:
    with pytest.raises(ForgedFile, match="signature of the frame"):
        read(signed_by(OTHER, b"frame"))


def test_a_signature_for_another_purpose_is_refused() -> None:
    with pytest.raises(ForgedFile, match="signature of the frame"):
        read(signed_by(LEFT, b"card"))


def test_another_body_under_the_same_key_is_refused() -> None:
    """The digest in the signed header binds the body, beyond the key that any reader of it knows."""
    data, other = crafted(), io.BytesIO()
    write_chunks([BODY[::-1]], bytes(range(32)), other)
    with pytest.raises(ForgedFile, match="not the one that its sender signed"):
        read(data[:HEAD_SIZE] + other.getvalue())


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_long_bodies_go_in_chunks_whatever_the_pieces(length: int) -> None:
    body = secrets.token_bytes(length)
    cuts = [0, *sorted(secrets.randbelow(length + 1) for _ in range(5)), length]
    out = io.BytesIO()
    pieces = [body[start:end] for start, end in pairwise(cuts)]
    write_frame(HEADER, pieces, LEFT, RIGHT.card, secrets.token_bytes, out)
    assert len(out.getvalue()) == HEAD_SIZE + stream_size(length)
    _, stream = read_frame(out, RIGHT, LEFT.card, 2**30)
    assert b"".join(stream.read(end - start) for start, end in pairwise(cuts)) == body
    with pytest.raises(MalformedFile, match="cut short"):
        stream.read(1)


def test_chunks_do_not_change_places() -> None:
    out = io.BytesIO()
    write_frame(HEADER, [bytes(2 * CHUNK)], LEFT, RIGHT.card, secrets.token_bytes, out)
    head, first, second = (
        out.getvalue()[:HEAD_SIZE],
        out.getvalue()[HEAD_SIZE : HEAD_SIZE + CHUNK + 16],
        out.getvalue()[HEAD_SIZE + CHUNK + 16 :],
    )
    with pytest.raises(ForgedFile, match="does not open"):
        opened(head + second + first, RIGHT, LEFT.card, 2**30)


def test_a_frame_sealed_to_another_party_does_not_open() -> None:
    with pytest.raises(ForgedFile, match="does not open"):
        opened(frame(), OTHER, LEFT.card)


def test_a_frame_that_its_recipient_sealed_again_for_us_is_refused() -> None:
    """Surreptitious forwarding: RIGHT opens a frame of LEFT and seals the signed bytes to OTHER."""
    data = frame()
    signed = RIGHT.open_sealed(INFO, data[len(FRAME_LINE) : HEAD_SIZE], "the frame")
    forwarded = FRAME_LINE + OTHER.card.seal(INFO, signed) + data[HEAD_SIZE:]
    with pytest.raises(WrongRun, match="another card"):
        opened(forwarded, OTHER, LEFT.card)


def test_write_refuses_a_header_of_other_parties() -> None:
    with pytest.raises(UsageError):
        sealed(HEADER, BODY, RIGHT, LEFT.card)
    with pytest.raises(UsageError, match="checkpoint"):
        sealed(replace(HEADER, checkpoint="x" * 1025), BODY, LEFT, RIGHT.card)


def test_an_answer_names_the_file_that_it_answers() -> None:
    header = answer_header(CONTRACT, HEADER, "ab" * 32, "", 5)
    assert (header.step, header.sequence, header.run) == ("reply", 1, HEADER.run)
    assert (header.sender, header.recipient) == (HEADER.recipient, HEADER.sender)
    assert header.previous == "ab" * 32
    assert answer_header(CONTRACT, header, "", "", 6).step == "finish"


REPLY = answer_header(CONTRACT, HEADER, "ab" * 32, "", 5)


def test_a_header_of_the_run_is_accepted() -> None:
    check_header(HEADER, CONTRACT, "start")
    check_header(REPLY, CONTRACT, "reply", (HEADER, "ab" * 32))


@pytest.mark.parametrize(
    ("defect", "header", "sent"),
    [
        ("another run", replace(HEADER, run="ff" * 16), "ab" * 32),
        ("another frame", HEADER, "cd" * 32),
    ],
)
def test_an_answer_to_another_frame_is_refused(defect: str, header: Header, sent: str) -> None:
    with pytest.raises(WrongRun, match="does not answer"):
        check_header(REPLY, CONTRACT, "reply", (header, sent))
    with pytest.raises(WrongRun, match="does not answer"):
        check_header(REPLY, CONTRACT, "reply")


def test_a_frame_of_another_step_is_refused() -> None:
    with pytest.raises(WrongRun, match="start frame, not a reply frame"):
        check_header(HEADER, CONTRACT, "reply", (HEADER, "ab" * 32))
    with pytest.raises(WrongRun, match="reply frame, not a finish frame"):
        check_header(REPLY, CONTRACT, "finish", (HEADER, "ab" * 32))
    with pytest.raises(WrongRun, match="reply frame, not a reply frame"):
        check_header(replace(REPLY, sequence=2), CONTRACT, "reply", (HEADER, "ab" * 32))


@pytest.mark.parametrize("change", [{"contract": "ff" * 32}, {"previous": "ff" * 32}])
def test_a_start_of_another_contract_or_with_a_predecessor_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(WrongRun, match="another contract or run"):
        check_header(replace(HEADER, **change), CONTRACT, "start")
