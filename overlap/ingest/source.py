"""From a path or DataFrame to something with records; what a file is, its bytes say, not its name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import pandas as pd

from overlap.errors import BadInput, UsageError
from overlap.ingest.columnar import open_frame, open_parquet
from overlap.ingest.delimited import open_delimited
from overlap.ingest.jsonlines import open_json_lines
from overlap.ingest.pile import Opened
from overlap.ingest.text import inspect_text
from overlap.ingest.workbook import open_workbook

#: First bytes of files that people give by mistake, and what to do instead.
_STRANGERS: Final = (
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Excel file", "save it as XLSX without a password"),
    (b"\x1f\x8b", "a compressed file", "unpack it first"),
    (b"%PDF", "a PDF document", "export CSV, XLSX or Parquet"),
    (b"{\\rtf", "a rich text document", "export CSV, XLSX or Parquet"),
)
_MARKUP = (b"<html", b"<!doctype html", b"<?xml", b"<table", b"<meta")


def open_source(source: Any) -> Opened:
    """The candidates of a path or DataFrame.

    Raises BadInput for a file that is missing, empty, or neither text, JSON Lines, XLSX nor Parquet,
    UsageError for anything that is not a path or a DataFrame.
    """
    if isinstance(source, pd.DataFrame):
        return open_frame(source)
    if not isinstance(source, str | Path):
        raise UsageError("the source is neither a path nor a DataFrame", "give the export's path")
    path = Path(source)
    try:
        with path.open("rb") as file:
            start = file.read(64)
        return _open_by_content(path, start)
    except FileNotFoundError as error:
        raise BadInput(f"there is no file {path.name}", "check the path") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path.name} is a folder", "give one file") from error
    except PermissionError as error:
        raise BadInput(f"{path.name} may not be read", "check that it is a file of yours") from error


def _open_by_content(path: Path, start: bytes) -> Opened:
    for magic, what, hint in _STRANGERS:
        if start.startswith(magic):
            raise BadInput(f"the file is {what}", hint)
    if start.startswith(b"PK\x03\x04"):
        return open_workbook(path, _digest(path))
    if start.startswith(b"PAR1"):
        return open_parquet(path, _digest(path))
    if start and path.suffix.lower() in (".xlsx", ".xlsm", ".parquet"):
        raise BadInput(
            f"the file is called {path.suffix.lower()} but is not one",
            "save it again in that format or as CSV",
        )
    if start.lstrip().lower().startswith(_MARKUP):
        raise BadInput("the file is a web page or XML", "export it as CSV, 'details only'")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return open_json_lines(path, _digest(path))
    return open_delimited(inspect_text(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
