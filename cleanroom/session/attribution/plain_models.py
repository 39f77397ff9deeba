"""Credit models over a file of journeys. No party's folder is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import models
from cleanroom.number import rounded
from cleanroom.session.attribution.csv_files import read_table
from cleanroom.session.folder import read_whole
from overlap.errors import BadInput

#: Bytes of a file of journeys: some ten million rows.
PATHS_LIMIT: Final = 2**30
RULE_LIMIT: Final = 2**24

#: Digits that are printed: what follows may differ between processors.
DIGITS: Final = 15


@dataclass(frozen=True)
class Modelled:
    """Credits of a file, what its owner should know, and how far models lie apart."""

    journeys: models.Journeys
    credited: models.Credited
    spreads: tuple[models.Spread, ...]
    notes: tuple[str, ...]


def model_file(source: Path, asked: Sequence[str], *, null: bool, rule: Path | None) -> Modelled:
    """Credits of the journeys in a CSV by the formulas asked for, all of them for none.

    `null` keeps lost journeys, `rule` is a CSV `partner,credit`. Raises BadInput for the files, UsageError
    for an ambiguous name, Refused for a formula that was asked for by name and cannot be had.
    """
    formulas = models.find_formulas(asked)
    read = models.read_paths(read_whole(source, PATHS_LIMIT, "split the file: at most 1 GiB is read at once"))
    journeys = read.journeys if null else read.journeys.without_lost()
    given = None if rule is None else _read_rule(rule)
    credited = models.credit(journeys, formulas)
    if asked and credited.refused:
        # What was asked for by name is refused with the reason, not left out.
        models.require(journeys, next(iter(credited.refused)))
    refused = tuple(f"{formula} left out: {reason}" for formula, reason in credited.refused.items())
    return Modelled(journeys, credited, models.spreads(credited, given), (*read.notes, *refused))


def answer(modelled: Modelled) -> dict[str, Any]:
    """What `overlap models --json` prints; cleanroom/FORMATS.md describes it."""
    return {
        formula: {
            partner: {
                "conversions": rounded(credits.conversions[place], DIGITS),
                "value": rounded(credits.value[place], DIGITS),
                "low": rounded(credits.low[place], DIGITS),
                "high": rounded(credits.high[place], DIGITS),
            }
            for place, partner in enumerate(credits.partners)
        }
        for formula, credits in modelled.credited.credits.items()
    }


def _read_rule(source: Path) -> dict[str, float]:
    """Credits by partner as a rule gives them. Raises BadInput."""
    found: dict[str, float] = {}
    for row in read_table(source, ("partner", "credit"), limit=RULE_LIMIT):
        name = row["partner"].strip()
        try:
            found[name] = found.get(name, 0.0) + float(row["credit"])
        except ValueError as error:
            raise BadInput(
                "a credit of the rule is no number", "as partner,credit in its first line"
            ) from error
    if not all(0 <= credit < float("inf") for credit in found.values()):
        raise BadInput("a credit of the rule is negative or endless", "credits are numbers from 0 on")
    return found
