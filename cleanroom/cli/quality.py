"""quality: what an export is worth, before anything is shared."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.imports import FILE, read_pair
from cleanroom.cli.shell import Shell, json_option, print_json
from cleanroom.limits import limits_of
from overlap.errors import UsageError


@click.command("quality")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--population", help="What the accounts of FILE are to us; without FILE: only these. Default: all."
)
@click.option("--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="As for import.")
@click.option("--profile", help="As for import.")
@click.option("--where", "wheres", multiple=True, metavar="COLUMN=VALUE|VALUE", help="As for import.")
@click.option("--html", type=FILE, help="Write the report as a page, too.")
@click.option("--names", is_flag=True, help="Put our account names into the page, beside the row numbers.")
@click.option("--assumptions", is_flag=True, help="Print what is assumed of a partner's list.")
@json_option
@click.pass_obj
def quality_command(
    shell: Shell,
    file: Path | None,
    population: str | None,
    maps: tuple[str, ...],
    profile: str | None,
    wheres: tuple[str, ...],
    html: Path | None,
    names: bool,
    assumptions: bool,
    as_json: bool,
) -> None:
    """What our export is worth for matching, and what to repair first.

    With FILE the export is read as import does, and nothing is kept; without, what is imported here. Nobody
    else is involved.
    """
    if file is None and (maps or profile or wheres):
        raise UsageError("--map, --profile and --where read a FILE", "name the export, or leave them out")
    if names and html is None:
        raise UsageError("--names puts names into a page", "give --html OUT.html with it")
    from cleanroom.report import render_quality
    from cleanroom.session.accounts.quality import assess_export, assess_imports, write_page
    from cleanroom.session.folder import Folder
    from overlap.ingest import parse_where

    where: dict[str, tuple[str, ...]] = {}
    for text in wheres:
        where |= parse_where(text)
    if file is None:
        assessed = assess_imports(Folder(shell.root), shell.now(), population)
    else:
        assessed = assess_export(
            file,
            shell.now(),
            population=population or "customers",
            mapping=dict(read_pair(text) for text in maps),
            profile=profile,
            where=where or None,
        )
    if html is not None:
        write_page(assessed, html, names=names)
    if as_json:
        print_json({"source": assessed.source} | asdict(assessed.quality) | {"limits": limits_of("quality")})
        return
    for line in render_quality(assessed.quality, assumptions=assumptions):
        click.echo(line)
    if html is not None:
        click.echo(f"page       {html}")
