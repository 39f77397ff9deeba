"""A room as lease-holder, countersigned grants and read budgets; the share runs [1000, 5000) in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from cleanroom.log import Log
from cleanroom.receipts import (
    DESTRUCTION,
    GRANT,
    countersign,
    countersignature,
    last_signature,
    read_statement,
    statement_digest,
    with_countersignature,
)
from cleanroom.share import (
    Holder,
    HolderState,
    MadeRequest,
    MadeShare,
    Record,
    Share,
    Terms,
    make_deposit,
    make_request,
    make_share,
    open_records,
    read_deposit,
    read_share,
)
from cleanroom.share.deposit import DEPOSIT_FORMAT
from cleanroom.share.request import REQUEST_FORMAT, read_request
from cleanroom.share.sealed import open_file, seal_file, sign_document
from cleanroom.vault import Vault
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile, Refused, UsageError, WrongRun
from overlap.keys import PartyKeys

RANDOM = Random(31).randbytes
GRANTOR = PartyKeys.generate("northwind", RANDOM)
RECIPIENT = PartyKeys.generate("contoso", RANDOM)
ROOM = PartyKeys.generate("room", RANDOM)
STRANGER = PartyKeys.generate("fabrikam", RANDOM)
RECORDS = [Record((f"{number:032x}",), {"stage": f"stage {number}"}) for number in range(3)]


def grant(**changes: object) -> MadeShare:
    """A share of three records whose half is for the room."""
    terms = Terms(
        share=RANDOM(16).hex(),
        agreement="ab" * 32,
        grantor=GRANTOR.card.digest.hex(),
        recipient=RECIPIENT.card.digest.hex(),
        holder=ROOM.card.digest.hex(),
        run="0123",
        purposes=("co-sell",),
        fields=("stage",),
        not_before=1_000,
        until=5_000,
        exportable=True,
        count=3,
    )
    return make_share(replace(terms, **changes), RECORDS, RECIPIENT.card, GRANTOR, RANDOM)


@dataclass
class Room:
    """A third party that holds halves between the grantor and the recipient."""

    folder: Path
    receipts: dict[str, bytes] = field(default_factory=dict)
    saved: bytes = field(default_factory=lambda: HolderState().to_bytes())

    def read(self, share: str) -> bytes:
        return self.receipts[share]

    def keep(self, share: str, receipt: bytes) -> None:
        self.receipts[share] = receipt

    def save(self, state: HolderState) -> None:
        self.saved = state.to_bytes()

    def holder(self) -> Holder:
        """The holder as a new process opens it."""
        return Holder(
            Vault(self.folder / "vault", ROOM.storage_key(b"vault"), RANDOM),
            Log(self.folder / "log", "overlap/room/of/both", ROOM),
            ROOM,
            GRANTOR.card,
            RECIPIENT.card,
            HolderState.from_bytes(self.saved),
            grants=self,
            save=self.save,
            decide=lambda *_: None,
            random=RANDOM,
        )

    def take(self, made: MadeShare) -> Share:
        """Deposit the half of a share; the share as its recipient reads it."""
        deposit = read_deposit(make_deposit(made, GRANTOR, ROOM.card), ROOM, GRANTOR.card)
        self.holder().grant(deposit, 900)
        return read_share(made.file, RECIPIENT, GRANTOR.card)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def ask(share: Share, now: int = 2_000) -> MadeRequest:
    return make_request(share, None, "co-sell", RECIPIENT, now, holder=ROOM.card, random=RANDOM)


def unsigned(share: Share) -> bytes:
    """The request of a tool that does not countersign."""
    request = read_request(ask(share).file, ROOM, RECIPIENT.card)
    value = {name: getattr(request, name) for name in request.__slots__}
    value |= {"records": [0], "one_time": request.one_time.hex(), "countersignature": ""}
    body = sign_document(value, "requests", b"request", RECIPIENT)
    return seal_file(REQUEST_FORMAT, {}, body, ROOM.card.sealing)


def test_a_room_leases_what_was_deposited_and_attests_the_end(room: Room) -> None:
    share = room.take(grant())
    request = ask(share)
    lease = room.holder().lease(request.file, 2_000)
    opened = open_records(share, lease.file, request.key, 2_000, ROOM.card)
    assert list(opened.records.values()) == RECORDS
    ending = room.holder().revoke(share.terms.share, 2_100)
    assert ending.attestation is not None
    assert read_statement(ending.attestation, [ROOM.card], DESTRUCTION).predicate["read"] == 3
    with pytest.raises(Refused, match="revoked"):
        room.holder().lease(ask(share, 2_101).file, 2_101)


def test_only_the_holder_of_the_terms_is_asked_and_believed(room: Room) -> None:
    share = room.take(grant())
    request = ask(share)
    lease = room.holder().lease(request.file, 2_000)
    for other in (GRANTOR, STRANGER):
        with pytest.raises(WrongRun):
            make_request(share, None, "co-sell", RECIPIENT, 2_000, holder=other.card, random=RANDOM)
        with pytest.raises(WrongRun):
            open_records(share, lease.file, request.key, 2_000, other.card)
        with pytest.raises(BadPeerFile):
            read_request(request.file, other, RECIPIENT.card)


def test_a_deposit_is_for_its_room_and_by_its_grantor_only(room: Room) -> None:
    made = grant()
    data = make_deposit(made, GRANTOR, ROOM.card)
    assert read_deposit(data, ROOM, GRANTOR.card).half == made.half
    assert made.half not in data
    with pytest.raises(ForgedFile):
        read_deposit(data, STRANGER, GRANTOR.card)
    with pytest.raises(ForgedFile):
        read_deposit(data, ROOM, STRANGER.card)
    passed_on = seal_file(DEPOSIT_FORMAT, {}, open_file(DEPOSIT_FORMAT, data, ROOM), STRANGER.card.sealing)
    with pytest.raises(WrongRun):
        read_deposit(passed_on, STRANGER, GRANTOR.card)
    for keys, card in ((STRANGER, ROOM), (GRANTOR, STRANGER)):
        with pytest.raises(UsageError):
            make_deposit(made, keys, card.card)
    for position in range(0, len(data), 41):
        broken = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        with pytest.raises(BadPeerFile):
            read_deposit(broken, ROOM, GRANTOR.card)


@pytest.mark.parametrize("half", ["", "00", "zz" * 32])
def test_a_deposit_with_a_half_of_another_form_is_refused(half: str) -> None:
    made = grant()
    body = open_file(DEPOSIT_FORMAT, make_deposit(made, GRANTOR, ROOM.card), ROOM)
    document = body[64:].replace(made.half.hex().encode(), half.encode())
    body = GRANTOR.sign("signing", b"deposit", document) + document
    with pytest.raises(MalformedFile):
        read_deposit(seal_file(DEPOSIT_FORMAT, {}, body, ROOM.card.sealing), ROOM, GRANTOR.card)


def test_a_second_deposit_of_a_share_changes_nothing(room: Room) -> None:
    made = grant(read_budget=1)
    share = room.take(made)
    room.holder().lease(ask(share).file, 2_000)
    room.take(made)
    with pytest.raises(Refused, match="read_budget"):
        room.holder().lease(ask(share, 2_001).file, 2_001)
    room.holder().revoke(share.terms.share, 2_002)
    with pytest.raises(Refused, match="before"):
        room.take(made)
    with pytest.raises(Refused, match="before"):
        room.take(grant(share=share.terms.share, read_budget=2))
    assert room.holder()._vault.names() == ()


def test_a_deposit_of_other_parties_is_not_taken_over(room: Room) -> None:
    for changes in ({"recipient": STRANGER.card.digest.hex()}, {"grantor": STRANGER.card.digest.hex()}):
        made = grant()
        with pytest.raises(WrongRun):
            room.holder().grant(replace(made, terms=replace(made.terms, **changes)), 900)


def test_a_read_budget_counts_leases_and_names_its_clause(room: Room) -> None:
    share = room.take(grant(read_budget=2))
    for now in (2_000, 2_001):
        assert room.holder().lease(ask(share, now).file, now).records == (0, 1, 2)
    with pytest.raises(Refused, match=r"terms\.read_budget: all 2 leases"):
        room.holder().lease(ask(share, 2_002).file, 2_002)
    held = room.holder().state.shares[share.terms.share]
    assert (held.leases_left, held.last) == (0, 2_001)


def test_a_grant_waits_for_its_countersignature_and_its_end_does_not(room: Room) -> None:
    share = room.take(grant())
    with pytest.raises(Refused, match="countersignature"):
        room.holder().lease(unsigned(share), 2_000)
    assert room.holder().revoke(share.terms.share, 2_000).attestation is not None


def test_a_countersignature_is_kept_logged_and_enough_for_later_requests(room: Room) -> None:
    share = room.take(grant())
    receipt = countersign(share.statement, [GRANTOR.card], GRANT, RECIPIENT)
    room.holder().countersign(share.terms.share, receipt, 1_500)
    assert room.receipts[share.terms.share] == receipt
    assert [entry.kind for entry in room.holder()._log.entries()] == ["grant", "receipt"]
    assert room.holder().lease(unsigned(share), 2_000).records == (0,)
    assert room.holder().state.shares[share.terms.share].countersigned == 1_500


def test_a_request_brings_the_countersignature_that_the_holder_keeps(room: Room) -> None:
    share = room.take(grant())
    room.holder().lease(ask(share).file, 2_000)
    receipt = room.receipts[share.terms.share]
    assert read_statement(receipt, [GRANTOR.card, RECIPIENT.card], GRANT).predicate["terms"]
    assert statement_digest(receipt) == statement_digest(share.statement)


def test_a_countersignature_of_another_grant_or_party_is_forged(room: Room) -> None:
    share, other = room.take(grant()), grant()
    for statement, keys in ((other.statement, RECIPIENT), (share.statement, STRANGER)):
        receipt = countersign(statement, [GRANTOR.card], GRANT, keys)
        with pytest.raises(ForgedFile):
            room.holder().countersign(share.terms.share, receipt, 1_500)
    with pytest.raises(ForgedFile):
        room.holder().countersign(share.terms.share, share.statement, 1_500)
    with pytest.raises(Refused):
        room.holder().countersign("00" * 16, share.statement, 1_500)
    assert not room.holder().state.shares[share.terms.share].countersigned


def test_a_signature_that_travels_alone_gives_the_same_receipt() -> None:
    statement = grant().statement
    alone = countersignature(statement, [GRANTOR.card], GRANT, RECIPIENT)
    receipt = countersign(statement, [GRANTOR.card], GRANT, RECIPIENT)
    assert with_countersignature(statement, [GRANTOR.card], GRANT, RECIPIENT.card, alone) == receipt
    assert with_countersignature(receipt, [GRANTOR.card], GRANT, RECIPIENT.card, alone) == receipt
    assert last_signature(receipt) == alone
