"""The whole walk of two parties at level overlaps, through the real commands and nothing but files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from two_parties import DAY, PARTNER, SHARED, VENDOR, TwoParties, Walk, require_no_account

#: The policy `territory-planning` ends 180 days after its acceptance.
PERIOD = 180 * DAY


def listed(both: TwoParties, party: str, *words: str) -> list[dict[str, Any]]:
    found = both.read_json(party, *words)
    assert isinstance(found, list)
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def end_of(both: TwoParties) -> int:
    """The second at which the agreement and its shares end."""
    from datetime import datetime

    return int(datetime.fromisoformat(listed(both, VENDOR, "agreement", "list")[0]["until"]).timestamp())


def test_both_learn_the_same_overlap_and_one_run_is_charged_on_each_side(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    for party, role in ((VENDOR, "starter"), (PARTNER, "responder")):
        (run,) = listed(both, party, "match", "list")
        assert (run["role"], run["state"], run["shared"]) == (role, "finished", str(len(SHARED)))
        (agreement,) = listed(both, party, "agreement", "list")
        assert (agreement["state"], agreement["runs_left"]) == ("in force", 299)
    assert listed(both, VENDOR, "match", "list")[0]["run"] == listed(both, PARTNER, "match", "list")[0]["run"]


def test_a_finished_run_keeps_no_secret(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    for party in (VENDOR, PARTNER):
        (run,) = both.place(party, "runs").iterdir()
        assert not {"state.0", "start", "reply"} & {path.name for path in run.iterdir()}


def test_what_is_shown_is_the_agreed_fields_of_the_matched_accounts(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    (given,), (taken,) = (listed(both, party, "shares", "list") for party in (PARTNER, VENDOR))
    assert (given["direction"], given["records"], given["read"]) == ("to", len(SHARED), len(SHARED))
    assert (taken["direction"], taken["state"], taken["days_left"]) == ("from", "open", 180)
    assert "owner" not in taken["fields"] and "owner_email" not in taken["fields"]
    (matrix,) = listed(both, VENDOR, "matrix")
    assert {(cell["ours"], cell["theirs"], cell["entities"]) for cell in matrix["cells"]} == {(12, 12, 12)}


def test_a_match_alone_is_presence_and_its_proof_is_told(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("proven", tmp_path / "both")
    ledger = {row["opportunity"]: row for row in listed(both, VENDOR, "credit")}
    attached = [row for row in ledger.values() if row["status"] == "Attached"]
    assert attached and {row["status"] for row in ledger.values()} == {"Attached", "Unattributed"}
    assert {(row["partner"], row["rule"]) for row in attached} == {(PARTNER, "attached:overlap")}
    assert all('"grade":"logged"' in row["facts"] for row in attached)
    lines = both.run(VENDOR, "credit", "explain", attached[0]["opportunity"]).out.splitlines()
    assert 1 < len(lines) <= 12
    both.run(VENDOR, "credit", "--out", both.mail("credit.csv"))
    assert {row["opportunity"] for row in rows_of(both.mail("credit.csv"))} == set(ledger)
    both.run(VENDOR, "credit", "explain", "no such opportunity", code=2)


def test_without_proofs_a_holding_is_asserted(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    facts = [row["facts"] for row in listed(both, VENDOR, "credit") if row["partner"]]
    assert facts and all('"grade":"asserted"' in one and "held" not in one for one in facts)


@pytest.mark.parametrize("target", ["salesforce", "hubspot", "csv"])
def test_a_territory_export_has_every_shared_account_and_the_file_that_undoes_it(
    walk: Walk, tmp_path: Path, target: str
) -> None:
    both = walk.at("opened", tmp_path / "both")
    party = VENDOR
    if target == "hubspot":  # HubSpot knows the partner's record ids, not the vendor's Salesforce ids
        said = both.run(VENDOR, "export", "territory", "--format", target, code=3).err
        assert "not one that the target knows" in said
        party = PARTNER
        share_in_return(both)
    made = both.read_json(party, "export", "territory", "--format", target, "--out", both.mail(target))
    assert made["accounts"] == len(SHARED) and made["left_out"] == {}
    tables = {Path(name).name: rows_of(Path(name)) for name in made["files"] if name.endswith(".csv")}
    undo = [name for name in tables if "undo" in name]
    assert undo and all(len(tables[name]) >= len(SHARED) for name in tables)
    manifest = next(Path(name) for name in made["files"] if name.endswith(".json"))
    assert json.loads(manifest.read_text(encoding="utf-8"))
    assert "export" in {entry["kind"] for entry in listed(both, party, "audit", "list")}


def share_in_return(both: TwoParties) -> None:
    """The vendor shows its side to the partner."""
    share, request, lease = (both.mail(f"{name}-in-return") for name in ("share", "request", "lease"))
    both.run(VENDOR, "shares", "grant", "--out", share)
    ask = ("--purpose", "territory-planning", "--out", request)
    both.run(PARTNER, "shares", "request", share, *ask)
    both.run(VENDOR, "shares", "lease", request, "--out", lease)
    both.run(PARTNER, "shares", "open", lease)


def test_the_log_tells_what_happened_and_quotes_nobody(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("proven", tmp_path / "both")
    both.require_good_logs()
    for party, kinds in (
        (VENDOR, {"commitment", "agreement", "run", "request", "release"}),
        (PARTNER, {"commitment", "agreement", "run", "grant", "receipt", "lease", "release"}),
    ):
        answer = both.run(party, "audit", "list")
        require_no_account(answer.out)
        assert {entry["kind"] for entry in listed(both, party, "audit", "list")} == kinds


def test_audit_verify_names_the_line_of_a_changed_byte(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    log = both.place(VENDOR, "logs", f"{PARTNER}.log")
    lines = log.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b'"time":1', b'"time":2', 1)
    log.write_bytes(b"\n".join(lines))
    answer = both.run(VENDOR, "audit", "verify", code=3)
    assert "line 3" in answer.out and "a log was altered" in answer.err


def test_every_file_that_travels_can_be_inspected_without_a_key(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("proven", tmp_path / "both")
    formats = {}
    for path in sorted(both.mail("").iterdir()):
        answer = both.run(VENDOR, "inspect", path)
        require_no_account(answer.out + path.read_bytes().decode("latin-1"))
        formats[path.name] = both.read_json(VENDOR, "inspect", path)["format"]
    frames = {formats[name] for name in ("start", "reply", "finish")}
    assert frames == {"overlap-frame/1"}
    assert {formats[name] for name in ("commitment", "claims")} == {"overlap-letter/1"}
    assert [formats[name] for name in ("share", "request", "lease")] == [
        "overlap-share/1",
        "overlap-request/1",
        "overlap-lease/1",
    ]
    both.run(VENDOR, "inspect", both.root / "crm" / "accounts.csv", code=4)


def test_frames_show_the_size_bound_and_not_the_size_of_the_list(walk: Walk, tmp_path: Path) -> None:
    sizes = []
    for name in ("few", "all"):
        both = walk.at("agreed", tmp_path / name)
        if name == "few":
            export = both.root / "crm" / "accounts.csv"
            export.write_text("".join(export.read_text().splitlines(keepends=True)[:5]))
            both.run(VENDOR, "import", export)
        both.run(VENDOR, "match", "start", "--out", both.mail("start"))
        sizes.append(both.mail("start").stat().st_size)
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    "words",
    [
        ("partner", "list"),
        ("agreement", "list"),
        ("agreement", "policies"),
        ("match", "list"),
        ("shares", "list"),
        ("claims", "list"),
        ("matrix",),
        ("credit",),
        ("status",),
        ("card",),
        ("audit", "list"),
        ("audit", "verify"),
    ],
)
def test_every_listing_is_json_and_a_table(walk: Walk, tmp_path: Path, words: tuple[str, ...]) -> None:
    both = walk.at("proven", tmp_path / "both")
    for party in (VENDOR, PARTNER):
        if (party, words[0]) == (PARTNER, "credit"):
            both.run(party, *words, code=2)  # the partner has imported no opportunities
            continue
        assert both.read_json(party, *words)
        assert both.run(party, *words).out.strip()


def test_an_agreement_says_in_words_what_it_allows(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    name = listed(both, VENDOR, "agreement", "list")[0]["id"]
    shown = both.run(VENDOR, "agreement", "show", name).out
    assert "territory-planning, attribution and nothing else" in shown and "at most 256 identifiers" in shown
    assert both.run(PARTNER, "agreement", "show", both.mail("agreement.toml")).out == shown
    assert both.run(PARTNER, "agreement", "check", name[:12]).out.startswith("good: ")
    both.run(PARTNER, "agreement", "check", "fabrikam", code=2)


@pytest.mark.parametrize(("seconds", "code"), [(-2, 0), (-1, 0), (0, 3), (1, 3)])
def test_a_share_opens_until_the_second_before_its_end(
    walk: Walk, tmp_path: Path, seconds: int, code: int
) -> None:
    both = walk.at("requested", tmp_path / "both")
    end = end_of(both)
    both.now = end - DAY
    both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("lease"))
    both.now = end + seconds
    both.run(VENDOR, "shares", "open", both.mail("lease"), code=code)
    both.now = end + seconds
    state = listed(both, VENDOR, "shares", "list")[0]["state"]
    assert state == ("open" if code == 0 else "ended, erased")


@pytest.mark.parametrize(("seconds", "code"), [(-1, 0), (0, 3), (1, 3)])
def test_a_lease_is_given_until_the_second_before_the_end(
    walk: Walk, tmp_path: Path, seconds: int, code: int
) -> None:
    both = walk.at("requested", tmp_path / "both")
    both.now = end_of(both) + seconds
    both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("lease"), code=code)


def test_at_the_end_the_half_is_destroyed_and_what_was_opened_is_erased(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    both.now = end_of(both)
    assert listed(both, VENDOR, "shares", "list")[0]["state"] == "ended, erased"
    assert list(both.place(VENDOR, "releases").iterdir()) == []
    assert listed(both, PARTNER, "shares", "list")[0]["state"] == "ended"
    assert "12 of 12 records were read" in both.run(PARTNER, "shares", "expire", "--yes").out
    assert listed(both, PARTNER, "shares", "list")[0]["state"] == "ended, half destroyed"
    assert list(both.place(PARTNER, "vault").glob("*.secret")) == []
    (matrix,) = listed(both, VENDOR, "matrix")
    assert {cell["theirs"] for cell in matrix["cells"]} <= {0, None}
    both.run(VENDOR, "export", "territory", "--format", "csv", code=3)
    both.require_good_logs()


def test_a_clock_set_back_opens_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("leased", tmp_path / "both")
    before, both.now = both.now, end_of(both)
    both.run(VENDOR, "shares", "open", both.mail("lease"), code=3)
    both.run(PARTNER, "shares", "expire", "--yes")
    both.now = before
    both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("x"), code=3)


def test_a_revocation_ends_a_share_on_both_sides_at_once(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    share = listed(both, PARTNER, "shares", "list")[0]["share"]
    said = both.run(PARTNER, "shares", "revoke", share[:8], "--out", both.mail("revocation")).out
    assert "12 of 12 records read before" in said
    both.run(VENDOR, "receive", both.mail("revocation"))
    assert listed(both, VENDOR, "shares", "list")[0]["state"] == "revoked, erased"
    assert listed(both, PARTNER, "shares", "list")[0]["state"] == "revoked, half destroyed"
    ask = ("--purpose", "territory-planning", "--out", both.mail("x"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask, code=3)
    both.run(PARTNER, "shares", "lease", both.mail("request"), "--out", both.mail("x"), code=3)
    both.run(PARTNER, "shares", "revoke", "00", "--out", both.mail("x"), code=2)
    both.require_good_logs()


def test_another_purpose_than_the_agreed_ones_is_refused(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("granted", tmp_path / "both")
    ask = ("--purpose", "marketing", "--out", both.mail("x"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask, code=3)


def test_an_ended_agreement_starts_no_run_and_grants_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    name = listed(both, VENDOR, "agreement", "list")[0]["id"]
    both.now = end_of(both)
    out = ("--out", both.mail("x"))
    both.run(VENDOR, "match", "start", "--agreement", name, *out, code=3)
    both.run(PARTNER, "shares", "grant", *out, code=3)
    both.run(VENDOR, "agreement", "check", name, code=3)
    assert not both.mail("x").exists()
    assert listed(both, VENDOR, "agreement", "list")[0]["runs_left"] == 299
