"""A rehearsed run as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cleanroom.number import count_of

if TYPE_CHECKING:
    from cleanroom.session.match.rehearsing import Rehearsal


def rehearsal_lines(run: Rehearsal) -> Iterator[str]:
    """What would go into a run, what is left out, and what could leave later."""
    yield f"dry run   as {run.role} with {run.partner}, level {run.level}; nothing is written or charged"
    yield f"agreement {run.agreement}"
    yield f"digest    {run.digest}"
    yield f"ours      {', '.join(run.populations)}"
    yield f"theirs    {', '.join(run.their_populations)}"
    for ours, theirs in run.pairs:
        yield f"  only      {', '.join(ours)} with {', '.join(theirs)}"
    # A run that is refused before its list is made has nothing to count.
    yield (
        "accounts  not counted"
        if run.refused
        else f"accounts  {run.accounts:,}, {count_of(run.identifiers, 'identifier')}"
    )
    for kind, count in run.kinds.items():
        yield f"  {kind:<20} {count:,}"
    if run.planted:
        yield f"planted   {count_of(run.planted, 'identifier')} of accounts that do not exist"
    yield from left_out_lines(run.private, run.restricted)
    if run.rules:
        yield f"rules     {run.rules}"
    for kind, reason, count in run.dropped:
        yield f"  not used: {count:,} x {kind}, {reason}"
    yield f"declared  up to {count_of(run.bound, 'identifier')}, to which the list is padded"
    yield f"runs left {run.runs_left:,}" + (f"; {run.ends:,} open would end" if run.ends else "")
    if not run.leaving:
        yield "could leave  no field of any account"
    for one in run.leaving:
        which = one.population if one.scope == "matched" else f"every account of {one.population}"
        yield f"could leave  of {which}, for {one.purpose}: {', '.join(one.fields)}"


def left_out_lines(private: int, restricted: int) -> Iterator[str]:
    """How many accounts our own rules left out, where they did."""
    for count, rule in ((private, "private"), (restricted, "restricted to other partners")):
        if count:
            yield f"left out  {count:,}, {rule}"
