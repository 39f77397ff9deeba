"""statement: what a partner is shown, and how it checks that."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.plain import PlainOrNamed
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say
from overlap.errors import Refused

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("statement", cls=PlainOrNamed, plain="make")
def statement_command() -> None:
    """A partner's statement: 'overlap statement PARTNER' makes it, 'statement verify FILE' checks it."""


@statement_command.command("make")
@click.argument("partner")
@click.option("--period", default="", help="The period, such as 2026-Q1; default: the last closed one.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; default: exports/statements."
)
@click.option(
    "--language",
    type=click.Choice(["en", "de", "fr", "es"]),
    default="en",
    show_default=True,
    help="Language of the page; ids, codes and formulas stay as they are.",
)
@json_option
@click.pass_obj
def make(shell: Shell, partner: str, period: str, out: Path | None, language: str, as_json: bool) -> None:
    """Write the statement of PARTNER as JSON, CSV and HTML, all from the same bytes.

    The word 'make' may be left out. PARTNER is the id of the events.
    """
    from cleanroom.session.attribution.statements import write_statement

    with shell.party() as party:
        files, made = write_statement(party, partner, period, out, language)
    if as_json:
        print_json(made)
        return
    for row in made["balances"]:
        say(
            f"balance   {row['currency']}: opening {row['opening']}, lines {row['lines']}, "
            f"paid {row['paid']}, closing {row['closing']}"
        )
    names = ("line", "date", "deal_id", "rule", "amount", "currency", "state")
    if made["lines"]:
        print_table(names, [[one[name] for name in names] for one in made["lines"]])
        click.echo("next      'overlap statement why LINE FILE.json' says how a line came about")
    for name in files:
        say(f"written   {name}")


@statement_command.command("why")
@click.argument("line")
@click.argument("file", type=FILE)
def why(line: str, file: Path) -> None:
    """Why a line is what it is, in at most twelve lines; LINE is the beginning of its id."""
    from cleanroom.session.attribution.statements import explain_line

    for text in explain_line(file, line):
        say(text)


@statement_command.command("verify")
@click.argument("file", type=FILE)
@click.option("--plan", "plans", type=FILE, multiple=True, required=True, help="The plan; may repeat.")
@json_option
def verify(file: Path, plans: tuple[Path, ...], as_json: bool) -> None:
    """Recompute a statement (its JSON file) from the plan and its own events; needs no party and no key.

    Exit code 3 when a line or balance differs in a single minor unit.
    """
    from cleanroom.session.attribution.statements import verify_statement

    made = verify_statement(file, plans)
    if as_json:
        print_json(asdict(made) | {"differences": [one._asdict() for one in made.differences]})
    else:
        say(f"checked   {made.lines:,} lines of {made.partner} for {made.period}, {made.given:,} by decision")
        for one in made.differences:
            say(f"differs   {one.line} {one.field}: stated {one.stated}, follows {one.computed}")
    if made.differences:
        raise Refused("the statement does not follow from the plan", "open a dispute about the lines above")
    if not as_json:
        say("same      every line and balance, to the minor unit")
