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
from faulty_disk import STRIDE, Killed, faulty_disk
from killed_cases import CASES, LEASE, Case, Words, open_again
from prepared_house import PreparedWalk
from two_parties import PARTNER, PASSPHRASE, TwoParties, Walk


@pytest.fixture(scope="session")
def walks(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Walk]:
    """The walk that a case is a step of; that over a prepared list is made when it is first needed."""
    made: list[Walk] = []

    def of(case: Case) -> Walk:
        if case.step in Walk.STEPS:
            return walk
        if not made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
                made.append(PreparedWalk(tmp_path_factory.mktemp("prepared")))
        return made[0]

    return of


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
@pytest.mark.parametrize("name", CASES)
def test_a_command_killed_at_any_change_can_be_repeated(
    walks: Callable[[Case], Walk], tmp_path: Path, name: str
) -> None:
    case = CASES[name]

    def repeat(both: TwoParties, words: Words, code: int) -> None:
        assert code == -1
        case.stopped(both)
        both.run(case.party, *words)
        case.then(both)
        both.require_good_logs()

    assert break_at_every_change(walks(case), case, tmp_path, "dead", repeat) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_full_disk_at_any_change_is_a_clear_error_and_loses_nothing(
    walks: Callable[[Case], Walk], tmp_path: Path, name: str
) -> None:
    case = CASES[name]

    def repeat(both: TwoParties, words: Words, code: int) -> None:
        assert code in (0, 4)  # 0 where the disk refused something that the command can do without
        case.stopped(both)
        both.run(case.party, *words)
        both.require_good_logs()

    # A refusal ends the command in good order, unlike the deaths above: half as many are tried.
    stride = STRIDE if STRIDE == 1 else 2 * STRIDE
    assert break_at_every_change(walks(case), case, tmp_path, "full", repeat, stride) >= 1


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
