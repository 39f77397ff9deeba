"""What the journeys and the faults share: the walk of two parties, made once for all tests of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from two_parties import Walk


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
