"""Known answers of every block of the vector-OLE; vole_1.json is made by make_vole.py.

The later tests do not trust the product: they follow PROTOCOL.md over Python integers and `vole_plain`.
"""

from __future__ import annotations

import hashlib
import json
import sys
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
