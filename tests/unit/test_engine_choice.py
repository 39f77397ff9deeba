"""Which engine is chosen, and what is said where it cannot be opened here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cleanroom.cli.app import overlap
from overlap.engine import LOCAL, EngineChoice, choose_engine, open_engine
from overlap.errors import Refused, UsageError
from overlap.spark import require_sealed


def test_the_processors_of_this_machine_are_the_default() -> None:
    assert EngineChoice("local", "", "auto") == LOCAL
    assert choose_engine("local", backend="cryptography") == EngineChoice("local", "", "cryptography")
    with open_engine(processes=1) as engine:
        assert len(engine.hash_to_group([b"one"])) == 32


@pytest.mark.parametrize(("engine", "master"), [("spark", ""), ("local", "local[2]"), ("cluster", "")])
def test_an_engine_and_its_cluster_go_together(engine: str, master: str) -> None:
    with pytest.raises(UsageError):
        choose_engine(engine, master)


def test_without_pyspark_the_way_to_install_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(UsageError, match="needs the package pyspark") as refusal:
        choose_engine("spark", "local-cluster[2,1,1024]")
    assert "pip install 'account-overlap[spark]'" in refusal.value.hint
    words = ["simulate", "a.csv", "b.csv", "--out", str(tmp_path / "p.csv"), "--engine", "spark"]
    done = CliRunner().invoke(overlap, [*words, "--master", "local[1]"])
    assert done.exit_code == 2
    assert "account-overlap[spark]" in done.output


class Session:
    """As much of a Spark session as is judged."""

    def __init__(self, master: str, **settings: str) -> None:
        self.sparkContext = self
        self.master, self._settings = master, settings

    def getConf(self) -> Session:
        return self

    def getAll(self) -> list[tuple[str, Any]]:
        return [("spark." + name.replace("__", "."), value) for name, value in self._settings.items()]


NETWORK = {"authenticate": "true", "network__crypto__enabled": "true"}
DISK = {"io__encryption__enabled": "true"}


@pytest.mark.parametrize(
    ("master", "settings", "said"),
    [
        ("yarn", {}, "unencrypted between its processes"),
        ("spark://host:7077", DISK, "unencrypted between its processes"),
        ("yarn", {**DISK, "network__crypto__enabled": "true"}, "unencrypted between its processes"),
        ("local-cluster[2,1,1024]", DISK, "unencrypted between its processes"),
        ("yarn", NETWORK, "temporary files unencrypted"),
        ("local[2]", {}, "temporary files unencrypted"),
    ],
)
def test_a_session_that_leaves_something_open_is_refused(
    master: str, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        require_sealed(Session(master, **settings))


@pytest.mark.parametrize(
    ("master", "settings"),
    [
        ("yarn", {**NETWORK, **DISK}),
        ("k8s://host", {"authenticate": "true", "ssl__rpc__enabled": "TRUE", **DISK}),
        ("local[2]", DISK),
    ],
)
def test_a_sealed_session_is_taken(master: str, settings: dict[str, str]) -> None:
    require_sealed(Session(master, **settings))
