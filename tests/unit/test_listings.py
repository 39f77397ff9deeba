"""Tickers and LinkedIn pages beside the vectors: the data file, whole columns, and headers of exports."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from stdnum import isin

from overlap.identity import (
    identify,
    linkedin_of,
    normalise_country,
    normalise_domain,
    normalise_linkedin,
    normalise_registration,
)
from overlap.identity.ticker import markets
from overlap.ingest import read_accounts
from overlap.records import ACCOUNT_COLUMNS


def ticker(text: str, country: str = "") -> str:
    return normalise_registration("ticker", text, country).value


def test_every_name_suffix_and_code_of_every_market_is_understood() -> None:
    for market in markets():
        symbol = {
            "XTKS": "7203",
            "XHKG": "00700",
            "CN": "600519",
            "KR": "005930",
            "TW": "2330",
            "XSAU": "2222",
        }
        own = symbol.get(market.code, "QQXYZ")
        for name in (market.code, *market.names):
            assert ticker(f"{name}: {own}") == f"{market.code}:{own}", name
        for suffix in market.suffixes:
            assert ticker(f"{own}.{suffix}") == f"{market.code}:{own}", suffix
        for code in market.codes:
            assert ticker(f"{own} {code} Equity") == f"{market.code}:{own}", code


def test_the_file_of_exchanges_names_each_market_once() -> None:
    codes = [market.code for market in markets()]
    assert len(codes) == len(set(codes))
    for column in ("suffixes", "codes"):
        texts = [text for market in markets() for text in getattr(market, column)]
        assert len(texts) == len(set(texts)), column
    shared = {"TSE"}  # Toronto and Tokyo; the symbol decides.
    names = [name for market in markets() for name in (market.code, *dict.fromkeys(market.names))]
    assert {name for name in names if names.count(name) > 1} <= shared | {m.code for m in markets()}
    for market in markets():
        assert not market.country or normalise_country(market.country).value == market.country


@pytest.mark.parametrize("country", ["", "DE", "FR", "GB", "IN", "CH", "BR"])
def test_a_symbol_without_exchange_is_refused_where_it_may_be_of_a_foreign_parent(country: str) -> None:
    assert normalise_registration("ticker", "AAPL", country).reason == "no exchange to say whose ticker"


def test_a_digit_symbol_of_another_country_is_not_taken_for_a_local_one() -> None:
    assert ticker("AAPL", "JP") == ticker("7203", "US") == ticker("700", "JP") == ""
    assert ticker("7203", "JP") == "XTKS:7203"


def test_share_classes_are_kept_apart_and_written_in_one_way() -> None:
    assert {ticker(f"NYSE:BRK{mark}B") for mark in (".", "-", "/", " ", "_")} == {"US:BRK.B"}
    assert ticker("NYSE:BRK.A") != ticker("NYSE:BRK.B") != ticker("NYSE:BRK")


@pytest.mark.parametrize("prefix", ["XF", "QS", "QT"])
def test_numbers_that_two_banks_may_both_use_are_no_isin(prefix: str) -> None:
    number = f"{prefix}037833100"
    number += isin.calc_check_digit(number)
    assert isin.is_valid(number)
    assert normalise_registration("isin", number).reason == "not a valid number"


def test_a_linkedin_page_among_websites_is_found_and_nothing_else_is() -> None:
    assert linkedin_of("https://www.linkedin.com/company/Acme/") == "acme"
    assert linkedin_of("acme.com; linkedin.com/company/acme") == "acme"
    assert linkedin_of("acme.com, https://linkedin.com/company/1441") == "1441"
    for cell in (
        "", "acme", "acme.com", "company/acme", "linkedin.com/in/joe", "linkedin.com", "1441",
        "linkedin.com/company/acme linkedin.com/company/globex", "notlinkedin.com/company/acme",
        "linkedin.com/company/" + "a" * 10_000,
    ):  # fmt: skip
        assert linkedin_of(cell) == "", cell


def test_a_page_that_is_found_in_a_website_has_no_domain() -> None:
    cell = "https://www.linkedin.com/company/acme"
    assert normalise_domain(cell).reason == "a social profile or directory page"
    assert normalise_linkedin(cell).value == linkedin_of(cell)


@pytest.mark.parametrize(
    ("header", "profile"),
    [
        ("Account ID,Account Name,Account Owner,Ticker Symbol,ISIN,LinkedIn_URL__c", "salesforce"),
        ("Id,Name,OwnerId,TickerSymbol,ISIN__c,LinkedIn_Company_Page__c", "salesforce"),
        ("Record ID,Company name,Company owner,Ticker,ISIN code,LinkedIn Company Page", "hubspot"),
        ("hs_object_id,name,hubspot_owner_id,ticker,isin,linkedin_company_page", "hubspot"),
        ("(Do Not Modify) Account,Account Name,Owner,Ticker Symbol,ISIN,LinkedIn", "dynamics"),
        (
            "Organization - ID,Organization - Name,Organization - Owner,Ticker,ISIN,"
            "Organization - LinkedIn profile",
            "pipedrive",
        ),
        ("id,company,owner,stock ticker,Primary ISIN,Company Linkedin Url", "generic"),
    ],
)
def test_the_columns_of_exports_are_known(header: str, profile: str, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(
        f"{header}\n7,Acme,Jo,NYSE:ACM,US0378331005,linkedin.com/company/acme\n", encoding="utf-8"
    )
    table = read_accounts(path)
    row = table.frame.iloc[0]
    assert table.source.profile == profile
    assert list(row[["ticker", "isin", "linkedin"]]) == [
        "NYSE:ACM", "US0378331005", "linkedin.com/company/acme"
    ]  # fmt: skip


def test_the_exchange_of_a_column_of_its_own_stands_before_the_ticker(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    lines = [
        "name,country,Ticker Symbol,Stock Exchange",
        "a,,BRK.B,NYSE",
        "b,,VOD LN,London",
        "c,,,NYSE",
        "d,US,IBM,",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    frame = read_accounts(path).frame
    assert list(frame["ticker"]) == ["NYSE:BRK.B", "VOD LN", "", "IBM"]
    found = identify(frame, kinds=("ticker",)).frame
    assert list(zip(found["account"], found["value"], strict=True)) == [
        (0, "US:BRK.B"), (1, "XLON:VOD"), (3, "US:IBM")
    ]  # fmt: skip


def test_a_row_with_nothing_but_a_ticker_or_a_page_can_be_matched(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("id,ticker,linkedin\n1,NYSE:IBM,\n2,,acme\n3,,\n", encoding="utf-8")
    table = read_accounts(path)
    assert list(table.frame["id"]) == ["1", "2"]
    assert [each.row for each in table.rejected] == [4]


def test_a_batch_drops_bad_listings_by_reason() -> None:
    cells = [{"ticker": "AAPL", "country": "DE"}, {"ticker": "MARS:ABC"}, {"isin": "US0378331003"}]
    rows = [dict.fromkeys(ACCOUNT_COLUMNS, "") | cell for cell in cells]
    found = identify(pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS), dtype="str"))
    assert found.frame.empty
    assert found.dropped == {
        ("isin", "not a valid number"): 1,
        ("ticker", "an unknown exchange"): 1,
        ("ticker", "no exchange to say whose ticker"): 1,
    }
