"""Naming a thing by the beginning of its id, in the same way for everything that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from overlap.errors import UsageError

T = TypeVar("T")


def only_one(items: Iterable[T], beginning: str, id_of: Callable[[T], str], what: str, hint: str) -> T:
    """The item whose id is `beginning`, else the only one whose id begins so.

    UsageError, naming `what` is looked for, when there is none or more than one; `hint` says where they are
    listed.
    """
    fitting = [item for item in items if id_of(item).startswith(beginning)]
    whole = [item for item in fitting if id_of(item) == beginning]
    found = whole if len(whole) == 1 else fitting
    if len(found) != 1:
        few = "no" if not found else "more than one"
        raise UsageError(f"{few} {what} has an id that begins so", hint)
    return found[0]
