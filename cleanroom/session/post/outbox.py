"""What a command has written for somebody and nobody has taken yet: each file with its address beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleanroom.session.folder import Folder
from overlap.errors import BadInput


@dataclass(frozen=True)
class Address:
    """Where a file in the outbox goes; `answers` is the key of the waiting file that it answers, or empty.

    `share` is the share of a request that goes to the room which holds its half, else empty.
    """

    partner: str
    kind: str
    via: str
    answers: str
    share: str


def addressed(folder: Folder) -> Iterator[tuple[str, Address]]:
    """What is addressed in the outbox, the oldest first; the file itself may not be there yet."""
    for name in folder.names("outbox", suffix=".address"):
        try:
            yield name, Address(**folder.read_record("outbox", f"{name}.address"))
        except TypeError as error:
            raise BadInput(
                "an address in the outbox is not of version 1", "restore it from a backup"
            ) from error


def files_at(folder: Folder, name: str) -> list[Path]:
    """What a command has written at a place of the outbox: nothing, a file or several, in order."""
    names = folder.names("outbox")
    further = [int(n.removeprefix(f"{name}-")) for n in names if re.fullmatch(rf"{name}-[0-9]+", n)]
    found = [name] * (name in names) + [f"{name}-{number}" for number in sorted(further)]
    return [folder.path("outbox", one) for one in found]


def unsent(folder: Folder) -> list[Address]:
    """What lies in the outbox, the oldest first."""
    return [address for name, address in addressed(folder) if files_at(folder, name)]


def drop_unsent(folder: Folder, partner: str) -> None:
    """Remove what waits for a partner: it is sealed to a card, or names one, that is out of use."""
    for name, address in list(addressed(folder)):
        if address.partner == partner:
            for place in files_at(folder, name):
                place.unlink()
            folder.path("outbox", f"{name}.address").unlink()
