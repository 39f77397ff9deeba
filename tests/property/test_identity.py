"""Normalisers: idempotent, total, independent of the machine, the same in a batch, stable when respelled."""

from __future__ import annotations

import locale
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.identity import KINDS, data_digest, identify, normaliser_digest, resources
from overlap.identity.domain import normalise_cell
from overlap.identity.kinds import normalise, probes
from overlap.identity.text import fold
from overlap.records import ACCOUNT_COLUMNS

ROOT = Path(__file__).parent.parent.parent
NORMALISERS = (
    "domain", "mail", "name", "country", "linkedin", "lei", "isin", "duns", "vat", "registration", "ticker"
)  # fmt: skip

PROBED = sorted({text for _, text, _ in probes()})
PIECES = [
    "acme", "\xdcnal", "\xdf", "\u0130", "\ufb01", "\u682a\u5f0f\u4f1a\u793e", "\u043e\u043e\u043e",
    "the ", " and ", "&", " y ", "GmbH", " & Co. KG", "S.A.", "s.p.a.", "(UK)", "[old]", "(\u682a)", ".",
    "/", "-", "'", "\u2019", " ", "\u3000", "\u200b", "\u0301", "e\u0301", "\u3099", "\u304b", "\u1100",
    "\u1161", "\ud55c", "https://", "www.", "mailto:", "@", ":80", "//", "\\", ".com", ".co.uk",
    ".myshopify.com", "facebook.com", "xn--", ",", ";", "|", "123456789", "732829320", "FR", "DE", "EL",
    ":SIREN:", "0", "1E+9", "\x00", "\n", "\ud800", "\U0001d538", "\u2460", "\u0663", "\u03c2", "\u03a3",
    "\u01c6", "\u0149", "NYSE:", " US", ".DE", "-B", "7203", "(", ")", "%2C", "%2F",
    "linkedin.com/", "company/", "in/", "US0378331005",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet=st.characters(codec="ascii"), max_size=30),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.sampled_from(PROBED),
)
COUNTRIES = st.sampled_from(["", "FR", "Germany", "GB", "US", "PL", "AU", "CH", "SE", "Utopia"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", NORMALISERS)
@settings(max_examples=150, deadline=None)
@given(text=TEXTS, country=COUNTRIES)
def test_any_text_gives_a_value_or_a_reason(kind: str, text: str, country: str) -> None:
    outcome = normalise(kind, text, country)
    assert bool(outcome.value) != bool(outcome.reason)


@pytest.mark.parametrize("kind", [kind for kind in NORMALISERS if kind != "mail"])
@settings(max_examples=150, deadline=None)
@given(text=TEXTS, country=COUNTRIES)
@example(text="The The", country="")
@example(text="Co Ltd & Co", country="")
def test_normalising_a_value_again_changes_nothing(kind: str, text: str, country: str) -> None:
    outcome = normalise(kind, text, country)
    if outcome.value:
        assert normalise(kind, outcome.value, "") == outcome


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_a_value_of_a_domain_is_ascii_lower_case_without_separators(text: str) -> None:
    values, _ = normalise_cell(text)
    for value in values:
        assert value.isascii() and value == value.lower() and not set(value) & set(" /:@;,|\t")


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_case_composition_and_surrounding_blanks_do_not_change_a_name(text: str) -> None:
    if not text.isprintable():
        return
    outcome = normalise("name", text)
    assert normalise("name", f"  {text} ") == outcome
    assert normalise("name", unicodedata.normalize("NFC", text)) == outcome
    assert normalise("name", unicodedata.normalize("NFD", text)) == outcome


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="ab9.-/:@?w", max_size=14), st.sampled_from(["", ".com", ".de/x", ".co.uk", ".c", "."])
)
@example("a" * 70, ".com")
@example("a." * 140, "com")
@example("9.9a", "")
def test_the_usual_addresses_get_what_the_long_way_gives(text: str, end: str) -> None:
    cell = text + end
    # A blank and a word that is no address send the cell the long way.
    assert normalise_cell(cell) == normalise_cell(f"{cell} remark") or "." not in cell


