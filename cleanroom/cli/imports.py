"""import and simulate: exports in, pairs out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.shell import Shell, engine_options, json_option, print_json
from cleanroom.cli.simulated import simulate_numbers
from cleanroom.number import count_of, verb
from overlap.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from cleanroom.session.accounts.imports import Imported
    from cleanroom.session.accounts.restrictions import Standing
    from overlap import Table
    from overlap.engine import EngineChoice

FILE = click.Path(path_type=Path, dir_okay=False)

#: The part of an export's rows whose rejection says that the file, and not a row, is at fault.
REJECTED_SHARE = 0.1


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--population", default="customers", show_default=True, help="What these accounts are to us.")
@click.option(
    "--as",
    "what",
    type=click.Choice(
        ["accounts", "aliases", "opportunities", "stages", "actions", "territories", "restrictions"]
    ),
    default="accounts",
    show_default=True,
    help="What a row of the file is.",
)
@click.option(
    "--map", "maps", multiple=True, metavar="FIELD=COLUMN", help="Read FIELD from COLUMN; may repeat."
)
@click.option("--profile", help="salesforce, hubspot, dynamics, pipedrive or generic; default: detected.")
@click.option(
    "--where", "wheres", multiple=True, metavar="COLUMN=VALUE|VALUE", help="Take only these rows; may repeat."
)
@click.option(
    "--exported", default="", metavar="DATE", help="The day the file was made, YYYY-MM-DD; default: today."
)
@click.option(
    "--zone",
    default="",
    metavar="ZONE",
    help="Where times of actions and stages without a zone were written: +02:00, or Europe/Berlin.",
)
@click.option(
    "--currency",
    default="",
    metavar="CODE",
    help="In what the amounts of opportunities are that do not say it, e.g. EUR: the CRM's one currency.",
)
@click.option(
    "--source",
    "system",
    default="",
    metavar="NAME",
    help="Where actions were recorded that do not say it: CRM, portal, …; default: the file's name.",
)
@json_option
@click.pass_obj
def import_command(
    shell: Shell,
    file: Path,
    population: str,
    what: str,
    maps: tuple[str, ...],
    profile: str | None,
    wheres: tuple[str, ...],
    exported: str,
    zone: str,
    currency: str,
    system: str,
    as_json: bool,
) -> None:
    """Read a CRM export (CSV, TSV, JSON Lines, XLSX or Parquet) into this party's folder.

    A file of restrictions has a rule a row: an account_id, an account_name or account_domain, or a column and
    its value; then private, or restricted with the partners who may still match, separated by ";".
    """
    from cleanroom.session.accounts.imports import import_export
    from cleanroom.session.accounts.restrictions import rules_standing
    from cleanroom.session.folder import Folder
    from overlap.ingest import parse_where

    where: dict[str, tuple[str, ...]] = {}
    for text in wheres:
        where |= parse_where(text)
    done = import_export(
        Folder(shell.root),
        file,
        shell.now(),
        what=what,
        population=population,
        mapping=dict(read_pair(text) for text in maps),
        profile=profile,
        where=where or None,
        exported=exported,
        zone=zone,
        currency=currency,
        system=system,
    )
    standing = rules_standing(Folder(shell.root)) if what == "restrictions" else None
    if as_json:
        print_json(asdict(done) | ({"rules": asdict(standing)} if standing else {}))
        return
    _tell(done)
    if standing:
        _tell_rules(standing, done.rejected)


def _tell_rules(standing: Standing, rejected: int) -> None:
    private = f"{count_of(standing.private, 'account')} {verb(standing.private, 'is', 'are')} private"
    click.echo(f"now       {private}, {standing.restricted:,} restricted")
    if rows := standing.waiting:
        what = verb(len(rows), "fits no imported account and waits", "fit no imported account and wait")
        click.echo(f"careful   {count_of(len(rows), 'rule')} {what} for one: {_rows(rows)}")
    if rows := standing.strangers:
        what = verb(len(rows), "names", "name")
        click.echo(
            f"careful   {count_of(len(rows), 'rule')} {what} a partner with no card here: {_rows(rows)}"
        )
    if rejected:
        what = f"{count_of(rejected, 'rejected row')} {verb(rejected, 'protects', 'protect')}"
        click.echo(f"careful   {what} no account")


def _rows(rows: list[int], most: int = 12) -> str:
    """Row numbers of the file, the first ones where there are many."""
    further = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f"row {', '.join(map(str, rows[:most]))}{further}"


def _tell(done: Imported) -> None:
    label = f"{done.what} ({done.population})" if done.population else done.what
    click.echo(f"imported  {done.rows:,} {label}; rejected {done.rejected:,}")
    if done.replaced >= 0:
        click.echo(f"replaced  {count_of(done.replaced, 'row')} of the import before")
    form = [done.encoding, f"delimiter {done.delimiter!r}" if done.delimiter else ""]
    how = ", ".join(part for part in (done.profile, *form, f"header in row {done.header_row}") if part)
    click.echo(f"read as   {how}")
    for field, column in done.mapping.items():
        click.echo(f"  {field:<20} from {column}")
    if "id" not in done.mapping and done.what not in ("aliases", "restrictions", "stages"):
        click.echo("careful   no column is read as the id, so row numbers stand for ids; see --map id=Column")
    if done.dated_anew:
        what = f"{count_of(done.dated_anew, 'action')} {verb(done.dated_anew, 'says', 'say')}"
        click.echo(f"careful   {what} another day of logging than at first; the first one stays")
    if done.rejected_file:
        click.echo(f"rejected rows with reasons: {done.rejected_file}")
    if done.rejected > REJECTED_SHARE * (done.rows + done.rejected):
        share = 100 * done.rejected // (done.rows + done.rejected)
        click.echo(f"careful   {share} % of the rows were rejected; see the file above")


def read_pair(text: str) -> tuple[str, str]:
    """The field and the column of one --map."""
    field, equals, column = text.partition("=")
    if not equals or not field or not column:
        raise UsageError("--map takes FIELD=COLUMN", "for example --map website=Homepage")
    return field, column


@click.command("simulate")
@click.argument("left", type=FILE)
@click.argument("right", type=FILE)
@click.option("--out", type=FILE, help="CSV of the matched pairs; needed without --policy.")
@click.option("--no-candidates", is_flag=True, help="Leave out pairs that need a review.")
@click.option(
    "--groups", is_flag=True, help="Add pairs of one group of companies, told apart by their relation."
)
@click.option("--left-aliases", type=FILE, help="Further names, domains and parents of LEFT.")
@click.option("--right-aliases", type=FILE, help="Further names, domains and parents of RIGHT.")
@click.option(
    "--policy", default="", help="Print what a policy of level counts or sum tells (a shipped one or a file)."
)
@click.option(
    "--protocol",
    type=click.Choice(["dh", "vole"]),
    default="dh",
    help="How pairs are matched: vole, experimental, is many times quicker for long lists. "
    "With fewer than 16,384 identifiers of LEFT, dh is used.",
)
@click.option("--deals", type=FILE, help="With --policy: the opportunities of RIGHT, of which a sum is made.")
@engine_options
@json_option
@click.pass_obj
def simulate_command(
    shell: Shell,
    left: Path,
    right: Path,
    out: Path | None,
    no_candidates: bool,
    groups: bool,
    left_aliases: Path | None,
    right_aliases: Path | None,
    policy: str,
    protocol: str,
    deals: Path | None,
    choice: EngineChoice,
    as_json: bool,
) -> None:
    """Match two exports in one process, over the complete protocol, frames and all.

    With --policy no account is paired: it prints the numbers that both sides would learn. LEFT starts, and
    the amounts of a sum are RIGHT's.
    """
    from cleanroom.session.folder import write_whole
    from overlap import read_accounts, simulate

    _check_options(
        policy, out, deals, protocol, bool(no_candidates or groups or left_aliases or right_aliases)
    )
    sides = read_accounts(left), read_accounts(right)
    if out is None:
        simulate_numbers(shell, sides, policy, deals, choice, as_json)
        return
    aliases = [_aliases(path, side) for path, side in zip((left_aliases, right_aliases), sides, strict=True)]
    progress = ProgressLine(shell.quiet)
    pairs = simulate(
        sides[0].frame,
        sides[1].frame,
        candidates=not no_candidates,
        groups=groups,
        aliases=(aliases[0][0], aliases[1][0]),
        protocol=protocol,
        progress=progress,
        engine=choice,
    )
    progress.close()
    write_whole(out, pairs.to_csv(index=False, lineterminator="\n").encode())
    tiers = {tier: int(count) for tier, count in pairs["tier"].value_counts().sort_index().items()}
    facts: dict[str, Any] = {
        "left": {"accounts": len(sides[0].frame), "rejected": len(sides[0].rejected)},
        "right": {"accounts": len(sides[1].frame), "rejected": len(sides[1].rejected)},
        "pairs": len(pairs),
        "tiers": tiers,
        "out": str(out),
    }
    for at, name in enumerate(("left", "right")):
        if (frame := aliases[at][0]) is not None:
            facts[name]["aliases"] = {"rows": len(frame), "rejected": aliases[at][1]}
    if as_json:
        print_json(facts)
        return
    click.echo(
        f"left   {count_of(len(sides[0].frame), 'account')}, "
        f"{count_of(len(sides[0].rejected), 'row')} rejected"
    )
    click.echo(
        f"right  {count_of(len(sides[1].frame), 'account')}, "
        f"{count_of(len(sides[1].rejected), 'row')} rejected"
    )
    for at, name in enumerate(("left", "right")):
        if (frame := aliases[at][0]) is not None:
            click.echo(
                f"{name:<6} {count_of(len(frame), 'alias', 'aliases')}, "
                f"{count_of(aliases[at][1], 'row')} rejected"
            )
    click.echo(f"pairs  {len(pairs):,}: " + ", ".join(f"{count:,} {tier}" for tier, count in tiers.items()))
    click.echo(f"in     {out}")


def _aliases(path: Path | None, accounts: Table) -> tuple[pd.DataFrame | None, int]:
    """The usable rows of an alias file, and how many were rejected."""
    if path is None:
        return None, 0
    from overlap.identity import know
    from overlap.ingest import read_aliases

    table = read_aliases(path)
    lost = [one.row for one in know(accounts.frame, table.frame).rejected]
    return table.frame[~table.frame["row"].isin(lost)], len(table.rejected) + len(lost)


def _check_options(
    policy: str, out: Path | None, deals: Path | None, protocol: str, pairs_only: bool
) -> None:
    """UsageError for options of `simulate` that do not go together; `pairs_only`: one of pairs was given."""
    if policy and out:
        raise UsageError("simulate writes pairs or prints numbers", "leave --out or --policy out")
    if deals and not policy:
        raise UsageError("without --policy nothing is summed", "leave --deals out, or give --policy")
    if not policy and not out:
        raise UsageError("no file to write the pairs to", "give --out FILE, or --policy for numbers")
    if policy and protocol != "dh":
        raise UsageError("numbers have a protocol of their own", "leave --protocol out")
    if policy and pairs_only:
        raise UsageError("numbers are counted without candidates, groups and aliases", "leave them out")
