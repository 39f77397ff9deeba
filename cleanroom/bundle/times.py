"""Whether what a receipt says fits the agreement it names and the time at which the log has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cleanroom.agreement import SignedAgreement
from cleanroom.log import Entry
from cleanroom.number import count_of
from cleanroom.receipts import DESTRUCTION, EXPIRY, GRANT, RELEASE, REVOCATION, Statement

#: The kinds of entries that are written while a thing happens; others tell of a signature, later.
_EVENTS = ("run", "grant", "release", "export")

#: What the holder of a half says of its end: a party, or a room that the grant names.
ENDS: Final = (DESTRUCTION, EXPIRY, REVOCATION)


def receipt_problems(
    statement: Statement, entry: Entry | None, agreements: Mapping[str, SignedAgreement], skew: int
) -> list[str]:
    """Everything in a receipt that contradicts its agreement or its entry in the log; `skew` in seconds."""
    problems: list[str] = []
    said: Mapping[str, Any] = statement.predicate
    time = said.get("time")
    if "agreement" in statement.subject:
        signed = agreements.get(statement.subject["agreement"])
        if signed is None:
            return ["its agreement is not in the bundle"]
        problems += _against(statement, signed, time, entry, skew)
    if statement.predicate_type == EXPIRY and _is_before(time, said.get("until")):
        problems.append("it says that the share ended before its end")
    if entry is not None and entry.kind in _EVENTS and type(time) is int and entry.time + skew < time:
        problems.append("the log has it before it happened")
    return problems


def holder_named(grant: Statement) -> dict[str, str]:
    """The id of the share of a grant, and the card (digest, hex) that its terms name as the lease-holder."""
    terms = grant.predicate.get("terms")
    if not isinstance(terms, dict):
        return {}
    return {str(terms.get("share")): str(terms.get("holder"))}


def order_problems(statements: Sequence[Statement]) -> list[str]:
    """Shares whose half was destroyed, by the holder's own clock, before it said that they had ended."""
    ended: dict[str, int] = {}
    for statement in statements:
        time = statement.predicate.get("time")
        if statement.predicate_type in (EXPIRY, REVOCATION) and type(time) is int:
            ended[str(statement.predicate.get("share"))] = time
    return [
        f"the half of share {statement.predicate.get('share')} was destroyed before the share ended"
        for statement in statements
        if statement.predicate_type == DESTRUCTION
        and _is_before(statement.predicate.get("time"), ended.get(str(statement.predicate.get("share"))))
    ]


def count_problems(statements: Sequence[Statement]) -> list[str]:
    """Ends that say of a share that fewer records were read than its recipient has opened, or two numbers."""
    opened: dict[str, int] = {}
    ends: dict[str, set[int]] = {}
    for statement in statements:
        share = str(statement.predicate.get("share"))
        if statement.predicate_type == RELEASE:
            records = statement.predicate.get("records")
            opened[share] = max(opened.get(share, 0), records if type(records) is int else 0)
        elif statement.predicate_type in (EXPIRY, REVOCATION, DESTRUCTION):
            read = statement.predicate.get("read")
            if type(read) is int:
                ends.setdefault(share, set()).add(read)
    problems = [
        f"of share {share} more was read than its end says: "
        f"{count_of(opened[share], 'record')}, not {min(found):,}"
        for share, found in ends.items()
        if opened.get(share, 0) > min(found)
    ]
    return problems + [
        f"the statements about the end of share {share} say different numbers of records read"
        for share, found in ends.items()
        if len(found) > 1
    ]


def _against(
    statement: Statement, signed: SignedAgreement, time: Any, entry: Entry | None, skew: int
) -> list[str]:
    problems: list[str] = []
    begin = time if type(time) is int else entry.time if entry is not None else None
    if begin is not None and begin + skew < signed.not_before:
        problems.append("it happened before its agreement was in force")
    if statement.predicate_type == RELEASE and type(time) is int and time >= signed.until + skew:
        problems.append("it happened after its agreement had ended")
    terms = statement.predicate.get("terms")
    if statement.predicate_type == GRANT and isinstance(terms, dict):
        start, end = terms.get("not_before"), terms.get("until")
        if type(start) is not int or type(end) is not int:
            problems.append("the share has no period")
        elif start < signed.not_before or end > signed.until:
            problems.append("the share is open longer than its agreement")
    return problems


def _is_before(time: Any, other: Any) -> bool:
    return type(time) is int and type(other) is int and time < other