WORDS = st.lists(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=6, max_size=9), min_size=1, max_size=3
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(
    WORDS,
    st.sampled_from(
        [" Inc.", ", Inc", " INCORPORATED", " GmbH", " G.m.b.H.", " GmbH & Co. KG", " S.A.", " s.p.a.", ""]
    ),
)
def test_a_legal_form_does_not_change_a_name(words: str, form: str) -> None:
    bare = normalise("name", words)
    assert normalise("name", words.title() + form) == bare
    assert normalise("name", f"The {words.upper()}{form}") == bare


LABELS = st.from_regex(r"[a-z]{5}[a-z0-9]{3,12}", fullmatch=True)


@settings(max_examples=80, deadline=None)
@given(LABELS, st.sampled_from(["com", "co.uk", "de", "uk.com", "github.io"]))
def test_every_way_to_write_an_address_gives_its_registrable_domain(label: str, suffix: str) -> None:
    domain = f"{label}.{suffix}"
    expected = normalise("domain", domain)
    for written in (
        f"https://www.{domain}/x?y=1#z", f"http://{domain}:8080", domain.upper() + ".", f"<{domain}>",
        f"mailto:joe@{domain}", f"//shop.{domain}/", f"http:{domain}", f"  {domain}\n",
        f"https://u:p@{domain}/", f"{domain} (old)",
    ):  # fmt: skip
        assert normalise("domain", written) == expected
    assert expected.value == domain


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": TEXTS,
                "website": TEXTS,
                "domains": TEXTS,
                "email": TEXTS,
                "country": COUNTRIES,
                "vat": TEXTS,
                "lei": TEXTS,
                "isin": TEXTS,
                "ticker": TEXTS,
                "duns": TEXTS,
                "registration_number": TEXTS,
            }
        ),
        max_size=6,
    )
)
def test_a_batch_gives_what_its_accounts_give_alone(cells: list[dict[str, str]]) -> None:
    # A lone surrogate cannot be in a column of dtype str: ingest has decoded every cell.
    cells = [{k: v.encode("utf-8", "replace").decode() for k, v in cell.items()} for cell in cells]
    together = identify(_accounts(cells))
    alone = [identify(_accounts([cell])) for cell in cells]
    rows = {
        (position, *row[1:])
        for position, one in enumerate(alone)
        for row in one.frame.itertuples(index=False, name=None)
    }
    assert set(together.frame.itertuples(index=False, name=None)) == rows
    assert len(together.frame) == len(rows)
    counts: dict[tuple[str, str], int] = {}
    for one in alone:
        for key, count in one.dropped.items():
            counts[key] = counts.get(key, 0) + count
    assert dict(together.dropped) == counts


def test_digests_do_not_depend_on_locale_or_hash_seed() -> None:
    code = (
        "import locale\n"
        "try:\n    locale.setlocale(locale.LC_ALL, 'tr_TR.UTF-8')\nexcept locale.Error:\n    pass\n"
        "from overlap.identity import data_digest, normaliser_digest\n"
        "print(normaliser_digest(), data_digest())"
    )
    for seed, language in (("1", "tr_TR.UTF-8"), ("2", "C")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": language, "PYTHONPATH": str(ROOT)}
        result = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stdout.split() == [normaliser_digest(), data_digest()]
    assert locale.setlocale(locale.LC_CTYPE)


def test_the_data_digest_does_not_depend_on_line_ends() -> None:
    for name in resources.DATA_FILES:
        assert b"\r" not in resources.read_bytes(name)


def _accounts(cells: list[dict[str, str]]) -> pd.DataFrame:
    rows = [dict.fromkeys(ACCOUNT_COLUMNS, "") | cell for cell in cells]
    return pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS), dtype="str")


def test_every_kind_is_reached() -> None:
    cell = {
        "name": "Quendorra Leasing",
        "website": "quendorra.com",
        "linkedin": "linkedin.com/company/quendorra",
        "country": "FR",
        "vat": "FR61954506077",
        "lei": "5493001KJTIIGC8Y1R12",
        "isin": "US0378331005",
        "ticker": "NASDAQ:AAPL",
        "duns": "150483782",
        "registration_number": "732829320",
    }
    place = {
        "name": "Tanglewood Brewing Works",
        "city": "Portland",
        "postcode": "97201",
        "phone": "503-241-7476",
        "country": "US",
    }
    reached = set(identify(_accounts([cell, place]), most=100).frame["kind"])
    assert reached == set(KINDS)
