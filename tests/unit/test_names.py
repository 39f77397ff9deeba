"""The names of a cell, their core words, how rare they are, and what they say beyond a website."""

from __future__ import annotations

import math

import pytest

from overlap.identity.label import beyond, explains, label_of
from overlap.identity.name import name_words, strip_forms
from overlap.identity.naming import MAX_NAMES, read_names
from overlap.identity.rarity import UNKNOWN, in_dictionary, name_bits, rarest, table, word_bits
from overlap.identity.words import HOLDING, brand_of, core_words, distinctive, places, variants


def names(text: str) -> list[str]:
    return [name.whole for name in read_names(text)[0]]


def core(text: str) -> tuple[str, ...]:
    return core_words(strip_forms(name_words(text)))


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("Hound Technology Inc. dba Honeycomb", ["hound technology", "honeycomb"]),
        ("Hound Technology, Inc. d/b/a Honeycomb", ["hound technology", "honeycomb"]),
        ("Kestrelwood Ltd t/a Finchbrook", ["kestrelwood", "finchbrook"]),
        ("Kestrelwood Ltd trading as Finchbrook", ["kestrelwood", "finchbrook"]),
        ("Kestrelwood doing business as Finchbrook", ["kestrelwood", "finchbrook"]),
        ("Kestrelwood aka Finchbrook", ["kestrelwood", "finchbrook"]),
        ("Kestrelwood GmbH (firmierend als Finchbrook)", ["kestrelwood", "finchbrook"]),
        ("Kestrelwood formerly known as Finchbrook", ["kestrelwood", "finchbrook"]),
        ("Akenes SA (Exoscale)", ["akenes", "exoscale"]),
        ("Xerion (formerly Quendorra)", ["quendorra"]),
        ("Xerion (vormals Quendorra GmbH)", ["quendorra"]),
        ("Beiersdorf AG / Hansaplast", ["beiersdorf", "hansaplast"]),
        ("Kestrelwood | Finchbrook", ["kestrelwood", "finchbrook"]),
        ("Kestrelwood \u2013 Finchbrook", ["kestrelwood", "finchbrook"]),
    ],
)
def test_a_cell_holds_further_names(text: str, others: list[str]) -> None:
    found = names(text)
    assert set(found[1:]) == set(others)
    assert len(found) == len(set(found)) <= MAX_NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Brightwater Inc.", ["brightwater"]),
        ("Procter & Gamble", ["procter and gamble"]),
        ("Coca-Cola", ["coca cola"]),
        ("Acme (UK) Ltd", ["acme uk"]),
        ("Acme (Germany)", ["acme germany", "acme"]),
        ("Acme - Group", ["acme group", "acme"]),
        ("Acme (old)", ["acme"]),
        ("Acme (duplicate of 4711)", ["acme"]),
        ("Acme [DO NOT USE]", ["acme"]),
        ("International Business Machines (IBM)", ["international business machines", "ibm"]),
        ("Dbase Systems", ["dbase systems"]),
        ("Trading Assets Partners", ["trading assets partners"]),
    ],
)
def test_countries_remarks_and_general_words_are_no_names_of_their_own(
    text: str, expected: list[str]
) -> None:
    assert names(text) == expected


