"""The benchmark beside the peers: its strings, its judgement, its medians and its picture."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from array import array
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from overlap.engine import Engine
from overlap.exchange import exchange

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    """A benchmark's module under its own name, so that the next can import it."""
    spec = spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


figures, strings, runs, plot, cases, checks, agree = map(
    load, ("peer_figures", "peer_strings", "peer_runs", "plot", "agree_cases", "agree_checks", "agree")
)


def make_run(system: str, n: int, cpu: float, result: str = "exact", wire: int = 1000) -> dict[str, Any]:
    seconds = {"wall": cpu / 2, "cpu": cpu, "command": cpu + 1, "command_cpu": cpu + 2}
    peaks = {"peak": [10, 20], "messages": 900, "wire": wire}
    return {"system": system, "n": n, "repeat": 0, "result": result, **seconds, **peaks}


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_half_of_the_strings_are_common_and_the_seed_decides_which(count: int, tmp_path: Path) -> None:
    drawn = strings.draw_strings(count, 5, tmp_path)
    left, right = (drawn.of(role).tolist() for role in ("starter", "responder"))
    assert len(set(left)) == len(set(right)) == count
    assert sorted(set(left) & set(right)) == drawn.common.tolist() and len(drawn.common) == count // 2
    lines = (tmp_path / "starter.csv").read_text().splitlines()
    assert lines[0] == "id" and lines[1] == left[0].decode().strip()
    assert len(lines[1]) == 20 and lines[1].endswith(".com")
    again = strings.draw_strings(count, 5, tmp_path)
    assert again.of("starter").tolist() == left
    assert count < 7 or strings.draw_strings(count, 6, tmp_path).of("starter").tolist() != left


def answers(drawn: Any, folder: Path) -> dict[str, dict[str, Any]]:
    """What two parties report that found all."""
    reported = {}
    for role in runs.ROLES:
        listed = drawn.of(role)
        positions = np.flatnonzero(np.isin(listed, drawn.common))
        places, tokens = folder / f"{role}.positions", folder / f"{role}.tokens"
        places.write_bytes(array("I", positions.tolist()).tobytes())
        tokens.write_bytes(b"".join(listed[at][:16] for at in positions))
        reported[role] = {"found": len(positions), "positions": str(places), "tokens": str(tokens)}
    return reported


def test_a_right_answer_is_exact_and_each_wrong_one_is_not(tmp_path: Path) -> None:
    drawn = strings.draw_strings(40, 1, tmp_path)
    right = answers(drawn, tmp_path)
    assert runs.judge(drawn, right) == figures.EXACT
    assert runs.judge(drawn, {**right, "starter": {"found": 19}}) == "wrong: 19 of 20"
    others = tmp_path / "others"
    others.write_bytes(array("I", range(20)).tobytes())
    moved = {**right["starter"], "positions": str(others)}
    assert runs.judge(drawn, {**right, "starter": moved}).startswith("wrong")
    tokens = Path(right["responder"]["tokens"])
    tokens.write_bytes(tokens.read_bytes()[16:] + bytes(16))
    assert runs.judge(drawn, right) == "wrong: the tokens of the sides differ"


def test_rows_of_a_file_are_judged(tmp_path: Path) -> None:
    drawn = strings.draw_strings(40, 1, tmp_path)
    rows = tmp_path / "rows.csv"
    rows.write_bytes(b'"id"\n' + drawn.common.tobytes())
    facts = {"starter": {"rows": str(rows)}, "responder": {}}
    assert runs.judge(drawn, facts) == figures.EXACT
    rows.write_bytes(b'"id"\n' + drawn.common[1:].tobytes())
    assert runs.judge(drawn, facts).startswith("wrong: 19 of 20")


@pytest.mark.parametrize("protocol", ["dh-2hash/1", "vole-rr22/1"])
def test_two_processes_of_ours_agree(protocol: str, tmp_path: Path) -> None:
    system = runs.System("ours", sys.executable, BENCHMARKS / "parties" / "ours.py", {"protocol": protocol})
    result = runs.run_once(runs.Case(system, strings.draw_strings(60, 2, tmp_path), tmp_path, 1))
    assert result.verdict == figures.EXACT
    facts = result.facts()
    assert 0 < facts["cpu"] < facts["command_cpu"] and facts["wall"] < facts["command"]
    assert facts["messages"] > 60 * 32 and min(facts["peak"]) > 2**20


def test_a_party_that_fails_ends_the_run(tmp_path: Path) -> None:
    system = runs.System("ours", sys.executable, BENCHMARKS / "parties" / "ours.py", {"protocol": "none/1"})
    with pytest.raises(SystemExit, match="none/1"):
        runs.run_once(runs.Case(system, strings.draw_strings(4, 2, tmp_path), tmp_path, 1))


def test_figures_are_medians_and_show_a_wrong_answer() -> None:
    made = [make_run("a", 10, cpu) for cpu in (3.0, 1.0, 2.0)] + [make_run("a", 20, 5.0, "wrong: 1", wire=0)]
    first, second = figures.figures({"runs": made})
    assert (first.cpu, first.wall, first.sent, first.peak) == (2.0, 1.0, 1000, 20)
    assert (first.repeats, first.result) == (3, figures.EXACT)
    assert (second.sent, second.result) == (900, "wrong: 1")


