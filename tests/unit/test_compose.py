"""From the facts of an account to its identifiers: what makes each kind, and which two accounts it joins.

`shared` puts two accounts into the two roles of a run and gives the identifiers that both make. All names are
made up or those of well-known companies with public addresses.
"""

from __future__ import annotations

import pytest

from overlap.identity import KINDS, ROLES
from overlap.identity.compose import (
    ACRONYM,
    FAMILY,
    JOINT,
    LONG_LABEL,
    LONG_NAME,
    MAKERS,
    Core,
    Work,
    compose,
    telling,
)
from overlap.identity.facts import COLUMNS, NUMBERS, Drop, Facts, read_facts
from overlap.identity.rarity import name_bits

Cells = dict[str, str]
ALL = frozenset(KINDS)
PLENTY = 500


def facts(**cells: str) -> Facts:
    drops: list[Drop] = []
    return read_facts([cells.get(column, "") for column in COLUMNS], drops)


def made(kind: str, role: str = "starter", **cells: str) -> list[str]:
    return [value for _, value in compose(facts(**cells), frozenset({kind}), role, PLENTY)]


def shared(kind: str, one: Cells, other: Cells) -> list[str]:
    """The values of `kind` in which an account of the starter and one of the responder meet."""
    ours = made(kind, "starter", **one)
    theirs = set(made(kind, "responder", **other))
    return [value for value in ours if value in theirs]


def meet(kind: str, one: Cells, other: Cells) -> bool:
    """Whether two accounts meet, which must not depend on who starts."""
    there, back = shared(kind, one, other), shared(kind, other, one)
    assert bool(there) == bool(back)
    return bool(there)


def test_every_kind_is_a_number_or_has_a_maker() -> None:
    assert sorted([*MAKERS, *NUMBERS.values()]) == sorted(KINDS)


def test_numbers_come_first_and_then_the_kinds_in_the_order_of_their_makers() -> None:
    kinds = list(dict.fromkeys(kind for kind, _ in compose(facts(**RICH), ALL, "starter", PLENTY)))
    assert kinds[:2] == ["lei", "duns"]
    assert kinds[2:] == [kind for kind in MAKERS if kind in kinds]
    order = list(MAKERS)
    assert order.index("label") < order.index("word_phone") < order.index("close_country")


