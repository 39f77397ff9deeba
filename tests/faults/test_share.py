"""A lease-holder killed between any two of its steps: no half survives an end, no read goes uncounted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cleanroom.log import Log, log_origin
from cleanroom.receipts import DESTRUCTION, GRANT, read_statement
from cleanroom.share import (
    Holder,
    HolderState,
    MadeShare,
    Record,
    Terms,
    make_request,
    make_share,
    read_share,
)
from cleanroom.vault import Vault
from overlap.errors import Refused
from overlap.keys import PartyKeys

RANDOM = Random(12).randbytes
GRANTOR = PartyKeys.generate("northwind", RANDOM)
RECIPIENT = PartyKeys.generate("contoso", RANDOM)


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


class Folder:
    """The grantor's folder; `steps` steps of the holder are done, then the process is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = HolderState()
        self.receipts: dict[str, bytes] = {}
        self.steps = 1_000_000
        self.made = self._grant()

    def holder(self) -> Holder:
        """The holder as a new process opens it."""
        vault = Vault(self.folder / "vault", GRANTOR.storage_key(b"vault"), RANDOM)
        log = Log(self.folder / "log", log_origin(GRANTOR.card, RECIPIENT.card), GRANTOR)
        for room, name in ((vault, "destroy"), (vault, "get"), (log, "append")):
            setattr(room, name, self._counted(getattr(room, name)))
        return Holder(
            vault,
            log,
            GRANTOR,
            GRANTOR.card,
            RECIPIENT.card,
            HolderState.from_bytes(self.state.to_bytes()),
            grants=self,
            save=self._counted(self._save),
            decide=lambda *_: None,
            random=RANDOM,
        )

    def read(self, share: str) -> bytes:
        return self.receipts[share]

    def keep(self, share: str, receipt: bytes) -> None:
        self._counted(self.receipts.__setitem__)(share, receipt)

    def _save(self, state: HolderState) -> None:
        self.state = state

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.steps -= 1
            if self.steps < 0:
                raise Killed
            return step(*arguments, **named)

        return counted

    def _grant(self) -> MadeShare:
        terms = Terms(
            share="ab" * 16,
            agreement="ab" * 32,
            grantor=GRANTOR.card.digest.hex(),
            recipient=RECIPIENT.card.digest.hex(),
            holder=GRANTOR.card.digest.hex(),
            run="0123",
            purposes=("co-sell",),
            fields=("stage",),
            not_before=1_000,
            until=5_000,
            exportable=False,
            count=1,
        )
        made = make_share(terms, [Record(("ab" * 16,), {"stage": "won"})], RECIPIENT.card, GRANTOR, RANDOM)
        self.holder().grant(made, 900)
        return made


Ending = Callable[[Holder], Any]


@pytest.mark.parametrize(
    "end",
    [
        lambda holder: holder.revoke("ab" * 16, 2_000),
        lambda holder: holder.expire(5_000, confirmed=True),
    ],
    ids=["revocation", "end"],
)
def test_an_ending_killed_anywhere_is_completed_by_the_next_one(tmp_path: Path, end: Ending) -> None:
    for steps in range(100):
        folder = Folder(tmp_path / str(steps))
        folder.steps = steps
        try:
            end(folder.holder())
        except Killed:
            folder.steps = 1_000_000
        else:
            break
        ending = end(folder.holder())
        for one in ending if isinstance(ending, tuple) else (ending,):
            assert read_statement(one.attestation, [GRANTOR.card], DESTRUCTION).predicate["records"] == 1
        assert folder.holder()._vault.names() == ()
        assert folder.holder()._log.verify() == []
        assert folder.state.shares["ab" * 16].destroyed
    assert 4 < steps < 99


def test_a_lease_killed_anywhere_never_leaves_uncounted(tmp_path: Path) -> None:
    for steps in range(100):
        folder = Folder(tmp_path / str(steps))
        share = read_share(folder.made.file, RECIPIENT, GRANTOR.card)
        request = make_request(share, [0], "co-sell", RECIPIENT, 2_000, holder=GRANTOR.card, random=RANDOM)
        folder.steps = steps
        try:
            folder.holder().lease(request.file, 2_000)
        except Killed:
            folder.steps = 1_000_000
        else:
            break
        again = make_request(share, [0], "co-sell", RECIPIENT, 2_001, holder=GRANTOR.card, random=RANDOM)
        assert folder.holder().lease(again.file, 2_001).records == (0,)
        assert folder.state.shares["ab" * 16].read == (0,)
        assert folder.holder()._log.verify() == []
        read_statement(folder.receipts["ab" * 16], [GRANTOR.card, RECIPIENT.card], GRANT)
    assert folder.state.shares["ab" * 16].read == (0,)
    assert [entry.kind for entry in folder.holder()._log.entries()] == ["grant", "receipt", "lease"]
    assert 2 < steps < 99


def test_a_grant_killed_before_its_half_was_kept_leases_nothing_and_ends(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a")
    holder = folder.holder()
    holder._vault.destroy("ab" * 16)
    share = read_share(folder.made.file, RECIPIENT, GRANTOR.card)
    request = make_request(share, [0], "co-sell", RECIPIENT, 2_000, holder=GRANTOR.card, random=RANDOM)
    with pytest.raises(Refused):
        holder.lease(request.file, 2_000)
    assert holder.revoke("ab" * 16, 2_001).read == 0
