"""Known answers for a prepared list, its update and two runs.

prepared_1.json is made by make_prepared.py. The second and third test do not trust the product: they compute
K with the ladder of test_dh_vectors.py, and tags, states and places with hashlib from PROTOCOL.md.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from make_prepared import OURS, THEIRS, make_vectors, to_text  # noqa: E402
from test_dh_vectors import ladder, prefixed, sha256  # noqa: E402

from overlap.group import hash_to_group  # noqa: E402

TEXT = (HERE / "prepared_1.json").read_text(encoding="utf-8")
VECTORS: dict[str, Any] = json.loads(TEXT)
TERMS = VECTORS["preparation"].encode()
SUITE = json.loads(TERMS)["suite"].encode()
PREPARATION = bytes.fromhex(VECTORS["body"])
UPDATE = bytes.fromhex(VECTORS["update"])


def test_the_file_is_what_its_script_writes() -> None:
    assert to_text(make_vectors()) == TEXT


def item(number: int) -> tuple[bytes, bytes, bytes]:
    """Kind, value and K of an invented account."""
    kind, value = b"domain", f"company-{number}.example".encode()
    return kind, value, ladder(bytes.fromhex(VECTORS["key"]), hash_to_group([prefixed(kind, value)]))


def tag(number: int, version: int) -> bytes:
    head = (SUITE, sha256(b"overlap-preparation/1", TERMS), b"prepared", version.to_bytes(8, "big"))
    return sha256(*head, *item(number))[:10]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


BATCHES = [cut(PREPARATION[8 + len(TERMS) :], 10), cut(UPDATE[32:], 10)]


def test_tags_and_states_are_as_the_specification_says() -> None:
    assert PREPARATION.startswith(prefixed(TERMS))
    assert [len(batch) for batch in BATCHES] == [5, 4]
    assert all(batch == sorted(set(batch)) for batch in BATCHES)
    assert {tag(number, 0) for number in THEIRS[0]} < set(BATCHES[0])
    changed = set(THEIRS[0]) ^ set(THEIRS[1])
    assert {tag(number, 1) for number in changed} < set(BATCHES[1])
    assert tag(2, 1) not in BATCHES[1]
    states = [sha256(b"overlap-prepared/1", b"", hashlib.sha256(PREPARATION).digest())]
    assert UPDATE[:32] == states[0]
    states.append(sha256(b"overlap-prepared/1", states[0], hashlib.sha256(UPDATE).digest()))
    assert [state.hex() for state in states] == VECTORS["states"]


def test_runs_are_as_the_specification_says() -> None:
    order = [*BATCHES[0], *BATCHES[1]]
    last = {1: tag(1, 0), 2: tag(2, 0), 4: tag(4, 1)}
    for at, run in enumerate(VECTORS["runs"]):
        contract = run["contract"].encode()
        fields = json.loads(contract)
        assert (fields["prepared"], fields["queries"]) == (VECTORS["states"][at], (4, 2)[at])
        start, reply, finish = (bytes.fromhex(run[step]) for step in ("start", "reply", "finish"))
        key = bytes.fromhex(VECTORS["key"])
        assert reply == b"".join(ladder(key, element) for element in cut(start, 32))
        shared = [number for number in OURS[at] if number in THEIRS[at]]
        digest = sha256(b"overlap-contract/1", contract)
        entries = sorted(
            order.index(last[number]).to_bytes(4, "big")
            + sha256(SUITE, digest, b"confirm", *item(number))[:16]
            for number in shared
        )
        assert finish == b"".join(entries) + b"\xff" * 20 * (4 - len(shared))
        bodies = [hashlib.sha256(body).digest() for body in (start, reply)]
        transcript = sha256(bytes.fromhex(run["run"]), digest, *bodies)
        tokens = [sha256(b"overlap-pair-token/1", transcript, *item(number))[:16].hex() for number in shared]
        assert tokens == run["tokens"]
        assert [OURS[at][position] for position in run["starter_positions"]] == shared
        assert [THEIRS[at][position] for position in run["responder_positions"]] == sorted(shared)
