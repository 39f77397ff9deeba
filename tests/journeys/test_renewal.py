"""Renewals, budgets over a period, and which policy is proposed to whom, with the real commands."""

from __future__ import annotations

from pathlib import Path

from two_parties import DAY, PARTNER, VENDOR, TwoParties, Walk, agree, change_policy, match

from cleanroom.agreement import parse, split_signatures

ENDED = 180 * DAY


def renew(
    both: TwoParties, renewer: str, other: str, agreement: str, *words: str, name: str = "again"
) -> str:
    """One side renews, the other accepts, the first takes it in; the id of the renewal."""
    proposal, signed = both.mail(f"{name}.proposal"), both.mail(f"{name}.signed")
    made = both.run(renewer, "agreement", "renew", agreement, "--out", proposal, *words)
    both.run(other, "agreement", "accept", proposal, "--out", signed, "--yes")
    both.run(renewer, "agreement", "accept", signed, "--yes")
    return made.after("proposed")


def test_a_renewal_is_a_new_agreement_that_says_what_it_changes(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    old = agree(both, change_policy(both, run_budget="50"))
    digest = both.run(VENDOR, "agreement", "show", old).after("agreement")
    proposal = both.mail("again")
    both.run(VENDOR, "agreement", "renew", old, "--until", "90 days", "--out", proposal)
    text = proposal.read_text(encoding="utf-8")
    assert f'renews = "{digest}"\n' in text and 'until = "90 days"\n' in text
    # The comments of the policy's author are still there, once.
    assert text.count("# Half a year: one planning period and its review.\n") == 1
    assert text.count("[contract]\n") == text.count("# Filled in by the software") == 1
    said = both.run(PARTNER, "agreement", "accept", proposal, "--out", both.mail("signed"), "--yes").out
    assert f"renews agreement {digest}\n" in said
    assert (
        "of the agreement that it renews, this changes:\n"
        "  narrower: it is in force for 90 days, instead of 180 (terms.until)\n"
    ) in said
    both.run(VENDOR, "agreement", "accept", both.mail("signed"), "--yes")
    kept = both.read_json(VENDOR, "agreement", "list")
    assert [one["state"] for one in kept] == ["in force", "in force"]
    assert len({one["digest"] for one in kept}) == 2
    # A run goes under the renewal, without its being named.
    match(both)
    left = {one["id"] == old: one["runs_left"] for one in both.read_json(VENDOR, "agreement", "list")}
    assert left == {True: 50, False: 49}


def test_the_accepter_may_renew_and_each_side_gives_and_starts_what_it_did(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("met", tmp_path / "both")
    policy = change_policy(both)
    text = policy.read_text(encoding="utf-8")
    first, rest = text.split("[accepter]")
    first = first.replace('"industry", "employees", ', "")
    text = f'{first}[accepter]{rest}asymmetry = "the vendor\'s sizes are licensed"\n'
    policy.write_text(text.replace("[terms]", '[terms]\npairs = ["customers:customers", '
        '"open_opportunities:prospects", "prospects:open_opportunities"]'))  # fmt: skip
    old = agree(both, policy)
    new = renew(both, PARTNER, VENDOR, old)
    assert new.startswith("contoso-northwind-")
    said = both.run(VENDOR, "agreement", "show", new).out
    assert "it allows what the agreement that it renews allowed, for a new period\n" in said
    told = both.run(VENDOR, "agreement", "show", old).out
    for line in told.splitlines():
        if " sees of each " in line or "matches its" in line or "starts each run" in line:
            assert line in said.splitlines()
    assert "northwind starts each run and learns its result first" in said
    # And back: the text of the first one comes out again, but for what the software fills in.
    again = renew(both, VENDOR, PARTNER, new, name="back")
    first_text, last_text = (
        parse(split_signatures(both.place(VENDOR, "agreements", f"{name}.toml").read_bytes())[0])
        for name in (old, again)
    )
    assert last_text.terms == first_text.terms and len(last_text.terms.pairs) == 3
    assert (last_text.proposer, last_text.accepter) == (first_text.proposer, first_text.accepter)


def test_a_renewal_of_an_agreement_that_is_not_here_is_refused(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    old = agree(both)
    proposal = both.mail("again")
    both.run(VENDOR, "agreement", "renew", old, "--out", proposal)
    both.place(PARTNER, "agreements", f"{old}.toml").unlink()
    said = both.run(PARTNER, "agreement", "show", proposal).out
    assert "the agreement that it renews is not here, so nothing can be compared with it" in said
    refused = both.run(PARTNER, "agreement", "accept", proposal, "--out", both.mail("x"), "--yes", code=3)
    assert "the agreement that this one renews is not here" in refused.err and not both.mail("x").exists()
    # A proposal that was never accepted cannot be renewed either.
    pending = both.run(
        VENDOR, "agreement", "propose", "--partner", PARTNER, "--policy", "co-sell", "--out", both.mail("y")
    ).after("proposed")
    both.run(VENDOR, "agreement", "renew", pending, "--out", both.mail("z"), code=2)


def test_an_agreement_that_has_ended_can_be_renewed_and_its_runs_stay_ended(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("matched", tmp_path / "both")
    (old,) = both.read_json(VENDOR, "agreement", "list")
    both.now += ENDED
    new = renew(both, VENDOR, PARTNER, old["id"])
    # The overlap was learned under the old agreement, which has ended: the renewal gives it no new life.
    said = both.run(PARTNER, "shares", "grant", "--out", both.mail("late"), code=3).err
    assert "ended" in said or "terms.until" in said
    state = {one["id"]: one["state"] for one in both.read_json(VENDOR, "agreement", "list")}
    assert state == {old["id"]: "ended", new: "in force"}
    both.require_good_logs()


def test_a_fixed_end_that_is_past_needs_a_new_one(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    old = agree(both, change_policy(both, until="2026-12-01T00:00:00Z"))
    both.now += 30 * DAY
    said = both.run(VENDOR, "agreement", "renew", old, "--out", both.mail("x"), code=3).err
    assert "end before it begins" in said
    for wrong in ("3 months", '9 days" # x', "2026-13-01T00:00:00Z"):
        both.run(VENDOR, "agreement", "renew", old, "--until", wrong, "--out", both.mail("x"), code=4)
    renew(both, VENDOR, PARTNER, old, "--until", "2027-03-01T00:00:00Z")


def start(both: TwoParties, code: int = 0) -> str:
    name = both.mail(f"start{both.now}")
    return both.run(VENDOR, "match", "start", "--out", name, code=code).err


def test_a_budget_over_a_period_begins_anew_to_the_second_and_no_clock_brings_it_back(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("met", tmp_path / "both")
    policy = change_policy(both, run_budget='2\nbudget_period = "10 days"', max_export_age='"731 days"')
    agree(both, policy)
    begun = both.now
    start(both)
    start(both)
    assert "run budget of 2" in start(both, code=3)
    for moment in (begun + 10 * DAY - 1, begun - 300 * DAY):
        both.now = moment
        assert "run budget of 2" in start(both, code=3)
    both.now = begun + 10 * DAY
    start(both)
    # The second one of the first period began 60 seconds after the first.
    both.now = begun + 10 * DAY + 59
    assert "run budget of 2" in start(both, code=3)
    both.now = begun + 10 * DAY + 60
    start(both)
    # A run begun with a clock that was set back counts as begun when the log says.
    both.now = begun + 25 * DAY
    start(both)
    both.now = begun + 5 * DAY
    start(both)
    both.now = begun + 26 * DAY
    assert "run budget of 2" in start(both, code=3)
    (listed,) = both.read_json(VENDOR, "agreement", "list")
    assert listed["runs_left"] == 0
    both.require_good_logs()


def test_the_policy_that_applies_to_a_partner_is_shown_and_proposed(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("met", tmp_path / "both")
    sharing, presets = both.root / "sharing.toml", both.root / "presets.toml"
    presets.write_text('format = "overlap-presets/1"\nbrief = ["name", "city"]\n')
    sharing.write_text(
        'format = "overlap-sharing/1"\ndefault = "none"\n\n[partner.contoso]\npolicy = "co-sell"\n\n'
        '[partner.contoso.proposer]\npreset = "brief"\n\n[partner.contoso.accepter]\npreset = "brief"\n'
    )
    words = ("agreement", "policies", sharing, "--partner", PARTNER)
    said = both.run(VENDOR, *words, "--presets", presets).out
    assert said == "partner   contoso\npolicy    co-sell\nreplaced  proposer.preset, accepter.preset\n"
    text = both.run(VENDOR, *words, "--presets", presets, "--text").out
    assert 'fields = ["name", "city"]\n' in text and '"owner_email", "population"]' not in text
    assert both.read_json(VENDOR, *words, "--presets", presets)["text"] == text
    assert "preset that is not known here" in both.run(VENDOR, *words, code=4).err
    both.run(VENDOR, "agreement", "policies", sharing, code=2)
    refused = both.run(VENDOR, "agreement", "policies", sharing, "--partner", "stranger", code=3).err
    assert "nothing is proposed to 'stranger'" in refused
    propose = ("agreement", "propose", "--partner", PARTNER, "--policy", sharing, "--out", both.mail("p"))
    both.run(VENDOR, *propose, code=4)
    both.run(VENDOR, *propose, "--presets", presets)
    shown = both.run(PARTNER, "agreement", "accept", both.mail("p"), "--out", both.mail("s"), "--yes").out
    assert "contoso sees of each matched account of northwind: name, city\n" in shown
    assert "these fields are the preset brief as it was, digest " in shown


def test_a_policy_that_asks_for_a_room_is_proposed_with_one_that_both_have_confirmed(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("met", tmp_path / "both")
    both.run("notary", "init", "--party", "notary")
    both.run("notary", "card", "--out", both.mail("notary.card"))
    policy = change_policy(both)
    policy.write_text(policy.read_text(encoding="utf-8") + 'lease_holder = "room"\n')
    words = ("agreement", "propose", "--partner", PARTNER, "--policy", policy, "--out", both.mail("p"))
    assert "asks for a room" in both.run(VENDOR, *words, code=4).err
    both.run(VENDOR, *words, "--room", "notary", code=2)
    fingerprint = both.run("notary", "card").after("fingerprint")
    both.run(VENDOR, "partner", "add", both.mail("notary.card"))
    assert both.run(VENDOR, *words, "--room", "notary", code=None).code not in (0, 2)
    both.run(VENDOR, "partner", "verify", "notary", "--fingerprint", fingerprint)
    old = both.run(VENDOR, *words, "--room", "notary").after("proposed")
    accept = ("agreement", "accept", both.mail("p"), "--out", both.mail("s"), "--yes")
    assert "as its room" in both.run(PARTNER, *accept, code=None).err
    both.run(PARTNER, "partner", "add", both.mail("notary.card"))
    both.run(PARTNER, "partner", "verify", "notary", "--fingerprint", fingerprint)
    assert "notary keeps the second half of every share" in both.run(PARTNER, *accept).out
    both.run(VENDOR, "agreement", "accept", both.mail("s"), "--yes")
    new = renew(both, PARTNER, VENDOR, old)
    assert "notary keeps the second half" in both.run(PARTNER, "agreement", "show", new).out
