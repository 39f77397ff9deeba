"""Credit models against published worked cases and against plain re-computations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from cleanroom.attribution.models import IDS, credit, find_formulas, gather, spreads
from cleanroom.attribution.models.chain import chain_of
from cleanroom.attribution.models.crediting import estimate
from cleanroom.attribution.models.heuristics import HEURISTICS
from cleanroom.attribution.models.journeys import Journeys
from cleanroom.attribution.models.linearised import chain_errors, heuristic_errors
from cleanroom.attribution.models.markov import removals
from cleanroom.attribution.models.resampling import bootstrap
from cleanroom.attribution.models.shapley import rate_game
from cleanroom.attribution.models.solving import Sparse, inverse
from cleanroom.attribution.stream import words
from overlap.errors import Refused, UsageError


def conversions(journeys: Journeys, formula: str) -> dict[str, float]:
    found, _, _ = estimate(formula, journeys)
    return dict(zip(journeys.partners, map(float, found), strict=True))


def values(journeys: Journeys, formula: str) -> dict[str, float]:
    _, found, _ = estimate(formula, journeys)
    return dict(zip(journeys.partners, map(float, found), strict=True))


#: Adobe Analytics, "Attribution models and lookback windows", Example: a purchase of 50 dollars.
ADOBE = gather(["paid search > social > email > display"], [1], [50.0])


@pytest.mark.parametrize(
    ("formula", "paid_search", "social", "email", "display"),
    [
        ("first", 50, 0, 0, 0),
        ("last", 0, 0, 0, 50),
        ("linear", 12.5, 12.5, 12.5, 12.5),
        ("j:20-20-60", 10, 5, 5, 30),
        ("u:40-20-40", 20, 5, 5, 20),
        ("inverse-j:60-20-20", 30, 5, 5, 10),
        ("participation", 50, 50, 50, 50),
        ("u:50-50", 25, 0, 0, 25),
        ("equal-split", 12.5, 12.5, 12.5, 12.5),
    ],
)
def test_adobes_journey_of_fifty_dollars(
    formula: str, paid_search: float, social: float, email: float, display: float
) -> None:
    expected = {"paid search": paid_search, "social": social, "email": email, "display": display}
    assert values(ADOBE, formula) == pytest.approx(expected, abs=1e-12)


#: Mixpanel, "Attribution models": six touches and two touches. Amplitude, "Attribute credit to multiple
#: acquisition touch points": two property values under J-shaped get 30 and 70 %, under inverse J 70 and 30 %.
@pytest.mark.parametrize(
    ("formula", "six", "two"),
    [
        ("u:40-20-40", (40, 5, 5, 5, 5, 40), (50, 50)),
        ("j:20-20-60", (20, 5, 5, 5, 5, 60), (25, 75)),
        ("inverse-j:60-20-20", (60, 5, 5, 5, 5, 20), (75, 25)),
        ("j:20-20-60:30-70", (20, 5, 5, 5, 5, 60), (30, 70)),
        ("inverse-j:60-20-20:70-30", (60, 5, 5, 5, 5, 20), (70, 30)),
    ],
)
def test_weights_of_mixpanel_and_amplitude(formula: str, six: Sequence[float], two: Sequence[float]) -> None:
    assert list(conversions(gather(["a > b > c > d > e > f"], [100]), formula).values()) == pytest.approx(six)
    assert list(conversions(gather(["a > b"], [100]), formula).values()) == pytest.approx(two)
    assert conversions(gather(["a"], [100]), formula) == {"a": 100}


def test_snowplows_integration_test() -> None:
    """dbt-snowplow-attribution, integration_tests, expected channel attributions, rounded to whole units.

    First, last, linear and both ends of 40/20/40 are those of its file. Its middle steps (2 of 66.50, 7 of
    140) are not a fifth, and its rows do not add up; ours do.
    """
    paths = [
        "Direct",
        "Direct",
        "Video",
        "Organic > Display > Organic",
        "Direct > Organic > Direct",
        "Direct",
    ]
    journeys = gather(paths, [1] * 6, [50.0, 20.42, 200.0, 66.5, 140.0, 24.0])
    ends = {"Direct": 50 + 20.42 + 140 + 24, "Display": 0, "Organic": 66.5, "Video": 200}
    assert values(journeys, "first") == pytest.approx(ends)
    assert values(journeys, "last") == pytest.approx(ends)
    for path, value, each, end in ((paths[3], 66.5, 22, 27), (paths[4], 140.0, 47, 56)):
        one = gather([path], [1], [value])
        middle = path.split(" > ")[1]
        assert round(values(one, "linear")[middle]) == each
        outer = next(partner for partner in one.partners if partner != middle)
        assert round(values(one, "u:40-20-40")[outer] / 2) == end
        assert values(one, "u:40-20-40")[middle] == pytest.approx(value / 5)


#: mta 0.0.9, tests of heuristic models: proportional linear counts repeated touches.
def test_repeated_steps_count_as_steps_in_linear_and_once_in_equal_split() -> None:
    journeys = gather(["a > a > b"], [6])
    assert conversions(journeys, "linear") == pytest.approx({"a": 4, "b": 2})
    assert conversions(journeys, "equal-split") == pytest.approx({"a": 3, "b": 3})
    assert conversions(journeys, "participation") == pytest.approx({"a": 6, "b": 6})
    assert conversions(journeys, "u:40-20-40") == pytest.approx({"a": 3.6, "b": 2.4})


def test_markov_of_dp6s_nine_paths() -> None:
    """DP6 Marketing-Attribution-Models, tests/test_mam.py: nine paths with three conversions each."""
    paths = ["A", "A > B", "A > B > C", "B", "B > A", "B > C > A", "C", "C > A", "C > B > A"]
    expected = {"A": 10.643154, "B": 8.514523, "C": 7.842324}
    assert conversions(gather(paths, [3] * 9), "markov:1") == pytest.approx(expected, abs=5e-7)


README = (
    *("Email > Social", "Search > Email", "Social", "Email > Search", "Search > Social > Email", "Direct"),
    *("Email > Social", "Search > Email > Social", "Social > Email", "Search"),
)
WON = (1, 1, 1, 0, 1, 1, 0, 1, 1, 0)
JOURNEYS = gather(README, WON, None, [1 - won for won in WON])


def test_removal_effects_of_do_attributions_readme() -> None:
    """do-attribution 0.0.2, README, Quick start: redirect to null; effects and shares to four places."""
    effects = [round(each.conversions / 7, 4) for each in removals(chain_of(JOURNEYS, 1))]
    assert dict(zip(JOURNEYS.partners, effects, strict=True)) == {
        "Direct": 0.1429,
        "Email": 0.6571,
        "Search": 0.3214,
        "Social": 0.5584,
    }
    shares = {partner: round(each / 7, 4) for partner, each in conversions(JOURNEYS, "markov:1").items()}
    assert shares == {"Direct": 0.085, "Email": 0.3912, "Search": 0.1913, "Social": 0.3324}


def naive_chain(  # noqa: C901
    rows: Sequence[tuple[str, int, float, int]], order: int
) -> dict[str, tuple[float, float]]:
    """Removal effects by building and solving the chain again without each partner, in fractions."""
    moves: dict[object, dict[object, Fraction]] = {}
    worth: dict[object, Fraction] = {}
    won: dict[object, int] = {}
    for path, conversions, value, nulls in rows:
        steps = path.split(" > ")
        windows = [tuple(steps[at : at + order]) for at in range(max(len(steps) - order + 1, 1))]
        for before, after in zip(["start", *windows], windows, strict=False):
            moves.setdefault(before, {}).setdefault(after, Fraction(0))
            moves[before][after] += conversions + nulls
        end = moves.setdefault(windows[-1], {})
        end["won"] = end.get("won", Fraction(0)) + conversions
        end["lost"] = end.get("lost", Fraction(0)) + nulls
        worth[windows[-1]] = worth.get(windows[-1], Fraction(0)) + Fraction(value)
        won[windows[-1]] = won.get(windows[-1], 0) + conversions
    partners = sorted({step for path, *_ in rows for step in path.split(" > ")})

    def solved(without: str | None) -> tuple[Fraction, Fraction]:
        states = [state for state in moves if without is None or without not in state or state == "start"]
        place = {state: at for at, state in enumerate(states)}
        table = [
            [Fraction(int(i == j)) for j in range(len(states))] + [Fraction(0)] * 2
            for i in range(len(states))
        ]
        for state in states:
            whole = sum(moves[state].values())
            for after, count in moves[state].items():
                if after in place:
                    table[place[state]][place[after]] -= count / whole
            chance = moves[state].get("won", Fraction(0)) / whole
            table[place[state]][-2] = chance
            table[place[state]][-1] = chance * worth[state] / won[state] if won.get(state) else Fraction(0)
        for at in range(len(states)):
            swap = next(row for row in range(at, len(states)) if table[row][at])
            table[at], table[swap] = table[swap], table[at]
            table[at] = [cell / table[at][at] for cell in table[at]]
            for row in range(len(states)):
                if row != at and table[row][at]:
                    factor = table[row][at]
                    table[row] = [
                        cell - factor * top for cell, top in zip(table[row], table[at], strict=True)
                    ]
        return table[place["start"]][-2], table[place["start"]][-1]

    all_won, all_worth = solved(None)
    found = {}
    for partner in partners:
        kept, kept_worth = solved(partner)
        found[partner] = (float(1 - kept / all_won), float(1 - kept_worth / all_worth))
    return found


def random_rows(seed: int, partners: int, rows: int) -> list[tuple[str, int, float, int]]:
    draw = np.random.default_rng(seed)
    found = {}
    for _ in range(rows):
        path = " > ".join(f"p{at}" for at in draw.integers(0, partners, draw.integers(1, 7)))
        won = int(draw.integers(0, 4))
        found[path] = (
            path,
            won,
            float(won * draw.integers(1, 90)) / 4,
            int(draw.integers(0, 4)) + (won == 0),
        )
    return list(found.values())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", [1, 2])
def test_closed_form_equals_solving_the_chain_again_without_each_partner(order: int, seed: int) -> None:
    rows = random_rows(seed, 4, 14)
    journeys = gather(*zip(*rows, strict=True))
    expected = naive_chain(rows, order)
    found = list(removals(chain_of(journeys, order)))
    for partner, each in zip(journeys.partners, found, strict=True):
        effect, worth = expected[partner]
        assert each.conversions / journeys.conversions.sum() == pytest.approx(effect, abs=1e-12)
        assert each.value / journeys.values.sum() == pytest.approx(worth, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_iteration_and_elimination_say_the_same(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows(7, 9, 300)
    journeys = gather(*zip(*rows, strict=True))
    chain = chain_of(journeys, order)
    dense = list(removals(chain))
    monkeypatch.setattr("cleanroom.attribution.models.markov.DENSE_STATES", 0)
    for one, other in zip(dense, removals(chain), strict=True):
        assert other.conversions == pytest.approx(one.conversions, rel=1e-9)
        assert other.value == pytest.approx(one.value, rel=1e-9)
        np.testing.assert_allclose(other.chance, one.chance, atol=1e-10)
        np.testing.assert_allclose(other.reach, one.reach, atol=1e-10)


def test_iteration_masters_a_pair_that_journeys_hardly_leave() -> None:
    endless = " > ".join(["ping", "pong"] * 400)
    journeys = gather([endless, "other", "other > ping"], [1, 5, 2], None, [0, 3, 1])
    chain = chain_of(journeys, 1)
    out = np.zeros((chain.states, 1))
    found = Sparse(chain).solve(chain.won[:, None], out)
    table = np.diag(chain.visits)
    table[chain.moves] -= chain.counts
    np.testing.assert_allclose(found[:, 0], np.linalg.solve(table, chain.won), rtol=1e-9)


def test_the_chance_to_win_of_a_chain_of_order_one_is_the_observed_rate() -> None:
    rows = random_rows(3, 6, 60)
    journeys = gather(*zip(*rows, strict=True))
    chain = chain_of(journeys, 1)
    table = np.diag(chain.visits)
    table[chain.moves] -= chain.counts
    chance = np.linalg.solve(table, chain.won)
    assert chain.began @ chance == pytest.approx(journeys.conversions.sum(), rel=1e-12)


def test_an_inverse_by_elimination_is_one() -> None:
    matrices = np.eye(7) * 3 - np.random.default_rng(5).uniform(0, 0.3, (4, 7, 7))
    np.testing.assert_allclose(
        inverse(matrices) @ matrices, np.broadcast_to(np.eye(7), (4, 7, 7)), atol=1e-13
    )


def test_a_partner_of_rows_without_journeys_gets_nothing_and_harms_nothing() -> None:
    with_ghost = gather(["a > b", "ghost > a", "b"], [2, 0, 1], None, [1, 0, 2])
    without = gather(["a > b", "b"], [2, 1], None, [1, 2])
    for formula in IDS:
        found = conversions(with_ghost, formula)
        assert found.pop("ghost") == 0
        assert found == pytest.approx(conversions(without, formula), abs=1e-12)


def test_without_any_conversion_everything_is_zero() -> None:
    journeys = gather(["a > b", "b"], [0, 0], None, [3, 4])
    for each in credit(journeys).credits.values():
        assert not each.conversions.any() and not each.value.any()


def test_leaving_lost_journeys_out_is_the_share_of_journeys_through_a_partner() -> None:
    """Without lost journeys the chain can only miss what goes through the partner."""
    journeys = gather(["a > b", "b", "c"], [1, 2, 1], None, [5, 0, 9]).without_lost()
    effects = [each.conversions / 4 for each in removals(chain_of(journeys, 1))]
    assert effects == pytest.approx([0.25, 0.75, 0.25])


# -- the rate game -----------------------------------------------------------------------------------------


def slow_shapley(rows: Sequence[tuple[str, int, float, int]]) -> dict[str, Fraction]:
    """By all orders of arrival."""
    partners = sorted({step for path, *_ in rows for step in path.split(" > ")})

    def rate(inside: set[str]) -> Fraction:
        some = [(won, won + lost) for path, won, _, lost in rows if set(path.split(" > ")) <= inside]
        whole = sum(total for _, total in some)
        return Fraction(sum(won for won, _ in some), whole) if whole else Fraction(0)

    found = dict.fromkeys(partners, Fraction(0))
    orders = list(permutations(partners))
    for order in orders:
        inside: set[str] = set()
        for partner in order:
            before = rate(inside)
            inside = inside | {partner}
            found[partner] += (rate(inside) - before) / len(orders)
    return found


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_rate_game_is_the_mean_over_all_orders(seed: int) -> None:
    rows = random_rows(seed, 5, 25)
    journeys = gather(*zip(*rows, strict=True))
    expected = {partner: float(phi) * journeys.total for partner, phi in slow_shapley(rows).items()}
    assert conversions(journeys, "shapley:rate") == pytest.approx(expected, abs=1e-9)


def test_the_axioms_of_the_rate_game() -> None:
    rows = random_rows(21, 6, 60)
    journeys = gather(*zip(*rows, strict=True))
    # Efficiency.
    assert rate_game(journeys).conversions.sum() == pytest.approx(journeys.conversions.sum(), rel=1e-12)
    # Symmetry: a twin that is always beside p0 gets what p0 gets.
    twins = [(path.replace("p0", "p0 > twin"), *rest) for path, *rest in rows]
    found = conversions(gather(*zip(*twins, strict=True)), "shapley:rate")
    assert found["twin"] == pytest.approx(found["p0"], abs=1e-9)
    # Null player: a partner whose presence changes no rate.
    idle = [
        ("a", 3, 0.0, 1),
        ("a > idle", 3, 0.0, 1),
        ("b", 1, 0.0, 1),
        ("b > idle", 1, 0.0, 1),
        ("idle", 0, 0.0, 0),
    ]
    assert conversions(gather(*zip(*idle, strict=True)), "shapley:rate")["idle"] == pytest.approx(
        0, abs=1e-12
    )
    # Additivity: conversions are value and value is conversions twice over.
    doubled = gather([row[0] for row in rows], [row[1] for row in rows], [2 * row[1] for row in rows],
                     [row[3] for row in rows])  # fmt: skip
    assert rate_game(doubled).value == pytest.approx(2 * rate_game(doubled).conversions, abs=1e-9)


def test_the_rate_game_may_be_negative() -> None:
    assert (
        conversions(gather(["good", "good > bad", "bad"], [9, 1, 0], None, [1, 9, 5]), "shapley:rate")["bad"]
        < 0
    )


def test_equal_split_is_the_shapley_value_of_the_sum() -> None:
    rows = random_rows(31, 5, 30)
    partners = sorted({step for path, *_ in rows for step in path.split(" > ")})
    found = dict.fromkeys(partners, Fraction(0))
    orders = list(permutations(partners))
    for order in orders:
        inside: set[str] = set()
        for partner in order:
            before = sum(won for path, won, *_ in rows if set(path.split(" > ")) <= inside)
            inside = inside | {partner}
            after = sum(won for path, won, *_ in rows if set(path.split(" > ")) <= inside)
            found[partner] += Fraction(after - before, len(orders))
    expected = {partner: float(phi) for partner, phi in found.items()}
    assert conversions(gather(*zip(*rows, strict=True)), "equal-split") == pytest.approx(expected, abs=1e-10)


# -- limits ------------------------------------------------------------------------------------------------


def test_twenty_five_partners_are_too_many_for_the_rate_game_and_stop_no_other_formula() -> None:
    journeys = gather([f"p{at:02}" for at in range(25)], [1] * 25)
    credited = credit(journeys)
    assert list(credited.refused) == ["shapley:rate"]
    assert "25" in credited.refused["shapley:rate"]
    assert set(credited.credits) == set(IDS) - {"shapley:rate"}


def test_more_partners_than_the_limit_are_refused_with_the_reason() -> None:
    journeys = gather([f"p{at:04}" for at in range(2_001)], [1] * 2_001)
    with pytest.raises(Refused, match="2,001 partners are more than markov:1 takes"):
        chain_of(journeys, 1)


def test_more_states_than_the_limit_are_refused_with_the_reason() -> None:
    paths = [f"p{one:03} > p{other:03}" for one in range(150) for other in range(150)]
    with pytest.raises(Refused, match=r"markov:2 would have 22,500 states, at most 20,000"):
        chain_of(gather(paths, [1] * len(paths)), 2)


# -- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["time-decay", "w", "full-path", "time-decay:30"])
def test_formulas_that_need_dates_are_refused_for_paths(name: str) -> None:
    with pytest.raises(Refused, match="path file holds no"):
        find_formulas([name])


@pytest.mark.parametrize(
    ("name", "hint"),
    [("u", "u:40-20-40, u:50-50"), ("j", "j:20-20-60"), ("markov", "markov:1"), ("shapley", "shapley:rate")],
)
def test_ambiguous_names_are_refused_with_the_ids_to_choose_from(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_formulas([name])
    assert hint in caught.value.hint


def test_an_unknown_name_is_refused_with_all_ids() -> None:
    with pytest.raises(UsageError) as caught:
        find_formulas(["magic"])
    assert all(each in caught.value.hint for each in IDS)


def test_formulas_come_once_and_in_one_order() -> None:
    assert find_formulas(["markov:1", "first", "markov:1"]) == ("first", "markov:1")
    assert find_formulas([]) == IDS


# -- intervals ---------------------------------------------------------------------------------------------


def many(seed: int = 4, rows: int = 400) -> Journeys:
    draw = np.random.default_rng(seed)
    found = {}
    for path, _, _, _ in random_rows(seed, 6, rows):
        found[path] = (int(draw.integers(0, 30)), int(draw.integers(1, 60)))
    return gather(list(found), [won for won, _ in found.values()], None, [lost for _, lost in found.values()])


def test_resamples_and_closed_form_agree_where_both_can_be_had() -> None:
    journeys = many()
    assert journeys.total > 8_192  # Groups are drawn, not single journeys.
    drawn = bootstrap(journeys, (*HEURISTICS, "markov:1"))
    chain = chain_of(journeys, 1)
    closed = {formula: heuristic_errors(formula, journeys) for formula in HEURISTICS}
    closed["markov:1"] = chain_errors(chain, list(removals(chain)), journeys)
    for formula, errors in closed.items():
        low, high = drawn[formula]
        np.testing.assert_allclose((high - low) / (2 * 1.96), errors, rtol=0.12, err_msg=formula)


def test_single_journeys_are_drawn_when_there_are_few() -> None:
    rows = random_rows(8, 4, 60)
    journeys = gather(*zip(*rows, strict=True))
    assert journeys.total < 8_192
    low, high = bootstrap(journeys, ["last"])["last"]
    found, _, errors = estimate("last", journeys)
    np.testing.assert_allclose((high - low) / (2 * 1.96), errors, rtol=0.12)
    assert (low <= found).all() and (found <= high).all()


def test_errors_in_closed_form_are_what_one_journey_more_changes() -> None:
    """The influence of every cell by numerical differentiation of the credits."""
    rows = random_rows(9, 4, 12)
    paths, won, _, lost = map(list, zip(*rows, strict=True))
    for formula in ("markov:1", "markov:2", "shapley:rate", "linear"):
        journeys = gather(paths, [1000 * each for each in won], None, [1000 * each for each in lost])
        base, _, errors = estimate(formula, journeys)
        squares, means = np.zeros(len(base)), np.zeros(len(base))
        for counts, is_won in ((won, True), (lost, False)):
            for at, count in enumerate(counts):
                if not count:
                    continue
                more = [1000 * each for each in counts]
                more[at] += 1
                cells = (
                    (more, [1000 * each for each in lost])
                    if is_won
                    else ([1000 * each for each in won], more)
                )
                influence = estimate(formula, gather(paths, cells[0], None, cells[1]))[0] - base
                squares += 1000 * count * influence**2
                means += 1000 * count * influence
        numeric = np.sqrt(squares - means**2 / journeys.total)
        np.testing.assert_allclose(errors, numeric, rtol=5e-3, err_msg=formula)


def test_an_interval_holds_its_estimate_and_no_negative_conversions() -> None:
    for journeys in (many(), gather(*zip(*random_rows(5, 5, 20), strict=True))):
        for formula, each in credit(journeys).credits.items():
            assert (each.low <= each.conversions).all() and (each.conversions <= each.high).all()
            assert formula == "shapley:rate" or (each.low >= 0).all()


@pytest.mark.slow
def test_intervals_cover_the_law_that_made_the_journeys() -> None:
    """100 data sets of 600 journeys from one chain; 95 % intervals of the share of conversions cover it.

    The law: a chain of three partners; true shares by solving it. Coverage of 100 within 90 to 99 %.
    """
    moves = np.array([[0.1, 0.3, 0.1], [0.2, 0.1, 0.2], [0.1, 0.2, 0.1]])
    won, begin = np.array([0.2, 0.1, 0.3]), np.array([0.5, 0.3, 0.2])
    whole = begin @ np.linalg.solve(np.eye(3) - moves, won)
    effects = []
    for out in range(3):
        keep = [at for at in range(3) if at != out]
        left = np.linalg.solve(np.eye(2) - moves[np.ix_(keep, keep)], won[keep])
        effects.append(1 - begin[keep] @ left / whole)
    expected = 600 * whole * np.array(effects) / sum(effects)
    # Where a step leads from each partner: to one of the three, to won, or to lost.
    going = np.cumsum(np.column_stack([moves, won, 1 - moves.sum(axis=1) - won]), axis=1)
    covered = np.zeros(3)
    for seed in range(100):
        draw = np.random.default_rng(seed)
        at = np.searchsorted(np.cumsum(begin), draw.random(600), "right")
        steps = [["abc"[one]] for one in at]
        alive, results = np.arange(600), [0] * 600
        while len(alive):
            at = (draw.random(len(alive))[:, None] >= going[at, :4]).sum(axis=1)
            for journey, step in zip(alive[at < 3].tolist(), at[at < 3].tolist(), strict=True):
                steps[journey].append("abc"[step])
            for journey in alive[at == 3].tolist():
                results[journey] = 1
            alive, at = alive[at < 3], at[at < 3]
        paths = [" > ".join(each) for each in steps]
        each = credit(gather(paths, results, None, [1 - one for one in results]), ["markov:1"]).credits[
            "markov:1"
        ]
        covered += (each.low <= expected) & (expected <= each.high)
    assert ((covered >= 90) & (covered <= 99)).all(), covered


def test_the_stream_of_words_is_fixed() -> None:
    """SHAKE-128 of no bytes begins 7f9c2ba4e88f827d6160 (FIPS 202, sample values)."""
    assert list(words(b"", "", 2, 2**31)) == [0xA42B9C7F >> 1, 0x7D828FE8 >> 1]
    assert (words(b"x", "y", 1000, 10) < 10).all()
    assert np.bincount(words(b"x", "y", 100_000, 8)).min() > 12_000


def test_the_spread_leaves_single_step_formulas_out_and_places_the_rule() -> None:
    journeys = gather(["a > b > c", "b", "c > b"], [5, 3, 2], None, [3, 9, 1])
    found = {each.partner: each for each in spreads(credit(journeys), {"a": 10, "b": 80, "c": 10})}
    assert found["b"].outside and "the rule gives 80 % (outside)" in found["b"].sentence
    assert not found["a"].outside
    shares = [conversions(journeys, formula)["b"] / 10 for formula in ("linear", "u:40-20-40", "markov:1")]
    assert found["b"].least <= min(shares) and max(shares) <= found["b"].most
    assert conversions(journeys, "last")["a"] / 10 < found["a"].least  # Last would have stretched it.
