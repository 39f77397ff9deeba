"""Every protocol against plain set operations, on many random cases of two lists of accounts.

    python benchmarks/agree.py [--cases 10000] [--protocols NAME,…] [--seed 1] [--processes N] [--log FILE]

A case is two lists of 0 to 500 accounts with domains: mostly of random sizes and overlap, and in turn one or
both sides empty, all of one side on the other, nothing in common, accounts that share a domain within a list.
The lists go through `overlap.match.distinct`, as in a match, and through a whole run with keys, contract and
frames; what both sides learned is compared with what Python's sets say. A case is made from the seed and its
number alone, so that one that failed can be run again: `--only NUMBER`. With `--log` finished cases are
written down, and those in the file are not run again.

The protocols are those of the catalogue that two parties play alone and at once, with a check in `CHECKS` for
their level. At level sum the amount of each domain of the right side is drawn with the case.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd

from overlap.engine import Engine
from overlap.exchange import Exchange, exchange
from overlap.match import Distinct, distinct
from overlap.protocol import PROTOCOLS, Amounts

KIND = "domain"
AMOUNTS = Amounts("revenue", "EUR", 100, 1_000_000, 3)
MOST_ACCOUNTS = 500
#: Cases that one task of a process has.
TASK = 20


@dataclass(frozen=True)
class Case:
    """The domains of the accounts of both sides, one an account; a domain may stand twice on a side."""

    shape: str
    left: list[str]
    right: list[str]


@dataclass(frozen=True)
class Held:
    """What a side holds: the domain of each account, and the list that it brings to a run."""

    accounts: list[str]
    listed: Distinct
    amounts: list[int]


def _random(rng: Random) -> Case:
    sizes = rng.randint(0, MOST_ACCOUNTS), rng.randint(0, MOST_ACCOUNTS)
    return _sample("random", rng, sizes, rng.randint(0, min(sizes)))


def _few(rng: Random) -> Case:
    sizes = rng.randint(0, 3), rng.randint(0, 3)
    return _sample("few", rng, sizes, rng.randint(0, min(sizes)))


def _uneven(rng: Random) -> Case:
    sizes = [rng.randint(0, 5), rng.randint(100, MOST_ACCOUNTS)]
    rng.shuffle(sizes)
    return _sample("uneven", rng, (sizes[0], sizes[1]), rng.randint(0, min(sizes)))


def _empty(rng: Random) -> Case:
    sizes = [0, rng.choice((0, 1, rng.randint(2, MOST_ACCOUNTS)))]
    rng.shuffle(sizes)
    return _sample("empty side", rng, (sizes[0], sizes[1]), 0)


def _same(rng: Random) -> Case:
    size = rng.randint(1, MOST_ACCOUNTS)
    return _sample("the same list", rng, (size, size), size)


def _within(rng: Random) -> Case:
    larger = rng.randint(1, MOST_ACCOUNTS)
    sizes = [rng.randint(1, larger), larger]
    rng.shuffle(sizes)
    return _sample("one in the other", rng, (sizes[0], sizes[1]), min(sizes))


def _apart(rng: Random) -> Case:
    return _sample("nothing shared", rng, (rng.randint(1, MOST_ACCOUNTS), rng.randint(1, MOST_ACCOUNTS)), 0)


def _repeated(rng: Random) -> Case:
    sizes = rng.randint(1, MOST_ACCOUNTS // 2), rng.randint(1, MOST_ACCOUNTS // 2)
    case = _sample("duplicates", rng, sizes, rng.randint(0, min(sizes)))
    for side in (case.left, case.right):
        side.extend(rng.choices(side, k=rng.randint(0, MOST_ACCOUNTS - len(side))))
        rng.shuffle(side)
    return case


#: Half of the cases are plain ones.
SHAPES: tuple[Callable[[Random], Case], ...] = (
    *([_random] * 7),
    _few,
    _uneven,
    _empty,
    _same,
    _within,
    _apart,
    _repeated,
)


def make_case(seed: int, number: int) -> Case:
    """The case of this number."""
    rng = Random(f"{seed}/{number}")
    return SHAPES[number % len(SHAPES)](rng)


def _sample(shape: str, rng: Random, sizes: tuple[int, int], shared: int) -> Case:
    count = sum(sizes) - shared
    names = list({f"{rng.getrandbits(64):016x}.com" for _ in range(count + 2)})[:count]
    names.sort()
    rng.shuffle(names)
    left, right = names[: sizes[0]], names[sizes[0] - shared :]
    rng.shuffle(right)
    return Case(shape, left, right)


def check_overlaps(run: Exchange, sides: tuple[Held, Held], common: set[str]) -> str:
    """Level overlaps: both sides have the common domains, and equal tokens exactly for equal domains."""
    found: list[dict[str, bytes]] = []
    for learned, side in zip((run.starter, run.responder), sides, strict=True):
        values = side.listed.frame["value"].tolist()
        if learned.submitted != len(values) or list(learned.positions) != sorted(set(learned.positions)):
            return "the positions are not those of the list"
        tokens = zip(learned.positions, learned.tokens, strict=True)
        found.append({values[at]: token for at, token in tokens})
        if set(found[-1]) != common:
            return f"{len(set(found[-1]) - common)} too many and {len(common - set(found[-1]))} missing"
        holders = side.listed.holders
        matched = holders.loc[holders["position"].isin(list(learned.positions)), "account"].tolist()
        if sorted(matched) != [at for at, domain in enumerate(side.accounts) if domain in common]:
            return "the accounts that were matched are not those with a common domain"
    if found[0] != found[1] or len(set(found[0].values())) != len(common):
        return "the tokens of the sides differ"
    return ""


def check_counts(run: Exchange, sides: tuple[Held, Held], common: set[str]) -> str:
    """Level counts: both sides have the number of the common domains."""
    for learned, side in zip((run.starter, run.responder), sides, strict=True):
        if (learned.shared, learned.submitted) != (len(common), len(set(side.accounts))):
            return f"{learned.shared} of {learned.submitted} counted"
    return ""


def check_sum(run: Exchange, sides: tuple[Held, Held], common: set[str]) -> str:
    """Level sum: both sides have the number of the common domains and the sum of their amounts."""
    amounts = dict(zip(sides[1].listed.frame["value"].tolist(), sides[1].amounts, strict=True))
    expected = len(common), sum(amounts[domain] for domain in common & set(amounts))
    if len(common) < AMOUNTS.minimum:
        expected = -1, -1
    for learned, side in zip((run.starter, run.responder), sides, strict=True):
        if (learned.shared, learned.total) != expected or learned.submitted != len(set(side.accounts)):
            return f"{learned.shared} with a sum of {learned.total}, not {expected}"
    return ""


#: How the result of each level is compared; `common` is what both sides hold.
CHECKS: dict[str, Callable[[Exchange, tuple[Held, Held], set[str]], str]] = {
    "overlaps": check_overlaps,
    "counts": check_counts,
    "sum": check_sum,
}
#: What another caller plays: a third party takes part, or a list is prepared before.
ELSEWHERE = ("dh-count-room/1", "dh-prepared/1")


def run_case(seed: int, number: int, protocol: str, engine: Engine) -> str:
    """The case by one protocol: "" or what is wrong, with all that is needed to run it again."""
    case = make_case(seed, number)
    sides = hold(case.left), hold(case.right)
    common = set(case.left) & set(case.right)
    level = PROTOCOLS[protocol].level
    left, right = (side.listed.encoded for side in sides)
    random = Random(f"{seed}/{number}/{protocol}").randbytes
    try:
        amounts = (AMOUNTS, sides[1].amounts) if level == "sum" else None
        run = exchange(left, right, level, (KIND,), engine, random, protocol=protocol, amounts=amounts)
        problem = CHECKS[level](run, sides, common)
    except Exception as error:  # A case that ends in any error has failed, and the others go on.
        problem = f"{type(error).__name__}: {error}"
    if problem:
        size = f"{len(case.left)} and {len(case.right)} accounts, {len(common)} common"
        return f"case {number} of seed {seed}, {protocol}, {case.shape}, {size}: {problem}"
    return ""


def run_task(seed: int, numbers: list[int], protocol: str) -> tuple[str, list[int], list[str]]:
    """Some cases by one protocol: the protocol, the numbers, and what went wrong."""
    with Engine(1) as engine:
        problems = [run_case(seed, number, protocol, engine) for number in numbers]
    return protocol, numbers, [problem for problem in problems if problem]


def hold(domains: list[str]) -> Held:
    """Accounts with these domains as a side of a match has them, with an amount for each domain."""
    columns = {"account": range(len(domains)), "kind": KIND, "value": domains}
    table = pd.DataFrame(columns).astype({"account": "int64", "kind": "str", "value": "str"})
    listed = distinct(table)
    drawn = (
        Random(domain).randint(0, AMOUNTS.maximum // AMOUNTS.granule) for domain in listed.frame["value"]
    )
    return Held(domains, listed, [AMOUNTS.granule * amount for amount in drawn])


def tasks(options: argparse.Namespace, done: set[tuple[str, int]]) -> Iterator[tuple[int, list[int], str]]:
    """Seed, numbers and protocol of what is still to do."""
    every = range(options.cases) if options.only is None else [options.only]
    for start in range(0, len(every), TASK):
        for protocol in options.protocols:
            numbers = [number for number in every[start : start + TASK] if (protocol, number) not in done]
            if numbers:
                yield options.seed, numbers, protocol


def read_log(path: Path | None, seed: int) -> set[tuple[str, int]]:
    """The cases that a log has as right: lines of seed, protocol, number."""
    if path is None or not path.exists():
        return set()
    lines = (line.split() for line in path.read_text().splitlines())
    return {(line[1], int(line[2])) for line in lines if len(line) == 3 and line[0] == str(seed)}


def run_all(options: argparse.Namespace) -> tuple[Counter[str], list[str]]:
    """Run what is to do over processes: right cases by protocol, those of the log included, and faults."""
    done = read_log(options.log, options.seed)
    right = Counter(protocol for protocol, number in done if number < options.cases)
    faults: list[str] = []
    with ProcessPoolExecutor(options.processes) as pool:
        futures = [pool.submit(run_task, *task) for task in tasks(options, done)]
        for future in as_completed(futures):
            protocol, numbers, problems = future.result()
            faults += problems
            for problem in problems:
                print(problem, flush=True)
            if not problems:
                right[protocol] += len(numbers)
                _keep(options.log, [f"{options.seed} {protocol} {number}" for number in numbers])
            else:
                right[protocol] += len(numbers) - len(problems)
    return right, faults


def _keep(log: Path | None, lines: list[str]) -> None:
    if log:
        with log.open("a") as file:
            file.write("\n".join(lines) + "\n")


def parse() -> argparse.Namespace:
    """The command line."""
    known = [protocol.name for protocol in PROTOCOLS.values() if protocol.name not in ELSEWHERE]
    parser = argparse.ArgumentParser(description="every protocol against plain intersection")
    parser.add_argument("--cases", type=int, default=10_000, help="of each protocol")
    parser.add_argument("--protocols", type=lambda text: text.split(","), default=known)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--log", type=Path, help="a file of finished cases, which are not run again")
    parser.add_argument("--only", type=int, help="one case, by its number")
    options = parser.parse_args()
    if unknown := set(options.protocols) - set(known):
        parser.error(f"no check for {', '.join(sorted(unknown))}; there is one for {', '.join(known)}")
    return options


def main() -> None:
    """Run the cases; exit code 1 when one is wrong."""
    options = parse()
    begin = time.perf_counter()
    right, faults = run_all(options)
    shapes = Counter(
        make_case(options.seed, number).shape for number in range(min(options.cases, len(SHAPES)))
    )
    print(
        f"of every {len(SHAPES)} cases: " + ", ".join(f"{count} {shape}" for shape, count in shapes.items())
    )
    for protocol in options.protocols:
        print(f"{protocol} ({PROTOCOLS[protocol].level}): {right[protocol]:,} cases agree")
    print(f"{len(faults)} cases differ; {time.perf_counter() - begin:.0f} s, {options.processes} processes")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
