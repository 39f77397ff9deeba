"""The envelope of every protocol message: one padded, signed and sealed file.

    overlap-frame/1\\n
    HPKE( header: canonical JSON, spaces up to 4095 bytes, \\n
          body: as `overlap.protocol.body` lays it out
          signature: 64 bytes, Ed25519 by the sender's `signing` key over header and body )

The size of the file follows from the contract alone. Whoever carries it sees that size and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any, Final

from overlap import canonical
from overlap.errors import MalformedFile, UsageError, WrongRun
from overlap.keys import Card, PartyKeys
from overlap.protocol.body import MAX_CONTRACT, read_contract
from overlap.protocol.catalogue import STEPS, body_size, protocol_of
from overlap.protocol.contract import Contract

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
#: Seconds; the largest whole number that every JSON reader keeps.
MAX_TIME: Final = 2**53 - 1

_AGAIN: Final = "ask the sender for the file again"
_FIELDS: Final = (
    ("run", re.compile("[0-9a-f]{32}")),
    ("sender", re.compile("[0-9a-f]{64}")),
    ("recipient", re.compile("[0-9a-f]{64}")),
    ("contract", re.compile("[0-9a-f]{64}")),
    ("previous", re.compile("(?:[0-9a-f]{64})?")),
)


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


@dataclass(frozen=True, slots=True)
class Envelope:
    """What anybody can see of a frame: its format and its size in bytes."""

    format: str
    size: int


def start_header(contract: Contract, run: bytes, checkpoint: str, now: int) -> Header:
    """The header of the first frame of `run` (16 bytes)."""
    sender, recipient = contract.starter.card, contract.responder.card
    return Header("start", run.hex(), 0, sender, recipient, contract.digest.hex(), "", checkpoint, now)


def answer_header(contract: Contract, header: Header, data: bytes, checkpoint: str, now: int) -> Header:
    """The header of the frame that answers the frame file `data`, whose header is `header`."""
    previous = hashlib.sha256(data).hexdigest()
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


def write_frame(header: Header, body: bytes, keys: PartyKeys, recipient: Card) -> bytes:
    """The frame file: `header` and `body`, signed with `keys`, sealed to `recipient`.

    UsageError when the header is not one that `read_frame` accepts: then the caller has a bug.
    """
    fields = asdict(header) | {"body_length": len(body)}
    if (problem := _problem(fields)) or (header.sender, header.recipient) != _parties(keys.card, recipient):
        raise UsageError(f"the frame's header is wrong: {problem or 'its parties'}", "report this as a bug")
    signed = canonical.encode(fields).ljust(HEADER_SIZE - 1) + b"\n" + body
    return FRAME_LINE + recipient.seal(INFO, signed + keys.sign("signing", PURPOSE, signed))


def read_frame(data: bytes, keys: PartyKeys, sender: Card, limit: int) -> tuple[Header, bytes]:
    """Header and body of the frame file `data`, sent by `sender` to the owner of `keys`.

    Checked in this order: size (at most `limit` bytes), version line, seal, canonical header,
    signature, sender and recipient. Raises MalformedFile, ForgedFile or WrongRun.
    """
    if len(data) > limit:
        raise MalformedFile(
            f"the frame is larger than {limit} bytes, the most that the contract's size bounds allow",
            "compare the size bounds of both sides' agreements, then start a new run",
        )
    inspect_frame(data)
    plaintext = keys.open_sealed(INFO, data[len(FRAME_LINE) :], "the frame")
    header, body_length = _read_header(plaintext[:HEADER_SIZE])
    if len(plaintext) != HEADER_SIZE + body_length + SIGNATURE_SIZE:
        raise MalformedFile("the frame is not as long as its header says", _AGAIN)
    signed, signature = plaintext[:-SIGNATURE_SIZE], plaintext[-SIGNATURE_SIZE:]
    sender.verify("signing", PURPOSE, signed, signature, "the frame")
    if (header.sender, header.recipient) != _parties(sender, keys.card):
        raise WrongRun("the frame is from or for another card", "exchange your present cards again")
    return header, signed[HEADER_SIZE:]


def open_frame(
    data: bytes,
    keys: PartyKeys,
    sender: Card,
    contract: Contract,
    step: str,
    *,
    answers: tuple[Header, bytes] | None = None,
) -> tuple[Header, bytes]:
    """Header and body of the frame of `step` under `contract`.

    `answers` is header and file of our own frame that this one answers; None for `start`. Raises as
    `read_frame` does, WrongRun for another step, run, contract or predecessor, and ContractMismatch with the
    field's name when a `start` carries another contract.
    """
    header, body = read_frame(data, keys, sender, size_limit(contract))
    if header.step != step or header.sequence != protocol_of(contract).messages.index(step):
        raise WrongRun(f"this is a {header.step} frame, not a {step} frame", "check which file to read now")
    if step == "start":
        contract.require_equal(read_contract(body))
    elif answers is None or (header.run, header.previous) != (
        answers[0].run,
        hashlib.sha256(answers[1]).hexdigest(),
    ):
        raise WrongRun("the frame does not answer our frame of this run", "check which file to read now")
    if header.contract != contract.digest.hex() or (step == "start" and header.previous):
        raise WrongRun("the frame belongs to another contract or run", "check which file to read now")
    return header, body


def inspect_frame(data: bytes) -> Envelope:
    """What is visible without a key. MalformedFile when this is not a frame or cannot be a whole one."""
    if not data.startswith(FRAME_LINE):
        raise MalformedFile("this is not a frame of version 1", "ask for the file made by 'overlap match'")
    if len(data) < _file_size(0):
        raise MalformedFile("the frame is cut short", _AGAIN)
    return Envelope(INFO.decode(), len(data))


def _file_size(body_length: int) -> int:
    return len(FRAME_LINE) + SEAL_SIZE + HEADER_SIZE + body_length + SIGNATURE_SIZE


def _parties(sender: Card, recipient: Card) -> tuple[str, str]:
    return sender.digest.hex(), recipient.digest.hex()


def _read_header(line: bytes) -> tuple[Header, int]:
    if len(line) != HEADER_SIZE or not line.endswith(b"\n"):
        raise MalformedFile("the frame's header is cut short", _AGAIN)
    fields = canonical.decode(line[:-1].rstrip(b" "), "the frame's header")
    if problem := _problem(fields):
        raise MalformedFile(f"the frame's header is wrong: {problem}", _AGAIN)
    body_length = fields.pop("body_length")
    return Header(**fields), body_length


def _problem(fields: Any) -> str:
    """Why these are not the fields of a header, or "" when they are."""
    if not isinstance(fields, dict) or set(fields) != {*Header.__slots__, "body_length"}:
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