def test_the_cores_of_an_account_are_those_of_its_names_outside_brackets() -> None:
    work = Work(facts(name="Akenes.com Systems Ltd (Exoscale) dba Finch.io"), "starter")
    assert all(isinstance(core, Core) for core in work.cores)
    assert {core.words for core in work.cores} >= {("finch",)}
    assert ("exoscale",) not in {core.words for core in work.cores}
    for words, text, bits in work.cores:
        assert (text, bits) == ("".join(words), name_bits(words))


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ((), ()),
        (("leasing", "sys"), ("leasing",)),
        (("germany", "leasing"), ("leasing",)),
        (("com", "quendorra"), ("quendorra",)),
        (("london", "svc"), ()),
    ],
)
def test_generic_words_places_and_endings_tell_nothing_beside_a_website(
    rest: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert telling(rest) == words


def test_a_label_is_long_enough_and_under_an_ending_of_a_country_or_a_family() -> None:
    label = "quendorra"[:LONG_LABEL]
    assert made("label", website=f"{label}.de", country="DE") == [f"{label}|DE"]
    assert made("label", website=f"{label[:-1]}.de", country="DE") == []
    for ending in FAMILY:
        assert made("label", website=f"{label}.{ending}", country="DE") == [f"{label}|DE"]


def test_only_a_long_name_is_told_with_one_letter_less() -> None:
    name = "quendorrabrook"[:LONG_NAME]
    found = made("typed_city", name=name, city="Basel")
    assert found[0] == f"{name}|basel" and {len(value) for value in found[1:]} == {len(found[0]) - 1}
    assert made("typed_city", name=name[:-1], city="Basel") == []


@pytest.mark.parametrize("count", range(2, 8))
def test_initials_are_of_as_many_words_as_an_acronym_has_letters(count: int) -> None:
    words = ["Alpha", "Blue", "Coil", "Disc", "Eagle", "Fox", "Green"][:count]
    initials = "".join(word[0] for word in words).lower()
    cells = {"name": " ".join(words), "city": "Basel"}
    assert made("acronym_city", **cells) == [f"{initials}|basel|responder"] * (count in ACRONYM)


@pytest.mark.parametrize(
    ("column", "cell", "country", "value"),
    [
        ("lei", "5493001KJTIIGC8Y1R12", "", "5493001KJTIIGC8Y1R12"),
        ("isin", "us 037833 100-5", "", "US0378331005"),
        ("duns", "15-048-3782", "", "150483782"),
        ("vat", "FR61954506077", "", "FR:VAT:61954506077"),
        ("registration_number", "732 829 320", "France", "FR:SIREN:732829320"),
        ("ticker", "NASDAQ:AAPL", "", "US:AAPL"),
        ("linkedin", "https://www.linkedin.com/company/Acme-Inc/about", "", "acme-inc"),
        ("website", "https://www.linkedin.com/company/acme-inc", "", "acme-inc"),
    ],
)
def test_a_number_or_page_is_an_identifier_of_its_own(
    column: str, cell: str, country: str, value: str
) -> None:
    kind = {"registration_number": "registration", "website": "linkedin"}.get(column, column)
    assert made(kind, **{column: cell, "country": country}) == [value]
    assert made(kind, **{column: "n/a", "country": country}) == []


#: kind, and accounts of which the first gives the values. Nothing for those that give none.
EXAMPLES: list[tuple[str, Cells, list[str]]] = [
    # A website that the name explains, with the telling words of the rest: once with its general words, and
    # once marked with the role of the side that has none of them.
    (
        "domain_name",
        {"name": "Brightwater Inc", "website": "brightwater.com"},
        ["brightwater.com||", "brightwater.com||starter|"],
    ),
    (
        "domain_name",
        {"name": "Brightwater Leasing", "website": "brightwater.com"},
        ["brightwater.com|leasing|", "brightwater.com|leasing|starter|"],
    ),
    (
        "domain_name",
        {"name": "Brightwater Leasing Systems", "website": "brightwater.com"},
        ["brightwater.com|leasing|sys", "brightwater.com|leasing|responder|"],
    ),
    (
        "domain_name",
        {"name": "Brightwater America", "website": "brightwater.com"},
        ["brightwater.com||amer", "brightwater.com||responder|"],
    ),
    (
        "domain_name",
        {"name": "Brightwater M\xe9xico Systems", "website": "brightwater.com"},
        ["brightwater.com||mexico sys", "brightwater.com||responder|"],
    ),
    (
        "domain_name",
        {"name": "Salesforce.com, inc.", "website": "salesforce.com"},
        ["salesforce.com||", "salesforce.com||starter|"],
    ),
    # One that it does not explain, with all core words of the name.
    ("domain_name", {"name": "Finch Quendorra", "website": "acme.com"}, ["acme.com|finch quendorra"]),
    ("domain_name", {"name": "Quendorra Finch", "website": "acme.com"}, ["acme.com|finch quendorra"]),
    ("domain_name", {"name": "Finch Systems", "website": "acme.com"}, ["acme.com|finch sys"]),
    ("domain_name", {"name": "Acme Steel", "website": "acme-foods.com"}, ["acme-foods.com|acme steel"]),
    (
        "domain_name",
        {"name": "Acme", "website": "acme.com, acme.de"},
        ["acme.com||", "acme.com||starter|", "acme.de||", "acme.de||starter|"],
    ),
    ("domain_name", {"name": "Acme", "email": "joe@acme.com"}, ["acme.com||", "acme.com||starter|"]),
    ("domain_name", {"name": "Acme", "website": "facebook.com/acme"}, []),
    ("domain_name", {"name": "test", "website": "acme.com"}, []),
    (
        "domain_name",
        {"name": "Hound Technology dba Honeycomb", "website": "honeycomb.io"},
        ["honeycomb.io||", "honeycomb.io||starter|"],
    ),
    (
        "domain_word",
        {"name": "Brightwater Leasing", "website": "brightwater.com"},
        ["brightwater.com|leasing"],
    ),
    ("domain_word", {"name": "Brightwater Group", "website": "brightwater.com"}, []),
    ("domain_word", {"name": "Brightwater London", "website": "brightwater.com"}, []),
    ("domain_word", {"name": "Finch Quendorra", "website": "acme.com"}, ["acme.com|quendorra"]),
    ("domain", {"website": "https://www.acme.com/x; acme.de"}, ["acme.com", "acme.de"]),
    ("domain", {"website": "acme.com", "email": "joe@acme.de"}, ["acme.com"]),
    ("domain", {"email": "joe@acme.de"}, ["acme.de"]),
    ("domain", {"email": "joe@gmail.com"}, []),
    ("mail_domain", {"website": "acme.com", "email": "joe@acme.de"}, ["acme.com", "acme.de"]),
    ("label", {"website": "acme.de", "country": "DE"}, ["acme|DE"]),
    ("label", {"website": "acme.co.uk", "country": "GB"}, ["acme|GB"]),
    ("label", {"website": "acme.de"}, []),
    ("label", {"website": "abc.de", "country": "DE"}, []),
    ("label", {"website": "software.de", "country": "DE"}, []),
    ("label", {"website": "acme.tech", "country": "DE"}, []),
    ("label", {"email": "joe@acme.de", "country": "DE"}, []),
    ("name_phone", {"name": "Art's Deli", "phone": "+1 818 762 1221"}, ["artsdeli|+18187621221"]),
    (
        "name_phone",
        {"name": "Grill Ritz Atlanta", "phone": "404-659-0400", "country": "US", "city": "Atlanta"},
        ["grillritzatlanta|+14046590400", "grillritz|+14046590400"],
    ),
    ("name_phone", {"name": "Art's Deli", "phone": "555"}, []),
    (
        "word_phone",
        {"name": "Finch Quendorra", "phone": "+1 818 762 1221"},
        ["finch|+18187621221", "quendorra|+18187621221"],
    ),
    ("word_phone", {"name": "", "phone": "+1 818 762 1221"}, []),
    ("name_postcode", {"name": "Art's Deli", "postcode": "91604", "country": "US"}, ["artsdeli|91604"]),
    ("name_postcode", {"name": "Art's Deli", "postcode": "00000", "country": "US"}, []),
    ("name_city", {"name": "The Accenture Company", "city": "Dublin 2"}, ["accenture|dublin"]),
    ("name_city", {"name": "The Services Company", "city": "Dublin"}, []),
    ("name_city", {"name": "Accenture"}, []),
    ("name_country", {"name": "Accenture plc", "country": "Ireland"}, ["accenture|IE"]),
    ("name_country", {"name": "Accenture plc", "country": "Utopia"}, []),
    ("name_country", {"name": "Services Ltd", "country": "Ireland"}, []),
    ("name_country", {"name": "Echo", "country": "US"}, ["echo|US"]),
    ("name_country", {"name": "Echo", "country": "US", "website": "echo.com"}, []),
    ("close_country", {"name": "Quendorra Holding Finch", "country": "DE"}, ["finchquendorra|DE"]),
    ("close_country", {"name": "Services Ltd", "country": "DE"}, []),
    ("close_city", {"name": "Finch Quendorra Holdings", "city": "Basel"}, ["finchquendorra|basel"]),
    ("close_city", {"name": "Holding", "city": "Basel"}, ["hldg|basel"]),
    ("bare_name", {"name": "The Acme Co., Ltd."}, ["acme"]),
    ("bare_name", {"name": "n/a"}, []),
    ("brand_city", {"name": "Honda", "city": "Tokyo"}, []),
    ("acronym_city", {"name": "Wolf Creek", "city": "Burlington"}, []),
    ("acronym_city", {"name": "WC", "city": "Burlington"}, []),
    ("acronym_city", {"name": "Blue Red Green White Black Grey", "city": "Burlington"}, []),
    ("typed_city", {"name": "Echo", "city": "Boston"}, []),
    ("typed_city", {"name": "Quendorra"}, []),
]


@pytest.mark.parametrize(("kind", "cells", "values"), EXAMPLES, ids=lambda part: str(part)[:60])
def test_what_makes_a_kind_and_what_does_not(kind: str, cells: Cells, values: list[str]) -> None:
    assert made(kind, **cells) == values


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Cisco", "Cisco", True),
        ("Cisco", "Cisco Systems", True),
        ("Cisco Inc", "Cisco Systems Germany", True),
        ("Cisco Systems", "Cisco Systems", True),
        ("Cisco Systems Germany", "Cisco Germany Systems", True),
        ("Cisco Leasing", "Cisco Leasing", True),
        ("Cisco Leasing", "Cisco Leasing Systems", True),
        # General words on both sides, and they differ.
        ("Cisco Systems", "Cisco Services", False),
        ("Cisco Systems", "Cisco Germany", False),
        ("Cisco Systems", "Cisco Systems Germany", False),
        ("Cisco Leasing Systems", "Cisco Leasing Services", False),
        # A telling word is never left out.
        ("Cisco", "Cisco Leasing", False),
        ("Cisco Systems", "Cisco Leasing", False),
        ("Cisco", "Cisco Leasing Systems", False),
        ("Cisco Leasing", "Cisco Foundry", False),
        # Of a website that the names do not explain, nothing is left out.
        ("Quendorra", "Quendorra", True),
        ("Quendorra", "Quendorra Systems", False),
        ("Quendorra Systems", "Systems Quendorra", True),
        ("Cisco", "Quendorra", False),
    ],
)
def test_names_at_one_website_leave_general_words_out_but_do_not_replace_them(
    one: str, other: str, expected: bool
) -> None:
    website = {"website": "cisco.com"}
    assert meet("domain_name", {"name": one} | website, {"name": other} | website) is expected
    elsewhere = {"name": other, "website": "cisco.net"}
    assert not meet("domain_name", {"name": one} | website, elsewhere)


