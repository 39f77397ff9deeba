"""Lead conversion, deal size and cycle of partners, and tiers that changed since an earlier report."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.attribution.statistics import (
    Act,
    Placed,
    Thresholds,
    gather_deals,
    indicators_of,
    median_time,
    portfolio,
    tier_changes,
)
from cleanroom.cli.app import overlap
from overlap.errors import BadInput

TODAY = 30_000.0

# Freireich et al. (1963), remission of leukaemia in weeks: 6-mercaptopurine (0: still in remission), placebo.
DRUG = (
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def median(took: list[float], ended: list[int]) -> tuple[float | None, float | None, float | None]:
    found = median_time(np.array(took, float), np.array(ended))
    assert (found.ended, found.running) == (sum(ended), len(ended) - sum(ended))
    return found.middle, found.low, found.high


def test_medians_and_intervals_are_the_published_ones() -> None:
    """As survfit of R gives them with conf.type = "log-log", and lifelines."""
    assert median(*DRUG) == (23, 13, None)
    assert median(PLACEBO, [1] * 21) == (8, 4, 11)


def test_a_half_that_is_reached_exactly_is_reached() -> None:
    # 1/3 of 6 ends at 1, 1/4 of the rest at 2: the product of the shares that stay is a half, not below it.
    assert median([1, 1, 2, 9, 9, 9], [1, 1, 1, 0, 0, 0])[0] == 2
    assert median([1, 9, 9], [1, 0, 0])[0] is None
    assert median([], []) == (None, None, None)


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=40))
def test_longer_and_open_times_never_shorten_a_median(rows: list[tuple[int, bool]]) -> None:
    took, ended = [float(one) for one, _ in rows], [int(two) for _, two in rows]
    middle, low, high = median(took, ended)
    if middle is not None:
        assert (low or middle) <= middle <= (high or middle)
        plain = sorted(one for one, _ in rows)[(len(rows) - 1) // 2]
        assert middle >= plain
    # One that never ends raises it, or leaves it.
    longer = median([*took, 99.0], [*ended, 0])[0]
    assert longer is None or (middle is not None and longer >= middle)


def deal(
    number: int, partner: str, created: str, closed: str = "", outcome: str = "", amount: str = "10"
) -> dict[str, str]:
    return {
        "deal_id": f"d{number}", "segment": "s", "amount": amount, "created": created, "partner_id": partner,
        "attached": created, "closed": closed, "outcome": outcome,
    }  # fmt: skip


def day(text: str) -> float:
    return float((np.datetime64(text) - np.datetime64("1970-01-01")).astype(int))


ROWS = [
    deal(0, "ada", "2025-01-10", "2025-03-01", "won", "100"),
    deal(1, "ada", "2025-01-20", "2025-03-21", "won", "300"),
    deal(2, "ada", "2025-02-01", "2025-04-22", "lost"),
    deal(3, "ada", "2025-02-01", "2025-03-13", "won", "200"),
    deal(4, "ada", "2025-02-01", "2025-06-01", "won", "900"),
    deal(5, "ada", "2025-02-01", "2025-03-03", "won", "50"),
    deal(6, "ada", "2025-12-01"),
    deal(7, "bob", "2025-01-01", "2025-12-31", "lost"),
]


def test_introductions_are_followed_for_ninety_days_and_no_longer() -> None:
    acts = [
        Act("ada", day("2025-01-05"), "introduction", "d0"),
        Act("ada", day("2025-01-05"), "introduction", "d1"),
        Act("ada", day("2025-01-05"), "registered-lead", "d2"),
        # Of nothing that we know, and of a deal that came later than in ninety days.
        Act("ada", day("2025-01-05"), "introduction"),
        Act("ada", day("2025-01-05"), "introduction", "gone"),
        Act("ada", day("2025-05-01"), "introduction", "d6"),
        # Too young to be counted, though it is a deal already.
        Act("ada", day("2025-11-20"), "introduction", "d6"),
        # The deal was there before.
        Act("ada", day("2025-02-20"), "introduction", "d3"),
        Act("ada", day("2025-02-20"), "demo", "d4"),
        Act("ada", day("2030-01-01"), "introduction", "d4"),
    ]
    found = indicators_of(gather_deals(ROWS, [], TODAY), acts)["ada"]
    assert (found.introductions, found.existing) == (8, 1)
    assert (found.became.count, found.became.of) == (3, 6)
    assert found.became.share == 0.5 and found.became.low is not None and found.became.low < 0.2
    # d0, d1 won, d2 lost; d6 is open. Three closed are too few for a share.
    assert (found.won.count, found.won.of, found.won.share, found.open) == (2, 3, None, 1)


def test_size_is_the_median_of_what_was_won_and_cycles_know_what_is_open() -> None:
    found = indicators_of(gather_deals(ROWS, [], TODAY), [])
    ada = found["ada"]
    assert (ada.won_deals, ada.size) == (5, 200)
    # 30, 40, 50, 60, 80, 120 days closed and one open for 30: three of six and a half.
    assert ada.cycle is not None and (ada.cycle.middle, ada.cycle.ended, ada.cycle.running) == (60, 6, 1)
    assert (found["bob"].size, found["bob"].cycle, found["bob"].won_deals) == (None, None, 0)


def test_a_partner_that_only_acted_has_indicators_too() -> None:
    found = indicators_of(gather_deals(ROWS, [], TODAY), [Act("eve", day("2025-05-05"))])
    assert (found["eve"].introductions, found["eve"].won_deals) == (0, 0)


# -- tiers -------------------------------------------------------------------------------------------------

RULES = Thresholds(tiers=(("gold", 500.0), ("member", 0.0)))


def changes(
    earlier: dict[str, Placed], tiers: Any = RULES.tiers, rules: Thresholds = RULES
) -> dict[str, Any]:
    deals = gather_deals(
        [deal(at, "ada", "2025-10-01", "2025-12-01", "won", "200") for at in range(3)], [], TODAY
    )
    found = portfolio(deals, {f"d{at}": "Sourced" for at in range(3)}, [("eve", deals.end)], {}, rules)
    return {one.partner: one for one in tier_changes(earlier, tiers, found, rules)}


def test_a_change_of_tier_names_the_amount_that_moved() -> None:
    found = changes({"ada": Placed("member", 90.0), "eve": Placed("gold", 700.0)})
    assert (found["ada"].before, found["ada"].after) == ("member", "gold")
    assert found["ada"].because == "won in 182 days went from 90 to 600; gold begins at 500"
    assert found["eve"].because == "won in 182 days went from 700 to 0; gold begins at 500"


def test_a_change_of_thresholds_is_told_as_one() -> None:
    found = changes(
        {"ada": Placed("member", 590.0), "eve": Placed("member", 0.0)}, (("gold", 1_000.0), ("member", 0.0))
    )
    assert set(found) == {"ada"}
    assert found["ada"].because.startswith("the thresholds moved: gold begins at 500, before at 1,000; won")
    # The tier would have come under the old line, too: it is the amount.
    found = changes({"ada": Placed("member", 90.0)}, (("gold", 550.0), ("member", 0.0)))
    assert found["ada"].because == "won in 182 days went from 90 to 600; gold begins at 550"


def test_partners_that_came_or_went_are_listed() -> None:
    found = changes({"old": Placed("gold", 900.0), "ada": Placed("gold", 600.0)})
    assert (found["old"].after, found["old"].because) == ("", "has no deal and no action any more")
    assert (found["eve"].before, found["eve"].because) == ("", "not in the earlier report")
    assert "ada" not in found


# -- the command -------------------------------------------------------------------------------------------


def write(place: Path, rows: list[dict[str, str]]) -> str:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    place.write_text("\n".join(lines) + "\n")
    return str(place)


def run(*words: str) -> Result:
    return CliRunner().invoke(overlap, ["partners-report", *words], standalone_mode=False)


def act(partner: str, date: str, type_: str, deal_id: str) -> dict[str, str]:
    return {"partner": partner, "date": date, "type": type_, "deal_id": deal_id}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    acts = [act("ada", "2025-01-05", "introduction", f"d{at}") for at in range(6)]
    acts.append(act("=cmd()", "2025-12-01", "demo", ""))
    statuses = [{"deal_id": f"d{at}", "status": "Sourced"} for at in range(6)]
    return [
        write(tmp_path / "deals.csv", ROWS),
        write(tmp_path / "actions.csv", acts),
        "--statuses",
        write(tmp_path / "statuses.csv", statuses),
    ]


def test_the_report_is_the_same_on_screen_page_csv_and_json(files: list[str], tmp_path: Path) -> None:
    answer = json.loads(run(*files, "--json").stdout)
    ada = next(one for one in answer["partners"] if one["partner"] == "ada")["indicators"]
    assert (ada["became"]["count"], ada["became"]["of"], ada["won"]["count"]) == (6, 6, 5)
    assert answer["as_of"] == "2025-12-31" and answer["tiers"]["gold"] == 250_000
    out, page = tmp_path / "r.csv", tmp_path / "r.html"
    text = run(*files, "--csv", str(out), "--html", str(page)).stdout
    with out.open(newline="") as file:
        rows = {row["partner"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"ada", "bob", "'=cmd()"}
    assert (rows["ada"]["became_deals"], rows["ada"]["median_cycle"], rows["ada"]["open_deals"]) == (
        "6",
        "60",
        "1",
    )
    assert (rows["bob"]["median_size"], rows["bob"]["closed_deals"], rows["bob"]["at_risk"]) == (
        "",
        "",
        "yes",
    )
    html = page.read_text()
    cycle = "60 days [30, 120], 6 closed, 1 open"
    for told in ("6 of 6, 100 %", cycle, *answer["limits"]):
        assert told in text and told.replace("'", "&#x27;") in html


def test_tiers_are_compared_with_an_earlier_report(files: list[str], tmp_path: Path) -> None:
    """In June the wins of spring lay inside the 182 days; at the end of the year they do not."""
    earlier, page = tmp_path / "earlier.json", tmp_path / "page.html"
    tiers = ("--tier", "gold=1000", "--tier", "member=0")
    earlier.write_text(run(*files, *tiers, "--as-of", "2025-06-30", "--json").stdout)
    words = (*files, *tiers, "--since", str(earlier), "--html", str(page))
    answer = json.loads(run(*words, "--json").stdout)
    assert answer["since"] == json.loads(earlier.read_text())["as_of"] == "2025-06-01"
    because = {one["partner"]: one["because"] for one in answer["tier_changes"]}
    told = "won in 182 days went from 1,550 to 0; gold begins at 1,000"
    assert because["ada"] == told and because["=cmd()"] == "not in the earlier report"
    assert f"tier       ada: gold -> member, {told}" in run(*words).stdout
    assert "Tiers that changed since 2025-06-01" in page.read_text() and told in page.read_text()
    same = json.loads(run(*files, *tiers, "--json").stdout)
    assert "tier_changes" not in same
    earlier.write_text(json.dumps(same))
    assert json.loads(run(*words, "--json").stdout)["tier_changes"] == []


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"partners": 3}', '{"partners": [{"partner": "a"}]}',
     '{"partners": [{"partner": "a", "tier": "gold", "won": NaN}]}',
     '{"partners": [{"partner": "a", "tier": "gold", "won": true}]}',
     '{"partners": [], "tiers": [1]}', '{"partners": [], "tiers": {"gold": "x"}}', "[" * 100_000],
)  # fmt: skip
def test_another_file_is_no_earlier_report(files: list[str], tmp_path: Path, text: str) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(text)
    done = run(*files, "--since", str(earlier), "--json")
    assert isinstance(done.exception, BadInput) and "no answer of" in str(done.exception)
