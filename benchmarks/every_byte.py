"""Every byte of a small file of each kind is changed, and the reader has to notice: 100 % is the goal.

    python benchmarks/every_byte.py [--stride 1] [--only NAME …] [--json FILE]

The files come from a walk through a whole partnership between two folders: log, cosigned checkpoint, receipt,
agreement, bundle, frame, share, request, letter, lease. Each byte is changed in its lowest bit, which never
gives another good file by chance; `--stride 7` takes every seventh. The lease comes last and is opened for
each change. Half an hour on two free processors.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import describe_machine, show_table
from small_files import small_files
from two_parties import Walk


def measure(place: Path, stride: int, only: list[str]) -> list[dict[str, Any]]:
    """For each file its bytes, how many were changed, which changes were missed, and the seconds it took."""
    rows = []
    # The walk's passphrases are stretched a little only: they are not what is tested.
    with patch("overlap.keys.passphrase.SCRYPT_N", 2**10), small_files(Walk(place / "walk"), place) as files:
        for file in files:
            if only and file.name not in only:
                continue
            begin, places = time.perf_counter(), range(0, len(file.data), stride)
            missed = file.missed(places, [0x01])
            file.read(file.data)
            seconds = time.perf_counter() - begin
            facts = {"file": file.name, "bytes": len(file.data), "changed": len(places)}
            rows.append(facts | {"missed": [place for place, _ in missed], "seconds": round(seconds, 1)})
            print(f"{file.name}: {len(missed)} of {len(places):,} missed", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="names of files")
    parser.add_argument("--json", type=Path, help="keep the figures here")
    asked = parser.parse_args()
    machine = describe_machine("cryptography")
    print(machine)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), asked.stride, asked.only)
    table = [
        (
            row["file"],
            f"{row['bytes']:,}",
            f"{row['changed']:,}",
            str(len(row["missed"])),
            f"{row['seconds']}",
        )
        for row in rows
    ]
    show_table(("file", "bytes", "changed", "missed", "seconds"), table)
    if asked.json:
        facts = {"machine": machine, "stride": asked.stride, "files": rows}
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
