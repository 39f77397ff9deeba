"""A partner's statement as a page, made from the statement's own bytes."""

from __future__ import annotations

import json
from html import escape

from cleanroom.report.page import Cell, heading, page, paragraph, table, tiles

__all__ = ["statement_page"]


def statement_page(data: bytes) -> bytes:
    """The page of a statement in its canonical bytes."""
    made = json.loads(data)
    plan = made["plans"][-1]
    title = f"Statement of {made['partner']} for {made['period']}"
    facts = [
        (f"to be paid, {row['currency']}", row["closing"], f"opening {row['opening']}, lines {row['lines']}")
        for row in made["balances"]
    ]
    body = [
        f"<h1>{escape(title)}</h1>",
        paragraph(
            f"From {made['party']} as of {made['as_of']}, made {made['made']}. Plan {plan['name']} version "
            f"{plan['version']}, digest {plan['digest'][:16]}. Taxes are not part of this statement.",
            soft=True,
        ),
        tiles(facts),
        heading("Balances"),
        _balances(made),
        heading("Lines"),
        _lines(made),
    ]
    if made["disputes"]:
        body += [heading("Disputes"), _disputes(made)]
    body += [
        heading("Check it yourself"),
        paragraph(
            "overlap statement verify THIS.json --plan PLAN.toml recomputes every line to the minor unit."
        ),
        paragraph(f"Ledger head {made['head']}", soft=True),
    ]
    return page(title, body).encode()


def _balances(made: dict[str, list[dict[str, str]]]) -> str:
    names = ("currency", "opening", "lines", "paid", "closing", "held", "payable", "approved", "disputed")
    rows = [[Cell(row[name], number=name != "currency") for name in names] for row in made["balances"]]
    return table("Amounts in the currency of the row; what is negative is carried", names, rows)


def _lines(made: dict[str, list[dict[str, str]]]) -> str:
    names = ("line", "date", "deal", "rule", "amount", "state", "how")
    rows = [
        [
            Cell(line["line"], digest=True),
            Cell(line["date"]),
            Cell(line["deal_id"]),
            Cell(f"{line['rule']}, {line['kind']}"),
            Cell(f"{line['amount']} {line['currency']}", number=True),
            Cell(line["state"]),
            Cell(line["formula"]),
        ]
        for line in made["lines"]
    ]
    return table("Every line of the period", names, rows)


def _disputes(made: dict[str, list[dict[str, str]]]) -> str:
    names = ("dispute", "about", "reason", "opened", "outcome")
    rows = [
        [
            Cell(row["dispute"]),
            Cell(row["line"], digest=True) if row["line"] else Cell(f"deal {row['deal']}"),
            Cell(row["reason"]),
            Cell(row["opened"]),
            Cell(row["outcome"] or "open"),
        ]
        for row in made["disputes"]
    ]
    return table("Disputed lines are frozen until they are decided", names, rows)
