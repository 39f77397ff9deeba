"""The passphrase in the system keyring: kept, changed with the key file in step, and never printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from cleanroom.cli.app import overlap
from cleanroom.cli.shell import Shell, in_keyring, replace_in_keyring
from overlap.errors import UsageError
from overlap.keys import check_passphrase

OLD, NEW = "correct horse battery staple", "another horse entirely"

pytestmark = pytest.mark.usefixtures("quick_passphrase")


class Memory(KeyringBackend):
    """A keyring that forgets."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    monkeypatch.delenv("OVERLAP_PASSPHRASE", raising=False)
    before = keyring.get_keyring()
    backend = Memory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def run(root: Path, *words: str, passphrase: str | None = None) -> int:
    shell = Shell(root, None, True, None, passphrase)
    try:
        overlap.main(["--dir", str(root), *words], prog_name="overlap", obj=shell)
    except SystemExit as end:
        return int(end.code or 0)
    raise AssertionError


@pytest.fixture
def root(memory: Memory, tmp_path: Path) -> Path:
    place = tmp_path / "party"
    assert run(place, "init", "--party", "northwind", "--keyring", passphrase=OLD) == 0
    return place


def test_a_changed_passphrase_is_changed_in_the_keyring_too(
    root: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(root, "card") == 0
    monkeypatch.setenv("OVERLAP_NEW_PASSPHRASE", NEW)
    assert run(root, "keys", "passphrase") == 0
    assert list(memory.kept.values()) == [NEW]
    assert run(root, "card") == 0


@pytest.mark.parametrize("changed", [False, True], ids=["before the key file", "after the key file"])
def test_a_change_killed_on_either_side_of_the_key_file_leaves_one_that_opens(
    root: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    if changed:
        (root / "copy").write_bytes(b"")
        monkeypatch.setenv("OVERLAP_NEW_PASSPHRASE", NEW)
        assert run(root, "keys", "passphrase") == 0
        memory.set_password("overlap", str(root.resolve()), OLD)
    memory.set_password("overlap", str(root.resolve()) + " (next)", NEW)
    assert in_keyring(root)
    assert run(root, "card") == 0


def test_a_change_that_fails_keeps_the_old_entry(root: Path, memory: Memory) -> None:
    with pytest.raises(OSError, match="full"), replace_in_keyring(root, NEW):
        raise OSError("full")
    assert memory.get_password("overlap", str(root.resolve())) == OLD
    assert run(root, "card") == 0


def test_a_shell_does_not_print_its_passphrase(tmp_path: Path) -> None:
    assert OLD not in repr(Shell(tmp_path, passphrase=OLD))


@pytest.mark.parametrize("good", [OLD, NEW, "northwind has four good words", "Tr0ub4dor&3-and-more"])
def test_a_passphrase_of_several_words_is_taken(good: str) -> None:
    check_passphrase(good, "northwind")


@pytest.mark.parametrize(
    "weak",
    ["", "elevenchars", "aaaaaaaaaaaaaaaa", "abcabcabcabc", "123456789012", "northwind-123",
     "password-overlap", "abcdefghijklmnop", "Passphrase-2026"],
)  # fmt: skip
def test_a_passphrase_that_anybody_tries_first_is_refused(weak: str) -> None:
    with pytest.raises(UsageError):
        check_passphrase(weak, "northwind")
