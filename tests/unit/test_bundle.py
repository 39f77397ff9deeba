"""Bundles as an exporter would make them who has something to hide: each is signed, and each is found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cleanroom.bundle import Opening, Report, make_bundle, opening_part, read_bundle, verify_bundle
from cleanroom.log import Log, cosign, log_origin
from cleanroom.receipts import (
    DESTRUCTION,
    EXPIRY,
    GRANT,
    RELEASE,
    REVOCATION,
    RUN,
    countersign,
    sign_statement,
    statement_digest,
)
from overlap import canonical
from overlap.errors import MalformedFile
from overlap.keys import PartyKeys
from tests.agreement_parties import (
    ACCEPTED,
    CONTOSO,
    DAY,
    NORTHWIND,
    STRANGER,
    fixed_bytes,
    make_file,
    make_signed,
)

AGREEMENT = make_file()
SIGNED = make_signed()
ORIGIN = log_origin(NORTHWIND.card, CONTOSO.card)
PEERS = log_origin(CONTOSO.card, NORTHWIND.card)
SUBJECT = {"agreement": SIGNED.file_digest, "terms": "7" * 64}
RUN_RECEIPT = countersign(
    sign_statement(
        RUN, {"agreement": SIGNED.file_digest, "contract": "5" * 64}, {"run": "ab" * 16}, NORTHWIND
    ),
    [NORTHWIND.card],
    RUN,
    CONTOSO,
)


def notice(kind: str, time: int, **more: Any) -> bytes:
    return sign_statement(kind, SUBJECT, {"share": "0" * 32, "time": time} | more, CONTOSO)


class Made:
    """The parts of a good bundle of a small log, to be changed, and the bundle made of them."""

    def __init__(self, folder: Path) -> None:
        random = fixed_bytes("bundle")
        self.log = Log(folder / "log", ORIGIN, NORTHWIND)
        digest = bytes.fromhex(SIGNED.file_digest)
        self.log.append("agreement", {"agreement": digest, "days": 30}, ACCEPTED, random)
        self.log.append("run", {"receipt": statement_digest(RUN_RECEIPT)}, ACCEPTED + 60, random)
        peer = Log(folder / "peer", PEERS, CONTOSO)
        peer.append("run", {}, ACCEPTED, random)
        self.seen = peer.head().to_note(CONTOSO.card)
        cosigned = cosign(self.log.head(), CONTOSO, ACCEPTED + 90).to_note(NORTHWIND.card, CONTOSO.card)
        self.parts = {
            "card/exporter": NORTHWIND.card.to_bytes(),
            "card/peer": CONTOSO.card.to_bytes(),
            "log": self.log.path.read_bytes(),
            "log.cosigned": cosigned.encode(),
            "openings": opening_part([self.opening(0, "agreement", digest), self.opening(1, "receipt")]),
            "peer.seen": self.seen_part(self.seen),
            f"agreement/{SIGNED.file_digest}": AGREEMENT,
        }
        self.add_receipt(RUN_RECEIPT)

    def opening(self, sequence: int, name: str, value: bytes = statement_digest(RUN_RECEIPT)) -> Opening:
        salt, proof = self.log.salt(sequence), self.log.inclusion_proof(sequence)
        return Opening(sequence, salt, {name: value}, proof)

    def seen_part(self, *notes: str) -> bytes:
        return canonical.encode([{"checkpoint": note, "time": ACCEPTED} for note in notes])

    def add_receipt(self, data: bytes) -> None:
        self.parts[f"receipt/{statement_digest(data).hex()}"] = data

    def verify(self) -> Report:
        return verify_bundle(make_bundle(self.parts, CONTOSO.card, NORTHWIND, ACCEPTED + DAY))

    def require(self, where: str, what: str) -> None:
        """The only thing wrong is this."""
        problems = self.verify().problems
        assert [name for name, _ in problems] == [where] * len(problems) and problems, problems
        assert any(what in problem for _, problem in problems), problems


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def test_a_good_bundle_says_what_happened(made: Made) -> None:
    report = made.verify()
    assert report.problems == []
    assert (report.exporter, report.peer, report.entries, report.cosigned) == ("northwind", "contoso", 2, 2)
    assert report.fingerprints == {card.party: card.fingerprint for card in (NORTHWIND.card, CONTOSO.card)}
    assert [(one.kind, one.entries) for one in report.happened] == [("agreement", 1), ("run", 1)]
    [run] = report.receipts
    assert (run.kind, run.signers, run.entry, run.time) == ("run", ("northwind", "contoso"), 1, ACCEPTED + 60)


def test_the_same_parts_give_the_same_bytes(made: Made) -> None:
    one, two = (
        make_bundle(parts, CONTOSO.card, NORTHWIND, 5) for parts in (made.parts, _reversed(made.parts))
    )
    assert one == two
    assert read_bundle(one).parts == made.parts


def _reversed(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    return dict(reversed(parts.items()))


def test_a_log_cut_behind_what_the_peer_cosigned_is_found(made: Made) -> None:
    lines = made.parts["log"].splitlines(keepends=True)
    made.parts["log"] = b"".join(lines[:-2])
    made.parts["openings"] = opening_part([])
    made.require("log", "removed from the end")


def test_a_log_rewritten_after_the_peer_cosigned_it_is_found(made: Made, tmp_path: Path) -> None:
    other = Log(tmp_path / "other", ORIGIN, NORTHWIND)
    for number in range(3):
        other.append("export", {}, ACCEPTED + number, fixed_bytes("other"))
    made.parts["log"] = other.path.read_bytes()
    made.parts["openings"] = opening_part([])
    made.require("log", "not the one whose checkpoint")


@pytest.mark.parametrize(
    ("sequence", "change", "what"),
    [
        (1, {"facts": {"receipt": bytes(32)}}, "does not commit"),
        (1, {"facts": {"other": statement_digest(RUN_RECEIPT)}}, "does not commit"),
        (1, {"salt": bytes(32)}, "does not commit"),
        (1, {"proof": ()}, "not proven"),
        (1, {"proof": (bytes(32),)}, "not proven"),
        (1, {"sequence": 0}, "not proven"),
        (1, {"sequence": 2}, "not proven"),
    ],
)
def test_a_false_opening_is_found(made: Made, sequence: int, change: dict[str, Any], what: str) -> None:
    good = made.opening(sequence, "receipt")
    fields = {"sequence": good.sequence, "salt": good.salt, "facts": good.facts, "proof": good.proof}
    made.parts["openings"] = opening_part([Opening(**(fields | change))])
    made.require("openings", what)


def test_two_histories_of_the_peer_are_found(made: Made, tmp_path: Path) -> None:
    forked = Log(tmp_path / "forked", PEERS, CONTOSO)
    forked.append("export", {}, ACCEPTED, fixed_bytes("fork"))
    made.parts["peer.seen"] = made.seen_part(made.seen, forked.head().to_note(CONTOSO.card))
    made.require("peer.seen", "it was forked")
    made.parts["peer.seen"] = made.seen_part(made.seen)
    cosigned = cosign(forked.head(), NORTHWIND, ACCEPTED).to_note(CONTOSO.card, NORTHWIND.card)
    made.parts["peer.cosigned"] = cosigned.encode()
    made.require("peer.seen", "it was forked")


def test_a_cosignature_of_somebody_else_or_too_early_is_found(made: Made) -> None:
    head = made.log.head()
    made.parts["log.cosigned"] = cosign(head, STRANGER, 5).to_note(NORTHWIND.card, STRANGER.card).encode()
    made.require("log.cosigned", "another key")
    early = cosign(head, CONTOSO, ACCEPTED - 2 * DAY).to_note(NORTHWIND.card, CONTOSO.card)
    made.parts["log.cosigned"] = early.encode()
    made.require("log.cosigned", "before its last entry")


def test_receipts_that_do_not_fit_are_found_each_by_itself(made: Made) -> None:
    end = SIGNED.until
    cases = {
        "before its agreement": notice(REVOCATION, SIGNED.not_before - 2 * DAY),
        "before its end": notice(EXPIRY, end - 5, until=end),
        "after its agreement had ended": sign_statement(
            RELEASE, SUBJECT, {"share": "1" * 32, "time": end + DAY}, NORTHWIND
        ),
        "is not in the bundle": sign_statement(
            RUN, {"agreement": "6" * 64, "contract": "5" * 64}, {"run": "cd"}, NORTHWIND
        ),
        "open longer": sign_statement(
            GRANT, SUBJECT, {"terms": {"not_before": ACCEPTED, "until": end + 1}}, CONTOSO
        ),
        "somebody else": sign_statement(REVOCATION, SUBJECT, {"share": "2" * 32, "time": end}, STRANGER),
        "twice": countersign(notice(REVOCATION, end), [CONTOSO.card], REVOCATION, CONTOSO),
    }
    for what, data in cases.items():
        before = dict(made.parts)
        made.add_receipt(data)
        made.require(f"receipt/{statement_digest(data).hex()}", what)
        made.parts = before


def test_a_half_destroyed_before_its_share_ended_is_found(made: Made) -> None:
    made.add_receipt(notice(REVOCATION, ACCEPTED + 500))
    made.add_receipt(notice(DESTRUCTION, ACCEPTED + 499))
    made.require("receipts", "before the share ended")


def test_ends_that_say_less_was_read_than_the_recipient_opened_are_found(made: Made) -> None:
    opened = {"purpose": "co-sell", "records": 3, "share": "0" * 32, "time": ACCEPTED + 400}
    made.add_receipt(sign_statement(RELEASE, SUBJECT, opened, NORTHWIND))
    made.add_receipt(notice(REVOCATION, ACCEPTED + 500, read=3))
    assert made.verify().problems == []
    made.add_receipt(notice(DESTRUCTION, ACCEPTED + 501, read=2))
    made.require("receipts", "read")
    assert len(made.verify().problems) == 2


def test_an_end_is_signed_by_the_holder_that_the_grant_names(made: Made) -> None:
    period = {"not_before": ACCEPTED, "until": SIGNED.until}
    terms = {"share": "0" * 32, "holder": STRANGER.card.digest.hex(), **period}
    grant = sign_statement(GRANT, SUBJECT, {"terms": terms}, CONTOSO)
    by_room = {"share": "0" * 32, "time": ACCEPTED + 500}
    ended = sign_statement(REVOCATION, SUBJECT, by_room, STRANGER)
    made.parts[f"room/{STRANGER.card.digest.hex()}"] = STRANGER.card.to_bytes()
    made.add_receipt(ended)
    # A room of which no grant speaks.
    made.require(f"receipt/{statement_digest(ended).hex()}", "the holder that the grant names")
    made.add_receipt(grant)
    report = made.verify()
    assert report.problems == []
    assert [one.kind for one in report.receipts if one.signers == (STRANGER.party,)] == ["revocation"]
    # A party that does not hold the half says that it is gone.
    false = notice(DESTRUCTION, ACCEPTED + 501)
    made.add_receipt(false)
    made.require(f"receipt/{statement_digest(false).hex()}", "the holder that the grant names")


def test_a_room_signs_nothing_but_ends(made: Made) -> None:
    made.parts[f"room/{STRANGER.card.digest.hex()}"] = STRANGER.card.to_bytes()
    said = {"purpose": "co-sell", "records": 3, "share": "0" * 32, "time": ACCEPTED + 400}
    data = sign_statement(RELEASE, SUBJECT, said, STRANGER)
    made.add_receipt(data)
    made.require(f"receipt/{statement_digest(data).hex()}", "somebody else")


def test_two_cards_of_one_name_are_found(made: Made) -> None:
    """A report names one fingerprint for each name."""
    twin = PartyKeys.generate("northwind", fixed_bytes("twin"))
    made.parts["card/peer"] = twin.card.to_bytes()
    data = make_bundle(made.parts, twin.card, NORTHWIND, ACCEPTED)
    assert ("bundle", "both cards have the same name") in verify_bundle(data).problems


def test_parts_under_names_of_others_are_found(made: Made) -> None:
    data = notice(REVOCATION, ACCEPTED + 500)
    made.parts["receipt/" + "0" * 64] = data
    made.require("receipt/" + "0" * 64, "of its name")
    del made.parts["receipt/" + "0" * 64]
    made.parts["agreement/" + "1" * 64] = AGREEMENT
    made.require("agreement/" + "1" * 64, "of its name")


def test_a_bundle_signed_by_another_party_is_found(made: Made) -> None:
    data = make_bundle(made.parts, CONTOSO.card, STRANGER, ACCEPTED)
    assert {name for name, _ in verify_bundle(data).problems} == {"bundle"}
    made.parts["card/peer"] = NORTHWIND.card.to_bytes()
    assert "both cards are the same" in [what for _, what in made.verify().problems]


@pytest.mark.parametrize(
    "header",
    [
        {"parts": []},
        {"parts": 7},
        {"made": -1},
        {"made": "1"},
        {"exporter": "x"},
        {"extra": 1},
        {"parts": [{"name": "../log", "sha256": "", "size": 0}]},
    ],
)
def test_headers_of_another_form_are_malformed(made: Made, header: dict[str, Any]) -> None:
    data = make_bundle(made.parts, CONTOSO.card, NORTHWIND, 5)
    line = data.split(b"\n", 2)[1]
    changed = canonical.encode(json.loads(line) | header)
    with pytest.raises(MalformedFile):
        read_bundle(data.replace(line, changed, 1))


def test_sizes_that_are_not_those_of_the_parts_are_malformed(made: Made) -> None:
    data = make_bundle(made.parts, CONTOSO.card, NORTHWIND, 5)
    for broken in (b"", data[:-1], data + b"\0", data[:40]):
        with pytest.raises(MalformedFile):
            read_bundle(broken)
        assert verify_bundle(broken).problems


@pytest.mark.slow
def test_changed_bytes_of_a_small_bundle_are_found(made: Made) -> None:
    """Every seventh; `python benchmarks/every_byte.py` changes all of them."""
    data = make_bundle(made.parts, CONTOSO.card, NORTHWIND, ACCEPTED + DAY)
    for place in range(0, len(data), 7):
        broken = data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]
        assert verify_bundle(broken).problems, place
