"""pay: what partners are owed, by a commission plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cleanroom.cli.shell import OverlapGroup, Shell, json_option, print_json, print_table
from overlap.errors import BadInput

FILE = click.Path(path_type=Path, dir_okay=False)

#: The command that `overlap pay PLAN.toml EVENTS.csv` calls.
PLAIN = "files"


class PlainOrNamed(OverlapGroup):
    """A group whose first word may be a plan file in place of a command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The named command, or the one for plain files."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = [PLAIN, *args]
        return super().resolve_command(ctx, args)


@click.group("pay", cls=PlainOrNamed)
def pay_command() -> None:
    """What partners are owed, to the minor unit.

    'overlap pay PLAN.toml EVENTS.csv' rates a file of events and needs no party: see 'overlap pay files
    --help'. The other commands work on the folder of a party. Taxes are out of scope.
    """


@pay_command.command(PLAIN)
@click.argument("plan", type=FILE)
@click.argument("events", type=FILE)
@click.option("--rates", type=FILE, help="Exchange rates: date,base,quote,rate,source.")
@click.option("--as-of", default="", metavar="DAY", help="Rate as of this day, YYYY-MM-DD; default: today.")
@click.option(
    "--zone", default="", metavar="NAME", help="The zone of times that name none, e.g. Europe/Berlin."
)
@json_option
@click.pass_obj
def files(
    shell: Shell, plan: Path, events: Path, rates: Path | None, as_of: str, zone: str, as_json: bool
) -> None:
    """Rate EVENTS under PLAN: lines, totals, what was rounded where, and every row that did not count.

    EVENTS has the columns event_id,date,kind,partner_id,deal_id,product,amount,currency,original_event_id.
    The word 'files' may be left out.
    """
    from cleanroom.session.attribution.plain_pay import pay_files

    made = pay_files(plan, events, rates, as_of=as_of, zone=zone, now=shell.now())
    if as_json:
        print_json(made)
        return
    _tell(made)


@pay_command.command("lint")
@click.argument("plan", type=FILE)
@json_option
@click.pass_obj
def lint(shell: Shell, plan: Path, as_json: bool) -> None:
    """List every fault and doubt in a plan file; exit code 4 when it has a fault."""
    from cleanroom.session.attribution.plain_pay import lint_file

    found = lint_file(plan)
    if as_json:
        print_json([one._asdict() for one in found])
    elif found:
        print_table(("severity", "code", "place", "what"), [tuple(one) for one in found])
    faults = sum(one.severity == "error" for one in found)
    if faults:
        raise BadInput(f"the plan has {faults:,} faults", "mend what is listed, then lint it again")
    if not as_json:
        click.echo("the plan has no fault")


def _tell(made: dict[str, Any]) -> None:
    plan, events = made["plans"][-1], made["events"]
    click.echo(
        f"plan      {plan['name']} version {plan['version']}, {plan['digest'][:16]}…, as of {made['as_of']}"
    )
    counts = ", ".join(f"{events[name]:,} {name}" for name in ("used", "noted", "held", "once", "refused"))
    click.echo(f"events    {events['rows']:,} rows: {counts}")
    if made["totals"]:
        names = ("partner_id", "currency", "accrued", "held", "payable", "total", "forfeited")
        print_table(names, [[row[name] for name in names] for row in made["totals"]])
    for row in made["funds"]:
        click.echo(
            f"fund      {row['rule']} of {row['partner_id']}: {row['available']} {row['currency']} available"
        )
    if made["rounded"]:
        click.echo(f"rounded   {len(made['rounded']):,} amounts, each once and half up; --json lists them")
    for one in made["findings"]:
        click.echo(f"{one['effect']:<9} {one['file']} row {one['row']}: {one['code']}, {one['text']}")
