"""What is locked under our keys does its work after a rotation as before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from faulty_disk import STRIDE, Killed, faulty_disk
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk, agree, domain_of, write_csv

from cleanroom.session.folder import Folder
from cleanroom.session.keys.rotating import RELOCKED

pytestmark = pytest.mark.usefixtures("quick_passphrase")

COMPANIES = ("Record ID", "Company name", "Company Domain Name", "Country/Region")
FORGOTTEN = "9000"
PLANTED = ("Nimbelquartz", "nimbelquartz.com")


def rotate(both: TwoParties) -> tuple[str | Path, ...]:
    return (
        "keys",
        "rotate",
        "--recovery",
        both.place(PARTNER, "recovery.key"),
        "--out",
        both.mail("rotation"),
    )


def import_companies(both: TwoParties, party: str, more: list[str], planted: int = 0) -> dict:
    """The shared companies, `more`, and the planted one where it is asked for."""
    names = [*SHARED, *more, *[PLANTED[0]] * planted]
    rows = [(str(9000 + at), name, domain_of(name), "DE") for at, name in enumerate(names)]
    place = write_csv(both.root / "crm" / f"{party}-more.csv", COMPANIES, rows)
    out = both.run(party, "import", place, "--population", "customers", "--json").out
    return dict(json.loads(out))


def answer(both: TwoParties, *, code: int) -> str:
    """The partner's reply to a run that the vendor starts; what it complains of."""
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    return both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"), code=code).err


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """The partner has reviewed, shown a share, forgotten an account of it, and planted one."""
    both = walk.at("proven", tmp_path / "both")
    both.run(PARTNER, "forget", FORGOTTEN, "--yes", "--out", both.mail("before"))
    both.run(PARTNER, "canary", "add", "--name", PLANTED[0], "--domain", PLANTED[1], "--country", "DE")
    return both


def test_every_secret_that_outlives_a_rotation_is_there_to_rotate(both: TwoParties) -> None:
    folder = Folder(both.place(PARTNER))
    assert {purpose: bool(list(rule(folder))) for purpose, rule in RELOCKED.items()} == dict.fromkeys(
        RELOCKED, True
    )


def works_with_its_secrets(both: TwoParties) -> None:
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
    assert [one["name"] for one in both.read_json(PARTNER, "canary", "list")] == [PLANTED[0]]
    agree(both)
    # The list lacks one account of the run before: beside that run it would tell about this one.
    assert "1 of our accounts changed" in answer(both, code=3)
    # It was forgotten, and stays so; whoever asks again still learns what was shown of it.
    taken = import_companies(both, PARTNER, [f"Further {at}" for at in range(12)])
    assert taken["rejected"] == 1
    both.run(PARTNER, "forget", FORGOTTEN, "--yes", "--out", both.mail("after"))
    before, after = (both.mail(one) / f"clean-up-{VENDOR}.csv" for one in ("before", "after"))
    assert before.read_bytes() == after.read_bytes()
    assert len(before.read_bytes().splitlines()) > 1
    # A partner who claims to hold the planted account is stopped.
    import_companies(both, VENDOR, [f"Guessed {at}" for at in range(12)], planted=1)
    answer(both, code=0)
    both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish"))
    assert (
        "1 of our planted accounts" in both.run(PARTNER, "match", "finish", both.mail("finish"), code=3).err
    )
    both.require_good_logs()


def test_after_a_rotation_each_secret_is_used(both: TwoParties) -> None:
    both.run(PARTNER, *rotate(both))
    works_with_its_secrets(both)


def test_after_two_rotations_lists_of_before_the_first_still_count(both: TwoParties) -> None:
    both.run(PARTNER, *rotate(both))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
    words = ("keys", "rotate", "--recovery", both.place(PARTNER, "recovery-2.key"))
    both.run(PARTNER, *words, "--out", both.mail("rotation"))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
    agree(both)
    assert "1 of our accounts changed" in answer(both, code=3)


def test_a_damaged_secret_stops_the_rotation_before_anything_changes(both: TwoParties) -> None:
    place = both.place(PARTNER, "canaries")
    place.write_bytes(place.read_bytes()[:-1])
    identity = both.place(PARTNER, "keys", "identity").read_bytes()
    both.run(PARTNER, *rotate(both), code=4)
    assert both.place(PARTNER, "keys", "identity").read_bytes() == identity
    assert not both.place(PARTNER, "keys", "next").exists()


@pytest.mark.slow
def test_a_rotation_broken_while_it_locks_anew_is_completed(both: TwoParties, tmp_path: Path) -> None:
    """At changes of a file in turn: before each of them the process dies, and the next command goes on."""
    for at in range(1, 200, STRIDE):
        copy = both.copy(tmp_path / f"at{at}")
        try:
            with faulty_disk(copy.root, at, "dead") as fault:
                copy.run(PARTNER, *rotate(copy), code=None)
        except Killed:
            pass
        if not fault.happened:
            break
        copy.run(PARTNER, "canary", "list")
        copy.run(PARTNER, *rotate(copy))
        if at % 8 == 1:
            works_with_its_secrets(copy)
    assert at >= 20
