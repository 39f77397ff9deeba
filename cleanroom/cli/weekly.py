"""weekly: the review of what is open, whose next action it is, and what changed since last week."""

from __future__ import annotations

from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json, say, tell_limits

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("weekly")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write page, tasks and JSON to this folder.",
)
@click.option("--csv", type=FILE, help="Write the tasks to this CSV, one a row, for the CRM.")
@click.option("--html", type=FILE, help="Write the page to this file.")
@click.option("--partner", default="", help="Only what is about this partner.")
@click.option("--since", default="", metavar="WEEK", help="Compare with this week; default: the last before.")
@json_option
@click.pass_obj
def weekly_command(
    shell: Shell,
    out: Path | None,
    csv: Path | None,
    html: Path | None,
    partner: str,
    since: str,
    as_json: bool,
) -> None:
    """Review what is open this week, the money at stake first, each line with its next action.

    Missing proof, disputes, introductions that nobody answered, silent partners and their first selling play,
    next joint steps, which open deals are at risk and which safe, and what changed since last week. The first
    review of a week keeps its statuses.
    """
    from cleanroom.session.attribution.weekly_review import write_review

    with shell.party() as party:
        written = write_review(party, out=out, csv=csv, html=html, partner=partner, since=since)
    if as_json:
        print_json(written.facts)
        return
    for line in written.lines:
        say(line)
    tell_limits(written.facts["limits"])
    for place in written.files:
        say(f"in        {place}")
