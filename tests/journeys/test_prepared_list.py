"""Two companies match over a list that one of them prepared, through changes on both sides, until it ends."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from prepared_house import agree_to_prepare, import_companies, prepare, shown, update
from two_parties import DAY, PARTNER, PARTNER_ONLY, SHARED, VENDOR, VENDOR_ONLY, TwoParties, Walk, match

from overlap.simulation import simulate


def require_fresh_result(both: TwoParties, left: pd.DataFrame, right: pd.DataFrame, number: int) -> None:
    pairs = simulate(left, right, processes=1)
    assert len(pairs) == number
    assert shown(both, VENDOR) == set(pairs["left_id"])
    assert shown(both, PARTNER) == set(pairs["right_id"])


def test_a_prepared_list_gives_what_fresh_runs_give_and_ends_with_the_agreement(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree_to_prepare(both)
    left = import_companies(both, VENDOR, (*SHARED, *VENDOR_ONLY))
    right = import_companies(both, PARTNER, (*SHARED, *PARTNER_ONLY))
    said = both.run(PARTNER, "match", "prepare", "--out", both.mail("list"))
    assert said.after("left") == "9 runs, 3 updates, 2,000 elements to be asked"
    both.run(VENDOR, "receive", both.mail("list"))
    match(both)
    require_fresh_result(both, left, right, len(SHARED))
    asked = both.mail("start").stat().st_size

    left = import_companies(both, VENDOR, (*SHARED[1:], *VENDOR_ONLY, PARTNER_ONLY[0]))
    right = import_companies(both, PARTNER, (*SHARED[:-1], *PARTNER_ONLY, VENDOR_ONLY[0]))
    update(both)
    both.run(VENDOR, "receive", both.mail("update"))
    match(both)
    require_fresh_result(both, left, right, len(SHARED))
    again = both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("x"), code=3)
    assert "this run is finished" in again.err and "the one who starts" in again.err
    # Elements of 32 bytes, and the contract in the frame says how many they are.
    assert asked - both.mail("start").stat().st_size == (256 - 20) * 32 + len("256") - len("20")
    both.require_good_logs()

    both.now += 180 * DAY
    for party in (VENDOR, PARTNER):
        both.run(party, "status")
        assert list(both.place(party, "prepared").iterdir()) == []
        assert list(both.place(party, "vault").glob("*.secret")) == []
    both.require_good_logs()
    both.run(VENDOR, "receive", both.mail("list"), code=3)
    assert list(both.place(VENDOR, "prepared").iterdir()) == []


def test_accounts_imported_after_the_preparation_are_in_no_run_before_an_update(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree_to_prepare(both)
    import_companies(both, PARTNER, SHARED)
    prepare(both)
    import_companies(both, PARTNER, (*SHARED, VENDOR_ONLY[0]))
    match(both)
    assert len(shown(both, PARTNER)) == len(shown(both, VENDOR)) == len(SHARED)


def test_status_tells_of_a_prepared_list_on_both_sides(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    name = agree_to_prepare(both)
    import_companies(both, PARTNER, SHARED)

    def told(party: str) -> str:
        return both.run(party, "status").after("prepared")

    assert told(PARTNER) == f"nothing yet for {name}: 'overlap match prepare' makes our list"
    assert told(VENDOR) == f"nothing yet for {name}: {PARTNER} prepares its list and sends it"
    prepare(both)
    assert told(PARTNER) == f"our list for {name}, version 0, 9 runs and 3 updates left"
    assert told(VENDOR) == f"list of {PARTNER} for {name}, version 0"
    update(both, "first")
    update(both, "second")
    late = both.run(VENDOR, "receive", both.mail("second"), code=5)
    assert "match update --again" in late.err
    both.run(PARTNER, "match", "update", "--again", "1", "--out", both.mail("first"))
    both.run(VENDOR, "receive", both.mail("first"))
    assert told(PARTNER) == f"our list for {name}, version 2, 9 runs and 1 update left"
    facts = both.read_json(VENDOR, "status")["prepared"]
    assert facts == [{"agreement": name, "partner": PARTNER, "ours": False, "version": 1, "lost": ""}]
    both.now += 180 * DAY
    assert "prepared" not in both.run(VENDOR, "status").out
