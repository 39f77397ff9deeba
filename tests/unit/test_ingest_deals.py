"""Opportunities, partner actions and territories; expected values follow from the rules in the docstrings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from overlap.errors import BadInput, UsageError
from overlap.ingest import read_actions, read_opportunities, read_territories
from overlap.records import ACTION_COLUMNS, OPPORTUNITY_COLUMNS, TERRITORY_COLUMNS, Rejected, Table


def deals(**columns: list[str]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    base = {"id": [str(i) for i in range(count)], "account_id": ["1"] * count, "stage": ["Open"] * count}
    return pd.DataFrame(base | columns)


def test_a_salesforce_export_of_opportunities_is_read(tmp_path: Path) -> None:
    path = tmp_path / "opps.csv"
    path.write_text(
        "Id,AccountId,Name,StageName,IsClosed,IsWon,Amount,CurrencyIsoCode,CreatedDate,CloseDate,IsDeleted\n"
        "0065000000AbCdE,0015000000Gv7qJ,New,Negotiation,false,false,1000.5,EUR,"
        "2026-01-31T23:30:00.000+0000,2026-06-30,false\n"
        "0065000000AbCdF,0015000000Gv7qJ,Old,Closed Won,true,true,5,EUR,2025-01-01,2025-02-01,false\n"
        "0065000000AbCdG,0015000000Gv7qJ,No,Closed,true,false,,EUR,2025-01-01,,false\n"
        "0065000000AbCdH,,No,Closed Lost,true,false,,EUR,2025-01-01,,false\n"
        "0065000000AbCdI,0015000000Gv7qJ,No,Closed Lost,true,false,,EUR,2025-01-01,,true\n"
    )
    table = read_opportunities(path)
    frame = table.frame
    assert tuple(frame.columns) == OPPORTUNITY_COLUMNS
    assert frame["row"].dtype == np.int64
    assert list(frame["status"]) == ["open", "won", "lost"]
    assert list(frame["account_id"]) == ["0015000000Gv7qJAAR"] * 3
    # "A" (bit 0), "C" (bit 2) and "E" (bit 4) of "AbCdE" are upper case: 1 + 4 + 16 = 21, the letter V.
    assert frame["id"][0] == "0065000000AbCdEAAV"
    assert list(frame["amount"]) == ["1000.5", "5", ""]
    assert list(frame["created"]) == ["2026-01-31", "2025-01-01", "2025-01-01"]
    assert list(frame["closed"]) == ["2026-06-30", "2025-02-01", ""]
    assert table.unreadable == {}
    assert table.rejected == (Rejected(5, "no account id"), Rejected(6, "deleted in the CRM"))


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("Closed Won", "won"),
        ("closedwon", "won"),
        ("Closed Won - Renewal", "won"),
        ("Closed Lost", "lost"),
        ("closedlost", "lost"),
        ("Lost to competitor", "lost"),
        ("Gewonnen", "won"),
        ("Wonder phase", "open"),
        ("Negotiation", "open"),
    ],
)
def test_the_stage_says_the_status(stage: str, status: str) -> None:
    assert list(read_opportunities(deals(stage=[stage])).frame["status"]) == [status]


def test_a_stage_that_says_closed_but_not_how_is_rejected() -> None:
    assert read_opportunities(deals(stage=["Closed"])).rejected == (
        Rejected(2, "neither its stage nor a flag says whether it is open, won or lost"),
    )


def test_a_status_column_decides_before_flags_and_flags_before_the_stage() -> None:
    frame = deals(
        stage=["Closed Won", "Closed Won", "Closed Won", "Quote", "Quote"],
        is_closed=["false", "true", "", "true", "true"],
        is_won=["false", "false", "", "", "true"],
        status=["", "", "lost", "", ""],
    )
    table = read_opportunities(frame)
    assert list(table.frame["status"]) == ["open", "lost", "lost", "won"]
    assert [each.row for each in table.rejected] == [5]


def test_a_pipedrive_export_of_deals_is_read() -> None:
    frame = pd.DataFrame(
        {
            "Deal - ID": [7],
            "Deal - Title": ["New"],
            "Deal - Organization ID": [12],
            "Deal - Stage": ["Contact made"],
            "Deal - Status": ["Lost"],
            "Deal - Value": [1200.5],
            "Deal - Currency of Value": ["EUR"],
        }
    )
    table = read_opportunities(frame)
    assert table.source.profile == "pipedrive"
    row = table.frame.iloc[0]
    assert [row["id"], row["account_id"], row["status"], row["amount"]] == ["7", "12", "lost", "1200.5"]


def test_a_hubspot_export_of_deals_is_read() -> None:
    frame = pd.DataFrame(
        {
            "Record ID": ["7"],
            "Deal Name": ["New"],
            "Deal Stage": ["closedwon"],
            "Amount": ["10"],
            "Close Date": ["1767225600000"],
            "Create date": ["2025-12-31 10:20"],
            "Associated Company": ["Acme"],
            "Associated Company IDs": ["12"],
        }
    )
    table = read_opportunities(frame)
    assert table.source.profile == "hubspot"
    row = table.frame.iloc[0]
    # 1,767,225,600 seconds after 1970 is the first second of 2026.
    assert [row["account_id"], row["closed"], row["created"]] == ["12", "2026-01-01", "2025-12-31"]


@pytest.mark.parametrize(
    ("amounts", "plain", "unreadable"),
    [
        (["1,234.50", "€ 99"], ["1234.50", "99"], 0),
        (["€ 1.234,50", "1.234"], ["1234.50", "1234"], 0),
        (["1.234", "5.50"], ["1.234", "5.50"], 0),
        (["1.234"], [""], 1),
        (["1,234", "USD 50,000"], ["1234", "50000"], 0),
        (["1.234,50", "1,234.50", "1,234", "5"], ["1234.50", "1234.50", "", "5"], 1),
        (["-5", "(1,234.00)", "\u22127", "$-3", "1'234.50"], ["-5", "-1234.00", "-7", "-3", "1234.50"], 0),
        (["1\u00a0234,5 €", "007"], ["1234.5", "7"], 0),
        (["about 5", "1,23,456.00", "5)", "1.2.3", ""], ["", "", "", "", ""], 4),
        (["0.125", "1234567"], ["0.125", "1234567"], 0),
        (["1.234.567", "0,5"], ["1234567", "0.5"], 0),
    ],
)
def test_amounts_become_plain_decimals(amounts: list[str], plain: list[str], unreadable: int) -> None:
    table = read_opportunities(deals(amount=amounts))
    assert list(table.frame["amount"]) == plain
    assert table.unreadable.get("amount", 0) == unreadable


def test_the_currency_beside_the_amount_is_taken_where_there_is_no_column() -> None:
    frame = deals(amount=["€ 1", "1 GBP", "$ 5", "7"])
    assert list(read_opportunities(frame).frame["currency"]) == ["EUR", "GBP", "", ""]
    frame["currency"] = ["", "USD", "USD", "USD"]
    assert list(read_opportunities(frame).frame["currency"]) == ["", "USD", "USD", "USD"]


def test_the_one_currency_of_a_crm_is_that_of_amounts_that_say_none() -> None:
    rows = [
        f"{at},a,{amount},2026-01-01,Won" for at, amount in enumerate(("10", "£5", "$7", "", "¥8", "9 USD"))
    ]
    frame = pd.DataFrame(
        [row.split(",") for row in rows], columns=["id", "account id", "amount", "created", "stage"]
    )
    for currency, expected in (
        ("EUR", ["EUR", "GBP", "", "", "", "USD"]),  # A sign of others is no euro.
        ("CAD", ["CAD", "GBP", "CAD", "", "", "USD"]),
        ("JPY", ["JPY", "GBP", "", "", "JPY", "USD"]),
        ("", ["", "GBP", "", "", "", "USD"]),
    ):
        assert list(read_opportunities(frame, currency=currency).frame["currency"]) == expected
    frame["currency"] = ["", "GBP", "AUD", "", "", "USD"]
    found = read_opportunities(frame, currency="EUR").frame["currency"]
    assert list(found) == ["EUR", "GBP", "AUD", "", "", "USD"]
    with pytest.raises(UsageError):
        read_opportunities(frame, currency="euro")


@pytest.mark.parametrize(
    ("profile", "dates", "days"),
    [
        ("generic", ["2026-01-31", "2026-01-31T10:00:00Z", "2026/1/31", "20260131"], ["2026-01-31"] * 4),
        ("generic", ["3/4/2026", "31/1/2026"], ["2026-04-03", "2026-01-31"]),
        ("generic", ["3/4/2026 10:20 PM", "1/31/2026"], ["2026-03-04", "2026-01-31"]),
        ("generic", ["31.01.2026", "3.4.26", "31 Jan 2026"], ["2026-01-31", "2026-04-03", "2026-01-31"]),
        ("generic", ["January 31, 2026", "31-jan-26", "46053"], ["2026-01-31"] * 3),
        ("generic", ["3/4/2026", "5/5/2026"], ["", "2026-05-05"]),
        ("hubspot", ["3/4/2026"], [""]),
        ("salesforce", ["3/4/2026"], ["2026-03-04"]),
        ("dynamics", ["3/4/2026"], ["2026-03-04"]),
        ("salesforce", ["3/4/2026", "31/1/2026"], ["2026-04-03", "2026-01-31"]),
        ("salesforce", ["3/4/2026", "31/1/2026", "1/31/2026"], ["", "2026-01-31", "2026-01-31"]),
        ("generic", ["2026-02-30", "soon", "0001-01-01", "13/13/2026", ""], ["", "", "", "", ""]),
    ],
)
def test_dates_become_iso_days(profile: str, dates: list[str], days: list[str]) -> None:
    table = read_opportunities(deals(created=dates), profile=profile)
    assert list(table.frame["created"]) == days
    lost = sum(bool(date) and not day for date, day in zip(dates, days, strict=True))
    assert table.unreadable.get("created", 0) == lost


def test_opportunities_can_be_filtered() -> None:
    table = read_opportunities(deals(stage=["Closed Won", "Quote"]), where={"stage": ("quote",)})
    assert (list(table.frame["id"]), table.left_out) == (["1"], 1)


def test_actions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    path.write_text(
        "Opportunity ID;Account ID;Partner;Action;Date;Evidence;Owner;Next step;Role\n"
        "0065000000AbCdE;;Partner Inc;introduction;31.01.2026;mail;Jo;call;sourcing\n"
        ";0015000000Gv7qJ;Partner Inc;demo;soon;;Jo;;\n"
        ";;Partner Inc;demo;31.01.2026;;Jo;;\n"
    )
    table = read_actions(path)
    assert tuple(table.frame.columns) == ACTION_COLUMNS
    assert list(table.frame["id"]) == ["2", "3"]
    assert list(table.frame["opportunity_id"]) == ["0065000000AbCdEAAV", ""]
    assert list(table.frame["account_id"]) == ["", "0015000000Gv7qJAAR"]
    assert list(table.frame["date"]) == ["2026-01-31", ""]
    assert list(table.frame["proof"]) == ["mail", ""]
    assert table.unreadable == {"date": 1}
    assert table.rejected == (Rejected(4, "neither an opportunity id nor an account id"),)


def test_territories_are_read_and_an_account_may_be_in_two() -> None:
    frame = pd.DataFrame(
        {
            "ObjectId": ["0015000000Gv7qJ", "0015000000Gv7qJAAR", "", "0015000000Gv7qJ"],
            "Territory2Id": ["0MI1", "0MI2", "0MI3", ""],
            "Territory": ["North", "South", "West", ""],
        }
    )
    table = read_territories(frame)
    assert tuple(table.frame.columns) == TERRITORY_COLUMNS
    assert list(table.frame["account_id"]) == ["0015000000Gv7qJAAR"] * 2
    assert list(table.frame["territory_name"]) == ["North", "South"]
    assert [each.reason for each in table.rejected] == [
        "no account id",
        "neither a territory id nor a territory name",
    ]


@pytest.mark.parametrize("read", [read_opportunities, read_actions, read_territories])
def test_a_table_of_another_kind_is_refused_with_a_sample(read: Callable[[pd.DataFrame], Table]) -> None:
    with pytest.raises(BadInput) as caught:
        read(pd.DataFrame({"name": ["Acme"], "website": ["a.example"]}))
    assert "smallest correct" in caught.value.hint


def test_leads_that_we_sent_are_told_apart_from_what_partners_did() -> None:
    rows = [("Ours ", "WON"), ("", "won"), ("theirs", ""), ("inbound", ""), ("ours", "maybe")]
    frame = pd.DataFrame(
        [(f"D{at}", "P", "demo", "2026-01-31", "CRM", *row) for at, row in enumerate(rows)],
        columns=["deal id", "partner", "type", "date", "source system", "direction", "outcome"],
    )
    table = read_actions(frame)
    found = zip(table.frame["direction"], table.frame["outcome"], strict=True)
    assert list(found) == [("ours", "won"), ("theirs", ""), ("theirs", ""), ("ours", "")]
    assert set(table.frame["source"]) == {"CRM"}
    assert [each.reason for each in table.rejected] == ["its direction is neither 'ours' nor 'theirs'"]
    assert table.unreadable == {"outcome": 1}
