"""Two companies whose agreement lets the partner prepare its list, and the commands of every step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from two_parties import PARTNER, VENDOR, Answer, TwoParties, Walk, agree, change_policy, domain_of, write_csv

#: Room for two companies that enter and two that leave, each with up to six identifiers.
TERMS = {"changes": 40, "updates": 3, "queries": 20, "evaluations": 2000}


def agree_to_prepare(both: TwoParties, **numbers: int) -> str:
    """An agreement under which the partner's list is prepared; the id of it."""
    policy = change_policy(both, run_budget="9", minimum_count="1")
    lines = [f"{name} = {number}" for name, number in (TERMS | numbers).items()]
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text + "\n".join(["", "[prepared]", *lines, ""]), encoding="utf-8")
    return agree(both, policy)


def import_companies(both: TwoParties, party: str, names: Sequence[str]) -> pd.DataFrame:
    """Let these companies be all that a party has; the export as a frame."""
    header = ("Account ID", "Account Name", "Website", "Billing Country")
    rows = [(f"{party}-{name}", name, f"https://{domain_of(name)}/", "Germany") for name in names]
    place = write_csv(both.root / "crm" / f"{party}.csv", header, rows)
    both.run(party, "import", place, "--population", "customers")
    return pd.DataFrame(rows, columns=list(header))


def prepare(both: TwoParties) -> None:
    """The partner prepares its list, and the vendor takes it in."""
    both.run(PARTNER, "match", "prepare", "--out", both.mail("list"))
    both.run(VENDOR, "receive", both.mail("list"))


def update(both: TwoParties, name: str = "update") -> Answer:
    """The partner brings its list up to its accounts; nothing is taken in yet."""
    return both.run(PARTNER, "match", "update", "--out", both.mail(name))


def shown(both: TwoParties, party: str) -> set[str]:
    """Ids of the accounts that a party's newest run matched."""
    newest = both.read_json(party, "match", "list")[-1]
    assert newest["state"] == "finished"
    place: Path = both.place(party, "runs", newest["run"])
    accounts = pd.read_parquet(place / "accounts.parquet")
    overlap = pd.read_parquet(place / "overlap.parquet")
    return set(accounts["id"].iloc[overlap["account"]])


class PreparedWalk(Walk):
    """The walk up to the first run over a prepared list, made once, with copies as after each step."""

    STEPS = ("met", "committed", "sent", "allowed", "prepared", "asked", "answered")

    def _allowed(self, both: TwoParties) -> None:
        agree_to_prepare(both)

    def _prepared(self, both: TwoParties) -> None:
        prepare(both)

    def _asked(self, both: TwoParties) -> None:
        self._started(both)

    def _answered(self, both: TwoParties) -> None:
        self._replied(both)
