"""Files that cannot be read: each is one BadInput with a hint, and no cell is quoted."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from overlap.errors import BadInput
from overlap.ingest import read_accounts, write_rejected
from overlap.records import Rejected


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("content.txt", "Secret")
    return data.getvalue()


BAD_FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("x.csv", lambda: b"", "empty"),
    "empty xlsx": ("x.xlsx", lambda: b"", "empty"),
    "only white space": ("x.csv", lambda: b" \r\n\t\n", "empty"),
    "only a byte order mark": ("x.csv", lambda: b"\xef\xbb\xbf", "empty"),
    "header only": ("x.csv", lambda: b"id,name,website\n", "nothing below"),
    "header and blank lines": ("x.csv", lambda: b"id,name\n\n\n", "nothing below"),
    "no header": ("x.csv", lambda: b"1,Secret\n2,Secret\n", "no header row"),
    "binary with nul": ("x.csv", lambda: random.Random(1).randbytes(5000), "NUL"),
    "binary without nul": (
        "x.csv",
        lambda: random.Random(1).randbytes(5000).replace(b"\0", b"\1"),
        "neither UTF-8",
    ),
    "shift jis": ("x.csv", lambda: "id,name\n1,日本電気\n2,ソニー\n".encode("shift_jis"), "neither UTF-8"),
    "cut utf-16": ("x.csv", lambda: b"\xff\xfe" + "id,name\n1,Secret\n".encode("utf-16-le")[:-1], "UTF-16"),
    "open quote": ("x.csv", lambda: b'id,name\n1,A\n2,"Secret\n3,C\n', "row 3"),
    "open quote in one column": ("x.csv", lambda: b'name\nA\n"Secret\nC\n', "row 3"),
    "large open quote": ("x.csv", lambda: b'id,name\n1,A\n2,"Secret' + b"\n3,C" * 5_000_000, "row 3"),
    "text called xlsx": ("x.xlsx", lambda: b"id,name\n1,Secret\n", ".xlsx"),
    "text called parquet": ("x.parquet", lambda: b"id,name\n1,Secret\n", ".parquet"),
    "archive called xlsx": ("x.xlsx", zipped, "XLSX"),
    "cut xlsx": ("x.xlsx", lambda: zipped()[:40], "XLSX"),
    "cut parquet": ("x.parquet", lambda: b"PAR1" + b"\1" * 100, "Parquet"),
    "old excel": ("x.xls", lambda: b"\xd0\xcf\x11\xe0" + bytes(600), "old or password-protected"),
    "gzip": ("x.csv.gz", lambda: gzip.compress(b"id,name\n1,Secret\n"), "compressed"),
    "web page": ("x.xls", lambda: b"<html><table><tr><td>Secret", "web page"),
}


@pytest.mark.parametrize("defect", BAD_FILES)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, defect: str) -> None:
    name, make, said = BAD_FILES[defect]
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(BadInput) as caught:
        read_accounts(path)
    assert said in caught.value.what
    assert caught.value.hint
    assert "Secret" not in caught.value.what + caught.value.hint


def test_no_header_shows_the_smallest_correct_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput) as caught:
        read_accounts(path)
    assert "id,name,website / 1,Example Ltd,example.com" in caught.value.hint


def test_a_missing_file_and_a_folder_are_bad_input(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(BadInput):
            read_accounts(path)


def test_a_failed_write_of_rejected_rows_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError):
        write_rejected([Rejected(1, "no id")], target)
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
