"""Where the lists of a run are, told without Spark: who may go on with it, and what its end removes."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacked_house import House, introduce, make_party, rows

from cleanroom.session.match import clustering, matching
from cleanroom.session.match.clustering import open_workers
from cleanroom.session.match.finishing import finish_match
from cleanroom.session.match.matching import reply_match, start_match
from cleanroom.session.match.runs import RunStates, all_runs
from overlap.engine import EngineChoice, choose_engine
from overlap.errors import Refused, UsageError


@pytest.mark.parametrize(
    ("master", "shared", "placed"),
    [
        ("local-cluster[2,1,1024]", "", True),
        ("local[2]", "", True),
        ("yarn", "", False),
        ("spark://host:7077", "", False),
        ("yarn", "hdfs:///run", True),
    ],
)
def test_executors_work_on_lists_where_they_see_a_folder(master: str, shared: str, placed: bool) -> None:
    assert EngineChoice("spark", master, shared=shared).places_lists is placed


def test_this_machine_has_no_shared_folder() -> None:
    assert not EngineChoice().places_lists
    for engine, shared in (("local", "hdfs:///run"), ("spark", "run")):
        with pytest.raises(UsageError, match="a folder that executors share"):
            choose_engine(engine, "yarn" if engine == "spark" else "", shared=shared)


def test_a_shared_folder_is_one_however_its_url_ends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what a run has in it would be out of reach, and be left there, under the other spelling."""
    monkeypatch.setattr("overlap.spark.import_pyspark", lambda: None)
    choices = [choose_engine("spark", "yarn", shared=url) for url in ("hdfs:///run", "hdfs:///run/")]
    assert choices[0] == choices[1]
    house.ours.folder.write_record({"shared": "hdfs:///run/"}, "runs", "ab", "shared")
    assert clustering._shared(house.ours, "ab") == choices[0].shared


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(
        tmp_path,
        make_party(tmp_path / "ours", "ours", rows(1, 2, 3)),
        make_party(tmp_path / "theirs", "theirs", rows(2, 3, 4)),
    )
    introduce(made.ours, made.theirs, tmp_path)
    made.agree()
    return made


@pytest.mark.parametrize("where", ["work", "shared"])
def test_a_run_on_a_cluster_goes_on_there_and_nowhere_else(house: House, where: str) -> None:
    run = start_match(house.ours, "", house.file("start")).run
    reply_match(house.theirs, house.file("start"), house.file("reply"))
    place = house.ours.folder.path("runs", run, where)
    if where == "work":
        place.mkdir()
        (place / "part").write_bytes(b"plaintext")
    else:
        house.ours.folder.write_record({"shared": "hdfs:///run"}, "runs", run, where)
    with pytest.raises(Refused, match="on a Spark cluster"):
        finish_match(house.ours, house.file("reply"), house.file("finish"))
    assert place.exists(), "the run is as it was"
    # Given up by the next one, which takes what is in our own folder with it.
    start_match(house.ours, "", house.file("start"))
    assert place.exists() is (where == "shared")


def test_a_killed_command_leaves_no_accounts_for_the_next(house: House) -> None:
    left = house.ours.folder.path("work", "identity", "accounts")
    left.mkdir(parents=True)
    (left / "part").write_bytes(b"plaintext")
    with open_workers(house.ours, EngineChoice(), None):
        assert not house.ours.folder.path("work").exists()


def test_a_start_killed_on_a_cluster_that_is_gone_begins_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(matching, "keep_run", killed)
        with pytest.raises(KeyboardInterrupt):
            start_match(house.ours, "", house.file("start"))
    (first,) = all_runs(house.ours)
    assert first.state == "charged"
    RunStates(house.ours, first.run).save(0, b"of a role on a cluster")
    house.ours.folder.path("runs", first.run, "work").mkdir()
    again = start_match(house.ours, "", house.file("start"))
    assert again.run != first.run
    assert not house.ours.folder.path("runs", first.run, "work").exists()
