"""A room as a carrier of files: uploads and downloads in pieces that go on where they were stopped."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from cleanroom.durable import OWNER_ONLY, sync_folder
from cleanroom.room.carrier import PIECE, Waiting, changed, gone, limit_of, require_kind
from cleanroom.room.client import CHUNK, RoomClient, malformed
from overlap.errors import Unreachable
from overlap.keys import Card

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class RoomCarrier:
    """A room as a carrier of files. What the room says of a file is believed in nothing but its address."""

    def __init__(self, client: RoomClient) -> None:
        self._client = client

    def send(self, recipient: Card, kind: str, source: Path) -> None:
        """See Carrier. Goes on where an upload of the same bytes was stopped."""
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            require_kind(kind, size)
            about = {
                "recipient": recipient.digest.hex(),
                "kind": kind,
                "size": size,
                "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            }
            told = self._client.ask_json("POST", "/v1/messages", about)
            place, offset = _place(told), _number(told, "offset", size)
            for _ in range(2 * (size // CHUNK + 1) + 8):
                if offset >= size:
                    return
                file.seek(offset)
                offset = self._upload(place, file.read(CHUNK), offset, size)
        raise Unreachable("the room does not take the whole file", "'overlap sync' goes on with it later")

    def waiting(self, kinds: Collection[str]) -> list[Waiting]:
        """See Carrier."""
        listed = self._client.ask_json("GET", "/v1/messages")
        if not isinstance(listed, list):
            raise malformed()
        items = [_waiting(one) for one in listed]
        fitting = [item for item in items if item.kind in kinds and item.size <= limit_of(item.kind)]
        return sorted(fitting, key=lambda item: item.time)

    def fetch(self, item: Waiting, target: Path) -> None:
        """See Carrier."""
        part = target.with_name(f"{target.name}.part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), OWNER_ONLY)
        with os.fdopen(descriptor, "r+b") as file:
            offset = min(file.seek(0, os.SEEK_END), item.size)
            while offset < item.size:
                answer = self._client.ask(
                    "GET", f"/v1/messages/{item.id}?offset={offset}", expect=(200, 206, 404)
                )
                if answer.status == 404:
                    raise gone()
                if not answer.body or offset + len(answer.body) > item.size:
                    raise changed()
                file.seek(offset)
                file.write(answer.body)
                offset += len(answer.body)
            file.truncate(item.size)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.sha256()
            while piece := file.read(PIECE):
                digest.update(piece)
        if digest.hexdigest() != item.sha256:
            part.unlink()
            raise changed()
        os.replace(part, target)
        sync_folder(target.parent)

    def done(self, item: Waiting) -> None:
        """See Carrier."""
        self._client.ask("DELETE", f"/v1/messages/{item.id}", expect=(200, 204, 404))

    def close(self) -> None:
        """See Carrier."""
        self._client.close()

    def _upload(self, place: str, piece: bytes, offset: int, size: int) -> int:
        """Send one piece; the offset at which the next one begins, as the room says."""
        fields = {"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"}
        answer = self._client.ask("PATCH", place, piece, fields, expect=(200, 204, 409))
        said = answer.fields.get("upload-offset", "")
        if not re.fullmatch(r"[0-9]{1,15}", said) or int(said) > size:
            if answer.status == 409:
                raise self._client.problem(answer)
            raise malformed()
        return int(said)


def _place(told: Any) -> str:
    if not isinstance(told, dict) or not _ID.fullmatch(str(told.get("id"))):
        raise malformed()
    return f"/v1/messages/{told['id']}"


def _number(told: Any, name: str, most: int) -> int:
    value = told.get(name) if isinstance(told, dict) else None
    if type(value) is not int or not 0 <= value <= most:
        raise malformed()
    return value


def _waiting(told: Any) -> Waiting:
    """One entry of the inbox; MalformedFile when it is not what it should be."""
    if not isinstance(told, dict):
        raise malformed()
    names = ("id", "sender", "kind", "sha256")
    texts = [str(told.get(name)) for name in names]
    known = [
        _ID.fullmatch(texts[0]),
        _DIGEST.fullmatch(texts[1]),
        texts[2].isalpha(),
        _DIGEST.fullmatch(texts[3]),
    ]
    if not all(known):
        raise malformed()
    size, when = (_number(told, name, 2**53) for name in ("size", "time"))
    return Waiting(texts[0], texts[1], texts[2], size, texts[3], when)
