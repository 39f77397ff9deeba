"""What every job on Spark is made of: sealed secrets, functions over Arrow batches, and lists with an order.

A list with an order is a folder of Parquet files. Its rows stand in the order of the files' names and of the
rows inside them; `place_of` counts through them. Elements and tags of a peer come as bytes in pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from overlap.spark.session import judging_spark, quiet

Batches = Iterator[pa.RecordBatch]

#: Rows of a task that hashes, multiplies or identifies: half a second to a second.
ROWS_A_TASK: Final = 16_384
#: Items in one binary value on their way from and to this process.
ITEMS_A_PIECE: Final = 4_096
#: Pieces that this process writes in one job: 128 MiB of elements.
_PIECES_A_JOB: Final = 1_024


@contextmanager
def sealed(session: Any, secret: bytes) -> Generator[Any]:
    """A secret for executors, as a broadcast variable, which is destroyed everywhere at the end.

    A broadcast is no part of the plan, of the task or of the event log, which hold its number only. Spark
    sends it over its own connections and keeps it as a block: encrypted, as `require_sealed` makes sure.
    """
    shared = session.sparkContext.broadcast(secret)
    try:
        yield shared
    finally:
        shared.destroy(blocking=True)


def mapped(frame: Any, function: Callable[[Batches], Batches], schema: str) -> Any:
    """`frame` with each partition's Arrow batches put through `function`."""
    with quiet():
        return frame.mapInArrow(function, schema)


def spread(frame: Any, rows: int) -> Any:
    """`frame` dealt out to as many tasks as heavy work on `rows` rows needs, and every executor has some."""
    least = int(frame.sparkSession.sparkContext.defaultParallelism)
    return frame.repartition(max(-(-rows // ROWS_A_TASK), least))


def write(frame: Any, path: str, *folders: str) -> None:
    """Write a table in place of what was there, with a folder for each value of the columns `folders`."""
    with judging_spark():
        frame.write.partitionBy(*folders).mode("overwrite").parquet(path)


def read(session: Any, path: str) -> Any:
    """The table at `path`."""
    with judging_spark():
        return session.read.parquet(path)


def read_placed(session: Any, path: str, place: str) -> Any:
    """The table at `path` with the column `place` (long): where a row stands in the list, from 0."""
    from pyspark.sql import functions as f

    with judging_spark():
        table = session.read.parquet(path).select(
            "*", f.col("_metadata.file_path").alias("_file"), f.col("_metadata.row_index").alias("_row")
        )
        sizes = table.groupBy("_file").count().collect()
        starts, total = [], 0
        for file, count in sorted((row["_file"], row["count"]) for row in sizes):
            starts.append((file, total))
            total += count
        if not starts:
            return table.drop("_file", "_row").withColumn(place, f.lit(0).cast("long"))
        before = session.createDataFrame(starts, "_file string, _start long")
        joined = table.join(f.broadcast(before), "_file")
        return joined.withColumn(place, f.col("_start") + f.col("_row")).drop("_file", "_row", "_start")


def items_in_order(frame: Any, item: str, order: str) -> Iterator[bytes]:
    """The binary values of `item` by `order`, joined into pieces; one partition is in memory at a time."""
    with judging_spark():
        packed = mapped(frame.orderBy(order).select(item), pack, "piece binary")
        for row in packed.toLocalIterator(prefetchPartitions=True):
            yield bytes(row["piece"])


def pack(batches: Batches) -> Batches:
    """Binary values of one size to pieces of many."""
    for batch in batches:
        items = batch.column(0).to_pylist()
        pieces = [b"".join(items[at : at + ITEMS_A_PIECE]) for at in range(0, len(items), ITEMS_A_PIECE)]
        yield pa.record_batch({"piece": pa.array(pieces, pa.binary())})


def write_pieces(session: Any, pieces: Iterable[bytes], path: str) -> None:
    """Keep pieces that this process has as a table (start: long, the number of items before; piece).

    Every piece but the last holds `ITEMS_A_PIECE` items, so that `start` counts items.
    """
    with judging_spark():
        schema = pa.schema([("start", pa.int64()), ("piece", pa.binary())])
        session.createDataFrame(schema.empty_table()).write.mode("overwrite").parquet(path)
        for number, some in enumerate(_groups(pieces, _PIECES_A_JOB)):
            first = number * _PIECES_A_JOB
            starts = [(first + at) * ITEMS_A_PIECE for at in range(len(some))]
            table = pa.table([starts, some], schema=schema)
            with quiet():
                session.createDataFrame(table).write.mode("append").parquet(path)


def write_items(session: Any, items: Iterable[bytes], name: str, path: str) -> None:
    """Keep binary values that this process has as a list with an order, in the column `name`."""
    table = pa.table({name: pa.array(items, pa.binary())})
    write_table(session, table, path)


def write_table(session: Any, table: pa.Table, path: str) -> None:
    """Keep a table that this process has, its rows in their order."""
    with judging_spark(), quiet():
        frame = session.createDataFrame(table)
    write(frame, path)


def remove(session: Any, path: str) -> None:
    """Delete the folder at `path`, a URL of any file system that the session knows, if it is there."""
    with judging_spark():
        folder = session._jvm.org.apache.hadoop.fs.Path(path)
        folder.getFileSystem(session._jsc.hadoopConfiguration()).delete(folder, True)


def cut(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `ITEMS_A_PIECE` items of `size` bytes; the last piece may be shorter."""
    wanted, held = size * ITEMS_A_PIECE, bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= wanted:
            yield bytes(held[:wanted])
            del held[:wanted]
    if held:
        yield bytes(held)


def _groups(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def first_repeated(table: Any, item: str, place: str) -> int | None:
    """The first place at which `item` holds what an earlier place holds already; None without any."""
    from pyspark.sql import functions as f

    with judging_spark():
        groups = table.groupBy(item).agg(f.min(place).alias("_first"), f.count("*").alias("_count"))
        again = groups.where("_count > 1").join(table, item).where(f.col(place) > f.col("_first"))
        found = again.agg(f.min(place)).first()[0]
    return None if found is None else int(found)
