"""Places: a value or a reason for any text, values that give themselves, one value for many writings."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.identity.city import normalise_city
from overlap.identity.kinds import normalise, probes
from overlap.identity.phone import normalise_phone
from overlap.identity.place import PLACES
from overlap.identity.postcode import normalise_postcode

PROBED = sorted({text for kind, text, _ in probes() if kind in PLACES})
PIECES = [
    "Paris", "St.", "Saint", "Sankt", "Frankfurt", "a.", "M.", "am", "an der", "Oder", "Main", "New",
    "York", "Greater ", " Area", " City", "Texas", "TX", "Germany", "DE", "8e", "EC2", "XI", "-",
    " - ", ",", ", ", "/", "(", ")", " ", "\u3000", "\u200b", "\u0301", "M\xfcn", "chen",
    "\u6771\u4eac", "\u5e02", "\u90fd", "\u3099", "\u304b", "\u1100", "\u1161",
    "\u041c\u043e\u0441\u043a\u0432\u0430", "suite", "the", "ku", "cedex", "n", "w.", "+", "00", "011",
    "0", "1", "49", "44", "1-800-", "(0)", "555", "0123", "89", "2345678", "x12", " ext. 5", "tel: ",
    " / ", ";", ".0", "E+09", "1E5", "\u0663", "\uff11", "\u2013", "D-", "CH-", "AD", "12345", "00000",
    "SW1A", "1AA", "\ud800", "\x00", "\n", "'",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789+()/.- xAB", max_size=20),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join),
    st.sampled_from(PROBED),
)
CODES = "US GB FR IT AR BR MX RU JP AG GG SM KZ CA AD IE"
COUNTRIES = st.sampled_from(["", "Germany", "Utopia", *CODES.split()])


@pytest.mark.parametrize("kind", PLACES)
@settings(max_examples=400, deadline=None)
@given(text=TEXTS, country=COUNTRIES)
@example(text="+" * 300, country="")
@example(text="0" * 150, country="AG")
def test_a_value_gives_itself_with_its_country_and_without(kind: str, text: str, country: str) -> None:
    outcome = normalise(kind, text, country)
    assert bool(outcome.value) != bool(outcome.reason)
    if outcome.value:
        assert normalise(kind, outcome.value, country) == outcome
        assert normalise(kind, outcome.value, "") == outcome


@settings(max_examples=300, deadline=None)
@given(TEXTS, COUNTRIES)
def test_values_have_only_their_own_characters(text: str, country: str) -> None:
    phone = normalise_phone(text, country).value
    assert not phone or (phone[0] == "+" and phone[1:].isdecimal() and phone.isascii() and len(phone) <= 20)
    postcode = normalise_postcode(text, country).value
    assert not postcode or (postcode.isalnum() and postcode.isascii() and postcode == postcode.upper())


NAMES = st.text(alphabet="bcdfghklmnprtw", min_size=5, max_size=9)


CITY_WRITINGS = [
    "{}, TX", "{} TX 78701", "{}, Germany", "D-80331 {}", "Greater {}", "{} (HQ)", "{} 8e", "City of {}",
    "  {} ", "{} - Altstadt", "{} am Rhein", "{}/Rhein", "{} Cedex 03",
]  # fmt: skip
PHONE_WRITINGS = [
    "+49 89 {}", "+49 (0)89 {}", "0049-89-{}", "Tel. +4989{}", "+49 89 {} ext. 3", "+49/89/{}", "(+49) 89.{}",
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(NAMES, st.sampled_from(CITY_WRITINGS))
def test_additions_do_not_change_a_city(name: str, writing: str) -> None:
    assert normalise_city(writing.format(name.title())) == normalise_city(name)
    assert normalise_city(name).value == name


@settings(max_examples=100, deadline=None)
@given(st.integers(2_340_000, 9_870_000), st.sampled_from(PHONE_WRITINGS))
def test_every_way_to_write_a_number_gives_one_value(number: int, writing: str) -> None:
    expected = normalise_phone(f"089 {number}", "DE")
    assert normalise_phone(writing.format(number)) == expected
    assert expected.value == f"+4989{number}"


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 99_998))
def test_eaten_zeros_come_back_where_the_country_has_them(number: int) -> None:
    full = f"{number:05}"
    expected = normalise_postcode(full, "US")
    for written in (full, f"{full}-4321", f"{full}.0", f" {full} ", *([str(number)] if number > 99 else [])):
        assert normalise_postcode(written, "US") == expected or str(number) in ("123", "1234")
