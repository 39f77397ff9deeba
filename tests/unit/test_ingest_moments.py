"""Days, instants and times without a zone in files of actions and stages. Expected values: worked by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from overlap.errors import BadInput, UsageError
from overlap.ingest import read_actions, read_opportunities, read_stages
from overlap.ingest.moments import NO_ZONE


def action(path: Path, date: str, **options: str):
    path.write_text(f"opportunity_id,partner,type,date\n7,contoso,demo,{date}\n")
    return read_actions(path, **options)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-05-03", "2026-05-03"),
        ("3.5.2026", "2026-05-03"),
        ("2026-05-03T10:00:00Z", "2026-05-03T10:00:00Z"),
        ("2026-05-03T10:00:00+02:00", "2026-05-03T08:00:00Z"),
        ("2026-05-03 00:30 +0200", "2026-05-02T22:30:00Z"),
        ("2026-05-03T10:00:00.123-05:00", "2026-05-03T15:00:00Z"),
        ("1777802400000", "2026-05-03T10:00:00Z"),
        ("May 3 2026 9:15 PM UTC", "2026-05-03T21:15:00Z"),
    ],
)
def test_a_date_is_a_day_or_an_instant_in_utc(tmp_path: Path, written: str, read: str) -> None:
    table = action(tmp_path / "a.csv", written)
    assert table.frame["date"].tolist() == [read]
    assert not table.rejected


@pytest.mark.parametrize("written", ["2026-05-03 10:00", "2026-05-03T10:00:00", "3.5.2026 10:00"])
def test_a_time_without_a_zone_is_rejected_with_its_row(tmp_path: Path, written: str) -> None:
    table = action(tmp_path / "a.csv", written)
    assert table.frame.empty
    assert [(one.row, one.reason) for one in table.rejected] == [(2, NO_ZONE)]


@pytest.mark.parametrize("zone", ["+02:00", "Europe/Berlin"])
def test_a_named_zone_is_used_for_times_that_have_none(tmp_path: Path, zone: str) -> None:
    assert action(tmp_path / "a.csv", "2026-05-03 10:00", zone=zone).frame["date"].tolist() == [
        "2026-05-03T08:00:00Z"
    ]
    assert action(tmp_path / "a.csv", "2026-05-03 10:00Z", zone=zone).frame["date"].tolist() == [
        "2026-05-03T10:00:00Z"
    ]


def test_an_unknown_zone_is_a_usage_error(tmp_path: Path) -> None:
    for zone in ("Mars/Olympus", "+25:00"):
        with pytest.raises(UsageError):
            action(tmp_path / "a.csv", "2026-05-03", zone=zone)


@pytest.mark.parametrize(
    "written",
    ["2026-02-30T10:00:00Z", "soon", "2026-13-01", "2026-02-30 10:00 Z", "2026-05-03T10:00:00+99:00"],
)
def test_a_date_that_is_none_is_kept_empty_and_counted(tmp_path: Path, written: str) -> None:
    table = action(tmp_path / "a.csv", written)
    assert table.frame["date"].tolist() == [""]
    assert table.unreadable == {"date": 1}


def test_the_day_of_a_deal_is_the_utc_day_of_a_time_with_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(
        "id,account_id,stage,created\n"
        "1,A,Open,2026-05-03T23:30:00-05:00\n"
        "2,A,Open,2026-05-03T23:30:00\n"
        "3,A,Open,2026-05-03\n"
        "4,A,Open,2026-05-03T23:30:00Z\n"
    )
    days = read_opportunities(path).frame["created"].tolist()
    assert days == ["2026-05-04", "2026-05-03", "2026-05-03", "2026-05-03"]


def test_aware_times_of_a_data_frame_keep_their_zone() -> None:
    frame = pd.DataFrame(
        {
            "opportunity_id": ["7"],
            "partner": ["contoso"],
            "date": [pd.Timestamp("2026-05-03T00:00:00+02:00")],
            "logged": [pd.Timestamp("2026-05-04")],
        }
    )
    table = read_actions(frame)
    assert table.frame[["date", "logged"]].to_numpy().tolist() == [["2026-05-02T22:00:00Z", "2026-05-04"]]


def test_json_lines_are_read_as_a_table_and_bad_lines_rejected(tmp_path: Path) -> None:
    path = tmp_path / "actions.jsonl"
    path.write_text(
        '{"id": 12345678901234567890, "opportunity_id": "7", "partner": "contoso", "type": "demo"}\n'
        "\n"
        '{"id": "b", "opportunity_id": "7", "date": "2026-05-03", "partner": null}\n'
        '["no", "object"]\n'
        "{broken\n"
    )
    table = read_actions(path)
    assert table.frame["id"].tolist() == ["12345678901234567890", "b"]
    assert table.frame["row"].tolist() == [1, 3]
    assert table.frame["date"].tolist() == ["", "2026-05-03"]
    assert [one.row for one in table.rejected] == [4, 5]


def test_a_json_document_that_is_no_list_of_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "actions.jsonl"
    path.write_text("{}\n")
    with pytest.raises(BadInput):
        read_actions(path)


def test_stage_history_needs_a_deal_a_stage_and_a_day(tmp_path: Path) -> None:
    path = tmp_path / "stages.csv"
    path.write_text(
        "deal_id,stage,entered\n"
        "7,Discovery,2026-05-03\n"
        "7,Negotiation,2026-06-03T10:00:00+02:00\n"
        ",Discovery,2026-05-03\n"
        "7,,2026-05-03\n"
        "7,Discovery,soon\n"
        "7,Discovery,2026-05-03 10:00\n"
    )
    table = read_stages(path)
    assert table.frame[["opportunity_id", "stage", "entered"]].to_numpy().tolist() == [
        ["7", "Discovery", "2026-05-03"],
        ["7", "Negotiation", "2026-06-03T08:00:00Z"],
    ]
    assert [one.row for one in table.rejected] == [4, 5, 6, 7]


def test_responses_are_read_and_never_cost_an_action_its_row() -> None:
    frame = pd.DataFrame(
        {
            "opportunity_id": ["1", "2", "3"],
            "date": ["2026-05-03"] * 3,
            "First Response": ["2026-05-04 10:00+02:00", "2026-05-04 10:00", "soon"],
            "Partner Informed": ["2026-05-05", "", ""],
        }
    )
    table = read_actions(frame)
    assert table.rejected == () and table.unreadable == {"responded": 2}
    assert table.frame["responded"].tolist() == ["2026-05-04T08:00:00Z", "", ""]
    assert table.frame["looped_back"].tolist() == ["2026-05-05", "", ""]
    assert read_actions(frame, zone="UTC").frame["responded"].tolist()[1] == "2026-05-04T10:00:00Z"


def test_the_fields_of_a_partner_program_are_read_by_their_names() -> None:
    given = {
        "Opportunity ID": "1", "Partner": "contoso", "Partner Role on Opportunity": "influence",
        "Partner Action Type": "demo", "Partner Action Date": "2026-05-03", "Partner Proof": "mail",
        "Owner": "ann", "Partner Owner": "jo", "Next Joint Step": "call", "Next Joint Step Due": "2026-06-01",
    }  # fmt: skip
    (row,) = read_actions(pd.DataFrame([given])).frame.to_dict("records")
    names = ("role", "type", "date", "proof", "owner", "next_step", "due")
    assert [row[name] for name in names] == [
        "influence",
        "demo",
        "2026-05-03",
        "mail",
        "jo",
        "call",
        "2026-06-01",
    ]
