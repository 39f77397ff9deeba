"""The quality of small lists whose every defect is put in by hand."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest
from page_reader import Reader

from cleanroom.report import quality_page, render_quality
from overlap.identity import KINDS, identify
from overlap.quality import Quality, Repair, assess
from overlap.records import ACCOUNT_COLUMNS, Rejected

TODAY = date(2026, 11, 22)


#: A name that many have; a rare one matches without a country.
COMMON = {"name": "Analytics", "city": "", "postcode": "", "phone": ""}


def frame(*accounts: dict[str, str]) -> pd.DataFrame:
    """Accounts in rows 2 onwards; what is not given is what a well-kept account has."""
    rows = []
    for at, given in enumerate(accounts):
        word = "Zephyr" + "abcdefghijklmnopqrstuvwxyz"[at % 26] * 3 + "x" * (at // 26)
        usual = {"id": f"A{at}", "name": f"{word} Works", "website": f"{word.lower()}.com", "country": "DE",
                 "city": "Berlin", "postcode": "10115", "phone": f"+49 30 9018{at:02d}",
                 "modified": "2026-10-01", "population": "customers"}  # fmt: skip
        rows.append({**dict.fromkeys(ACCOUNT_COLUMNS, ""), **usual, "row": at + 2, **given})
    table = pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS))
    return table.astype({name: "str" for name in ACCOUNT_COLUMNS if name != "row"} | {"row": "int64"})


def look(*accounts: dict[str, str], rejected: tuple[Rejected, ...] = ()) -> Quality:
    table = frame(*accounts)
    return assess(table, identify(table), TODAY, rejected=rejected)


def repair(quality: Quality, what: str) -> Repair:
    found = [one for one in quality.repairs if one.what.startswith(what)]
    assert len(found) == 1, [one.what for one in quality.repairs]
    return found[0]


def test_a_well_kept_list_has_nothing_to_repair() -> None:
    quality = look(*[{}] * 20)
    assert quality.repairs == () and quality.doubles == ()
    assert quality.companies == (20, 20)
    assert quality.estimate is not None and quality.estimate.found.middle > 0.9
    assert {one.kind: one.accounts for one in quality.coverage}["domain"] == 20


def test_an_empty_list_is_assessed() -> None:
    quality = look()
    assert quality.estimate is None and quality.companies == (0, 0)
    assert "there is no account" in "\n".join(render_quality(quality))
    assert "There is no account to match." in quality_page(quality, "x.csv", {})


@pytest.mark.parametrize(
    ("defect", "what"),
    [
        ({"website": ""}, "no website"),
        ({"website": "gmail.com"}, "website of a provider or platform"),
        ({"website": "https://www.facebook.com/zephyr"}, "website of a provider or platform"),
        ({"website": "see below"}, "website that cannot be read"),
        ({"website": "192.168.1.7"}, "website that cannot be read"),
        ({"name": ""}, "no name"),
        ({"name": "test"}, "name not understood"),
        ({"lei": "1234"}, "LEI that is not valid"),
        ({"vat": "DE123"}, "VAT number that is not valid"),
    ],
)
def test_a_defect_is_named_with_its_row_and_wins_when_repaired(defect: dict[str, str], what: str) -> None:
    quality = look({}, {}, defect, {})
    found = repair(quality, what)
    assert (found.accounts, found.rows) == (1, ("4",))
    assert found.gain > 0
    assert [one for one in quality.repairs if one is not found] == []


@pytest.mark.parametrize(("country", "what"), [("", "no country"), ("Bavaria", "country not understood")])
def test_a_country_wins_for_a_common_name(country: str, what: str) -> None:
    found = repair(look({}, {}, {**COMMON, "country": country}, {}), what)
    assert (found.accounts, found.rows) == (1, ("4",)) and found.gain > 0


def test_the_gain_of_a_repair_is_what_the_repaired_list_is_expected_to_have_more() -> None:
    broken, whole = look({**COMMON, "country": ""}, {}, {}, {}), look(COMMON, {}, {}, {})
    assert broken.estimate is not None and whole.estimate is not None
    won = whole.estimate.released.middle - broken.estimate.released.middle
    assert repair(broken, "no country").released == pytest.approx(100 * won)


def test_repairs_come_by_gain_and_name_five_rows_at_most() -> None:
    quality = look(*[{"website": ""}] * 7, {"website": "see below"}, *[{}] * 30)
    gains = [one.gain for one in quality.repairs]
    assert gains == sorted(gains, reverse=True) and len(gains) == 2
    assert repair(quality, "no website").rows == ("2", "3", "4", "5", "6")


def test_no_more_than_ten_repairs_are_listed() -> None:
    defects: list[dict[str, str]] = [
        {"website": ""}, {"website": "gmail.com"}, {"website": "see below"}, {"country": ""},
        {"country": "Bavaria"}, {"name": ""}, {"name": "test"}, {"lei": "1"}, {"vat": "1"}, {"duns": "1"},
        {"parent_id": "none"}, {"modified": "2020-01-01"},
    ]  # fmt: skip
    quality = look(*defects, *[{}] * 4, rejected=(Rejected(99, "no id"),))
    assert len(quality.repairs) == 10
    assert [one.what for one in quality.repairs[-2:]] == [
        "parent not in the list",
        "unchanged since before 2025-11-22",
    ]


def test_duplicates_are_counted_once_and_companies_are_a_range() -> None:
    same = {"name": "Quollbrook AG", "website": "quollbrook.com"}
    quality = look(same, same, same, {"name": "Vexmoor", "website": "quollbrook.com"}, {}, {})
    # Five accounts carry less than six names: three are one company, and the fourth may be its sister.
    assert quality.companies == (3, 4)
    assert (repair(quality, "duplicate").accounts, repair(quality, "duplicate").rows) == (2, ("3", "4"))
    assert repair(quality, "website shared").rows == ("5",)
    domain = next(one for one in quality.doubles if one.what == "domain")
    assert (domain.groups, domain.accounts, domain.differing) == (1, 4, 1)
    assert domain.sizes == {"2": 0, "3": 0, "4 to 9": 1, "10 and more": 0}
    assert (domain.largest[0].names, domain.largest[0].rows) == (2, ("2", "3", "4", "5"))


def test_a_number_on_two_names_is_a_conflict() -> None:
    number = "529900T8BM49AURSDO55"
    quality = look({"lei": number}, {"lei": number}, {}, {})
    assert repair(quality, "number shared").rows == ("3",)
    assert quality.companies == (3, 3)


def test_a_domain_of_an_address_is_told_from_a_website() -> None:
    quality = look(
        {"website": "", "email": "info@zephyrine.com"}, {"website": "", "email": "z@gmail.com"}, {}
    )
    assert quality.by_mail == 1 and quality.websites == {"empty": 2}
    assert repair(quality, "no website").rows == ("3",)


def test_a_year_decides_what_is_stale() -> None:
    quality = look(
        {"modified": "2025-11-21"},
        {"modified": "2025-11-22"},
        {"modified": "", "created": "2019-05-05"},
        {"modified": "", "created": ""},
    )
    fresh = quality.freshness
    assert (fresh.stale, fresh.by_creation, fresh.undated, fresh.oldest) == (2, 1, 1, "2019-05-05")
    table = frame({"modified": "2023-02-27"}, {"modified": "2023-02-28"})
    leap = assess(table, identify(table), date(2024, 2, 29)).freshness
    assert (leap.limit, leap.stale) == ("2023-02-28", 1)


def test_a_parent_that_is_not_there_is_counted() -> None:
    quality = look({"parent_id": "A1"}, {"parent_id": "gone"}, {})
    assert quality.orphans == 1 and repair(quality, "parent").rows == ("3",)


def test_rows_of_two_files_are_told_apart() -> None:
    quality = look({"website": ""}, {"website": "", "row": "2", "population": "prospects"})
    assert repair(quality, "no website").rows == ("customers 2", "prospects 2")


def test_an_unknown_kind_is_reported_and_counts_as_nothing() -> None:
    table = frame({}, {})
    known = identify(table)
    kinds = (*KINDS, "near_name")
    quality = assess(table, known, TODAY, kinds=kinds)
    assert quality.uncounted == ("typed_city", "acronym_city", "near_name")
    assert quality.estimate == assess(table, known, TODAY).estimate
    assert "near_name" in "\n".join(render_quality(quality)) and "near_name" in quality_page(quality, "x", {})


MESSY: list[dict[str, str]] = [
    {"website": "gmail.com", "name": "Quollbrook <script>alert(1)</script>"}, {"country": ""},
    {"website": ""},
    {"name": "Vexmoor", "website": "shared.com"}, {"name": "Ildathra", "website": "shared.com"},
    {"parent_id": "none"}, {"modified": "2001-01-01"}, {"duns": "12"},
]  # fmt: skip


def test_the_terminal_has_eighty_columns_and_no_account() -> None:
    lines = render_quality(look(*MESSY, rejected=(Rejected(99, "no id"),)), assumptions=True)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines).lower()
    assert not any(word in text for word in ("quollbrook", "vexmoor", "ildathra", "zephyr", "shared.com"))
    assert re.search(r"found +\d+ to \d+ %", text)


def test_the_page_is_whole_loads_nothing_and_names_accounts_only_when_asked() -> None:
    quality = look(*MESSY)
    plain = quality_page(quality, "<b>.csv", {})
    named = quality_page(
        quality, "<b>.csv", {str(at + 2): one.get("name", "") for at, one in enumerate(MESSY)}
    )
    for text in (plain, named):
        reader = Reader()
        reader.feed(text)
        assert reader.open == []
        names = {tag for tag, _ in reader.tags}
        assert {"main", "h1", "h2", "caption", "title"} <= names and "b" not in names
        assert not names & {"script", "link", "img", "iframe", "object"}
        assert not [attrs for _, attrs in reader.tags if {"src", "href", "onclick"} & set(attrs)]
        assert "url(" not in text and "@import" not in text
    assert "Quollbrook" not in plain and "Vexmoor" not in plain
    assert "Quollbrook &lt;script&gt;" in named
