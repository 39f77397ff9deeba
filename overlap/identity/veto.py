"""The veto of a number: identifiers that do not meet where both accounts have numbers that differ.

One registry of the contract vetoes, say DUNS. Each identifier of an account becomes two, with the role in
them, so that at most one of the peer's two is equal:

    account                         starter submits                  responder submits
    with number r                   value & r, value & starter only  value & r, value & responder only
    without                         value & responder only,          value & starter only,
                                    value & neither                  value & neither

    starter has   responder has     meet in
    r             r                 value & r
    r             another           nothing: no hit, nothing disclosed, nothing to show
    r             none              value & starter only
    none          r                 value & responder only
    none          none              value & neither

So a pair of accounts with an equal value meets in one identifier, or in none. Of accounts of one side that
share a value, each is judged by its own number: where the peer has the value with r1, of accounts with r1, r2
and none the first meets in `r1`, the third in `starter only` (or `responder only`), the second not at all.
Where the peer has it without a number, the first two carry the one composite that meets and are rivals, and
the third meets in `neither`. A value can so be matched by up to three composites, each of other pairs.

What it costs: exactly twice the identifiers, so twice the size bound and twice the time. What it tells: for a
matched identifier each side learns whether the other has a number in that registry. What it does not do: stop
a peer with a modified program, who can submit all composites of a value. It is no rule for level `counts`,
where an account submits one identifier.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd

from overlap.errors import UsageError
from overlap.records import IDENTIFIER_COLUMNS

#: What a contract says in which no registry vetoes.
NO_VETO: Final = "none"

#: Between a value and what stands for the numbers: the unit separator of ASCII. No normaliser lets a control
#: character through, and the one between name and country is a bar.
SEPARATOR: Final = "\x1f"

#: A number stands behind "=", so that no number reads like one of the words.
_NUMBER: Final = SEPARATOR + "="
_ONLY: Final = {"starter": SEPARATOR + "starter", "responder": SEPARATOR + "responder"}
_NEITHER: Final = SEPARATOR + "neither"
_WORDS: Final = 4
_PEER: Final = {"starter": "responder", "responder": "starter"}


def with_veto(
    identifiers: pd.DataFrame, numbers: pd.DataFrame, role: str, kinds: Collection[str]
) -> pd.DataFrame:
    """The identifiers with each one of `kinds` made into its two composites, which stand in its place.

    `identifiers` and `numbers` are tables of `IDENTIFIER_COLUMNS`; `numbers` has those of the registry that
    vetoes: one kind, at most one number for an account, any accounts. `role` is that of the own side. Rows of
    other kinds stay as they are; the kind of `numbers` itself is one of these as a rule.

    Raises UsageError for an unknown role, numbers of several kinds or of one account, and values that have
    been made composite before.
    """
    if role not in _ONLY:
        raise UsageError("an unknown role in a run", "use starter or responder")
    _check(identifiers, numbers)
    chosen = identifiers["kind"].isin(list(kinds)).to_numpy(bool)
    numbered, place = pd.factorize(numbers["value"])
    # By place: no mark, only the peer has a number, only this side, neither, and then the numbers.
    marks = pd.Series(["", _ONLY[_PEER[role]], _ONLY[role], _NEITHER], dtype="str")
    marks = pd.concat([marks, _NUMBER + pd.Series(place, dtype="str")], ignore_index=True)
    own = pd.Series(numbered + _WORDS, index=numbers["account"].to_numpy(np.int64))
    own = own.reindex(identifiers["account"].to_numpy(np.int64), fill_value=0).to_numpy(np.int64)
    first = np.where(chosen, np.where(own, own, 1), 0)
    second = np.where(own, 2, 3)
    rows = np.repeat(np.arange(len(identifiers)), np.where(chosen, 2, 1))
    again = np.zeros(len(rows), bool)
    again[1:] = rows[1:] == rows[:-1]
    doubled = identifiers.iloc[rows].reset_index(drop=True)
    mark = marks.take(np.where(again, second[rows], first[rows])).array
    return doubled.assign(value=doubled["value"].array + mark)[list(IDENTIFIER_COLUMNS)]


def vetoed(identifiers: pd.DataFrame, registry: str, role: str) -> pd.DataFrame:
    """All identifiers of a list under the veto of `registry`, a kind among them; NO_VETO changes nothing."""
    if registry == NO_VETO:
        return identifiers
    numbers = identifiers[identifiers["kind"] == registry]
    others = set(identifiers["kind"].unique()) - {registry}
    return with_veto(identifiers, numbers, role, others)


def without_veto(value: str) -> str:
    """The value that a composite was made of; any other value unchanged."""
    return value.partition(SEPARATOR)[0]


def _check(identifiers: pd.DataFrame, numbers: pd.DataFrame) -> None:
    """UsageError where there is no saying what vetoes, or a value has marks already."""
    if identifiers["value"].str.contains(SEPARATOR, regex=False).any():
        raise UsageError("the identifiers carry the marks of a veto already", "apply one veto only")
    if numbers["kind"].nunique() > 1:
        raise UsageError("numbers of several registries cannot veto together", "choose one registry")
    if numbers["account"].duplicated().any():
        raise UsageError("an account has two numbers in the registry that vetoes", "give each account one")
    if (numbers["value"] == "").any():
        raise UsageError("a number that vetoes is empty", "use the identifiers of that kind")
