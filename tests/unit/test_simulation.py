"""Both parties in one process, over the complete protocol, on exports with CRM headers."""

from __future__ import annotations

import pandas as pd
import pytest
from protocol_parties import ENGINE, identifiers, stream

import overlap
from overlap import simulation as module
from overlap.errors import BadInput
from overlap.exchange import exchange
from overlap.identity import KIND, KINDS
from overlap.records import TIERS

#: Salesforce writes ids of 18 characters; HubSpot writes numbers.
LEFT = pd.DataFrame(
    [
        ("001A", "Blue Harbour Shipping GmbH", "https://www.blueharbour.com/de", "Germany"),
        ("001B", "Quartz Mills Ltd", "http://quartzmills.co.uk", "United Kingdom"),
        ("001C", "Northern Lantern AB", "", "Sweden"),
        ("001D", "Only Ours Inc", "onlyours.com", "United States"),
        ("001E", "Crimson Field BV", "xqzt-portal.com", "Netherlands"),
    ],
    columns=["Account ID", "Account Name", "Website", "Billing Country"],
)
RIGHT = pd.DataFrame(
    [
        (7001, "Blue Harbour Shipping", "blueharbour.com", "Germany"),
        (7002, "Quartz Mills", "quartzmills.co.uk", ""),
        (7003, "Northern Lantern", "northernlantern.se", "Sweden"),
        (7004, "Only Theirs", "onlytheirs.com", "France"),
        (7005, "Something Else Entirely", "xqzt-portal.com", "Netherlands"),
    ],
    columns=["Record ID", "Company name", "Company Domain Name", "Country/Region"],
)


def pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["left_id"], frame["right_id"], strict=True))


def test_the_shared_accounts_are_found_with_their_reasons() -> None:
    result = overlap.simulate(LEFT, RIGHT)
    assert list(result.columns) == ["left_id", "right_id", "kind", "tier", "confidence"]
    rows = {(row.left_id, row.right_id): (row.kind, row.tier) for row in result.itertuples()}
    assert rows == {
        ("001A", "7001"): ("domain_name", "exact"),
        ("001B", "7002"): ("domain_name", "exact"),
        ("001C", "7003"): ("name_country", "strong"),
        ("001E", "7005"): ("domain", "candidate"),
    }
    assert set(result["tier"]) <= set(TIERS) and result["confidence"].between(0, 1, inclusive="right").all()


def test_candidates_can_be_left_out() -> None:
    result = overlap.simulate(LEFT, RIGHT, candidates=False)
    assert pairs(result) == [("001A", "7001"), ("001B", "7002"), ("001C", "7003")]


def test_kinds_can_be_chosen() -> None:
    result = overlap.simulate(LEFT, RIGHT, kinds=("name_country",))
    assert pairs(result) == [("001A", "7001"), ("001C", "7003")]


def test_accounts_that_were_read_already_are_taken_as_they_are() -> None:
    left, right = (overlap.read_accounts(side).frame for side in (LEFT, RIGHT))
    pd.testing.assert_frame_equal(overlap.simulate(left, right), overlap.simulate(LEFT, RIGHT))


def test_importing_the_module_does_not_hide_the_function() -> None:
    assert overlap.simulate is module.simulate


