"""The vault: what is destroyed cannot be read again, and nothing else is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

import pytest

from cleanroom.vault import SECRET_LIMIT_BYTES, Vault
from overlap.errors import BadInput, Refused, UsageError
from overlap.keys import PartyKeys

RANDOM = Random(7).randbytes
KEY = PartyKeys.generate("northwind", RANDOM).storage_key(b"vault")


def vault_with(folder: Path, *names: str) -> Vault:
    vault = Vault(folder, KEY, RANDOM)
    for name in names:
        vault.put(name, name.encode() * 4)
    return vault


def test_secrets_are_there_when_the_vault_is_opened_again(tmp_path: Path) -> None:
    vault_with(tmp_path / "v", "aa", "bb")
    again = Vault(tmp_path / "v", KEY, RANDOM)
    assert again.names() == ("aa", "bb")
    assert again.get("aa") == b"aaaaaaaa"


def test_a_destroyed_secret_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    vault = vault_with(tmp_path / "v", "aa", "bb", "cc")
    vault.destroy("bb")
    for opened in (vault, Vault(tmp_path / "v", KEY, RANDOM)):
        assert opened.names() == ("aa", "cc")
        assert (opened.get("aa"), opened.get("cc")) == (b"aaaaaaaa", b"cccccccc")
        with pytest.raises(Refused):
            opened.get("bb")
    vault.destroy("bb")


def test_an_old_copy_of_a_secret_opens_nothing_after_its_destruction(tmp_path: Path) -> None:
    vault = vault_with(tmp_path / "v", "aa", "bb")
    shutil.copy(tmp_path / "v" / "aa.secret", tmp_path / "backup")
    vault.destroy("aa")
    shutil.copy(tmp_path / "backup", tmp_path / "v" / "aa.secret")
    with pytest.raises(BadInput):
        Vault(tmp_path / "v", KEY, RANDOM).get("aa")


def test_an_old_copy_of_another_secret_opens_nothing_either(tmp_path: Path) -> None:
    vault = vault_with(tmp_path / "v", "aa", "bb")
    shutil.copy(tmp_path / "v" / "bb.secret", tmp_path / "backup")
    vault.destroy("aa")
    vault.destroy("bb")
    shutil.copy(tmp_path / "backup", tmp_path / "v" / "bb.secret")
    with pytest.raises(BadInput):
        vault.get("bb")


def test_no_file_of_the_vault_holds_a_secret_or_key_in_clear(tmp_path: Path) -> None:
    vault_with(tmp_path / "v", "aa", "bb").destroy("aa")
    for path in (tmp_path / "v").iterdir():
        data = path.read_bytes()
        assert b"bbbbbbbb" not in data and KEY not in data


@pytest.mark.skipif(os.name == "nt", reason="Windows files have no mode")
def test_every_file_is_owner_only(tmp_path: Path) -> None:
    vault_with(tmp_path / "v", "aa")
    assert (tmp_path / "v").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "v").iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["", "a", "../key", "AA", "a b", "a" * 65, "key", "aa\n"])
def test_names_are_hex_ids(tmp_path: Path, name: str) -> None:
    vault = vault_with(tmp_path / "v")
    for act in (lambda: vault.put(name, b"x"), lambda: vault.get(name), lambda: vault.destroy(name)):
        with pytest.raises(UsageError):
            act()


def test_a_name_is_never_taken_twice_and_a_secret_is_small(tmp_path: Path) -> None:
    vault = vault_with(tmp_path / "v", "aa")
    with pytest.raises(UsageError):
        vault.put("aa", b"other")
    with pytest.raises(UsageError):
        vault.put("bb", bytes(SECRET_LIMIT_BYTES + 1))
    assert vault.get("aa") == b"aaaaaaaa"


def test_a_secret_is_replaced_in_one_step_and_only_where_it_is(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v", KEY, RANDOM)
    vault.put("aa", b"old")
    vault.replace("aa", b"new")
    assert Vault(tmp_path / "v", KEY, RANDOM).get("aa") == b"new"
    with pytest.raises(Refused):
        vault.replace("bb", b"new")
    with pytest.raises(UsageError):
        vault.replace("aa", bytes(4_097))


def test_another_partys_key_opens_nothing(tmp_path: Path) -> None:
    vault_with(tmp_path / "v", "aa")
    with pytest.raises(BadInput):
        Vault(tmp_path / "v", bytes(32), RANDOM)


def test_a_missing_key_file_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    vault_with(tmp_path / "v", "aa")
    (tmp_path / "v" / "key").unlink()
    with pytest.raises(BadInput):
        Vault(tmp_path / "v", KEY, RANDOM)


@pytest.mark.parametrize("file", ["key", "aa.secret"])
def test_every_changed_byte_is_refused(tmp_path: Path, file: str) -> None:
    vault_with(tmp_path / "v", "aa")
    path = tmp_path / "v" / file
    data = path.read_bytes()
    for position in range(len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x20]) + data[position + 1 :])
        with pytest.raises(BadInput):
            Vault(tmp_path / "v", KEY, RANDOM).get("aa")
    path.write_bytes(data[:-1])
    with pytest.raises(BadInput):
        Vault(tmp_path / "v", KEY, RANDOM).get("aa")


def test_two_secrets_cannot_change_places(tmp_path: Path) -> None:
    vault = vault_with(tmp_path / "v", "aa", "bb")
    shutil.copy(tmp_path / "v" / "aa.secret", tmp_path / "v" / "bb.secret")
    with pytest.raises(BadInput):
        vault.get("bb")
