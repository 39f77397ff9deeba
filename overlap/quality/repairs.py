"""What to repair first: each repair with the accounts it concerns, an instruction, and its gain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.quality.assumptions import BY_FACT, NUMBERS
from overlap.quality.doubles import ROWS, row_labels, strangers, surplus
from overlap.quality.facts import EMPTY, UNREADABLE, Facts, Mask, column_of, completed, is_number
from overlap.quality.model import Estimate, Integers
from overlap.quality.quality import Freshness, Repair
from overlap.records import Rejected

#: Repairs listed.
MOST: Final = 10

_FILL: Final = {
    "domain": "Fill in the company's own website.",
    "name": "Fill in the company's name.",
    "country": "Fill in the country: a bare name is never released without a review.",
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
        *_websites(rows, facts),
        *_missing(rows, facts),
        *_numbers(rows, facts),
        *_doubled(rows, facts, table),
    ]
    gaining = [repair for repair in found if repair.gain > 0]
    return sorted(gaining, key=lambda repair: (-repair.gain, repair.what))[:MOST]


def notices(accounts: pd.DataFrame, orphans: Mask, stale: Mask, freshness: Freshness) -> list[Repair]:
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


def _websites(rows: np.ndarray[Any, Any], facts: Facts) -> Iterator[Repair]:
    if "domain" not in facts.has:
        return
    without = ~facts.has["domain"]
    reasons = facts.website
    unreadable = np.isin(reasons, list(UNREADABLE))
    empty = reasons == EMPTY
    for what, mask, instruction in (
        ("no website", empty, _FILL["domain"]),
        ("website of a provider or platform", ~empty & ~unreadable, _FOREIGN),
        ("website that cannot be read", unreadable, _NO_ADDRESS),
    ):
        yield from _completing(what, without & mask, "domain", instruction, rows, facts)


def _missing(rows: np.ndarray[Any, Any], facts: Facts) -> Iterator[Repair]:
    for fact in facts.model.facts:
        column = column_of(fact).replace("_", " ")
        if is_number(fact) or fact == "domain" or not column:
            continue
        without, filled = ~facts.has[fact], facts.filled[fact]
        fill = _FILL.get(fact, f"Fill in the {column}.")
        correct = _CORRECT.get(fact, f"Correct the {column}.")
        yield from _completing(f"no {column}", without & ~filled, fact, fill, rows, facts)
        yield from _completing(f"{column} not understood", without & filled, fact, correct, rows, facts)


def _numbers(rows: np.ndarray[Any, Any], facts: Facts) -> Iterator[Repair]:
    for fact in facts.model.facts:
        if is_number(fact):
            mask = facts.filled[fact] & ~facts.has[fact]
            name = _written(fact)
            instruction = f"Correct the {name}, as text with its zeros, or clear it."
            yield from _completing(f"{name} that is not valid", mask, fact, instruction, rows, facts)


def _completing(
    what: str, mask: Mask, fact: str, instruction: str, rows: np.ndarray[Any, Any], facts: Facts
) -> Iterator[Repair]:
    """The repair that gives the accounts of `mask` a fact."""
    places = np.flatnonzero(mask)
    if not len(places):
        return
    found, released = (100 * completed(facts, places, fact).sum(axis=0) / len(rows)).tolist()
    yield Repair(what, len(places), _first(rows, places), instruction, max(found, 0.0), max(released, 0.0))


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
