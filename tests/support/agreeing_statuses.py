"""The engine beside the plain evaluator: `python -m agreeing_statuses 100000` from tests/support.

Prints how many opportunities were compared and every difference; exits non-zero when there is one.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pandas as pd
from plain_statuses import Evaluator
from random_pipelines import NOW, Generator

from cleanroom.attribution.classification import (
    RULES,
    Judged,
    Pipeline,
    RuleBook,
    headline_table,
    judge_pipeline,
    parse_rules,
    status_table,
)
from cleanroom.attribution.holding import Holding

ACCOUNTS = 40


def judged(rules: list[str], rows: dict[str, list[Any]]) -> Judged:
    """What the engine says."""
    book = RuleBook([parse_rules(text.encode()) for text in rules])
    frames = {name: pd.DataFrame(rows[name]) if rows[name] else None for name in ("actions", "stages")}
    pipeline = Pipeline(
        book,
        int(NOW.timestamp()),
        pd.DataFrame(rows["opportunities"]),
        frames["actions"],
        frames["stages"],
        [Holding(*one) for one in rows["holdings"]],
        rows["disputes"],
        {
            name: [Holding("us", *one) for who, *one in rows["own"] if who == name]
            for name in {who for who, *_ in rows["own"]}
        },
    )
    return judge_pipeline(pipeline)


def by_engine(made: Judged) -> dict[tuple[str, str], tuple[Any, ...]]:
    """(opportunity, partner) to status, rule, source lane, influence lane."""
    table = status_table(made)
    names = ("status", "rule", "lane_source", "lane_influence")
    values = zip(*(table[name].tolist() for name in names), strict=True)
    return dict(zip(zip(table["opportunity"], table["partner"], strict=True), values, strict=True))


def differences(
    seed: int, accounts: int = ACCOUNTS, counts: Counter[str] | None = None
) -> tuple[int, list[str]]:
    """How many opportunities a seed gives, and what the two evaluators say differently about them.

    `counts` gets how often each rule decided.
    """
    generator = Generator(seed)
    rows = generator.pipeline(accounts)
    made = judged(generator.rules, rows)
    ours, headlines = by_engine(made), headline_table(made)
    second = Evaluator(generator.rules, NOW, **rows)
    theirs = second.all()
    if counts is not None:
        counts.update(rule for _, rule, *_lanes in ours.values())
    found = []
    for key in sorted({*ours, *theirs}):
        one, two = ours.get(key), theirs.get(key)
        if two and two[1] == "disputed" and one:  # Why a claim is disputed is told in one word there.
            one = (one[0], one[1].split(":")[0], *one[2:])
        if one != two:
            found.append(f"seed {seed}, {key}: engine {one}, plain {two}")
    first = dict(zip(headlines["opportunity"], headlines["status"], strict=True))
    if first != second.headlines():
        found.append(f"seed {seed}: the headlines differ")
    return len(rows["opportunities"]), found


def main(wanted: int) -> int:
    compared, seed, wrong = 0, 0, 0
    counts: Counter[str] = Counter()
    while compared < wanted:
        number, found = differences(seed, counts=counts)
        compared, seed, wrong = compared + number, seed + 1, wrong + len(found)
        for line in found[:3]:
            print(line)
        if wrong > 20:
            break
    print(f"{compared:,} opportunities compared in {seed:,} pipelines: {wrong} differences")
    for rule in RULES:
        print(f"  {rule:<28} {counts[rule]:>8,}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
