"""First-holder claims between two folders, by the real commands, from the first epoch to an audit."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest
from time_authority import OPENSSL, Authority
from two_parties import (
    DAY,
    PARTNER,
    SHARED,
    VENDOR,
    TwoParties,
    agree,
    change_policy,
    match,
    meet,
    require_no_account,
)

from cleanroom.session.folder import Folder

AUDITOR = "auditor"
TERMS = """format = "overlap-claims-terms/1"
epoch_days = 31
grace_days = 14
most_leaves = 1_000
most_growth = 50
audit_draws = 59
witnesses_needed = 1
witnesses = ["{witness}"]
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TwoParties:
    """Terms between both, two epochs cosigned by an auditor, then a match and a bundle."""
    both = TwoParties(tmp_path_factory.mktemp("claims") / "both")
    meet(both)
    both.run(AUDITOR, "init", "--party", AUDITOR)
    both.run(AUDITOR, "card", "--out", both.mail("auditor.card"))
    agree_on_terms(both)
    for number in (1, 2):
        commit(both)
        witness(both, f"witnessed-{number}")
        both.now += 30 * DAY if number == 1 else DAY
    for party, export in ((VENDOR, "accounts.csv"), (PARTNER, "companies.csv")):
        both.run(party, "import", both.root / "crm" / export, "--population", "customers")
    agree(both, change_policy(both, run_budget="300", purposes='["territory-planning", "attribution"]'))
    match(both)
    both.run(PARTNER, "claims", "prove", "--bundle", both.mail("bundle"))
    return both


@pytest.fixture
def both(world: TwoParties, tmp_path: Path) -> TwoParties:
    return world.copy(tmp_path / "both")


def agree_on_terms(both: TwoParties) -> None:
    key = both.run(VENDOR, "claims", "key", "--card", both.mail("auditor.card")).out.strip()
    (both.root / "terms.toml").write_text(TERMS.format(witness=key))
    proposed, signed = both.mail("terms"), both.mail("terms.signed")
    both.run(
        VENDOR,
        "claims",
        "terms",
        "propose",
        both.root / "terms.toml",
        "--partner",
        PARTNER,
        "--out",
        proposed,
    )
    both.run(PARTNER, "claims", "terms", "accept", proposed, "--out", signed)
    both.run(VENDOR, "claims", "terms", "accept", signed)


def commit(both: TwoParties, *more: str | Path) -> None:
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR, "--out", both.mail("commitment"), *more)
    both.run(VENDOR, "receive", both.mail("commitment"))


def witness(both: TwoParties, name: str) -> None:
    both.run(PARTNER, "claims", "log", "--out", both.mail("log"))
    words = ("claims", "witness", both.mail("log"), "--card", both.mail(f"{PARTNER}.card"))
    both.run(AUDITOR, *words, "--out", both.mail(name))
    both.run(PARTNER, "claims", "cosigned", both.mail(name))


def test_both_have_the_terms_in_force(both: TwoParties) -> None:
    ours, theirs = (
        both.read_json(one, "claims", "terms", "show", "--partner", other)
        for one, other in ((VENDOR, PARTNER), (PARTNER, VENDOR))
    )
    assert ours == theirs and ours["epoch_days"] == 31
    assert (
        "31 days, 14 days of grace" in both.run(VENDOR, "claims", "terms", "show", "--partner", PARTNER).out
    )


def test_a_bundle_is_verified_offline_and_says_since_when(both: TwoParties) -> None:
    found = both.read_json(VENDOR, "claims", "verify", both.mail("bundle"))
    assert (found["partner"], found["code"], found["epochs"]) == (PARTNER, "", 2)
    assert len(found["claims"]) == len(SHARED)
    # Our own log took in the first epoch a minute before the auditor cosigned it.
    assert {claim["grade"] for claim in found["claims"]} == {"logged"}
    said = both.run(VENDOR, "claims", "verify", both.mail("bundle")).out
    assert f"good: {len(SHARED)} claims of {PARTNER} over 2 epochs" in said
    require_no_account(said + both.mail("bundle").read_text())


def test_without_a_receipt_the_witness_dates_the_claim(both: TwoParties) -> None:
    for path in both.place(VENDOR, "claims", "received", PARTNER).iterdir():
        path.unlink()
    found = both.read_json(VENDOR, "claims", "verify", both.mail("bundle"))
    assert {(claim["grade"], claim["dated_by"]) for claim in found["claims"]} == {("witnessed", "witnesses")}
    assert {claim["epoch"] for claim in found["claims"]} == {1}


