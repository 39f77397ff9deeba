"""Known answers for level sum and for counts through a third party.

levels_1.json is made by make_levels.py. The tests below the first do not trust the product: they compute K
with a Montgomery ladder, tags with hashlib, and amounts with Paillier's formulas over Python integers.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from make_levels import make_vectors, to_text  # noqa: E402
from test_dh_vectors import ladder, prefixed, sha256  # noqa: E402

from overlap.group import hash_to_group  # noqa: E402

TEXT = (HERE / "levels_1.json").read_text(encoding="utf-8")
VECTORS = json.loads(TEXT)
SUM, ROOM = VECTORS["sum"], VECTORS["room"]


def test_the_file_is_what_its_script_writes() -> None:
    assert to_text(make_vectors()) == TEXT


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def points(side: str, scalar: bytes) -> list[bytes]:
    """u(scalar * H(identifier)) for each identifier of a side."""
    pairs = VECTORS[f"{side}_identifiers"]
    encoded = [prefixed(kind.encode(), value.encode()) for kind, value in pairs]
    return [ladder(scalar, hash_to_group([one])) for one in encoded]


def contract_of(run: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    return json.loads(run["contract"]), sha256(b"overlap-contract/1", run["contract"].encode())


def test_the_bodies_of_a_sum_are_as_the_specification_says() -> None:
    a, b = (bytes.fromhex(scalar) for scalar in SUM["scalars"])
    start, reply, total, finish = (bytes.fromhex(SUM[step]) for step in ("start", "reply", "total", "finish"))
    p, q = (int(SUM["key"][at : at + 384], 16) for at in (0, 384))
    n = p * q
    assert [len(body) for body in (start, reply, total, finish)] == [128, 128 + 384 + 4 * 778, 776, 392]
    assert set(points("starter", a)) < set(pieces(start, 32))
    assert pieces(reply[:128], 32) == sorted(ladder(b, element) for element in pieces(start, 32))
    assert int.from_bytes(reply[128:512], "big") == n

    def decrypt(ciphertext: bytes) -> int:
        order = math.lcm(p - 1, q - 1)
        power = pow(int.from_bytes(ciphertext, "big"), order, n * n)
        return (power - 1) // n * pow(order, -1, n) % n

    contract, digest = contract_of(SUM)
    head = (contract["suite"].encode(), digest, b"sum")
    granule = contract["amounts"]["granule"]
    units = [(2 * amount + granule) // (2 * granule) for amount in VECTORS["responder_amounts"]]
    tags = [sha256(*head, key)[:10] for key in points("responder", b)]
    rows = {row[:10]: row[10:] for row in pieces(reply[512:], 778)}
    assert [*rows] == sorted(rows) and set(tags) < set(rows)
    expected = {tag: 0 for tag in rows} | dict(zip(tags, units, strict=True))
    assert {tag: decrypt(ciphertext) for tag, ciphertext in rows.items()} == expected

    shared = {tuple(pair) for pair in VECTORS["starter_identifiers"]} & {
        tuple(pair) for pair in VECTORS["responder_identifiers"]
    }
    own = [tuple(pair) for pair in VECTORS["responder_identifiers"]]
    plain = sum(count for count, pair in zip(units, own, strict=True) if pair in shared)
    assert int.from_bytes(total[:8], "big") == len(shared) == 2
    assert decrypt(total[8:]) == int.from_bytes(finish[:8], "big") == plain == 12 + 4
    opened = (1 + plain * n) * pow(int.from_bytes(finish[8:], "big"), n, n * n) % (n * n)
    assert opened == int.from_bytes(total[8:], "big")
    assert SUM["shared"] == [2, 2] and SUM["sum"] == [1600, 1600]


def test_the_bodies_for_the_room_are_as_the_specification_says() -> None:
    a, b = (bytes.fromhex(scalar) for scalar in ROOM["scalars"])
    start, reply, first, second, result = (
        bytes.fromhex(ROOM[step]) for step in ("start", "reply", "starter-list", "responder-list", "result")
    )
    _, digest = contract_of(ROOM)
    head = bytes.fromhex(VECTORS["run"]) + digest
    assert first.startswith(head) and second.startswith(head)
    for elements, again, scalar, cut in ((start, first, b, 2), (reply, second, a, 3)):
        own = [ladder(scalar, element) for element in pieces(elements, 32)]
        assert pieces(again[48:], 32) == sorted(own[:cut]) + sorted(own[cut:])
    assert set(points("starter", a)) < set(pieces(start, 32))
    assert set(points("responder", b)) < set(pieces(reply, 32))
    assert result[:64] == hashlib.sha256(first).digest() + hashlib.sha256(second).digest()
    told = [int.from_bytes(number, "big") for number in pieces(result[64:], 8)]
    assert [number or -1 for number in told] == ROOM["numbers"] and len(told) == 4
