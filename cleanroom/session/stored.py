"""Secrets of our own at rest: one file each, locked under a key that only this party's identity gives.

    overlap-stored/1 \\n  nonce: 12 bytes  AES-256-GCM(storage key of the purpose, nonce, contents)

The first line and the name are associated data, so one file cannot be put in the place of another.
"""

from __future__ import annotations

from typing import Final

from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap import keys
from overlap.errors import BadInput, ForgedFile

STORED_LINE: Final = b"overlap-stored/1\n"

#: Purpose to what it locks; each has a key of its own.
PURPOSES: Final = {
    b"canaries": "the planted accounts",
    b"claims opening": "the claims opening",
    b"forgotten": "what was forgotten",
    b"prepared list": "the prepared list",
    b"releases": "the opened share",
    b"reviews": "the memory of reviews",
    b"run state": "the state of the run",
    b"submissions": "the digests of a list that was submitted",
}

#: A stored secret: the name under which it is locked, and its place in the folder.
Locked = tuple[str, tuple[str, ...]]

#: Bytes: above the state of the largest run, whose 2^24 identifiers are short texts.
STORED_LIMIT: Final = 2**30


def keep_stored(
    party: Party, purpose: bytes, name: str, contents: bytes, *parts: str, half: bytes = b""
) -> None:
    """Lock `contents`, with a second `half` of the key where there is one, at that place of the folder."""
    nonce = party.random(keys.NONCE_BYTES)
    locked = keys.encrypt(_key(party, purpose, half), nonce, contents, STORED_LINE + name.encode())
    write_whole(party.folder.path(*parts), STORED_LINE + nonce + locked)


def read_stored(party: Party, purpose: bytes, name: str, *parts: str, half: bytes = b"") -> bytes:
    """What `keep_stored` locked; BadInput when it was altered or is not that file."""
    data = read_whole(party.folder.path(*parts), STORED_LIMIT)
    nonce, locked = data[len(STORED_LINE) :][: keys.NONCE_BYTES], data[len(STORED_LINE) + keys.NONCE_BYTES :]
    try:
        if not data.startswith(STORED_LINE) or len(nonce) != keys.NONCE_BYTES:
            raise ForgedFile("not a stored file", "restore it from a backup")
        return keys.decrypt(
            _key(party, purpose, half), nonce, locked, STORED_LINE + name.encode(), PURPOSES[purpose]
        )
    except ForgedFile as error:
        raise BadInput(
            f"{PURPOSES[purpose]} was altered or is of another party", "restore it from a backup"
        ) from error


def _key(party: Party, purpose: bytes, half: bytes) -> bytes:
    own = party.keys.storage_key(purpose)
    return keys.hkdf(own + half, b"overlap-stored/1\n" + purpose) if half else own
