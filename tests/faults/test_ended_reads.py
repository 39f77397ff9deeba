"""The benchmark of reads that must not succeed, with fewer tries."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ended_reads", BENCHMARKS / "ended_reads.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["ended_reads"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("count", [100, pytest.param(800, marks=pytest.mark.slow)])
def test_no_ended_share_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    module = _load()
    monkeypatch.setattr(module, "ONE_ASKS", 2)
    found = module.try_to_read(count, 11, tmp_path)
    assert found["succeeded"] == {}
    assert sum(found["tried"].values()) == sum(found["refused"].values()) + found["tried"]["derived_key"]
    assert {name.split(",")[0] for name in found["tried"]} == {
        "derived_key",
        "lease_of_another_share",
        "lease_with_another_key",
        "new_request",
        "other_recipient",
        "replayed_lease",
        "replayed_request",
    }


def test_a_share_that_does_not_end_is_read_by_the_same_tries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tries would notice a success: with an end that is never refused they have some."""
    module = _load()
    monkeypatch.setattr(module.Terms, "require_open", lambda *_: None)
    monkeypatch.setattr("cleanroom.share.holder.Holder.expire", lambda *_, **__: ())
    found = module.try_to_read(100, 11, tmp_path)
    assert sum(found["succeeded"].values()) > 0
