"""Two companies of which the vendor runs a partner programme, with copies as after each step of a quarter.

The vendor's plan: 10 % of what is sourced, 5 % of what is influenced. Contoso sourced a deal of 1000.00,
fabrikam influenced one of 400.00; both were won in the third quarter of 2026.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from desk import PROOF, SHARES, day, plan_text
from two_parties import PASSPHRASE, VENDOR, TwoParties, Walk, write_csv

from cleanroom.attribution import ledger
from cleanroom.session.attribution.rule_files import default_rules

PERIOD = "2026-Q3"
NEXT = "2026-Q4"
#: Minor units by partner, worked out by hand.
EARNED = {"contoso": 10_000, "fabrikam": 2_000}
KEYS = {"OVERLAP_NEW_PASSPHRASE": PASSPHRASE, "OVERLAP_KEY_PASSPHRASE": PASSPHRASE}
ACTION_HEADER = (
    "id", "opportunity id", "account id", "partner", "type", "date", "logged", "proof", "owner"
)  # fmt: skip
ACCOUNTS = tuple(f"001V{at:011d}IAA" for at in range(3))
ACTIONS = [
    ("a1", "D1", ACCOUNTS[0], "contoso", "introduction", "2026-06-20", "2026-06-20", PROOF, "jo"),
    ("a2", "D2", ACCOUNTS[1], "fabrikam", "demo", "2026-08-20", "2026-08-20", PROOF, "jo"),
]
LATER = ("a3", "", ACCOUNTS[2], "contoso", "introduction", "2026-11-20", "2026-11-20", PROOF, "jo")


def import_programme(both: TwoParties) -> None:
    """The vendor's deals and actions."""
    deals = [
        ("D1", ACCOUNTS[0], "Closed Won", "1000.00", "2026-07-01", "2026-08-10"),
        ("D2", ACCOUNTS[1], "Closed Won", "400.00", "2026-07-01", "2026-08-25"),
        ("D3", ACCOUNTS[2], "Negotiation", "70", "2026-11-01", ""),
    ]
    header = ("id", "account id", "stage", "amount", "created", "close date")
    crm = both.root / "crm"
    source = write_csv(crm / "deals.csv", header, deals)
    both.run(VENDOR, "import", source, "--as", "opportunities", "--currency", "EUR")
    both.run(VENDOR, "import", write_csv(crm / "actions.csv", ACTION_HEADER, ACTIONS), "--as", "actions")
    write_csv(crm / "more-actions.csv", ACTION_HEADER, [*ACTIONS, LATER])


def as_(both: TwoParties, name: str) -> tuple[str, Any]:
    return "--as", both.root / f"{name}.key"


def entries(both: TwoParties) -> list[ledger.Entry]:
    return ledger.read_ledger(both.place(VENDOR, "money", "ledger").read_bytes())


def booked(both: TwoParties) -> dict[str, int]:
    """Minor units of all lines by partner."""
    found: Counter[str] = Counter()
    for entry in entries(both):
        for line in entry.body["lines"] if entry.kind == "close" else ():
            found[line["partner_id"]] += line["minor"]
    return dict(found)


def line_of(both: TwoParties, partner: str) -> str:
    lines = [line for one in entries(both) if one.kind == "close" for line in one.body["lines"]]
    return str(next(line["line"] for line in lines if line["partner_id"] == partner))


def runs(both: TwoParties) -> list[str]:
    return [str(one.body["run"]) for one in entries(both) if one.kind == "run"]


def require_whole_money(both: TwoParties) -> None:
    """The chain, every signature and every close hold, and nothing is in the ledger twice."""
    both.run(VENDOR, "pay", "replay")
    made = entries(both)
    for kind, name in (("close", "period"), ("plan", "version"), ("approver", "name"), ("run", "run"),
                       ("confirmation", "override"), ("decision", "dispute")):  # fmt: skip
        names = [one.body[name] for one in made if one.kind == kind]
        assert len(names) == len(set(names)), f"{kind} twice"
    about = [one.body.get("line", one.body.get("deal")) for one in made if one.kind == "dispute"]
    assert len(about) == len(set(about)), "one thing is disputed twice"
    events = [row[0] for one in made if one.kind == "events" for row in one.body["rows"]]
    assert len(events) == len(set(events)), "an event twice"
    approved = [
        line for one in made if one.kind == "run" for pay in one.body["payouts"] for line in pay["lines"]
    ]
    assert len(approved) == len(set(approved)), "a line in two runs"
    paid = [
        (one.body["run"], partner)
        for one in made
        if one.kind == "payment"
        for partner in one.body["partners"]
    ]
    assert len(paid) == len(set(paid)), "a run paid twice"


def finish_quarter(both: TwoParties) -> None:
    """Close, approve and pay what is still to be: everybody is paid what was earned, once."""
    kinds = {one.kind for one in entries(both)}
    if "close" not in kinds:
        both.run(VENDOR, "period", "close", PERIOD, "--credit")
    if "run" not in kinds:
        both.run(VENDOR, "pay", "approve", *as_(both, "ada"))
    if "payment" not in kinds:
        both.run(VENDOR, "pay", "paid", runs(both)[0], "--reference", "bank 1")
    require_whole_money(both)
    assert booked(both) == EARNED
    cost = both.read_json(VENDOR, "pay", "cost")
    assert sorted(row["paid"] for row in cost) == ["100.00", "20.00"]


def close_next(both: TwoParties, **more: int) -> None:
    """Close the quarter after it: what was decided is booked once, beside what was earned before."""
    both.now = max(both.now, day("2027-01-20"))
    both.run(VENDOR, "period", "close", NEXT, "--credit")
    require_whole_money(both)
    assert booked(both) == {name: minor + more.get(name, 0) for name, minor in EARNED.items()}


class MoneyWalk(Walk):
    """The third quarter of 2026 from the CRM to the payment, made once, with copies as after each step."""

    STEPS = ("met", "people", "planned", "ruled", "imported", "closed", "frozen", "approved")

    def __init__(self, root: Any) -> None:
        os.environ.update(KEYS)
        super().__init__(root)

    def _people(self, both: TwoParties) -> None:
        for name, role in {"ada": "finance", "ben": "finance", "cleo": "judge"}.items():
            out = both.root / f"{name}.key"
            both.run(VENDOR, "pay", "approver", name, "--role", role, "--out", out)
        text = plan_text(SHARES, start="2026-07-01", override=True)
        (both.root / "plan.toml").write_text(text, encoding="utf-8")
        (both.root / "rules.toml").write_bytes(default_rules())

    def _planned(self, both: TwoParties) -> None:
        both.run(VENDOR, "pay", "adopt", both.root / "plan.toml", *as_(both, "ada"))

    def _ruled(self, both: TwoParties) -> None:
        both.run(VENDOR, "rules", "adopt", both.root / "rules.toml")

    def _imported(self, both: TwoParties) -> None:
        import_programme(both)

    def _closed(self, both: TwoParties) -> None:
        both.run(VENDOR, "period", "close", PERIOD, "--credit")

    def _frozen(self, both: TwoParties) -> None:
        line = line_of(both, "contoso")
        both.run(VENDOR, "dispute", "open", line, "--reason", "amount", "--by", "contoso")

    def _approved(self, both: TwoParties) -> None:
        both.run(VENDOR, "dispute", "decide", "d1", "--outcome", "rejected", *as_(both, "cleo"))
        both.run(VENDOR, "pay", "approve", *as_(both, "ada"))
