"""Every protocol against plain set operations, on many random cases of two lists of accounts.

    python benchmarks/agree.py [--cases 10000] [--protocols NAME,…] [--seed 1] [--most 500]
        [--processes N] [--log FILE]

A case is two lists of 0 to 500 accounts with domains: mostly of random sizes and overlap, and in turn one or
both sides empty, all of one side on the other, nothing in common, accounts that share a domain within a list.
The lists go through `overlap.match.distinct`, as in a match, and through a whole run; what all sides learned
is compared with what Python's sets say. A case is made from the seed and its number alone, so that one that
failed can be run again: `--only NUMBER`. With `--log` finished cases are written down, and those in the file
are not run again. `--most` makes eight of nine cases smaller, where a protocol takes long for each account.

Two parties alone run with keys, contract and frames. At level sum the amount of a domain follows from its
name, and a hundred cases share a key. In the room's cases the populations and the minimum are drawn with the
case, without noise. A prepared list is asked by a part of the left list, updated, and asked by all of it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agree_cases import MOST_ACCOUNTS, SHAPES, Held, hold, make_case
from agree_checks import Draw, play

from overlap.engine import Engine
from overlap.protocol import PROTOCOLS

#: Cases that one task of a process has.
TASK = 20


def run_case(draw: Draw, sides: tuple[Held, Held], engine: Engine) -> str:
    """The case by one protocol: "" or what is wrong, with all that is needed to run it again."""
    try:
        problem = play(draw, sides, engine)
    except Exception as error:  # A case that ends in any error has failed, and the others go on.
        problem = f"{type(error).__name__}: {error}"
    if problem:
        left, right = (side.accounts for side in sides)
        shape = make_case(draw.seed, draw.number).shape
        size = f"{len(left)} and {len(right)} accounts, {len(set(left) & set(right))} common"
        return f"case {draw.number} of seed {draw.seed}, {draw.protocol}, {shape}, {size}: {problem}"
    return ""


def run_task(
    seed: int, most: int, todo: list[tuple[int, list[str]]]
) -> tuple[Counter[str], dict[tuple[str, int], str]]:
    """Some cases, each by some protocols: processor seconds by protocol, and "" or what went wrong by case.

    The lists of a case are made once for all its protocols.
    """
    costs: Counter[str] = Counter()
    found: dict[tuple[str, int], str] = {}
    with Engine(1) as engine:
        for number, protocols in todo:
            case = make_case(seed, number, most)
            sides = hold(case.left), hold(case.right)
            for protocol in protocols:
                begin = time.process_time()
                found[protocol, number] = run_case(Draw(seed, number, protocol), sides, engine)
                costs[protocol] += time.process_time() - begin  # type: ignore[assignment]
    return costs, found


def tasks(
    options: argparse.Namespace, done: set[tuple[str, int]]
) -> Iterator[tuple[int, int, list[tuple[int, list[str]]]]]:
    """The seed, the accounts at most, and the numbers still to do, each with the protocols that are."""
    every = range(options.cases) if options.only is None else [options.only]
    for start in range(0, len(every), TASK):
        todo = [
            (number, [protocol for protocol in options.protocols if (protocol, number) not in done])
            for number in every[start : start + TASK]
        ]
        if todo := [(number, protocols) for number, protocols in todo if protocols]:
            yield options.seed, options.most, todo


def read_log(path: Path | None, seed: int) -> set[tuple[str, int]]:
    """The cases that a log has as right: lines of seed, protocol, number."""
    if path is None or not path.exists():
        return set()
    lines = (line.split() for line in path.read_text().splitlines())
    return {(line[1], int(line[2])) for line in lines if len(line) == 3 and line[0] == str(seed)}


def run_all(options: argparse.Namespace) -> tuple[Counter[str], Counter[str], Counter[str], int]:
    """Run what is to do over processes, by protocol: right cases with those of the log, cases run now, their
    processor seconds; and the number of faults."""
    done = read_log(options.log, options.seed)
    right = Counter(protocol for protocol, number in done if number < options.cases)
    ran: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    faults = 0
    with ProcessPoolExecutor(options.processes) as pool:
        futures = [pool.submit(run_task, *task) for task in tasks(options, done)]
        for future in as_completed(futures):
            spent, found = future.result()
            costs.update(spent)
            for problem in filter(None, found.values()):
                faults += 1
                print(problem, flush=True)
            ran.update(protocol for protocol, _ in found)
            good = [case for case, problem in found.items() if not problem]
            right.update(protocol for protocol, _ in good)
            _keep(options.log, [f"{options.seed} {protocol} {number}" for protocol, number in good])
    return right, ran, costs, faults


def _keep(log: Path | None, lines: list[str]) -> None:
    if log and lines:
        with log.open("a") as file:
            file.write("\n".join(lines) + "\n")


def parse() -> argparse.Namespace:
    """The command line."""
    known = [protocol.name for protocol in PROTOCOLS.values()]
    parser = argparse.ArgumentParser(description="every protocol against plain intersection")
    parser.add_argument("--cases", type=int, default=10_000, help="of each protocol")
    parser.add_argument("--protocols", type=lambda text: text.split(","), default=known)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=MOST_ACCOUNTS, help="accounts a side")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--log", type=Path, help="a file of finished cases, which are not run again")
    parser.add_argument("--only", type=int, help="one case, by its number")
    options = parser.parse_args()
    if unknown := set(options.protocols) - set(known):
        parser.error(f"no protocol {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return options


def main() -> None:
    """Run the cases; exit code 1 when one is wrong."""
    options = parse()
    begin = time.perf_counter()
    right, ran, costs, faults = run_all(options)
    shapes = Counter(
        make_case(options.seed, number).shape for number in range(min(options.cases, len(SHAPES)))
    )
    print(
        f"of every {len(SHAPES)} cases: " + ", ".join(f"{count} {shape}" for shape, count in shapes.items())
    )
    for protocol in options.protocols:
        spent = f", {costs[protocol] / ran[protocol]:.3f} CPU s a case" if ran[protocol] else ""
        print(f"{protocol} ({PROTOCOLS[protocol].level}): {right[protocol]:,} cases agree{spent}")
    print(f"{faults:,} cases differ; {time.perf_counter() - begin:.0f} s, {options.processes} processes")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
