"""Shares and letters of a verified partner with a modified tool. Expected values: FORMATS.md, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacked_house import DAY, NOW, House, make_house

from cleanroom.receipts import REVOCATION, sign_statement
from cleanroom.session.attribution import reporting
from cleanroom.session.match.frames import keep_peer_checkpoint
from cleanroom.session.party import Party
from cleanroom.session.post import receiving
from cleanroom.session.post.letters import write_letter
from cleanroom.session.share import granting, settling, sharing
from cleanroom.share.request import REQUEST_FORMAT
from cleanroom.share.sealed import seal_file, sign_document
from overlap.errors import BadPeerFile, ForgedFile, Refused
from overlap.keys import OneTimeKey


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    made.run()
    made.grant()
    return made


def _request_at(house: House, time: int) -> None:
    _, share = sharing._read_from_anybody(house.theirs, house.file("share").read_bytes())
    value = {
        "checkpoint": "",
        "countersignature": "",
        "holder": share.terms.holder,
        "one_time": OneTimeKey.generate(house.theirs.random).public.hex(),
        "purpose": "attribution",
        "records": [0],
        "request": house.theirs.random(16).hex(),
        "requester": share.terms.recipient,
        "share": share.terms.share,
        "terms": share.terms.digest.hex(),
        "time": time,
    }
    body = sign_document(value, "requests", b"request", house.theirs.keys)
    house.file("request").write_bytes(seal_file(REQUEST_FORMAT, {}, body, share.grantor.sealing))


@pytest.mark.parametrize("time", [NOW + 40 * DAY, 10**30])
def test_a_request_from_the_future_ends_no_share(house: House, time: int) -> None:
    """Else the peer's wrong clock would end shares for good, and hinder a revocation from destroying."""
    _request_at(house, time)
    with pytest.raises(Refused):
        house.lease()
    settling.settle_ended(house.ours)
    assert sharing.list_shares(house.ours)[0].state == "open"
    assert granting.revoke_share(house.ours, "", house.file("revocation")).attestation


@pytest.mark.parametrize("predicate", [{}, {"share": 1}, {"share": "../party"}, {"share": "x.record"}])
def test_a_revocation_that_names_no_share_is_the_peers_fault(
    house: House, predicate: dict[str, object]
) -> None:
    house.request()
    statement = sign_statement(REVOCATION, {"agreement": "0" * 64}, predicate, house.ours.keys)
    house.file("letter").write_bytes(write_letter(house.ours, "fabrikam", "revocation", statement))
    with pytest.raises(BadPeerFile):
        receiving.receive_file(house.theirs, house.file("letter"))


def test_what_was_leased_for_one_purpose_is_not_exported_for_another(house: House) -> None:
    house.request("attribution")
    house.lease()
    house.open()
    with pytest.raises(Refused):
        reporting.export_territory(house.theirs, "csv", house.place / "export")


def test_two_logs_of_one_partner_are_told_from_each_other(house: House) -> None:
    """A partner that rewrote its log signs two roots for one size."""
    log = house.theirs.log("northwind")
    keep_peer_checkpoint(house.ours, "fabrikam", log.head().to_note(house.theirs.keys.card), NOW)
    size = log.head().size
    for left in house.place.joinpath("theirs", "logs").glob("northwind.log*"):
        left.unlink()
    other = Party(house.theirs.folder, house.theirs.keys, NOW + 5)
    while other.log("northwind").head().size < size:
        other.note("northwind", "export", files=1)
    with pytest.raises(ForgedFile):
        keep_peer_checkpoint(
            house.ours, "fabrikam", other.log("northwind").head().to_note(house.theirs.keys.card), NOW
        )