def test_a_name_in_brackets_is_marked_because_remarks_stand_there_too() -> None:
    found = {name.whole: name.aside for name in read_names("Lenovo (Beijing) Limited")[0]}
    assert found == {"lenovo beijing": False, "lenovo": False, "beijing": True}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("test", "a placeholder, not a name"),
        ("4711", "no letters"),
        ("!!!", "no letters"),
        ("x" * 501, "longer than a cell may be"),
    ],
)
def test_a_cell_without_a_name_says_why(text: str, reason: str) -> None:
    assert read_names(text) == ((), reason)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Brightwater Systems Group", "Brightwater Sys."),
        ("St. Mary's Hospital", "Saint Marys Hosp"),
        ("1st Natl. Bank", "The First National Bank"),
        ("Univ. of Ohio Med. Ctr.", "University Ohio Medical Center"),
        ("Quendorra Biosciences", "Quendorra Biotech Inc"),
        ("Smith Bros. Mfg. Co.", "Smith Brothers Manufacturing"),
        ("Intl. Mgt. Svcs.", "International Management Services"),
        ("Valley Rehab Assn", "Vly Rehabilitation Associates"),
        ("Bank of Boston Corp", "Banco Boston"),
        ("Northwest Computer Solutions", "NW Cmptr Solns"),
        ("Packaging Corporation of America", "Packaging Corp. of America"),
        ("Mueller and Sons", "Mueller & Sons Ltd"),
    ],
)
def test_two_spellings_have_one_core(one: str, other: str) -> None:
    assert core(one) == core(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Leasing", "Acme Holding"),
        ("Acme Foods", "Acme Steel"),
        ("Harbour Network", "Harbour.net"),
        ("Ohio School District", "Ohio School Distributors"),
        ("Blue Harbour", "Harbour Blue"),
    ],
)
def test_two_companies_have_two_cores(one: str, other: str) -> None:
    assert core(one) != core(other)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("bank", "of", "the", "west"), ("bank", "west")),
        (("acme", "group"), ("acme",)),
        (("the", "company"), ("the", "company")),
        (("group",), ("grp",)),
        ((), ()),
    ],
)
def test_fillers_go_unless_nothing_else_is_there(words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert core_words(words) == expected


def test_distinctive_words_and_brands_are_what_generic_words_leave() -> None:
    assert distinctive(core("Quendorra Software Services")) == ("quendorra",)
    assert distinctive(core("Software Services")) == ()
    assert brand_of(core("Accenture Services")) == ("accenture",)
    assert brand_of(core("Hotel Quendorra Paris Palace")) == ("quendorra", "paris", "palace")
    assert brand_of(core("Software Services")) == ()


def test_places_are_spelled_as_cores_are() -> None:
    assert {"germany", "amer", "mexico", "turkiye", "london", "usa"} <= places()
    assert not [word for word in places() if variants().get(word, word) != word]
    assert core("Acme Holdings")[-1] == HOLDING


@pytest.mark.parametrize(
    ("name", "domain", "explained", "rest"),
    [
        ("Brightwater Inc", "brightwater.com", True, ()),
        ("Brightwater Group", "brightwater.com", True, ()),
        ("Brightwater Leasing", "brightwater.com", True, ("leasing",)),
        ("Brightwater Leasing", "brightwaterleasing.com", True, ()),
        ("Brightwater", "brightwatergroup.com", True, ()),
        ("Brightwater", "brightwater-corp.com", True, ()),
        ("Procter & Gamble", "pg.com", True, ()),
        ("Johnson & Johnson", "jnj.com", True, ()),
        ("International Business Machines Corp", "ibm.com", True, ()),
        ("IBM Deutschland GmbH", "ibm.com", True, ("deutschland",)),
        ("Wolf Creek Nuclear Operating Corporation", "wcnoc.com", True, ()),
        ("M\xfcller & S\xf6hne", "mueller-soehne.de", True, ()),
        ("M\xfcller & S\xf6hne", "xn--mller-shne-kcb9d.de", True, ()),
        ("Quendorra Acquisition", "acme.com", False, ("acquisition", "quendorra")),
        ("First Bank Services", "bank.com", False, ("1st", "bank", "svc")),
        ("Art Ltd", "smarthome.com", False, ("art",)),
        # The label says something else than the rest of the name: another one in the family.
        ("Acme Steel", "acme-foods.com", False, ("acme", "steel")),
        ("Acme Robotics", "acmehealth.com", False, ("acme", "robotics")),
        ("Quendorra Steel Ltd", "quendorra-foods.com", False, ("quendorra", "steel")),
        # It says nothing else, or what every owner may add.
        ("Acme Steel", "acme.com", True, ("steel",)),
        ("Acme Steel", "acme-group.com", True, ("steel",)),
        ("Acme Steel", "acmesteelfoods.com", True, ()),
        ("Quendorra", "quendorra-foods.com", True, ()),
    ],
)
def test_what_a_name_says_beyond_a_website(
    name: str, domain: str, explained: bool, rest: tuple[str, ...]
) -> None:
    written = name_words(name)
    words = strip_forms(written)
    assert beyond(words, core_words(words), written, domain) == (explained, rest)
    assert explains(name, domain) is explained


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("acme-foods.co.uk", "acmefoods"),
        ("xn--mller-kva.de", "muller"),
        ("shop.myshopify.com", "shop"),
        ("xn--zzzzzzzz.com", ""),
    ],
)
def test_a_label_is_what_stands_before_the_suffix(domain: str, label: str) -> None:
    assert label_of(domain) == label


def test_fewer_bearers_are_more_bits() -> None:
    assert word_bits("svc") < word_bits("shipping") < word_bits("accenture") < word_bits("zyxwvu") == UNKNOWN
    assert max(table().values()) < UNKNOWN and min(table().values()) >= 0
    assert name_bits(("blue", "harbour")) == pytest.approx(word_bits("blue") + word_bits("harbour"))
    assert name_bits(("blue", "blue")) == word_bits("blue")
    assert name_bits(()) == 0


def test_the_spellings_of_a_word_are_counted_together() -> None:
    names, single = 463_302, table()["svc"]
    assert "services" not in table() and single < math.log2(names / 14_554)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("svc", "accenture", "zyxwvu"), "zyxwvu"),
        (("zyxwvu", "accenture", "svc"), "zyxwvu"),
        (("svc", "accenture"), "accenture"),
        # Of words that are as rare the first by spelling, wherever it stands.
        (("zyxwvu", "accenture", "abcxyz"), "abcxyz"),
        (("abcxyz", "zyxwvu"), "abcxyz"),
        (("zyxwvu", "zyxwvu"), "zyxwvu"),
        (("svc",), "svc"),
    ],
)
def test_the_rarest_word_of_a_core_and_of_equal_ones_the_first_by_spelling(
    words: tuple[str, ...], expected: str
) -> None:
    assert rarest(words) == expected


@pytest.mark.parametrize(("word", "known"), [("echo", True), ("apple", True), ("accenture", False)])
def test_common_words_are_known(word: str, known: bool) -> None:
    assert in_dictionary(word) is known
