"""`--engine spark` through the commands: the bytes and pairs of one machine, and nothing left lying about."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import shake_256
from pathlib import Path

import pytest
from attacked_house import House, introduce, make_party, rows
from spark_house import MASTER, accounts, open_house

from cleanroom.session.match.finishing import finish_match
from cleanroom.session.match.matching import reply_match, start_match
from cleanroom.session.party import Party
from cleanroom.store import read_table
from overlap.engine import LOCAL, EngineChoice
from overlap.errors import Refused
from overlap.keys import RandomBytes
from overlap.protocol.frame import HEAD_SIZE
from overlap.spark import close_session

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    # pyspark leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ACCOUNTS = 400


def test_simulate_on_spark_gives_the_pairs_of_one_machine(tmp_path: Path) -> None:
    for side in ("left", "right"):
        accounts(ACCOUNTS, side).to_csv(tmp_path / f"{side}.csv", index=False)
    scratch, shared = tmp_path / "scratch", tmp_path / "shared"
    scratch.mkdir()
    shared.mkdir()

    def simulate(out: str, *options: str) -> bytes:
        words = ["simulate", "left.csv", "right.csv", "--groups", "--out", out, "--json", *options]
        script = (
            "import sys, tempfile; from cleanroom.cli import main;"
            "tempfile.tempdir = 'scratch'; sys.argv = ['overlap', *sys.argv[1:]]; main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return (tmp_path / out).read_bytes()

    here = simulate("here.csv")
    assert here.count(b"\n") > ACCOUNTS / 4
    assert simulate("spark.csv", "--engine", "spark", "--master", MASTER, "--shared", shared.as_uri()) == here
    assert not list(tmp_path.glob("spark-warehouse"))
    assert not [*shared.iterdir(), *scratch.glob("**/*.parquet")], "no list outlives the command"


def same_bytes(name: str) -> RandomBytes:
    """The same bytes for the same number of them, whatever is drawn between."""
    return lambda size: shake_256(f"{name}/{size}".encode()).digest(size)


def as_at(house: House, root: Path) -> House:
    """The copy of both folders in `root`, opened by a later command."""
    if not root.exists():
        shutil.copytree(house.place, root)

    def party(of: Party) -> Party:
        folder = replace(of.folder, root=root / of.name)
        return Party(folder, of.keys, of.now + 60, same_bytes(of.name))

    return House(root, party(house.ours), party(house.theirs))


def play(house: House, root: Path, ours: EngineChoice, theirs: EngineChoice) -> dict[str, bytes]:
    """A whole run in a copy of the house, a command at a time: the bodies sent, and what each side found."""
    files = start, reply, finish = [root / f"run.{step}" for step in ("start", "reply", "finish")]
    run = start_match(as_at(house, root).ours, "", start, choice=ours).run
    if ours != LOCAL:
        work = root / "ours" / "runs" / run / "work"
        assert list(work.rglob("*.parquet")) and not work.stat().st_mode & 0o077
    reply_match(as_at(house, root).theirs, start, reply, choice=theirs)
    for choice in {LOCAL, replace(ours, shared="file:///elsewhere")} - {ours}:
        if ours != LOCAL:
            with pytest.raises(Refused, match="on a Spark cluster"):
                finish_match(as_at(house, root).ours, reply, finish, choice=choice)
    assert finish_match(as_at(house, root).ours, reply, finish, choice=ours).shared == 3
    assert finish_match(as_at(house, root).theirs, finish, None, choice=theirs).shared == 3
    learned = {}
    for party in as_at(house, root).ours, as_at(house, root).theirs:
        place = party.folder.path("runs", run)
        for name in ("overlap", "tokens"):
            learned[f"{party.name}.{name}"] = read_table(place / f"{name}.parquet").to_csv().encode()
        left = {path.name for path in place.iterdir()}
        assert not {"work", "shared", "identifiers.parquet"} & left
        assert not party.folder.path("work").exists()
    # What stands in front of the body is sealed with randomness that a test cannot give.
    return {file.name: file.read_bytes()[HEAD_SIZE:] for file in files} | learned


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One session for all commands: starting it takes longer than what they do here."""
    place = tmp_path / "session"
    place.mkdir()
    session = open_house(place)
    monkeypatch.setattr("overlap.spark.open_session", lambda _: session, raising=False)
    monkeypatch.setattr("overlap.spark.engine.close_session", lambda _: None)
    try:
        yield
    finally:
        close_session(session)


@pytest.mark.usefixtures("cluster")
def test_a_match_on_spark_sends_the_frames_of_one_machine(tmp_path: Path) -> None:
    """One side keeps its lists in its own folder, the other in one that the cluster shares."""
    place, shared = tmp_path / "house", tmp_path / "shared"
    house = House(
        place,
        make_party(place / "ours", "ours", rows(1, 2, 3, 4, 5)),
        make_party(place / "theirs", "theirs", rows(3, 4, 5, 6, 7, 8)),
    )
    introduce(house.ours, house.theirs, place)
    house.agree()
    here = play(house, tmp_path / "here", LOCAL, LOCAL)
    assert here["ours.overlap"].count(b"\n") == 1 + 3
    spread = EngineChoice("spark", MASTER, shared=shared.as_uri())
    assert play(house, tmp_path / "far", EngineChoice("spark", MASTER), spread) == here
    assert not list(shared.iterdir())
