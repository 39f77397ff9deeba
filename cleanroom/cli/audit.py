"""audit and inspect: the logs, and what any file of ours says without a key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.auditor import reads_command, report_command, shares_command, who_sees_command
from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from overlap.errors import Refused


@click.group("audit")
def audit_command() -> None:
    """The append-only logs, one per partner."""


for _question in (who_sees_command, shares_command, reads_command, report_command):
    audit_command.add_command(_question)


@audit_command.command("verify")
@click.option("--partner", help="Only the log with this partner.")
@json_option
@click.pass_obj
def verify(shell: Shell, partner: str | None, as_json: bool) -> None:
    """Find any changed, removed, inserted or reordered byte, and say where. Exit code 3 when there is one."""
    from cleanroom.session.auditing import verify_logs

    with shell.party() as party:
        verdicts = verify_logs(party, partner)
    if as_json:
        print_json([asdict(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            click.echo(f"{verdict.partner}: {verdict.entries:,} entries, root {verdict.root[:16] or '-'}")
            for where, what in verdict.findings:
                click.echo(f"  {where}: {what}")
    if any(verdict.findings for verdict in verdicts):
        raise Refused("a log was altered", "compare with the checkpoints that your partner holds")
    if not as_json:
        click.echo("good: every entry is the one that was written")


@audit_command.command("list")
@click.option("--partner", help="Only the log with this partner.")
@json_option
@click.pass_obj
def list_(shell: Shell, partner: str | None, as_json: bool) -> None:
    """List the entries: what happened when, in counts and digests."""
    from cleanroom.session.auditing import list_entries

    with shell.party() as party:
        entries = list_entries(party, partner)
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    rows = [(e.partner, e.sequence, e.time, e.kind, e.facts) for e in entries]
    print_table(("partner", "entry", "time", "kind", "facts"), rows)


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def inspect_command(file: Path, as_json: bool) -> None:
    """Say what a file of ours is and what can be read of it without any key."""
    from cleanroom.session.inspecting import inspect_file

    facts = inspect_file(file)
    if as_json:
        print_json(facts)
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {value}")
