"""Known answers for the bodies of start, reply and finish.

dh_1.json is made by make_dh.py. The second test does not trust the product: it computes K with a Montgomery
ladder written from RFC 7748, section 5, over Python integers, and the tags with hashlib from PROTOCOL.md.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from make_dh import make_vectors, to_text  # noqa: E402

from overlap.group import hash_to_group  # noqa: E402

TEXT = (HERE / "dh_1.json").read_text(encoding="utf-8")
VECTORS = json.loads(TEXT)
P = 2**255 - 19


def test_the_file_is_what_its_script_writes() -> None:
    assert to_text(make_vectors()) == TEXT


def ladder(scalar: bytes, u_bytes: bytes) -> bytes:
    """X25519 of RFC 7748, section 5."""
    k = int.from_bytes(scalar, "little") & (2**255 - 8) | 2**254
    u = int.from_bytes(u_bytes, "little")
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for bit in reversed(range(255)):
        now = k >> bit & 1
        if swap ^ now:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = now
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")


def prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(prefixed(*parts)).digest()


def responder_keys(run: dict[str, object], side: str) -> list[tuple[bytes, bytes, bytes]]:
    """(kind, value, u(b * H(identifier))) for each identifier of `side`."""
    scalar = bytes.fromhex(run["scalars"][1])  # type: ignore[index]
    pairs = [(kind.encode(), value.encode()) for kind, value in VECTORS[f"{side}_identifiers"]]
    return [(*pair, ladder(scalar, hash_to_group([prefixed(*pair)]))) for pair in pairs]


def head(run: dict[str, object]) -> tuple[bytes, bytes]:
    contract = str(run["contract"]).encode()
    suite = json.loads(contract)["suite"].encode()
    return suite, sha256(b"overlap-contract/1", contract)


def test_tags_tokens_and_elements_are_as_the_specification_says() -> None:
    run = VECTORS["runs"]["overlaps"]
    start, reply, finish = (bytes.fromhex(run[step]) for step in ("start", "reply", "finish"))
    assert (len(start), len(reply), len(finish)) == (5 * 32, 5 * 32 + 4 * 10, 4 * 16)
    elements = [start[at : at + 32] for at in range(0, 160, 32)]
    again = [reply[at : at + 32] for at in range(0, 160, 32)]
    assert again == [ladder(bytes.fromhex(run["scalars"][1]), element) for element in elements]

    own = responder_keys(run, "responder")
    list_tags = [sha256(*head(run), b"pair", *item)[:10] for item in own]
    assert set(list_tags) < {reply[at : at + 10] for at in range(160, 200, 10)}
    common = {item for item in responder_keys(run, "starter") if item in own}
    assert {item[1] for item in common} == {"both ü ltd".encode(), b"both.example"}
    confirm = {item: sha256(*head(run), b"pair", *item)[16:] for item in common}
    assert set(confirm.values()) < {finish[at : at + 16] for at in range(0, 64, 16)}

    bodies = [hashlib.sha256(body).digest() for body in (start, reply)]
    transcript = sha256(bytes.fromhex(VECTORS["run"]), head(run)[1], *bodies)
    token = b"overlap-pair-token/2", transcript
    tokens = {item[1]: sha256(*token, tag)[:16].hex() for item, tag in confirm.items()}
    names = [value.encode() for _, value in VECTORS["starter_identifiers"]]
    assert run["starter_tokens"] == [tokens[names[at]] for at in run["starter_positions"]]
    names = [value.encode() for _, value in VECTORS["responder_identifiers"]]
    assert run["responder_tokens"] == [tokens[names[at]] for at in run["responder_positions"]]


def test_count_tags_are_over_k_alone_and_elements_are_sorted() -> None:
    run = VECTORS["runs"]["counts"]
    start, reply, finish = (bytes.fromhex(run[step]) for step in ("start", "reply", "finish"))
    scalar = bytes.fromhex(run["scalars"][1])
    elements = [start[-160:][at : at + 32] for at in range(0, 160, 32)]
    assert reply[:160] == b"".join(sorted(ladder(scalar, element) for element in elements))
    tags = {sha256(*head(run), b"count", key)[:10] for _, _, key in responder_keys(run, "responder")}
    assert tags < {reply[at : at + 10] for at in range(160, 200, 10)}
    assert finish == (2).to_bytes(8, "big") and run["count"] == run["told"] == 2
