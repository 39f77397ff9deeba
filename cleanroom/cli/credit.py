"""credit: the status of every partner on every opportunity, and why."""

from __future__ import annotations

from pathlib import Path

import click

from cleanroom.cli.credit_compare import compare_command
from cleanroom.cli.credit_files import check_command, export_command
from cleanroom.cli.credit_looks import even_command, journey_command, who_command
from cleanroom.cli.shell import Shell, json_option, print_json, say, tell_limits
from cleanroom.limits import limits_of

FILE = click.Path(path_type=Path, dir_okay=False)

rules_option = click.option(
    "--rules", type=FILE, help="Judge by this rule file, not by the versions adopted here; nothing is kept."
)


@click.group("credit", invoke_without_command=True)
@click.option("--out", type=FILE, help="Write the statuses to this CSV: one row a partner and opportunity.")
@click.option("--headlines", type=FILE, help="Write one row an opportunity to this CSV: the whole pipeline.")
@click.option(
    "--findings", type=FILE, help="Write what is wrong with imported rows to this CSV, each by row."
)
@click.option("--touched", is_flag=True, help="Add what partners touched, evidence or not; it is in no sum.")
@click.option(
    "--engagement", is_flag=True, help="With --out or --json: add how long and how often each partner acted."
)
@rules_option
@json_option
@click.pass_context
def credit_command(
    ctx: click.Context,
    out: Path | None,
    headlines: Path | None,
    findings: Path | None,
    touched: bool,
    engagement: bool,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Which partner sourced, influenced or helped to close which opportunity, by the rules in force.

    The statuses are Disputed, Sourced, Assisted Close, Influenced, Attached and Unattributed; 'overlap rules
    show --glossary' says what they mean.
    """
    if ctx.invoked_subcommand is not None:
        return
    from cleanroom.session.attribution.crediting import credit_ledger

    if engagement and not (out or as_json):
        raise click.UsageError("--engagement adds columns: give --out FILE or --json")
    shell: Shell = ctx.obj
    files = {"out": out, "headlines": headlines, "findings": findings}
    with shell.party() as party:
        ledger = credit_ledger(party, rules, touched=touched, engagement=engagement, **files)
    if as_json:
        print_json(ledger.rows)
        return
    for line in ledger.lines:
        say(line)
    tell_limits(limits_of("credit"))
    for place in (out, headlines, findings):
        if place:
            say(f"in        {place}")


@credit_command.command("explain")
@click.argument("opportunity")
@click.option("--partner", default="", help="Explain this partner; default: the one whose status leads.")
@click.option("--for-partner", is_flag=True, help="Leave out all that is about others.")
@rules_option
@click.pass_obj
def explain(shell: Shell, opportunity: str, partner: str, for_partner: bool, rules: Path | None) -> None:
    """Explain one status in at most twelve lines, with the nearest alternative."""
    from cleanroom.session.attribution.crediting import explain_credit
    from overlap.errors import UsageError

    if for_partner and not partner:
        raise UsageError("an explanation for a partner is about that partner", "give --partner")
    with shell.party() as party:
        lines = explain_credit(party, opportunity, partner, rules, for_partner=for_partner)
    for line in lines:
        say(line)


@credit_command.command("events")
@click.option("--out", type=FILE, help="Write the events to this CSV, as 'overlap pay' takes them.")
@click.option("--evidence", type=FILE, help="Write on what they rest to this CSV: ids and digests.")
@rules_option
@json_option
@click.pass_obj
def events(shell: Shell, out: Path | None, evidence: Path | None, rules: Path | None, as_json: bool) -> None:
    """What the statuses of won deals earn, as events for pay, and what is taken back of earlier ones.

    One event for each partner that sourced, helped to close or influenced a won deal, and one without an
    amount for each proven action of a type that the plan looks at. 'overlap period close PERIOD --credit'
    takes them in without a file.
    """
    from cleanroom.session.attribution.earning import credit_events

    with shell.party() as party:
        made = credit_events(party, rules, out=out, evidence=evidence)
    if as_json:
        print_json(made.fields)
        return
    for line in made.lines:
        say(line)
    for place in (out, evidence):
        if place:
            say(f"in        {place}")


credit_command.add_command(export_command)
credit_command.add_command(check_command)
credit_command.add_command(compare_command)
credit_command.add_command(even_command)
credit_command.add_command(journey_command)
credit_command.add_command(who_command)
