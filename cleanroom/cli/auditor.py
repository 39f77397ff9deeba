"""audit who-sees, shares, reads, report, and security-pack: what an auditor asks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from cleanroom.number import count_of


def entry_name(number: int, log: int) -> str:
    """An entry as a table calls it: of an old log with the number of that log."""
    return f"{number} of old log {log}" if log else str(number)


@click.command("who-sees")
@click.option("--as-of", "as_of", default="", help="A date (its whole day, UTC) or a time; default: now.")
@click.option("--partner", help="Only this partner.")
@click.option("--account", help="Only what concerns this own account, by its id.")
@json_option
@click.pass_obj
def who_sees_command(
    shell: Shell, as_of: str, partner: str | None, account: str | None, as_json: bool
) -> None:
    """Say who could see what on a day: past, present or planned.

    Runs tell for good which accounts are shared; shares show fields until they end; an agreement in force may
    be used for more. What ended before that day is listed too, with what was read of it.
    """
    from cleanroom.moment import moment_of
    from cleanroom.report import render_sights
    from cleanroom.session.audit.seeing import read_stretch, who_sees

    with shell.party() as party:
        when = read_stretch(as_of or moment_of(party.now))
        sights = who_sees(party, when, partner, account)
    if as_json:
        print_json([asdict(sight) for sight in sights])
        return
    for line in render_sights(sights, party.name):
        click.echo(line)


@click.command("shares")
@click.option("--partner", help="Only those with this partner.")
@json_option
@click.pass_obj
def shares_command(shell: Shell, partner: str | None, as_json: bool) -> None:
    """List every share with its days left, its last use, and whether it shows more than is used."""
    from cleanroom.session.share.portfolio import list_holdings

    with shell.party() as party:
        holdings = list_holdings(party, partner)
    if as_json:
        print_json([asdict(holding) for holding in holdings])
        return
    rows = [
        (
            one.share.share[:8],
            one.share.direction,
            one.share.partner,
            one.share.state,
            one.share.days_left,
            f"{one.share.read:,}/{one.share.records:,}",
            one.uses,
            one.refused,
            one.last_use or "never",
        )
        for one in holdings
    ]
    print_table(
        ("share", "direction", "partner", "state", "days left", "read", "uses", "refused", "last use"), rows
    )
    for one in holdings:
        for remark in one.remarks:
            click.echo(f"{one.share.share[:8]}: {remark}")


@click.command("reads")
@click.option("--partner", help="Only those with this partner.")
@click.option("--share", default="", help="Only this share, by its id or the beginning of it.")
@json_option
@click.pass_obj
def reads_command(shell: Shell, partner: str | None, share: str, as_json: bool) -> None:
    """List every read of a share, and every one that was refused, as the logs have them."""
    from cleanroom.session.share.portfolio import list_reads

    with shell.party() as party:
        reads = list_reads(party, partner, share)
    if as_json:
        print_json([asdict(read) for read in reads])
        return
    rows = [
        (
            one.time,
            one.direction,
            one.partner,
            one.share[:8],
            f"up to {one.records:,}",
            "REFUSED" if one.refused else one.purpose or "-",
            entry_name(one.entry, one.log),
        )
        for one in reads
    ]
    print_table(("time", "direction", "partner", "share", "records", "for", "entry"), rows)


@click.command("report")
@click.option("--as-of", "as_of", default="", help="A date (its whole day, UTC) or a time; default: now.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The page, one HTML file."
)
@json_option
@click.pass_obj
def report_command(shell: Shell, as_of: str, out: Path, as_json: bool) -> None:
    """Write a dated page for an auditor: who could see what, all shares, digests of agreements, logs, proofs.

    It names no account, and prints to PDF from any browser.
    """
    from cleanroom.session.audit.audit_report import write_audit_report

    with shell.party() as party:
        facts = write_audit_report(party, as_of, out)
    if as_json:
        print_json(asdict(facts))
        return
    altered = [log.partner for log in facts.logs if log.findings]
    click.echo(f"as of     {facts.as_of}")
    click.echo(f"logs      {'ALTERED: ' + ', '.join(altered) if altered else 'verified'}")
    click.echo(f"page      {out}")


@click.command("security-pack")
@click.option(
    "--agreement", default="", help="Its id, or the beginning of it; default: the only one in force."
)
@click.option("--run", default="", help="A run under it; default: the newest.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The page, one HTML file."
)
@click.pass_obj
def security_pack_command(shell: Shell, agreement: str, run: str, out: Path) -> None:
    """Write the page for a security review: what one agreement allows, and what left this machine under it.

    Terms, data flow, messages with their sizes, protocol and parameters, cryptography, limits. It names no
    account.
    """
    from cleanroom.session.audit.packing import write_security_pack

    with shell.party() as party:
        facts = write_security_pack(party, agreement, run, out)
    click.echo(f"agreement {facts.agreement}, {facts.period}")
    click.echo(f"run       {facts.run or 'none yet'}, sent so far: {count_of(len(facts.sent), 'message')}")
    click.echo(f"page      {out}")
