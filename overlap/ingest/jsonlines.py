"""JSON Lines: one object a line, its keys are the columns. A line that is none is rejected, not the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from overlap.errors import BadInput
from overlap.ingest.columnar import cell_text
from overlap.ingest.pile import Candidate, Opened, Pile, Records
from overlap.records import Rejected

NOT_AN_OBJECT = "the line is not a JSON object"

#: Distinct keys of one file; a file with more is no list of records.
_KEYS = 1_000


def open_json_lines(path: Path, digest: str) -> Opened:
    """A file of JSON objects, one a line; rows are line numbers, so that the first line is 1.

    Raises BadInput when it is not UTF-8, or no line is an object.
    """
    objects: list[dict[str, Any]] = []
    numbers: list[int] = []
    rejected: list[Rejected] = []
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                found = _object(line)
                if found is None:
                    rejected.append(Rejected(number, NOT_AN_OBJECT))
                else:
                    objects.append(found)
                    numbers.append(number)
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8", "write JSON Lines as UTF-8") from error
    names = list(dict.fromkeys(name for one in objects for name in one))
    if not names or len(names) > _KEYS:
        raise BadInput("the file has no JSON object with keys", 'a line is like {"id": "7", "type": "demo"}')
    columns = [[_text(one.get(name)) for one in objects] for name in names]

    def read(header: int, positions: Sequence[int]) -> Records:
        pile = Pile(len(names), positions)
        if objects:
            pile.add([pa.array(column, pa.large_string()) for column in columns])
        return pile.finish(np.asarray(numbers, np.int64), rejected)

    return Opened("utf-8", digest, [Candidate("", [names], read)])


def _object(line: str) -> dict[str, Any] | None:
    try:
        # Numbers keep the digits that were written: an id or an amount is no binary fraction.
        value = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else cell_text(value)
    return text.encode("utf-8", "replace").decode()
