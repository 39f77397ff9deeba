"""The page of a statement: every language says everything, and no amount or id changes with the language."""

from __future__ import annotations

import re
from html import unescape
from string import Formatter
from typing import Any

import pytest

from cleanroom.attribution import ledger
from cleanroom.cli.statements import make
from cleanroom.report import STATEMENT_LANGUAGES, statement_page
from cleanroom.report.page import Cell, page, table
from cleanroom.report.statement_words import words_in
from cleanroom.session.attribution.disputing import REASONS
from overlap import canonical

STATES = ("accrued", "held", "payable", "approved", "paid", "void", "reversed", "disputed")


def statement(**more: Any) -> bytes:
    """A statement with a line in every state and a dispute of each outcome."""
    amounts = dict.fromkeys(("lines", "paid", "held", "payable", "approved", "disputed"), "0.00")
    lines = [
        {
            "line": f"{at:020x}",
            "date": "2026-02-03",
            "deal_id": "<d&1>",
            "rule": "tiers",
            "kind": "sourced",
            "amount": "1234.50",
            "currency": "EUR",
            "state": state,
            "formula": "6 % for 20575.00 EUR owes 1234.50 EUR",
        }
        for at, state in enumerate(STATES)
    ]
    disputes = [
        {
            "dispute": f"d{at}",
            "line": "0",
            "reason": next(iter(REASONS)),
            "opened": "2026-05-01",
            "outcome": one,
        }
        for at, one in enumerate(("", "upheld", "rejected"))
    ]
    made = {
        "party": "acme",
        "partner": "contoso",
        "period": "2026-Q1",
        "as_of": "2026-03-31",
        "made": "2026-04-02",
        "head": "ab" * 32,
        "plans": [{"name": "emea", "version": 3, "digest": "cd" * 32}],
        "balances": [{"currency": "EUR", "opening": "1.00", "closing": "9876.50"} | amounts],
        "attainment": [
            dict(zip(ledger.ATTAINMENT_FIELDS, cells, strict=True))
            for cells in (
                ("t/c/q/v1", "t", "2026-Q1", "EUR", "1234501/3", "1", "0", "6 %", "500000", "265499/3"),
                ("m/c/q/v1", "m", "2026-Q1", "", "12", "1", "10", "500.00 EUR", "", ""),
            )
        ],
        "lines": lines,
        "disputes": disputes,
    }
    return canonical.encode(made | more)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", STATEMENT_LANGUAGES)
def test_a_language_has_every_text_with_the_same_places(language: str) -> None:
    english, here = words_in("en"), words_in(language)
    assert set(here) == set(english)
    assert {name: places(text) for name, text in here.items()} == {
        name: places(text) for name, text in english.items()
    }
    assert all(text.strip() for text in here.values())


def test_every_state_of_the_ledger_has_a_word() -> None:
    assert set(ledger.STATES) == set(STATES)
    assert set(STATES) <= set(words_in("en"))


@pytest.mark.parametrize("language", STATEMENT_LANGUAGES)
def test_the_page_says_the_same_in_every_language(language: str) -> None:
    text = statement_page(statement(), language).decode()
    words = words_in(language)
    assert f'<html lang="{language}">' in text
    for state in STATES:
        assert f">{words[state]}<" in text
    english = statement_page(statement()).decode()
    assert sorted(re.findall(r"\d+", unescape(text))) == sorted(re.findall(r"\d+", unescape(english)))
    assert "&lt;d&amp;1&gt;" in text
    assert "<d&1>" not in text


@pytest.mark.parametrize(("language", "about"), [("en", "about"), ("fr", "environ")])
def test_the_page_says_where_the_partner_stands(language: str, about: str) -> None:
    text, words = statement_page(statement(), language).decode(), words_in(language)
    assert f"<h2>{words['attainment']}</h2>" in text
    assert f">{about} 4115.00 EUR<" in text and f">{about} 885.00 EUR<" in text
    assert f">12 {words['points']}<" in text and ">-<" in text
    assert words["attainment"] not in statement_page(statement(attainment=[]), language).decode()


def test_a_cell_names_its_column_for_a_phone() -> None:
    row = (Cell("x"), Cell("5", number=True), Cell(), Cell("z"))
    made = table("of", ("what", 'a "b" <c>', "empty", ""), [row])
    assert re.findall(r'data-of="([^"]*)"', made) == ["what", "a &quot;b&quot; &lt;c&gt;"]
    # On a narrow screen rows are stacked: nothing is moved to the side.
    assert "@media (max-width:34rem)" in page("t", [made]) and "attr(data-of)" in page("t", [made])


def test_an_undisputed_statement_has_no_heading_for_disputes() -> None:
    assert words_in("de")["disputes"] not in statement_page(statement(disputes=[]), "de").decode()


def test_the_command_offers_every_language() -> None:
    option = next(one for one in make.params if one.name == "language")
    assert tuple(option.type.choices) == STATEMENT_LANGUAGES  # type: ignore[attr-defined]