@pytest.mark.parametrize("role", ROLES)
def test_the_mark_is_the_role_of_the_side_without_general_words(role: str) -> None:
    peer = ROLES[1 - ROLES.index(role)]
    website = {"website": "cisco.com"}
    assert made("domain_name", role, name="Cisco", **website) == ["cisco.com||", f"cisco.com||{role}|"]
    assert made("domain_name", role, name="Cisco Systems", **website) == [
        "cisco.com||sys",
        f"cisco.com||{peer}|",
    ]
    assert made("domain_name", role, name="Quendorra Systems", **website) == ["cisco.com|quendorra sys"]


PLACED = {"country": "US"}
CITY = {"city": "Portland"}
OTHER_CITY = {"city": "Seattle"}
NOWHERE: Cells = {}


@pytest.mark.parametrize(
    ("one", "other", "hits"),
    [
        # Both have a country: equal or not, `name_country` says so and this kind keeps still.
        (PLACED, PLACED, 0),
        (PLACED, {"country": "DE"}, 0),
        # One side has none.
        (PLACED, NOWHERE, 1),
        (PLACED, CITY, 1),
        (PLACED | CITY, OTHER_CITY, 1),
        # Neither has one: cities that are both there are compared elsewhere, and never meet here.
        (NOWHERE, NOWHERE, 1),
        (CITY, NOWHERE, 1),
        (CITY, OTHER_CITY, 0),
        (CITY, CITY, 0),
    ],
)
def test_a_rare_name_meets_where_a_place_is_missing_and_never_where_two_differ(
    one: Cells, other: Cells, hits: int
) -> None:
    name = {"name": "Tanglewood Brewing Co"}
    assert len(shared("name", name | one, name | other)) == hits
    assert len(shared("name", name | other, name | one)) == hits


