"""The report of partners over plain files: standing, indicators, what changed since an earlier one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import statistics
from cleanroom.export import write_csv
from cleanroom.limits import limits_of
from cleanroom.moment import iso_day
from cleanroom.report import PARTNERS_COLUMNS, partners_page, partners_rows
from cleanroom.session.attribution.plain_deals import by_deal, read_actions
from cleanroom.session.folder import read_whole, write_whole
from overlap.errors import BadInput, UsageError

_AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")

#: Bytes of an earlier report: 10,000 partners and more.
REPORT_LIMIT: Final = 2**26


@dataclass(frozen=True)
class Inputs:
    """The files beside the deals, and the thresholds; `leads` are types of action that introduce a lead."""

    actions: Path
    statuses: Path | None = None
    regions: Path | None = None
    since: Path | None = None
    rules: statistics.Thresholds | None = None
    leads: tuple[str, ...] = ()


def thresholds(tiers: Sequence[str], silence: float) -> statistics.Thresholds:
    """Thresholds with tiers given as NAME=AMOUNT; UsageError for one that is none, or a name twice."""
    if not tiers:
        return statistics.Thresholds(silence=silence)
    found: dict[str, float] = {}
    for text in tiers:
        name, _, amount = text.partition("=")
        if not name.strip() or not _AMOUNT.fullmatch(amount) or name.strip() in found:
            raise UsageError("a tier is a name and an amount won, each name once", "for example gold=250000")
        found[name.strip()] = float(amount)
    ordered = sorted(found.items(), key=lambda one: -one[1])
    # Somebody who has won less than the lowest asks for is in no tier.
    last = () if ordered[-1][1] == 0 else (("none", 0.0),)
    return statistics.Thresholds(tiers=(*ordered, *last), silence=silence)


def partners_answer(deals: statistics.Deals, given: Inputs) -> dict[str, Any]:
    """What `overlap partners-report --json` prints; actions without a readable day are counted, not used."""
    rules = given.rules or statistics.Thresholds()
    acts, unusable = read_actions(given.actions)
    statuses = by_deal(given.statuses, "status")
    regions = by_deal(given.regions, "region")
    found = statistics.portfolio(deals, statuses, [(act.partner, act.day) for act in acts], regions, rules)
    known = statistics.indicators_of(deals, acts, given.leads or statistics.LEADS)
    answer = {
        "as_of": iso_day(int(deals.end // 1)),
        "tiers": dict(rules.tiers),
        "partners": [asdict(each) | {"indicators": asdict(known[each.partner])} for each in found],
        "quarters": [asdict(each) for each in statistics.influenced_by_quarter(deals, statuses)],
        "next": [asdict(each) for each in statistics.next_steps(found)],
        "left_out": dict(deals.left_out) | {"bad-action": unusable},
        "limits": limits_of("partners-report"),
    }
    if given.since is not None:
        day, tiers, placed = _read_earlier(given.since)
        changes = statistics.tier_changes(placed, tiers or rules.tiers, found, rules)
        answer |= {"since": day, "tier_changes": [asdict(each) for each in changes]}
    return answer


def write_report(answer: Mapping[str, Any], csv: Path | None, html: Path | None) -> None:
    """The report as a table of partners and as a page, where a file is named for it."""
    if csv is not None:
        rows = partners_rows(answer)
        file = write_csv(csv.name, "", PARTNERS_COLUMNS, rows, line_end="\n", for_people=True)
        write_whole(csv, file.content)
    if html is not None:
        write_whole(html, partners_page(answer))


def _read_earlier(
    source: Path,
) -> tuple[str, tuple[tuple[str, float], ...], dict[str, statistics.Placed]]:
    """Day, tiers (none of a report that does not name them) and partners of an earlier answer."""
    data = read_whole(source, REPORT_LIMIT, "give what 'overlap partners-report --json' printed")
    try:
        made = json.loads(data)
        placed = {
            str(one["partner"]): statistics.Placed(str(one["tier"]), _number(one["won"]))
            for one in made["partners"]
        }
        tiers = tuple((str(name), _number(least)) for name, least in made.get("tiers", {}).items())
        return str(made.get("as_of", "")), tiers, placed
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            "this is no answer of 'overlap partners-report --json'", "redirect its output to a file"
        ) from error


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(value)
    return float(value)
