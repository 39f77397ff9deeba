"""The data of places: every name of a city leads to it, every postcode form is taken, every plan read."""

from __future__ import annotations

import pytest

from overlap.errors import UsageError
from overlap.identity import numbering, resources
from overlap.identity.city import normalise_city
from overlap.identity.phone import normalise_phone
from overlap.identity.place import normalise_place
from overlap.identity.postcode import normalise_postcode
from overlap.identity.text import fold

CITIES = [line.split(";") for line in resources.read_lines("cities")]
FORMS = [line.split(";") for line in resources.read_lines("postcodes")]
PLANS = [line.split(";")[:2] for line in resources.read_lines("phone_plans")]


@pytest.mark.parametrize("names", CITIES, ids=lambda names: ascii(names[0]))
def test_every_name_of_a_city_gives_its_first_name(names: list[str]) -> None:
    first = fold(names[0].removeprefix("*"))
    assert {normalise_city(name.removeprefix("*")).value for name in names} == {first}
    assert normalise_city(first).value == first


@pytest.mark.parametrize(("country", "forms", "zeros"), FORMS)
def test_every_form_of_a_postcode_is_taken_and_gets_its_zeros_back(
    country: str, forms: str, zeros: str
) -> None:
    for form in forms.split("|"):
        code = "".join({"9": "4", "A": "K", "*": "7"}.get(sign, sign.upper()) for sign in form)
        code = code[:-1] + "1" if code[-1] == "4" else code
        assert normalise_postcode(code, country).value == code
        assert normalise_postcode(code, "").value == code
    if int(zeros):
        length = len(forms.partition("|")[0])
        eaten = "4" * (length - int(zeros) - 1) + "1"
        assert normalise_postcode(eaten, country).value == eaten.zfill(length)
        assert normalise_postcode(eaten[1:], country).value == (
            eaten[1:] if len(eaten) - 1 in map(len, forms.split("|")) else ""
        )


@pytest.mark.parametrize(("country", "code"), PLANS)
def test_every_plan_compiles_and_refuses_one_digit_only(country: str, code: str) -> None:
    plan = numbering.plan(country)
    assert plan is not None and plan.calling_code == code
    assert plan in numbering.plans(code)
    assert plan.national("") == ""
    assert not normalise_phone("1111111111", country).value


def test_a_number_of_the_united_states_needs_its_area_code() -> None:
    assert normalise_phone("736-5000", "US").reason == "no number of its country"
    assert normalise_phone("212-736-5000", "US").value == "+12127365000"


def test_an_area_code_that_is_not_in_use_is_beyond_doubt_no_american_number() -> None:
    assert "221" not in numbering.area_codes() and "212" in numbering.area_codes()
    assert normalise_phone("221-736-5000").value == ""
    assert normalise_phone("212-736-5000").value == "+12127365000"


def test_a_number_of_another_country_keeps_its_calling_code() -> None:
    assert normalise_phone("(852)25621692", "TW").value == "+85225621692"
    assert normalise_phone("86-2131753698", "TW").value == "+862131753698"
    assert normalise_phone("02-25077801", "TW").value == "+886225077801"


def test_an_unknown_kind_of_place_is_an_error() -> None:
    with pytest.raises(UsageError):
        normalise_place("street", "Main Street 1")
