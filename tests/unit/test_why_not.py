"""Every reason for which an account gives no identifier of a kind, each by an account that has it."""

from __future__ import annotations

import pytest

from overlap.identity import KINDS, MOST, explain_kinds, read_cells, telling_words
from overlap.identity.compose import RARE_ALONE, RARE_BRAND, RARE_IN_CITY, RARE_IN_COUNTRY, RARE_TYPED
from overlap.records import ACCOUNT_COLUMNS

WHOLE = {
    "name": "Quollbrook Vexmoor GmbH",
    "website": "quollbrook.de",
    "country": "Germany",
    "city": "Berlin",
    "postcode": "10117",
    "phone": "+49 30 901820",
}


def account(**cells: str) -> dict[str, str]:
    return dict.fromkeys(ACCOUNT_COLUMNS, "") | cells


def reasons(cells: dict[str, str], **how: object) -> dict[str, str]:
    asked = {"kinds": KINDS, "role": "starter", "most": MOST} | how
    _, missing = explain_kinds(account(**cells), **asked)  # type: ignore[arg-type]
    return {one.kind: one.reason for one in missing}


MAIL = "website: a free mail or internet provider"


@pytest.mark.parametrize(
    ("changed", "kind", "reason"),
    [
        ({}, "lei", "no LEI"),
        ({}, "linkedin", "no LinkedIn page"),
        ({}, "registration", "no number in a register"),
        ({"duns": "1.5E8"}, "duns", "DUNS number: rounded by a spreadsheet"),
        ({"lei": "X" * 20}, "lei", "LEI: a placeholder, not a number"),
        ({"vat": "DE1"}, "vat", "VAT number: not a valid number"),
        ({"registration_number": "7123", "country": ""}, "registration",
         "number in a register: no country to say which register"),
        ({"linkedin": "linkedin.com/in/someone"}, "linkedin", "LinkedIn page: a person's LinkedIn page"),
        ({"website": "gmail.com"}, "domain_name", MAIL),
        ({"website": "gmail.com"}, "label", MAIL),
        ({"website": "", "email": "a@gmail.com"}, "domain",
         "e-mail address: a free mail or internet provider"),
        ({"website": "nothing"}, "mail_domain", "website: not a domain"),
        ({"website": ""}, "domain_word", "no website and no e-mail address"),
        ({"website": "", "email": "a@quollbrook.de"}, "label", "no website"),
        ({"name": "unknown"}, "domain_name", "name: a placeholder, not a name"),
        ({"name": "4711"}, "bare_name", "name: no letters"),
        ({"name": ""}, "name", "no name"),
        ({"name": "", "city": ""}, "name_city", "no name, no city"),
        ({"phone": "12"}, "name_phone", "telephone number: no number of its country"),
        ({"phone": ""}, "word_phone", "no telephone number"),
        ({"postcode": ""}, "name_postcode", "no postcode"),
        ({"city": "Germany"}, "close_city", "city: a country, not a city"),
        ({"country": "Utopia"}, "name_country", "country: an unknown country"),
        ({"name": "Quollbrook GmbH"}, "domain_word", "the website tells the whole name"),
        ({"name": "Quollbrook Solutions Germany"}, "domain_word",
         "beyond the website the name has general words and places only"),
        ({"name": "Solutions", "website": ""}, "name_city", f"bits of {RARE_IN_CITY:g}"),
        ({"name": "Solutions", "website": ""}, "name_country", f"bits of {RARE_IN_COUNTRY:g}"),
        ({"name": "Solutions", "website": ""}, "name", f"bits of {RARE_ALONE:g}"),
        ({"name": "Solutions", "website": ""}, "close_country", f"bits of {RARE_IN_COUNTRY:g}"),
        ({"name": "Solutions", "website": ""}, "typed_city", f"bits of {RARE_TYPED:g}"),
        ({"name": "Echo"}, "name", "a word of the dictionary"),
        ({"name": "Echo"}, "name_country", "a word of the dictionary"),
        ({"name": "Quoxvy"}, "typed_city", "the name has fewer than 8 letters"),
        ({"name": "Energy Bank Solutions"}, "brand_city", "the name has general words only"),
        ({"name": "Smith Bank"}, "brand_city", f"bits of {RARE_BRAND:g}"),
        ({"name": "Quollbrook Vexmoor"}, "acronym_city",
         "the name is neither three words or more nor three to five initials"),
        ({"website": "quollbrook.engineering"}, "label",
         "companies seldom have this ending of a website beside another"),
        ({"website": "qb.de"}, "label", "the website's label has fewer than 4 letters"),
        ({"website": "energy.de"}, "label", "the website's label is a general word"),
        ({"country": ""}, "label", "no country"),
    ],
)  # fmt: skip
def test_every_reason_is_said(changed: dict[str, str], kind: str, reason: str) -> None:
    said = reasons(WHOLE | changed).get(kind, "")
    partly = reason.startswith(("bits", "a word"))
    assert reason in said if partly else said == reason, said


