"""Real commands in real processes, ended by SIGKILL at random moments, and repeated: is anything lost?

    python benchmarks/killed.py --count 200

Each trial copies two folders as they are before a command, starts the command in a process of its own, kills
it at a random moment of its work, and repeats it. Then the walk must go on to the same end, and the logs of
both sides must verify. After a command of attribution or money nothing may be booked, approved or paid twice,
and every close must follow again from what was taken in before it. `append` is the log by itself: no entry
whose writing was reported may be missing.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from killed_cases import CASES, LEASE, Case  # noqa: E402
from killed_money import MONEY_CASES  # noqa: E402
from money_house import KEYS, MoneyWalk  # noqa: E402
from prepared_house import PreparedWalk  # noqa: E402
from two_parties import BEGIN, DAY, PARTNER, PASSPHRASE, VENDOR, TwoParties, Walk  # noqa: E402

import overlap.keys.passphrase as passphrase  # noqa: E402
from cleanroom.log import Log, log_origin  # noqa: E402
from overlap.keys import PartyKeys  # noqa: E402

#: The walk stretches its passphrases a little only and has a clock of its own.
PROGRAM = """
import sys, overlap.keys.passphrase as passphrase, cleanroom.session.party as party
import {module}, pandas, duckdb, pyarrow.parquet
passphrase.SCRYPT_N = 2**10
party.wall_clock = lambda: {now}
from cleanroom.cli.app import overlap
print("ready", flush=True)
overlap.main(sys.argv[1:], prog_name="overlap")
"""

APPENDER = """
import secrets, sys
from pathlib import Path
from cleanroom.log import Log, log_origin
from overlap.keys import PartyKeys
ours, theirs = (PartyKeys.generate(name, lambda size: name.encode() * size) for name in "ab")
log = Log(Path(sys.argv[1]), log_origin(ours.card, theirs.card), ours)
print("ready", flush=True)
for at in range(10_000):
    log.append("lease", {"records": 1, "share": bytes(16)}, 1_800_000_000 + at, secrets.token_bytes)
    print(log.head().size, flush=True)
"""


def expired(both: TwoParties) -> TwoParties:
    """The same folders after every share has ended."""
    both.now = BEGIN + 400 * DAY
    return both


def has_ended(both: TwoParties) -> None:
    (share,) = both.read_json(PARTNER, "shares", "list")
    assert share["state"] == "ended, half destroyed", share["state"]
    assert both.run(VENDOR, "shares", "open", both.mail("lease"), code=None).code != 0


EXPIRE = Case("leased", PARTNER, lambda both: ("shares", "expire", "--yes"), has_ended)


def trial(walks: Sequence[Walk], name: str, case: Case, place: Path, draw: random.Random) -> bool:
    """One command killed and repeated; whether it was killed before its end. AssertionError when wrong."""
    walk = next(one for one in walks if case.step in one.STEPS)
    both = walk.at(case.step, place)
    if case is EXPIRE:
        both = expired(both)
    words = [str(word) for word in case.words(both)]
    killed = kill(["--dir", str(both.place(case.party)), "--quiet", *words], both.now, name, draw)
    case.stopped(both)
    case.repeat(both, tuple(words))
    case.then(both)
    both.require_good_logs()
    return killed


def kill(words: list[str], now: int, name: str, draw: random.Random) -> bool:
    """Start the command, kill it; the moment is drawn up to a little beyond how long it has taken so far."""
    environment = os.environ | {"OVERLAP_PASSPHRASE": PASSPHRASE, "PYTHONPATH": str(ROOT)}
    program = PROGRAM.format(now=now, module=_module(name))
    started = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert started.stdout is not None and started.stdout.readline() == b"ready\n"
    begin = time.perf_counter()
    try:
        started.wait(draw.uniform(0, 1.1 * LENGTHS.get(name, 0.5)))
        LENGTHS[name] = max(LENGTHS.get(name, 0.0), time.perf_counter() - begin)
        return False
    except subprocess.TimeoutExpired:
        started.send_signal(signal.SIGKILL)
        started.wait()
        return True
    finally:
        started.stdout.close()


def _module(name: str) -> str:
    """What a case needs to have imported, so that the command and not its imports is killed."""
    if name in MONEY_CASES:
        return "cleanroom.session.attribution.disputing, cleanroom.session.attribution.weekly_review"
    if name.startswith("room"):
        return "cleanroom.room"
    return "cleanroom.session.match.matching" if "match" in name else "cleanroom.session.share.granting"


#: Seconds that a command took when it was not killed.
LENGTHS: dict[str, float] = {}


def append(place: Path, draw: random.Random) -> bool:
    """A process that appends is killed; every entry that it reported must be there, and the log must hold."""
    place.mkdir(parents=True)
    started = subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(place / "log")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert started.stdout is not None and started.stdout.readline() == b"ready\n"
    time.sleep(draw.uniform(0.0, 0.3))
    started.send_signal(signal.SIGKILL)
    reported = [int(line) for line in started.stdout.read().split()]
    started.wait()
    started.stdout.close()
    ours, theirs = (PartyKeys.generate(name, lambda size, name=name: name.encode() * size) for name in "ab")
    log = Log(place / "log", log_origin(ours.card, theirs.card), ours)
    assert log.head().size >= max(reported, default=0), "an entry that was reported is missing"
    assert log.verify() == []
    log.append("lease", {"records": 1}, 1_900_000_000, os.urandom)
    assert log.verify() == []
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="processes to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--money", action="store_true", help="only the commands of attribution and money")
    options = parser.parse_args()
    passphrase.SCRYPT_N = 2**10
    os.environ.update(KEYS)
    draw = random.Random(options.seed)
    plain = {} if options.money else CASES | {"shares lease": LEASE, "shares expire": EXPIRE}
    cases = {name: case for name, case in (plain | MONEY_CASES).items() if options.only in name}
    names = [*cases, *(["append"] if not options.money and options.only in "append" else [])]
    killed: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        kinds = {"walk": Walk, "list": PreparedWalk, "money": MoneyWalk}
        walks = [kind(Path(folder, name)) for name, kind in kinds.items()]
        at = 0
        while killed.total() < options.count:
            name, at = names[at % len(names)], at + 1
            place = Path(folder, str(at))
            try:
                done = (
                    append(place, draw) if name == "append" else trial(walks, name, cases[name], place, draw)
                )
                killed[name] += done
            except AssertionError as error:
                wrong += 1
                killed[name] += 1
                print(f"WRONG: {name}, trial {at}: {error}")
            subprocess.run(["rm", "-rf", str(place)], check=True)
    for name in names:
        print(f"{killed[name]:>5}  {name}")
    print(f"{killed.total()} processes killed, {wrong} left something lost or half-written")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
