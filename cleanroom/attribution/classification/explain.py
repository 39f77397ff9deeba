"""One status in at most twelve lines that a salesperson, a partner and finance read the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cleanroom.attribution.classification.engine import judge_pipeline
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.statuses import RULES, STATUSES
from cleanroom.attribution.classification.surroundings import deals_in_the_way, focus
from cleanroom.attribution.classification.table import status_table
from cleanroom.attribution.classification.variants import nearest_alternative, what_higher_takes
from overlap.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

#: Lines; more is not read out in a meeting.
EXPLANATION_LINES: Final = 12
#: Facts with a line of their own.
EXPLANATION_FACTS: Final = 6

#: Characters of one cell of a file; a longer one is cut.
_CELL: Final = 60
#: Other partners that are named.
_OTHERS: Final = 3


def explain_status(
    pipeline: Pipeline, opportunity: str, partner: str = "", *, for_partner: bool = False
) -> list[str]:
    """Who is what on one deal, by which rule, on which facts, and the nearest alternative.

    Without a partner the one whose status leads is explained. `for_partner` leaves out all that is about
    others. Raises UsageError for an opportunity or a partner that is not there.
    """
    near = focus(pipeline, opportunity)
    table = status_table(judge_pipeline(near))
    rows = table[table["opportunity"] == opportunity]
    row = _chosen(rows, pipeline.book.partner(partner) if partner else "")
    facts = _facts(row)[:EXPLANATION_FACTS]
    lines = [_decision(row), _rule(pipeline, row), *(f"  {fact}" for fact in facts)]
    if row["partner"]:
        lines += _not_new(near, row, for_partner)
        lines.append(_lanes(row))
    if not for_partner and len(rows) > 1:
        lines.append(_others(rows, row["partner"]))
    lines.append(_alternative(near, row, for_partner))
    return lines


def _chosen(rows: pd.DataFrame, partner: str) -> dict[str, Any]:
    if partner:
        rows = rows[rows["partner"] == partner]
        if rows.empty:
            raise UsageError(
                "this partner has no action, match or dispute on the opportunity",
                "leave --partner out to see who has",
            )
    ordered = sorted(rows.to_dict("records"), key=lambda one: (STATUSES.index(one["status"]), one["partner"]))
    return {str(name): value for name, value in ordered[0].items()}


def _decision(row: dict[str, Any]) -> str:
    subject = f"opportunity {plain_cell(row['opportunity'])} ({row['opportunity_status']})"
    if row["account"]:
        subject += f" on account {plain_cell(row['account'])}"
    who = f"{plain_cell(row['partner'])} is {row['status']}" if row["partner"] else row["status"]
    return f"{subject}: {who}"


def _rule(pipeline: Pipeline, row: dict[str, Any]) -> str:
    version = next((one for one in pipeline.book.versions if one.digest == row["rules"]), None)
    by = f"rules version {version.version}, {version.digest[:12]}" if version else "no version of the rules"
    return f"rule {row['rule']} ({by}): {RULES[row['rule']]}"


def _facts(row: dict[str, Any]) -> list[str]:
    """At most one line for each fact."""
    facts = json.loads(row["facts"])
    lines = []
    if "action" in facts:
        lines.append(f"action {plain_cell(facts['action'])}: {facts['type']} on {facts['date']}")
        if "happened" in facts:
            lines.append(
                f"it happened {facts['happened']} and was logged late, so it counts from its arrival"
            )
        lines.append(
            f"last day of its window: {facts['until']}; deal created {row['created'] or 'on no known day'}"
        )
        if "lacks" in facts:
            lines.append(f"it lacks: {facts['lacks']}")
    if "last" in facts:
        lines.append(f"newest action: {facts['last']}")
    if "grade" in facts:
        held = f"proven since {facts['held']}" if "held" in facts else "no proven time"
        lines.append(f"match on the account; holding {facts['grade']}, {held}")
    return lines


def _not_new(near: Pipeline, row: dict[str, Any], for_partner: bool) -> list[str]:
    """The line that says which other deal of the account keeps an origin action from sourcing this one."""
    others, alone = deals_in_the_way(near, row["opportunity"], row["partner"])
    if not others:
        return []
    named = "another deal" if for_partner else f"deal {plain_cell(others[0])}"
    more = f" and {len(others) - 1} more" if len(others) > 1 and not for_partner else ""
    return [f"  the account was not net new: {named}{more} stood open there; without it {alone}"]


def _lanes(row: dict[str, Any]) -> str:
    source = "yes" if row["lane_source"] else "no"
    if row["share_of"] > 1:
        source = f"one of {row['share_of']}"
    influence = "yes" if row["lane_influence"] else "no"
    return f"lanes: source {source}, influence {influence}; {row['touched']} logged, {row['points']} points"


def _others(rows: pd.DataFrame, partner: str) -> str:
    others = [
        (STATUSES.index(status), name, status)
        for name, status in zip(rows["partner"], rows["status"], strict=True)
        if name != partner
    ]
    shown = [f"{plain_cell(name)} {status}" for _, name, status in sorted(others)[:_OTHERS]]
    more = f" and {len(others) - _OTHERS} more" if len(others) > _OTHERS else ""
    return f"also on this deal: {', '.join(shown)}{more}"


def _alternative(near: Pipeline, row: dict[str, Any], for_partner: bool) -> str:
    if not row["partner"]:
        return "to change it: an action of a partner, logged with what its type requires"
    found = nearest_alternative(near, row["opportunity"], row["partner"], for_partner=for_partner)
    if found is None:
        takes = what_higher_takes(near, row["opportunity"], row["status"])
        return plain_cell(f"nothing tried gives a better status than {row['status']}: {takes}", 5 * _CELL)
    return f"would be {found.status} if {plain_cell(found.condition, 3 * _CELL)}"


def plain_cell(text: str, most: int = _CELL) -> str:
    """A cell of a file on one line, cut, without what steers a terminal."""
    shown = str(text)
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() else "?" for one in shown)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
