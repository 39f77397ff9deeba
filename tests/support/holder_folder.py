"""A lease-holder that lives in one folder, copies of which are taken and put back in parts."""

from __future__ import annotations

import shutil
from pathlib import Path

from cleanroom.log import Log, log_origin
from cleanroom.share import LEASE_SECONDS, Holder, HolderState
from cleanroom.vault import Vault
from overlap.keys import PartyKeys, RandomBytes

#: What the folder holds, by parts that an old copy may bring back.
PARTS = {"state": ("state",), "log": ("log", "log.salts", "log.head", "log.tree"), "vault": ("vault",)}


class HolderFolder:
    """The grantor's folder as lease-holder for one recipient, whose every request is allowed."""

    def __init__(
        self,
        folder: Path,
        grantor: PartyKeys,
        recipient: PartyKeys,
        bytes_of: RandomBytes,
        lease_seconds: int = LEASE_SECONDS,
    ) -> None:
        self.folder, self.grantor, self.recipient = folder, grantor, recipient
        self._bytes_of, self._lease_seconds = bytes_of, lease_seconds
        folder.mkdir()
        self.save(HolderState())

    def save(self, state: HolderState) -> None:
        (self.folder / "state").write_bytes(state.to_bytes())

    def read(self, share: str) -> bytes:
        return (self.folder / share).read_bytes()

    def keep(self, share: str, receipt: bytes) -> None:
        (self.folder / share).write_bytes(receipt)

    def holder(self) -> Holder:
        """The holder as a new command opens it."""
        own = self.grantor
        return Holder(
            Vault(self.folder / "vault", own.storage_key(b"vault"), self._bytes_of),
            Log(self.folder / "log", log_origin(own.card, self.recipient.card), own),
            own,
            own.card,
            self.recipient.card,
            HolderState.from_bytes((self.folder / "state").read_bytes()),
            grants=self,
            save=self.save,
            decide=lambda *_: None,
            random=self._bytes_of,
            lease_seconds=self._lease_seconds,
        )

    def copy(self, name: str = "copy") -> Path:
        """A copy of the folder beside it."""
        return Path(shutil.copytree(self.folder, self.folder.with_name(name)))

    def put_back(self, copy: Path, parts: tuple[str, ...]) -> None:
        """Replace parts of the folder by those of a copy."""
        for name in (name for part in parts for name in PARTS[part]):
            place = self.folder / name
            if place.is_dir():
                shutil.rmtree(place)
                shutil.copytree(copy / name, place)
            else:
                shutil.copyfile(copy / name, place)
