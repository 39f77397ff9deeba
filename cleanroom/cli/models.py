"""models: what credit models say of journeys, to check a rule against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, tell_limits
from cleanroom.limits import limits_of

if TYPE_CHECKING:
    from cleanroom.session.attribution.plain_models import Modelled

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("models")
@click.argument("paths", type=FILE)
@click.option(
    "--formula", "formulas", multiple=True, metavar="ID", help="Only this formula; may be repeated."
)
@click.option("--no-null", is_flag=True, help="Leave lost journeys out.")
@click.option("--rule", type=FILE, help="CSV partner,credit: what a rule gives, to compare with the models.")
@json_option
@click.pass_obj
def models_command(
    shell: Shell, paths: Path, formulas: tuple[str, ...], no_null: bool, rule: Path | None, as_json: bool
) -> None:
    """Credit of partners by attribution models, exact and with 95 % intervals.

    PATHS is a CSV with the columns path, total_conversions, total_conversion_value and total_null, the
    steps of a path joined by ' > '. Models check rules; they never pay. Nothing has a seed: the same
    journeys give the same answer. docs/models.md has the formulas.
    """
    from cleanroom.session.attribution.plain_models import answer, model_file

    modelled = model_file(paths, formulas, null=not no_null, rule=rule)
    for note in modelled.notes:
        click.echo(f"note: {note}", err=True)
    if as_json:
        print_json(answer(modelled))
        return
    _tell(modelled)


def _tell(modelled: Modelled) -> None:
    journeys, credits = modelled.journeys, modelled.credited.credits
    won, lost = int(journeys.conversions.sum()), int(journeys.nulls.sum())
    click.echo(f"journeys   {won:,} won, {lost:,} lost, {len(journeys.conversions):,} distinct")
    click.echo("conversions and 95 % interval by formula")
    click.echo("")
    for begin in range(0, len(credits), 4):
        some = list(credits.values())[begin : begin + 4]
        rows = [
            (partner, *(_cell(each.conversions[at], each.low[at], each.high[at]) for each in some))
            for at, partner in enumerate(journeys.partners)
        ]
        print_table(("partner", *(each.formula for each in some)), rows)
        click.echo("")
    for spread in modelled.spreads:
        click.echo(spread.sentence)
    tell_limits(limits_of("models"))


def _cell(conversions: float, low: float, high: float) -> str:
    return f"{conversions:,.1f} [{low:,.1f}, {high:,.1f}]"
