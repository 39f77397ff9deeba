"""The twelve worked plans of FORMATS.md give what FORMATS.md says, and its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from plans import amounts, run

from cleanroom.attribution import payouts

TEXT = (Path(__file__).parents[2] / "cleanroom" / "FORMATS.md").read_text(encoding="utf-8")
SECTION = TEXT.split("### Twelve worked plans", 1)[1].split("\n## ", 1)[0]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
HEAD = BLOCK.findall(SECTION.split("#### ", 1)[0])[0][1]
PLANS = dict(re.findall(r"(?ms)^#### Plan (\d+): [^\n]*\n(.*?)(?=^#### |\Z)", SECTION))


def test_there_are_twelve():
    assert list(PLANS) == [str(number) for number in range(1, 13)]


@pytest.mark.parametrize("number", PLANS)
def test_a_worked_plan_pays_what_the_document_says(number):
    blocks = dict(BLOCK.findall(PLANS[number]))
    plan = payouts.read_plan((HEAD + blocks["toml"]).encode())
    answer = run(plan, blocks["csv"], blocks.get("rates", ""))
    told = [tuple(line.split(" ")) for line in blocks["text"].strip().splitlines()]
    assert amounts(answer) == told


def test_every_code_is_described_with_its_effect_and_words():
    for code, (effect, text) in payouts.CODES.items():
        assert f"| `{code}` | {effect} | {text} |" in TEXT


def test_every_field_of_the_answer_and_of_a_line_is_described():
    blocks = dict(BLOCK.findall(PLANS["10"]))
    answer = run(payouts.read_plan((HEAD + blocks["toml"]).encode()), blocks["csv"], blocks["rates"])
    for name in [*answer, *answer["lines"][0], *answer["totals"][0], *answer["plans"][0], *answer["events"]]:
        assert f"`{name}`" in TEXT, name
