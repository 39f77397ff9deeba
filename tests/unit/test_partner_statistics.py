"""The committed hold-out, the standing of partners, and the commands of the statistics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from made_deals import Made, make_deals

from cleanroom.attribution.statistics import Standing, Thresholds, draw, gather_deals, portfolio, result
from cleanroom.cli.app import overlap
from overlap.errors import BadInput, ForgedFile, Refused, UsageError

TODAY = 30_000.0
SEED = bytes(range(32))
ACCOUNTS = [f"a{at:03}" for at in range(400)]


# -- the hold-out ------------------------------------------------------------------------------------------


def test_a_draw_is_fixed_by_its_seed_and_holds_out_its_share() -> None:
    drawn = draw(ACCOUNTS, "0.1", SEED)
    assert list(drawn.group.values()).count("held-out") == 40
    assert drawn == draw(ACCOUNTS[::-1], "0.1", SEED)
    assert drawn.group != draw(ACCOUNTS, "0.1", bytes(32)).group


def test_every_account_is_as_likely_to_be_held_out() -> None:
    counts = np.zeros(20)
    for at in range(2_000):
        drawn = draw([f"a{each:02}" for each in range(20)], "0.25", at.to_bytes(32, "big"))
        counts += [group == "held-out" for group in drawn.group.values()]
    assert counts.sum() == 2_000 * 5
    assert (np.abs(counts - 500) < 5 * np.sqrt(2_000 * 0.25 * 0.75)).all()


def test_the_result_is_the_difference_by_intention() -> None:
    drawn = draw(ACCOUNTS, "0.25", SEED)
    outcomes = {account: group == "outreach" for account, group in drawn.group.items()}
    found = result(drawn.group, outcomes, "0.25", SEED, drawn.commitment)
    assert (found.difference, found.reached_won, found.held_out_won, found.missing) == (1.0, 300, 0, 0)
    some = dict(list(outcomes.items())[:100])
    assert result(drawn.group, some, "0.25", SEED, drawn.commitment).missing == 300


def test_another_seed_share_or_account_is_not_what_was_committed() -> None:
    drawn = draw(ACCOUNTS, "0.1", SEED)
    fewer = dict(list(drawn.group.items())[:-1])
    for group, share, seed in (
        (drawn.group, "0.1", bytes(32)),
        (drawn.group, "0.2", SEED),
        (fewer, "0.1", SEED),
    ):
        with pytest.raises(ForgedFile, match="not the one that was committed"):
            result(group, {}, share, seed, drawn.commitment)


def test_an_account_moved_to_the_other_group_is_found() -> None:
    drawn = draw(ACCOUNTS, "0.1", SEED)
    moved = dict(drawn.group)
    held = next(account for account, group in moved.items() if group == "held-out")
    other = next(account for account, group in moved.items() if group == "outreach")
    moved[held], moved[other] = "outreach", "held-out"
    with pytest.raises(ForgedFile, match="another group"):
        result(moved, {}, "0.1", SEED, drawn.commitment)


def test_groups_that_are_too_small_are_refused() -> None:
    drawn = draw(ACCOUNTS[:50], "0.1", SEED)
    with pytest.raises(Refused, match="too few to compare: 5 accounts held out, 45 not"):
        result(drawn.group, {}, "0.1", SEED, drawn.commitment)


@pytest.mark.parametrize(
    ("accounts", "share", "seed"),
    [(["a", "a"], "0.1", SEED), (["", "b"], "0.1", SEED), (["a"], "0", SEED), (["a"], "1", SEED),
     (["a"], "nan", SEED), (["a"], "half", SEED), (["a"], "0.1", b"short")],
)  # fmt: skip
def test_a_draw_that_is_none_is_refused(accounts: list[str], share: str, seed: bytes) -> None:
    with pytest.raises(UsageError):
        draw(accounts, share, seed)


# -- the standing of partners ------------------------------------------------------------------------------


def deal(number: int, partner: str, closed: str, outcome: str, amount: str = "1e5") -> dict[str, str]:
    return {
        "deal_id": f"d{number}",
        "segment": "s",
        "amount": amount,
        "created": "2024-01-10",
        "partner_id": partner,
        "attached": "2024-02-01",
        "closed": closed,
        "outcome": outcome,
    }


ROWS = [
    *(deal(at, "ada", "2025-12-01", "won") for at in range(3)),
    *(deal(at, "ada", "2025-03-01", "won", "90000") for at in range(3, 6)),
    deal(10, "bob", "2025-11-01", "won", "60000"),
    deal(11, "cyd", "2025-03-01", "won", "60000"),
    deal(12, "idle", "2025-12-01", "won", "999999"),
    deal(13, "ada", "", "", "40000"),
    deal(14, "idle", "", "", "70000"),
    deal(15, "", "2025-12-31", "lost"),
]
STATUSES = {row["deal_id"]: "Influenced" for row in ROWS if row["partner_id"] in ("ada", "bob", "cyd")} | {
    "d12": "Attached",
    "d14": "Attached",
}
END = gather_deals(ROWS, [], TODAY).end


def standings(actions: list[tuple[str, float]], **regions: str) -> dict[str, Standing]:
    return {
        each.partner: each for each in portfolio(gather_deals(ROWS, [], TODAY), STATUSES, actions, regions)
    }


def test_tiers_and_segments_follow_from_stated_numbers() -> None:
    found = standings([])
    assert (found["ada"].tier, found["ada"].won, found["ada"].won_before) == ("gold", 300_000, 270_000)
    assert found["ada"].segment == "top performer"
    assert (found["bob"].tier, found["bob"].segment) == ("silver", "rising star")
    assert (found["cyd"].tier, found["cyd"].segment) == ("member", "struggling")
    assert "won 300,000 in 182 days, gold begins at 250,000" in found["ada"].tier_because


def test_presence_earns_no_tier_and_no_pipeline() -> None:
    idle = standings([])["idle"]
    assert (idle.won, idle.tier, idle.open_pipeline) == (0, "member", 0)
    assert (idle.attached_won, idle.attached_pipeline) == (999_999, 70_000)


def test_silence_longer_than_usual_is_a_risk_with_its_reason() -> None:
    actions = [("ada", END - 10), ("ada", END - 20), ("bob", END - 100), ("bob", END - 110)]
    actions += [("cyd", END - 100 * at - 90) for at in range(4)]
    found = standings(actions)
    assert not found["ada"].at_risk
    assert found["bob"].at_risk
    assert found["bob"].risk_because == "last action 100 days ago, usual gap 10: longer than 60"
    # The same silence is usual for one that acts every hundred days.
    assert not found["cyd"].at_risk
    assert found["idle"].risk_because == "no action is logged"


def test_half_as_many_actions_as_before_are_a_risk() -> None:
    actions = [("ada", END - at) for at in (5, 40)] + [("ada", END - 190 - 10 * at) for at in range(6)]
    found = standings(actions)["ada"]
    assert found.at_risk and found.risk_because == "2 actions in 182 days after 6"


def test_where_a_partner_counts_needs_enough_deals_for_a_rate() -> None:
    found = standings([], d0="north", d1="north", d10="south")
    (vertical,) = found["ada"].verticals
    assert (vertical.of, vertical.won, vertical.rate) == (6, 6, 1.0)
    assert [(place.name, place.of, place.rate) for place in found["ada"].regions] == [
        ("", 4, None),
        ("north", 2, None),
    ]


def test_a_partner_that_only_acted_is_there_as_new() -> None:
    found = standings([("eve", END - 3), ("late", END + 1)])
    assert found["eve"].segment == "new" and "late" not in found


def test_thresholds_are_arguments() -> None:
    rules = Thresholds(tiers=(("all", 0.0),), silence=1_000.0)
    found = portfolio(gather_deals(ROWS, [], TODAY), STATUSES, [("ada", END - 900)], {}, rules)
    ada = next(each for each in found if each.partner == "ada")
    assert (ada.tier, ada.at_risk) == ("all", False)


# -- commands ----------------------------------------------------------------------------------------------


def write(place: Path, rows: list[dict[str, str]]) -> str:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    place.write_text("\n".join(lines) + "\n")
    return str(place)


def run(*words: str) -> Result:
    return CliRunner().invoke(overlap, list(words), standalone_mode=False)


@pytest.fixture(scope="module")
def made() -> Made:
    return make_deals(11, 1_500, 1.0)


@pytest.fixture
def files(tmp_path: Path, made: Made) -> list[str]:
    return [write(tmp_path / "deals.csv", made.deals), write(tmp_path / "stages.csv", made.stages)]


def test_rates_prints_the_number_tested(files: list[str]) -> None:
    answer = json.loads(run("rates", *files, "--json").stdout)
    assert answer["tested"] == sum(each["of"] >= 5 for each in answer["partners"])
    assert "by chance alone" in run("rates", *files).stdout


def test_forecast_says_that_attached_is_no_reason(files: list[str], tmp_path: Path, made: Made) -> None:
    statuses = [{"deal_id": row["deal_id"], "status": "Attached"} for row in made.deals]
    plain = json.loads(run("forecast", *files, "--json").stdout)
    named = json.loads(
        run("forecast", *files, "--statuses", write(tmp_path / "s.csv", statuses), "--json").stdout
    )
    assert plain == named
    text = run("forecast", *files).stdout
    assert "of them without an action: no higher for it" in text and "past forecasts" in text


def test_two_statuses_of_one_deal_are_refused(files: list[str], tmp_path: Path) -> None:
    twice = [{"deal_id": "d1", "status": "Sourced"}, {"deal_id": "d1", "status": "Attached"}]
    done = run("forecast", *files, "--statuses", write(tmp_path / "s.csv", twice))
    assert isinstance(done.exception, BadInput)


def test_partners_report_gives_each_reason(files: list[str], tmp_path: Path, made: Made) -> None:
    actions = [{"partner": "p01", "date": "2025-09-01"}, {"partner": "p02", "date": "soon"}]
    place = write(tmp_path / "actions.csv", actions)
    answer = json.loads(run("partners-report", files[0], place, "--json").stdout)
    assert answer["left_out"]["bad-action"] == 1
    assert {each["tier"] for each in answer["partners"]} == {"member"}
    statuses = [{"deal_id": row["deal_id"], "status": "Sourced"} for row in made.deals]
    text = run("partners-report", files[0], place, "--statuses", write(tmp_path / "s.csv", statuses)).stdout
    assert "gold begins at 250,000" in text and "no action is logged" in text


def test_a_hold_out_from_draw_to_result(tmp_path: Path) -> None:
    accounts = write(tmp_path / "accounts.csv", [{"account_id": account} for account in ACCOUNTS])
    out = str(tmp_path / "draw.csv")
    drawn = json.loads(run("holdout", "draw", accounts, "--out", out, "--share", "0.25", "--json").stdout)
    assert (drawn["held_out"], drawn["outreach"]) == (100, 300)
    rows = [line.split(",") for line in (tmp_path / "draw.csv").read_text().splitlines()[1:]]
    outcomes = write(
        tmp_path / "outcomes.csv",
        [
            {"account_id": account, "outcome": "won" if group == "outreach" else "lost"}
            for account, group in rows
        ],
    )
    words = ["--share", "0.25", "--seed", drawn["seed"], "--commitment", drawn["commitment"]]
    assert json.loads(run("holdout", "result", out, outcomes, *words, "--json").stdout)["difference"] == 1.0
    assert "effect     +100.0 points" in run("holdout", "result", out, outcomes, *words).stdout
    words[3] = "00" * 32
    assert isinstance(run("holdout", "result", out, outcomes, *words).exception, ForgedFile)
    words[3] = "seed"
    assert isinstance(run("holdout", "result", out, outcomes, *words).exception, UsageError)


def test_tiers_of_the_own_programme_are_options(files: list[str], tmp_path: Path, made: Made) -> None:
    place = write(tmp_path / "actions.csv", [{"partner": "p01", "date": "2025-09-01"}])
    statuses = [{"deal_id": row["deal_id"], "status": "Sourced"} for row in made.deals]
    words = ("partners-report", files[0], place, "--statuses", write(tmp_path / "s.csv", statuses))
    answer = json.loads(run(*words, "--tier", "base=0", "--tier", "top=1", "--json").stdout)
    won = {each["partner"]: each["won"] for each in answer["partners"]}
    assert {each["partner"]: each["tier"] for each in answer["partners"]} == {
        partner: "top" if amount >= 1 else "base" for partner, amount in won.items()
    }
    # Whoever wins too little for the lowest tier that is named has none.
    answer = json.loads(run(*words, "--tier", "top=999999999999999", "--silence", "1", "--json").stdout)
    assert {each["tier"] for each in answer["partners"]} == {"none"}
    for wrong in ("top", "=1", "top=many", "top=-1", "top=nan"):
        assert isinstance(run(*words, "--tier", wrong).exception, UsageError)
    assert isinstance(run(*words, "--tier", "a=1", "--tier", "a=2").exception, UsageError)
