"""evaluate: how right the match is on two lists whose common accounts are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, tell_limits
from cleanroom.limits import limits_of
from cleanroom.number import count_of

if TYPE_CHECKING:
    from overlap.evaluation import Evaluation, Figures

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("evaluate")
@click.argument("left", type=FILE)
@click.argument("right", type=FILE)
@click.argument("gold", type=FILE)
@click.option("--no-candidates", is_flag=True, help="Match nothing that would need a review.")
@click.option("--most", type=click.IntRange(1, 64), help="Identifiers an account at most; 8 when not given.")
@click.option(
    "--half",
    type=click.Choice(["first", "second"]),
    help="Only this half of the accounts: tune on the first, report the second.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other halves.")
@click.option(
    "--show-errors",
    "errors",
    type=FILE,
    help="CSV of the false and the missed pairs with both sides' names; for lists you hold yourself.",
)
@json_option
@click.pass_obj
def evaluate_command(
    shell: Shell,
    left: Path,
    right: Path,
    gold: Path,
    no_candidates: bool,
    most: int | None,
    half: str | None,
    seed: int,
    errors: Path | None,
    as_json: bool,
) -> None:
    """Match two exports as 'simulate' does and compare with GOLD, their known common accounts.

    GOLD has the columns left_id and right_id (or its first two), one pair a row, and must be complete: a
    found pair that is not in it counts as wrong. With a column label, only rows labelled 1 are true pairs.
    """
    from overlap import evaluate
    from overlap.identity import MOST

    progress = ProgressLine(shell.quiet)
    found = evaluate(
        left,
        right,
        gold,
        candidates=not no_candidates,
        most=most or MOST,
        half=half or "",
        seed=seed,
        progress=progress,
    )
    progress.close()
    if errors:
        _write_errors(errors, found)
    if as_json:
        print_json(_facts(found) | {"limits": limits_of("evaluate")})
        return
    _tell(found)
    tell_limits(limits_of("evaluate"))
    if errors:
        click.echo(f"errors      {errors}")


def _tell(found: Evaluation) -> None:
    sides = zip(("left", "right"), found.accounts, found.identifiers, found.identifiers_per_account,
                found.rejected, strict=True)  # fmt: skip
    for side, accounts, identifiers, each, rejected in sides:
        size = (
            f"{count_of(accounts, 'account')}, {count_of(identifiers, 'identifier')} ({each:.2f} an account)"
        )
        click.echo(f"{side:<11} {size}, {count_of(rejected, 'row')} rejected")
    part = f", {found.half} half" if found.half else ""
    click.echo(f"known       {count_of(len(found.true), 'pair')}{part}")
    if found.absent:
        click.echo(
            f"careful     {found.absent:,} of them name an id that is not in the lists: counted as missed"
        )
    if found.denied:
        click.echo(f"different   {found.different:,} found of {count_of(found.denied, 'pair')} labelled 0")
    score = found.score
    rows = {**score.tiers, "released": score.released, "everything": score.total}
    click.echo("")
    print_table(
        ("tier", "found", "right", "precision", "95 %", "recall", "95 %", "F1"),
        [
            (name, figures.found, figures.right, _share(figures.precision, figures.found),
             _span(figures.precision_interval), _share(figures.recall, figures.true),
             _span(figures.recall_interval), f"{figures.f1:.4f}")
            for name, figures in rows.items()
        ],
    )  # fmt: skip
    click.echo("")
    print_table(
        ("kind", "found", "right", "precision", "95 %"),
        [
            (kind, figures.found, figures.right, _share(figures.precision, figures.found),
             _span(figures.precision_interval))
            for kind, figures in found.kinds.items()
        ],
    )  # fmt: skip


def _share(share: float, of: int) -> str:
    return f"{share:.4f}" if of else "-"


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f}-{interval[1]:.3f}"


def _facts(found: Evaluation) -> dict[str, Any]:
    """What --json prints; cleanroom/FORMATS.md describes it."""
    sides = {
        side: {
            "accounts": found.accounts[at],
            "rejected": found.rejected[at],
            "identifiers": found.identifiers[at],
            "identifiers_per_account": round(found.identifiers_per_account[at], 4),
        }
        for at, side in enumerate(("left", "right"))
    }
    return {
        **sides,
        "known": len(found.true),
        "absent": found.absent,
        "labelled_different": found.denied,
        "different_found": found.different,
        "half": found.half,
        "candidates": found.candidates,
        "candidate_recall": round(found.candidate_recall, 6),
        "tiers": {tier: _figures(figures) for tier, figures in found.score.tiers.items()},
        "released": _figures(found.score.released),
        "everything": _figures(found.score.total),
        "kinds": {kind: _figures(figures) for kind, figures in found.kinds.items()},
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "found": figures.found,
        "right": figures.right,
        "precision": round(figures.precision, 6) if figures.found else None,
        "precision_interval": [round(bound, 6) for bound in figures.precision_interval],
        "recall": round(figures.recall, 6) if figures.true else None,
        "recall_interval": [round(bound, 6) for bound in figures.recall_interval],
        "f1": round(figures.f1, 6),
    }


def _write_errors(place: Path, found: Evaluation) -> None:
    from cleanroom.export import write_csv
    from cleanroom.session.folder import write_whole
    from overlap.evaluation import DIFFERENCE_COLUMNS, differences

    rows = differences(found).itertuples(index=False, name=None)
    file = write_csv(place.name, "", DIFFERENCE_COLUMNS, rows, line_end="\r\n", for_people=True)
    write_whole(place, file.content)
