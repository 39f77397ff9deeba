"""What accounts would win by a fact that they lack: they are given one, and identified again.

So the rules of identity decide what the fact is worth to an account: which kinds its name is rare enough for,
and which of them a bound on its identifiers leaves out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.identity import identify
from overlap.quality.facts import RARE, Facts, column_of, find_states, is_number
from overlap.quality.model import Integers

#: Accounts that are identified again for one repair; of more, as many evenly spread stand for all.
SAMPLE: Final = 500

#: What is filled in where the list has no value of its own: any that is usable.
_ANY: Final = {
    "name": RARE,
    "country": "DE",
    "city": "Berlin",
    "postcode": "10115",
    "phone": "+49 30 901820",
}
#: A website that explains no name.
_WEBSITE: Final = "q7x4zv9j.com"


def completed(accounts: pd.DataFrame, facts: Facts, places: Integers, fact: str) -> tuple[float, float]:
    """What the accounts at `places` would win together by having `fact`, found and released, in matches for
    every shared account of the list; middle assumptions.
    """
    model = facts.model
    chosen = places[np.linspace(0, len(places) - 1, min(SAMPLE, len(places))).astype(np.int64)]
    before = facts.states[chosen]
    if is_number(fact):
        gained = model.chances(before | model.bit(fact))
    else:
        filled = accounts.iloc[chosen].reset_index(drop=True)
        filled[column_of(fact)] = pd.array(_values(accounts, facts, chosen, fact), dtype="str")
        placed = facts.has["country"][chosen] | (fact == "country")
        after, _ = find_states(model, identify(filled, processes=1).frame, placed)
        gained = model.chances(after)
        if fact in ("domain", "name"):
            # How many names explain their websites is taken from those that are there.
            told, left = model.bit("domain_name"), model.bit("domain_name:unexplained")
            explained = np.where(after & left, after & ~left | told, after)
            gained = facts.explained * model.chances(explained) + (1 - facts.explained) * gained
    won = (gained - model.chances(before)).mean(axis=0) * len(places) / len(accounts)
    return float(won[0]), float(won[1])


def _values(accounts: pd.DataFrame, facts: Facts, places: Integers, fact: str) -> list[str]:
    """A value for each of the accounts at `places`, as other accounts of the list have them.

    A postcode is that of an account of the same country, a name any, and a city or country the most frequent.
    """
    if fact == "domain":
        return [_WEBSITE] * len(places)
    known = accounts[facts.has[fact] & facts.filled[fact]]
    cells = known[column_of(fact)]
    if cells.empty or fact == "phone":
        return [_ANY[fact]] * len(places)
    if fact == "postcode":
        usual: dict[Any, str] = dict(zip(known["country"].tolist(), cells.tolist(), strict=True))
        return [usual.get(country, _ANY[fact]) for country in accounts["country"].iloc[places].tolist()]
    if fact == "name":
        spread = np.linspace(0, len(cells) - 1, len(places)).astype(np.int64)
        return [str(name) for name in cells.iloc[spread].tolist()]
    return [str(cells.mode().iloc[0])] * len(places)
