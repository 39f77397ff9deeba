"""export: files for the CRM, and the files that undo them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json
from cleanroom.number import count_of


@click.group("export")
def export_command() -> None:
    """Files for people and for the CRM."""


@export_command.command("territory")
@click.option(
    "--format",
    "target",
    type=click.Choice(["salesforce", "hubspot", "csv"]),
    required=True,
    help="What will load the files; csv is for people.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; default: exports/FORMAT."
)
@json_option
@click.pass_obj
def territory(shell: Shell, target: str, out: Path | None, as_json: bool) -> None:
    """Shared accounts for a territory plan, and the file that takes them out again."""
    from cleanroom.session.attribution.reporting import export_territory

    with shell.party() as party:
        made = export_territory(party, target, out)
    if as_json:
        print_json(asdict(made))
        return
    click.echo(
        f"exported  {count_of(made.accounts, 'account')} shared by {made.partners:,} of our partners; "
        f"first end {made.until}"
    )
    for name in made.files:
        click.echo(f"  {name}")
    for reason, count in made.left_out.items():
        click.echo(f"left out  {count:,}: {reason}")
    if made.formula_cells:
        click.echo(
            f"careful   {count_of(made.formula_cells, 'cell')} like a formula; the manifest lists where"
        )
