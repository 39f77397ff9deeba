"""Two companies review what is not certain: the queue, decisions, letters, and the next run. By the commands.

Beside the twelve sure matches lie three websites that both lists name for companies of different names, one
of them for two accounts of the vendor. Expected values: the exports below and docs/matching.md, by hand.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from two_parties import (
    PARTNER,
    SHARED,
    VENDOR,
    TwoParties,
    agree,
    change_policy,
    domain_of,
    match,
    meet,
    write_csv,
)

from cleanroom.session.post.letters import padded_size

pytestmark = pytest.mark.usefixtures("quick_passphrase")

SITES = {"gate": "gatewaypark.com", "hub": "harbourhub.com", "twin": "twinsite.com"}
#: Own id, name, website of what is no sure match: by the vendor, then by the partner.
VENDOR_ROWS = {
    "V-gate": ("Alder Works", "gate"),
    "V-hub": ("Cedar Mill", "hub"),
    "V-twin-1": ("Elm North", "twin"),
    "V-twin-2": ("Osier South", "twin"),
}
PARTNER_ROWS = {
    "P-gate": ("Birch Studio", "gate"),
    "P-hub": ("Dogwood Press", "hub"),
    "P-twin": ("Fir Group", "twin"),
}
HEADER = ("Account ID", "Account Name", "Website", "Billing Country", "Type")


def write_lists(both: TwoParties, extra: dict[str, tuple[str, str]] | None = None) -> None:
    """Import both lists, the vendor's with further rows."""
    for party, rows in ((VENDOR, VENDOR_ROWS | (extra or {})), (PARTNER, PARTNER_ROWS)):
        sure = [(f"{party[0]}-{name}", name, domain_of(name), "Germany", "Customer") for name in SHARED]
        unsure = [(key, name, SITES[site], "Germany", "Customer") for key, (name, site) in rows.items()]
        path = write_csv(both.root / "crm" / f"{party}.csv", HEADER, [*sure, *unsure])
        both.run(party, "import", path, "--population", "customers")


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> TwoParties:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
        both = TwoParties(tmp_path_factory.mktemp("review"))
        meet(both)
        write_lists(both)
        agree(both, change_policy(both, run_budget="50", minimum_count="1"))
        match(both)
        return both


@pytest.fixture
def both(matched: TwoParties, tmp_path: Path) -> TwoParties:
    return matched.copy(tmp_path / "both")


def queue(both: TwoParties, party: str, *words: str) -> dict[str, dict[str, Any]]:
    rows = both.read_json(party, "review", "list", *words)["rows"]
    return {row["account"]: row for row in rows}


def states(both: TwoParties, party: str) -> dict[str, str]:
    """Review state of every matched account that is not released by its tier alone."""
    return {key: row["review"] for key, row in queue(both, party, "--all").items() if row["review"]}


def exchange(both: TwoParties) -> None:
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        both.run(ours, "review", "export", "--out", both.mail("review"))
        both.run(theirs, "review", "import", both.mail("review"))


def shown(both: TwoParties, party: str) -> int:
    """How many accounts a new share of the newest run shows."""
    answer = both.run(party, "shares", "grant", "--out", both.mail("share"))
    return int(answer.after("share").split(", ")[1].split()[0])


def decide(both: TwoParties) -> None:
    """What the vendor and the partner think of the unsure matches, and of one sure one."""
    both.run(VENDOR, "review", "accept", "V-gate", "V-twin-1")
    both.run(VENDOR, "review", "reject", "V-hub", "V-twin-2")
    both.run(VENDOR, "review", "dispute", f"{VENDOR[0]}-{SHARED[0]}")
    exchange(both)
    both.run(PARTNER, "review", "accept", "P-gate", "P-twin")
    exchange(both)


DECIDED_VENDOR = {
    f"{VENDOR[0]}-{SHARED[0]}": "disputed",
    "V-gate": "accepted",
    "V-hub": "rejected",
    "V-twin-1": "accepted",
    "V-twin-2": "rejected",
}
DECIDED_PARTNER = {
    f"{PARTNER[0]}-{SHARED[0]}": "disputed",
    "P-gate": "accepted",
    "P-hub": "rejected",
    "P-twin": "accepted",
}


def test_the_queue_names_what_is_not_certain_and_nothing_of_it_is_released(both: TwoParties) -> None:
    vendor, partner = queue(both, VENDOR), queue(both, PARTNER)
    assert set(vendor) == set(VENDOR_ROWS)
    assert set(partner) == set(PARTNER_ROWS)
    assert (vendor["V-gate"]["kinds"], vendor["V-gate"]["name"]) == ("domain", "Alder Works")
    assert (vendor["V-twin-1"]["rivals"], vendor["V-gate"]["rivals"]) == (1, 0)
    assert "other own accounts that fit as well: 1" in vendor["V-twin-1"]["why"]
    assert vendor["V-gate"]["confidence"] > vendor["V-twin-1"]["confidence"]
    assert list(vendor)[:2] == ["V-gate", "V-hub"]
    text = both.run(VENDOR, "review", "list").out
    assert "Alder Works" in text
    assert shown(both, VENDOR) == shown(both, PARTNER) == len(SHARED)