def test_a_countersignature_of_the_vendor_is_enough(both: TwoParties) -> None:
    commit(both)
    both.run(PARTNER, "claims", "log", "--out", both.mail("log"))
    both.run(VENDOR, "claims", "witness", both.mail("log"), "--out", both.mail("countersigned"))
    assert "epoch 3 cosigned by" in both.run(PARTNER, "claims", "cosigned", both.mail("countersigned")).out
    again = both.run(VENDOR, "claims", "witness", both.mail("log"), "--out", both.mail("again"))
    assert both.mail("again").read_bytes() == both.mail("countersigned").read_bytes(), again.out


def test_a_letter_with_the_claims_gives_credit(both: TwoParties) -> None:
    both.run(PARTNER, "claims", "prove", "--out", both.mail("claims"))
    assert f"{len(SHARED)} of {len(SHARED)} proofs" in both.run(VENDOR, "receive", both.mail("claims")).out
    rows = both.read_json(VENDOR, "credit")
    facts = [json.loads(row["facts"]) for row in rows if row["partner"] == PARTNER]
    assert facts and {(one["grade"], one["held"]) for one in facts} == {("logged", facts[0]["held"])}
    assert {row["rule"] for row in rows if row["partner"]} == {"attached:overlap"}
    said = both.run(VENDOR, "credit", "explain", rows[0]["opportunity"]).out
    assert facts[0]["held"] in said
    # A year later the agreement has ended: the lines stay and say no more than a digest.
    both.now += 400 * DAY
    later = both.read_json(VENDOR, "credit")
    assert [row["status"] for row in later] == [row["status"] for row in rows]
    assert all(list(json.loads(row["facts"])) == ["kept"] for row in later if row["partner"])
    assert "lapsed" in both.run(VENDOR, "claims", "verify", both.mail("bundle"), code=3).err


def test_a_bundle_for_pay_shows_whole_leaves_and_names_the_document(both: TwoParties) -> None:
    document = both.root / "order.pdf"
    document.write_bytes(b"an order")
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    listed = both.root / "evidence.csv"
    ids = [str(9000 + number) for number in range(len(SHARED))]
    listed.write_text("account_id,sha256\n" + "".join(f"{name},{digest}\n" for name in ids))
    both.now += 30 * DAY
    commit(both, "--evidence", listed)
    bundle = both.mail("paid")
    both.run(PARTNER, "claims", "prove", "--for-pay", "--bundle", bundle)
    both.run(VENDOR, "claims", "verify", bundle)
    # The first epochs were committed without a document.
    assert (
        "evidence-differs" in both.run(VENDOR, "claims", "verify", bundle, "--evidence", document, code=3).err
    )
    listed.write_text("account_id,sha256\n9000,short\n")
    both.run(PARTNER, "claims", "commit", "--evidence", listed, code=4)


def test_holding_is_judged_at_a_time_with_a_zone(both: TwoParties) -> None:
    bundle = both.mail("bundle")
    said = both.run(VENDOR, "claims", "verify", bundle, "--at", "2027-01-01T00:00:00", code=2).err
    assert "zone" in said
    both.run(VENDOR, "claims", "verify", bundle, "--at", "2027-01-10")
    both.run(VENDOR, "claims", "verify", bundle, "--at", "2027-06-01T00:00:00+02:00", code=3)
    both.run(VENDOR, "claims", "verify", bundle, "--at", "soon", code=2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: data[:-200], "malformed"),
        (lambda data: b"\xff" * 300, "malformed"),
        (lambda data: data.replace(b'"made":1', b'"made":2'), "bundle-altered"),
    ],
    ids=["truncated", "garbled", "altered"],
)
def test_a_damaged_bundle_has_a_code(both: TwoParties, change, code) -> None:
    both.mail("bad").write_bytes(change(both.mail("bundle").read_bytes()))
    assert code in both.run(VENDOR, "claims", "verify", both.mail("bad"), code=3).err
    printed = both.run(VENDOR, "claims", "verify", both.mail("bad"), "--json", code=3).out
    assert json.loads(printed)["code"] == code


