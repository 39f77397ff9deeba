"""One piece of work as bytes: what a worker is told, and what it answers.

    task    "h" how many messages (4 bytes), their lengths (4 bytes each), the messages: to hash
            "m" scalar (32 bytes), points (32 bytes each): to multiply
            "c" points: to check
            "H", "M", "C" the same with the backend multibuffer, where the others take cryptography
    answer  "=" elements, in order; none for "c" and "C"
            "!" position in the task (4 bytes), reason (ASCII): this element is refused

Numbers are big-endian, but for the lengths of messages, which stand as this machine has them. On a pipe each
task or answer stands behind its length in 8 bytes. Both ends are this program in this version, so a task that
is none of these is a bug and ends the worker.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import IO

from overlap import group
from overlap.group import CRYPTOGRAPHY, MULTIBUFFER, SCALAR_BYTES, Fault


def hash_task(messages: Sequence[bytes], backend: str = CRYPTOGRAPHY) -> bytes:
    """The task to hash these messages to the group."""
    lengths = array("I", map(len, messages))
    return b"".join((_letter(b"h", backend), len(lengths).to_bytes(4, "big"), lengths.tobytes(), *messages))


def hash_here(messages: Sequence[bytes], backend: str = CRYPTOGRAPHY) -> bytes:
    """The elements for `hash_task` in the process that asks, without the way through one bytes object."""
    return group.hash_to_group(messages, lanes=group.find_lanes(backend))


def multiply_task(scalar: bytes, points: bytes, backend: str) -> bytes:
    """The task to multiply these points by the backend of this name, whoever performs it."""
    return _letter(b"m", backend) + scalar + points


def check_task(points: bytes, backend: str = CRYPTOGRAPHY) -> bytes:
    """The task to look for the first point that is refused by itself."""
    return _letter(b"c", backend) + points


def perform(task: bytes) -> bytes:
    """The answer to a task."""
    operation, body = task[:1], task[1:]
    backend = MULTIBUFFER if operation.isupper() else CRYPTOGRAPHY
    operation = operation.lower()
    result: bytes | Fault | None
    if operation == b"h":
        result = hash_here(_messages(body), backend)
    elif operation == b"m":
        result = group.try_multiply(body[:SCALAR_BYTES], body[SCALAR_BYTES:], group.find_backend(backend))
    elif operation == b"c":
        result = group.find_fault(body, group.find_lanes(backend))
    else:
        raise ValueError("a task begins with h, m or c")
    if isinstance(result, Fault):
        return b"!" + result.position.to_bytes(4, "big") + result.reason.encode("ascii")
    return b"=" + (result or b"")


def read_answer(answer: bytes) -> bytes | Fault:
    """What `perform` found: elements, or why and where one is refused."""
    if answer[:1] == b"!":
        return Fault(int.from_bytes(answer[1:5], "big"), answer[5:].decode("ascii"))
    return answer[1:]


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Send one task or answer. OSError when the other end is gone."""
    stream.write(len(body).to_bytes(8, "big"))
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next task or answer, or None when the other end has closed the stream or died while writing."""
    head = stream.read(8)
    size = int.from_bytes(head, "big")
    body = stream.read(size) if len(head) == 8 else b""
    return body if len(head) == 8 and len(body) == size else None


def _letter(operation: bytes, backend: str) -> bytes:
    return operation.upper() if backend == MULTIBUFFER else operation


def _messages(body: bytes) -> list[bytes]:
    first = 4 + 4 * int.from_bytes(body[:4], "big")
    lengths = array("I", body[4:first])
    return [body[end - length : end] for end, length in zip(_ends(first, lengths), lengths, strict=True)]


def _ends(first: int, lengths: Iterable[int]) -> Iterator[int]:
    ends = accumulate(lengths, initial=first)
    next(ends)
    return ends
