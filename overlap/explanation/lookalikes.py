"""Own accounts that share an identifier with one of them, found without identifying the whole list.

The list is searched as it is written for what an account that shares an identifier must contain: the label of
the website, the rarest word of the name, the digits of a number. Only the rows found so are identified, by
the same functions as in a run, and compared. What shares nothing but a close or abbreviated name in one city
is not looked for, nor a rarest word that is written with other letters ("ss" for "ß").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from overlap.identity import KINDS, Given, identify, normalise_name, telling_words, vetoed
from overlap.match import NAME_KINDS, SAME_NAME_KINDS

#: Rows that are identified at most: about a second's work. A website of more accounts is a platform's.
MOST_COMPARED: Final = 20_000
#: Digits of a telephone number from the end on by which it is searched: without country and trunk codes.
_TAIL: Final = 6
#: Characters between two of a word, and between two of a number: signs, blanks, and marks taken off letters.
_BETWEEN: Final = r"[^\p{L}\p{N}]*"
#: Characters between two of a website's label: hyphens, and marks taken off letters.
_JOINED: Final = r"[-\p{M}]*"
_WEBSITE_COLUMNS: Final = ("website", "domains", "email")
_NUMBER_COLUMNS: Final = {
    "lei": "lei",
    "isin": "isin",
    "duns": "duns",
    "vat": "vat",
    "registration": "registration_number",
    "ticker": "ticker",
}
_WEBSITE_KINDS: Final = ("domain_name", "domain_word", "domain", "label", "mail_domain")
_PHONE_KINDS: Final = ("name_phone", "word_phone")


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Another own account, and the kinds of identifiers that both have, best first.

    `position` is its place in the table. A `duplicate` is one company by the rules of `match.judge`; any
    other is a rival: where nothing else matches, a hit could mean either.
    """

    position: int
    row: int
    id: str
    population: str
    kinds: tuple[str, ...]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """The look-alikes of an account in the order of the list; not all were compared unless `complete`."""

    found: tuple[LookAlike, ...]
    complete: bool


def find_look_alikes(
    accounts: pd.DataFrame,
    position: int,
    given: Sequence[Given],
    kinds: Collection[str],
    role: str,
    most: int,
    veto: str,
) -> LookAlikes:
    """Other accounts of the list that share one of the identifiers `given` (those within the limit).

    `accounts` has records.ACCOUNT_COLUMNS; `kinds`, `role` and `most` are as for `identify`, `veto` is as for
    `vetoed`.
    """
    places = _containing(accounts, _patterns(_cells(accounts, position), given))
    places = places[places != position]
    compared = places[:MOST_COMPARED]
    part = accounts.iloc[[position, *compared.tolist()]].reset_index(drop=True)
    made = vetoed(identify(part, tuple(kinds), processes=1, role=role, most=most).frame, veto, role)
    shared = made.merge(made.loc[made["account"] == 0, ["kind", "value"]], on=["kind", "value"])
    agreed: dict[int, dict[str, None]] = {}
    for at, kind in zip(shared["account"].tolist(), shared["kind"].tolist(), strict=True):
        agreed.setdefault(at, {})[kind] = None
    agreed.pop(0, None)
    others = [(at, tuple(sorted(some, key=KINDS.index))) for at, some in sorted(agreed.items())]
    found = [look_alike(part, 0, at, agree, int(compared[at - 1])) for at, agree in others]
    return LookAlikes(tuple(found), len(compared) == len(places))


def look_alike(accounts: pd.DataFrame, own: int, at: int, kinds: tuple[str, ...], position: int) -> LookAlike:
    """The account at `at` as a look-alike of the one at `own`, with the kinds that both have, best first.

    It is one company with it by the rules of `match.judge`, which asks for the best kind: one that holds the
    name, or one normalised name where that is not all that agrees. `position` is its place in the whole list.
    """
    names = [normalise_name(str(accounts["name"].iloc[each])).value for each in (own, at)]
    one_name = names[0] == names[1] != ""
    duplicate = kinds[0] in SAME_NAME_KINDS or (one_name and kinds[0] not in NAME_KINDS)
    row, name, population = (accounts[column].iloc[at] for column in ("row", "id", "population"))
    return LookAlike(position, int(row), str(name), str(population), kinds, duplicate)


def _cells(accounts: pd.DataFrame, position: int) -> Mapping[str, str]:
    return {str(column): cell for column, cell in accounts.iloc[position].items()}


def _patterns(account: Mapping[str, str], given: Sequence[Given]) -> dict[str, set[str]]:
    """Column to the expressions of which a row that shares an identifier contains one."""
    patterns: dict[str, set[str]] = {"name": {_spaced(word) for word in telling_words(account)}}

    def add(pattern: str, *columns: str) -> None:
        for column in columns:
            patterns.setdefault(column, set()).add(pattern)

    for kind, value, *_ in given:
        first, _, last = value.partition("|")
        if kind in _WEBSITE_KINDS:
            label = first.partition(".")[0]
            add(_JOINED.join(map(re.escape, label.replace("-", ""))), *_WEBSITE_COLUMNS)
            if label.startswith("xn--"):
                add(r"[^\x00-\x7f]", *_WEBSITE_COLUMNS)
            elif kind == "label":
                # Its letters have lost their marks; which ones an encoded cell has is not seen in it.
                add("xn--", *_WEBSITE_COLUMNS)
        elif kind in _PHONE_KINDS:
            add(_spaced(last[-_TAIL:]), "phone")
        elif kind == "linkedin":
            add(re.escape(value), "linkedin", "website", "domains")
        elif kind in _NUMBER_COLUMNS:
            add(_spaced(value.rpartition(":")[2].lstrip("0")), _NUMBER_COLUMNS[kind])
    return patterns


def _spaced(text: str) -> str:
    return _BETWEEN.join(map(re.escape, text))


def _containing(accounts: pd.DataFrame, patterns: Mapping[str, Collection[str]]) -> Any:
    """The ascending positions (int64) of the rows that contain one of the expressions of a column."""
    found = np.zeros(len(accounts), bool)
    for column, wanted in patterns.items():
        if not wanted:
            continue
        cells = pa.chunked_array([pa.array(accounts[column])])
        expression = "|".join(sorted(wanted))
        found |= _matches(cells, expression)
        if column in ("name", *_WEBSITE_COLUMNS):
            # Letters with marks fall apart into letters and marks; only few cells have any.
            marked = np.flatnonzero(~np.asarray(pc.string_is_ascii(cells).to_numpy(), dtype=bool))
            apart = pc.utf8_normalize(cells.take(pa.array(marked)), form="NFKD")
            found[marked] |= _matches(apart, expression)
    return np.flatnonzero(found)


def _matches(cells: Any, expression: str) -> Any:
    return np.asarray(pc.match_substring_regex(cells, expression, ignore_case=True).to_numpy(), dtype=bool)
