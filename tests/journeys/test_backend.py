"""--backend: which library multiplies is a matter of speed; one that cannot be used is refused first."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, Walk, write_exports

from overlap.engine import BACKENDS
from overlap.errors import UsageError
from overlap.group import backend as backends


@pytest.fixture
def unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise UsageError("the backend multibuffer cannot be used here: it is a test", "install something")

    monkeypatch.setattr(backends, "_multibuffer", refuse)


def test_the_command_offers_the_backends_there_are(tmp_path: Path) -> None:
    said = TwoParties(tmp_path).run(VENDOR, "match", "start", "--help").out
    assert f"[{'|'.join(BACKENDS)}]" in said


def test_a_backend_that_cannot_be_used_costs_no_run(tmp_path: Path, walk: Walk, unusable: None) -> None:
    both = walk.at("agreed", tmp_path / "both")
    words = ("match", "start", "--out", both.mail("start"))
    said = both.run(VENDOR, *words, "--backend", "multibuffer", code=2).err
    assert "cannot be used here: it is a test" in said and "install something" in said
    assert not both.mail("start").exists()
    assert both.read_json(VENDOR, "match", "list") == []
    both.run(VENDOR, *words)


def test_both_sides_may_use_different_backends(tmp_path: Path, walk: Walk) -> None:
    both = walk.at("agreed", tmp_path / "both")
    start, reply, finish = (both.mail(step) for step in ("start", "reply", "finish"))
    both.run(VENDOR, "match", "start", "--out", start, "--backend", "cryptography")
    both.run(PARTNER, "match", "reply", start, "--out", reply, "--backend", "auto")
    both.run(VENDOR, "match", "finish", reply, "--out", finish, "--backend", "auto")
    both.run(PARTNER, "match", "finish", finish, "--backend", "cryptography")


def test_simulate_refuses_it_before_it_writes(tmp_path: Path, unusable: None) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    out = tmp_path / "pairs.csv"
    files = (tmp_path / "crm" / "accounts.csv", tmp_path / "crm" / "companies.csv")
    both.run(VENDOR, "simulate", *files, "--out", out, "--backend", "multibuffer", code=2)
    assert not out.exists()
    both.run(VENDOR, "simulate", *files, "--out", out, "--backend", "auto")
