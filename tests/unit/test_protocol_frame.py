"""The envelope: what is written is read again, everything else is refused with its own error."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

import pytest
from protocol_parties import RUN, begin, identifiers, keys, make_contract

from overlap import canonical
from overlap.errors import ContractMismatch, ForgedFile, MalformedFile, UsageError, WrongRun
from overlap.keys import PartyKeys
from overlap.protocol import (
    Envelope,
    Header,
    answer_header,
    frame_size,
    inspect_frame,
    open_frame,
    read_frame,
    start_header,
    write_frame,
)
from overlap.protocol.frame import FRAME_LINE, HEADER_SIZE, INFO, PURPOSE

CONTRACT = make_contract(3, 2)
LEFT, RIGHT, OTHER = keys("left"), keys("right"), keys("other")
CHECKPOINT = "overlap/left-right\n12\nq1Zx\n\n— overlap/left-right AbCd\n"
HEADER = start_header(CONTRACT, RUN, CHECKPOINT, 1_700_000_000)
BODY = begin(CONTRACT, identifiers(range(3)), [])[0].start()
LIMIT = 20_000


def frame(header: Header = HEADER, body: bytes = BODY) -> bytes:
    return write_frame(header, body, LEFT, RIGHT.card)


def crafted(changes: dict[str, Any] | None = None, line: bytes | None = None, body: bytes = BODY) -> bytes:
    """A frame whose signature and seal hold, with a header that `write_frame` would not write."""
    fields = asdict(HEADER) | {"body_length": len(body)} | (changes or {})
    fields = {name: value for name, value in fields.items() if value is not None}
    line = canonical.encode(fields) if line is None else line
    signed = line.ljust(HEADER_SIZE - 1) + b"\n" + body
    return FRAME_LINE + RIGHT.card.seal(INFO, signed + LEFT.sign("signing", PURPOSE, signed))


def read(data: bytes) -> tuple[Header, bytes]:
    return read_frame(data, RIGHT, LEFT.card, LIMIT)


def test_what_is_written_is_read() -> None:
    assert read(frame()) == (HEADER, BODY)


@pytest.mark.parametrize("checkpoint", ["", CHECKPOINT, "x" * 1024])
def test_the_size_of_a_frame_follows_from_the_contract_alone(checkpoint: str) -> None:
    data = frame(replace(HEADER, checkpoint=checkpoint))
    assert len(data) == frame_size(CONTRACT, "start")
    assert inspect_frame(data) == Envelope("overlap-frame/1", len(data))


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
    with pytest.raises(ForgedFile):
        read(frame() + b"\0")


def test_a_frame_over_the_limit_is_refused_before_anything_else() -> None:
    class Untouched:
        def __getattr__(self, name: str) -> None:
            raise AssertionError(f"{name} was used")

    with pytest.raises(MalformedFile, match="larger than 10 bytes"):
        read_frame(b"not even a frame", Untouched(), Untouched(), 10)  # type: ignore[arg-type]


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
    fields = asdict(HEADER) | {"body_length": len(BODY)}
    signed = canonical.encode(fields).ljust(HEADER_SIZE - 1) + b"\n" + BODY
    data = FRAME_LINE + RIGHT.card.seal(INFO, signed + OTHER.sign("signing", PURPOSE, signed))
    with pytest.raises(ForgedFile, match="signature of the frame"):
        read(data)


def test_a_signature_for_another_purpose_is_refused() -> None:
    fields = asdict(HEADER) | {"body_length": len(BODY)}
    signed = canonical.encode(fields).ljust(HEADER_SIZE - 1) + b"\n" + BODY
    data = FRAME_LINE + RIGHT.card.seal(INFO, signed + LEFT.sign("signing", b"card", signed))
    with pytest.raises(ForgedFile, match="signature of the frame"):
        read(data)


def test_a_frame_sealed_to_another_party_does_not_open() -> None:
    with pytest.raises(ForgedFile, match="does not open"):
        read_frame(frame(), OTHER, LEFT.card, LIMIT)


def test_a_frame_that_its_recipient_sealed_again_for_us_is_refused() -> None:
    """Surreptitious forwarding: RIGHT opens a frame of LEFT and seals the signed bytes to OTHER."""
    signed = RIGHT.open_sealed(INFO, frame()[len(FRAME_LINE) :], "the frame")
    forwarded = FRAME_LINE + OTHER.card.seal(INFO, signed)
    with pytest.raises(WrongRun, match="another card"):
        read_frame(forwarded, OTHER, LEFT.card, LIMIT)


def test_write_refuses_a_header_of_other_parties() -> None:
    with pytest.raises(UsageError):
        write_frame(HEADER, BODY, RIGHT, LEFT.card)
    with pytest.raises(UsageError, match="checkpoint"):
        write_frame(replace(HEADER, checkpoint="x" * 1025), BODY, LEFT, RIGHT.card)


def test_an_answer_names_the_file_that_it_answers() -> None:
    data = frame()
    header = answer_header(CONTRACT, HEADER, data, "", 5)
    assert (header.step, header.sequence, header.run) == ("reply", 1, HEADER.run)
    assert (header.sender, header.recipient) == (HEADER.recipient, HEADER.sender)
    assert header.previous == hashlib.sha256(data).hexdigest()
    assert answer_header(CONTRACT, header, b"", "", 6).step == "finish"


def reply_to(header: Header, data: bytes, sender: PartyKeys = RIGHT) -> bytes:
    return write_frame(
        answer_header(CONTRACT, header, data, "", 5), bytes(3 * 32 + 2 * 10), sender, LEFT.card
    )


def test_a_frame_of_the_run_opens() -> None:
    data = frame()
    assert open_frame(data, RIGHT, LEFT.card, CONTRACT, "start") == (HEADER, BODY)
    header, body = open_frame(
        reply_to(HEADER, data), LEFT, RIGHT.card, CONTRACT, "reply", answers=(HEADER, data)
    )
    assert (header.step, len(body)) == ("reply", 3 * 32 + 2 * 10)


@pytest.mark.parametrize(
    ("defect", "header", "data"),
    [
        ("another run", replace(HEADER, run="ff" * 16), None),
        ("another predecessor", HEADER, b"another file"),
        ("another contract", replace(HEADER, contract="ff" * 32), None),
    ],
)
def test_a_reply_that_does_not_belong_here_is_refused(
    defect: str, header: Header, data: bytes | None
) -> None:
    sent = frame()
    reply = reply_to(header, data or sent)
    with pytest.raises(WrongRun):
        open_frame(reply, LEFT, RIGHT.card, CONTRACT, "reply", answers=(HEADER, sent))


def test_a_frame_of_another_step_is_refused() -> None:
    with pytest.raises(WrongRun, match="this is a start frame, not a reply frame"):
        open_frame(frame(), RIGHT, LEFT.card, CONTRACT, "reply", answers=(HEADER, frame()))


def test_our_own_frame_reflected_is_refused() -> None:
    with pytest.raises(ForgedFile):
        open_frame(frame(), LEFT, RIGHT.card, CONTRACT, "start")


def test_a_start_under_another_contract_names_the_field() -> None:
    with pytest.raises(ContractMismatch) as caught:
        open_frame(frame(), RIGHT, LEFT.card, make_contract(3, 2, data_digest="44" * 32), "start")
    assert caught.value.field == "data_digest"


def test_a_start_whose_header_and_body_disagree_on_the_contract_is_refused() -> None:
    with pytest.raises(WrongRun):
        open_frame(frame(replace(HEADER, contract="ff" * 32)), RIGHT, LEFT.card, CONTRACT, "start")


def test_a_start_that_claims_a_predecessor_is_refused() -> None:
    with pytest.raises(WrongRun):
        open_frame(frame(replace(HEADER, previous="ff" * 32)), RIGHT, LEFT.card, CONTRACT, "start")