def test_a_name_below_the_limit_never_reads_as_if_it_reached_it() -> None:
    said = reasons(WHOLE | {"name": "Solutions", "website": ""})["name_city"]
    found, limit = said.partition(": ")[2].split(" bits of ")
    assert said.startswith("the name is too common to match by city: ") and float(found) < float(limit)


def test_a_kind_that_is_not_agreed_on_says_whether_the_account_has_it() -> None:
    said = reasons(WHOLE, kinds=("domain_name", "name_city"))
    assert said["domain"] == "not agreed on, though the account has it"
    assert said["lei"] == "not agreed on"
    assert "domain_name" not in said


def test_given_identifiers_stand_in_order_of_precedence_and_say_which_had_room() -> None:
    given, missing = explain_kinds(account(**WHOLE), KINDS, "starter", 3)
    assert [one.kind for one in given] == sorted((one.kind for one in given), key=KINDS.index)
    assert sum(one.within for one in given) == 3
    assert {one.kind for one in given} | {one.kind for one in missing} == set(KINDS)
    assert {one.kind for one in given}.isdisjoint(one.kind for one in missing)


@pytest.mark.parametrize(
    ("cells", "kind", "remark"),
    [
        ({"name": "Tarnwick", "website": "quollbrook.de"}, "domain_name", "does not explain the website"),
        ({"name": "Quollbrook", "email": "a@quollbrook.de"}, "domain_name", "from the e-mail address"),
        ({"name": "Quollbrook", "website": "quollbrook.de"}, "domain_name", ""),
    ],
)
def test_a_remark_says_what_an_identifier_rests_on(cells: dict[str, str], kind: str, remark: str) -> None:
    given, _ = explain_kinds(account(**cells), KINDS, "starter", MOST)
    found = next(one.remark for one in given if one.kind == kind)
    assert remark in found and bool(remark) == bool(found)


def test_each_cell_shows_its_own_values_and_reasons() -> None:
    cells = {
        cell.column: cell
        for cell in read_cells(
            account(
                name="Hound Technology Inc. dba Honeycomb",
                website="hound.com; gmail.com",
                domains="linkedin.com/company/hound",
                email="x@honeycomb.io",
                country="US",
                phone="(212) 736-5000",
                vat="1.5E8",
                isin=" ",
            )
        )
    }
    assert cells["name"].values[0].startswith("hound technology") and "honeycomb" in cells["name"].values
    assert cells["website"][2:] == (("hound.com",), ("a free mail or internet provider",))
    assert cells["domains"].values == ("linkedin.com/company/hound",)
    assert cells["domains"].reasons == ("a social profile or directory page",)
    assert cells["email"].values == ("honeycomb.io",)
    assert cells["country"].values == ("US",)
    assert cells["phone"].values == ("+12127365000",)
    assert cells["vat"].reasons == ("rounded by a spreadsheet",)
    assert cells["lei"][1:] == ("", (), ())
    assert not cells["isin"].values and not cells["isin"].reasons


def test_telling_words_are_the_rarest_of_each_name_in_all_spellings() -> None:
    assert telling_words(account(name="Quollbrook Systems Inc")) == ("quollbrook",)
    assert {"systems", "sys"} & set(telling_words(account(name="Systems")))
    assert telling_words(account(name="")) == ()
