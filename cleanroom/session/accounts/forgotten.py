"""Which own accounts were forgotten: salted digests of their ids, so that no import takes one in again.

tables/forgotten    record: the salt (32 bytes, hex) and a digest for each account
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cleanroom.session.folder import Folder
from overlap import canonical
from overlap.keys import RandomBytes

_PLACE = ("tables", "forgotten")


def remember_forgotten(folder: Folder, account: str, random: RandomBytes) -> str:
    """Keep an account away from now on, and give its digest (hex), the same when it is forgotten again."""
    known, salt = forgotten_digests(folder), _salt(folder) or random(32).hex()
    digest = _digest(salt, account)
    folder.write_record({"salt": salt, "accounts": sorted({*known, digest})}, *_PLACE)
    return digest


def forgotten_digests(folder: Folder) -> list[str]:
    """What is kept of the forgotten accounts: one digest (hex) each, sorted."""
    return list(folder.read_record(*_PLACE)["accounts"]) if folder.path(*_PLACE).is_file() else []


def are_forgotten(folder: Folder, ids: Sequence[str]) -> np.ndarray:
    """Which of the account ids were forgotten (bool)."""
    known, salt = set(forgotten_digests(folder)), _salt(folder)
    return np.array([bool(known) and _digest(salt, one) in known for one in ids], bool)


def _salt(folder: Folder) -> str:
    return str(folder.read_record(*_PLACE)["salt"]) if folder.path(*_PLACE).is_file() else ""


def _digest(salt: str, account: str) -> str:
    return canonical.digest(bytes.fromhex(salt), account.encode()).hex()
