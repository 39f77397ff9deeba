"""The envelope of every protocol message: one padded, signed and sealed file.

    overlap-frame/1\\n
    HPKE( header: canonical JSON, spaces up to 4095 bytes, \\n
          signature: 64 bytes, Ed25519 by the sender's `signing` key over the header )
    body, in chunks encrypted under the key in the header (`overlap.protocol.stream`)

The size of the file follows from the contract alone. Whoever carries it sees that size and nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final

from overlap import canonical
from overlap.errors import MalformedFile, UsageError, WrongRun
from overlap.keys import KEY_BYTES, Card, PartyKeys, RandomBytes
from overlap.protocol.body import MAX_CONTRACT
from overlap.protocol.catalogue import STEPS, body_size, protocol_of
from overlap.protocol.contract import Contract
from overlap.protocol.stream import Body, read_chunks, stream_size, write_chunks

FRAME_LINE: Final = b"overlap-frame/1\n"
INFO: Final = b"overlap-frame/1"
PURPOSE: Final = b"frame"
#: Messages of a run at most.
MAX_SEQUENCE: Final = 15

#: Bytes of the header. One size for all, because the checkpoint inside grows with the sender's log.
HEADER_SIZE: Final = 4096
#: Bytes of a checkpoint: some ten lines of text with five signatures. JSON at most doubles them.
MAX_CHECKPOINT: Final = 1024
SIGNATURE_SIZE: Final = 64
#: Bytes that sealing adds: ML-KEM-768 ciphertext 1088, X25519 share 32, GCM tag 16.
SEAL_SIZE: Final = 1088 + 32 + 16
#: Bytes before the body.
HEAD_SIZE: Final = len(FRAME_LINE) + SEAL_SIZE + HEADER_SIZE + SIGNATURE_SIZE
#: Seconds; the largest whole number that every JSON reader keeps.
MAX_TIME: Final = 2**53 - 1

_AGAIN: Final = "ask the sender for the file again"
_FIELDS: Final = (
    ("run", re.compile("[0-9a-f]{32}")),
    ("sender", re.compile("[0-9a-f]{64}")),
    ("recipient", re.compile("[0-9a-f]{64}")),
    ("contract", re.compile("[0-9a-f]{64}")),
    ("previous", re.compile("(?:[0-9a-f]{64})?")),
    ("body", re.compile("[0-9a-f]{64}")),
    ("body_key", re.compile("[0-9a-f]{64}")),
)
_BODY_FIELDS: Final = ("body_length", "body", "body_key")


@dataclass(frozen=True, slots=True)
class Header:
    """What a frame says about itself. Digests are hex SHA-256; `run` is 16 bytes in hex.

    `sender` and `recipient` are card digests, `previous` is the digest of the frame file that this one
    answers ("" for `start`), `checkpoint` is the text of the sender's log checkpoint, `time` is unix seconds
    by the sender's clock.
    """

    step: str
    run: str
    sequence: int
    sender: str
    recipient: str
    contract: str
    previous: str
    checkpoint: str
    time: int


def start_header(contract: Contract, run: bytes, checkpoint: str, now: int) -> Header:
    """The header of the first frame of `run` (16 bytes)."""
    sender, recipient = contract.starter.card, contract.responder.card
    return Header("start", run.hex(), 0, sender, recipient, contract.digest.hex(), "", checkpoint, now)


def answer_header(contract: Contract, header: Header, previous: str, checkpoint: str, now: int) -> Header:
    """The header of the frame that answers the frame with this header and file digest (SHA-256, hex)."""
    return Header(
        protocol_of(contract).messages[header.sequence + 1],
        header.run,
        header.sequence + 1,
        header.recipient,
        header.sender,
        header.contract,
        previous,
        checkpoint,
        now,
    )


def frame_size(contract: Contract, step: str) -> int:
    """Bytes of the file of this step: it depends on nothing but the contract."""
    return _file_size(body_size(contract, step))


def size_limit(contract: Contract) -> int:
    """The most bytes that are read as a frame of a run under `contract`.

    There is room for a frame of the wrong step and for a start with a longer contract, so that the error can
    name what differs; the roles demand the exact size.
    """
    return MAX_CONTRACT + max(frame_size(contract, step) for step in protocol_of(contract).messages)


def write_frame(
    header: Header,
    body: Iterable[bytes],
    keys: PartyKeys,
    recipient: Card,
    random: RandomBytes,
    out: BinaryIO,
) -> None:
    """Write a frame to the seekable `out`: `header` and the pieces of `body`, signed, sealed to `recipient`.

    UsageError when the header is not one that `read_frame` accepts: then the caller has a bug.
    """
    key = random(KEY_BYTES)
    out.write(bytes(HEAD_SIZE))
    length, digest = write_chunks(body, key, out)
    fields = asdict(header) | {"body_length": length, "body": digest.hex(), "body_key": key.hex()}
    if (problem := _problem(fields)) or (header.sender, header.recipient) != _parties(keys.card, recipient):
        raise UsageError(f"the frame's header is wrong: {problem or 'its parties'}", "report this as a bug")
    signed = canonical.encode(fields).ljust(HEADER_SIZE - 1) + b"\n"
    out.seek(0)
    out.write(FRAME_LINE + recipient.seal(INFO, signed + keys.sign("signing", PURPOSE, signed)))


def read_frame(source: BinaryIO, keys: PartyKeys, sender: Card, limit: int) -> tuple[Header, Body]:
    """Header and body of the frame file `source` (seekable), sent by `sender` to the owner of `keys`.

    Checked in this order: size (at most `limit` bytes), version line, seal, canonical header, length,
    signature, sender and recipient; the body as it is read. Raises MalformedFile, ForgedFile or WrongRun.
    """
    size = source.seek(0, os.SEEK_END)
    if size > limit:
        raise MalformedFile(
            f"the frame is larger than {limit} bytes, the most that the contract's size bounds allow",
            "compare the size bounds of both sides' agreements, then start a new run",
        )
    source.seek(0)
    head = source.read(HEAD_SIZE)
    inspect_frame(head)
    plaintext = keys.open_sealed(INFO, head[len(FRAME_LINE) :], "the frame")
    signed, signature = plaintext[:HEADER_SIZE], plaintext[HEADER_SIZE:]
    header, body = _read_header(signed)
    if size != _file_size(body["body_length"]):
        raise MalformedFile("the frame is not as long as its header says", _AGAIN)
    sender.verify("signing", PURPOSE, signed, signature, "the frame")
    if (header.sender, header.recipient) != _parties(sender, keys.card):
        raise WrongRun("the frame is from or for another card", "exchange your present cards again")
    chunks = read_chunks(source, bytes.fromhex(body["body_key"]), body["body_length"])
    return header, Body(chunks, body["body_length"], bytes.fromhex(body["body"]))


def check_header(
    header: Header, contract: Contract, step: str, answers: tuple[Header, str] | None = None
) -> None:
    """Return when this is the header of the frame of `step` in a run under `contract`; else WrongRun.

    `answers` is header and file digest (hex) of our own frame that this one answers; None for `start`, whose
    contract the caller has compared field by field.
    """
    if header.step != step or header.sequence != protocol_of(contract).messages.index(step):
        raise WrongRun(f"this is a {header.step} frame, not a {step} frame", "check which file to read now")
    if step != "start" and (answers is None or (header.run, header.previous) != (answers[0].run, answers[1])):
        raise WrongRun("the frame does not answer our frame of this run", "check which file to read now")
    if header.contract != contract.digest.hex() or (step == "start" and header.previous):
        raise WrongRun("the frame belongs to another contract or run", "check which file to read now")


def inspect_frame(head: bytes) -> None:
    """Return when these may be the first HEAD_SIZE bytes of a frame; else MalformedFile."""
    if not head.startswith(FRAME_LINE):
        raise MalformedFile("this is not a frame of version 1", "ask for the file made by 'overlap match'")
    if len(head) < HEAD_SIZE:
        raise MalformedFile("the frame is cut short", _AGAIN)


def _file_size(body_length: int) -> int:
    return HEAD_SIZE + stream_size(body_length)


def _parties(sender: Card, recipient: Card) -> tuple[str, str]:
    return sender.digest.hex(), recipient.digest.hex()


def _read_header(line: bytes) -> tuple[Header, dict[str, Any]]:
    """The header, and what it says of the body: body_length, body (digest) and body_key."""
    if len(line) != HEADER_SIZE or not line.endswith(b"\n"):
        raise MalformedFile("the frame's header is cut short", _AGAIN)
    fields = canonical.decode(line[:-1].rstrip(b" "), "the frame's header")
    if problem := _problem(fields):
        raise MalformedFile(f"the frame's header is wrong: {problem}", _AGAIN)
    body = {name: fields.pop(name) for name in _BODY_FIELDS}
    return Header(**fields), body


def _problem(fields: Any) -> str:
    """Why these are not the fields of a header, or "" when they are."""
    if not isinstance(fields, dict) or set(fields) != {*Header.__slots__, *_BODY_FIELDS}:
        return "its fields are not those of version 1"
    for name, pattern in _FIELDS:
        if not isinstance(fields[name], str) or not pattern.fullmatch(fields[name]):
            return name
    if not isinstance(fields["step"], str) or fields["step"] not in STEPS:
        return "step"
    first = fields["step"] == "start"
    for name, least, most in (
        ("sequence", 0 if first else 1, 0 if first else MAX_SEQUENCE),
        ("time", 0, MAX_TIME),
        ("body_length", 0, MAX_TIME),
    ):
        if type(fields[name]) is not int or not least <= fields[name] <= most:
            return name
    return "" if _is_checkpoint(fields["checkpoint"]) else "checkpoint"


def _is_checkpoint(text: Any) -> bool:
    """Bounded lines of printable text; control characters would grow sixfold in JSON."""
    if not isinstance(text, str) or not all(char == "\n" or char.isprintable() for char in text):
        return False
    return len(text.encode(errors="replace")) <= MAX_CHECKPOINT
