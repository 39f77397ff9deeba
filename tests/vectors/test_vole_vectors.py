"""Known answers of every block of the vector-OLE; vole_1.json is made by make_vole.py.

The later tests do not trust the product: they follow PROTOCOL.md over Python integers and `vole_plain`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from make_vole import make_vectors, to_text  # noqa: E402
from vole_plain import aes, product, tmmo  # noqa: E402

TEXT = (HERE / "vole_1.json").read_text(encoding="utf-8")
VECTORS = json.loads(TEXT)


def test_the_file_is_what_its_script_writes() -> None:
    assert to_text(make_vectors()) == TEXT


def test_hashes_and_streams() -> None:
    stated = VECTORS["aes"]
    key = hashlib.sha256(b"overlap vole 1 fixed permutation").digest()[:16]
    assert stated["fixed_key"] == key.hex()
    blocks = bytes.fromhex(stated["blocks"])
    parts = [blocks[i : i + 16] for i in range(0, 48, 16)]
    assert b"".join(aes(key, part) for part in parts).hex() == stated["permuted"]
    hashed = [tmmo(key, part, tweak) for part, tweak in zip(parts, stated["tweaks"], strict=True)]
    assert b"".join(hashed).hex() == stated["hashed"]
    seed = hashlib.sha256(b"overlap vole 1 seed\x07purposesecret").digest()[:16]
    assert stated["seed"] == seed.hex()
    counters = [(7 + i).to_bytes(16, "big") for i in range(3)]
    assert b"".join(aes(seed, counter) for counter in counters)[:40].hex() == stated["stream"]


def test_taps_and_columns() -> None:
    """Words of AES-CTR under seeds derived from a name."""
    taps, columns = (
        hashlib.sha256(b"overlap vole 1 seed" + bytes([len(name)]) + name).digest()[:16]
        for name in (b"convolution", b"expander")
    )
    for stated in VECTORS["code"]:
        text, parity = aes(taps, bytes(16)), stated["parity"]
        words = [int.from_bytes(text[i : i + 4], "little") for i in range(0, 16, 4)]
        assert words == stated["words"]
        for tap, column in enumerate(stated["columns_of_row_0"]):
            word = int.from_bytes(aes(columns, (tap << 40).to_bytes(16, "big"))[:4], "little")
            start = parity * tap // 11 if tap < 11 else 0
            width = parity * (tap + 1) // 11 - start if tap < 11 else parity
            assert column == start + (word * width >> 32)


def test_shares_and_results_fit() -> None:
    for stated in VECTORS["vole"]:
        a, b, c = (int.from_bytes(bytes.fromhex(text), "little") for text in stated["first"])
        assert c == product(int.from_bytes(bytes.fromhex(stated["delta"]), "little"), a) ^ b


def test_leaves_are_hashes_of_roots() -> None:
    """Tree 3, leaf 0: five leaves have three levels, so the path to the first is 2, 4, 8 in heap order."""
    from vole_plain import drawn_blocks

    key = bytes.fromhex(VECTORS["aes"]["fixed_key"])
    node = drawn_blocks("tree roots", 2)[0].tobytes()
    for number in (2, 4, 8):
        node = tmmo(key, node, (3 << 32) + number)
    assert VECTORS["pprf"]["leaves"].startswith(node.hex())


def test_a_proof_is_made_of_the_level_below_the_leaves() -> None:
    """Trees 3 and 4 of five leaves have three levels, so the children of leaf i are 16 + 2 i and 17 + 2 i."""
    key = bytes.fromhex(VECTORS["aes"]["fixed_key"])
    text = bytes.fromhex(VECTORS["pprf"]["leaves"])
    leaves = [text[i : i + 16] for i in range(0, len(text), 16)]
    rows = [
        [[tmmo(key, leaves[2 * i + j], (3 + j << 32) + 16 + 2 * i + side) for j in (0, 1)] for side in (0, 1)]
        for i in range(5)
    ]
    proof = b"".join(added(row[side][j] for row in rows) for j in (0, 1) for side in (0, 1))
    hashed = b"".join(hashlib.sha256(b"".join(row[0] + row[1])).digest() for row in rows)
    proof += hashlib.sha256(b"overlap vole 1 leaves" + hashed).digest()
    assert proof.hex() == VECTORS["pprf"]["proof"]


def test_weights_and_sums_of_the_corrections_check() -> None:
    from vole_plain import drawn, drawn_blocks, numbers

    stated = VECTORS["corrections"]
    start = b"overlap vole 1 weights" + len(b"vector").to_bytes(8, "big") + b"vector" + b"message"
    seed = hashlib.sha256(start).digest()[:16]
    # Check, then 0 or a bit and 1, then tree.
    drawn_weights = [int.from_bytes(aes(seed, i.to_bytes(16, "big")), "little") for i in range(16)]
    e, r, v = (numbers(drawn_blocks(name, 2)) for name in ("e", "r", "v"))
    leaves = numbers(drawn_blocks("leaves", 5, 2))
    delta = int.from_bytes(drawn("delta")(16), "little")
    opened, totals = [], []
    for check in (0, 1):
        g = drawn_weights[8 * check : 8 * check + 8]
        weight = [
            [
                g[j] ^ (g[2 + j] * (p & 1)) ^ (g[4 + j] * (p >> 1 & 1)) ^ (g[6 + j] * (p >> 2))
                for p in range(5)
            ]
            for j in (0, 1)
        ]
        opened.append(product(weight[0][1], e[0]) ^ product(weight[1][4], e[1]) ^ r[check])
        total = v[check] ^ product(delta, opened[check])
        for p in range(5):
            total ^= product(weight[0][p], leaves[2 * p]) ^ product(weight[1][p], leaves[2 * p + 1])
        totals.append(total)
    assert b"".join(y.to_bytes(16, "little") for y in opened).hex() == stated["opening"]
    text = b"overlap vole 1 correlation" + b"".join(total.to_bytes(16, "little") for total in totals)
    assert hashlib.sha256(text).hexdigest() == stated["digest"]


def test_hash_key() -> None:
    """D(a, b, ...) is SHA-256 over each with its length in 8 bytes before it."""

    def digest(*parts: bytes) -> bytes:
        return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()

    stated = VECTORS["hash_key"]
    one, other = (bytes.fromhex(share) for share in stated["shares"])
    assert digest(b"overlap-vole-share/1", b"vector", one).hex() == stated["commitment"]
    key = added([one, other])
    assert key.hex() == stated["key"]
    run, contract = bytes.fromhex(stated["run"]), bytes.fromhex(stated["contract"])
    of_tags = digest(b"overlap-vole-tag/1", contract, run, key, b"list")[:16]
    assert of_tags.hex() == stated["of_list_tags"]


def added(texts: Iterable[bytes]) -> bytes:
    total, length = 0, 0
    for text in texts:
        total, length = total ^ int.from_bytes(text, "little"), len(text)
    return total.to_bytes(length, "little")