def test_decisions_are_exchanged_and_respected_by_both_sides_in_the_next_run(both: TwoParties) -> None:
    both.run(VENDOR, "review", "accept", "V-gate")
    assert "review export" in both.run(VENDOR, "review", "list").out
    decide(both)
    assert (states(both, VENDOR), states(both, PARTNER)) == (DECIDED_VENDOR, DECIDED_PARTNER)
    expected = len(SHARED) - 1 + 2
    assert shown(both, VENDOR) == shown(both, PARTNER) == expected
    match(both)
    assert (states(both, VENDOR), states(both, PARTNER)) == (DECIDED_VENDOR, DECIDED_PARTNER)
    for party in (VENDOR, PARTNER):
        assert both.read_json(party, "review", "list")["unsent"] is False
        assert shown(both, party) == expected
    both.require_good_logs()


def test_what_is_rejected_or_disputed_is_in_no_share_matrix_export_or_credit(both: TwoParties) -> None:
    decide(both)
    released = len(SHARED) - 1 + 2
    assert shown(both, PARTNER) == released
    ask = ("--purpose", "territory-planning", "--out", both.mail("request"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask)
    both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("lease"))
    both.run(VENDOR, "shares", "open", both.mail("lease"))
    cells = both.read_json(VENDOR, "matrix")[0]["cells"]
    assert {(cell["ours"], cell["theirs"]) for cell in cells} == {(released, released)}
    both.run(VENDOR, "export", "territory", "--format", "csv", "--out", both.root / "out")
    text = "".join(path.read_text(encoding="utf-8") for path in (both.root / "out").glob("*.csv"))
    assert "V-gate" in text and "V-twin-1" in text
    assert not [key for key in ("V-hub", "V-twin-2", f"{VENDOR[0]}-{SHARED[0]}") if key in text]
    both.run(PARTNER, "review", "reject", "P-gate")
    exchange(both)
    cells = both.read_json(VENDOR, "matrix")[0]["cells"]
    assert {(cell["ours"], cell["theirs"]) for cell in cells} == {(released - 1, released - 1)}


def test_credit_knows_an_accepted_candidate_and_no_rejected_one(both: TwoParties) -> None:
    deals = [("O1", "V-gate", "One", "Closed Won", "10", "1", "1", "2026-11-01", "2026-12-31"),
             ("O2", "V-hub", "Two", "Closed Won", "10", "1", "1", "2026-11-01", "2026-12-31")]  # fmt: skip
    header = (
        "Id",
        "AccountId",
        "Name",
        "StageName",
        "Amount",
        "IsClosed",
        "IsWon",
        "CreatedDate",
        "CloseDate",
    )
    path = write_csv(both.root / "crm" / "deals.csv", header, deals)
    both.run(VENDOR, "import", path, "--as", "opportunities")
    before = {row["opportunity"]: row for row in both.read_json(VENDOR, "credit")}
    # A candidate that nobody has reviewed is no overlap yet.
    assert {row["rule"] for row in before.values()} == {"unattributed"}
    decide(both)
    after = {row["opportunity"]: row for row in both.read_json(VENDOR, "credit")}
    assert (after["O1"]["partner"], after["O1"]["rule"]) == (PARTNER, "attached:overlap")
    assert after["O2"]["rule"] == "unattributed"


def test_a_decision_stops_the_leases_of_a_share_that_shows_the_account(both: TwoParties) -> None:
    shown(both, PARTNER)
    ask = ("--purpose", "territory-planning", "--out", both.mail("request"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask)
    answer = both.run(PARTNER, "review", "dispute", f"{PARTNER[0]}-{SHARED[1]}")
    assert "revoke it and grant a new one" in answer.out
    lease = ("shares", "lease", both.mail("request"), "--out", both.mail("lease"))
    assert "may not be shown any more" in both.run(PARTNER, *lease, code=3).err
    assert not both.mail("lease").exists()
    assert shown(both, PARTNER) == len(SHARED) - 1
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask)
    both.run(PARTNER, *lease)


def test_a_dispute_ends_when_both_have_withdrawn_it(both: TwoParties) -> None:
    ours, theirs = f"{VENDOR[0]}-{SHARED[0]}", f"{PARTNER[0]}-{SHARED[0]}"
    both.run(VENDOR, "review", "dispute", ours)
    exchange(both)
    assert queue(both, PARTNER)[theirs]["why"] == "the partner disputes it"
    both.run(PARTNER, "review", "accept", theirs, code=3)
    both.run(VENDOR, "review", "withdraw", ours)
    exchange(both)
    assert states(both, VENDOR)[ours] == states(both, PARTNER)[theirs] == "disputed"
    both.run(PARTNER, "review", "withdraw", theirs)
    exchange(both)
    assert ours not in states(both, VENDOR)
    assert theirs not in states(both, PARTNER)
    assert shown(both, VENDOR) == len(SHARED)


