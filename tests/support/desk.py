"""One party's money folder and its clock, moved by the commands."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cleanroom.attribution import payouts
from cleanroom.cli.app import overlap
from cleanroom.cli.shell import Shell
from cleanroom.session.attribution.rule_files import default_rules

PASSPHRASE = "correct horse battery staple"
HEADER = ",".join(payouts.EVENT_COLUMNS)
DAY = 86_400
PROOF = "mail sha256:" + "ab" * 32
#: 10 % of what is sourced, 5 % of what is influenced.
SHARES = """[[rule]]
id = "source"
type = "commission"
kinds = ["sourced"]
rate = "10%"

[[rule]]
id = "influence"
type = "commission"
kinds = ["influenced"]
rate = "5%"
"""


def plan_text(
    rules: str, *, start: str = "2026-01-01", clawback: int = 200, minimum: str = "", override: bool = False
) -> str:
    """A plan in EUR by quarters: finance approves, a judge decides disputes."""
    least = f'minimum = "{minimum}"\n' if minimum else ""
    overrides = 'override = ["finance"]\n' if override else ""
    return f"""format = "overlap-plan/1"
name = "emea"
version = 1
currency = "EUR"
period = "quarter"
from = "{start}"
until = "2027-01-01"

[schedule]
lock_days = 10
pay_days = 20
{least}
[disputes]
open_days = 60
answer_days = 5
decides = "judge"

[clawback]
days = {clawback}

[rights]
approve = ["finance"]
{overrides}
{rules}"""


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
            overlap.main(
                ["--dir", str(self.root / "party"), *map(str, words)], prog_name="overlap", obj=shell
            )
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

    def begin(self, plan: str, approvers: Mapping[str, str]) -> None:
        """Make the party, a key for each approver (name to role), and let the first one adopt the plan."""
        self.run("init", "--party", "northwind")
        for name, role in approvers.items():
            self.run("pay", "approver", name, "--role", role, "--out", self.root / f"{name}.key")
        self.run(
            "pay", "adopt", self.write("plan.toml", plan), "--as", self.root / f"{next(iter(approvers))}.key"
        )

    def statement(self, partner: str, period: str = "") -> dict[str, Any]:
        made: dict[str, Any] = self.json("statement", partner, "--period", period, "--out", self.root / "out")
        return made

    def verify(self, partner: str, period: str, code: int = 0) -> str:
        file = self.root / "out" / f"{partner}-{period}.json"
        return self.run("statement", "verify", file, "--plan", self.root / "plan.toml", code=code)


class Programme(Desk):
    """A desk with a CRM beside it, and the rules that come along adopted."""

    def crm(self, deals: list[str], actions: list[str] | None = None) -> None:
        header = "id,account id,stage,amount,created,close date,type"
        source = self.write("deals.csv", "\n".join([header, *deals]) + "\n")
        self.run("import", source, "--as", "opportunities", "--currency", "EUR")
        if actions is not None:
            header = "id,opportunity id,account id,partner,type,date,logged,proof,owner"
            source = self.write("actions.csv", "\n".join([header, *actions]) + "\n")
            self.run("import", source, "--as", "actions")

    def begin(self, plan: str, approvers: Mapping[str, str]) -> None:
        super().begin(plan, approvers)
        rules = self.root / "rules.toml"
        rules.write_bytes(default_rules())
        self.run("rules", "adopt", rules)

    def close(self, period: str, *words: str | Path) -> Any:
        return self.json("period", "close", period, "--credit", *words)


def key(desk: Desk, name: str) -> tuple[str, Path]:
    return "--as", desk.root / f"{name}.key"


def set_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase of people's keys, where commands look for it."""
    for name in ("OVERLAP_NEW_PASSPHRASE", "OVERLAP_KEY_PASSPHRASE"):
        monkeypatch.setenv(name, PASSPHRASE)
