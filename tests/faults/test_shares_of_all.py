"""Shares of every account, opened shares as tables, attestations. Expected values: FORMATS.md, by hand."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from attacked_house import DAY, NOW, House, make_house

from cleanroom.receipts import DESTRUCTION, GRANT, REVOCATION, read_statement, sign_statement
from cleanroom.session.accounts import forgetting, recalling
from cleanroom.session.accounts.imports import import_export
from cleanroom.session.post import receiving
from cleanroom.session.post.letters import write_letter
from cleanroom.session.share import disclosing, granting, releases, settling, sharing, showing
from overlap.errors import BadPeerFile, Expired, Refused, UsageError, WrongRun


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree(level="all")
    return made


@pytest.fixture
def opened(house: House) -> House:
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    house.request()
    house.lease()
    house.open()
    return house


def _cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_account_of_the_agreed_populations_is_shown_without_a_match(opened: House) -> None:
    shown = showing.show_share(opened.theirs, "", "territory-planning")
    assert sorted(row[2] for row in shown.rows) == sorted(f"Company{number} Works" for number in range(12))
    assert {row[1] for row in shown.rows} == {""}
    (to,), (taken,) = sharing.list_shares(opened.ours), sharing.list_shares(opened.theirs)
    assert (to.scope, to.level, to.read, to.grant) == ("all", "all", 12, "countersigned")
    assert (taken.scope, taken.direction, taken.records, taken.state) == ("all", "from", 12, "open")


def test_a_share_of_all_needs_an_agreement_that_says_so(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree()
    with pytest.raises(Refused, match=r"clause terms\.level"):
        disclosing.disclose_accounts(house.ours, "", house.file("share"))
    assert not house.file("share").exists()


def test_a_share_of_all_that_the_agreement_does_not_allow_is_not_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    house.agree()
    monkeypatch.setattr(disclosing, "fields_granted", lambda *_: ("name",))
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    with pytest.raises(WrongRun, match="level all"):
        house.request()


def test_what_rules_keep_from_the_partner_is_in_no_share(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disclosing, "excluded_accounts", lambda _party, _partner: {"A0", "A11"})
    (made,) = disclosing.disclose_accounts(house.ours, "", house.file("share"))
    assert (made.records, made.left_out) == (10, {"private or restricted to other partners": 2})
    everything = {f"A{number}" for number in range(12)}
    monkeypatch.setattr(disclosing, "excluded_accounts", lambda _party, _partner: everything)
    with pytest.raises(UsageError):
        disclosing.disclose_accounts(house.ours, "", house.file("none"))


def test_above_the_limit_there_are_several_shares(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosing, "RECORD_LIMIT", 5)
    made = disclosing.disclose_accounts(house.ours, "", house.file("share"))
    assert [(one.records, Path(one.file).name) for one in made] == [
        (5, "share"),
        (5, "share-2"),
        (2, "share-3"),
    ]
    for name in ("share", "share-2", "share-3"):
        house.request(name=name)
        house.lease()
        house.open()
    names = {row[2] for one in made for row in showing.show_share(
        house.theirs, one.share, "territory-planning").rows}  # fmt: skip
    assert len(names) == 12


def test_shares_of_all_end_and_are_revoked_like_any(opened: House) -> None:
    disclosing.disclose_accounts(opened.ours, "", opened.file("second"))
    opened.request(name="second")
    late = opened.at(NOW + 30 * DAY)
    with pytest.raises(Expired):
        late.lease()
    settling.settle_ended(late.theirs)
    assert releases.all_releases(late.theirs) == []
    ended = granting.expire_shares(late.ours, attestation=late.file("word"))
    assert [one.read for one in ended] == [12, 0]
    for name in ("word", "word-2"):
        read_statement(late.file(name).read_bytes(), [late.ours.keys.card], DESTRUCTION)
    assert late.ours.vault().names() == ()


def test_a_table_carries_its_end_agreement_and_purpose_and_can_be_undone(opened: House) -> None:
    out = opened.place / "shown.csv"
    shown = showing.show_share(opened.theirs, "", "territory-planning", out)
    rows = _cells(out)
    assert len(rows) == 12
    assert {(row["shared_until"], row["purpose"]) for row in rows} == {(shown.until, "territory-planning")}
    assert all(row["agreement"] and row["their_name"] for row in rows)
    undo = _cells(opened.place / "shown-undo.csv")
    assert [(row["share"], row["record"]) for row in undo] == [(row["share"], row["record"]) for row in rows]
    assert {row["action"] for row in undo} == {"clear"}
    assert not any(row["their_name"] or row["shared_until"] for row in undo)
    assert shown.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    *_, last = opened.theirs.log("northwind").entries()
    assert (last.kind, last.counts["accounts"], "file" in last.digests) == ("export", 20, True)


def test_rows_of_a_matched_share_name_our_own_accounts(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree()
    house.run()
    house.grant()
    house.request()
    house.lease()
    house.open()
    rows = showing.show_share(house.theirs, "", "territory-planning").rows
    assert sorted((row[1], row[2]) for row in rows) == sorted(
        (f"A{number}", f"Company{number} Works") for number in range(6, 12)
    )


def test_a_cell_that_begins_like_a_formula_is_made_safe(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    table = house.place / "bad.csv"
    table.write_text('Account ID,Account Name,Website\nB1,"=HYPERLINK(""http://x"")",https://bad1works.com\n')
    import_export(house.ours.folder, table, NOW)
    house.agree(level="all")
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    house.request()
    house.lease()
    house.open()
    showing.show_share(house.theirs, "", "territory-planning", house.place / "shown.csv")
    assert not any(cell.startswith("=") for row in _cells(house.place / "shown.csv") for cell in row.values())


def test_nothing_is_shown_for_another_purpose_or_after_the_end(opened: House) -> None:
    for purpose in ("attribution", "resale"):
        with pytest.raises(Refused, match="leased for"):
            showing.show_share(opened.theirs, "", purpose)
    with pytest.raises(UsageError):
        showing.show_share(opened.theirs, "ff" * 16, "territory-planning")
    late = opened.at(NOW + 30 * DAY)
    with pytest.raises(Expired, match="12 of 12 records were read before"):
        showing.show_share(late.theirs, "", "territory-planning", late.place / "late.csv")
    back = opened.at(NOW + DAY)
    with pytest.raises(Expired):
        showing.show_share(back.theirs, "", "territory-planning", back.place / "late.csv")
    assert not (opened.place / "late.csv").exists()


def test_nothing_is_exported_where_the_agreement_forbids_it(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree(level="all", exportable=False)
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    house.request()
    house.lease()
    house.open()
    assert showing.show_share(house.theirs, "", "territory-planning").rows
    with pytest.raises(Refused, match=r"clause terms\.exportable"):
        showing.show_share(house.theirs, "", "territory-planning", house.place / "shown.csv")
    assert not (house.place / "shown.csv").exists()


def test_a_revocation_brings_the_attestation_and_both_are_kept(opened: House) -> None:
    ended = granting.revoke_share(opened.ours, "", opened.file("letter"), opened.file("word"))
    receiving.receive_file(opened.theirs, opened.file("letter"))
    kept = opened.theirs.folder.path("shares", "received")
    assert (kept / f"{ended.share}.revoked").read_bytes() == ended.notice
    assert (kept / f"{ended.share}.destroyed").read_bytes() == opened.file("word").read_bytes()
    word = read_statement(opened.file("word").read_bytes(), [opened.ours.keys.card], DESTRUCTION)
    assert (word.predicate["read"], word.predicate["reason"]) == (12, "revocation")
    with pytest.raises(Refused, match="revoked this share"):
        showing.show_share(opened.theirs, "", "territory-planning")


def test_a_revocation_without_its_own_attestation_is_the_peers_fault(opened: House) -> None:
    ended = granting.revoke_share(opened.ours, "", opened.file("letter"))
    other = sign_statement(DESTRUCTION, {"terms": "00" * 32}, {"share": ended.share}, opened.ours.keys)
    notice = sign_statement(REVOCATION, {"terms": "00" * 32}, {"share": ended.share}, opened.ours.keys)
    assert ended.attestation is not None
    for body in (
        ended.notice,
        ended.notice + ended.notice,
        ended.notice + other,
        notice + ended.attestation,
        ended.notice + ended.attestation + b"\n",
        b"",
    ):
        opened.file("bad").write_bytes(write_letter(opened.ours, "fabrikam", "revocation", body))
        with pytest.raises(BadPeerFile):
            receiving.receive_file(opened.theirs, opened.file("bad"))
    assert releases.all_releases(opened.theirs)


def test_both_sides_keep_the_grant_that_both_have_signed(opened: House) -> None:
    share = sharing.list_shares(opened.ours)[0].share
    cards = [opened.ours.keys.card, opened.theirs.keys.card]
    ours = opened.ours.folder.path("shares", "grants", share).read_bytes()
    assert ours == opened.theirs.folder.path("shares", "received", f"{share}.receipt").read_bytes()
    assert read_statement(ours, cards, GRANT).predicate["terms"]["scope"] == "all"


def test_a_forgotten_account_is_asked_back_by_the_number_of_its_record(opened: House, tmp_path: Path) -> None:
    before = showing.show_share(opened.theirs, "", "territory-planning").rows
    (number,) = (row[0] for row in before if row[2] == "Company3 Works")
    (told,) = forgetting.forget_account(opened.ours, "A3", tmp_path / "forgotten").told
    assert told.shares == told.open and len(told.shares) == 1
    (cells,) = _cells(Path(told.clean_up))
    assert (cells["pair_token"], cells["share"], cells["record"]) == ("", told.shares[0], number)
    assert (
        f'"record":{number},'
        in recalling.recall_body([recalling.ShownAs("x", told.shares[0], "", 1, int(number))]).decode()
    )
    taken = receiving.receive_file(opened.theirs, Path(told.letter))
    assert taken.lines[0] == "dropped here: 1 record of 1 share"
    after = showing.show_share(opened.theirs, "", "territory-planning").rows
    assert after == [row for row in before if row[0] != number]
    again = receiving.receive_file(opened.theirs, Path(told.letter))
    assert again.lines[0] == "dropped here: 0 records of 1 share"
