"""policy diff beside a party's folder: what the partner would newly see, in numbers of own accounts."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import PARTNER, SHARED, VENDOR, VENDOR_ONLY, Walk, write_csv

from cleanroom.agreement import newly_seen, parse_policy, policy_text

CO_SELL = policy_text("co-sell").decode()
TERRITORY = policy_text("territory-planning").decode()


def cells(old: str, new: str, role: str = "proposer") -> list[tuple[str, str, str]]:
    found = newly_seen(parse_policy(old.encode()), parse_policy(new.encode()), role)
    return [(cell.population, cell.field, cell.clause) for cell in found]


def test_nothing_is_new_where_nothing_changes_or_less_is_shown() -> None:
    assert cells(CO_SELL, CO_SELL) == []
    assert cells(CO_SELL, CO_SELL.replace('"owner", ', "")) == []
    assert cells(CO_SELL, policy_text("counts-only").decode()) == []


def test_a_field_is_new_in_every_population_of_that_side_only() -> None:
    first, rest = CO_SELL.split("[accepter]")
    wide = first.replace('"country", ', '"country", "revenue", ') + "[accepter]" + rest
    wide += 'asymmetry = "they pay for it"\n'
    assert cells(CO_SELL, wide) == [
        ("customers", "revenue", "proposer.fields"),
        ("open_opportunities", "revenue", "proposer.fields"),
    ]
    assert cells(CO_SELL, wide, "accepter") == []


def test_a_population_and_a_level_tell_more_than_fields() -> None:
    wide = CO_SELL.replace('"open_opportunities"]', '"open_opportunities", "prospects"]')
    found = cells(CO_SELL, wide)
    assert {population for population, _, _ in found} == {"prospects"}
    assert [field for _, field, _ in found][:2] == ["(how many are shared)", "(which are shared)"]
    assert {clause for _, _, clause in found} == {"proposer.populations"}
    higher = cells(policy_text("counts-only").decode(), CO_SELL)
    assert ("customers", "(which are shared)", "terms.level") in higher
    assert ("customers", "(how many are shared)", "terms.level") not in higher


def test_level_all_tells_of_every_account() -> None:
    every = CO_SELL.replace('level = "overlaps"', 'level = "all"')
    found = cells(CO_SELL, every)
    assert ("customers", "owner of every account", "terms.level") in found
    assert {clause for _, _, clause in found} == {"terms.level"} and len(found) == 2 * 6
    assert cells(every, CO_SELL) == []
    more = every.replace('"country", ', '"country", "revenue", ')
    assert [(field, clause) for _, field, clause in cells(every, more)][:2] == [
        ("revenue", "proposer.fields"),
        ("revenue of every account", "proposer.fields"),
    ]


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    place = tmp_path / "wide.toml"
    place.write_text(TERRITORY.replace('"city", ', '"city", "revenue", '))
    return place


def test_accounts_are_counted_as_imported_and_as_matched(walk: Walk, tmp_path: Path, wide: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    name = both.read_json(VENDOR, "agreement", "list")[0]["id"]
    said = both.run(VENDOR, "policy", "diff", name, wide).out
    assert f"{PARTNER} would newly see of our accounts (we are the proposer):" in said
    row = next(line for line in said.splitlines() if line.startswith("customers "))
    assert row.split() == ["customers", "revenue", str(len(SHARED + VENDOR_ONLY)), str(len(SHARED))]
    seen = [
        one for one in both.read_json(VENDOR, "policy", "diff", name, wide) if one["kind"] == "newly seen"
    ]
    assert {one["population"]: (one["imported"], one["matched"]) for one in seen} == {
        "customers": (14, 12),
        "open_opportunities": (0, 0),
        "prospects": (0, 0),
    }
    # The other side is the accepter of the same agreement.
    assert "(we are the accepter)" in both.run(PARTNER, "policy", "diff", name, wide).out


def test_accounts_that_rules_keep_back_are_not_counted(walk: Walk, tmp_path: Path, wide: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    rules = write_csv(
        both.root / "rules.csv",
        ("rule", "column", "value", "partners"),
        [("private", "name", SHARED[0], ""), ("restricted", "name", VENDOR_ONLY[0], "fabrikam"),
         ("restricted", "name", SHARED[1], PARTNER)],
    )  # fmt: skip
    both.run(VENDOR, "import", rules, "--as", "restrictions")
    seen = both.read_json(VENDOR, "policy", "diff", "territory-planning", wide, "--partner", PARTNER)
    counted = next(one for one in seen if one["kind"] == "newly seen" and one["population"] == "customers")
    assert (counted["imported"], counted["matched"]) == (12, 11)


def test_before_a_run_nothing_is_said_to_be_matched(walk: Walk, tmp_path: Path, wide: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    said = both.run(VENDOR, "policy", "diff", "territory-planning", wide, "--partner", PARTNER).out
    assert said.splitlines()[-1].endswith(f"no run with {PARTNER} has matched any yet")
    assert "matched  " not in said
    unnamed = both.run(VENDOR, "policy", "diff", "territory-planning", wide).out
    assert "name a partner with --partner" in unnamed
    nothing = both.run(VENDOR, "policy", "diff", wide, "territory-planning", "--role", "accepter").out
    assert nothing.endswith("the partner would newly see: nothing of our accounts (we are the accepter)\n")


def test_no_passphrase_is_asked_for(walk: Walk, tmp_path: Path, wide: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    both.run(VENDOR, "policy", "diff", "territory-planning", wide, passphrase="wrong, and not asked for")


def test_a_partner_that_is_not_known_is_an_error(walk: Walk, tmp_path: Path, wide: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    both.run(VENDOR, "policy", "diff", "territory-planning", wide, "--partner", "fabrikam", code=2)