@pytest.mark.parametrize(
    ("name", "website"),
    [
        ("Community Services", ""),
        ("Memorial Hospital", ""),
        ("First National Bank", ""),
        ("Universal Software Solutions", ""),
        ("Echo Ltd", "echo.com"),
    ],
)
def test_a_name_that_many_bear_is_no_identifier_alone(name: str, website: str) -> None:
    assert made("name", name=name, website=website) == []
    assert made("name", name="Quendorra " + name, website=website)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Accenture", "Accenture Services", True),
        ("Accenture", "Accenture Software Group", True),
        ("Accenture", "Accenture", False),
        ("Accenture Services", "Accenture Software", False),
        ("Accenture", "Quendorra Services", False),
        ("Services", "Software Services", False),
    ],
)
def test_a_brand_meets_only_whole_against_extended(one: str, other: str, expected: bool) -> None:
    city = {"city": "Dublin"}
    assert meet("brand_city", {"name": one} | city, {"name": other} | city) is expected
    assert not meet("brand_city", {"name": one} | city, {"name": other, "city": "Cork"})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("IBM", "International Business Machines", True),
        ("IBM", "International Business & Machines Corp", True),
        ("IBM", "IBM", False),
        ("International Business Machines", "Italian Boat Makers", False),
        ("IB", "International Business", False),
        ("ABCDEF", "Alpha Beta Coil Disc Eagle Fox", False),
    ],
)
def test_initials_meet_only_the_words_they_stand_for(one: str, other: str, expected: bool) -> None:
    city = {"city": "Armonk"}
    assert meet("acronym_city", {"name": one} | city, {"name": other} | city) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Quendorra", "Quendora", True),
        ("Quendorra", "Quendorrra", True),
        ("Quendorra", "Quendarra", True),
        ("Quendorra", "Quendorar", True),
        ("Quendorra", "Qandarra", False),
        ("Quendorra", "Finchbrook", False),
    ],
)
def test_a_long_rare_name_meets_itself_with_one_letter_wrong(one: str, other: str, expected: bool) -> None:
    city = {"city": "Basel"}
    assert meet("typed_city", {"name": one} | city, {"name": other} | city) is expected
    assert not meet("typed_city", {"name": one} | city, {"name": other, "city": "Bern"})