def test_a_bundle_for_somebody_else_is_refused(both: TwoParties) -> None:
    assert "wrong-origin" in both.run(PARTNER, "claims", "verify", both.mail("bundle"), code=3).err


def test_another_partner_gets_the_same_list(both: TwoParties) -> None:
    card = both.mail("auditor.card")
    fingerprint = both.run(AUDITOR, "card").after("fingerprint")
    both.run(PARTNER, "partner", "add", card, "--fingerprint", fingerprint)
    fingerprint = both.run(PARTNER, "card").after("fingerprint")
    both.run(AUDITOR, "partner", "add", both.mail(f"{PARTNER}.card"), "--fingerprint", fingerprint)
    both.run(PARTNER, "claims", "send", "--partner", AUDITOR, "--out", both.mail("sent"))
    both.run(AUDITOR, "receive", both.mail("sent"))
    listed = both.read_json(VENDOR, "claims", "list")
    assert both.read_json(AUDITOR, "claims", "list")[0]["root"] == listed[-1]["root"]


def test_a_forked_log_is_refused_kept_and_wins_nothing(both: TwoParties) -> None:
    """The partner goes back to a copy of its folder and commits another second epoch."""
    forked = both.copy(both.root.parent / "forked")
    for name in ("2", "2.entry", "2.opening"):
        forked.place(PARTNER, "claims", "own", name).unlink()
    forked.place(PARTNER, "claims", "log", "2.note").unlink()
    forked.run(PARTNER, "claims", "commit")
    forked.run(PARTNER, "claims", "log", "--out", forked.mail("fork"))
    words = ("claims", "witness", forked.mail("fork"), "--card", forked.mail(f"{PARTNER}.card"))
    assert "contradicts" in both.run(AUDITOR, *words, "--out", both.mail("x"), code=5).err
    assert (
        "contradicts"
        in both.run(VENDOR, "claims", "witness", forked.mail("fork"), "--out", both.mail("x"), code=5).err
    )
    proof = both.place(VENDOR, "claims", "conflicts", PARTNER)
    assert both.read_json(VENDOR, "inspect", proof)["format"] == "overlap-claims-conflict/1"
    both.run(PARTNER, "claims", "prove", "--out", both.mail("claims"))
    both.run(VENDOR, "receive", both.mail("claims"))
    facts = [json.loads(row["facts"]) for row in both.read_json(VENDOR, "credit") if row["partner"]]
    assert facts and {one["grade"] for one in facts} == {"contradicted"}
    # The proof is portable: whoever has the card sees it.
    elsewhere = both.copy(both.root.parent / "elsewhere")
    elsewhere.place(VENDOR, "claims", "conflicts", PARTNER).unlink()
    assert "contradicted" in elsewhere.run(VENDOR, "claims", "verify", proof, code=3).err
    assert elsewhere.place(VENDOR, "claims", "conflicts", PARTNER).is_file()


def test_a_smaller_log_and_a_clock_that_went_back_are_not_cosigned(both: TwoParties) -> None:
    words = ("claims", "witness", both.mail("witnessed-1"), "--card", both.mail(f"{PARTNER}.card"))
    assert "we cosigned 2" in both.run(AUDITOR, *words, "--out", both.mail("x"), code=3).err
    commit(both)
    both.run(PARTNER, "claims", "log", "--out", both.mail("log"))
    both.now -= 40 * DAY
    words = ("claims", "witness", both.mail("log"), "--card", both.mail(f"{PARTNER}.card"))
    assert "clock" in both.run(AUDITOR, *words, "--out", both.mail("x"), code=3).err


