"""What to repair first: each repair with the accounts it concerns, an instruction, and its gain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from overlap.quality.assumptions import BY_FACT, NUMBERS
from overlap.quality.completion import completed
from overlap.quality.doubles import ROWS, row_labels, strangers, surplus
from overlap.quality.facts import EMPTY, FIELDS, UNREADABLE, Facts, column_of
from overlap.quality.model import Estimate, Integers, Masks
from overlap.quality.quality import Freshness, Repair
from overlap.records import Rejected

#: Repairs listed.
MOST: Final = 10

#: Points; less than this is what adding fractions leaves over.
_NONE: Final = 1e-9

_FILL: Final = {
    "domain": "Fill in the company's own website.",
    "name": "Fill in the company's name.",
    "country": "Fill in the country: a common name is never released without a review.",
}
_CORRECT: Final = {
    "name": "Replace the placeholder by the company's registered name.",
    "country": "Write the country as its name or its two-letter code, not a state or a city.",
}
_STALE: Final = "Check whether they still exist under this name; delete what does not."
_BY_CREATION: Final = " Export the date of the last change, too: only that of the creation is there."
_FOREIGN: Final = "Replace the page or mail provider by the company's own domain."
_NO_ADDRESS: Final = "Correct the website: one address such as example.com."


def find_repairs(
    accounts: pd.DataFrame,
    facts: Facts,
    table: pd.DataFrame,
    estimate: Estimate | None,
    rejected: Sequence[Rejected],
) -> list[Repair]:
    """Every repair with a gain, best first, MOST at most; `table` is that of `carriers`."""
    if estimate is None:
        return []
    rows = row_labels(accounts)
    found = [
        *_rejected(rejected, estimate, len(accounts)),
        *(_completing(accounts, rows, facts, lack) for lack in _lacks(facts) if lack.mask.any()),
        *_doubled(rows, facts, table),
    ]
    gaining = [repair for repair in found if repair.gain > _NONE]
    return sorted(gaining, key=lambda repair: (-repair.gain, repair.what))[:MOST]


def notices(accounts: pd.DataFrame, orphans: Masks, stale: Masks, freshness: Freshness) -> list[Repair]:
    """What is worth a look although the model cannot say its gain."""
    rows = row_labels(accounts)
    by_creation = 0 < freshness.stale == freshness.by_creation
    texts = (
        ("parent not in the list", orphans, "Export the parents too, or clear the parent."),
        (f"unchanged since before {freshness.limit}", stale, _STALE + (_BY_CREATION if by_creation else "")),
    )
    return [
        Repair(what, int(mask.sum()), _first(rows, np.flatnonzero(mask)), instruction)
        for what, mask, instruction in texts
        if mask.any()
    ]


def _rejected(rejected: Sequence[Rejected], estimate: Estimate, accounts: int) -> Iterator[Repair]:
    if rejected:
        share = 100 * len(rejected) / (accounts + len(rejected))
        yield Repair(
            "row rejected",
            len(rejected),
            tuple(map(str, sorted(one.row for one in rejected)[:ROWS])),
            "Repair the row, or leave it if it is no account; as it is, it matches nothing.",
            found=share * estimate.found.middle,
            released=share * estimate.released.middle,
        )


class _Lack(NamedTuple):
    """Accounts without a fact, and what to do about it."""

    what: str
    fact: str
    mask: Masks
    instruction: str


def _lacks(facts: Facts) -> Iterator[_Lack]:
    reasons, without = facts.website, ~facts.has["domain"]
    unreadable, empty = np.isin(reasons, list(UNREADABLE)), reasons == EMPTY
    yield _Lack("no website", "domain", without & empty, _FILL["domain"])
    yield _Lack("website of a provider or platform", "domain", without & ~empty & ~unreadable, _FOREIGN)
    yield _Lack("website that cannot be read", "domain", without & unreadable, _NO_ADDRESS)
    for fact, has in facts.has.items():
        filled = facts.filled[fact]
        if fact in NUMBERS:
            name = _written(fact)
            correct = f"Correct the {name}, as text with its zeros, or clear it."
            yield _Lack(f"{name} that is not valid", fact, filled & ~has, correct)
        elif fact in FIELDS[1:]:
            column = column_of(fact)
            fill = _FILL.get(fact, f"Fill in the {column}.")
            correct = _CORRECT.get(fact, f"Correct the {column}.")
            yield _Lack(f"no {column}", fact, ~has & ~filled, fill)
            yield _Lack(f"{column} not understood", fact, ~has & filled, correct)


def _completing(accounts: pd.DataFrame, rows: np.ndarray[Any, Any], facts: Facts, lack: _Lack) -> Repair:
    """The repair that gives accounts the fact that they lack.

    A country may cost a rare name as many matches as it wins: without one it matches in any country. Such a
    repair, which loses more than it wins, has no gain.
    """
    places = np.flatnonzero(lack.mask)
    found, released = (100 * won for won in completed(accounts, facts, places, lack.fact))
    if found + released < 0:
        found = released = 0.0
    return Repair(
        lack.what, len(places), _first(rows, places), lack.instruction, max(found, 0.0), max(released, 0.0)
    )


def _doubled(rows: np.ndarray[Any, Any], facts: Facts, table: pd.DataFrame) -> Iterator[Repair]:
    extra = surplus(table)
    chances = facts.model.chances(facts.states)[:, 0]
    if len(extra):
        yield Repair(
            "duplicate of another row",
            len(extra),
            _first(rows, extra),
            "Merge it with its double; each shared company would come out twice.",
            avoided=100 * float(chances[extra].sum()) / len(rows),
        )
    for what, kinds, instruction in _CONFLICTS:
        other = strangers(table, kinds)
        other = other[~other["account"].isin(extra)].drop_duplicates("account")
        places = other["account"].to_numpy(np.int64)
        if len(places):
            yield Repair(
                what,
                len(places),
                _first(rows, places),
                instruction,
                avoided=100 * float(other["what"].map(_meets).sum()) / len(rows),
            )


#: A value that one company has, on accounts of several names: what, kinds, instruction.
_CONFLICTS: Final = (
    (
        "website shared with other names",
        ("domain",),
        "Merge, if it is one company; else give each its own website: a shared one matches a stranger.",
    ),
    (
        "number shared with other names",
        tuple(sorted(NUMBERS)),
        "Merge, if it is one company; else correct the number: it names one company.",
    ),
)


def _meets(fact: str) -> float:
    """The chance that the partner's list has the value, when it has the company that it belongs to."""
    return BY_FACT[fact].filled.middle * BY_FACT[fact].agrees.middle


def _written(fact: str) -> str:
    return {"lei": "LEI", "duns": "DUNS number", "vat": "VAT number", "isin": "ISIN"}.get(
        fact, f"{fact} number"
    )


def _first(rows: np.ndarray[Any, Any], places: Integers) -> tuple[str, ...]:
    return tuple(rows[np.sort(places)[:ROWS]].tolist())


def count_reasons(rejected: Sequence[Rejected]) -> Mapping[str, int]:
    """Rejected rows by reason, most frequent first."""
    reasons = [one.reason for one in rejected]
    return dict(sorted(((r, reasons.count(r)) for r in set(reasons)), key=lambda item: (-item[1], item[0])))
