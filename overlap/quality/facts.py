"""Which facts each own account has, and why it lacks the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.identity import explains, normalise_domain
from overlap.quality.assumptions import NUMBERS, facts_of
from overlap.quality.model import Integers, Model
from overlap.records import ACCOUNT_COLUMNS

Mask = np.ndarray[Any, np.dtype[np.bool_]]

#: Reasons for which a website is not readable; any other reason names somebody else than the account.
UNREADABLE: Final = frozenset(
    {"not a domain", "more than one address", "longer than a cell may be", "an IP address"}
)
EMPTY: Final = "empty"

#: Where a fact's column has another name than the fact.
_COLUMNS: Final = {"domain": "website", "registration": "registration_number"}


@dataclass(frozen=True)
class Facts:
    """Masks over the accounts, by fact of the model: who has it, and where its column is filled.

    `states` are the model's. `website` is why the website of each account is no identifier ("" when it is
    one), `by_mail` marks accounts whose domain comes from their e-mail address alone. `explained` is the
    share of accounts with a domain whose name explains it.
    """

    model: Model
    states: Integers
    has: dict[str, Mask]
    filled: dict[str, Mask]
    website: np.ndarray[Any, Any]
    by_mail: Mask
    explained: float


def column_of(fact: str) -> str:
    """The column of ACCOUNT_COLUMNS that holds a fact, "" when none does."""
    name = _COLUMNS.get(fact, fact)
    return name if name in ACCOUNT_COLUMNS else ""


def find_facts(accounts: pd.DataFrame, identifiers: pd.DataFrame, kinds: Sequence[str]) -> Facts:
    """What the identifiers (records.IDENTIFIER_COLUMNS) of `kinds` say about each account."""
    model = Model(kinds)
    carried = {kind: _mask(identifiers, kind, len(accounts)) for kind in kinds}
    has: dict[str, Mask] = {}
    filled: dict[str, Mask] = {}
    named = np.zeros(len(accounts), dtype=bool)
    for kind in kinds:
        if "name" in facts_of(kind):
            named |= carried[kind]
    for fact in model.facts:
        using = [carried[kind] for kind in kinds if fact in facts_of(kind)]
        has[fact] = np.any(using, axis=0)
        column = column_of(fact)
        filled[fact] = (accounts[column] != "").to_numpy(bool) if column else has[fact]
        if fact not in kinds and column:
            # A country stands in kinds beside a name only, so without a name the column has to tell.
            has[fact] |= filled[fact] & ~named
    states = np.zeros(len(accounts), dtype=np.int64)
    for fact, mask in has.items():
        states[mask] |= model.bit(fact)
    explained = _explained(accounts, identifiers)
    states[explained] |= model.explained
    with_domain = int(has["domain"].sum()) if "domain" in has else 0
    website, by_mail = _websites(accounts, has.get("domain", np.zeros(len(accounts), dtype=bool)))
    share = float(explained.sum() / with_domain) if with_domain else 0.0
    return Facts(model, states, has, filled, website, by_mail, share)


def completed(facts: Facts, rows: Integers, fact: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What `rows` would win by having a fact: an array (rows, 2), found and released, middle assumptions."""
    model = facts.model
    before = facts.states[rows]
    after = before | model.bit(fact)
    gained = model.chances(after)
    if fact == "domain":
        # How many of the new websites the names explain is taken from the websites that are there.
        told = model.chances(after | model.explained)
        gained = facts.explained * told + (1 - facts.explained) * gained
    return gained - model.chances(before)


def is_number(fact: str) -> bool:
    """Whether a fact is a number that an authority gave."""
    return fact in NUMBERS


def _mask(identifiers: pd.DataFrame, kind: str, accounts: int) -> Mask:
    mask = np.zeros(accounts, dtype=bool)
    mask[identifiers.loc[identifiers["kind"] == kind, "account"].to_numpy(np.int64)] = True
    return mask


def _explained(accounts: pd.DataFrame, identifiers: pd.DataFrame) -> Mask:
    """Accounts whose own name explains one of their domains."""
    domains = identifiers[identifiers["kind"] == "domain"]
    holders = domains["account"].to_numpy(np.int64)
    names = accounts["name"].to_numpy(dtype=object)[holders].tolist()
    told = np.fromiter(map(explains, names, domains["value"].tolist()), dtype=bool, count=len(holders))
    mask = np.zeros(len(accounts), dtype=bool)
    mask[holders[told]] = True
    return mask


def _websites(accounts: pd.DataFrame, has: Mask) -> tuple[np.ndarray[Any, Any], Mask]:
    """Why each website is no identifier, and whose domain comes from the e-mail address alone."""
    further = (accounts["domains"] != "").to_numpy(bool)
    mailed = has & ~further & (accounts["email"] != "").to_numpy(bool)
    # Whoever has a domain and no e-mail address that it could be from has it from the website.
    asked = np.flatnonzero(mailed | ~has)
    codes, cells = pd.factorize(accounts["website"].iloc[asked])
    reasons = np.full(len(accounts), "", dtype=object)
    reasons[asked] = np.array([*(normalise_domain(cell).reason for cell in cells.tolist()), ""])[codes]
    by_mail = mailed & (reasons != "")
    return np.where(has & ~by_mail, "", reasons), by_mail
