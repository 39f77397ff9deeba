"""For any number of keys, any keys and any expansion: a store that is made is right, and linear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from okvs_plain import read, row_of
from okvs_trials import lacking_rank

from overlap.protocol.vole.blocks import read_blocks
from overlap.protocol.vole.okvs import decode, encode
from overlap.protocol.vole.okvs_rows import Shape, prepare, shape_of
from overlap.protocol.vole.okvs_solve import EncodingFailed

KEYS = st.lists(st.binary(min_size=16, max_size=16), max_size=40)


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 2**32))
def test_hashed_keys_read_their_values(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys, values = (read_blocks(rng.bytes(16 * count)) for _ in range(2))
    rows = prepare(keys, shape_of(count))
    assert np.array_equal(decode(encode(rows, values, rng.bytes), rows), values)


@settings(deadline=None)
@given(KEYS, st.integers(3, 60), st.integers(1, 6), st.integers(0, 2**32))
def test_whatever_the_keys_a_store_is_right_or_refused(
    keys: list[bytes], sparse: int, dense: int, seed: int
) -> None:
    rng, shape = np.random.default_rng(seed), Shape(len(keys), sparse, 8 * dense)
    rows = prepare(read_blocks(b"".join(keys)), shape)
    values = read_blocks(rng.bytes(16 * len(keys)))
    columns = [row_of(key, sparse, shape.dense) for key in keys]
    try:
        store = encode(rows, values, rng.bytes).tobytes()
    except EncodingFailed:
        # There is none only if the rows are dependent.
        assert lacking_rank(columns) > 0
    except ValueError:
        assert len({tuple(sorted(row)) for row in columns}) < len(keys)
    else:
        assert lacking_rank(columns) == 0
        assert [read(store, row) for row in columns] == [value.tobytes() for value in values]


@settings(deadline=None)
@given(st.integers(1, 100), st.integers(0, 2**32))
def test_decoding_is_linear_in_the_store(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = prepare(read_blocks(rng.bytes(16 * count)), shape_of(count))
    first, second = (read_blocks(rng.bytes(16 * rows.shape.size)) for _ in range(2))
    assert np.array_equal(decode(first ^ second, rows), decode(first, rows) ^ decode(second, rows))


@settings(deadline=None)
@given(st.integers(0, (1 << 24) - 1))
def test_more_keys_need_no_smaller_store(items: int) -> None:
    assert shape_of(items).sparse <= shape_of(items + 1).sparse


@settings(deadline=None)
@given(st.integers(min_value=(1 << 24) + 1))
def test_too_many_keys_are_refused(items: int) -> None:
    with pytest.raises(ValueError, match="keys"):
        shape_of(items)
