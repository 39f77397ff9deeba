"""The vault: one owner-only file a secret, outside database and backups, and their destruction.

    key          the vault key, encrypted under the party's storage key; replaced at every destruction
    ID.secret    one secret, encrypted under the vault key

A destruction writes its intent and a new vault key first, then erases the secret, encrypts all others again
under the new key, and forgets the old one. Killed at any moment it is completed when the vault is opened the
next time, and no other secret is lost. An old copy of a secret's file opens with no key that is left.

Flash memory and snapshots may keep old blocks: a destruction is attested, not proven.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cleanroom.durable import erase, sync_folder, write_owner_only
from overlap import canonical
from overlap.errors import BadInput, ForgedFile, MalformedFile, Refused, UsageError
from overlap.keys import KEY_BYTES, NONCE_BYTES, RandomBytes, decrypt, encrypt, hkdf

KEY_LINE: Final = b"overlap-vault-key/1\n"
SECRET_LINE: Final = b"overlap-vault-secret/1\n"

#: A secret is a key half or a one-time key; the limit keeps anything larger out of what is encrypted again.
SECRET_LIMIT_BYTES: Final = 4_096

#: Every file has a salt of its own, so every file has a key of its own and the nonce can be zero.
SALT_BYTES: Final = 32
_NONCE: Final = bytes(NONCE_BYTES)

_NAME = re.compile(r"[0-9a-f]{2,64}")
_HINT: Final = "the vault is in no backup: shares whose half is lost are granted again"


@dataclass(frozen=True, slots=True)
class _KeyRing:
    """The newest key first, the one it replaces second; and which secret is being destroyed meanwhile."""

    keys: tuple[bytes, ...] = field(repr=False)
    destroying: str


class Vault:
    """The secrets in `folder`, under `key` (32 bytes, from PartyKeys.storage_key). One process at a time.

    Raises BadInput when `key` does not open the vault.
    """

    def __init__(self, folder: Path, key: bytes, random: RandomBytes) -> None:
        self._folder = folder
        self._outer = key
        self._random = random
        self._key_path = folder / "key"
        if self._key_path.exists():
            self._ring = self._read_ring()
            self._recover()
        else:
            self._create()

    def put(self, name: str, secret: bytes) -> None:
        """Keep `secret` under `name`, 2 to 64 hex digits; on disk when this returns.

        Raises UsageError for another name, a secret above SECRET_LIMIT_BYTES, or a name that is taken.
        """
        path = self._path(name)
        if len(secret) > SECRET_LIMIT_BYTES or path.exists():
            raise UsageError("a secret of the vault is too large or its name is taken", "choose a new id")
        self._write(name, secret)

    def replace(self, name: str, secret: bytes) -> None:
        """Put `secret` in the place of the one kept under `name`, in one step; Refused when there is none."""
        if len(secret) > SECRET_LIMIT_BYTES:
            raise UsageError("a secret of the vault is too large", "keep keys only")
        self.get(name)
        self._write(name, secret)

    def get(self, name: str) -> bytes:
        """The secret; Refused when there is none, BadInput when its file was altered."""
        path = self._path(name)
        if not path.exists():
            raise Refused("the vault holds no such secret: it was destroyed, or never kept here", _HINT)
        data = path.read_bytes()
        head = len(SECRET_LINE) + SALT_BYTES
        if data.startswith(SECRET_LINE) and len(data) > head:
            for key in self._ring.keys:
                inner = hkdf(key, _info(name, data[len(SECRET_LINE) : head]))
                with suppress(ForgedFile):
                    return decrypt(inner, _NONCE, data[head:], _associated(name), "a secret")
        raise BadInput("a secret of the vault was altered or belongs to another vault", _HINT)

    def rekey(self, key: bytes) -> None:
        """Keep the vault under another outer key from now on; the secrets and the vault key stay."""
        self._outer = key
        self._write_ring(self._ring)

    def names(self) -> tuple[str, ...]:
        """The names of the secrets kept, sorted."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.secret")))

    def destroy(self, name: str) -> None:
        """Make the secret unobtainable from what is left on this machine; nothing happens when it is gone."""
        self._recover()
        if not self._path(name).exists():
            return
        self._write_ring(_KeyRing((self._random(KEY_BYTES), *self._ring.keys), name))
        self._recover()

    def _recover(self) -> None:
        """Complete a destruction; also removes what a killed write has left."""
        for left in (*self._folder.glob("*.new"), *self._folder.glob("*.old")):
            if left.samefile(self._key_path):
                left.unlink()  # A second name of the key in use: overwriting it would lose every secret.
            erase(left, self._random)
        if len(self._ring.keys) == 1:
            return
        if self._ring.destroying:
            erase(self._path(self._ring.destroying), self._random)
        for name in self.names():
            self._write(name, self.get(name))
        self._write_ring(_KeyRing(self._ring.keys[:1], ""))

    def _create(self) -> None:
        """An empty vault. Secrets without a key file cannot be opened and must not be overlooked."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.names():
            raise BadInput("the key file of the vault is missing", _HINT)
        self._write_ring(_KeyRing((self._random(KEY_BYTES),), ""))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(
                "the name of a secret is 2 to 64 hex digits", "use the id of the share or request"
            )
        return self._folder / f"{name}.secret"

    def _write(self, name: str, secret: bytes) -> None:
        salt = self._random(SALT_BYTES)
        inner = hkdf(self._ring.keys[0], _info(name, salt))
        sealed = encrypt(inner, _NONCE, secret, _associated(name))
        write_owner_only(self._path(name), SECRET_LINE + salt + sealed)

    def _write_ring(self, ring: _KeyRing) -> None:
        """Replace the key file in one step and erase the blocks of the old one.

        The old file keeps a second name for that moment. Where the file system has no hard links, its blocks
        are freed without being overwritten.
        """
        body = {"destroying": ring.destroying, "keys": [key.hex() for key in ring.keys]}
        salt = self._random(SALT_BYTES)
        inner = hkdf(self._outer, _info("key", salt))
        sealed = encrypt(inner, _NONCE, canonical.encode(body), KEY_LINE)
        old = self._key_path.with_name("key.old")
        if self._key_path.exists():
            try:
                os.link(self._key_path, old)
            except OSError:
                old.unlink(missing_ok=True)
        write_owner_only(self._key_path, KEY_LINE + salt + sealed)
        self._ring = ring
        erase(old, self._random)
        sync_folder(self._folder)

    def _read_ring(self) -> _KeyRing:
        data = self._key_path.read_bytes()
        head = len(KEY_LINE) + SALT_BYTES
        try:
            if not data.startswith(KEY_LINE) or len(data) < head:
                raise MalformedFile("not a key file of version 1", _HINT)
            inner = hkdf(self._outer, _info("key", data[len(KEY_LINE) : head]))
            plain = decrypt(inner, _NONCE, data[head:], KEY_LINE, "the key file of the vault")
        except (ForgedFile, MalformedFile) as error:
            raise BadInput("the key file of the vault was altered or is of another party", _HINT) from error
        body = canonical.decode(plain, "the key file of the vault")
        return _KeyRing(tuple(bytes.fromhex(key) for key in body["keys"]), body["destroying"])


def _associated(name: str) -> bytes:
    return SECRET_LINE + name.encode()


def _info(name: str, salt: bytes) -> bytes:
    return b"overlap-vault/1\n" + canonical.digest(name.encode(), salt)
