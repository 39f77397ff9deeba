"""credit export, credit check: what is judged here as files for the plain commands, and beside the models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say, tell_limits
from cleanroom.limits import limits_of

if TYPE_CHECKING:
    from cleanroom.attribution import observed, statistics
    from cleanroom.session.attribution.checking import Checked

FILE = click.Path(path_type=Path, dir_okay=False)

currency_option = click.option(
    "--currency", default="", metavar="ISO", help="Deals in this currency; needed where there are several."
)
rules_file_option = click.option(
    "--rules", type=FILE, help="Judge by this rule file, not by the versions adopted here."
)


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@currency_option
@click.option(
    "--segment",
    type=click.Choice(("industry", "account-type", "country", "population", "type")),
    help="What a deal's segment is: of its account, or its own type. Default: industry where there is any.",
)
@click.option(
    "--type",
    "type_",
    default="",
    help="Only deals of this type, as the export names it: Renewal, for example.",
)
@rules_file_option
@json_option
@click.pass_obj
def export_command(
    shell: Shell,
    folder: Path,
    currency: str,
    segment: str | None,
    type_: str,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Write what is imported and judged here as the files that other commands take.

    FOLDER gets paths.csv and rule.csv for 'overlap models', deals.csv and stages.csv for 'overlap lift' and
    'rates', with statuses.csv for 'forecast', with actions.csv and regions.csv for 'partners-report'.
    docs/attribution.md says how each is made. Files of an earlier export are replaced.
    """
    from cleanroom.attribution import observed
    from cleanroom.session.attribution.exporting import export_plain, left_out

    with shell.party() as party:
        made = export_plain(party, folder, currency, segment or "", rules, type_)
    if as_json:
        print_json(asdict(made))
        return
    say(f"exported  to {made.folder}; amounts in {made.currency or 'no stated currency'}")
    for file in made.files:
        say(f"  {file.name:<14} {file.rows:>7,} rows")
    say(f"journeys  {made.won:,} won, {made.lost:,} lost; the rules credit {made.credited} of the won")
    say(f"segment   {made.segment}")
    for code, files in left_out(made.files).items():
        counts = ", ".join(f"{count:,} of {name}" for name, count in files.items())
        say(f"left out  {code}: {counts} ({observed.LEFT_OUT[code]})")
    for note in made.notes:
        say(f"careful   {note}")
    for command in made.commands:
        say(f"next      {command}")


@click.command("check")
@currency_option
@rules_file_option
@json_option
@click.pass_obj
def check_command(shell: Shell, currency: str, rules: Path | None, as_json: bool) -> None:
    """Lay the rules beside reality: models, edge cases, and what each type of action went with.

    What the rules credit to each partner stands beside the range of six models; who is outside is flagged.
    Models check rules and never pay; a finding is a question to the rules, not an error.
    """
    from cleanroom.session.attribution.checking import check_rules

    with shell.party() as party:
        checked = check_rules(party, currency, rules)
    if as_json:
        print_json(checked.answer() | {"limits": limits_of("credit check", "models")})
        return
    _tell(checked)


def _tell(checked: Checked) -> None:
    say(
        f"won       {checked.won:,} deals with an action; the rules credit {checked.credited:,.2f} of the won"
        f" deals; amounts in {checked.currency or 'no stated currency'}"
    )
    if checked.partners:
        say("")
        print_table(
            ("partner", "deals by rules", "by models", "first", "last", "value by rules", "by models", ""),
            [
                (
                    *(each.partner, f"{each.deals:,.1f}", _range(each.deals_least, each.deals_most, 1)),
                    *(f"{each.deals_first:,.1f}", f"{each.deals_last:,.1f}"),
                    *(f"{each.value:,.0f}", _range(each.value_least, each.value_most, 0)),
                    "outside" if each.outside else "",
                )
                for each in checked.partners
            ],
        )
        say("")
    else:
        say("models    nothing to compare: no deal that was won has a usable action")
    for formula, reason in checked.refused.items():
        say(f"models    {formula} left out: {reason}")
    for each in checked.partners:
        if each.outside:
            say(f"outside   {each.sentence}")
    for edges in checked.edges:
        say(f"edges     {edges.count:,} {edges.code}: {edges.means}")
        for deal in edges.deals:
            who = f" {deal['partner']}:" if deal["partner"] else ":"
            say(f"  {deal['opportunity']}{who} {deal['says']}")
        if edges.count > len(edges.deals):
            say(f"  and {edges.count - len(edges.deals):,} more")
    _tell_motions(checked.motions)
    tell_limits(limits_of("credit check", "models"))


def _range(least: float, most: float, digits: int) -> str:
    low, high = f"{least:,.{digits}f}", f"{most:,.{digits}f}"
    return low if low == high else f"{low}-{high}"


def _tell_motions(motions: list[observed.Motion]) -> None:
    from cleanroom.attribution import observed

    if not motions:
        return
    say("")
    print_table(
        ("type", "class", "actions", "created a deal", "moved it on", "won later", "only motion"),
        [
            (
                each.type,
                each.kind,
                each.actions,
                *map(_share, (each.created, each.moved, each.won, each.neither)),
            )
            for each in motions
        ],
    )
    say(f"note      of actions that can be judged by now, 95 % intervals from {observed.FEWEST_ACTIONS} on")


def _share(share: statistics.Share) -> str:
    if not share.of:
        return "-"
    if share.share is None or share.low is None or share.high is None:
        return f"{share.count} of {share.of}: too few"
    interval = f"[{100 * share.low:.0f}-{100 * share.high:.0f}]"
    return f"{share.count} of {share.of}: {100 * share.share:.0f} % {interval}"
