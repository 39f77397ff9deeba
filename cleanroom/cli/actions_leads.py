"""actions send-lead and give-and-take: leads that we sent partners, beside what they introduced."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json, say

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("send-lead")
@click.option("--partner", required=True, help="To whom we sent it.")
@click.option("--account", default="", help="Our account that it is about.")
@click.option("--opportunity", default="", help="The opportunity out of which it came; instead of --account.")
@click.option("--date", default="", help="When: a day, or a time with its zone; default: now.")
@click.option("--proof", default="", help="Where its proof lies: a link, a message, a note.")
@click.option("--proof-file", type=FILE, help="A document that proves it; its SHA-256 is kept, not the file.")
@click.option("--owner", default="", help="Who of us sent it.")
@click.option("--zone", default="", help="The zone of a --date without one: +02:00, or Europe/Berlin.")
@json_option
@click.pass_obj
def send_lead_command(
    shell: Shell,
    partner: str,
    account: str,
    opportunity: str,
    date: str,
    proof: str,
    proof_file: Path | None,
    owner: str,
    zone: str,
    as_json: bool,
) -> None:
    """Keep that we sent a partner a lead, for what we do not offer; no status and no pay looks at it.

    It sends nothing. In a file of actions such a lead is a row whose direction is 'ours'.
    """
    from cleanroom.session.attribution.action_log import NewAction, log_lead

    new = NewAction(partner, "", date, opportunity, account, proof, owner)
    with shell.party() as party:
        logged = log_lead(party, new, proof_file, zone)
    if as_json:
        print_json(asdict(logged))
        return
    fields = logged.fields
    about = fields["opportunity_id"] or fields["account_id"]
    say(f"logged    {logged.id}: a lead about {about} to {fields['partner']} on {fields['date']}")


@click.command("give-and-take")
@click.option("--partner", default="", help="Only this partner's.")
@click.option("--since", default="", metavar="DAY", help="From this day on; default: the first that counts.")
@click.option("--until", default="", metavar="DAY", help="Up to and with this day; default: today.")
@click.option("--out", type=FILE, help="Write one row a partner to this CSV.")
@json_option
@click.pass_obj
def give_and_take_command(
    shell: Shell, partner: str, since: str, until: str, out: Path | None, as_json: bool
) -> None:
    """What went each way: introductions that partners made, leads that we sent, and what came of them."""
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.exchanging import exchange_here

    with shell.party() as party:
        found = exchange_here(party, partner, since, until, out)
    if as_json:
        print_json(asdict(found))
        return
    if not found.partners:
        say("nothing   no introduction came and no lead went")
    else:
        say(f"window    {found.since} to {found.until}, both days included")
        for one in found.partners:
            say(classification.plain_cell(one.partner))
            say(
                f"  from it {one.received:>6,} introductions: {one.received_answered:,} answered, "
                f"{one.received_looped_back:,} told back, {one.received_won:,} won"
            )
            say(
                f"  to it   {one.sent:>6,} leads: {one.sent_answered:,} answered, {one.sent_looped_back:,} "
                f"told back, {one.sent_won:,} won, {one.sent_lost:,} lost"
            )
    if found.left_out:
        say(f"careful   {found.left_out:,} leads without a partner or a usable day were not counted")
