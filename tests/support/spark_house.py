"""A Spark cluster of several processes on this machine, and accounts in Parquet, for the tests of Spark."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from companies import account_table

MASTER = "local-cluster[2,1,1024]"
#: In every name, so that a search finds plaintext wherever it lies.
MARK = "zyxwinkle"


def open_house(folder: Path) -> Any:
    """A session with an event log that can be searched, all its temporary files below `folder`."""
    from overlap.spark import open_session

    for name in ("log", "local"):
        (folder / name).mkdir()
    return open_session(
        MASTER,
        {
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": (folder / "log").as_uri(),
            "spark.local.dir": str(folder / "local"),
            # Small tables: compiling each plan would take longer than reading it.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.shuffle.partitions": "2",
        },
    )


def accounts(count: int, seed: str) -> pd.DataFrame:
    """Accounts with parents by id and by name, cycles, repeated ids, and many cells missing."""
    rng = Random(f"{seed}/accounts")
    shared = Random("companies of both sides")
    rows = []
    for at in range(count):
        company = shared.randrange(10**6) if at % 2 else rng.randrange(10**6, 10**7)
        name = f"{MARK.title()} {company:x}{shared.choice(['', ' Holding', ' GmbH', ' Energy'])}"
        row = {
            "id": f"{seed}{at - 1 if at % 97 == 1 else at}",
            "name": name if at % 13 else "",
            "website": f"https://www.{MARK}{company:x}.com" if at % 3 else "",
            "country": rng.choice(["DE", "Germany", "us", ""]),
            "city": rng.choice(["Berlin", "Boston", ""]),
            "phone": f"+49 30 {company:07d}" if at % 5 == 0 else "",
            "duns": f"{company % 10**9:09d}" if at % 7 == 0 else "",
            "email": f"info@{MARK}{company:x}.de" if at % 11 == 0 else "",
        }
        rows.append(row)
    for at in range(0, count, 4):
        parent = rng.randrange(count)
        rows[at]["parent_id"] = rows[parent]["id"] if at % 8 else rows[parent]["name"].upper()
    return account_table(rows)


def write_parts(frame: pd.DataFrame, folder: Path, sizes: Iterable[int]) -> str:
    """`frame` as Parquet files with these numbers of rows, the last with the rest; 0 makes an empty file."""
    folder.mkdir(parents=True)
    table, start = pa.Table.from_pandas(frame, preserve_index=False), 0
    for number, size in enumerate([*sizes, len(frame)]):
        pq.write_table(table.slice(start, size), folder / f"part-{number:05d}.parquet", row_group_size=100)
        start += size
    return folder.as_uri()


def forms_of(secret: bytes) -> list[bytes]:
    """The bytes that a secret might lie open as."""
    encoded = base64.b64encode(secret)
    # Base64 inside a longer text begins at another of three places, so the middle is looked for.
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        encoded,
        *(base64.b64encode(bytes(at) + secret)[4:-4] for at in (0, 1, 2)),
        base64.urlsafe_b64encode(secret),
        str(list(secret))[1:-1].encode(),
        str([byte - 256 if byte > 127 else byte for byte in secret])[1:-1].encode(),
    ]


def files_with(folder: Path, texts: Iterable[bytes]) -> list[str]:
    """The files below `folder` that hold one of `texts`."""
    wanted = list(texts)
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if any(text in data for text in wanted):
                found.append(str(path.relative_to(folder)))
    return found