@pytest.mark.parametrize(
    ("kind", "one", "other", "expected"),
    [
        (
            "domain_name",
            {"name": "Brightwater Inc", "website": "brightwater.com"},
            {"name": "Brightwater Group", "website": "www.brightwater.com"},
            True,
        ),
        (
            "domain_name",
            {"name": "Brightwater Inc", "website": "brightwater.com"},
            {"name": "Brightwater Leasing", "website": "brightwater.com"},
            False,
        ),
        (
            "domain_word",
            {"name": "Brightwater Leasing", "website": "brightwater.com"},
            {"name": "Leasing Brightwater", "website": "brightwater.com"},
            True,
        ),
        (
            "domain_word",
            {"name": "Brightwater Foundation", "website": "brightwater.com"},
            {"name": "Brightwater Leasing", "website": "brightwater.com"},
            False,
        ),
        (
            "name_phone",
            {"name": "Art's Deli", "phone": "818-762-1221", "country": "US"},
            {"name": "Arts Delicatessen", "phone": "+1 818/762-1221"},
            True,
        ),
        (
            "name_phone",
            {"name": "Bel-Air Hotel", "phone": "310-472-1211", "country": "US"},
            {"name": "Hotel Bel Air", "phone": "(310) 472-1211"},
            True,
        ),
        (
            "name_phone",
            {"name": "Art's Deli", "phone": "818-762-1221", "country": "US"},
            {"name": "Art's Deli", "phone": "818-762-1222", "country": "US"},
            False,
        ),
        (
            "name_city",
            {"name": "Quendorra Sys.", "city": "Munich"},
            {"name": "Quendorra Systems", "city": "M\xfcnchen"},
            True,
        ),
        (
            "name_city",
            {"name": "Quendorra", "city": "Munich"},
            {"name": "Quendorra", "city": "Berlin"},
            False,
        ),
        (
            "name_country",
            {"name": "Quendorra", "country": "DE"},
            {"name": "Quendorra GmbH", "country": "Germany"},
            True,
        ),
        (
            "name_country",
            {"name": "Quendorra", "country": "DE"},
            {"name": "Quendorra", "country": "AT"},
            False,
        ),
        (
            "close_city",
            {"name": "Quendorra Finch", "city": "Basel"},
            {"name": "Finch Quendorra Holding", "city": "B\xe2le"},
            True,
        ),
        (
            "label",
            {"website": "quendorra.de", "country": "DE"},
            {"website": "quendorra.com", "country": "Germany"},
            True,
        ),
        (
            "label",
            {"website": "quendorra.de", "country": "DE"},
            {"website": "quendorra.fr", "country": "FR"},
            False,
        ),
        (
            "mail_domain",
            {"website": "quendorra.com"},
            {"website": "quendorra.de", "email": "x@quendorra.com"},
            True,
        ),
    ],
)
def test_which_accounts_a_kind_joins(kind: str, one: Cells, other: Cells, expected: bool) -> None:
    assert meet(kind, one, other) is expected


