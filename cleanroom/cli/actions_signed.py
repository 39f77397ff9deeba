"""actions sign, countersign and verify: a partner's log of what it did, signed by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from cleanroom.attribution import actions

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("sign")
@click.argument("log", type=FILE)
@click.option(
    "--for", "vendor", required=True, help="The vendor for whom we did it: it alone takes the file."
)
@click.option("--out", type=FILE, required=True, help="Where to write the signed log.")
@click.option("--since", default="", metavar="DAY", help="From this day on; default: of the first action.")
@click.option(
    "--until", default="", metavar="DAY", help="Up to and with this day; default: of the last action."
)
@click.option("--zone", default="", help="Where times without a zone were written.")
@click.pass_obj
def sign_command(shell: Shell, log: Path, vendor: str, out: Path, since: str, until: str, zone: str) -> None:
    """Sign LOG, a file of what we did for a vendor, with our key; the columns are those of an import.

    Owners and what the vendor answers are left out. No account is looked up: give the vendor's own ids.
    """
    from cleanroom.session.attribution.signed_logs import sign_log

    with shell.party() as party:
        made = sign_log(party, log, vendor, out, since, until, zone)
    say(f"signed    {len(made.lines):,} actions from {made.since} to {made.until}, for {vendor}")
    say(f"send      {out}")


@click.command("countersign")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, required=True, help="Where to write our answer.")
@click.option("--take", is_flag=True, help="First log the actions that only the partner has, as of now.")
@click.option("--owner", default="", help="With --take: who of us confirms them.")
@json_option
@click.pass_obj
def countersign_command(shell: Shell, file: Path, out: Path, take: bool, owner: str, as_json: bool) -> None:
    """Verify a partner's signed log and compare it with ours of the same days.

    Where both say the same it gets our signature; else our answer lists the lines that we contest.
    """
    from cleanroom.session.attribution.signed_logs import answer_log

    with shell.party() as party:
        found = answer_log(party, file, out, take=take, owner=owner)
    if as_json:
        print_json(asdict(found))
        return
    say(f"log       {found.log[:16]} of {found.partner}, {found.lines:,} actions, its signature holds")
    if found.taken:
        say(f"logged    {len(found.taken):,} that only the partner had, as of now")
    for reason, number in found.untaken.items():
        say(f"careful   {number:,} could not be logged: {reason}")
    _show(found.contested)
    said = "we contest these lines" if found.contested else "both logs say the same"
    say(f"{found.state:<13} {said}")
    say(f"send      {out}")


@click.command("verify")
@click.argument("file", type=FILE)
@click.option("--log", type=FILE, help="The log that we signed: FILE must be its vendor's answer to it.")
@json_option
@click.pass_obj
def verify_command(shell: Shell, file: Path, log: Path | None, as_json: bool) -> None:
    """Check a signed log or the answer to one: who signed it, and which lines are contested."""
    from cleanroom.session.attribution.signed_logs import verify_log

    with shell.party() as party:
        found = verify_log(party, file, log)
    if as_json:
        print_json(asdict(found))
        return
    say(f"{found.what:<13} log {found.log[:16]}, signed by {', then '.join(found.signers)}")
    for old in found.out_of_use:
        say(f"careful   signed by {old}; whoever has its keys could have signed since")
    if found.lines:
        say(f"holds     {found.lines:,} actions from {found.since} to {found.until}")
    _show(found.contested)


def _show(contested: Sequence[actions.Contested]) -> None:
    from cleanroom.attribution import classification

    if contested:
        names = ("code", "line", "subject", "the partner says", "the vendor says")
        print_table(
            names, [[classification.plain_cell(cell) for cell in asdict(one).values()] for one in contested]
        )
