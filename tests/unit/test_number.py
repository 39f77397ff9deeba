"""Numbers with their nouns, as lines for a person have them."""

from __future__ import annotations

import pytest

from cleanroom.number import count_of, verb


@pytest.mark.parametrize(
    ("count", "noun", "plural", "said"),
    [
        (0, "account", "", "0 accounts"),
        (1, "account", "", "1 account"),
        (2_000, "account", "", "2,000 accounts"),
        (1, "entry", "", "1 entry"),
        (2, "entry", "", "2 entries"),
        (2, "day", "", "2 days"),
        (1, "half", "halves", "1 half"),
        (3, "half", "halves", "3 halves"),
        (1, "open run", "", "1 open run"),
    ],
)
def test_a_number_stands_with_the_form_of_its_noun(count: int, noun: str, plural: str, said: str) -> None:
    assert count_of(count, noun, plural) == said


def test_a_verb_stands_with_its_number() -> None:
    assert [verb(count, "is", "are") for count in (0, 1, 2)] == ["are", "is", "are"]
