"""dispute: lines that somebody does not agree with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.plain import approver_key, key_options
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say
from cleanroom.number import count_of

if TYPE_CHECKING:
    from cleanroom.session.attribution.disputing import Opened

FILE = click.Path(path_type=Path, dir_okay=False)
REASONS = ("amount", "date", "duplicate", "identity", "missing", "other", "rate", "split")


@click.group("dispute")
def dispute_command() -> None:
    """Lines of statements that somebody does not agree with, and deals that earned none."""


@dispute_command.command("open")
@click.argument("line", default="")
@click.option("--deal", default="", help="Instead of LINE: the opportunity that earned no line.")
@click.option("--partner", default="", help="With --deal: whom it should have earned one.")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why.")
@click.option("--by", required=True, help="Who opens it.")
@click.option("--evidence", type=FILE, multiple=True, help="A file whose digest is kept; may repeat.")
@click.option("--note", default="", help="A note whose digest is kept.")
@click.pass_obj
def open_(
    shell: Shell,
    line: str,
    deal: str,
    partner: str,
    reason: str,
    by: str,
    evidence: tuple[Path, ...],
    note: str,
) -> None:
    """Open a dispute about a line: it is frozen until the decision, unless it was paid.

    With --deal it is about what earned no line; the partner's status on the deal is Disputed until then.
    """
    from cleanroom.session.attribution.disputing import dispute_deal, open_dispute
    from overlap.errors import UsageError

    if bool(line) == bool(deal) or bool(deal) != bool(partner):
        raise UsageError(
            "a dispute is about a line, or about a deal and a partner", "give LINE, or --deal and --partner"
        )
    with shell.party() as party:
        if line:
            opened = open_dispute(party, line, reason, by, evidence, note)
        else:
            opened = dispute_deal(party, deal, partner, reason, by, evidence, note)
    say(f"dispute   {opened.dispute}")
    days = count_of(opened.answer_days, "day")
    say(f"decides   somebody with the role {opened.decides}, by {opened.answer_by} ({days})")
    say(f"until     {_meanwhile(opened)}")


def _meanwhile(opened: Opened) -> str:
    """What a dispute stops until its decision."""
    if opened.run:
        rest = f"run {opened.run} pays {opened.partner} nothing in {opened.currency}"
        return f"{opened.amount} {opened.currency} is frozen, and {rest}"
    if opened.amount:
        return f"{opened.amount} {opened.currency} is frozen: neither approved nor paid; other lines go on"
    if opened.state:
        return f"nothing is frozen, for the line is {opened.state}"
    return f"the deal is Disputed for {opened.partner}: it earns nothing there, and nothing is taken back"


@dispute_command.command("decide")
@click.argument("dispute")
@click.option("--outcome", type=click.Choice(("upheld", "rejected")), required=True, help="The decision.")
@click.option("--amount", default="", help="Of an upheld one, what is added, or with '-' taken back.")
@key_options
@click.pass_obj
def decide(
    shell: Shell, dispute: str, outcome: str, amount: str, key: Path, key_passphrase_file: Path | None
) -> None:
    """Decide a dispute, signed by a person with the role that the plan names."""
    from cleanroom.session.attribution.disputing import decide_dispute

    with shell.party() as party:
        decide_dispute(party, dispute, outcome, amount, approver_key(key, key_passphrase_file))
    say(f"decided   {dispute}: {outcome}{'; its line comes with the next close' if amount else ''}")


@dispute_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List disputes, the open ones first, with the days that are left for an answer."""
    from cleanroom.session.attribution.disputing import list_disputes

    with shell.party() as party:
        found = list_disputes(party)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (
            one.dispute,
            one.line or f"deal {one.deal}",
            one.partner,
            one.reason,
            one.opened,
            one.outcome or f"{one.answer_in} days left",
        )
        for one in found
    ]
    print_table(("dispute", "about", "partner", "reason", "opened", "outcome"), rows)
