"""A vault killed at any system call of a destruction: no other secret lost, the destruction completed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cleanroom.vault import Vault
from overlap.errors import Refused

RANDOM = Random(8).randbytes
KEY = bytes(range(32))


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


def kill_at(call: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Raise Killed instead of the call with this number, counted over every durable step."""
    done = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done == call:
                raise Killed
            return real(*arguments, **named)

        return step

    for name in ("fsync", "replace", "link", "open"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    monkeypatch.setattr(Path, "unlink", counted(Path.unlink))
    return lambda: done


def test_a_destruction_killed_anywhere_is_completed_or_never_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = set()
    call = 0
    while True:
        call += 1
        folder = tmp_path / str(call)
        vault = Vault(folder, KEY, RANDOM)
        for name in ("aa", "bb", "cc"):
            vault.put(name, name.encode())
        copy = (folder / "bb.secret").read_bytes()
        done = kill_at(call, monkeypatch)
        try:
            vault.destroy("bb")
        except Killed:
            killed = True
        else:
            killed = False
        monkeypatch.undo()
        if not killed:
            assert done() < call
            break
        again = Vault(folder, KEY, RANDOM)
        assert (again.get("aa"), again.get("cc")) == (b"aa", b"cc")
        outcomes.add("bb" in again.names())
        if "bb" in again.names():
            assert again.get("bb") == b"bb"
        else:
            (folder / "bb.secret").write_bytes(copy)
            with pytest.raises(Exception, match="altered"):
                Vault(folder, KEY, RANDOM).get("bb")
        assert {path.suffix for path in folder.iterdir()} <= {"", ".secret"}
    assert outcomes == {True, False}
    assert call > 20


def test_a_destruction_that_met_a_full_disk_is_completed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(tmp_path / "v", KEY, RANDOM)
    for name in ("aa", "bb", "cc"):
        vault.put(name, name.encode())
    write, calls = Vault._write, 0

    def full(self: Vault, name: str, secret: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(28, "No space left on device")
        write(self, name, secret)

    monkeypatch.setattr(Vault, "_write", full)
    with pytest.raises(OSError, match="space"):
        vault.destroy("aa")
    vault.destroy("bb")
    assert vault.names() == ("cc",)
    assert vault.get("cc") == b"cc"
    with pytest.raises(Refused):
        vault.get("aa")
