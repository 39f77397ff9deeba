"""Each command is killed at changes it makes on the disk, then repeated: nothing is lost or half-written.

In most tests the process only plays dead (no change of a file happens any more, and nothing catches it); one
test ends real processes.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_disk import STRIDE, Killed, faulty_disk, short_files
from killed_cases import CASES, LEASE, Case, Words, open_again
from killed_money import MONEY_CASES
from money_house import KEYS, MoneyWalk
from prepared_house import PreparedWalk
from two_parties import PARTNER, PASSPHRASE, TwoParties, Walk

ALL_CASES = CASES | MONEY_CASES
#: Commands of money make few changes, and every other one is tried.
MONEY_STRIDE = min(STRIDE, 2)
#: Commands that append to the money ledger, and write no larger file beside it.
LEDGER_CASES = (
    "pay adopt",
    "dispute open",
    "dispute open, a deal",
    "dispute decide",
    "pay override",
    "pay confirm",
    "pay approve",
    "pay paid",
)


@pytest.fixture(scope="session")
def walks(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Walk]:
    """The walk that a case is a step of; all but the plain one are made when they are first needed."""
    made: dict[type[Walk], Walk] = {Walk: walk}

    def of(case: Case) -> Walk:
        kind = next(one for one in (Walk, PreparedWalk, MoneyWalk) if case.step in one.STEPS)
        if kind not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
                made[kind] = kind(tmp_path_factory.mktemp(kind.__name__))
        return made[kind]

    return of


@pytest.fixture(autouse=True)
def people_have_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase of approvers' keys, where commands look for it."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def break_at_every_change(
    walk: Walk,
    case: Case,
    place: Path,
    kind: str,
    check: Callable[[TwoParties, Words, int], None],
    stride: int = STRIDE,
) -> int:
    """Run the command of the case with a fault at change 1, 1 + stride, … until none happens; the last one.

    `check` gets both parties, the command, and its exit code, which is -1 when it was killed.
    """
    for at in itertools.count(1, stride):
        both = walk.at(case.step, place / str(at))
        words, code = case.words(both), -1
        with faulty_disk(both.root, at, kind) as fault, contextlib.suppress(Killed):
            code = both.run(case.party, *words, code=None).code
        if not fault.happened:
            return at - stride
        check(both, words, code)
    raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_CASES)
def test_a_command_killed_at_any_change_can_be_repeated(
    walks: Callable[[Case], Walk], tmp_path: Path, name: str
) -> None:
    case = ALL_CASES[name]

    def repeat(both: TwoParties, words: Words, code: int) -> None:
        assert code == -1
        case.stopped(both)
        case.repeat(both, words)
        case.then(both)
        both.require_good_logs()

    stride = MONEY_STRIDE if name in MONEY_CASES else STRIDE
    assert break_at_every_change(walks(case), case, tmp_path, "dead", repeat, stride) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_CASES)
def test_a_full_disk_at_any_change_is_a_clear_error_and_loses_nothing(
    walks: Callable[[Case], Walk], tmp_path: Path, name: str
) -> None:
    case = ALL_CASES[name]

    def repeat(both: TwoParties, words: Words, code: int) -> None:
        assert code in (0, 4)  # 0 where the disk refused something that the command can do without
        case.stopped(both)
        case.repeat(both, words)
        if name in MONEY_CASES:
            case.then(both)
        both.require_good_logs()

    # A refusal ends the command in good order, unlike the deaths above: half as many are tried.
    stride = MONEY_STRIDE if name in MONEY_CASES else 1 if STRIDE == 1 else 2 * STRIDE
    assert break_at_every_change(walks(case), case, tmp_path, "full", repeat, stride) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", LEDGER_CASES)
def test_an_entry_of_the_ledger_that_is_cut_off_anywhere_is_none(
    walks: Callable[[Case], Walk], tmp_path: Path, name: str
) -> None:
    case = MONEY_CASES[name]
    whole = walks(case).at(case.step, tmp_path / "whole")
    words, place = case.words(whole), whole.place(case.party, "money", "ledger")
    first = place.stat().st_size
    whole.run(case.party, *words)
    last = place.stat().st_size
    for at, size in enumerate((first + 1, (first + last) // 2, last - 1)):
        both = walks(case).at(case.step, tmp_path / str(at))
        words, place = case.words(both), both.place(case.party, "money", "ledger")
        before = place.read_bytes()
        with short_files(size):
            refused = both.run(case.party, *words, code=4)
        assert "File too large" in refused.err
        cut = place.read_bytes()
        assert cut.startswith(before) and len(cut) == size
        case.stopped(both)
        both.run(case.party, *words)
        case.then(both)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dead", "full"])
def test_a_request_whose_lease_was_lost_is_asked_again(walk: Walk, tmp_path: Path, kind: str) -> None:
    """A lease is counted as read before it is made: a request is answered once, then a new one is needed."""

    def ask_again(both: TwoParties, words: Words, code: int) -> None:
        again = both.run(PARTNER, *words, code=None)
        assert again.code == 0 or "answered before" in again.err
        open_again(both)
        both.require_good_logs()

    assert break_at_every_change(walk, LEASE, tmp_path, kind, ask_again) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["match start", "match reply", "shares open"])
def test_a_process_that_ends_in_the_middle_of_a_command_can_be_started_again(
    walk: Walk, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    both = walk.at(case.step, tmp_path / "both")
    words = ["--dir", both.place(case.party), *case.words(both)]
    support = str(Path(__file__).parents[1] / "support")
    environment = os.environ | {
        "OVERLAP_PASSPHRASE": PASSPHRASE,
        "PYTHONPATH": os.pathsep.join([support, str(Path(__file__).parents[2])]),
    }
    # The walk stretches its passphrases a little only and has a clock of its own.
    program = (
        "import overlap.keys.passphrase as passphrase, cleanroom.session.party as party; import faulty_disk;"
        f"passphrase.SCRYPT_N = 2**10; party.wall_clock = lambda: {both.now}; faulty_disk.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(both.root), "6", *map(str, words)],
        env=environment,
        check=False,
        capture_output=True,
    )
    assert ended.returncode == 137, ended.stderr
    both.run(case.party, *case.words(both))
    case.then(both)
    both.require_good_logs()