def test_the_sides_can_be_exchanged() -> None:
    there, back = overlap.simulate(LEFT, RIGHT), overlap.simulate(RIGHT, LEFT)
    turned = back.rename(columns={"left_id": "right_id", "right_id": "left_id"})[there.columns]
    turned = turned.sort_values(["left_id", "right_id"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(there, turned)


@pytest.mark.parametrize("rows", [1, 2])
def test_short_exports_are_matched(rows: int) -> None:
    result = overlap.simulate(LEFT.head(rows), RIGHT)
    assert pairs(result) == [("001A", "7001"), ("001B", "7002")][:rows]
    assert len(overlap.simulate(LEFT[3:4], RIGHT)) == 0


def test_an_export_of_accounts_without_identifiers_shares_nothing() -> None:
    nameless = pd.DataFrame({"Account ID": ["001A"], "Account Name": ["-"], "Website": [""]})
    result = overlap.simulate(nameless, RIGHT)
    assert len(result) == 0 and list(result.columns) == list(module.PAIR_COLUMNS)
    assert module.simulate_counts(nameless, RIGHT) == 0


def test_an_export_without_rows_is_a_clear_error() -> None:
    with pytest.raises(BadInput):
        overlap.simulate(LEFT.head(0), RIGHT)


def test_the_whole_result_tells_the_sizes() -> None:
    whole = module.simulate_in_full(LEFT, RIGHT)
    assert whole.accounts == (5, 5)
    assert whole.matched[0] == whole.matched[1] > 0
    assert min(whole.frames) > 5_312 and whole.crowded == 0


def test_an_identifier_that_names_too_many_pairs_is_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_PAIRS_PER_TOKEN", 3)
    rows = [(f"id{at}", "", "oneportal.com") for at in range(2)]
    export = pd.DataFrame(rows, columns=["Account ID", "Account Name", "Website"])
    whole = module.simulate_in_full(export, export)
    assert (len(whole.pairs), whole.crowded) == (0, 1)


def test_duplicates_of_the_other_side_give_a_pair_each() -> None:
    twice = pd.concat([RIGHT.head(1), RIGHT.head(1).assign(**{"Record ID": 7009})], ignore_index=True)
    result = overlap.simulate(LEFT, twice)
    assert pairs(result) == [("001A", "7001"), ("001A", "7009")]
    assert result["tier"].tolist() == ["exact", "exact"]


def test_counts_are_of_accounts_and_not_of_keys() -> None:
    """Three accounts are shared. 001C has no website and 7003 has one: the sides choose different kinds."""
    assert module.simulate_counts(LEFT[:3], RIGHT) == 2
    both = LEFT.head(2)
    whole = module.simulate_in_full(both, RIGHT)
    assert whole.matched[0] > 2
    assert module.simulate_counts(both, RIGHT) == 2


def test_counts_never_exceed_the_accounts_that_overlaps_matches() -> None:
    twice = pd.concat([LEFT, LEFT.assign(**{"Account ID": LEFT["Account ID"] + "x"})], ignore_index=True)
    shared = overlap.simulate(twice, RIGHT)
    assert module.simulate_counts(twice, RIGHT) <= min(
        shared["left_id"].nunique(), shared["right_id"].nunique()
    )


def test_an_exchange_of_empty_lists_runs_to_its_end() -> None:
    run = exchange([], identifiers(range(3)), "overlaps", KINDS, ENGINE, stream("empty"))
    assert run.starter.positions == run.responder.positions == ()
    run = exchange([], [], "counts", KINDS, ENGINE, stream("empty"))
    assert run.starter.shared == run.responder.shared == 0


def test_frames_of_an_exchange_have_the_sizes_of_the_contract() -> None:
    left, right = identifiers(range(4)), identifiers(range(3))
    run = exchange(left, right, "overlaps", KINDS, ENGINE, stream("sizes"))
    # 5312 bytes before the body, 16 for a chunk; 32 an element, 10 a list tag, 16 a confirm tag.
    assert run.frames[1:] == (5328 + 4 * 32 + 3 * 10, 5328 + 3 * 16)
    assert run.frames[0] > 5328 + 4 * 32


def test_a_pair_is_judged_by_what_the_two_accounts_share() -> None:
    """002A is surely 7101. 002B has the name and country too, as a rival; 7102 is elsewhere.

    All four have one name. It tells nothing of 002A and 002B, which something better matched, so that 7102 is
    in no pair although nothing else matched it.
    """
    left = pd.DataFrame(
        [
            ("002A", "Silver Quarry", "silverquarry.com", "Spain"),
            ("002B", "Silver Quarry", "silverquarry-valencia.es", "Spain"),
        ],
        columns=LEFT.columns,
    )
    right = pd.DataFrame(
        [
            (7101, "Silver Quarry", "silverquarry.com", "Spain"),
            (7102, "Silver Quarry", "", "Chile"),
        ],
        columns=RIGHT.columns,
    )
    rows = {(row.left_id, row.right_id): row for row in overlap.simulate(left, right).itertuples()}
    assert {pair: (row.kind, row.tier) for pair, row in rows.items()} == {
        ("002A", "7101"): ("domain_name", "exact"),
        ("002B", "7101"): ("name_country", "candidate"),
    }
    assert rows["002A", "7101"].confidence == KIND["domain_name"].right / 1000
    assert rows["002B", "7101"].confidence == KIND["name_country"].right / 1000 / 2


def test_a_name_in_two_countries_is_a_pair_only_for_candidates_and_where_nothing_better_matched() -> None:
    spain = ("002A", "Silver Quarry", "silverquarry.com", "Spain")
    left = pd.DataFrame([spain], columns=LEFT.columns)
    chile, twin = (7102, "Silver Quarry", "", "Chile"), (7101, "Silver Quarry", "silverquarry.com", "Spain")
    alone = pd.DataFrame([chile], columns=RIGHT.columns)
    result = overlap.simulate(left, alone)
    assert result[["left_id", "right_id", "kind", "tier"]].values.tolist() == [
        ["002A", "7102", "bare_name", "candidate"]
    ]
    assert len(overlap.simulate(left, alone, candidates=False)) == 0
    both = pd.DataFrame([chile, twin], columns=RIGHT.columns)
    assert pairs(overlap.simulate(left, both)) == pairs(overlap.simulate(left, both, candidates=False))
    assert pairs(overlap.simulate(left, both)) == [("002A", "7101")]


def test_the_kind_of_a_pair_is_the_one_that_decides_its_tier() -> None:
    """Both have the page at LinkedIn, which is strong, and the website with the name, which is exact."""
    cells = ("003A", "Silver Quarry", "silverquarry.com", "linkedin.com/company/silverquarry")
    export = pd.DataFrame([cells], columns=["Account ID", "Account Name", "Website", "LinkedIn Company Page"])
    result = overlap.simulate(export, export)
    assert result[["kind", "tier", "confidence"]].values.tolist() == [
        ["domain_name", "exact", KIND["domain_name"].right / 1000]
    ]


def test_accounts_with_a_name_alone_are_counted() -> None:
    names = pd.DataFrame([("004A", "Tanglewood Brewing")], columns=["Account ID", "Account Name"])
    assert module.simulate_counts(names, names) == 1


@pytest.mark.parametrize(("most", "kinds"), [(1, 1), (2, 2), (8, 8)])
def test_the_identifiers_of_an_account_are_bounded(most: int, kinds: int) -> None:
    assert module.simulate_in_full(LEFT[:1], RIGHT, most=most).identifiers[0] == kinds
