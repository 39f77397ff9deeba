"""Known answers for the field and the oblivious key-value store of the vector-OLE protocol.

vole_okvs_1.json is made by make_vole_okvs.py. Most tests do not trust the product: `okvs_plain` is the text
of PROTOCOL.md over integers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from make_vole_okvs import make_vectors, to_text  # noqa: E402
from okvs_plain import read, row_of, times  # noqa: E402

from overlap.protocol.vole.blocks import read_blocks  # noqa: E402
from overlap.protocol.vole.okvs import decode  # noqa: E402
from overlap.protocol.vole.okvs_rows import prepare, shape_of  # noqa: E402

TEXT = (HERE / "vole_okvs_1.json").read_text(encoding="utf-8")
VECTORS = json.loads(TEXT)


def split(data: str) -> list[bytes]:
    return [bytes.fromhex(data[at : at + 32]) for at in range(0, len(data), 32)]


def element(data: str | bytes) -> int:
    return int.from_bytes(bytes.fromhex(data) if isinstance(data, str) else data, "little")


def test_the_file_is_what_its_script_writes() -> None:
    assert to_text(make_vectors()) == TEXT


def test_the_field_by_the_plain_specification() -> None:
    for left, right, product in VECTORS["products"]:
        assert times(element(left), element(right)) == element(product)
    for value, inverted in VECTORS["inverses"]:
        assert times(element(value), element(inverted)) == 1
    polynomial, total = VECTORS["polynomial"], 0
    for coefficient in reversed(split(polynomial["coefficients"])):
        total = times(total, element(polynomial["point"])) ^ element(coefficient)
    assert total == element(polynomial["value"])


def test_rows_by_the_plain_specification() -> None:
    keys = split(VECTORS["keys"])
    for rows in VECTORS["rows"]:
        sparse = rows["sparse"]
        for key, positions, bits in zip(keys, rows["positions"], VECTORS["dense_bits"], strict=True):
            dense = [sparse + bit for bit in range(48) if bits >> bit & 1]
            assert row_of(key, sparse) == positions + dense


def test_the_store_reads_as_written() -> None:
    small = VECTORS["stores"][0]
    store, shape = bytes.fromhex(small["store"]), shape_of(small["items"])
    assert len(store) == 16 * shape.size
    for key, value in zip(split(small["keys"]), split(small["values"]), strict=True):
        assert read(store, row_of(key, shape.sparse)) == value
    rows = prepare(read_blocks(bytes.fromhex(small["keys"])), shape)
    assert np.array_equal(decode(read_blocks(store), rows), read_blocks(bytes.fromhex(small["values"])))