def test_a_spreadsheet_is_filled_in_and_taken_as_a_whole(both: TwoParties) -> None:
    sheet = both.root / "queue.csv"
    both.run(VENDOR, "review", "list", "--csv", sheet)
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["decision"] for row in rows] == [""] * 4
    words = {"V-gate": "Accept", "V-hub": "reject", "V-twin-1": "", "V-twin-2": "perhaps"}
    header = list(rows[0])

    def save() -> None:
        cells = [
            [words[row["account"]] if name == "decision" else row[name] for name in header] for row in rows
        ]
        write_csv(sheet, header, cells, ";")

    save()
    both.run(VENDOR, "review", "decide", "--from", sheet, code=4)
    assert set(states(both, VENDOR).values()) == {"open"}
    words["V-twin-2"] = ""
    save()
    answer = both.run(VENDOR, "review", "decide", "--from", sheet)
    assert (answer.after("accept"), answer.after("reject")) == ("1", "1")
    assert states(both, VENDOR)["V-gate"] == "waiting"
    again = both.run(VENDOR, "review", "decide", "--from", sheet)
    assert again.after("unchanged").startswith("2,")


def test_a_row_is_named_by_its_id_or_by_the_first_digits_of_its_token(both: TwoParties) -> None:
    rows = queue(both, VENDOR)
    both.run(VENDOR, "review", "accept", rows["V-gate"]["token"][:8])
    assert states(both, VENDOR)["V-gate"] == "waiting"
    both.run(VENDOR, "review", "accept", rows["V-twin-1"]["token"][:8], code=2)
    both.run(VENDOR, "review", "accept", rows["V-hub"]["token"][:3], code=2)
    both.run(VENDOR, "review", "accept", "no such account", code=2)
    both.run(VENDOR, "review", "accept", "V-hub", "V-hub", code=2)
    both.run(VENDOR, "review", "accept", code=2)
    both.run(VENDOR, "review", "decide", code=2)
    both.run(VENDOR, "review", "withdraw", "V-hub", code=3)


def test_a_letter_and_the_folder_give_nothing_away(both: TwoParties) -> None:
    both.run(VENDOR, "review", "reject", "V-hub")
    both.run(VENDOR, "review", "export", "--out", both.mail("small"))
    both.run(VENDOR, "review", "accept", "V-gate", "V-twin-1")
    both.run(VENDOR, "review", "export", "--out", both.mail("large"))
    sizes = {both.mail(name).stat().st_size for name in ("small", "large")}
    assert len(sizes) == 1 and padded_size(0) < sizes.pop()
    files = [
        both.mail("large"),
        both.place(VENDOR, "reviews", PARTNER),
        both.place(VENDOR, "logs", f"{PARTNER}.log"),
    ]
    for path in files:
        data = path.read_bytes()
        assert not [word for word in (b"harbourhub", b"Cedar", b"V-hub") if word in data]


def test_a_new_rival_in_the_next_run_does_not_undo_what_was_accepted(both: TwoParties) -> None:
    decide(both)
    write_lists(both, {"V-gate-2": ("Rowan Yard", "gate")})
    match(both)
    found = states(both, VENDOR)
    assert (found["V-gate"], found["V-gate-2"]) == ("accepted", "open")
    assert states(both, PARTNER)["P-gate"] == "accepted"


def test_receive_takes_the_letter_as_import_does(both: TwoParties) -> None:
    both.run(PARTNER, "review", "reject", "P-hub")
    both.run(PARTNER, "review", "export", "--out", both.mail("review"))
    assert "received  review" in both.run(VENDOR, "receive", both.mail("review")).out
    assert states(both, VENDOR)["V-hub"] == "rejected"
    assert "nothing changes" in both.run(VENDOR, "review", "import", both.mail("review")).out
    taken = json.loads(both.run(VENDOR, "review", "import", both.mail("review"), "--json").out)
    assert (taken["known"], list(taken["verdicts"])) == (True, ["reject"])


def test_no_claim_is_proven_on_a_candidate_before_both_sides_accepted_it(both: TwoParties) -> None:
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR, "--out", both.mail("commitment"))
    both.run(VENDOR, "receive", both.mail("commitment"))
    match(both)
    prove = ("claims", "prove", "--out", both.mail("claims"))
    assert both.run(PARTNER, *prove).after("proven").startswith(f"{len(SHARED)} of {len(SHARED)} shared")
    decide(both)
    released = len(SHARED) - 1 + 2
    assert both.run(PARTNER, *prove).after("proven").startswith(f"{released} of {released} shared")


def test_status_tells_how_many_accounts_nobody_has_decided_about(both: TwoParties) -> None:
    run = both.read_json(VENDOR, "match", "list")[-1]["run"]
    waiting = sum(state == "open" for state in states(both, VENDOR).values())
    assert waiting == 4
    told = both.run(VENDOR, "status").after("review")
    assert told == f"4 open of run {run[:8]} with {PARTNER}: 'overlap review list'"
    assert both.read_json(VENDOR, "status")["reviews"] == [{"run": run, "partner": PARTNER, "open": 4}]
    decide(both)
    assert "review " not in both.run(VENDOR, "status").out
