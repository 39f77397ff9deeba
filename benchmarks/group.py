"""What one element costs in the group, on one processor of this machine.

    python benchmarks/group.py [ELEMENTS]

Medians of five rounds in one run, in microseconds of processor time an element. Every backend that works here
multiplies, and where there are two, the ratio of their times is printed: it says more than either on a busy
machine. Where the package PyNaCl is installed, its X25519 (libsodium) is shown too; it is no dependency.
"""

from __future__ import annotations

import platform
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

try:
    import nacl.bindings as nacl
except ImportError:
    nacl = None

from overlap.errors import UsageError
from overlap.group import (
    CRYPTOGRAPHY,
    MULTIBUFFER,
    check_distinct,
    choose_backend,
    draw_scalar,
    find_backend,
    find_fault,
    find_lanes,
    hash_to_group,
    try_multiply,
)

ROUNDS = 5


def main(count: int) -> None:
    """Print one line for each operation on `count` elements."""
    print(f"Python {platform.python_version()}, {_processor()}, {count:,} elements, median of {ROUNDS}")
    messages = [secrets.token_bytes(30) for _ in range(count)]
    points, scalar = hash_to_group(messages), draw_scalar(secrets.token_bytes)
    _show("hash", count, lambda: hash_to_group(messages))
    _show_backends(count, scalar, points)
    _show("check, each by itself", count, lambda: find_fault(points))
    _show("check, none repeated", count, lambda: check_distinct(points))
    if choose_backend() == MULTIBUFFER and (lanes := find_lanes(MULTIBUFFER)):
        _show("hash, in lanes", count, lambda: hash_to_group(messages, lanes=lanes))
        _show("check, in lanes", count, lambda: find_fault(points, lanes))
    if nacl:
        elements = [points[i : i + 32] for i in range(0, len(points), 32)]
        _show("multiply by PyNaCl", count, lambda: [nacl.crypto_scalarmult(scalar, u) for u in elements])


def _show_backends(count: int, scalar: bytes, points: bytes) -> None:
    medians = []
    for name in (CRYPTOGRAPHY, MULTIBUFFER):
        try:
            backend = find_backend(name)
        except UsageError as refusal:
            print(f"({refusal.what})")
            continue
        medians.append(_show(f"multiply, {name}", count, partial(try_multiply, scalar, points, backend)))
    if len(medians) == 2:
        print(f"{'  ratio of the two':<22} {medians[0] / medians[1]:8.2f}")


def _show(name: str, count: int, operation: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        operation()
        seconds.append(time.process_time() - begin)
    median = statistics.median(seconds) / count * 1e6
    print(f"{name:<22} {median:8.2f} us")
    return median


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
