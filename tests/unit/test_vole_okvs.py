"""The oblivious key-value store: sizes, rows, and that every key reads its value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from okvs_plain import read, row_of
from okvs_trials import random_blocks
from protocol_parties import stream

from overlap.protocol.vole.blocks import Blocks, zero_blocks
from overlap.protocol.vole.field import CHUNK_ROWS
from overlap.protocol.vole.okvs import decode, encode
from overlap.protocol.vole.okvs_rows import DENSE, EXPANSION, Rows, Shape, prepare, shape_of
from overlap.protocol.vole.okvs_solve import EncodingFailed, core_of, peel, solve_core


def pairs(count: int, seed: int = 0) -> tuple[Blocks, Blocks]:
    rng = np.random.default_rng([count, seed])
    return random_blocks(rng, count), random_blocks(rng, count)


def fitted_expansion(items: int, security: int = 40) -> float:
    """RR22, section 4.2: equation 3 and the phase transition point, for weight 3."""
    v = math.log2(3)
    slope = 2 ** (0.555 * math.log2(items) + 0.093 * v**3 - 1.01 * v**2 + 2.925 * v - 0.133)
    return (security + 9.2) / slope + 1.223


@pytest.mark.parametrize(
    ("items", "expansion", "gap"), [(100, 1.98, 5), (1000, 1.43, 3), (1 << 14, 1.27, 2), (10**6, 1.228, 1)]
)
def test_the_fit_is_that_of_the_paper(items: int, expansion: float, gap: int) -> None:
    exact = fitted_expansion(items)
    assert exact == pytest.approx(expansion, abs=0.006)
    assert int(40 / math.log2(exact * items)) == gap


def test_the_table_is_the_fit_at_powers_of_two() -> None:
    assert list(EXPANSION) == [math.ceil(fitted_expansion(1 << power) * 2**20) for power in range(6, 25)]


def test_sizes_are_never_below_the_fit_and_hardly_above() -> None:
    for items in [*range(64, 5000), *range(5000, 1 << 24, 9973), 1 << 24]:
        shape, wanted = shape_of(items), items * fitted_expansion(items)
        limit = 1.026 if items < 1 << 14 else 1.002
        assert wanted <= shape.sparse <= wanted * limit + 1
        assert shape.items == items
        assert shape.size == shape.sparse + 48


def test_the_dense_part_has_gap_and_lambda_columns() -> None:
    for power in range(6, 25):
        gap = int(40 / math.log2(fitted_expansion(1 << power) * (1 << power)))
        assert gap + 40 <= DENSE


def test_a_small_list_gets_the_smallest_store() -> None:
    assert {shape_of(items).sparse for items in range(65)} == {shape_of(64).sparse} == {141}


@pytest.mark.parametrize("items", [-1, (1 << 24) + 1])
def test_sizes_outside_the_table_are_refused(items: int) -> None:
    with pytest.raises(ValueError, match="a store holds 0 to 16777216 keys"):
        shape_of(items)


@pytest.mark.parametrize(("sparse", "dense"), [(2, 48), (1 << 26, 48), (100, 0), (100, 56), (100, 12)])
def test_impossible_stores_are_refused(sparse: int, dense: int) -> None:
    with pytest.raises(ValueError, match="no such store"):
        prepare(zero_blocks(1), Shape(1, sparse, dense))


@pytest.mark.parametrize("sparse", [3, 4, 5, 141, 1227633, 20534528])
def test_rows_are_those_of_the_specification(sparse: int) -> None:
    edges = np.array([[0, 0], [2**64 - 1, 2**64 - 1], [2**64 - 1, 0], [0, 2**64 - 1]], dtype=np.uint64)
    keys = np.concatenate([edges, pairs(2000)[0]])
    rows = prepare(keys, Shape(len(keys), sparse))
    for number, key in enumerate(keys):
        columns = rows.sparse[:, number].tolist()
        bits = int.from_bytes(rows.dense[number].tobytes(), "little")
        columns += [sparse + bit for bit in range(48) if bits >> bit & 1]
        assert columns == row_of(key.tobytes(), sparse)
        assert len(set(columns)) == len(columns) and max(columns) < sparse + 48


@pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 100, 1000, CHUNK_ROWS, CHUNK_ROWS + 1, 100_000])
def test_every_key_reads_its_value(count: int) -> None:
    keys, values = pairs(count)
    rows = prepare(keys, shape_of(count))
    store = encode(rows, values, stream("fill"))
    assert len(store) == rows.shape.size
    assert np.array_equal(decode(store, rows), values)
    data = store.tobytes()
    for key, value in zip(keys[:50], values[:50], strict=True):
        assert read(data, row_of(key.tobytes(), rows.shape.sparse)) == value.tobytes()


@pytest.mark.parametrize("count", [10**6, 2 * 10**6])
def test_a_million_keys_read_their_values(count: int) -> None:
    keys, values = pairs(count)
    rows = prepare(keys, shape_of(count))
    store = encode(rows, values, np.random.default_rng(1).bytes)
    assert np.array_equal(decode(store, rows), values)


@pytest.mark.slow
def test_ten_million_keys_read_their_values() -> None:
    test_a_million_keys_read_their_values(10**7)


def test_fewer_keys_than_declared() -> None:
    keys, values = pairs(300)
    rows = prepare(keys, shape_of(1000))
    assert np.array_equal(decode(encode(rows, values, stream("fill")), rows), values)


def test_other_keys_read_other_values() -> None:
    keys, values = pairs(500)
    shape = shape_of(500)
    store = encode(prepare(keys, shape), values, stream("fill"))
    strangers = decode(store, prepare(pairs(500, seed=1)[0], shape))
    known = {value.tobytes() for value in values}
    assert not known & {value.tobytes() for value in strangers}


def test_decoding_is_linear() -> None:
    keys, _ = pairs(300)
    rows = prepare(keys, shape_of(300))
    first, second = pairs(rows.shape.size, seed=2)
    assert np.array_equal(decode(first ^ second, rows), decode(first, rows) ^ decode(second, rows))


def test_values_stay_as_they_were() -> None:
    keys, values = pairs(200)
    before = values.copy()
    encode(prepare(keys, Shape(200, 215)), values, stream("fill"))
    assert np.array_equal(values, before)


def test_peeling_respects_its_order() -> None:
    rows = prepare(pairs(5000)[0], shape_of(5000))
    taken: set[int] = set()
    for peeled in peel(rows):
        columns = rows.sparse[:, peeled.rows]
        assert np.array_equal(columns, peeled.columns)
        assert np.all(np.any(columns == peeled.pivots, axis=0))
        assert len(set(peeled.pivots.tolist())) == len(peeled.pivots)
        # A pivot stands in its own row, in no other of its round, and in none of a later one.
        assert np.isin(columns, peeled.pivots).sum() == len(peeled.rows)
        assert not taken & set(columns.ravel().tolist())
        taken |= set(peeled.pivots.tolist())
    assert len(taken) == 5000


@pytest.mark.parametrize("seed", range(20))
def test_a_core_is_eliminated(seed: int) -> None:
    """At an expansion of 1.1 nearly all rows are core, and still a solution exists."""
    keys, values = pairs(300, seed)
    rows = prepare(keys, Shape(300, 330))
    assert len(core_of(rows, peel(rows))) > 100
    assert np.array_equal(decode(encode(rows, values, stream("fill")), rows), values)


def test_rows_with_equal_positions_are_told_apart_by_the_dense_part() -> None:
    keys = np.repeat(pairs(1)[0], 20, axis=0)
    keys[:, 0] ^= pairs(20, seed=3)[0][:, 0] & np.uint64(0xFFFFFFFF)
    rows = prepare(keys, shape_of(20))
    assert len(np.unique(rows.sparse, axis=1).T) == 1
    values = pairs(20)[1]
    assert np.array_equal(decode(encode(rows, values, stream("fill")), rows), values)


def test_more_rows_than_columns_fail() -> None:
    keys, values = pairs(200)
    with pytest.raises(EncodingFailed):
        encode(prepare(keys, Shape(200, 100)), values, stream("fill"))


def test_a_large_core_fails_at_once() -> None:
    keys, values = pairs(20_000)
    with pytest.raises(EncodingFailed):
        encode(prepare(keys, Shape(20_000, 22_000)), values, stream("fill"))


@pytest.mark.parametrize(("count", "copies"), [(2, 2), (100, 2), (2000, 2000), (5000, 2), (70_000, 70_000)])
def test_repeated_keys_are_refused(count: int, copies: int) -> None:
    keys, values = pairs(count)
    keys = keys.copy()
    keys[-copies:] = keys[0]
    with pytest.raises(ValueError, match="not distinct"):
        encode(prepare(keys, shape_of(count)), values, stream("fill"))


def test_numbers_that_do_not_fit_are_refused() -> None:
    keys, values = pairs(70)
    with pytest.raises(ValueError, match="70 rows and 69 values"):
        encode(prepare(keys, shape_of(70)), values[1:], stream("fill"))
    with pytest.raises(ValueError, match="70 rows and 70 values for a store of 60"):
        encode(prepare(keys, shape_of(60)), values, stream("fill"))
    with pytest.raises(ValueError, match="a store of 70 blocks"):
        decode(values, prepare(keys, shape_of(70)))


def test_a_core_leaves_the_free_blocks_alone() -> None:
    keys, values = pairs(40)
    rows = prepare(keys, Shape(40, 44))
    store = pairs(rows.shape.size, seed=4)[0].copy()
    before, core = store.copy(), core_of(rows, peel(rows))
    solve_core(rows, core, values, store)
    assert 0 < np.any(store != before, axis=1).sum() <= len(core)
    part = Rows(rows.shape, rows.sparse[:, core], rows.dense[core])
    assert np.array_equal(decode(store, part), values[core])
