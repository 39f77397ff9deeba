"""The end of the demo: what came out, where it lies, and how it compares with the truth."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cleanroom.cli.story import Stage
from cleanroom.demo import PARTNER, VENDOR, DemoWorld, score
from cleanroom.number import count_of
from overlap.evaluation import RELEASED, Figures

Echo = Callable[[str], None]


def show_result(stage: Stage, world: DemoWorld, echo: Echo) -> None:
    """Matrix, territory file, credit, shares, places, truth."""
    silent = replace(stage, echo=lambda line: None)
    _section(echo, f"the overlap, as {VENDOR} sees it")
    _lines(echo, stage.answers[VENDOR, "matrix"])
    _section(echo, "top of the territory file (exports/csv)")
    _show_csv(echo, _first_csv(stage.root / "exports" / "csv"))
    _section(echo, "credit: who sourced, moved and helped to close, by the rules")
    _lines(echo, stage.answers[VENDOR, "credit", "--out", "exports/credit.csv"])
    _show_credits(echo, silent)
    _section(echo, f"what {PARTNER} can see of {VENDOR}, and until when")
    _lines(echo, stage.answers[PARTNER, "shares", "list"])
    _section(echo, "how right it was: the generator knows the truth")
    _show_truth(echo, stage.root, world)
    _section(echo, "where it lies")
    for name, what in _PLACES:
        echo(f"  {name:<24} {what}")


_PLACES = (
    ("crm/", "the invented exports, as a CRM would write them"),
    ("exchange/", "all that was sent between the parties: cards, agreements, sealed frames, shares, leases"),
    (f"{VENDOR}/, {PARTNER}/, …", "each party's own folder: imports, agreements, runs, log, vault"),
    ("exports/salesforce/", "files for Data Loader, and the files that undo them"),
    ("exports/csv/", "the same for people"),
    ("exports/credit.csv", "the statuses of all partners"),
    ("transcript.txt", "every command and its answer"),
)


def _section(echo: Echo, heading: str) -> None:
    echo("")
    echo(f"== {heading}")


def _lines(echo: Echo, text: str) -> None:
    for line in text.splitlines():
        echo(f"  {line}")


def _first_csv(place: Path) -> Path:
    return sorted(path for path in place.glob("*.csv") if "undo" not in path.name)[0]


def _show_csv(echo: Echo, path: Path, rows: int = 6, width: int = 22) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in itertools.islice(csv.reader(file), rows):
            echo("  " + "  ".join(f"{cell[:width]:<{width}}" for cell in row[:6]).rstrip())


def _show_credits(echo: Echo, stage: Stage) -> None:
    """One opportunity of each earning status, explained."""
    with (stage.root / "exports" / "credit.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for status in ("Sourced", "Influenced", "Attached"):
        example = next((row for row in rows if row["status"] == status), None)
        if example is not None:
            echo("")
            words = ("credit", "explain", example["opportunity"], "--partner", example["partner"])
            _lines(echo, stage.run(VENDOR, *words))


def _show_truth(echo: Echo, root: Path, world: DemoWorld) -> None:
    from cleanroom.session.accounts.scoring import matched_pairs

    for party in world.parties[1:]:
        pairs = matched_pairs(root / VENDOR, root / party.name, party.name)
        result = score(pairs, world.truth(VENDOR, party.name))
        echo(f"  {VENDOR} and {party.name}: {_figures(result.total)}")
        for tier, figures in result.by_tier.items():
            released = "released" if tier in RELEASED else "kept back for review"
            echo(f"    {tier:<10} {figures.found:>6,} pairs, precision {figures.precision:.3f}, {released}")


def _figures(figures: Figures) -> str:
    return (
        f"{count_of(figures.found, 'pair')} found, {figures.true:,} were there; "
        f"precision {figures.precision:.3f}, recall {figures.recall:.3f}"
    )
