"""The files that plain commands take, from what is imported and judged in a party's folder."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from cleanroom.attribution import classification, models, observed, statistics
from cleanroom.export import File, write_csv
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.attribution.observing import Observed, observe
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party
from overlap.identity import normalise_country

#: What a deal's segment may be: a column of its account, or the deal's own type.
SEGMENTS: Final = ("industry", "account-type", "country", "population", "type")

#: Digits after the point of a credit that is shared: thirds stay apart, and add up again.
_DIGITS: Final = 12


@dataclass(frozen=True)
class PlainFile:
    """A file as written: rows, and what was left out of it by code."""

    name: str
    rows: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class Exported:
    """All files of one export, what their owner should know, and the commands that read them."""

    folder: str
    currency: str
    segment: str
    files: list[PlainFile]
    won: int
    lost: int
    credited: str
    notes: list[str]
    commands: list[str]


def export_plain(
    party: Party,
    place: Path,
    currency: str = "",
    segment: str = "",
    rules: Path | None = None,
    type_: str = "",
) -> Exported:
    """Write paths, deals, stages, statuses, actions, regions and a rule's credit into a folder.

    Files of an earlier export are replaced. Raises UsageError without deals, Refused for several currencies.
    """
    seen = observe(party, currency, rules, type_)
    segments, regions, segment = _places(party, seen, segment)
    judged, here = seen.here.judged, seen.here
    deals = observed.deal_rows(
        judged, seen.chosen, seen.touches, here.statuses, here.headlines, seen.names, segments
    )
    stages, stages_out = observed.stage_rows(judged, deals)
    actions, actions_out = observed.action_rows(judged, seen.touches, seen.names)
    paths = [(path, str(won), format(value, "f"), str(lost)) for path, won, value, lost in seen.paths.rows]
    ids = [row[0] for row in deals.rows]
    # A forecast takes no status that rests on fields which are filled by chance.
    gate = [one for one in classification.completeness(judged) if not one.enough]
    tables: list[tuple[str, Sequence[str], Iterable[Sequence[str]], dict[str, int]]] = [
        ("paths.csv", models.PATH_COLUMNS, paths, seen.paths.left_out),
        ("rule.csv", ("partner", "credit"), _credit(seen), {}),
        ("deals.csv", statistics.DEAL_COLUMNS, deals.rows, deals.left_out),
        ("stages.csv", statistics.STAGE_COLUMNS, stages, stages_out),
        *([] if gate else [("statuses.csv", ("deal_id", "status", "since"), _statuses(seen, deals), {})]),
        ("actions.csv", statistics.ACTION_COLUMNS, actions, actions_out),
        ("regions.csv", ("deal_id", "region"), [(one, regions[one]) for one in ids if one in regions], {}),
    ]
    written, formulas = [], 0
    if gate:
        (place / "statuses.csv").unlink(missing_ok=True)
    for name, header, rows, left_out in tables:
        file: File = write_csv(name, "", header, rows, line_end="\n")
        write_whole(place / name, file.content)
        formulas += len(file.formula_cells)
        written.append(PlainFile(name, file.rows, left_out))
    return Exported(
        str(place),
        seen.chosen.currency,
        segment,
        written,
        seen.paths.won,
        seen.paths.lost,
        _decimal(seen.credited),
        [*_notes(seen, deals, formulas), *_gated(gate)],
        _commands(place, bool(paths), len(deals.rows) > 0, bool(regions), not gate),
    )


def left_out(files: Sequence[PlainFile]) -> dict[str, dict[str, int]]:
    """By code the files something was left out of, with how many rows each."""
    found: dict[str, dict[str, int]] = {}
    for file in files:
        for code, count in file.left_out.items():
            found.setdefault(code, {})[file.name] = count
    return found


def _places(party: Party, seen: Observed, segment: str) -> tuple[dict[str, str], dict[str, str], str]:
    """Segment and region of each deal, by id, and what the segment is; a region is a country's code, or the
    country as it is written where that is none."""
    accounts = own_accounts(party.folder)
    columns = {name: dict(zip(accounts["id"], accounts[name], strict=True)) for name in _COLUMNS.values()}
    frame = seen.here.judged.deals.frame
    of = dict(zip(frame["id"], frame["account_id"], strict=True))
    regions = {}
    for deal, account in of.items():
        written = columns["country"].get(account, "").strip()
        if written:
            regions[deal] = normalise_country(written).value or written
    if not segment:
        known = any(columns["industry"].get(account, "") for account in of.values())
        segment = "industry" if known else "type"
    if segment == "type":
        return dict(zip(frame["id"], frame["type"], strict=True)), regions, segment
    column = columns[_COLUMNS[segment]]
    return {deal: column.get(account, "") for deal, account in of.items()}, regions, segment


_COLUMNS: Final = {
    "industry": "industry",
    "account-type": "type",
    "country": "country",
    "population": "population",
}


def _credit(seen: Observed) -> list[tuple[str, str]]:
    return [(name, _decimal(deals)) for name, deals in seen.rule().items()]


def _statuses(seen: Observed, deals: observed.DealRows) -> list[tuple[str, str, str]]:
    return observed.status_rows(seen.here.judged, deals, seen.here.statuses)


def _decimal(number: Fraction) -> str:
    """Rounded to _DIGITS digits after the point, without needless zeros."""
    whole, rest = divmod(round(number * 10**_DIGITS), 10**_DIGITS)
    digits = f"{rest:0{_DIGITS}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _notes(seen: Observed, deals: observed.DealRows, formulas: int) -> list[str]:
    renamed = sum(one != two for one, two in zip(seen.here.judged.partners, seen.names, strict=False))
    counts = Counter(
        {
            "deals were won without an amount; they count, with a value of 0": seen.paths.worthless,
            "deals have actions of several partners: attached from the first one's day, "
            "under the partner that leads": deals.shared,
            "partners are named otherwise in these files: their names hold '>' or steer a terminal": renamed,
            "cells begin as a formula does: these files are for commands, not for a spreadsheet": formulas,
        }
    )
    return [f"{count:,} {says}" for says, count in counts.items() if count]


def _gated(gate: Sequence[classification.Filled]) -> list[str]:
    """What the gate on fields keeps from forecasts, and by how much."""
    return [f"statuses.csv is left out: {one.field} is filled in {one.share}" for one in gate]


def _commands(place: Path, journeys: bool, deals: bool, regions: bool, statuses: bool) -> list[str]:
    def at(name: str) -> str:
        return shlex.quote(str(place / name))

    found = []
    if journeys:
        found.append(f"overlap models {at('paths.csv')} --rule {at('rule.csv')}")
    if deals:
        both = f"{at('deals.csv')} {at('stages.csv')}"
        by = f" --statuses {at('statuses.csv')}" if statuses else ""
        where = f" --regions {at('regions.csv')}" if regions else ""
        found += [
            f"overlap lift {both}",
            f"overlap rates {both} --actions {at('actions.csv')}",
            f"overlap forecast {both}{by}",
            f"overlap partners-report {at('deals.csv')} {at('actions.csv')}{by}{where}",
        ]
    return found
