"""Time authorities: tokens over a checkpoint, made by a local authority of OpenSSL, verified offline."""

from __future__ import annotations

from pathlib import Path

import pytest
from claim_world import BEGIN, DAY, PARTNER, Claimant, account, clocks, code, held, terms
from time_authority import OPENSSL, Authority

from cleanroom.attribution import Stamped, stamped_text
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys import check_authority, timestamp_request, verify_timestamp

pytest.importorskip("rfc3161_client")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl here")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


def stamped(authority: Authority) -> Claimant:
    """A partner with one epoch that no witness saw, and a token over its checkpoint."""
    claimant = Claimant(PARTNER)
    claimant.commit([account(0)])
    note = claimant.stamped[0].note
    claimant.stamped = [Stamped(note, authority.answer(timestamp_request(stamped_text(note))))]
    return claimant


def test_a_token_dates_an_epoch_alone(authority: Authority) -> None:
    claimant = stamped(authority)
    agreed = terms(authority=authority.pem)
    second = verify_timestamp(
        claimant.stamped[0].token, stamped_text(claimant.stamped[0].note), authority.pem
    )
    found = held(claimant.bundle([0]), now=second + DAY, terms=agreed, clocks=clocks(agreed))
    assert (found.committed_at, found.dated_by) == (second, "token")


def test_a_token_of_no_agreed_authority_dates_nothing(authority: Authority) -> None:
    assert held(stamped(authority).bundle([0]), now=BEGIN).committed_at is None


def test_a_token_of_another_authority_or_over_another_checkpoint_is_named(
    authority: Authority, tmp_path: Path
) -> None:
    claimant = stamped(authority)
    other = Authority(tmp_path / "other")
    strange = terms(authority=other.pem)
    usual = {"now": 2**32, "terms": strange, "clocks": clocks(strange)}
    assert code(claimant.bundle([0]), **usual) == "token-altered"
    agreed = terms(authority=authority.pem)
    usual = {"now": 2**32, "terms": agreed, "clocks": clocks(agreed)}
    elsewhere = stamped(authority)
    elsewhere.commit([account(0)])
    elsewhere.stamped[1] = Stamped(elsewhere.stamped[1].note, elsewhere.stamped[0].token)
    assert code(elsewhere.bundle([0]), **usual) == "token-altered"


def test_a_cosignature_does_not_change_what_is_stamped(authority: Authority) -> None:
    claimant, bare = Claimant(PARTNER), Claimant(PARTNER)
    claimant.commit([account(0)], [(PARTNER, BEGIN)])
    bare.commit([account(0)])
    assert stamped_text(claimant.stamped[0].note) == stamped_text(bare.stamped[0].note)


def test_a_damaged_reply_is_refused(authority: Authority) -> None:
    reply = authority.answer(timestamp_request(b"message"))
    verify_timestamp(reply, b"message", authority.pem)
    with pytest.raises(MalformedFile):
        verify_timestamp(reply[:50], b"message", authority.pem)
    with pytest.raises(MalformedFile):
        verify_timestamp(b"\0" * 70_000, b"message", authority.pem)
    with pytest.raises(ForgedFile):
        verify_timestamp(reply, b"another message", authority.pem)
    altered = reply[:-20] + bytes([reply[-20] ^ 1]) + reply[-19:]
    with pytest.raises(ForgedFile):
        verify_timestamp(altered, b"message", authority.pem)


def test_an_authority_is_one_certificate(authority: Authority) -> None:
    assert check_authority(authority.pem) == authority.pem
    for text in ("", "x", authority.pem * 2, authority.pem.replace("M", "*")):
        with pytest.raises(UsageError):
            check_authority(text)
