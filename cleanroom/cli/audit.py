"""audit and inspect: the logs, and what any file of ours says without a key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.auditor import entry_name, reads_command, report_command, shares_command, who_sees_command
from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from cleanroom.number import count_of
from overlap.errors import Refused, UsageError

if TYPE_CHECKING:
    from cleanroom.bundle import Report


@click.group("audit")
def audit_command() -> None:
    """The append-only logs, one per partner."""


for _question in (who_sees_command, shares_command, reads_command, report_command):
    audit_command.add_command(_question)


@audit_command.command("verify")
@click.argument("bundle", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--partner", help="Only the log with this partner.")
@click.option("--quick", is_flag=True, help="Check every root, but of the signatures only the newest ones.")
@json_option
@click.pass_obj
def verify(shell: Shell, bundle: Path | None, partner: str | None, quick: bool, as_json: bool) -> None:
    """Find any changed, removed, inserted or reordered byte, and say where. Exit code 3 when there is one.

    With BUNDLE, a file made by 'overlap audit bundle': it needs no party and nothing but the file. Compare
    the fingerprints that it prints with both companies.
    """
    from cleanroom.session.audit.auditing import verify_logs

    if bundle is not None:
        if partner or quick:
            raise UsageError("a bundle is verified as a whole", "leave out --partner and --quick")
        _verify_bundle(bundle, as_json)
        return
    with shell.party() as party:
        verdicts = verify_logs(party, partner, every_signature=not quick)
    if as_json:
        print_json([asdict(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            older = (
                f", and {count_of(verdict.older, 'older log')} from before cards changed"
                if verdict.older
                else ""
            )
            click.echo(
                f"{verdict.partner}: {count_of(verdict.entries, 'entry')}, "
                f"root {verdict.root[:16] or '-'}{older}"
            )
            for where, what in verdict.findings:
                click.echo(f"  {where}: {what}")
    if any(verdict.findings for verdict in verdicts):
        raise Refused("a log was altered", "compare with the checkpoints that your partner holds")
    if not as_json:
        click.echo("good: every entry is the one that was written")


def _verify_bundle(source: Path, as_json: bool) -> None:
    from cleanroom.session.audit.bundling import verify_file

    report = verify_file(source)
    if as_json:
        problems = [{"where": where, "what": what} for where, what in report.problems]
        print_json(asdict(report) | {"problems": problems})
    elif report.exporter:  # What is no bundle has no table to show.
        _print_report(report)
    if report.problems:
        where, what = report.problems[0]
        raise Refused(f"the bundle does not hold: {where}: {what}", "ask both companies for theirs")
    if not as_json:
        click.echo("good: everything in the bundle is as it was signed; compare the fingerprints")


def _print_report(report: Report) -> None:
    from cleanroom.moment import moment_of

    click.echo(f"bundle of {report.exporter or '-'} about {report.peer or '-'}")
    for name, fingerprint in report.fingerprints.items():
        click.echo(f"  fingerprint of {name}: {fingerprint}")
    verdicts = [(part.name[:24], "wrong" if part.problems else "good", part.what) for part in report.parts]
    print_table(("part", "verdict", "what"), verdicts)
    for where, what in report.problems:
        click.echo(f"  {where}: {what}")
    events = [
        (
            event.kind,
            event.entries,
            moment_of(event.first),
            moment_of(event.last),
            ", ".join(f"{name} up to {count:,}" for name, count in event.counts.items()),
        )
        for event in report.happened
    ]
    click.echo()
    print_table(("event", "entries", "first", "last", "counts"), events)
    rows = [
        (
            one.kind,
            one.about,
            moment_of(one.time) if one.time else "-",
            " and ".join(one.signers),
            entry_name(one.entry, one.log) if one.entry >= 0 else "-",
        )
        for one in report.receipts
    ]
    click.echo()
    print_table(("receipt", "about", "time", "signed by", "log entry"), rows)


@audit_command.command("bundle")
@click.option("--partner", required=True, help="About what happened with this partner.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The bundle.")
@click.option(
    "--disclose",
    type=click.Choice(("receipts", "none")),
    default="receipts",
    show_default=True,
    help="Open the log's entries about the receipts and agreements in the bundle, or none.",
)
@click.pass_obj
def bundle_(shell: Shell, partner: str, out: Path, disclose: str) -> None:
    """Write one file that shows an auditor what happened with a partner: no account is in it.

    It has both cards, the signed agreements, the log with its checkpoints, the partner's, and the receipts;
    after a change of cards the logs of before it too, and the statements that bind old and new cards.
    """
    from cleanroom.session.audit.bundling import write_bundle

    with shell.party() as party:
        made = write_bundle(party, partner, out, disclose)
    click.echo(f"log       {count_of(made.entries, 'entry')}, of which {made.opened:,} are opened")
    click.echo(f"papers    {count_of(made.agreements, 'agreement')}, {count_of(made.receipts, 'receipt')}")
    click.echo(f"written   {out}, {made.size:,} bytes; 'overlap audit verify {out}' checks it anywhere")


@audit_command.command("sync")
@click.option("--partner", required=True, help="Whom to show the log that we keep with them.")
@carries(sends="letter", to="partner", out="The letter.")
@click.pass_obj
def sync(shell: Shell, partner: str, out: Path) -> None:
    """Show our log to the partner: it checks and cosigns it, and countersigns the receipts of what it knows.

    The partner takes the letter in with 'overlap receive'; its cosignature comes with its own next letter.
    """
    from cleanroom.session.audit.syncing import write_sync

    with shell.party() as party:
        made = write_sync(party, partner, out)
    click.echo(
        f"log       {count_of(made.entries, 'entry')}, of which {made.partner} has cosigned {made.cosigned:,}"
    )
    click.echo(f"receipts  {made.waiting:,} to be countersigned, {made.returned:,} countersigned by us")
    tell_out("written", out, f", for {made.partner}")


@audit_command.command("list")
@click.option("--partner", help="Only the log with this partner.")
@json_option
@click.pass_obj
def list_(shell: Shell, partner: str | None, as_json: bool) -> None:
    """List the entries: what happened when, in counts and digests.

    Those of logs that were kept under earlier cards stand first, with the cards named below.
    """
    from cleanroom.session.audit.auditing import list_entries

    with shell.party() as party:
        entries = list_entries(party, partner)
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    old = {(e.partner, e.log): e.cards for e in entries if e.log}
    rows = [
        (e.partner, entry_name(e.sequence, e.log) if old else e.sequence, e.time, e.kind, e.facts)
        for e in entries
    ]
    print_table(("partner", "entry", "time", "kind", "facts"), rows)
    for (name, log), (ours, theirs) in old.items():
        click.echo(f"old log {log} with {name} was kept under our card {ours or 'that is not here'}")
        click.echo(f"  and its card {theirs or 'that is not here'}")


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def inspect_command(file: Path, as_json: bool) -> None:
    """Say what a file of ours is and what can be read of it without any key."""
    from cleanroom.session.audit.inspecting import inspect_file

    facts = inspect_file(file)
    if as_json:
        print_json(facts)
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {value}")
