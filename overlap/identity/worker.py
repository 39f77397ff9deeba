"""The program of a worker process of this room: cells of one column in, what they normalise to out.

    task    normaliser and cells
    answer  the two halves of the outcomes: all values, all reasons, in order

Both are `marshal`, the fastest form of plain texts and tuples: both ends are this program in this version.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from overlap.engine import serve
from overlap.identity.city import normalise_city
from overlap.identity.country import normalise_country
from overlap.identity.domain import normalise_cell, normalise_mail_cell
from overlap.identity.linkedin import normalise_linkedin
from overlap.identity.name import normalise_name
from overlap.identity.place import normalise_place
from overlap.identity.registration import normalise_registration

#: All values and all reasons of a column's outcomes.
Halves = tuple[Sequence[Any], Sequence[Any]]


def _number(kind: str, cell: tuple[str, str]) -> tuple[str, str]:
    return normalise_registration(kind, *cell)


def _place(kind: str, cell: tuple[str, str]) -> tuple[str, str]:
    return normalise_place(kind, *cell)


#: Normalisers by name; each takes a cell and answers with a pair.
NORMALISERS: Final[dict[str, Callable[[Any], tuple[Any, Any]]]] = {
    "website": normalise_cell,
    "domains": normalise_cell,
    "email": normalise_mail_cell,
    "name": normalise_name,
    "country": normalise_country,
    "city": normalise_city,
    **{kind: partial(_place, kind) for kind in ("postcode", "phone")},
    "linkedin": normalise_linkedin,
    **{kind: partial(_number, kind) for kind in ("lei", "isin", "duns", "vat", "registration", "ticker")},
}


def normalise_cells(normaliser: str, cells: Sequence[Any]) -> Halves:
    """The outcomes of `cells` (texts; for numbers, postcodes and phones, pairs with the country)."""
    values, reasons = [], []
    for value, reason in map(NORMALISERS[normaliser], cells):
        values.append(value)
        reasons.append(reason)
    return values, reasons


def write_task(normaliser: str, cells: Sequence[Any]) -> bytes:
    """The task for these cells."""
    task: Any = normaliser, cells
    return marshal.dumps(task)


def read_answer(answer: bytes) -> Halves:
    """What `perform` found."""
    halves: Halves = marshal.loads(answer)  # noqa: S302 - our own worker wrote it, over a private pipe
    return halves


def perform(task: bytes) -> bytes:
    """The answer to a task."""
    halves: Any = normalise_cells(*marshal.loads(task))  # noqa: S302 - our own parent wrote it
    return marshal.dumps(halves)


if __name__ == "__main__":
    serve(perform)
