"""Writes vole_okvs_1.json: the field, sizes, rows and two stores of the oblivious key-value store.

    python tests/vectors/make_vole_okvs.py

Randomness is SHAKE-256 of a seed and a call number (`protocol_parties.stream`). Another implementation needs
the field, `sizes`, `rows` and how a store is read; a store of its own may be another one of all solutions.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE.parent / "support")]

SIZES = (
    0,
    1,
    63,
    64,
    65,
    100,
    127,
    128,
    1000,
    16384,
    16385,
    100_000,
    1_000_000,
    1 << 20,
    10_000_000,
    1 << 24,
)
SPARSE = (3, 141, 20770, 1227633, 20534528)


def make_vectors() -> dict[str, Any]:
    from protocol_parties import stream

    from overlap.protocol.vole.blocks import read_blocks
    from overlap.protocol.vole.field import evaluate, inverse, multiply_by
    from overlap.protocol.vole.okvs import encode
    from overlap.protocol.vole.okvs_rows import Shape, prepare, shape_of

    draw = stream("vole okvs 1")
    factors = [(draw(16), draw(16)) for _ in range(4)]
    factors.append(((1 << 127).to_bytes(16, "little"), (2).to_bytes(16, "little")))
    point, coefficients = draw(16), draw(16 * 5)
    keys = bytes(16) + b"\xff" * 16 + draw(16 * 6)
    rows = []
    for sparse in SPARSE:
        prepared = prepare(read_blocks(keys), Shape(8, sparse))
        rows.append({"sparse": sparse, "positions": prepared.sparse.T.tolist()})
    stores = []
    for items in (5, 1000):
        some, values = draw(16 * items), draw(16 * items)
        prepared = prepare(read_blocks(some), shape_of(items))
        store = encode(prepared, read_blocks(values), stream(f"fill {items}")).tobytes()
        if items > 5:
            some, values, store = (hashlib.sha256(data).digest() for data in (some, values, store))
        stores.append({"items": items, "keys": some.hex(), "values": values.hex(), "store": store.hex()})
    return {
        "format": "overlap-vole-okvs-vectors/1",
        "products": [
            [left.hex(), right.hex(), multiply_by(left, read_blocks(right)).tobytes().hex()]
            for left, right in factors
        ],
        "inverses": [[left.hex(), inverse(left).hex()] for left, _ in factors],
        "polynomial": {
            "point": point.hex(),
            "coefficients": coefficients.hex(),
            "value": evaluate(point, read_blocks(coefficients)).tobytes().hex(),
        },
        "sizes": [[items, shape_of(items).sparse, shape_of(items).size] for items in SIZES],
        "keys": keys.hex(),
        "dense_bits": [int.from_bytes(keys[at : at + 6], "little") for at in range(0, len(keys), 16)],
        "rows": rows,
        "stores": stores,
    }


def to_text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1) + "\n"


if __name__ == "__main__":
    (HERE / "vole_okvs_1.json").write_text(to_text(make_vectors()), encoding="utf-8")
