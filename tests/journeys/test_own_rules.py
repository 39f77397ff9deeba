"""Own accounts before a match: rules, pairs, old exports, dry runs, planted accounts, small differences."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from attacked_house import make_house
from own_house import files_of, import_names, matched_names, restrict, vendor_id
from two_parties import (
    DAY,
    PARTNER,
    PARTNER_ONLY,
    SHARED,
    VENDOR,
    TwoParties,
    Walk,
    agree,
    change_policy,
    match,
    write_csv,
)

from cleanroom.cli.rehearsal import rehearsal_lines
from cleanroom.session.match import rehearsing, submitting


def log_facts(both: TwoParties, party: str, fact: str) -> list[int]:
    """What the log of a party says under that name, oldest first."""
    (place,) = both.place(party, "logs").glob("*.log")
    entries = [json.loads(line) for line in place.read_text().splitlines()[2::2]]
    return [entry["counts"][fact] for entry in entries if fact in entry["counts"]]


def test_rules_that_fit_nothing_or_name_nobody_are_named_by_their_rows(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    rules = [
        {"account_name": SHARED[0], "rule": "private"},
        {"account_name": "Nowherefield", "rule": "private"},
        {"account_name": SHARED[1], "rule": "restricted", "partners": f"{PARTNER};fabrikom"},
        *({"account_id": f"none-{at}", "rule": "private"} for at in range(20)),
    ]
    said = restrict(both, VENDOR, *rules)
    wait = "21 rules fit no imported account and wait for one: row 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"
    assert f"careful   {wait} and 9 more\n" in said
    assert "careful   1 rule names a partner with no card here: row 4\n" in said
    assert "now       1 account is private, 1 restricted\n" in said
    assert "nowherefield" not in said.lower() and "fabrikom" not in said
    again = both.read_json(
        VENDOR, "import", both.root / "crm" / f"rules-{VENDOR}.csv", "--as", "restrictions"
    )
    assert again["rules"]["strangers"] == [4] and len(again["rules"]["waiting"]) == 21


def test_private_and_restricted_accounts_are_in_no_match(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, minimum_count="1"))
    said = restrict(
        both,
        VENDOR,
        {"account_id": vendor_id(SHARED[0]), "rule": "private"},
        {"account_domain": "quollbrook.com", "rule": "restricted", "partners": "fabrikam; tailspin"},
        {"account_name": SHARED[2], "rule": "restricted", "partners": f"fabrikam; {PARTNER}"},
        {"account_name": "Nobody Ltd", "rule": "private"},
        {"account_name": SHARED[3], "rule": "hidden"},
    )
    assert "imported  4 restrictions; rejected 1" in said
    assert "now       1 account is private, 2 restricted" in said
    assert "1 rule fits no imported account" in said and "1 rejected row protects no account" in said
    started = both.run(VENDOR, "match", "start", "--out", both.mail("start")).out
    assert "left out  1, private" in started and "left out  1, restricted to other partners" in started
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish"))
    both.run(PARTNER, "match", "finish", both.mail("finish"))
    assert matched_names(both, VENDOR) == set(SHARED) - {SHARED[0], SHARED[1]}
    (place,) = both.place(VENDOR, "runs").iterdir()
    assert SHARED[0] not in set(pd.read_parquet(place / "accounts.parquet")["name"])
    kept = (place / "left-out").read_bytes()
    assert b'"private":1,"restricted":1,"rules":"' in kept
    assert log_facts(both, VENDOR, "left_out") == [2]
    both.require_good_logs()


def test_an_account_that_becomes_private_is_in_no_share_and_stops_those_that_show_it(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("requested", tmp_path / "both")
    ids = pd.read_parquet(both.place(PARTNER, "tables", "accounts-customers.parquet"))["id"]
    restrict(both, PARTNER, {"account_id": ids.iloc[0], "rule": "private"})
    lease = ("shares", "lease", both.mail("request"), "--out", both.mail("lease"))
    assert "1 of its accounts may not be shown any more" in both.run(PARTNER, *lease, code=3).err
    granted = both.run(PARTNER, "shares", "grant", "--out", both.mail("share")).out
    assert f"{len(SHARED) - 1} " in granted and "private or restricted" in granted
    restrict(both, PARTNER, {"column": "population", "value": "customers", "rule": "private"})
    both.run(PARTNER, "shares", "grant", "--out", both.mail("other"), code=3)
    assert not both.mail("other").exists()
    said = both.run(VENDOR, "match", "start", "--out", both.mail("start")).out
    assert "blinded" in said
    assert (
        "private"
        in both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("x"), code=2).err
    )


def test_no_claim_is_proven_on_an_account_that_is_private_now(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    restrict(both, PARTNER, {"account_name": f"{SHARED[0]} GmbH", "rule": "private"})
    number = len(SHARED) - 1
    said = both.run(PARTNER, "claims", "prove", "--out", both.mail("claims"))
    assert said.after("proven").startswith(f"{number} of {number} shared")


def test_only_agreed_pairs_of_populations_match(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, populations='["customers", "prospects"]', minimum_count="1"))
    for party in (VENDOR, PARTNER):
        import_names(both, party, SHARED[:6], "customers" if party == VENDOR else "prospects")
        import_names(both, party, SHARED[6:], "prospects" if party == VENDOR else "customers")
    pairs = (("customers", "prospects"), ("prospects", "prospects"))
    for module in (submitting, rehearsing):
        monkeypatch.setattr(module, "agreed_pairs", lambda signed: pairs)
    dry = both.read_json(VENDOR, "match", "start", "--dry-run")
    assert dry["pairs"] == [[["customers", "prospects"], ["prospects"]]]
    match(both)
    # The partner's prospects are the vendor's customers; its customers are in no pair.
    assert matched_names(both, VENDOR) == matched_names(both, PARTNER) == set(SHARED[:6])
    overlap = both.read_json(VENDOR, "explain", "--id", f"{VENDOR}-customers-{SHARED[0]}")
    assert overlap["match"]["kind"] in ("domain_name", "name_country", "domain_word")


def test_pairs_that_overlap_match_each_agreed_pair_and_reviews_and_shares_work_on(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, populations='["customers", "prospects"]', minimum_count="1"))
    for party in (VENDOR, PARTNER):
        import_names(both, party, SHARED[:6], "customers")
        import_names(both, party, SHARED[6:], "prospects")
    import_names(both, PARTNER, SHARED[:3], "prospects")
    pairs = (("customers", "customers"), ("customers", "prospects"), ("prospects", "customers"))
    for module in (submitting, rehearsing):
        monkeypatch.setattr(module, "agreed_pairs", lambda signed: pairs)
    match(both)
    assert matched_names(both, VENDOR) == set(SHARED[:6]) == matched_names(both, PARTNER)
    both.run(PARTNER, "shares", "grant", "--out", both.mail("share"))
    ask = ("--purpose", "territory-planning", "--out", both.mail("request"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask)
    both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("lease"))
    both.run(VENDOR, "shares", "open", both.mail("lease"))
    (matrix,) = both.read_json(VENDOR, "matrix")
    assert {cell["our_population"] for cell in matrix["cells"]} == {"customers", "(all)"}
    both.run(VENDOR, "review", "reject", f"{VENDOR}-customers-{SHARED[0]}")
    both.run(VENDOR, "review", "export", "--out", both.mail("review"))
    both.run(PARTNER, "review", "import", both.mail("review"))
    states = {
        row["account"]: row["review"] for row in both.read_json(PARTNER, "review", "list", "--all")["rows"]
    }
    concerned = [account for account in states if account.endswith(SHARED[0])]
    assert concerned and all(states[account] == "rejected" for account in concerned)


def test_an_old_export_is_refused_with_its_clause_and_population(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = walk.at("agreed", tmp_path / "both")
    crm = both.root / "crm" / "accounts.csv"
    both.run(VENDOR, "import", crm, "--exported", "2027-11-22", code=2)
    both.run(VENDOR, "import", crm, "--exported", "22.11.2026", code=2)
    both.run(VENDOR, "import", crm, "--exported", "2026-11-02")
    asked: list[int] = []

    def fresh(party: object, signed: object, populations: object, *, note: bool = True) -> None:
        terms = signed.agreement.terms  # type: ignore[attr-defined]
        object.__setattr__(terms, "max_export_age", 10 * DAY)
        asked.append(1)
        real(party, signed, populations, note=note)  # type: ignore[arg-type]

    real = submitting.require_fresh
    monkeypatch.setattr(submitting, "require_fresh", fresh)
    start = ("match", "start", "--out", both.mail("new"))
    said = both.run(VENDOR, *start, code=3).err
    assert "clause terms.max_export_age" in said and "customers" in said and "2026-11-02" in said
    assert "10 days" in said and asked and log_facts(both, VENDOR, "refused_export_age") == [1]
    assert both.read_json(VENDOR, "match", "list") == []
    both.run(VENDOR, "import", crm)
    both.run(VENDOR, *start)
    both.now += 11 * DAY
    both.run(VENDOR, *start, code=3)


def test_few_changed_accounts_are_refused_and_the_same_list_is_not(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    match(both)
    header = ("Account ID", "Account Name", "Website", "Billing Country", "Type", "Employees", "Created Date")
    crm = pd.read_csv(both.root / "crm" / "accounts.csv", dtype=str)
    fewer = write_csv(
        both.root / "crm" / "fewer.csv", header, crm[list(header)].iloc[:-1].to_numpy().tolist()
    )
    both.run(VENDOR, "import", fewer, "--population", "customers")
    before = len(both.read_json(VENDOR, "match", "list"))
    start = ("match", "start", "--out", both.mail("new"))
    assert "1 of our accounts changed since a run with contoso" in both.run(VENDOR, *start, code=3).err
    # Under a new agreement too, whoever starts.
    again = agree(both, change_policy(both, run_budget="9"))
    assert "fewer than 10" in both.run(VENDOR, *start, "--agreement", again, code=3).err
    assert len(both.read_json(VENDOR, "match", "list")) == before and not both.mail("new").exists()
    assert log_facts(both, VENDOR, "refused_differencing") == [1, 1]
    # The same companies under ids given anew are the same list to the partner.
    import_names(both, VENDOR, (*SHARED, "Northlyric"))
    assert "1 of our accounts changed" in both.run(VENDOR, *start, "--agreement", again, code=3).err
    import_names(both, VENDOR, (*SHARED, *(f"Quarrymoor{letter * 3}" for letter in "abcdefghijk")))
    both.run(VENDOR, *start, "--agreement", again)
    both.require_good_logs()


def test_a_dry_run_says_all_and_writes_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    restrict(both, VENDOR, {"account_name": SHARED[0], "rule": "private"})
    both.run(VENDOR, "canary", "add", "--name", "Ombrevale Orchards", "--domain", "ombrevale.com")
    before = files_of(both, VENDOR)
    dry = both.read_json(VENDOR, "match", "start", "--dry-run")
    said = both.run(VENDOR, "match", "start", "--dry-run").out
    assert files_of(both, VENDOR) == before
    made = both.read_json(VENDOR, "match", "start", "--out", both.mail("start"))
    assert dry["accounts"] == made["accounts"] and dry["private"] == made["private"] == 1
    assert dry["identifiers"] + dry["planted"] == made["identifiers"] and dry["planted"] > 0
    assert sum(dry["kinds"].values()) == dry["identifiers"] and dry["bound"] == made["bound"] == 256
    assert dry["runs_left"] == made["runs_left"] + 1 and dry["dropped"] == made["dropped"]
    (shown,) = [one for one in both.read_json(VENDOR, "agreement", "list") if one["state"] == "in force"]
    assert dry["digest"] == shown["digest"] and dry["digest"] in said
    purposes = {(one["population"], one["purpose"]) for one in dry["leaving"]}
    assert ("customers", "territory-planning") in purposes and ("customers", "attribution") in purposes
    assert all("name" in one["fields"] for one in dry["leaving"])
    assert "could leave" in said and "left out  1, private" in said and "declared  up to 256" in said
    before = files_of(both, PARTNER)
    reply = ("match", "reply", both.mail("start"), "--dry-run")
    answer = both.read_json(PARTNER, *reply)
    assert (answer["role"], answer["partner"], answer["refused"]) == ("responder", VENDOR, "")
    assert files_of(both, PARTNER) == before
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    both.run(PARTNER, *reply, code=2)
    both.run(VENDOR, "match", "start", code=2)


def test_a_dry_run_at_level_all_names_what_every_account_could_show(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree(level="all")
    leaving = rehearsing.rehearse_start(house.ours, "").leaving
    assert {one.scope for one in leaving} == {"matched", "all"}
    assert {tuple(one.fields) for one in leaving} == {("name", "website", "population")}
    lines = list(rehearsal_lines(rehearsing.rehearse_start(house.ours, "")))
    wanted = "could leave  of every account of customers, for attribution: name, website, population"
    assert wanted in lines
    other = make_house(tmp_path / "other")
    other.agree()
    assert {one.scope for one in rehearsing.rehearse_start(other.ours, "").leaving} == {"matched"}


def test_a_dry_run_of_what_would_be_refused_says_why_and_logs_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    restrict(both, VENDOR, {"account_name": SHARED[0], "rule": "private"})
    before = files_of(both, VENDOR)
    answer = both.run(VENDOR, "match", "start", "--dry-run", "--json", code=3)
    assert "1 of our accounts changed" in answer.err
    assert "1 of our accounts changed" in json.loads(answer.out)["refused"]
    assert files_of(both, VENDOR) == before


def plant(both: TwoParties, party: str) -> None:
    both.run(party, "canary", "add", "--name", "Ombrevale Orchards", "--domain", "ombrevale.com",
             "--country", "Germany")  # fmt: skip


def guess(both: TwoParties, party: str) -> None:
    """Add the planted company to what the other side holds: it submits names out of a directory."""
    rows = [("G1", "Ombrevale Orchards", "https://ombrevale.com/", "Germany")]
    header = ("Account ID", "Account Name", "Website", "Billing Country")
    place = write_csv(both.root / "crm" / "guess.csv", header, rows)
    both.run(party, "import", place, "--population", "prospects")


def test_a_planted_account_disturbs_no_honest_match_and_is_seen_nowhere(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    both.run(VENDOR, "canary", "add", "--name", SHARED[0], "--domain", "other.com", code=2)
    both.run(VENDOR, "canary", "add", "--name", "GmbH", code=2)
    plant(both, VENDOR)
    match(both)
    assert matched_names(both, VENDOR) == set(SHARED)
    assert matched_names(both, PARTNER) == {f"{name} GmbH" for name in SHARED}
    both.run(VENDOR, "shares", "grant", "--out", both.mail("share"))
    for place, data in files_of(both, VENDOR).items():
        assert b"ombrevale" not in data.lower(), place
    (place,) = both.place(VENDOR, "runs").iterdir()
    assert not (place / "canaries").exists()
    (known,) = both.read_json(VENDOR, "canary", "list")
    assert known["name"] == "Ombrevale Orchards"
    assert known["id"] in both.run(VENDOR, "canary", "remove", known["id"][:4]).out
    assert both.read_json(VENDOR, "canary", "list") == []


@pytest.mark.parametrize("planting", [VENDOR, PARTNER])
def test_a_partner_that_holds_a_planted_account_is_stopped_before_any_grant(
    walk: Walk, tmp_path: Path, planting: str
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, populations='["customers", "prospects"]', minimum_count="1"))
    guessing = PARTNER if planting == VENDOR else VENDOR
    plant(both, planting)
    guess(both, guessing)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    assert not [name for name, data in files_of(both, planting).items() if b"mbrevale" in data]
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    finish = ("match", "finish", both.mail("reply"), "--out", both.mail("finish"))
    if planting == VENDOR:
        said = both.run(VENDOR, *finish, code=3).err
        # What would have confirmed the shared accounts to the partner is gone.
        assert not both.mail("finish").exists()
        assert not list(both.place(VENDOR, "runs").glob("*/finish*"))
        both.run(VENDOR, *finish, code=3)
    else:
        both.run(VENDOR, *finish)
        said = both.run(PARTNER, "match", "finish", both.mail("finish"), code=3).err
    assert f"{guessing} claims to hold 1 of our planted accounts" in said
    (run,) = both.read_json(planting, "match", "list")
    assert (run["state"], run["shared"]) == ("aborted", "")
    assert log_facts(both, planting, "canaries") == [1]
    for words in (("shares", "grant", "--out", both.mail("share")), ("matrix",)):
        both.run(planting, *words, code=2)
    both.require_good_logs()


def test_a_list_that_jumps_is_told_at_the_end_in_the_status_and_in_the_log(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, minimum_count="1"))
    import_names(both, PARTNER, [SHARED[0], *PARTNER_ONLY])
    match(both)
    assert "careful" not in both.run(VENDOR, "status").out
    import_names(both, PARTNER, [*SHARED, *PARTNER_ONLY])
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    done = both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish")).out
    told = f"{len(SHARED)} accounts are shared; before it was 1 at most"
    assert f"careful   {told}" in done
    assert told in both.run(VENDOR, "status").after("careful")
    assert [one["what"] for one in both.read_json(VENDOR, "status")["jumps"]] == [told]
    assert log_facts(both, VENDOR, "jumps") == [1]
