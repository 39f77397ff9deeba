"""Small pipelines with everything that the rules speak of, close enough together to meet: seeded."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

NOW = datetime.fromisoformat("2026-11-22T10:00:00+00:00")
FIRST = date(2026, 3, 1)
PARTNERS = ("contoso", "Fabrikam", "northwind")
STAGES = ("Discovery", "Proposal", "Negotiation", "Closed Won", "closed  lost")

RULES = """format = "overlap-attribution-rules/1"
title = "random"
version = {version}
effective = {effective}
company_since = 2026-02-20

[sourcing]
lock_days = {lock}
net_new = {net_new}
holding = "{holding}"
tie = "{tie}"

[logging]
late_days = {late_days}
late = "{late}"

[stages]
late = ["Negotiation"]
closed = ["Closed Won", "Closed Lost"]

[actions]
introduction = {{ class = "origin", days = {a}, requires = ["proof", "owner"], points = 5, says = "a" }}
registered-lead = {{ class = "origin", days = {b}, requires = {needs}, points = 3, says = "b" }}
demo = {{ class = "advance", days = {c}, requires = ["proof"], points = 2, says = "c" }}
{extra}scoping = {{ class = "late", days = {d}, requires = {more}, points = 4, says = "d"}}
social-post = {{ class = "weak", days = 10, requires = [], points = 1, says = "e" }}

[partners]
"Fabrikam (UK)" = "fabrikam"
"""
EXTRA = 'workshop = { class = "advance", days = 5, requires = [], points = 0, says = "f" }\n'


def rule_text(rng: random.Random, version: int, effective: str) -> str:
    return RULES.format(
        version=version,
        effective=effective,
        lock=rng.choice([0, 3, 14]),
        net_new=rng.choice(["true", "true", "false"]),
        holding=rng.choice(["decides", "decides", "required"]),
        tie=rng.choice(["disputed", "split"]),
        late_days=rng.choice([0, 2, 7]),
        late=rng.choice(["arrival", "arrival", "disputed"]),
        a=rng.choice([5, 20, 60]),
        b=rng.choice([0, 40, 60]),
        more='["proof", "next_step", "role"]',
        needs='["digest", "logged"]',
        c=rng.choice([3, 15, 60]),
        d=rng.choice([3, 15, 60]),
        extra=rng.choice(["", EXTRA]),
    )


class Generator:
    """One rule book and as many pipelines under it as are asked for."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        #: Most pipelines are kind: evidence is there, deals are long, partners meet on them.
        self.kind = self.rng.random() < 0.75
        self.rules = [rule_text(self.rng, 1, "2026-03-05")]
        if self.rng.random() < 0.5:
            self.rules.append(rule_text(self.rng, 2, "2026-03-25"))

    def moment(self, spread: int = 45, odd: float = 0.03) -> str:
        rng = self.rng
        if rng.random() < odd:
            return rng.choice(["", "2026-11-23", "2019-01-01", "2026-11-22"])
        day = FIRST + timedelta(days=rng.randrange(spread))
        if rng.random() < 0.7:
            return day.isoformat()
        return f"{day.isoformat()}T{rng.randrange(24):02}:{rng.choice(['00:00', '30:15'])}Z"

    def late_day(self, first: int, spread: int) -> str:
        return (FIRST + timedelta(days=first + self.rng.randrange(spread))).isoformat()

    def account(self, prefix: str) -> dict[str, list]:
        """The rows of one account with one to three deals; ids begin with the prefix."""
        rng = self.rng
        account = prefix + "A" if rng.random() < 0.95 else ""
        deals = [self.deal(f"{prefix}O{number}", account) for number in range(rng.choice([1, 1, 2, 3]))]
        stages = [
            {
                "opportunity_id": deal["id"],
                "stage": rng.choice(STAGES[:4] if self.kind else STAGES),
                "entered": self.late_day(15, 60) if self.kind else self.moment(60),
            }
            for deal in deals
            for _ in range(rng.choice([0, 0, 1, 2, 4]))
        ]
        actions = [self.action(f"{prefix}a{number}", deals, account) for number in range(rng.randrange(9))]
        holdings = [
            (name, account, grade, second)
            for name in PARTNERS
            if account and rng.random() < 0.4
            for grade, second in [self.holding()]
        ]
        if holdings and rng.random() < 0.1:
            holdings.append((holdings[0][0], account, *self.holding()))
        own = [
            (name, account, *self.holding())
            for name in (*PARTNERS, "CONTOSO ")
            if account and rng.random() < 0.3
        ]
        disputes = [(deals[0]["id"], rng.choice(PARTNERS))] if rng.random() < 0.05 else []
        return {
            "opportunities": deals,
            "stages": stages,
            "actions": actions,
            "holdings": holdings,
            "disputes": disputes,
            "own": own,
        }

    def deal(self, name: str, account: str) -> dict[str, str]:
        rng = self.rng
        return {
            "id": name,
            "account_id": account,
            "status": rng.choice(["open", "won", "lost"]),
            "created": self.late_day(15, 20) if self.kind else self.moment(),
            "closed": self.late_day(45, 40) if self.kind else self.moment(70, 0.15),
            "amount": rng.choice(["100", "0", "-5.5", "", "12.34"]),
            "currency": rng.choice(["EUR", "USD", "XXX", ""]),
        }

    def action(self, name: str, deals: list[dict[str, str]], account: str) -> dict[str, str]:
        rng = self.rng
        date_ = self.moment()
        logged = ""
        if rng.random() < 0.7:
            logged = date_ if self.kind or rng.random() < 0.5 else self.moment(60)
        place = rng.random()
        deal = rng.choice(deals)["id"] if place < 0.7 else ("gone" if place < 0.75 else "")
        full = self.kind and rng.random() < 0.8
        proof = (
            "mail sha256:" + "ab" * 32
            if full
            else rng.choice(["", "mail", "mail", "mail sha256:" + "ab" * 32, "call sha256:" + "cd" * 32])
        )
        return {
            "id": name,
            "opportunity_id": deal,
            "account_id": account if place >= 0.7 or rng.random() < 0.2 else "",
            "partner": rng.choice([*PARTNERS, "CONTOSO ", "Fabrikam (UK)", "" if place < 0.1 else "contoso"]),
            "type": rng.choice(
                [
                    "introduction",
                    "Registered Lead",
                    "demo",
                    "scoping",
                    "Scoping",
                    "social_post",
                    "workshop",
                    "golf",
                ]
            ),
            "date": date_,
            "logged": logged,
            "proof": proof,
            "owner": "jo" if full else rng.choice(["jo", "jo", ""]),
            "next_step": "call" if full else rng.choice(["call", "call", " "]),
            "role": "source" if full else rng.choice(["influence", "influence", ""]),
        }

    def holding(self) -> tuple[str, int | None]:
        rng = self.rng
        grade = rng.choice(
            ["witnessed", "logged", "logged", "logged", "asserted", "after-disclosure", "contradicted"]
        )
        second = int(datetime.fromisoformat("2026-03-01T00:00:00+00:00").timestamp())
        return grade, rng.choice([None, second, second, second + 86_400 * rng.randrange(40)])

    def pipeline(self, accounts: int) -> dict[str, list]:
        whole: dict[str, list] = {
            name: [] for name in ("opportunities", "stages", "actions", "holdings", "disputes", "own")
        }
        for number in range(accounts):
            for name, rows in self.account(f"{number}-").items():
                whole[name] += rows
        return whole
