"""One account explained at a terminal: at most 80 columns, the answer first, and its grounds below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Final

from overlap.explanation import Explanation, Identifier, Match
from overlap.identity import ROLES
from overlap.records import TIERS

WIDTH: Final = 80
#: Other own accounts that are named; the others are counted.
NAMED: Final = 5
#: Characters of a cell or value that are shown; JSON has it whole.
_LONGEST: Final = 120
_INDENT: Final = 12
#: Hex digits of a digest or pair token that are shown.
_SHORT: Final = 12

_UNKNOWN: Final = (
    "What the partner holds is not known: it may not have this account at all, or know it by nothing that "
    "was submitted."
)
_REVIEWS: Final = {
    "": "released by its tier alone",
    "open": "waits for a decision of ours",
    "waiting": "accepted by us, waits for the partner",
    "accepted": "accepted by both sides",
    "rejected": "rejected, so it is shown nowhere",
    "disputed": "disputed, so it is shown nowhere",
}


def render_explanation(
    explanation: Explanation, run: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> list[str]:
    """The explanation as lines of plain text.

    `run` has the texts `run`, `partner`, `level`, `review` and `tier` (the tier after review) of the run that
    the explanation is about, if any; `notes` are what a person has to know first.
    """
    sections = [_head(explanation, notes)]
    if run is not None and explanation.match is not None:
        sections.append(_matched(explanation.match, run))
    else:
        sections.append(_unmatched(explanation, run))
    sections += [
        _cells(explanation),
        _identifiers(explanation.identifiers),
        _missing(explanation),
        _look_alikes(explanation),
        _versions(explanation),
    ]
    lines: list[str] = []
    for section in map(list, sections):
        if section:
            lines += [*([""] if lines else []), *section]
    return lines


def render_rejected(row: int, population: str, reason: str) -> list[str]:
    """What there is to say about a row that was not taken at the import."""
    return [
        f"row {row} of {population} was not taken",
        *_said("because", reason),
        *_said("so", "it takes part in no match; repair the row in the CRM, export and import again"),
    ]


def _head(explanation: Explanation, notes: Sequence[str]) -> Iterator[str]:
    yield from _said(f"row {explanation.row}", f"of {explanation.population}, id {explanation.id}")
    for note in notes:
        yield from _said("note", note)


def _matched(match: Match, run: Mapping[str, str]) -> Iterator[str]:
    tier = run["tier"] or match.tier
    yield from _said(
        "matched", f"{tier}, confidence {match.confidence:.3f}, with {run['partner']} in run {run['run'][:8]}"
    )
    yield from _said("because", match.rule)
    yield from _said("review", _REVIEWS.get(run["review"], run["review"]))
    yield from _said("pair token", match.token)
    for one in match.agreed:
        held = f", on {one.held_by:,} own accounts" if one.held_by > 1 else ""
        yield from _said("", f"{one.kind} ({one.tier}{held}): {one.part}")
    for other in match.rivals[:NAMED]:
        word = "duplicate" if other.duplicate else "rival"
        yield from _said("", f"{word}: row {other.row} of {other.population}, id {_cut(other.id)}")
    if len(match.rivals) > NAMED:
        yield from _said("", f"and {len(match.rivals) - NAMED:,} more")


def _unmatched(explanation: Explanation, run: Mapping[str, str] | None) -> Iterator[str]:
    submitted = sum(one.within for one in explanation.identifiers)
    if run is None:
        tiers = {one.tier for one in explanation.identifiers if one.within}
        best = next((tier for tier in TIERS if tier in tiers), "")
        can = f"{best} at best, by {submitted} identifiers" if best else "not at all"
        yield from _said("can match", can)
    elif run["level"] == "counts":
        yield from _said(
            "not known", f"run {run['run'][:8]} with {run['partner']} at level counts names no account"
        )
    else:
        yield from _said(
            "no match",
            f"with {run['partner']} in run {run['run'][:8]}: none of its {submitted} identifiers is among "
            f"the partner's. {_UNKNOWN}",
        )
    label = "weak here"
    for weakness in explanation.weaknesses:
        yield from _said(label, weakness)
        label = ""
    if not explanation.weaknesses:
        yield from _said(label, "nothing stands in its way on our side")


def _cells(explanation: Explanation) -> Iterator[str]:
    yield "cells, and what each became"
    for cell in explanation.cells:
        if not cell.written:
            continue
        became = [", ".join(cell.values)] if cell.values else []
        became += [f"not used: {reason}" for reason in cell.reasons]
        text = f"{_cut(cell.written)}  ->  {_cut('; '.join(became) or 'nothing')}"
        yield from _listed(f"  {_label(cell.column):<12}", text, 14)
    empty = [cell.column for cell in explanation.cells if not cell.written]
    if empty:
        yield from _listed(f"  {'(empty)':<12}", ", ".join(map(_label, empty)), 14)


def _identifiers(identifiers: Sequence[Identifier]) -> Iterator[str]:
    if not identifiers:
        return
    yield "identifiers, best first, and how often a hit on each is wrong"
    counted: dict[str, list[Identifier]] = {}
    for one in identifiers:
        if one.within:
            counted.setdefault(one.kind, []).append(one)
    for kind, some in counted.items():
        first = some[0]
        more = f" and {len(some) - 1} more like it" if len(some) > 1 else ""
        remark = f" ({first.remark})" if first.remark else ""
        start = f"  {first.tier:<10}{kind:<15}{first.wrong:>4} in 1,000  "
        yield from _listed(start, _cut(_readable(first)) + more + remark, len(start))
    roomless = Counter(one.kind for one in identifiers if not one.within)
    if roomless:
        said = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in roomless.items())
        yield from _listed("  ", f"not submitted for want of room: {said}")


def _missing(explanation: Explanation) -> Iterator[str]:
    if not explanation.missing:
        return
    yield "not made, because"
    grouped: dict[str, list[str]] = {}
    for one in explanation.missing:
        grouped.setdefault(one.reason, []).append(one.kind)
    bare = [kind for reason, kinds in grouped.items() for kind in kinds if _is_number(reason, kinds)]
    for reason, kinds in grouped.items():
        if not _is_number(reason, kinds):
            yield from _listed("  ", f"{reason}: {', '.join(kinds)}")
    if bare:
        yield from _listed("  ", f"not given: {', '.join(bare)}")
    if explanation.veto:
        yield from _listed("  ", explanation.veto)


def _is_number(reason: str, kinds: Sequence[str]) -> bool:
    """Whether one optional fact is simply not there: nothing to explain."""
    return len(kinds) == 1 and reason.startswith("no ") and " and " not in reason


def _look_alikes(explanation: Explanation) -> Iterator[str]:
    found = explanation.look_alikes.found
    if not found:
        return
    more = "" if explanation.look_alikes.complete else " or more"
    yield f"own accounts that share identifiers with it: {len(found):,}{more}"
    for other in found[:NAMED]:
        word = "duplicate" if other.duplicate else "rival"
        who = f"row {other.row} of {other.population}, id {_cut(other.id)}"
        yield from _listed("  ", f"{word:<10}{who}: {', '.join(other.kinds)}")
    if len(found) > NAMED:
        yield f"  and {len(found) - NAMED:,} more; --json lists them"


def _versions(explanation: Explanation) -> Iterator[str]:
    made = explanation.versions
    yield from _said(
        "made by",
        f"normaliser {made.normaliser} ({made.normaliser_digest[:_SHORT]}), lists "
        f"{made.data_digest[:_SHORT]}, {len(made.kinds)} kinds, as {made.role}, "
        f"at most {made.most} an account",
    )


def _readable(identifier: Identifier) -> str:
    """A value with its parts set apart, without the marks that say which side has what."""
    parts = [part for part in identifier.value.split("|") if part and part not in ROLES]
    if identifier.kind == "name":
        return parts[0]
    if identifier.kind == "domain_name" and len(parts) == 1:
        parts.append("nothing more")
    return " + ".join(parts)


def _label(column: str) -> str:
    return {"registration_number": "reg. number"}.get(column, column)


def _cut(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 3] + "..."


def _said(label: str, text: str) -> list[str]:
    """A label and what it says, hanging to the right of it."""
    return _listed(f"{label:<{_INDENT - 1}} ", text, _INDENT)


def _listed(start: str, text: str, indent: int = 4) -> list[str]:
    return wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * indent) or [start.rstrip()]
