"""A lease-holder whose files came back from an old copy: record of shares, log and vault, alone and in pairs.

The holder of the test lives in one folder; a copy is taken at one moment and parts of it put back later.
"""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from holder_folder import PARTS, HolderFolder

from cleanroom.share import (
    HolderState,
    MadeLease,
    Record,
    Share,
    Terms,
    make_request,
    make_share,
    open_records,
    read_share,
)
from overlap.errors import BadInput, Expired, Refused
from overlap.keys import PartyKeys

RANDOM = Random(77).randbytes
GRANTOR = PartyKeys.generate("northwind", RANDOM)
RECIPIENT = PartyKeys.generate("contoso", RANDOM)


class House(HolderFolder):
    """The grantor's folder, and the newest checkpoint of its log that the recipient has."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, GRANTOR, RECIPIENT, RANDOM)
        self.seen = ""
        self.now = 2_000
        self.share = self.grant()

    def grant(self) -> Share:
        own = GRANTOR.card.digest.hex()
        terms = Terms(
            share=RANDOM(16).hex(),
            agreement="ab" * 32,
            grantor=own,
            recipient=RECIPIENT.card.digest.hex(),
            holder=own,
            run="0123",
            purposes=("co-sell",),
            fields=("stage",),
            not_before=1_000,
            until=50_000,
            exportable=False,
            count=1,
            read_budget=3,
        )
        made = make_share(terms, [Record(("ab" * 16,), {"stage": "won"})], RECIPIENT.card, GRANTOR, RANDOM)
        self.holder().grant(made, 900)
        return read_share(made.file, RECIPIENT, GRANTOR.card)

    def lease(self, *, seen: str | None = None) -> MadeLease:
        """One read; the recipient keeps the checkpoint that comes with it."""
        self.now += 1
        shown = self.seen if seen is None else seen
        request = make_request(
            self.share,
            None,
            "co-sell",
            RECIPIENT,
            self.now,
            holder=GRANTOR.card,
            random=RANDOM,
            checkpoint=shown,
        )
        lease = self.holder().lease(request.file, self.now)
        self.seen = open_records(self.share, lease.file, request.key, self.now, GRANTOR.card).checkpoint
        return lease


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


#: An old vault alone has the same half, and nothing is forgotten.
SOME = [parts for size in (1, 2) for parts in combinations(PARTS, size) if parts != ("vault",)]


@pytest.mark.parametrize("leases", [1, 2])
@pytest.mark.parametrize("seen", ["shown", "withheld", "old"])
@pytest.mark.parametrize("parts", SOME, ids="+".join)
def test_one_or_two_old_parts_lease_nothing_whatever_the_peer_shows(
    house: House, parts: tuple[str, ...], seen: str, leases: int
) -> None:
    house.lease()
    old = house.seen
    copy = house.copy()
    for _ in range(leases):
        house.lease()
    house.put_back(copy, parts)
    if (parts, seen, leases) == (("log", "vault"), "old", 1):
        assert house.lease(seen=old)  # As after a kill between record and log: the record has every read.
        return
    with pytest.raises(Refused, match=r"older|no checkpoint"):
        house.lease(seen={"shown": None, "withheld": "", "old": old}[seen])


def test_an_old_copy_of_everything_leases_nothing_when_the_peer_shows_what_it_has(house: House) -> None:
    house.lease()
    old = house.seen
    copy = house.copy()
    house.lease()
    house.put_back(copy, tuple(PARTS))
    with pytest.raises(Refused, match="older"):
        house.lease()
    house.lease(seen=old)  # What only a third place can notice: the peer has a tool that hides the newest.


def test_a_peer_that_has_shown_a_checkpoint_must_go_on_showing_one(house: House) -> None:
    house.lease()
    house.lease()
    with pytest.raises(Refused, match="no checkpoint"):
        house.lease(seen="")
    assert house.lease()


def test_a_half_that_comes_back_with_an_old_vault_is_destroyed_again_and_opens_nothing(house: House) -> None:
    house.lease()
    copy = house.copy()
    house.holder().revoke(house.share.terms.share, house.now)
    house.put_back(copy, ("vault",))
    assert house.holder()._vault.names() == (house.share.terms.share,)
    with pytest.raises(Refused, match="revoked"):
        house.lease()
    house.holder().expire(house.now)
    assert house.holder()._vault.names() == ()


def test_a_record_and_vault_of_before_the_revocation_lease_nothing(house: House) -> None:
    house.lease()
    copy = house.copy()
    house.holder().revoke(house.share.terms.share, house.now)
    house.put_back(copy, ("state", "vault"))
    with pytest.raises(Refused, match="older"):
        house.lease(seen=house.seen)


def test_a_record_and_vault_of_before_the_end_lease_nothing(house: House) -> None:
    house.lease()
    copy = house.copy()
    house.holder().expire(50_000, confirmed=True)
    house.put_back(copy, ("state", "vault"))
    with pytest.raises(Expired):
        house.lease()


def test_an_end_is_not_forgotten_with_record_and_log_while_the_half_waits(house: House) -> None:
    house.lease()
    copy = house.copy()
    house.holder().expire(50_000)
    assert house.holder()._vault.names() == (house.share.terms.share,)
    house.put_back(copy, ("state", "log"))
    with pytest.raises(Refused, match="older"):
        house.lease()


def test_an_end_does_not_wait_for_a_half_that_was_altered(house: House) -> None:
    (house.folder / "vault" / f"{house.share.terms.share}.secret").write_bytes(b"x")
    (ended,) = house.holder().expire(50_000, confirmed=True)
    assert ended.attestation is not None


def test_a_copy_without_the_vault_has_no_half(house: House) -> None:
    house.lease()
    shutil.rmtree(house.folder / "vault")
    with pytest.raises(Refused, match="vault"):
        house.lease()


def test_a_lost_record_of_shares_leases_nothing(house: House) -> None:
    house.lease()
    house.save(HolderState())
    with pytest.raises(Exception, match="not held here"):
        house.lease()


def test_a_half_without_its_mark_is_not_used(house: House) -> None:
    vault = house.holder()._vault
    vault.replace(house.share.terms.share, vault.get(house.share.terms.share)[:32])
    with pytest.raises(BadInput):
        house.lease()


def test_other_entries_in_the_log_do_not_hinder_a_lease(house: House) -> None:
    house.lease()
    other = House(house.folder.with_name("other"))
    log = house.holder()._log
    for kind in ("export", "expiry", "revocation", "run", "grant"):
        log.append(kind, {"share": bytes.fromhex(other.share.terms.share)}, house.now, RANDOM)
    assert house.lease()
