"""Partners whose names look the same. The pairs are such as Unicode TR39 calls confusable."""

from __future__ import annotations

import pytest

from cleanroom.attribution.payouts import look_alikes


@pytest.mark.parametrize(
    "other",
    [
        "c\u043entoso",  # Cyrillic o.
        "C\u039fNTOSO",  # Greek capital Omicron.
        "CO\u039dTOSO",  # Greek capital Nu: its small letter looks like v.
        "c0ntoso",
        "con\u200btoso",
        "con\u3164toso",
        "con\ufe0ftoso",
        "\uff43ontoso",
    ],
)
def test_a_name_that_only_looks_the_same_is_found(other: str) -> None:
    assert look_alikes(["contoso", "fabrikam", other]) == [tuple(sorted(["contoso", other]))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("contoso", "Contoso "),
        ("contoso", "contosa"),
        ("caf\u00e9", "cafe"),
        ("area 1", "area 2"),
        ("vv", "w"),
    ],
)
def test_names_that_are_the_same_or_look_different_are_not(one: str, other: str) -> None:
    assert look_alikes([one, other]) == []


def test_latin_letters_alone_look_alike_too() -> None:
    assert look_alikes(["modern", "rnodern", "x"]) == [("modern", "rnodern")]
