"""A partner's statement as a page, made from the statement's own bytes, in the partner's language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from typing import Any

from cleanroom.attribution import payouts
from cleanroom.report.page import Cell, heading, limits_section, page, paragraph, table, tiles
from cleanroom.report.statement_words import words_in

__all__ = ["statement_page"]

_CHECK = "overlap statement verify THIS.json --plan PLAN.toml"
Words = Mapping[str, str]


def statement_page(data: bytes, language: str = "en") -> bytes:
    """The page of a statement in its canonical bytes; `language` is one of STATEMENT_LANGUAGES."""
    made, words = json.loads(data), words_in(language)
    plan = made["plans"][-1]
    title = words["title"].format(partner=made["partner"], period=made["period"])
    facts = [
        (words["to-be-paid"].format(**row), row["closing"], words["of-which"].format(**row))
        for row in made["balances"]
    ]
    source = words["from"].format(
        party=made["party"],
        as_of=made["as_of"],
        made=made["made"],
        plan=plan["name"],
        version=plan["version"],
        digest=plan["digest"][:16],
    )
    body = [
        f"<h1>{escape(title)}</h1>",
        paragraph(source, soft=True),
        tiles(facts),
        heading(words["balances"]),
        _balances(made, words),
        heading(words["lines-heading"]),
        _lines(made, words),
    ]
    if made["attainment"]:
        body += [heading(words["attainment"]), _attainment(made, words)]
    if made["disputes"]:
        body += [heading(words["disputes"]), _disputes(made, words)]
    body += [
        heading(words["check"]),
        paragraph(words["check-how"].format(command=_CHECK)),
        paragraph(words["head"].format(head=made["head"]), soft=True),
        *limits_section([words["limits-text"]], words["limits"]),
    ]
    return page(title, body, language).encode()


def _balances(made: Mapping[str, Any], words: Words) -> str:
    names = ("currency", "opening", "lines", "paid", "closing", "held", "payable", "approved", "disputed")
    rows = [[Cell(row[name], number=name != "currency") for name in names] for row in made["balances"]]
    return table(words["balances-note"], _heads(names, words), rows)


def _lines(made: Mapping[str, Any], words: Words) -> str:
    names = ("line", "date", "deal", "rule", "amount", "state", "how")
    rows = [
        [
            Cell(line["line"], fit="id"),
            Cell(line["date"], fit="day"),
            Cell(line["deal_id"], fit="id"),
            Cell(f"{line['rule']}, {line['kind']}"),
            Cell(f"{line['amount']} {line['currency']}", number=True),
            Cell(words[line["state"]]),
            Cell(line["formula"], fit="words"),
        ]
        for line in made["lines"]
    ]
    return table(words["lines-note"], _heads(names, words), rows)


def _attainment(made: Mapping[str, Any], words: Words) -> str:
    names = ("rule", "span", "volume", "band", "pays", "next", "missing")
    rows = [
        [
            Cell(row["rule"]),
            Cell(row["span"]),
            *(Cell(_amount(row[name], row["currency"], words), number=True) for name in ("volume", "band")),
            Cell(row["pays"], number=True),
            *(
                Cell(_amount(row[name], row["currency"], words), number=True)
                for name in ("next_band", "missing")
            ),
        ]
        for row in made["attainment"]
    ]
    return table(words["attainment-note"], _heads(names, words), rows)


def _amount(exact: str, currency: str, words: Words) -> str:
    """Exact minor units as an amount, points as they are; a dash for none."""
    if not exact:
        return "-"
    if not currency:
        return f"{exact} {words['points']}"
    value = Fraction(exact)
    minor = payouts.round_half_up(value)
    about = "" if value.denominator == 1 else f"{words['roughly']} "
    return f"{about}{payouts.amount_text(minor, currency)} {currency}"


def _disputes(made: Mapping[str, Any], words: Words) -> str:
    names = ("dispute", "about", "reason", "opened", "outcome")
    rows = [
        [
            Cell(row["dispute"]),
            Cell(row["line"], digest=True) if row["line"] else Cell(f"{words['deal']} {row['deal']}"),
            Cell(row["reason"]),
            Cell(row["opened"]),
            Cell(words[row["outcome"] or "open"]),
        ]
        for row in made["disputes"]
    ]
    return table(words["disputes-note"], _heads(names, words), rows)


def _heads(names: Sequence[str], words: Words) -> list[str]:
    return [words[name] for name in names]
