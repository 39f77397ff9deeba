"""Rating 100,000 events of 10,000 partners: tiers, a fee, a spiff, refunds and a second currency.

    python benchmarks/payouts.py [--events N] [--partners N]

Prints CPU seconds of reading, rating and answering, the peak of memory, and a digest of the answer, which is
the same for the same numbers. The goal for statuses, heuristics and payouts together is 10 s and 1 GiB on two
cores; payouts take at most 3 CPU seconds of it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cleanroom.attribution import payouts
from cleanroom.moment import iso_day
from cleanroom.session.attribution.csv_files import rows_in
from overlap import canonical

PLAN = """format = "overlap-plan/1"
name = "benchmark"
version = 1
currency = "EUR"
period = "quarter"
from = "2026-01-01"
until = "2027-01-01"

[schedule]
lock_days = 27
pay_days = 20

[disputes]
open_days = 30
answer_days = 5
decides = "finance"

[clawback]
days = 180

[[rule]]
id = "sourced"
type = "commission"
kinds = ["sourced", "renewal"]
bands = [{ from = "0", rate = "6%" }, { from = "20000", rate = "7.5%" }, { from = "50000", rate = "9%" }]
cap = { period = "20000" }

[[rule]]
id = "influenced"
type = "commission"
kinds = ["influenced"]
rate = "2.5%"

[[rule]]
id = "meeting"
type = "spiff"
kinds = ["meeting"]
amount = "250"
once_per = "deal"
"""


def make_events(count: int, partners: int, seed: int = 6) -> bytes:
    """Events of one year, one in twenty a refund, one in ten in dollars."""
    draw = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(payouts.EVENT_COLUMNS)
    earlier: list[tuple[str, int, str, str, int, str]] = []
    for at in range(count):
        if at % 20 == 19:
            name, day, partner, deal, minor, currency = earlier[draw.randrange(len(earlier))]
            cells = (f"e{at}", day + 20, "refund", partner, deal, "", minor // 2, currency, name)
        else:
            kind = draw.choice(("sourced", "sourced", "influenced", "renewal", "meeting"))
            minor = 0 if kind == "meeting" else draw.randrange(10_000, 5_000_000)
            currency = "USD" if at % 10 == 0 and minor else "EUR"
            partner, deal, day = f"p{draw.randrange(partners)}", f"d{at // 2}", draw.randrange(340)
            cells = (f"e{at}", day, kind, partner, deal, "", minor, currency, "")
            if minor:
                earlier.append((f"e{at}", day, partner, deal, minor, currency))
        name, day, kind, partner, deal, product, minor, currency, original = cells
        amount = payouts.write_amount(minor, 2) if minor else ""
        date = iso_day(20_454 + day)
        writer.writerow((name, date, kind, partner, deal, product, amount, currency * bool(minor), original))
    return out.getvalue().encode()


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--partners", type=int, default=10_000)
    given = parser.parse_args()
    data = make_events(given.events, given.partners)
    rates, _ = payouts.read_rates(
        [(iso_day(20_454 + day), "USD", "EUR", f"0.9{day:03d}", "benchmark") for day in range(365)]
    )
    plan = payouts.read_plan(PLAN.encode())
    times = [time.process_time()]
    read = payouts.read_events(rows_in(data, payouts.EVENT_COLUMNS, "events"))
    times.append(time.process_time())
    rated = payouts.rate([plan], read, rates, 20_454 + 364)
    times.append(time.process_time())
    made = payouts.answer([plan], rated, 20_454 + 364)
    times.append(time.process_time())
    for name, here, after in zip(("read", "rate", "answer"), times, times[1:], strict=False):
        print(f"{name:<8} {after - here:6.2f} CPU s")
    print(f"together {times[-1] - times[0]:6.2f} CPU s, {given.events:,} events, {len(rated.lines):,} lines")
    print(f"peak     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:6.2f} GiB")
    digest = hashlib.sha256(canonical.encode(made)).hexdigest()
    print(f"digest   {digest[:16]}, {len(read.findings):,} bad rows")


if __name__ == "__main__":
    main()
