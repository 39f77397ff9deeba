"""explain: why an account of ours matched, or what kept it from matching."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.imports import FILE, read_pair
from cleanroom.cli.shell import Shell, json_option, print_json
from overlap.errors import UsageError

if TYPE_CHECKING:
    from cleanroom.session.accounts.explaining import Explained


@click.command("explain")
@click.argument("row", type=click.IntRange(min=1), required=False)
@click.option("--id", "account", help="The account's id in the CRM, instead of ROW.")
@click.option("--population", default="", help="The population it is in, where several have such a row.")
@click.option("--run", default="", help="A finished run, or how its name begins; default: the newest.")
@click.option("--file", "file", type=FILE, help="An export that need not be imported.")
@click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="With --file, as for import.")
@click.option("--profile", help="With --file, as for import.")
@click.option(
    "--where", "wheres", multiple=True, metavar="COLUMN=VALUE|VALUE", help="With --file, as for import."
)
@json_option
@click.pass_obj
def explain_command(
    shell: Shell,
    row: int | None,
    account: str | None,
    population: str,
    run: str,
    file: Path | None,
    maps: tuple[str, ...],
    profile: str | None,
    wheres: tuple[str, ...],
    as_json: bool,
) -> None:
    """Why an account of ours matched, or what on our side kept it from matching.

    ROW is its number as a spreadsheet shows it. Prints what each cell became, the identifiers made of it, why
    others were not made, and which own accounts look like it; of the partner's accounts nothing is known.
    """
    if (row is None) == (account is None):
        raise UsageError("one account is to be explained", "give its ROW, or its --id")
    if file is None and (maps or profile or wheres):
        raise UsageError("--map, --profile and --where read a file", "name the export with --file")
    if file is not None and run:
        raise UsageError("--run explains what is imported", "leave --file out")
    from cleanroom.session.accounts.explaining import Wanted, explain_export, explain_imported
    from overlap.ingest import parse_where

    wanted = Wanted(row, account or "", population)
    if file is None:
        with shell.party() as party:
            explained = explain_imported(party, wanted, run)
    else:
        where: dict[str, tuple[str, ...]] = {}
        for text in wheres:
            where |= parse_where(text)
        mapping = dict(read_pair(text) for text in maps)
        explained = explain_export(file, wanted, mapping=mapping, profile=profile, where=where or None)
    if as_json:
        print_json(_facts(explained))
        return
    _tell(explained)


def _facts(explained: Explained) -> dict[str, Any]:
    """What --json prints; cleanroom/FORMATS.md describes it."""
    if explained.rejected is not None:
        return {"population": explained.population, "rejected": asdict(explained.rejected)}
    assert explained.explanation is not None
    found = explained.explanation
    # Cells and missing kinds are tuples with names, which asdict would leave as bare lists.
    named = {name: [each._asdict() for each in getattr(found, name)] for name in ("cells", "missing")}
    run = asdict(explained.run) if explained.run else None
    return asdict(found) | named | {"run": run, "notes": list(explained.notes)}


def _tell(explained: Explained) -> None:
    from cleanroom.report import render_explanation, render_rejected

    if explained.rejected is not None:
        lines = render_rejected(explained.rejected.row, explained.population, explained.rejected.reason)
    else:
        assert explained.explanation is not None
        run = asdict(explained.run) if explained.run else None
        lines = render_explanation(explained.explanation, run, explained.notes)
    for line in lines:
        click.echo(line)