RICH: Cells = {
    "name": "Quendorra Finch Leasing Services",
    "website": "quendorra.com; quendorra.de; quendorra.fr",
    "email": "joe@quendorra.org",
    "linkedin": "linkedin.com/company/quendorra",
    "country": "US",
    "city": "Portland",
    "postcode": "97201",
    "phone": "503-241-7476",
    "lei": "5493001KJTIIGC8Y1R12",
    "duns": "150483782",
}


@pytest.mark.parametrize("most", [1, 4, 8, 16, 30])
@pytest.mark.parametrize("role", ROLES)
def test_fewer_identifiers_are_the_first_of_more(most: int, role: str) -> None:
    every = compose(facts(**RICH), ALL, role, PLENTY)
    assert len(every) == len(set(every)) > 30
    assert compose(facts(**RICH), ALL, role, most) == every[:most]


def test_many_websites_leave_room_for_the_name() -> None:
    every = compose(facts(**RICH), ALL, "starter", PLENTY)
    assert [kind for kind, _ in every[:9]] == [
        "lei",
        "duns",
        "linkedin",
        "domain_name",
        "domain_name",
        "domain_word",
        "name_phone",
        "name_phone",
        "name_city",
    ]
    values = [value.partition(JOINT)[0] for kind, value in every if kind == "domain_name"]
    assert values == [f"quendorra.{ending}" for ending in ("com", "com", "de", "de", "fr", "fr")]
    further = compose(facts(name="Acme", website="acme.com; acme.de", country="FR"), ALL, "starter", PLENTY)
    assert [value for kind, value in further if kind == "domain_name"] == [
        "acme.com||",
        "acme.com||starter|",
        "acme.de||",
        "acme.de||starter|",
    ]
    # Both values of the first website come at once, those of the second after all other kinds.
    assert [kind for kind, _ in further[:4]] == ["domain_name", "domain_name", "domain", "label"]
    assert further[7:] == [
        ("domain_name", "acme.de||"),
        ("domain_name", "acme.de||starter|"),
        ("domain", "acme.de"),
        ("mail_domain", "acme.de"),
    ]


def test_only_the_kinds_asked_for_are_made() -> None:
    assert {kind for kind, _ in compose(facts(**RICH), frozenset({"lei", "name"}), "starter", 8)} == {
        "lei",
        "name",
    }
    assert compose(facts(**RICH), frozenset(), "starter", 8) == []


def test_no_part_of_a_composite_holds_the_joint() -> None:
    account = facts(name="Acme | Quendorra|Finch", city="Port|land", website="acme.com", country="US")
    # Four parts at most: website, telling words, role, and nothing, which no general words are.
    assert all(value.count(JOINT) <= 3 for _, value in compose(account, ALL, "starter", PLENTY))
    assert not [name for name in account.names if JOINT in name.whole]
