"""Shares between two parties that exchange only files; the share runs [1000, 5000) in seconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path
from random import Random

import pytest

from cleanroom.log import Log, log_origin
from cleanroom.receipts import DESTRUCTION, EXPIRY, GRANT, REVOCATION, read_statement
from cleanroom.share import (
    Holder,
    HolderState,
    LeaseHolder,
    MadeLease,
    MadeRequest,
    Record,
    Terms,
    lease_request,
    make_request,
    make_share,
    open_records,
    padded_length,
    read_request,
    read_share,
)
from cleanroom.share.grant import SHARE_FORMAT
from cleanroom.share.lease import LEASE_FORMAT
from cleanroom.share.request import REQUEST_FORMAT
from cleanroom.share.sealed import open_file, seal_file, sign_document
from cleanroom.share.terms import holder_half, key_commitment, record_key
from cleanroom.vault import Vault
from overlap.errors import (
    BadPeerFile,
    Expired,
    ForgedFile,
    MalformedFile,
    Refused,
    UsageError,
    WrongRun,
)
from overlap.keys import OneTimeKey, PartyKeys

RANDOM = Random(10).randbytes
GRANTOR = PartyKeys.generate("northwind", RANDOM)
RECIPIENT = PartyKeys.generate("contoso", RANDOM)
STRANGER = PartyKeys.generate("fabrikam", RANDOM)
BEGIN, END, LEASE = 1_000, 5_000, 600

RECORDS = [
    Record((f"{3 - number:032x}",), {"stage": f"stage {number}", "owner": "o" * (40 * number)})
    for number in range(4)
]


def terms_for(count: int = 4, *, share: str = "") -> Terms:
    return Terms(
        share=share or RANDOM(16).hex(),
        agreement="ab" * 32,
        grantor=GRANTOR.card.digest.hex(),
        recipient=RECIPIENT.card.digest.hex(),
        holder=GRANTOR.card.digest.hex(),
        run="0123",
        purposes=("co-sell", "planning"),
        fields=("stage", "owner"),
        not_before=BEGIN,
        until=END,
        exportable=True,
        count=count,
    )


@dataclass
class Pair:
    """Both parties after a grant: the grantor's folder as lease-holder, and the recipient's share."""

    folder: Path
    saved: list[bytes] = field(default_factory=list)
    reason: str | None = None
    sent: list[bytes] = field(default_factory=list)
    receipts: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = Log(self.folder / "log", log_origin(GRANTOR.card, RECIPIENT.card), GRANTOR)
        self.vault = Vault(self.folder / "vault", GRANTOR.storage_key(b"vault"), RANDOM)
        self.holder = self.open_holder(HolderState())
        made = make_share(terms_for(), RECORDS, RECIPIENT.card, GRANTOR, RANDOM)
        self.half = made.half
        self.file = made.file
        self.holder.grant(made, 900)
        self.share = read_share(made.file, RECIPIENT, GRANTOR.card)

    def read(self, share: str) -> bytes:
        return self.receipts[share]

    def keep(self, share: str, receipt: bytes) -> None:
        self.receipts[share] = receipt

    def open_holder(self, state: HolderState) -> Holder:
        return Holder(
            self.vault,
            self.log,
            GRANTOR,
            GRANTOR.card,
            RECIPIENT.card,
            state,
            grants=self,
            save=lambda state: self.saved.append(state.to_bytes()),
            decide=lambda _terms, _request, _read, _now: self.reason,
            random=RANDOM,
            lease_seconds=LEASE,
        )

    def ask(self, records: list[int] | None, now: int, *, checkpoint: str = "") -> MadeRequest:
        made = make_request(
            self.share,
            records,
            "co-sell",
            RECIPIENT,
            now,
            holder=GRANTOR.card,
            random=RANDOM,
            checkpoint=checkpoint,
        )
        self.sent.append(made.file)
        return made

    def lease(self, records: list[int] | None, now: int) -> tuple[MadeRequest, MadeLease]:
        request = self.ask(records, now)
        lease = self.holder.lease(request.file, now)
        self.sent.append(lease.file)
        return request, lease


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_a_recipient_knows_the_covered_tokens_at_once_and_the_values_with_a_lease(pair: Pair) -> None:
    assert pair.share.tokens == (("0" * 32,), ("0" * 31 + "1",), ("0" * 31 + "2",), ("0" * 31 + "3",))
    request, lease = pair.lease([1, 3], 2_000)
    opened = open_records(pair.share, lease.file, request.key, 2_000, GRANTOR.card)
    assert opened.records == {1: RECORDS[2], 3: RECORDS[0]}
    assert (opened.purpose, opened.end) == ("co-sell", 2_000 + LEASE)


def test_all_records_open_with_one_request(pair: Pair) -> None:
    request, lease = pair.lease(None, 2_000)
    opened = open_records(pair.share, lease.file, request.key, 2_000, GRANTOR.card)
    assert list(opened.records.values()) == RECORDS[::-1]
    assert lease_request(lease.file) == request.request


def test_the_folder_holder_is_a_lease_holder(pair: Pair) -> None:
    holder: LeaseHolder = pair.holder
    assert holder.expire(2_000) == ()


@pytest.mark.parametrize(("now", "refused"), [(END - 1, False), (END, True), (END + 1, True)])
def test_every_step_refuses_from_the_second_of_the_end_on(pair: Pair, now: int, refused: bool) -> None:
    request, lease = pair.lease([0], END - 2)
    late = pair.ask([0], END - 1)
    assert lease.end == END
    steps = (
        lambda: pair.ask([0], now),
        lambda: pair.holder.lease(late.file, now),
        lambda: open_records(pair.share, lease.file, request.key, now, GRANTOR.card),
    )
    for step in steps:
        if refused:
            with pytest.raises(Expired):
                step()
        else:
            step()
    assert len(pair.holder.expire(now)) == refused


def request_by_a_modified_tool(pair: Pair, signer: PartyKeys = RECIPIENT, **changes: object) -> bytes:
    """A well-signed request with other contents than our own tool would write."""
    request = read_request(pair.ask([0], BEGIN).file, GRANTOR, RECIPIENT.card)
    value = asdict(request) | {"records": [0]}
    value |= {name: value[name].hex() for name in ("one_time", "countersignature")}
    body = sign_document(value | changes, "requests", b"request", signer)
    return seal_file(REQUEST_FORMAT, {}, body, GRANTOR.card.sealing)


def lease_by_a_modified_tool(
    pair: Pair, signer: PartyKeys = GRANTOR, **changes: object
) -> tuple[bytes, OneTimeKey]:
    """A well-signed lease of record 0 with other contents than our own tool would write."""
    request, terms = pair.ask([0], 2_000), pair.share.terms
    value = {
        "checkpoint": "",
        "end": 2_600,
        "halves": [holder_half(pair.half, terms.digest, 0).hex()],
        "issued": 2_000,
        "purpose": "co-sell",
        "records": [0],
        "request": request.request,
        "share": terms.share,
        "terms": terms.digest.hex(),
    }
    body = sign_document(value | changes, "signing", b"lease", signer)
    return seal_file(LEASE_FORMAT, {"request": request.request}, body, request.key.public), request.key


def test_nothing_is_asked_or_leased_before_the_first_second(pair: Pair) -> None:
    with pytest.raises(Refused, match="not begun"):
        pair.ask([0], BEGIN - 1)
    with pytest.raises(Refused, match="not begun"):
        pair.holder.lease(request_by_a_modified_tool(pair, time=BEGIN - 1), BEGIN - 1)
    request, lease = pair.lease([0], BEGIN)
    with pytest.raises(Refused, match="not begun"):
        open_records(pair.share, lease.file, request.key, BEGIN - 1, GRANTOR.card)
    assert open_records(pair.share, lease.file, request.key, BEGIN, GRANTOR.card).records


def test_a_lease_ends_before_its_share_does(pair: Pair) -> None:
    request, lease = pair.lease([0], 2_000)
    assert open_records(pair.share, lease.file, request.key, 2_599, GRANTOR.card).records
    for now in (2_600, 2_601):
        with pytest.raises(Expired):
            open_records(pair.share, lease.file, request.key, now, GRANTOR.card)


def test_a_clock_behind_the_lease_is_noticed_beyond_the_skew(pair: Pair) -> None:
    request, lease = pair.lease([0], 2_000)
    assert open_records(pair.share, lease.file, request.key, 1_700, GRANTOR.card).records
    with pytest.raises(Refused, match="clock"):
        open_records(pair.share, lease.file, request.key, 1_699, GRANTOR.card)


def test_a_granting_clock_set_back_opens_nothing(pair: Pair) -> None:
    pair.log.append("run", {}, END, RANDOM)
    with pytest.raises(Expired):
        pair.holder.lease(pair.ask([0], 2_000).file, 2_000)


def test_a_time_the_peer_signed_counts_for_refusal(pair: Pair) -> None:
    late = request_by_a_modified_tool(pair, time=END)
    early = pair.ask([0], 2_000)
    for data in (late, early.file):
        with pytest.raises(Expired):
            pair.holder.lease(data, 2_000)


def test_the_end_is_refused_at_once_and_the_half_waits_for_a_second_source(pair: Pair) -> None:
    share = pair.share.terms.share
    (waiting,) = pair.holder.expire(END)
    assert (waiting.reason, waiting.attestation) == ("end", None)
    assert pair.vault.names() == (share,)
    with pytest.raises(Expired):
        pair.holder.lease(pair.ask([0], 2_000).file, 2_000)
    pair.holder.heard(END)
    (ended,) = pair.holder.expire(END + 1)
    assert pair.vault.names() == ()
    assert ended.attestation is not None
    word = read_statement(ended.attestation, [GRANTOR.card], DESTRUCTION)
    assert word.predicate["confirmed_by"] == "peer"
    assert pair.holder.expire(END + 2) == ()


def test_a_clock_that_jumps_destroys_nothing(pair: Pair) -> None:
    pair.holder.heard(END + 10)
    (waiting,) = pair.holder.expire(2_000)
    assert waiting.attestation is None
    assert pair.vault.names() == (pair.share.terms.share,)


def test_the_operator_can_confirm_the_end(pair: Pair) -> None:
    pair.lease([0, 2], 2_000)
    pair.lease([2], 2_001)
    (ended,) = pair.holder.expire(END, confirmed=True)
    assert (ended.records, ended.read) == (4, 2)
    assert ended.attestation is not None
    notice = read_statement(ended.notice, [GRANTOR.card], EXPIRY)
    word = read_statement(ended.attestation, [GRANTOR.card], DESTRUCTION)
    assert (notice.predicate["read"], notice.predicate["time"]) == (2, END)
    assert word.predicate == {
        "confirmed_by": "operator",
        "read": 2,
        "reason": "end",
        "records": 4,
        "share": pair.share.terms.share,
        "time": END,
    }
    assert word.subject["terms"] == pair.share.terms.digest.hex()


def test_revocation_destroys_at_once_and_says_the_same_when_asked_again(pair: Pair) -> None:
    pair.lease([1], 2_000)
    ending = pair.holder.revoke(pair.share.terms.share, 2_100)
    assert pair.vault.names() == ()
    assert ending.attestation is not None
    assert read_statement(ending.notice, [GRANTOR.card], REVOCATION).predicate["read"] == 1
    assert read_statement(ending.attestation, [GRANTOR.card], DESTRUCTION).predicate["reason"] == "revocation"
    with pytest.raises(Refused, match="revoked"):
        pair.holder.lease(pair.ask([0], 2_100).file, 2_100)
    assert pair.holder.revoke(pair.share.terms.share, 9_000) == ending
    assert pair.holder.expire(9_000) == ()
    with pytest.raises(Refused):
        pair.holder.revoke("00" * 16, 2_100)


def test_what_has_ended_by_itself_is_not_revoked(pair: Pair) -> None:
    pair.holder.expire(END)
    with pytest.raises(Expired):
        pair.holder.revoke(pair.share.terms.share, END)


def test_after_destruction_a_record_never_read_opens_with_nothing_that_is_left(pair: Pair) -> None:
    request, lease = pair.lease([0, 1], 2_000)
    pair.holder.revoke(pair.share.terms.share, 2_100)
    terms = pair.share.terms.digest
    left = {
        "the recipient's half": pair.share.half,
        "the storage key": GRANTOR.storage_key(b"vault"),
        "zeros": bytes(32),
        "the new vault key": pair.vault._ring.keys[0],
        **{f"holder's half of record {i}": holder_half(pair.half, terms, i) for i in (0, 1)},
    }
    files = [
        *pair.sent,
        *pair.saved,
        pair.file,
        *(p.read_bytes() for p in pair.folder.rglob("*") if p.is_file()),
    ]
    assert not any(pair.half in data or pair.half.hex().encode() in data for data in files)
    unread = holder_half(pair.half, terms, 2)
    assert not any(unread in data or unread.hex().encode() in data for data in files)
    for own, held in product(left.values(), repeat=2):
        for candidate in (held, holder_half(held, terms, 2)):
            key = record_key(own, candidate, terms, 2)
            assert key_commitment(key, terms, 2) != pair.share.commitments[2]
    assert (
        key_commitment(record_key(pair.share.half, unread, terms, 2), terms, 2) == pair.share.commitments[2]
    )
    opened = open_records(pair.share, lease.file, request.key, 2_200, GRANTOR.card)
    assert set(opened.records) == {0, 1}


def test_every_read_and_end_is_in_the_log(pair: Pair) -> None:
    pair.lease([0], 2_000)
    pair.reason = "the read budget is used up"
    with pytest.raises(Refused, match="budget"):
        pair.holder.lease(pair.ask([0], 2_001).file, 2_001)
    pair.holder.expire(END, confirmed=True)
    kinds = [entry.kind for entry in pair.log.entries()]
    assert kinds == ["grant", "receipt", "lease", "request", "expiry", "destruction"]
    assert pair.log.verify() == []
    assert pair.share.terms.share.encode() not in pair.log.path.read_bytes()


def test_a_request_is_answered_once(pair: Pair) -> None:
    request, _ = pair.lease([0], 2_000)
    with pytest.raises(Refused, match="before"):
        pair.holder.lease(request.file, 2_001)


def test_a_state_read_back_answers_as_before(pair: Pair) -> None:
    request, _ = pair.lease([0, 3], 2_000)
    state = HolderState.from_bytes(pair.saved[-1])
    assert state == pair.holder.state
    again = pair.open_holder(state)
    with pytest.raises(Refused, match="before"):
        again.lease(request.file, 2_001)
    assert again.revoke(pair.share.terms.share, 2_002).read == 2


def test_a_restored_log_leases_nothing_while_the_peer_holds_a_newer_checkpoint(pair: Pair) -> None:
    names = ("log", "log.salts", "log.head")
    backup = {name: (pair.folder / name).read_bytes() for name in names}
    request, lease = pair.lease([0], 2_000)
    seen = open_records(pair.share, lease.file, request.key, 2_000, GRANTOR.card).checkpoint
    pair.holder.lease(pair.ask([1], 2_001, checkpoint=seen).file, 2_001)
    for name in names:
        (pair.folder / name).write_bytes(backup[name])
    pair.log = Log(pair.folder / "log", pair.log.origin, GRANTOR)
    restored = pair.open_holder(pair.holder.state)
    with pytest.raises(Refused, match="older"):
        restored.lease(pair.ask([2], 2_002, checkpoint=seen).file, 2_002)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"purpose": "resale"}, Refused),
        ({"records": [4]}, MalformedFile),
        ({"records": [1, 0]}, MalformedFile),
        ({"records": [0, 0]}, MalformedFile),
        ({"records": [-1]}, MalformedFile),
        ({"records": []}, MalformedFile),
        ({"records": [True]}, MalformedFile),
        ({"records": "all"}, MalformedFile),
        ({"share": "00" * 16}, WrongRun),
        ({"terms": "00" * 32}, WrongRun),
        ({"requester": "00" * 32}, WrongRun),
        ({"holder": "00" * 32}, WrongRun),
        ({"countersignature": "00" * 64}, ForgedFile),
        ({"countersignature": ""}, Refused),
        ({"countersignature": "00"}, MalformedFile),
        ({"time": -1}, MalformedFile),
        ({"time": "now"}, MalformedFile),
        ({"request": "x"}, MalformedFile),
        ({"one_time": "00"}, MalformedFile),
        ({"one_time": "ff" * 1216}, MalformedFile),
        ({"checkpoint": "x"}, MalformedFile),
        ({"more": 1}, MalformedFile),
    ],
)
def test_requests_of_a_modified_tool_are_refused(
    pair: Pair, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        pair.holder.lease(request_by_a_modified_tool(pair, **changes), 2_000)


def test_a_request_signed_by_somebody_else_is_forged(pair: Pair) -> None:
    with pytest.raises(ForgedFile):
        pair.holder.lease(request_by_a_modified_tool(pair, STRANGER), 2_000)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"end": END + 1}, ForgedFile),
        ({"issued": BEGIN - 1}, ForgedFile),
        ({"issued": 2_600}, ForgedFile),
        ({"halves": ["00" * 32]}, ForgedFile),
        ({"halves": []}, MalformedFile),
        ({"halves": ["00"]}, MalformedFile),
        ({"halves": [7]}, MalformedFile),
        ({"records": [1]}, ForgedFile),
        ({"records": [4]}, MalformedFile),
        ({"share": "00" * 16}, WrongRun),
        ({"terms": "00" * 32}, WrongRun),
        ({"request": "00" * 16}, WrongRun),
        ({"purpose": "resale"}, WrongRun),
        ({"more": 1}, MalformedFile),
    ],
)
def test_leases_of_a_modified_tool_open_nothing(
    pair: Pair, changes: dict[str, object], error: type[Exception]
) -> None:
    lease, key = lease_by_a_modified_tool(pair, **changes)
    with pytest.raises(error):
        open_records(pair.share, lease, key, 2_000, GRANTOR.card)


def test_a_lease_signed_by_somebody_else_is_forged(pair: Pair) -> None:
    lease, key = lease_by_a_modified_tool(pair, RECIPIENT)
    with pytest.raises(ForgedFile):
        open_records(pair.share, lease, key, 2_000, GRANTOR.card)


def test_a_key_that_the_grant_does_not_name_opens_no_record(pair: Pair) -> None:
    share = replace(pair.share, commitments=(bytes(32), *pair.share.commitments[1:]))
    request, lease = pair.lease([0], 2_000)
    with pytest.raises(ForgedFile, match="fit the grant"):
        open_records(share, lease.file, request.key, 2_000, GRANTOR.card)


def test_a_lease_opens_only_with_the_key_of_its_request(pair: Pair) -> None:
    _, lease = pair.lease([0], 2_000)
    with pytest.raises(ForgedFile):
        open_records(pair.share, lease.file, pair.ask([0], 2_000).key, 2_000, GRANTOR.card)


def test_a_share_is_for_its_recipient_and_from_its_grantor_only(pair: Pair) -> None:
    with pytest.raises(ForgedFile):
        read_share(pair.file, STRANGER, GRANTOR.card)
    with pytest.raises(ForgedFile):
        read_share(pair.file, RECIPIENT, STRANGER.card)
    body = open_file(SHARE_FORMAT, pair.file, RECIPIENT)
    passed_on = seal_file(SHARE_FORMAT, {}, body, STRANGER.card.sealing)
    with pytest.raises(WrongRun):
        read_share(passed_on, STRANGER, GRANTOR.card)


@pytest.mark.slow
def test_every_changed_byte_of_the_signed_part_of_a_share_is_refused(pair: Pair) -> None:
    body = open_file(SHARE_FORMAT, pair.file, RECIPIENT)
    for position in range(0, len(body), 3):
        broken = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
        with pytest.raises(BadPeerFile):
            read_share(seal_file(SHARE_FORMAT, {}, broken, RECIPIENT.card.sealing), RECIPIENT, GRANTOR.card)


@pytest.mark.slow
def test_every_changed_byte_of_a_file_is_refused(pair: Pair) -> None:
    request, lease = pair.lease([0], 2_000)
    for data, read in (
        (pair.file, lambda data: read_share(data, RECIPIENT, GRANTOR.card)),
        (request.file, lambda data: read_request(data, GRANTOR, RECIPIENT.card)),
        (lease.file, lambda data: open_records(pair.share, data, request.key, 2_000, GRANTOR.card)),
    ):
        for position in range(len(data)):
            broken = data[:position] + bytes([data[position] ^ (1 << position % 8)]) + data[position + 1 :]
            with pytest.raises(BadPeerFile):
                read(broken)
        for broken in (b"", data[:-1], data + b"\0", data[:20]):
            with pytest.raises(BadPeerFile):
                read(broken)


def test_sizes_tell_the_relay_only_a_bucket(pair: Pair) -> None:
    assert len(pair.ask([0], 2_000).file) == len(pair.ask(None, 2_000).file)
    _, one = pair.lease([0], 2_000)
    _, all_of_them = pair.lease(None, 2_000)
    assert len(one.file) == len(all_of_them.file)
    assert len({len(ciphertext) for ciphertext in pair.share.ciphertexts}) == 1


@pytest.mark.parametrize(
    ("length", "padded"), [(1, 4_096), (4_096, 4_096), (4_097, 4_352), (100_000, 100_352), (2**20, 2**20)]
)
def test_padding_is_padme_above_four_kibibytes(length: int, padded: int) -> None:
    """By hand: 4097 has exponent 12, whose length is 4 bits, so 8 low bits are cleared upward: 4352."""
    assert padded_length(length) == padded


@pytest.mark.parametrize(
    "changes",
    [
        {"share": "x"},
        {"until": BEGIN},
        {"not_before": -1},
        {"purposes": ()},
        {"fields": ("stage", "stage")},
        {"fields": ("*",)},
        {"count": 0},
        {"count": 100_001},
        {"exportable": 1},
        {"agreement": "AB" * 32},
        {"holder": "x"},
        {"scope": "some"},
        {"scope": "all"},
        {"run": ""},
        {"read_budget": -1},
    ],
)
def test_terms_that_make_no_sense_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Terms(**(asdict(terms_for()) | changes))
    with pytest.raises(MalformedFile):
        Terms.from_fields(
            terms_for().to_fields() | {k: list(v) if isinstance(v, tuple) else v for k, v in changes.items()}
        )


@pytest.mark.parametrize(
    "records",
    [
        RECORDS[:3],
        [*RECORDS[:3], Record((), RECORDS[3].values)],
        [*RECORDS[:3], Record(("acme",), RECORDS[3].values)],
        [*RECORDS[:3], Record(RECORDS[3].tokens, {"stage": "won"})],
        [*RECORDS[:3], Record(RECORDS[3].tokens, {"stage": "won", "owner": "x", "amount": "1"})],
        [*RECORDS[:3], Record(RECORDS[3].tokens, {"stage": "won", "owner": "x" * 70_000})],
    ],
    ids=["too few", "no token", "a name for a token", "a field less", "a field more", "a long cell"],
)
def test_records_that_do_not_fit_the_terms_are_not_shared(records: list[Record]) -> None:
    with pytest.raises(UsageError):
        make_share(terms_for(), records, RECIPIENT.card, GRANTOR, RANDOM)


def test_a_share_is_made_only_between_the_parties_of_its_terms() -> None:
    for recipient, grantor in ((STRANGER, GRANTOR), (RECIPIENT, STRANGER)):
        with pytest.raises(UsageError):
            make_share(terms_for(), RECORDS, recipient.card, grantor, RANDOM)


def test_requests_for_records_or_purposes_that_are_not_there_are_refused(pair: Pair) -> None:
    for records in ([4], [-1], []):
        with pytest.raises(UsageError):
            pair.ask(records, 2_000)
    with pytest.raises(Refused):
        make_request(pair.share, None, "resale", RECIPIENT, 2_000, holder=GRANTOR.card, random=RANDOM)


def test_the_grant_can_be_shown_to_an_auditor_without_a_key(pair: Pair) -> None:
    grant = read_statement(pair.share.statement, [GRANTOR.card], GRANT)
    assert grant.predicate["terms"] == pair.share.terms.to_fields()
    assert b"stage 1" not in pair.share.statement
    assert not any(token.encode() in pair.share.statement for (token,) in pair.share.tokens)
