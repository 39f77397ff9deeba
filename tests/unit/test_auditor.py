"""The auditor's questions over two folders with a clock of the test's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from attacked_house import DAY, NOW, House, make_house

from cleanroom.log import Log
from cleanroom.merkle import verify_inclusion
from cleanroom.moment import moment_of
from cleanroom.report import Sight, render_sights
from cleanroom.session.audit import seeing
from cleanroom.session.audit.audit_report import gather_audit, write_audit_report
from cleanroom.session.audit.inspecting import inspect_file
from cleanroom.session.audit.packing import write_security_pack
from cleanroom.session.audit.seeing import Stretch, read_stretch, who_sees
from cleanroom.session.match import finishing, matching
from cleanroom.session.post.receiving import receive_file
from cleanroom.session.share import granting
from cleanroom.session.share.disclosing import disclose_accounts
from cleanroom.session.share.portfolio import list_holdings, list_reads
from overlap.errors import UsageError


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    made.run()
    return made


def day(number: int) -> Stretch:
    """Day `number` from the day of NOW on."""
    return read_stretch(moment_of(NOW + number * DAY)[:10])


def of_ours(house: House, when: Stretch, account: str | None = None) -> list[Sight]:
    return [sight for sight in who_sees(house.ours, when, None, account) if sight.of == "northwind"]


def shares(sights: list[Sight]) -> list[tuple[str, int]]:
    return [(sight.state, sight.read) for sight in sights if sight.basis == "share"]


def test_a_stretch_is_a_day_or_a_second() -> None:
    assert read_stretch("1970-01-02") == Stretch(DAY, 2 * DAY)
    assert read_stretch("1970-01-02T00:00:01Z") == Stretch(DAY + 1, DAY + 2)
    for wrong in ("2026-02-30", "2026", "tomorrow", "2026-01-01T10:00:00+01:00", "2026-01-01 10:00:00Z", ""):
        with pytest.raises(UsageError):
            read_stretch(wrong)


def test_a_run_tells_for_good_and_nothing_before_it(house: House) -> None:
    assert of_ours(house, day(-1)) == []
    (later,) = [sight for sight in of_ours(house, day(400)) if sight.basis == "run"]
    assert (later.state, later.accounts, later.until) == ("could", 6, "")


def test_a_share_is_seen_from_its_grant_to_its_end(house: House) -> None:
    house = house.at(NOW + 2 * DAY)
    house.grant()
    assert shares(of_ours(house, day(1))) == []
    assert shares(of_ours(house, day(2))) == [("could", 0)]
    assert shares(of_ours(house, day(20))) == [("will", 0)]
    assert shares(of_ours(house, day(31))) == [("ended", 0)]


def test_what_was_read_by_a_day_is_told(house: House) -> None:
    house.grant()
    house = house.at(NOW + 3 * DAY)
    house.request()
    house.lease()
    house.open()
    assert shares(of_ours(house, day(2))) == [("could", 0)]
    assert shares(of_ours(house, day(3))) == [("could", 6)]
    theirs = [sight for sight in who_sees(house.theirs, day(3)) if sight.basis == "share"]
    assert [(sight.viewer, sight.of, sight.state) for sight in theirs] == [("fabrikam", "northwind", "could")]


def test_revoking_ends_what_could_be_seen_and_says_what_was_read(house: House) -> None:
    share = house.grant()
    house.request()
    house.lease()
    house = house.at(NOW + 5 * DAY)
    granting.revoke_share(house.ours, share, house.file("revocation"))
    (sight,) = [one for one in of_ours(house, day(6)) if one.basis == "share"]
    assert (sight.state, sight.read) == ("ended", 6)
    assert "may have been kept" in sight.note
    assert sight.until == moment_of(NOW + 5 * DAY)


def test_what_was_read_of_a_share_is_still_told_when_it_is_revoked_and_erased(house: House) -> None:
    share = house.grant()
    house.request()
    house.lease()
    house.open()
    house = house.at(NOW + 5 * DAY)
    granting.revoke_share(house.ours, share, house.file("revocation"))
    receive_file(house.theirs, house.file("revocation"))
    for party in (house.ours, house.theirs):
        (held,) = list_holdings(party)
        assert (held.share.read, held.share.records, held.share.days_left) == (6, 6, 0)
        assert held.share.last_use == moment_of(NOW)
        assert held.share.state.startswith("revoked")
    (sight,) = [one for one in who_sees(house.theirs, day(6)) if one.basis == "share"]
    assert (sight.state, sight.read) == ("ended", 6)
    assert sight.note == "revoked, erased; what was read may have been kept"


def test_an_attestation_says_what_was_destroyed_when_and_what_was_read(house: House) -> None:
    share = house.grant()
    house.request()
    house.lease()
    house = house.at(NOW + 5 * DAY)
    granting.revoke_share(house.ours, share, house.file("revocation"), house.file("attestation"))
    said = inspect_file(house.file("attestation"))
    assert said["says"] == "urn:overlap:destruction:1"
    assert (said["states share"], said["states read"], said["states records"]) == (share, 6, 6)
    assert said["states time"] == moment_of(NOW + 5 * DAY)
    assert "not checked" in said["signatures"]


def test_one_account_is_followed_through_runs_and_shares(house: House) -> None:
    house.grant()
    followed = of_ours(house, day(0), "A8")
    told = [(sight.basis, sight.accounts) for sight in followed]
    assert told == [("run", 1), ("share", 1), ("agreement", -1)]
    assert [sight.basis for sight in of_ours(house, day(0), "A1")] == ["agreement"]
    assert of_ours(house, day(31), "A1") == []
    with pytest.raises(UsageError):
        who_sees(house.ours, day(0), None, "B1")
    with pytest.raises(UsageError):
        who_sees(house.ours, day(0), None, "A")


def test_an_unfinished_run_is_told_to_the_side_that_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    house.agree()
    matching.start_match(house.ours, "", house.file("start"))
    matching.reply_match(house.theirs, house.file("start"), house.file("reply"))
    assert [sight.basis for sight in of_ours(house, day(0))] == ["agreement"]
    told = [one for one in who_sees(house.theirs, day(0)) if one.of == "fabrikam" and one.basis == "run"]
    assert [sight.what for sight in told] == ["perhaps which accounts are shared"]
    # A run that was closed later, as a rotation does, may have told from its reply on.
    (replied,) = seeing.all_runs(house.theirs)
    closed = replace(replied, state="unfinished", finished=NOW + 5 * DAY)
    with monkeypatch.context() as patched:
        patched.setattr(seeing, "all_runs", lambda _: [closed])
        told = [one for one in who_sees(house.theirs, day(6)) if one.basis == "run"]
    assert [sight.since for sight in told] == [moment_of(replied.begun)]
    finishing.finish_match(house.ours, house.file("reply"), house.file("finish"))
    assert [one.basis for one in of_ours(house, day(0))] == ["run", "agreement"]


def test_what_a_run_told_us_is_said_too(house: House) -> None:
    (learned,) = [one for one in who_sees(house.ours, day(0)) if one.of == "fabrikam" and one.basis == "run"]
    assert (learned.viewer, learned.accounts, learned.until) == ("northwind", 6, "")


def test_an_agreement_may_be_used_until_it_ends(house: House) -> None:
    allowed = [sight for sight in of_ours(house, day(29)) if sight.state == "may"]
    assert [sight.fields for sight in allowed] == [("name", "website", "population")]
    assert not [sight for sight in of_ours(house, day(31)) if sight.state == "may"]


def test_shares_are_listed_with_what_an_auditor_asks(house: House) -> None:
    share = house.grant()
    (fresh,) = list_holdings(house.ours)
    assert (fresh.uses, fresh.last_use, fresh.remarks) == (0, "", ())
    house = house.at(NOW + 2 * DAY)
    house.request()
    house.lease()
    (used,) = list_holdings(house.ours)
    assert (used.uses, used.last_use) == (1, moment_of(NOW + 2 * DAY))
    late = list_holdings(house.at(NOW + 20 * DAY).ours)[0]
    assert late.remarks == ("ends in 10 days",)
    (read,) = list_reads(house.ours)
    assert (read.share, read.refused, read.purpose) == (share, False, "territory-planning")
    house.open()
    (opened,) = list_reads(house.theirs)
    assert (opened.direction, opened.purpose) == ("from", "territory-planning")
    assert list_reads(house.ours, share="ffff") == []


def test_the_log_is_read_once_for_all_questions_about_shares(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.grant()
    house.request()
    house.lease()
    house = house.at(NOW + DAY)
    read: list[str] = []
    entries = Log.entries
    monkeypatch.setattr(Log, "entries", lambda log, first=0: read.append("") or entries(log, first))
    who_sees(house.ours, day(1))
    assert len(list_reads(house.ours)) == len(list_holdings(house.ours)) == 1
    assert len(read) == 1
    read.clear()
    gather_audit(house.at(NOW + DAY).ours, moment_of(NOW + DAY))
    assert len(read) == 2  # Once for what it tells, once for the proofs of all entries.
    house.grant("another")
    assert len(list_holdings(house.ours)) == 2


def test_a_share_of_all_accounts_is_not_called_one_of_shared_accounts(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree(level="all")
    (granted,) = disclose_accounts(house.ours, "", house.file("share"))
    house.request()
    house.lease()
    house.open()
    for party in (house.ours, house.theirs):
        (sight,) = [one for one in who_sees(party, day(0)) if one.basis == "share"]
        assert (sight.what, sight.accounts) == ("fields of accounts, matched or not", granted.records)


def test_the_text_says_who_and_until_when(house: House) -> None:
    house.grant()
    lines = render_sights(who_sees(house.ours, day(0)), "northwind")
    assert lines[0] == "of the accounts of northwind:"
    assert any("fabrikam could see fields of shared accounts, 6 accounts" in line for line in lines)


def test_the_report_names_no_account_and_its_proofs_hold(house: House) -> None:
    share = house.grant()
    house.request()
    house.lease()
    granting.revoke_share(house.ours, share, house.file("revocation"))
    facts = write_audit_report(house.ours, "", house.file("audit.html"))
    text = house.file("audit.html").read_text(encoding="utf-8")
    assert not any(word in text for word in ("Company", "company7works"))
    root, size = bytes.fromhex(facts.logs[0].root), facts.logs[0].entries
    assert [proof.kind for proof in facts.proofs] == ["grant", "revocation", "destruction"]
    for proof in facts.proofs:
        path = [bytes.fromhex(step) for step in proof.path]
        assert verify_inclusion(bytes.fromhex(proof.leaf), proof.sequence, size, path, root)
    assert facts.agreements[0].text_digest in text
    assert share[:16] in text


def test_the_report_says_when_a_log_was_altered(house: House) -> None:
    place = house.ours.folder.path("logs", "fabrikam.log")
    data = bytearray(place.read_bytes())
    data[data.index(b'"days":') + 7] ^= 1
    place.write_bytes(bytes(data))
    opened = house.at(NOW + 1).ours
    facts = write_audit_report(opened, "", house.file("audit.html"))
    assert facts.logs[0].findings
    assert "ALTERED" in house.file("audit.html").read_text(encoding="utf-8")


def test_the_pack_lists_what_left_under_an_agreement(house: House) -> None:
    house.grant()
    house.request()
    house.lease()
    facts = write_security_pack(house.ours, "", "", house.file("pack.html"))
    assert [sent.what.split(" ")[0] for sent in facts.sent] == ["frame", "frame", "share", "lease"]
    assert [sent.size for sent in facts.sent[:2]] == [
        house.file(f"run.{step}").stat().st_size for step in ("start", "finish")
    ]
    assert facts.allowed == [("customers", ("name", "website", "population"))]
    text = house.file("pack.html").read_text(encoding="utf-8")
    assert not any(word in text for word in ("Company7", "company7works"))
    assert facts.file_digest in text
    with pytest.raises(UsageError):
        write_security_pack(house.ours, "", "zz", house.file("pack.html"))
