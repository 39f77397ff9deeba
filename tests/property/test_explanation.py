"""Explanations agree with what a run makes of any account, and find who shares an identifier with it."""

from __future__ import annotations

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.explanation import explain_account
from overlap.identity import KINDS, MOST, explain_kinds, identify, read_cells
from overlap.identity.missing import ask, why_not
from overlap.records import ACCOUNT_COLUMNS

WORDS = ["Acme", "Quollbrook", "First", "Bank", "Energy", "Systems", "Zed", "IBM", "Müller", "& Söhne",
         "Echo", "Holding", "GmbH", "(Exoscale)", "dba Honeycomb",
         "Berlin", "Smith", "unknown", "12", "and", "of"]  # fmt: skip
names = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
CELLS = {
    "name": st.one_of(names, st.text(max_size=12)),
    "website": st.sampled_from(
        ["", "acme.de", "www.quollbrook.com/x", "gmail.com", "zed.io", "energy.de", "a.b", "first-bank.com",
         "qb.de", "linkedin.com/company/acme", "acme.engineering; quollbrook.de", "xn--mller-kva.de"]
    ),
    "domains": st.sampled_from(["", "acme.com", "t.co", "müller.de"]),
    "email": st.sampled_from(["", "a@gmail.com", "b@acme.de", "nobody"]),
    "linkedin": st.sampled_from(["", "acme", "linkedin.com/in/me"]),
    "country": st.sampled_from(["", "DE", "Germany", "Utopia"]),
    "city": st.sampled_from(["", "Berlin", "Germany", "Paris"]),
    "postcode": st.sampled_from(["", "10117", "nowhere"]),
    "phone": st.sampled_from(["", "+49 30 901820", "030/901820", "1"]),
    "duns": st.sampled_from(["", "150483782", "1.5E8", "111111111"]),
    "vat": st.sampled_from(["", "DE136695976", "7"]),
    "ticker": st.sampled_from(["", "NYSE:IBM", "IBM"]),
}  # fmt: skip
accounts = st.fixed_dictionaries(CELLS).map(lambda cells: dict.fromkeys(ACCOUNT_COLUMNS, "") | cells)
roles = st.sampled_from(["starter", "responder"])


def table(rows: list[dict[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS), dtype="str")
    return frame.assign(row=range(2, len(rows) + 2), id=[str(at) for at in range(len(rows))])


@settings(max_examples=150, deadline=None)
@given(accounts, roles)
def test_a_kind_has_a_reason_exactly_when_it_gives_nothing(account: dict[str, str], role: str) -> None:
    found, missing = explain_kinds(account, KINDS, role, MOST)
    asked = ask(account, role)
    made = {one.kind for one in found}
    assert {kind for kind in KINDS if not why_not(kind, asked)} == made
    assert {one.kind for one in missing} == set(KINDS) - made


@settings(max_examples=80, deadline=None)
@given(accounts, roles, st.sets(st.sampled_from(KINDS), min_size=1), st.integers(1, 12))
def test_what_had_room_is_what_a_run_submits(
    account: dict[str, str], role: str, kinds: set[str], most: int
) -> None:
    found, _ = explain_kinds(account, kinds, role, most)
    submitted = identify(table([account]), sorted(kinds), role=role, most=most).frame
    expected = sorted(zip(submitted["kind"].tolist(), submitted["value"].tolist(), strict=True))
    assert sorted((one.kind, one.value) for one in found if one.within) == expected


@settings(max_examples=80, deadline=None)
@given(accounts)
def test_reasons_of_cells_are_what_a_run_counts_as_dropped(account: dict[str, str]) -> None:
    dropped = {reason for _, reason in identify(table([account])).dropped}
    assert {reason for cell in read_cells(account) for reason in cell.reasons} == dropped


#: What shares only these may be missed, as the module says.
CLOSE = {"typed_city", "brand_city", "acronym_city"}


#: Shares a label that lost its marks, and nothing else.
UMLAUT = [
    dict.fromkeys(ACCOUNT_COLUMNS, "")
    | {"name": name, "website": website, "domains": domains, "country": "DE"}
    for name, website, domains in (
        ("Acme Acme", "zed.io", "müller.de"),
        ("", "", "müller.de"),
        ("", "xn--mller-kva.de", ""),
    )
]


@settings(max_examples=60, deadline=None)
@given(st.lists(accounts, min_size=1, max_size=8))
@example(UMLAUT)
def test_look_alikes_are_those_that_a_whole_run_would_find(rows: list[dict[str, str]]) -> None:
    frame = table(rows)
    made = identify(frame).frame
    own = made[made["account"] == 0]
    shared = made[made["account"] != 0].merge(own[["kind", "value"]], on=["kind", "value"])
    expected = {int(at): set(part["kind"]) for at, part in shared.groupby("account")}
    found = explain_account(frame, 0).look_alikes
    assert found.complete
    for one in found.found:
        assert expected[one.position] == set(one.kinds)
    missed = expected.keys() - {one.position for one in found.found}
    assert all(expected[at] <= CLOSE for at in missed)
