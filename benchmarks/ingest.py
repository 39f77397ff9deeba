"""Reading a large export and normalising its match keys.

    python benchmarks/ingest.py [--rows N] [--file FILE]

Writes N account rows as Salesforce's Data Loader writes them (the demo's messy names, websites, e-mails and
registration numbers, made different in every copy), then measures `overlap.read_accounts`, and
`overlap.identity.identify` with the certain kinds and with all kinds, in seconds. Each of the two has a fresh
process, so that the peaks, with the file read and the worker processes, are its own. There is no other
program to compare to; the limits to aim for are 10 s with the certain kinds, 30 s with all and 2 GiB for
1,000,000 rows on two processors. `--file` measures a file that is already there.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import describe_machine, largest_process, report_facts, run_measured, show_table, time_call

#: Rows of the world that is copied with variations; a world of its own for every row would take minutes.
WORLD_ROWS = 20_000
CHOICES = ("certain", "all")
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")


def write_rows(path: Path, rows: int, seed: int) -> None:
    """An export of `rows` different accounts."""
    header, base = _base_rows(min(rows * 2, WORLD_ROWS), seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(islice(_vary(header, base, seed), rows))


def _base_rows(accounts: int, seed: int) -> tuple[list[str], list[tuple[list[str], str, str]]]:
    """The header, and good rows with the brand and the first label of the domain of their company."""
    from cleanroom.demo import generate

    vendor = generate(accounts, seed, date(2026, 1, 1)).parties[0]
    text = io.StringIO(vendor.files["pipeline.csv"].data.decode(), newline="")
    header, *rows = csv.reader(text)
    companies = {account.id: account.company for account in vendor.accounts}
    broken = set(vendor.files["pipeline.csv"].broken)
    good = [row for number, row in enumerate(rows, 2) if number not in broken]
    return header, [
        (row, companies[row[0]].brand, companies[row[0]].domain.partition(".")[0]) for row in good
    ]


def _vary(header: list[str], base: list[tuple[list[str], str, str]], seed: int) -> Iterator[list[str]]:
    """The base rows again and again, each time with other brands, domains, ids and numbers."""
    from cleanroom.demo.numbers import draw_duns, draw_lei, salesforce_id

    rng, numbers = Random(seed), count(1)
    name, website, email, duns, vat, lei = (
        header.index(column)
        for column in ("Name", "Website", "Billing_Email__c", "DunsNumber", "VAT_Number__c", "LEI__c")
    )
    for copy in count():
        mark = "".join(SYLLABLES[copy // 15**place % 15] for place in range(3))
        for row, brand, label in base:
            varied = [salesforce_id("001", next(numbers)), *row[1:]]
            varied[name] = row[name].replace(brand, brand + mark)
            varied[website] = row[website].replace(label, label + mark)
            varied[email] = row[email].replace(label, label + mark)
            varied[duns] = row[duns] and draw_duns(rng)
            varied[lei] = row[lei] and draw_lei(rng)
            varied[vat] = row[vat] if copy == 0 else ""
            yield varied


def read_and_identify(path: Path, which: str) -> dict[str, Any]:
    """Seconds of each step, rows and identifiers; `which` of `CHOICES` are the kinds."""
    from overlap import read_accounts
    from overlap.identity import CERTAIN_KINDS, KINDS, identify

    steps: dict[str, Any] = {}

    def read() -> dict[str, Any]:
        table = read_accounts(path, mapping={"email": "Billing_Email__c"})
        steps["table"] = table.frame
        return {"rows": len(table.frame), "rejected": len(table.rejected)}

    def normalise() -> dict[str, Any]:
        kinds = CERTAIN_KINDS if which == "certain" else KINDS
        return {"identifiers": len(identify(steps["table"], kinds).frame)}

    return {"read": time_call(read), "identify": time_call(normalise)}


def main() -> None:
    """Measure, or be the measured program."""
    parser = argparse.ArgumentParser(description="reading and normalising a large export")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--measured", choices=CHOICES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measured:
        report_facts(read_and_identify(options.file, options.measured) | {"largest": largest_process()})
    elif options.file:
        show_steps(options.file)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "accounts.csv")
            write_rows(path, options.rows, options.seed)
            show_steps(path)


def show_steps(path: Path) -> None:
    """Measure the file in fresh processes and print what each step took."""
    print(describe_machine("pandas", "pyarrow", "numpy"))
    print(f"{path.stat().st_size / 2**20:.0f} MiB\n")
    command = [sys.executable, __file__, "--file", str(path.resolve()), "--measured"]
    runs = {which: run_measured([*command, which]) for which in CHOICES}
    read = runs["certain"]["read"]
    rows = [_row("read_accounts", read, read["rows"], "")]
    for which, facts in runs.items():
        found = facts["identify"]
        rows.append(
            _row(f"identify, {which} kinds", found, found["identifiers"], f"{facts['peak'] / 2**20:.0f}")
        )
    show_table(("step", "wall s", "CPU s", "rows out", "peak MiB"), rows)
    print(f"\n{read['rejected']:,} rows rejected; a peak is that of reading and identifying together")


def _row(step: str, took: dict[str, Any], out: int, peak: str) -> tuple[str, ...]:
    return step, f"{took['wall']:.1f}", f"{took['cpu']:.1f}", f"{out:,}", peak


if __name__ == "__main__":
    main()
