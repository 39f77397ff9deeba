"""Every changed byte of every file that travels or is shown is found. Here some, spread over the file.

All of them take an hour: `python benchmarks/every_byte.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from small_files import SmallFile, small_files
from two_parties import Walk

NAMES = (
    "log",
    "cosigned",
    "receipt",
    "agreement",
    "bundle",
    "frame",
    "share",
    "request",
    "letter",
    "lease",
)
#: Places of each file, and flips of one bit, of the case of a letter and of the highest bit, in turn.
PLACES = 24
FLIPS = (0x01, 0x20, 0x80)


@pytest.fixture(scope="module")
def files(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, SmallFile]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
        with small_files(walk, tmp_path_factory.mktemp("files")) as found:
            yield {file.name: file for file in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_byte_is_found(files: dict[str, SmallFile], name: str) -> None:
    file = files[name]
    last = len(file.data) - 1
    places = sorted({0, *(last * at // (PLACES - 1) for at in range(PLACES)), last})
    for number, place in enumerate(places):
        assert file.missed([place], [FLIPS[number % len(FLIPS)]]) == []
    file.read(file.data)


def test_no_file_is_left_out(files: dict[str, SmallFile]) -> None:
    assert tuple(files) == NAMES
