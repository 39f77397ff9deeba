"""What the journeys and the faults share: the walk of two parties, made once for all tests of a process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from two_parties import Walk

#: Commands that tests start as processes keep their bytecode, whatever the tests themselves do: compiling it
#: anew took each of them longer than its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="module", autouse=True)
def _quick_walks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Journeys and faults stretch passphrases a little only and wait for no disk.

    No power fails here: a kill leaves what was written, flushed or not (faulty_disk counts the flushes and
    can refuse them). What is started as a process of its own, as in test_commands, does as everybody's; a
    module whose own folders such a process opens says so with AS_EVERYBODY.
    """
    with pytest.MonkeyPatch.context() as patch:
        quick = request.path.parent.name in ("journeys", "faults")
        if quick and not getattr(request.module, "AS_EVERYBODY", False):
            patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
            patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture
def quick_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretch passphrases a little only: the tests make many keys and guard nothing."""
    monkeypatch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Copies of both folders after each step of the whole walk."""
    from two_parties import Walk

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
        return Walk(tmp_path_factory.mktemp("walk"))
