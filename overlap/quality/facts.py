"""Which facts each own account has, what it carries, and why it lacks the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.identity import JOINT, identify, normalise_domain
from overlap.quality.assumptions import LADDERS, NEEDS, NUMBERS, facts_of, kind_of
from overlap.quality.model import Integers, Masks, Model
from overlap.records import ACCOUNT_COLUMNS

#: Facts of an account that a column of its own gives, in the order in which repairs look at them. Numbers
#: come behind these.
FIELDS: Final = ("domain", "name", "country", "city", "postcode", "phone")

#: Reasons for which a website is not readable; any other reason names somebody else than the account.
UNREADABLE: Final = frozenset(
    {"not a domain", "more than one address", "longer than a cell may be", "an IP address"}
)
EMPTY: Final = "empty"
_SEVERAL: Final = "more than one address"

#: Where a fact's column has another name than the fact.
_COLUMNS: Final = {"domain": "website", "registration": "registration_number"}


@dataclass(frozen=True)
class Facts:
    """Masks over the accounts: who has a fact, and where its column is filled.

    `states` are the model's. `website` is why the website of each account is no identifier ("" when it is
    one), `by_mail` marks accounts whose domain comes from their e-mail address alone. `explained` is the
    share of accounts with a name and a domain whose name explains it.
    """

    model: Model
    states: Integers
    has: dict[str, Masks]
    filled: dict[str, Masks]
    website: np.ndarray[Any, Any]
    by_mail: Masks
    explained: float


def column_of(fact: str) -> str:
    """The column of ACCOUNT_COLUMNS that holds a fact, "" when none does."""
    name = _COLUMNS.get(fact, fact)
    return name if name in ACCOUNT_COLUMNS else ""


def find_facts(accounts: pd.DataFrame, identifiers: pd.DataFrame, kinds: Sequence[str]) -> Facts:
    """What the identifiers (records.IDENTIFIER_COLUMNS) of `kinds` say about each account."""
    model = Model(kinds)
    carried = {kind: _mask(identifiers, kind, len(accounts)) for kind in kinds}
    has: dict[str, Masks] = {}
    filled: dict[str, Masks] = {}
    for fact in (*FIELDS, *sorted(NUMBERS.intersection(kinds))):
        column = column_of(fact)
        filled[fact] = (accounts[column] != "").to_numpy(bool)
        has[fact] = _carrying(carried, fact, len(accounts))
        if fact != "domain":
            has[fact] |= _usable(accounts, fact, filled[fact] & ~has[fact])
    states, explained = find_states(model, identifiers, has["country"])
    website, by_mail = _websites(accounts, has["domain"])
    return Facts(model, states, has, filled, website, by_mail, explained)


def find_states(model: Model, identifiers: pd.DataFrame, placed: Masks) -> tuple[Integers, float]:
    """The states of the model, and the share of domains beside a name that the name explains.

    `placed` says which accounts have a country.
    """
    states = np.zeros(len(placed), dtype=np.int64)
    told, left = explained(identifiers, len(placed))
    variants = {
        "domain_name": told,
        "domain_name:unexplained": left,
        "name": placed,
        "name:unplaced": ~placed,
    }
    for evidence in model.evidence:
        mask = _mask(identifiers, kind_of(evidence), len(placed)) & variants.get(evidence, True)
        states[mask] |= model.bit(evidence)
    both = int((told | left).sum())
    return states, float(told.sum() / both) if both else 0.0


def explained(identifiers: pd.DataFrame, accounts: int) -> tuple[Masks, Masks]:
    """Accounts with a domain that their name explains, and with one that it does not.

    The form of the identifier says it: where the name explains the domain, general words stand apart.
    """
    rows = identifiers[identifiers["kind"] == "domain_name"]
    holders = rows["account"].to_numpy(np.int64)
    apart = np.fromiter(
        (value.count(JOINT) > 1 for value in rows["value"].tolist()), dtype=bool, count=len(rows)
    )
    masks = np.zeros((2, accounts), dtype=bool)
    masks[0, holders[apart]] = True
    masks[1, holders[~apart]] = True
    return masks[0], masks[1]


def is_number(fact: str) -> bool:
    """Whether a fact is a number that an authority gave."""
    return fact in NUMBERS


def _mask(identifiers: pd.DataFrame, kind: str, accounts: int) -> Masks:
    mask = np.zeros(accounts, dtype=bool)
    mask[identifiers.loc[identifiers["kind"] == kind, "account"].to_numpy(np.int64)] = True
    return mask


def _carrying(carried: dict[str, Masks], fact: str, accounts: int) -> Masks:
    """Who carries a kind that needs the fact, in whatever degree."""
    degrees = next((set(ladder) for ladder in LADDERS if fact in ladder), {fact})
    kinds = [kind for kind in NEEDS if kind in carried and degrees.intersection(facts_of(kind))]
    masks = [carried[kind] for kind in kinds]
    return np.any(masks, axis=0) if masks else np.zeros(accounts, dtype=bool)


def _usable(accounts: pd.DataFrame, fact: str, asked: Masks) -> Masks:
    """Which of the accounts asked for have a usable fact although no identifier of theirs carries it.

    A common name gives no identifier with the country, and a bound on the identifiers of an account leaves
    others out.
    """
    usable = np.zeros(len(accounts), dtype=bool)
    places = np.flatnonzero(asked)
    if fact not in _SHOWING or not len(places):
        return usable
    codes = accounts.iloc[places].groupby([column_of(fact), "country"], sort=False).ngroup().to_numpy()
    _, firsts = np.unique(codes, return_index=True)
    distinct = accounts.iloc[places[firsts]].reset_index(drop=True)
    if fact != "name":
        distinct = distinct.assign(name=pd.array([RARE] * len(distinct), dtype="str"))
    found = identify(distinct, (_SHOWING[fact],), processes=1).frame
    usable[places] = _mask(found, _SHOWING[fact], len(distinct))[codes]
    return usable


#: The kind that any account with a rare name has by a usable fact, and such a name.
_SHOWING: Final = {
    "name": "bare_name",
    "country": "close_country",
    "city": "close_city",
    "postcode": "name_postcode",
    "phone": "word_phone",
}
RARE: Final = "Quollbrook"


def _websites(accounts: pd.DataFrame, has: Masks) -> tuple[np.ndarray[Any, Any], Masks]:
    """Why each website is no identifier, and whose domain comes from the e-mail address alone."""
    further = (accounts["domains"] != "").to_numpy(bool)
    mailed = has & ~further & (accounts["email"] != "").to_numpy(bool)
    # Whoever has a domain and no e-mail address that it could be from has it from the website.
    asked = np.flatnonzero(mailed | ~has)
    codes, cells = pd.factorize(accounts["website"].iloc[asked])
    reasons = np.full(len(accounts), "", dtype=object)
    reasons[asked] = np.array([*(normalise_domain(cell).reason for cell in cells.tolist()), ""])[codes]
    # A cell with several addresses has identifiers for all of them.
    by_mail = mailed & (reasons != "") & (reasons != _SEVERAL)
    return np.where(has & ~by_mail, "", reasons), by_mail