def test_an_audit_draws_what_nobody_chose_and_tells_how_sure_it_makes(both: TwoParties) -> None:
    digest = both.run(VENDOR, "claims", "audit", "begin", "--partner", PARTNER).after("digest")
    draw, answer = both.mail("draw"), both.mail("answer")
    out = ("--partner", PARTNER, "--out", draw)
    assert "begun" in both.run(VENDOR, "claims", "audit", "draw", *out, code=3).err
    both.run(PARTNER, "claims", "audit", "expect", digest, "--partner", VENDOR)
    commit(both)
    both.run(VENDOR, "claims", "audit", "draw", *out)
    words = ("claims", "audit", "answer", draw, "--partner", VENDOR, "--out", answer)
    both.run(PARTNER, *words)
    result = both.read_json(VENDOR, "claims", "audit", "check", answer, "--partner", PARTNER)
    assert result["draws"] == 59 == result["opened"] + result["dummy"] + result["failed"]
    # Nobody committed a document, so no account opens as genuine.
    assert result["opened"] == 0 and result["genuine"] == 0
    unanswered = both.read_json(VENDOR, "claims", "audit", "check", "--partner", PARTNER)
    assert unanswered["failed"] == 59
    chance = both.run(VENDOR, "claims", "audit", "check", answer, "--partner", PARTNER,
                      "--targets", "14", "--universe", "300000").out  # fmt: skip
    assert "luck" in chance
    both.run(VENDOR, "claims", "audit", "check", answer, "--partner", PARTNER, "--targets", "14", code=2)


def test_a_draw_by_another_nonce_or_of_more_leaves_is_not_answered(both: TwoParties) -> None:
    both.run(VENDOR, "claims", "audit", "begin", "--partner", PARTNER)
    commit(both)
    draw = both.mail("draw")
    both.run(VENDOR, "claims", "audit", "draw", "--partner", PARTNER, "--out", draw)
    words = ("claims", "audit", "answer", draw, "--partner", VENDOR, "--out", both.mail("x"))
    assert "nonce" in both.run(PARTNER, *words, code=3).err
    digest = both.run(VENDOR, "claims", "audit", "begin", "--partner", PARTNER).after("digest")
    both.run(PARTNER, "claims", "audit", "expect", digest, "--partner", VENDOR)
    commit(both)
    both.run(VENDOR, "claims", "audit", "draw", "--partner", PARTNER, "--draws", "60", "--out", draw)
    assert "more leaves" in both.run(PARTNER, *words, code=3).err
    both.run(VENDOR, "claims", "audit", "draw", "--partner", PARTNER, "--draws", "5", "--out", draw)
    both.run(PARTNER, *words)
    both.run(VENDOR, "claims", "audit", "draw", "--partner", PARTNER, "--draws", "6", "--out", draw)
    assert "another draw" in both.run(PARTNER, *words, code=3).err


def test_every_file_of_claims_can_be_inspected(both: TwoParties) -> None:
    found = {
        name: both.read_json(VENDOR, "inspect", both.mail(name)) for name in ("bundle", "log", "terms.signed")
    }
    assert found["bundle"]["claims"] == len(SHARED)
    assert found["log"]["epochs"] == 2
    assert found["terms.signed"]["says"] == "urn:overlap:claims-terms:1"
    assert both.read_json(VENDOR, "inspect", both.root / "terms.toml")["format"] == "overlap-claims-terms/1"


@pytest.mark.parametrize(
    "change",
    [
        ("epoch_days = 31", "epoch_days = 0"),
        ("witnesses_needed = 1", "witnesses_needed = 2"),
        ("audit_draws = 59", ""),
        ("most_growth = 50", "most_growth = 1.5"),
        ("grace_days = 14", "grace_days = 14\ncounts_from = '2026-11-01T00:00:00'"),
        ("grace_days = 14", "grace_days = 14\nextra = 1"),
        ("overlap-claims-terms/1", "overlap-claims-terms/2"),
        ('"overlap/', '"other/'),
    ],
)
def test_terms_with_a_wrong_field_are_refused(both: TwoParties, change: tuple[str, str]) -> None:
    place = both.root / "terms.toml"
    assert change[0] in place.read_text()
    place.write_text(place.read_text().replace(*change))
    both.run(
        VENDOR, "claims", "terms", "propose", place, "--partner", PARTNER, "--out", both.mail("x"), code=2
    )


def test_terms_that_were_not_proposed_here_or_were_altered_are_refused(both: TwoParties) -> None:
    signed = both.mail("terms.signed")
    both.place(VENDOR, "claims", "terms", f"{PARTNER}.proposed").unlink()
    assert "not proposed" in both.run(VENDOR, "claims", "terms", "accept", signed, code=3).err
    signed.write_bytes(signed.read_bytes().replace(b'"sig":"', b'"sig":"A', 1))
    both.run(VENDOR, "claims", "terms", "accept", signed, code=5)
    both.run(PARTNER, "claims", "terms", "accept", both.mail("terms"), code=2)


