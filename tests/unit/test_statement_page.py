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


def test_an_undisputed_statement_has_no_heading_for_disputes() -> None:
    assert words_in("de")["disputes"] not in statement_page(statement(disputes=[]), "de").decode()


def test_the_command_offers_every_language() -> None:
    option = next(one for one in make.params if one.name == "language")
    assert tuple(option.type.choices) == STATEMENT_LANGUAGES  # type: ignore[attr-defined]
