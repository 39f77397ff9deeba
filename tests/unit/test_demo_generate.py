"""The invented world: repeatable, readable by ordinary readers, and honest about what it contains.

Expected shapes come from public descriptions of the exports (column labels, 15- and 18-character ids); shares
and counts come from the constants of the generator.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date

import openpyxl
import pytest
from stdnum import lei
from stdnum.eu import vat as european_vat
from stdnum.gb import vat as british_vat

from cleanroom.cli.demo import bound_for
from cleanroom.demo import EVIDENCE, PARTNER, RIVAL, VENDOR, DemoWorld, generate
from overlap.identity import MOST

TODAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return generate(600, 11, TODAY)


def read_rows(data: bytes, encoding: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))


def files_of(world: DemoWorld) -> dict[str, bytes]:
    return {
        f"{party.name}/{name}": export.data for party in world.parties for name, export in party.files.items()
    }


def test_same_arguments_give_the_same_bytes_and_another_seed_does_not(world: DemoWorld) -> None:
    assert files_of(generate(600, 11, TODAY)) == files_of(world)
    other = files_of(generate(600, 12, TODAY))
    assert all(other[name] != data for name, data in files_of(world).items())


def test_a_world_too_small_to_show_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 50"):
        generate(49, 1, TODAY)
    assert generate(50, 1, TODAY).truth(VENDOR, PARTNER).pairs


def test_each_party_has_about_as_many_rows_as_asked_for(world: DemoWorld) -> None:
    assert {party.name: len(party.accounts) for party in world.parties} == {
        VENDOR: 600,
        PARTNER: 600,
        RIVAL: 150,
    }
    vendor, partner, rival = world.parties
    assert vendor.files["customers.csv"].rows + vendor.files["pipeline.csv"].rows == 600
    assert partner.files["companies.csv"].rows == 600
    assert rival.files["accounts.xlsx"].rows == 150


def test_the_customer_report_has_preamble_footer_and_short_ids(world: DemoWorld) -> None:
    vendor = world.parties[0]
    data = vendor.files["customers.csv"].data
    assert data.startswith(b"\xef\xbb\xbf")
    rows = read_rows(data, "utf-8-sig", ",")
    assert rows[4][:3] == ["Account ID", "Account Name", "Website"]
    assert rows[-3] == [] and rows[-2][0].startswith("Confidential")
    broken = set(vendor.files["customers.csv"].broken)
    good = [row for number, row in enumerate(rows, 1) if 5 < number <= len(rows) - 3 and number not in broken]
    customers = [account for account in vendor.accounts if account.population == "customers"]
    assert [row[0] for row in good] == [account.id[:15] for account in customers]
    assert [row[1] for row in good] == [account.name for account in customers]


def test_the_pipeline_file_carries_cells_with_line_breaks_and_a_type_to_filter_by(world: DemoWorld) -> None:
    export = world.parties[0].files["pipeline.csv"]
    rows = read_rows(export.data, "utf-8", ",")
    assert len(rows) == 1 + export.rows + len(export.broken)
    assert "\n" in rows[1][5]
    types = Counter(row[2] for row in rows[1:] if len(row) == len(rows[0]))
    assert set(types) == {"Prospect", "Prospect - Open Opportunity"}


def test_the_partner_writes_semicolons_in_windows_1252_and_its_deals_in_utf_16(world: DemoWorld) -> None:
    partner = world.parties[1]
    companies = partner.files["companies.csv"]
    rows = read_rows(companies.data, "cp1252", ";")
    assert len(rows) == 1 + companies.rows + len(companies.broken)
    assert not companies.data.isascii()
    assert not any("?" in row[1] for row in rows)
    deals = partner.files["deals.csv"].data
    assert deals[:2] in (b"\xff\xfe", b"\xfe\xff")
    assert read_rows(deals, "utf-16", "\t")[0][0] == "Record ID"


def test_the_rivals_workbook_opens_and_holds_its_accounts(world: DemoWorld) -> None:
    rival = world.parties[2]
    export = rival.files["accounts.xlsx"]
    rows = list(openpyxl.load_workbook(io.BytesIO(export.data), read_only=True).active.values)
    assert rows[0][0] == "(Do Not Modify) Account"
    good = [row for number, row in enumerate(rows, 1) if number > 1 and number not in export.broken]
    assert [(row[0], row[3]) for row in good] == [(account.id, account.name) for account in rival.accounts]


def test_broken_rows_are_the_five_sorts_that_a_reader_must_reject(world: DemoWorld) -> None:
    export = world.parties[1].files["companies.csv"]
    rows = read_rows(export.data, "cp1252", ";")
    width, seen, reasons = len(rows[0]), set[str](), Counter[str]()
    for number, row in enumerate(rows, 1):
        if number in export.broken:
            reasons[
                "short"
                if len(row) < width
                else "long"
                if len(row) > width
                else "no id"
                if not row[0]
                else "repeated id"
                if row[0] in seen
                else "no name"
                if not (row[1] or row[2] or row[3] or row[13])
                else "fine"
            ] += 1
        else:
            assert len(row) == width and row[0] not in seen
            seen.add(row[0])
    assert reasons == {"short": 2, "long": 2, "no id": 2, "repeated id": 2, "no name": 2}


def test_registration_numbers_have_valid_check_digits(world: DemoWorld) -> None:
    accounts = [account for party in world.parties for account in party.accounts]
    leis = [account.lei for account in accounts if account.lei]
    vats = [account.vat for account in accounts if account.vat]
    assert len(leis) > 30 and all(lei.is_valid(number) for number in leis)
    assert len(vats) > 20
    assert all(
        british_vat.is_valid(number) if number.startswith("GB") else european_vat.is_valid(number)
        for number in vats
    )
    assert all(len(account.duns) in (0, 9) for account in accounts)


def test_truth_holds_exactly_the_pairs_of_rows_of_one_company(world: DemoWorld) -> None:
    vendor, partner, _ = world.parties
    truth = world.truth(VENDOR, PARTNER)
    assert set(truth.pairs) == {
        (ours.id, theirs.id)
        for ours in vendor.accounts
        for theirs in partner.accounts
        if ours.company.number == theirs.company.number
    }
    assert len({pair[0] for pair in truth.pairs}) >= 180
    assert not set(truth.pairs) & set(truth.near_misses)
    assert set(truth.near_misses.values()) == {"same group", "same brand"}


def test_truth_says_why_a_pair_is_hard(world: DemoWorld) -> None:
    vendor, partner, _ = world.parties
    ours = {account.id: account for account in vendor.accounts}
    theirs = {account.id: account for account in partner.accounts}
    evidence = Counter[str]()
    for (left, right), kind in world.truth(VENDOR, PARTNER).pairs.items():
        common = ours[left].keys & theirs[right].keys
        assert (kind == "nothing equal") is not common
        assert kind.startswith("domain") is any(key.startswith("domain:") for key in common)
        evidence[kind] += 1
    assert evidence["domain and name"] > evidence["domain only"] > evidence["name only"] > 0
    assert set(evidence) <= set(EVIDENCE)


def test_the_rival_holds_accounts_that_vendor_and_partner_share(world: DemoWorld) -> None:
    with_partner = {pair[0] for pair in world.truth(VENDOR, PARTNER).pairs}
    with_rival = {pair[0] for pair in world.truth(VENDOR, RIVAL).pairs}
    assert with_partner & with_rival and with_rival - with_partner


def test_partner_accounts_are_older_than_the_day_of_the_claims(world: DemoWorld) -> None:
    assert (world.today - world.claims_day).days == 90
    assert all(a.created < world.claims_day for party in world.parties for a in party.accounts)


def test_opportunities_lie_before_and_after_the_claims_and_none_starts_in_the_future(
    world: DemoWorld,
) -> None:
    rows = read_rows(world.parties[0].files["opportunities.csv"].data, "utf-8", ",")
    assert rows[0][:4] == ["Id", "AccountId", "Name", "StageName"]
    ids = {account.id for account in world.parties[0].accounts}
    statuses = Counter[tuple[str, str, bool]]()
    for row in rows[1:]:
        created, closed = date.fromisoformat(row[6][:10]), date.fromisoformat(row[7])
        assert row[1] in ids and created <= TODAY and created < closed
        assert (closed < TODAY) is (row[8] == "true")
        statuses[row[8], row[9], created > world.claims_day] += 1
    assert set(statuses) == {
        (is_closed, is_won, late)
        for is_closed, is_won in (("true", "true"), ("true", "false"), ("false", "false"))
        for late in (True, False)
    }


def test_actions_belong_to_their_opportunity_and_happen_within_it(world: DemoWorld) -> None:
    files = world.parties[0].files
    deals = {
        row[0]: (row[1], row[6][:10], row[7])
        for row in read_rows(files["opportunities.csv"].data, "utf-8", ",")[1:]
    }
    rows = read_rows(files["actions.csv"].data, "utf-8", ",")[1:]
    partners = Counter(row[3] for row in rows)
    assert partners[PARTNER] > partners[RIVAL] > 0
    assert any(not row[6] for row in rows) and any(row[6] for row in rows)
    for row in rows:
        account, created, closed = deals[row[1]]
        assert row[2] == account
        assert created <= row[5] <= min(closed, TODAY.isoformat())


def test_imports_name_files_that_exist_and_cover_the_standard_populations(world: DemoWorld) -> None:
    for party in world.parties:
        assert {step.file for step in party.imports} == set(party.files)
        populations = {step.population for step in party.imports if step.kind == "accounts"}
        assert populations == {"customers", "open_opportunities", "prospects"}


def test_names_that_begin_like_a_formula_occur(world: DemoWorld) -> None:
    names = [
        a.name for seed in (1, 2, 3) for party in generate(600, seed, TODAY).parties for a in party.accounts
    ]
    assert any(name[0] in "=+-@" for name in names)


def test_domains_are_made_of_labels_that_can_be_registered(world: DemoWorld) -> None:
    label = re.compile(r"[a-z0-9äöüß](?:[a-z0-9äöüß-]*[a-z0-9äöüß])?")
    domains = {account.company.domain for party in world.parties for account in party.accounts}
    assert all(label.fullmatch(part) for domain in domains for part in domain.split("."))


@pytest.mark.parametrize("accounts", [60, 511, 512, 513, 2_500, 100_000])
def test_the_bound_of_the_demo_has_room_for_all_identifiers(accounts: int) -> None:
    assert 0 <= bound_for(accounts) - MOST * accounts < 512
