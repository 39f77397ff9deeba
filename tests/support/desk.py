"""One party's money folder and its clock, moved by the commands."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cleanroom.attribution import payouts
from cleanroom.cli.app import overlap
from cleanroom.cli.shell import Shell

PASSPHRASE = "correct horse battery staple"
HEADER = ",".join(payouts.EVENT_COLUMNS)
DAY = 86_400


def day(text: str) -> int:
    found = payouts.read_day(text)
    assert found is not None
    return found * DAY


@dataclass
class Desk:
    """One party's folder and its clock."""

    root: Path
    now: int = day("2026-04-05")
    opened: dict[bytes, Any] = field(default_factory=dict)

    def run(self, *words: str | Path, code: int = 0) -> str:
        out, err = io.StringIO(), io.StringIO()
        shell = Shell(
            self.root / "party", clock=lambda: self.now, passphrase=PASSPHRASE, opened=self.opened, quiet=True
        )
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            overlap.main(["--dir", str(self.root / "party"), *map(str, words)], obj=shell)
        assert end.value.code == code, f"{words}: {err.getvalue() or out.getvalue()}"
        return out.getvalue() + err.getvalue()

    def json(self, *words: str | Path) -> Any:
        return json.loads(self.run(*words, "--json"))

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    def events(self, text: str) -> Path:
        return self.write("events.csv", f"{HEADER}\n{text}")

    def statement(self, partner: str, period: str = "") -> dict[str, Any]:
        made: dict[str, Any] = self.json("statement", partner, "--period", period, "--out", self.root / "out")
        return made

    def verify(self, partner: str, period: str, code: int = 0) -> str:
        file = self.root / "out" / f"{partner}-{period}.json"
        return self.run("statement", "verify", file, "--plan", self.root / "plan.toml", code=code)


def key(desk: Desk, name: str) -> tuple[str, Path]:
    return "--as", desk.root / f"{name}.key"