def test_a_file_too_large_for_a_bundle_has_a_code(both: TwoParties) -> None:
    with both.mail("huge").open("wb") as file:
        file.truncate(2**29 + 1)
    assert "too-large" in both.run(VENDOR, "claims", "verify", both.mail("huge"), code=3).err


def test_the_claims_log_goes_on_through_a_rotation(both: TwoParties) -> None:
    words = (
        "keys",
        "rotate",
        "--recovery",
        both.place(PARTNER, "recovery.key"),
        "--out",
        both.mail("rotation"),
    )
    both.run(PARTNER, *words)
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
    commit(both)
    both.run(PARTNER, "claims", "prove", "--bundle", both.mail("bundle"))
    found = both.read_json(VENDOR, "claims", "verify", both.mail("bundle"))
    assert (found["code"], found["epochs"]) == ("", 3)
    assert {(claim["code"], claim["epoch"]) for claim in found["claims"]} == {("", 1)}


def test_the_vendor_is_dated_by_the_same_kinds_of_clocks(both: TwoParties) -> None:
    from cleanroom.session.attribution.evidence import own_holdings
    from cleanroom.session.attribution.held import read_held
    from cleanroom.session.party import Party

    both.run(VENDOR, "claims", "commit")
    party = Party(Folder(both.place(VENDOR)), both.keys_of(VENDOR), both.now)
    assert {one.grade for one in own_holdings(party, PARTNER)} == {"asserted"}
    both.run(VENDOR, "claims", "log", "--out", both.mail("log"))
    both.run(PARTNER, "claims", "witness", both.mail("log"), "--out", both.mail("countersigned"))
    both.run(VENDOR, "claims", "cosigned", both.mail("countersigned"))
    holdings = own_holdings(party, PARTNER)
    assert {(one.partner, one.grade) for one in holdings} == {(VENDOR, "witnessed")}
    assert len(holdings) == 14 and all(one.committed_at for one in holdings)
    # What is compared are the accounts that the partner holds too, and only where the rules compare.
    assert read_held(party).own == {}
    held = read_held(party, with_own=True)
    assert {one.account for one in held.own[PARTNER]} == {one.account for one in held.holdings}


def test_a_time_authority_dates_an_epoch_alone(tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client")
    if OPENSSL is None:
        pytest.skip("no openssl here")
    authority = Authority(tmp_path / "authority")
    both = TwoParties(tmp_path / "both", now=int(time.time()))
    meet(both)
    terms = both.root / "terms.toml"
    pem = authority.pem
    text = TERMS.replace("witnesses_needed = 1", "witnesses_needed = 0").replace('["{witness}"]', "[]")
    terms.write_text(text + f'time_authority = """\n{pem}"""\n')
    proposed, signed = both.mail("terms"), both.mail("terms.signed")
    both.run(VENDOR, "claims", "terms", "propose", terms, "--partner", PARTNER, "--out", proposed)
    both.run(PARTNER, "claims", "terms", "accept", proposed, "--out", signed)
    both.run(VENDOR, "claims", "terms", "accept", signed)
    both.run(PARTNER, "claims", "commit")
    both.run(PARTNER, "claims", "stamp", "--out", both.mail("request"))
    both.mail("reply").write_bytes(authority.answer(both.mail("request").read_bytes()))
    assert "stamped   epoch 1 at " in both.run(PARTNER, "claims", "stamp", both.mail("reply")).out
    both.mail("bad").write_bytes(both.mail("reply").read_bytes()[:-30])
    both.run(PARTNER, "claims", "stamp", both.mail("bad"), code=5)
    both.run(PARTNER, "claims", "stamp", code=2)
    both.run(VENDOR, "claims", "stamp", both.mail("reply"), code=2)
    both.run(PARTNER, "claims", "send", "--partner", VENDOR, "--out", both.mail("commitment"))
    both.run(VENDOR, "receive", both.mail("commitment"))
    agree(both, change_policy(both, run_budget="300", purposes='["territory-planning", "attribution"]'))
    match(both)
    both.place(VENDOR, "claims", "received", PARTNER, "1").unlink()
    both.run(PARTNER, "claims", "prove", "--bundle", both.mail("bundle"))
    found = both.read_json(VENDOR, "claims", "verify", both.mail("bundle"))
    assert {(claim["grade"], claim["dated_by"]) for claim in found["claims"]} == {("witnessed", "token")}
