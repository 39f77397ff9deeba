"""What identify keeps, what it drops and why, and what the data files must hold. Accounts are made up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from overlap import identity
from overlap.errors import UsageError
from overlap.identity import (
    KINDS,
    Identified,
    batch,
    data_digest,
    explains,
    identify,
    normaliser_digest,
    resources,
)
from overlap.identity.country import codes
from overlap.identity.denied import REASONS, denied_hosts, platforms
from overlap.identity.domain import normalise_cell, normalise_mail_cell
from overlap.identity.name import normalise_name
from overlap.identity.outcome import MAX_CELL
from overlap.identity.registers import NATIONAL, VAT, load
from overlap.identity.registration import normalise_registration
from overlap.identity.suffixes import split_host
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS

#: The digest of this version's outcomes. When a change of rules or lists alters it, raise NORMALISER and
#: write the new pair here: two sides with different outcomes must not meet under one version.
PINNED_DIGEST = "faff15a641054579bf5e7018fe7fcbc2e327cf6ce6f1625debf4e4d2394b9d20"


def accounts(*cells: dict[str, str]) -> pd.DataFrame:
    rows = [dict.fromkeys(ACCOUNT_COLUMNS, "") | cell for cell in cells]
    return pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS), dtype="str")


def values(found: Identified, kind: str) -> list[tuple[int, str]]:
    rows = found.frame[found.frame["kind"] == kind]
    return list(zip(rows["account"].tolist(), rows["value"].tolist(), strict=True))


def test_one_account_gives_one_row_for_each_kind_in_order_of_precedence() -> None:
    found = identify(
        accounts({"name": "Brightwater Inc.", "website": "www.brightwater.com", "country": "USA"})
    )
    assert found.frame.to_dict("records") == [
        {"account": 0, "kind": "domain_name", "value": "brightwater.com||"},
        {"account": 0, "kind": "domain_name", "value": "brightwater.com||starter|"},
        {"account": 0, "kind": "name_country", "value": "brightwater|US"},
        {"account": 0, "kind": "name", "value": "brightwater|starter"},
        {"account": 0, "kind": "domain", "value": "brightwater.com"},
        {"account": 0, "kind": "close_country", "value": "brightwater|US"},
        {"account": 0, "kind": "label", "value": "brightwater|US"},
        {"account": 0, "kind": "bare_name", "value": "brightwater"},
    ]


def test_the_frame_has_the_columns_and_types_of_records() -> None:
    for table in (accounts({"name": "Acme"}), accounts()):
        frame = identify(table).frame
        assert tuple(frame.columns) == IDENTIFIER_COLUMNS
        assert list(map(str, frame.dtypes)) == ["int64", "str", "str"]


def test_no_kinds_give_an_empty_frame_of_the_same_types() -> None:
    frame = identify(accounts({"name": "Acme"}), kinds=()).frame
    assert list(map(str, frame.dtypes)) == ["int64", "str", "str"]
    assert frame.empty


def test_only_the_kinds_asked_for_are_made() -> None:
    table = accounts({"name": "Acme", "website": "acme.com", "country": "FR"})
    assert identify(table, kinds=("bare_name", "domain")).frame["kind"].tolist() == ["domain", "bare_name"]


def test_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        identify(accounts(), kinds=("domain", "horoscope"))


def test_an_unknown_role_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        identify(accounts(), role="referee")


@pytest.mark.parametrize("most", [0, -1])
def test_less_than_one_identifier_an_account_is_a_usage_error(most: int) -> None:
    with pytest.raises(UsageError):
        identify(accounts(), most=most)


def test_domains_of_website_and_further_domains_are_taken_once_each() -> None:
    found = identify(
        accounts(
            {"website": "acme.com, acme.de", "domains": "www.acme.com;acme.fr; facebook.com/acme"},
            {"website": "globex.com"},
        )
    )
    assert values(found, "domain") == [(0, "acme.com"), (0, "acme.de"), (0, "acme.fr"), (1, "globex.com")]
    assert found.dropped == {("domains", "a social profile or directory page"): 1}


def test_an_email_domain_counts_only_without_a_usable_website() -> None:
    found = identify(
        accounts(
            {"website": "acme.com", "email": "joe@globex.com"},
            {"website": "", "email": "joe@globex.com"},
            {"website": "n/a", "email": "joe@mail.initech.co.uk"},
            {"website": "", "email": "joe@gmail.com"},
        )
    )
    assert values(found, "domain") == [(0, "acme.com"), (1, "globex.com"), (2, "initech.co.uk")]
    # The weaker kind has both, so that a website meets an e-mail address.
    assert values(found, "mail_domain") == [
        (0, "acme.com"),
        (0, "globex.com"),
        (1, "globex.com"),
        (2, "initech.co.uk"),
    ]
    assert found.dropped == {
        ("email", "a free mail or internet provider"): 1,
        ("website", "not a domain"): 1,
    }


def test_dropped_counts_accounts_not_distinct_cells() -> None:
    found = identify(accounts({"name": "test"}, {"name": "test"}, {"name": ""}), kinds=("name",))
    assert found.dropped == {("name", "a placeholder, not a name"): 2}


def test_a_name_without_a_known_country_gives_no_name_country() -> None:
    table = accounts(
        {"name": "Acme"}, {"name": "Acme", "country": "Utopia"}, {"name": "Acme", "country": "Peru"}
    )
    found = identify(table, kinds=("name_country",))
    assert values(found, "name_country") == [(2, "acme|PE")]
    assert found.dropped == {("country", "an unknown country"): 1}


def test_numbers_of_one_account_do_not_meet_those_of_another_register() -> None:
    found = identify(
        accounts(
            {"registration_number": "732829320", "country": "FR"},
            {"registration_number": "73282932", "country": "GB"},
        )
    )
    assert values(found, "registration") == [(0, "FR:SIREN:732829320"), (1, "GB:CRN:73282932")]


def test_progress_reports_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, int]] = []
    table = accounts(*({"name": f"Acme {at}"} for at in range(7)))
    monkeypatch.setattr(batch, "STEP", 3)
    identify(table, progress=lambda *step: seen.append(step))
    assert seen == [("accounts", 3, 7), ("accounts", 6, 7), ("accounts", 7, 7)]


def test_worker_processes_give_the_same_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    table = accounts(
        *(
            {"name": f"Müller {at} GmbH", "website": f"müller{at}.de, x", "country": "DE", "duns": f"{at:09}"}
            for at in range(50)
        ),
        {"name": "-", "email": "joe@globex.com", "registration_number": "732829320", "country": "FR"},
    )
    alone = identify(table, processes=1)
    monkeypatch.setattr(batch, "THRESHOLD", 10)
    monkeypatch.setattr(batch, "STEP", 7)
    together = identify(table, processes=2)
    pd.testing.assert_frame_equal(together.frame, alone.frame)
    assert together.dropped == alone.dropped


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("acme.com", "Acme Corporation"),
        ("acme-widgets.com", "Acme Widgets Ltd"),
        ("acmegroup.com", "Acme"),
        ("mueller.de", "Müller GmbH"),
        ("xn--mller-kva.de", "Müller GmbH"),
        ("ibm.com", "International Business Machines Corp."),
        ("pg.com", "Procter & Gamble"),
        ("shop.myshopify.com", "Shop"),
        ("gazprom.ru", "ПАО Газпром"),
    ],
)
def test_a_name_explains_a_domain_made_of_it(domain: str, name: str) -> None:
    assert explains(name, domain)


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("alphabet.com", "Acme"),
        ("services.com", "Acme Services"),
        ("group.de", "Acme Group"),
        ("a.com", "Acme"),
        ("ma.com", "Müller AG"),
        ("smarthome.com", "Art Ltd"),
        ("acme.com", ""),
        ("acme-foods.com", "Acme Steel Ltd"),
        ("acmehealth.com", "Acme Robotics"),
        ("acme.com", "株式会社トヨタ"),
    ],
)
def test_a_name_does_not_explain_a_domain_that_says_something_else(domain: str, name: str) -> None:
    assert not explains(name, domain)


@pytest.mark.parametrize("list_name", REASONS)
def test_every_host_on_a_list_is_refused_with_a_reason_and_so_is_what_lies_under_it(list_name: str) -> None:
    for host in resources.read_lines(list_name):
        for written in (host, f"https://acme.{host}/x"):
            kept, reasons = normalise_cell(written)
            assert (kept, len(reasons)) == ((), 1), written


def test_a_platform_is_taken_bare_and_refused_with_a_page() -> None:
    for host in platforms() - denied_hosts().keys():
        registrable = ".".join(split_host(host)[:2])
        if registrable == host:
            assert normalise_cell(f"https://www.{host}/") == ((host,), ())
        assert normalise_cell(f"https://www.{host}/shops/acme")[0] == ()


def test_every_suffix_alone_is_refused() -> None:
    for line in resources.read_lines("public_suffix"):
        if line[0] not in "*!":
            assert split_host(line)[0] == "" and split_host(line)[2]


def test_a_cell_over_the_limit_is_refused_whatever_it_holds() -> None:
    long = "acme.com/" + "x" * MAX_CELL
    assert normalise_cell(long) == normalise_mail_cell(long) == ((), ("longer than a cell may be",))
    assert normalise_name("x" * 1_000_000).reason
    assert normalise_registration("vat", "1" * 1_000_000, "FR").reason


def test_there_are_249_countries_and_no_two_share_a_name() -> None:
    assert len(set(codes().values())) == 249
    assert all(len(code) == 2 and codes()[code.lower()] == code for code in set(codes().values()))


def test_every_register_has_its_module_and_its_country() -> None:
    registers = [register for found in NATIONAL.values() for register in found] + list(VAT.values())
    for register in registers:
        if register.module:
            assert callable(load(register.module).validate)
    assert set(NATIONAL) | set(VAT) <= set(codes().values())


def test_every_legal_form_is_taken_off_a_name() -> None:
    for line in resources.read_lines("legal_forms"):
        form = line.split(";")[0]
        assert normalise_name(f"Zyxwvu {form}").value == "zyxwvu", form


def test_an_unknown_kind_of_number_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        normalise_registration("horoscope", "US0378331005")


def test_zeros_are_restored_only_where_numbers_begin_with_them() -> None:
    assert normalise_registration("registration", "5502013", "GB").value == "GB:CRN:05502013"
    assert normalise_registration("registration", "88077917", "NO").reason


def test_the_digests_are_pinned_to_the_version() -> None:
    assert (identity.NORMALISER, normaliser_digest()) == ("2", PINNED_DIGEST)
    assert len(data_digest()) == 64


def test_every_data_file_is_in_the_digest_and_in_the_readme() -> None:
    folder = Path(resources.__file__).parent / "data"
    files = {path.stem for path in folder.glob("*.txt")} - {"LICENSES"}
    assert files == set(resources.DATA_FILES)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}.txt`" in readme for name in files)


def test_a_data_file_of_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "read_bytes", lambda name: b"# overlap-data/2 platform\nacme.com\n")
    with pytest.raises(ValueError, match="not of this version"):
        resources.read_lines("platform")


def test_the_public_names_are_real_and_named_once() -> None:
    assert len(set(identity.__all__)) == len(identity.__all__)
    assert dir(identity) == sorted(identity.__all__)
    assert all(getattr(identity, name) is not None for name in identity.__all__)
    assert KINDS[0] == "lei"


def test_importing_the_package_does_not_import_pandas() -> None:
    code = (
        "import sys, overlap.identity as i; i.KINDS, i.normaliser_digest(); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
