"""One account is forgotten: gone from every file here, and from what the partner was shown."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from own_house import files_of, matched_names
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk, domain_of, write_csv

from cleanroom.session.accounts.recalling import ShownAs, read_recall, recall_body
from overlap.errors import BadPeerFile

NAME = SHARED[1]


def partner_id(both: TwoParties) -> str:
    accounts = pd.read_parquet(both.place(PARTNER, "tables", "accounts-customers.parquet"))
    return str(accounts.loc[accounts["name"] == f"{NAME} GmbH", "id"].iloc[0])


def traces(both: TwoParties, party: str) -> list[str]:
    """Places that hold the name or domain in the clear: Parquet is read, other files are searched."""
    found = []
    for place, data in files_of(both, party).items():
        table = place.endswith(".parquet")
        plain = (pd.read_parquet(io.BytesIO(data)).to_csv().encode() if table else data).lower()
        if NAME.lower().encode() in plain or domain_of(NAME).encode() in plain:
            found.append(place)
    return found


def read_csv(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_account_is_forgotten_here_and_at_the_partner(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    account = partner_id(both)
    before = both.read_json(VENDOR, "shares", "list")[0]["records"]
    assert before == len(SHARED)
    both.run(PARTNER, "review", "accept", account)
    assert traces(both, PARTNER)
    out = both.root / "forgotten"
    done = both.read_json(PARTNER, "forget", account, "--yes", "--out", out)
    assert done["removed"]["tables"] == {"accounts-customers": 1}
    assert (done["removed"]["runs"], done["prepared"], done["abandoned"]) == (1, [], 0)
    (told,) = done["told"]
    assert told["partner"] == VENDOR and told["shares"] == told["open"]
    assert traces(both, PARTNER) == []
    assert matched_names(both, PARTNER) == {f"{name} GmbH" for name in SHARED} - {f"{NAME} GmbH"}
    rows = read_csv(told["clean_up"])
    assert {row["share"] for row in rows} == set(told["shares"]) and rows[0]["until"].endswith("Z")

    # No lease of a share that shows it, and no import that brings it back.
    ask = ("--purpose", "territory-planning", "--out", both.mail("again"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask)
    lease = ("shares", "lease", both.mail("again"), "--out", both.mail("lease2"))
    assert "may not be shown any more" in both.run(PARTNER, *lease, code=3).err
    said = both.run(PARTNER, "import", both.root / "crm" / "companies.csv", "--population", "customers").out
    assert "rejected 1" in said and traces(both, PARTNER) == []
    rejected = both.place(PARTNER, "tables", "accounts-customers.rejected.csv").read_text()
    assert "its account was forgotten here" in rejected

    # The partner's tool drops what it was shown, and lists it for its CRM.
    answer = both.run(VENDOR, "receive", told["letter"])
    assert (
        "received  forget from contoso" in answer.out and "dropped here: 1 record of 1 share\n" in answer.out
    )
    listed = read_csv(answer.after("what to take out of the CRM and of exports:"))
    assert {row["pair_token"] for row in listed} == {row["pair_token"] for row in rows}
    vendors = pd.read_parquet(both.place(VENDOR, "tables", "accounts-customers.parquet"))
    ids = set(vendors.loc[vendors["name"] == NAME, "id"])
    assert {row["account"] for row in listed} == ids
    again = both.run(VENDOR, "receive", told["letter"]).out
    assert "dropped here: 0 records of 1 share\n" in again
    assert {
        row["account"] for row in read_csv(answer.after("what to take out of the CRM and of exports:"))
    } == ids
    (matrix,) = both.read_json(VENDOR, "matrix")
    assert matrix["cells"]
    both.require_good_logs()
    for party in (VENDOR, PARTNER):
        assert "forget" in both.run(party, "audit", "list").out


def test_forgetting_again_writes_the_same_files_and_a_stranger_is_unknown(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("granted", tmp_path / "both")
    account = partner_id(both)
    both.run(PARTNER, "forget", "no-such-id", "--yes", code=2)
    (first,) = both.read_json(PARTNER, "forget", account, "--yes", "--out", both.root / "one")["told"]
    (second,) = both.read_json(PARTNER, "forget", account, "--yes", "--out", both.root / "two")["told"]
    assert Path(first["clean_up"]).read_bytes() == Path(second["clean_up"]).read_bytes()
    assert first["shares"] == second["shares"]
    said = both.run(PARTNER, "forget", account, "--yes").out
    assert "no imported row" in said and "is open" in said and "not reached" in said
    both.run(VENDOR, "receive", second["letter"])


def test_an_open_run_with_the_account_ends(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("replied", tmp_path / "both")
    account = partner_id(both)
    done = both.read_json(PARTNER, "forget", account, "--yes")
    assert (done["abandoned"], done["told"]) == (1, [])
    assert traces(both, PARTNER) == []
    (run,) = both.read_json(PARTNER, "match", "list")
    assert run["state"] == "unfinished"


def test_what_the_own_side_was_shown_about_it_goes_too(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    vendors = pd.read_parquet(both.place(VENDOR, "tables", "accounts-customers.parquet"))
    (account,) = vendors.loc[vendors["name"] == NAME, "id"]
    done = both.read_json(VENDOR, "forget", account, "--yes")
    assert done["removed"]["releases"] == 1 and done["told"] == []
    assert set(done["removed"]["tables"]) == {"accounts-customers", "opportunities", "territories"}
    assert traces(both, VENDOR) == []
    both.run(VENDOR, "credit")
    both.run(VENDOR, "matrix")
    both.run(VENDOR, "explain", "--id", account, code=2)
    both.run(PARTNER, "review", "reject", partner_id(both))
    both.run(PARTNER, "review", "export", "--out", both.mail("review"))
    # The partner's letter names the pair token of the forgotten account, which says nothing here any more.
    both.run(VENDOR, "review", "import", both.mail("review"))


ROW = ShownAs("contoso", "ab" * 16, "cd" * 16, 1_800_000_000)
RECORD = ShownAs("contoso", "ab" * 16, "", 1_800_000_000, 7)


def test_the_body_of_the_letter_is_read_as_it_was_written() -> None:
    rows = [ROW, ShownAs("contoso", "ab" * 16, "ce" * 16, 1_800_000_000)]
    assert read_recall(recall_body(rows), "contoso") == rows
    rows = [ShownAs("contoso", "ab" * 16, "", 1_800_000_000, at) for at in (0, 7)]
    assert read_recall(recall_body(rows), "contoso") == rows
    assert read_recall(recall_body([]), "contoso") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"overlap-forget/2\n[]",
        b"overlap-forget/1\n{}",
        b"overlap-forget/1\n[1]",
        b"overlap-forget/1\n[] ",
        recall_body([ROW]).replace(b"1800000000", b"-1"),
        recall_body([RECORD]).replace(b":7,", b":-7,"),
        recall_body([RECORD]).replace(b":7,", b":true,"),
        recall_body([RECORD]).replace(b"{", b'{"token":"' + b"cd" * 16 + b'",'),
        recall_body([ROW]).replace(b"ab" * 16, b"../../etc/passwd"),
        recall_body([ROW]).replace(b'"until"', b'"untie"'),
        recall_body([ROW]).replace(b"]", b"," + recall_body([ROW])[len(b"overlap-forget/1\n[") :]),
    ],
)
def test_a_body_that_is_not_one_is_refused(body: bytes) -> None:
    with pytest.raises(BadPeerFile):
        read_recall(body, "contoso")


def test_the_partner_meets_the_account_no_more_in_the_next_run(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    both.run(PARTNER, "forget", partner_id(both), "--yes")
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    said = both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"), code=3).err
    # One account fewer than in the run before would tell which one it is.
    assert "1 of our accounts changed" in said


def test_attribution_forgets_the_account_with_its_deals(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("proven", tmp_path / "both")
    (gone, stays) = [row["account"] for row in both.read_json(VENDOR, "credit") if row["partner"]][:2]
    deals = [["D1", gone, "Negotiation", "2026-11-01"], ["D2", stays, "Negotiation", "2026-11-01"]]
    header = ["id", "account_id", "stage", "created"]
    both.run(VENDOR, "import", write_csv(tmp_path / "deals.csv", header, deals), "--as", "opportunities")
    for words in (("--opportunity", "D1"), ("--account", gone), ("--opportunity", "D2")):
        both.run(VENDOR, "actions", "log", "--partner", PARTNER, "--type", "introduction", "--date",
                 "2026-11-20", *words)  # fmt: skip
    both.run(VENDOR, "credit")
    both.run(VENDOR, "weekly")
    done = both.read_json(VENDOR, "forget", gone, "--yes", "--out", both.root / "forgotten")
    tables = done["removed"]["tables"]
    assert (tables["logged actions"], tables["statuses"]) == (2, 2)
    kept = both.place(VENDOR, "attribution")
    places = [kept / "statuses.parquet", *(kept / "weekly").glob("*.parquet")]
    assert len(places) == 2
    for place in places:
        assert set(pd.read_parquet(place)["account"]) == {stays}
    assert [one["opportunity_id"] for one in both.read_json(VENDOR, "actions", "list")] == ["D2"]
