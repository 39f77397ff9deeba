"""The whole of attribution at its size: statuses, all heuristics, payouts.

    python -m benchmarks.attribution [--actions 1000000] [--deals 100000] [--partners 10000]

Tables as a folder has them are written by a process of its own. Then, in this one: read, judge, the table
of statuses and headlines; journeys in one currency, credited by every heuristic; events of won deals, rated
under a plan with tiers, caps and a fee, and their totals. Seconds are wall and processor of each step, memory
is the highest of the process. To hold: statuses, heuristics and payouts together in 10 s and 1 GiB on two
processors.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

import pyarrow as pa

from benchmarks.payouts import PLAN
from benchmarks.pipeline import NOW
from benchmarks.statuses import read_made
from cleanroom.attribution import earnings, models, observed, payouts
from cleanroom.attribution.classification import (
    Judged,
    Pipeline,
    RuleBook,
    headline_table,
    judge_pipeline,
    parse_rules,
    status_table,
)
from cleanroom.memory import give_back
from cleanroom.session.attribution.crediting import Here
from cleanroom.session.attribution.earning import standing_of

CURRENCY = "EUR"
#: Four years of deals under one version of the plan.
LONG_PLAN = PLAN.replace('from = "2026-01-01"', 'from = "2022-01-01"').replace("2027-01-01", "2028-01-01")
HEURISTICS = [one for one in models.IDS if not one.startswith(("markov", "shapley"))]


class Clock:
    """Seconds of each step, wall and processor."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is inside."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.steps[name] = (time.perf_counter() - wall, time.process_time() - processor)
        print(f"{name:<12} {self.steps[name][0]:6.2f} s, {self.steps[name][1]:6.2f} CPU s, {peak()} MiB")


def peak() -> int:
    """The highest memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Make, judge, model, pay, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--partners", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    given.one_deal = False
    pa.set_memory_pool(pa.system_memory_pool())
    clock = Clock()
    standing = _statuses(clock, given)
    give_back()
    with clock.step("events"):
        earned = earnings.earn(standing, earnings.Taken(), "2026-11-22")
        del standing
    with clock.step("payouts"):
        plan = payouts.read_plan(LONG_PLAN.encode())
        rated = payouts.rate([plan], payouts.read_events(earned.new), _rates(), NOW // 86_400)
        totals = payouts.totals_of(rated.lines, NOW // 86_400)
    wanted = ("statuses", "journeys", "heuristics", "standing", "events", "payouts")
    wall, processor = (sum(clock.steps[name][at] for name in wanted) for at in (0, 1))
    print(f"together     {wall:6.2f} s, {processor:6.2f} CPU s, {peak()} MiB")
    print(f"{len(earned.new):,} events, {len(rated.lines):,} lines, {len(totals):,} totals")
    if given.json:
        answer = {"steps": clock.steps, "wall": wall, "processor": processor, "peak_mib": peak()}
        given.json.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


def _statuses(clock: Clock, given: argparse.Namespace) -> earnings.StandingNow:
    """Judge and model; what stands is all that is left of it, as a close leaves it."""
    with tempfile.TemporaryDirectory() as place, clock.step("reading"):
        made = read_made(Path(place), given)
        give_back()
    rules = resources.files("cleanroom.attribution.classification").joinpath("default.toml").read_bytes()
    book = RuleBook([parse_rules(rules)])
    pipeline = Pipeline(book, NOW, made.opportunities, made.actions, made.stages, made.holdings)
    with clock.step("statuses"):
        judged = judge_pipeline(pipeline)
        give_back()
        statuses, headlines = status_table(judged), headline_table(judged)
        give_back()
    print(f"{len(statuses):,} statuses")
    _models(clock, judged)
    give_back()
    with clock.step("standing"):
        return standing_of(Here(pipeline, judged, statuses, headlines, 0), frozenset(), with_known=False)


def _models(clock: Clock, judged: Judged) -> None:
    """Every heuristic over the journeys in one currency."""
    with clock.step("journeys"):
        chosen, touches = observed.choose_deals(judged, CURRENCY), observed.gather_touches(judged)
        names = observed.step_names(judged.partners)
        paths = observed.journey_rows(judged, chosen, touches, names)
    with clock.step("heuristics"):
        credited = models.credit(models.gather(*zip(*paths.rows, strict=True)), HEURISTICS)
    print(f"{len(paths.rows):,} paths, {len(credited.credits)} formulas")


def _rates() -> payouts.Rates:
    """A rate for each day and currency of the deals."""
    first = date(2022, 1, 1)
    rows = [
        [(first + timedelta(days)).isoformat(), name, "EUR", f"{whole}{days % 97:02d}", "made up"]
        for days in range((date(2027, 1, 1) - first).days)
        for name, whole in (("USD", "0.9"), ("JPY", "0.0061"))
    ]
    rates, _ = payouts.read_rates(rows)
    return rates


if __name__ == "__main__":
    main()
