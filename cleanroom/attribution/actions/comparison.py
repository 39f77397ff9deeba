"""Two logs of the same actions, ours and the partner's: what only one has, and what they say differently.

Actions are the same when both give them one id, else when partner, subject and type agree, the nearest dates
paired first. Whatever is in only one log stays a difference: nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.attribution.actions.menu import digest_in, plain_type

#: Code to what it means.
DIFFERENCES: Final = {
    "only-ours": "the action is in our log only",
    "only-theirs": "the action is in the partner's log only",
    "other-date": "both have the action, on different days",
    "other-type": "both have the action, of different types",
    "other-proof": "both have the action, with different digests of its proof",
}

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the ids of the action in both logs ("" where it is not), and what each says."""

    code: str
    ours: str
    theirs: str
    subject: str
    partner: str
    our_value: str
    their_value: str


def compare_actions(
    ours: Sequence[Row], theirs: Sequence[Row], partner_of: Callable[[str], str]
) -> list[Difference]:
    """Every difference between two logs (rows of ACTION_COLUMNS), by subject, partner and id.

    `partner_of` gives the one name of a partner. The order of the rows does not matter.
    """
    left = sorted(ours, key=_order)
    right = sorted(theirs, key=_order)
    pairs, left, right = _by_id(left, right)
    # First those of one type, then those whose types differ, so that a wrong type costs one difference.
    for with_type in (True, False):
        more, left, right = _nearest(left, right, partner_of, with_type)
        pairs += more
    found = [one for pair in pairs for one in _differences(*pair, partner_of)]
    found += [_single("only-ours", row, partner_of) for row in left]
    found += [_single("only-theirs", row, partner_of) for row in right]
    return sorted(found, key=lambda one: (one.subject, one.partner, one.ours, one.theirs, one.code))


def _order(row: Row) -> tuple[str, ...]:
    return row.get("date", ""), row.get("id", ""), row.get("type", ""), row.get("proof", "")


def _subject(row: Row) -> str:
    return row.get("opportunity_id", "") or row.get("account_id", "")


def _by_id(left: list[Row], right: list[Row]) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    known = {row["id"]: row for row in right if row.get("id")}
    same = {
        row["id"] for row in left if row.get("id") in known and _subject(row) == _subject(known[row["id"]])
    }
    pairs = [(row, known[row["id"]]) for row in left if row.get("id") in same]
    return (
        pairs,
        [row for row in left if row.get("id") not in same],
        [row for row in right if row.get("id") not in same],
    )


def _nearest(
    left: list[Row], right: list[Row], partner_of: Callable[[str], str], with_type: bool
) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Pair within each group, by order of their dates; each row once."""

    def group(row: Row) -> tuple[str, ...]:
        kind = (plain_type(row.get("type", "")),) if with_type else (row.get("date", "")[:10],)
        return (_subject(row), partner_of(row.get("partner", "")), *kind)

    waiting: dict[tuple[str, ...], list[Row]] = {}
    for row in right:
        waiting.setdefault(group(row), []).append(row)
    pairs: list[tuple[Row, Row]] = []
    alone: list[Row] = []
    # Equal days first: a shifted list must not pair every action with its neighbour.
    for exact in (True, False):
        rest = left if exact else alone
        alone = []
        for row in rest:
            others = waiting.get(group(row), [])
            at = _match(row, others, exact)
            if at is None:
                alone.append(row)
            else:
                pairs.append((row, others.pop(at)))
    used = {id(row) for _, row in pairs}
    return pairs, alone, [row for row in right if id(row) not in used]


def _match(row: Row, others: Sequence[Row], exact: bool) -> int | None:
    if not exact:
        return 0 if others else None
    days = [one.get("date", "")[:10] for one in others]
    day = row.get("date", "")[:10]
    return days.index(day) if day in days else None


def _differences(one: Row, two: Row, partner_of: Callable[[str], str]) -> Iterable[Difference]:
    facts = (
        ("other-date", one.get("date", "")[:10], two.get("date", "")[:10]),
        ("other-type", plain_type(one.get("type", "")), plain_type(two.get("type", ""))),
        ("other-proof", digest_in(one.get("proof", "")), digest_in(two.get("proof", ""))),
    )
    for code, ours, theirs in facts:
        if ours != theirs:
            name = partner_of(one.get("partner", ""))
            yield Difference(code, one.get("id", ""), two.get("id", ""), _subject(one), name, ours, theirs)


def _single(code: str, row: Row, partner_of: Callable[[str], str]) -> Difference:
    ours = code == "only-ours"
    said = f"{plain_type(row.get('type', ''))} on {row.get('date', '')[:10]}"
    return Difference(
        code,
        row.get("id", "") if ours else "",
        "" if ours else row.get("id", ""),
        _subject(row),
        partner_of(row.get("partner", "")),
        said if ours else "",
        "" if ours else said,
    )