def test_the_exponent_of_a_power_is_found() -> None:
    made = [make_run("a", n, 3e-6 * n**1.25) for n in (10_000, 100_000, 1_000_000, 10_000_000)]
    # What lies below the fitted range may be anything.
    made[0]["cpu"] = 50.0
    made.append(make_run("once", 100_000, 1.0))
    assert figures.fit_exponents(figures.figures({"runs": made}), "cpu") == {"a": pytest.approx(1.25)}


def test_results_are_added_to_and_replaced(tmp_path: Path) -> None:
    place = tmp_path / "results.json"
    results = figures.read_results(place)
    results["machine"], results["versions"] = "one\ntwo", {"a": {"Python": "3"}}
    results["runs"] = [make_run("a", 10, 1.0), make_run("a", 20, 1.0), make_run("b", 10, 1.0)]
    figures.write_results(results, place)
    again = figures.read_results(place)
    assert again == results
    figures.forget_runs(again, {"a"}, {10})
    assert [(run["system"], run["n"]) for run in again["runs"]] == [("a", 20), ("b", 10)]


def test_the_picture_has_every_point_and_marks_the_wrong_one() -> None:
    made = [make_run(name, n, n / 1e5) for name in ("ours-a", "ours-a-b", "peer<1>") for n in (10**5, 10**6)]
    made[-1]["result"] = "wrong: 1 of 2"
    drawn = plot.draw(figures.figures({"runs": made}), "a processor & more\nPython 3")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    circles = root.findall(f"{space}circle")
    assert len(circles) == 2 * len(made)
    assert sum(circle.get("class") == "hollow" for circle in circles) == 2
    texts = [str(element.text) for element in root.findall(f"{space}text")]
    assert "peer<1>, n^1.00" in texts and any("a processor & more" in text for text in texts)
    assert any("Hollow" in text for text in texts)
    for circle in circles:
        assert (
            0 < float(circle.get("cx", "-1")) < plot.WIDTH and 0 < float(circle.get("cy", "-1")) < plot.HEIGHT
        )


def test_cases_of_the_agreement_have_the_shapes_that_they_are_named_after() -> None:
    seen = {}
    for number in range(200):
        case = cases.make_case(1, number)
        assert case == cases.make_case(1, number)
        assert max(len(case.left), len(case.right)) <= cases.MOST_ACCOUNTS
        left, right = set(case.left), set(case.right)
        seen[case.shape] = case
        if case.shape == "empty side":
            assert not left or not right
        elif case.shape == "the same list":
            assert left == right
        elif case.shape == "one in the other":
            assert left <= right or right <= left
        elif case.shape == "nothing shared":
            assert not left & right
    assert len(seen) == 8
    small = [cases.make_case(1, number, 10) for number in range(1, 200) if number % cases.FULL]
    assert max(max(len(case.left), len(case.right)) for case in small) == 10
    repeated = [cases.make_case(1, number) for number in range(len(cases.SHAPES) - 1, 200, len(cases.SHAPES))]
    assert any(len(set(case.left)) < len(case.left) and set(case.left) & set(case.right) for case in repeated)


def test_the_agreement_sees_a_wrong_answer() -> None:
    case = cases.make_case(1, len(cases.SHAPES) - 1)
    sides = cases.hold(case.left), cases.hold(case.right)
    common = set(case.left) & set(case.right)
    with Engine(1) as engine:
        run = exchange(*(side.listed.encoded for side in sides), "overlaps", ("domain",), engine)
        counted = exchange(*(side.listed.encoded for side in sides), "counts", ("domain",), engine)
    assert checks.check_overlaps(run, sides, common) == ""
    assert "missing" in checks.check_overlaps(run, sides, common | {"other.com"})
    assert "too many" in checks.check_overlaps(run, sides, common - {min(common)})
    assert checks.check_counts(counted, sides, common) == ""
    assert "counted" in checks.check_counts(counted, sides, common | {"other.com"})


def test_the_agreement_sees_a_wrong_sum() -> None:
    sides = cases.hold(["a.com", "b.com", "c.com", "d.com"]), cases.hold(["d.com", "c.com", "b.com"])
    common = {"b.com", "c.com", "d.com"}
    amounts = checks.AMOUNTS, [checks.amount_of(domain) for domain in sides[1].values]
    with Engine(1) as engine:
        left, right = (side.listed.encoded for side in sides)
        run = exchange(left, right, "sum", ("domain",), engine, amounts=amounts)
    assert checks.check_sum(run, sides, common) == ""
    assert "not" in checks.check_sum(run, sides, common - {"d.com"})
    amounts[1][0] += 100
    with Engine(1) as engine:
        run = exchange(left, right, "sum", ("domain",), engine, amounts=amounts)
    assert "not" in checks.check_sum(run, sides, common)
