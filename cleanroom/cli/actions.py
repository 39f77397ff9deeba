"""actions: what partners did, logged by command, compared with the partner's log; referral tokens."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.actions_leads import give_and_take_command, send_lead_command
from cleanroom.cli.actions_signed import countersign_command, sign_command, verify_command
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("actions")
def actions_command() -> None:
    """What partners did on our opportunities; files come in with 'overlap import FILE --as actions'."""


@actions_command.command("log")
@click.option("--partner", required=True, help="Who did it.")
@click.option("--type", "kind", required=True, help="A type of the menu; 'overlap rules show' lists them.")
@click.option("--date", required=True, help="When: a day, or a time with its zone.")
@click.option("--opportunity", default="", help="The opportunity it was about.")
@click.option("--account", default="", help="The account, where there was no opportunity yet.")
@click.option("--proof", default="", help="Where its proof lies: a link, a message, a note.")
@click.option("--proof-file", type=FILE, help="A document that proves it; its SHA-256 is kept, not the file.")
@click.option("--owner", default="", help="Who of us answers for it.")
@click.option("--next-step", default="", help="The next joint step.")
@click.option("--due", default="", help="The day by which that is due.")
@click.option("--role", default="", help="The partner's role on the deal: source, influence, …")
@click.option("--zone", default="", help="The zone of a --date without one: +02:00, or Europe/Berlin.")
@json_option
@click.pass_obj
def log(
    shell: Shell,
    partner: str,
    kind: str,
    date: str,
    opportunity: str,
    account: str,
    proof: str,
    proof_file: Path | None,
    owner: str,
    next_step: str,
    due: str,
    role: str,
    zone: str,
    as_json: bool,
) -> None:
    """Log one action; it counts as logged now, whatever its date."""
    from cleanroom.session.attribution.action_log import NewAction, log_action

    new = NewAction(partner, kind, date, opportunity, account, proof, owner, next_step, role, due)
    with shell.party() as party:
        logged = log_action(party, new, proof_file, zone)
    _tell(asdict(logged), as_json)


@actions_command.command("list")
@click.option("--partner", default="", help="Only this partner's.")
@click.option("--out", type=FILE, help="Write them to this CSV, as 'overlap import --as actions' reads it.")
@json_option
@click.pass_obj
def list_(shell: Shell, partner: str, out: Path | None, as_json: bool) -> None:
    """List all actions here, imported and logged, the newest last, with the leads that we sent."""
    from cleanroom.session.attribution.action_log import list_actions

    with shell.party() as party:
        rows = list_actions(party, partner, out)
    if as_json:
        print_json(rows)
        return
    names = (
        "id",
        "partner",
        "type",
        "date",
        "logged",
        "opportunity_id",
        "account_id",
        "owner",
        "next_step",
        "due",
        "responded",
        "looped_back",
        "source",
        "direction",
        "outcome",
    )
    print_table(names, [[row[name] for name in names] for row in rows])


on_option = click.option("--on", default="", help="When: a day, or a time with its zone; default: now.")
on_zone_option = click.option(
    "--zone", default="", help="The zone of an --on without one: +02:00, or Europe/Berlin."
)


@actions_command.command("answer")
@click.argument("action")
@on_option
@on_zone_option
@click.pass_obj
def answer(shell: Shell, action: str, on: str, zone: str) -> None:
    """Keep that one of us responded to an introduction, or the partner to a lead that we sent."""
    _keep_answer(shell, action, "responded", on, zone)


@actions_command.command("loop-back")
@click.argument("action")
@on_option
@on_zone_option
@click.option(
    "--outcome",
    type=click.Choice(["won", "lost"]),
    help="Of a lead that we sent: what the partner says came of it.",
)
@click.pass_obj
def loop_back(shell: Shell, action: str, on: str, zone: str, outcome: str | None) -> None:
    """Keep that the partner was told what came of its introduction, or told us of a lead that we sent."""
    _keep_answer(shell, action, "looped_back", on, zone, outcome or "")


@actions_command.command("compare")
@click.argument("ours", type=FILE)
@click.argument("theirs", type=FILE)
@click.option("--zone", default="", help="Where times without a zone were written.")
@click.option("--out", type=FILE, help="Write the differences to this CSV.")
@json_option
@click.pass_obj
def compare(shell: Shell, ours: Path, theirs: Path, zone: str, out: Path | None, as_json: bool) -> None:
    """List the differences of two action logs: OURS, and the file that the partner keeps."""
    from cleanroom.session.attribution.comparing import compare_logs

    found = compare_logs(shell.root, ours, theirs, zone, out)
    if as_json:
        print_json({"counts": found.counts, "differences": found.rows, "rejected": found.rejected})
        return
    names = ("code", "subject", "partner", "ours", "theirs", "our_value", "their_value")
    print_table(names, [[row[name] for name in names] for row in found.rows])
    for side, number in found.rejected.items():
        if number:
            say(f"careful   {number:,} rows of {side} are no usable actions and were not compared")
    say(", ".join(f"{number:,} {code}" for code, number in found.counts.items()) or "no difference")


actions_command.add_command(send_lead_command)
actions_command.add_command(give_and_take_command)
actions_command.add_command(sign_command)
actions_command.add_command(countersign_command)
actions_command.add_command(verify_command)


@actions_command.group("token")
def token_group() -> None:
    """Referrals without a portal: a signed token that a partner hands on."""


@token_group.command("make")
@click.option("--partner", required=True, help="Whose referral it is.")
@click.option("--type", "kind", default="introduction", show_default=True, help="A type of class origin.")
@click.option("--days", type=click.IntRange(1, 1095), default=90, show_default=True, help="Good for so long.")
@click.option("--uses", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Good so often.")
@click.option("--out", type=FILE, required=True, help="Where to write the token.")
@click.pass_obj
def make(shell: Shell, partner: str, kind: str, days: int, uses: int, out: Path) -> None:
    """Make a token and sign it with our key."""
    from cleanroom.moment import moment_of
    from cleanroom.session.attribution.tokens import make_referral

    with shell.party() as party:
        token = make_referral(party, partner, kind, days, uses, out)
    say(f"token     {token.id} for {token.partner}, {token.uses} uses until {moment_of(token.until)}")
    say(f"send      {out}")


@token_group.command("redeem")
@click.argument("file", type=FILE)
@click.option("--account", required=True, help="Our account that the referral brings.")
@click.option("--owner", required=True, help="Who of us takes it up, and so confirms it.")
@click.option("--proof", default="", help="What else proves it.")
@click.option("--proof-file", type=FILE, help="A document that proves it; its SHA-256 is kept, not the file.")
@json_option
@click.pass_obj
def redeem(
    shell: Shell, file: Path, account: str, owner: str, proof: str, proof_file: Path | None, as_json: bool
) -> None:
    """Redeem a token: an origin action of today."""
    from cleanroom.session.attribution.tokens import redeem_referral

    with shell.party() as party:
        logged = redeem_referral(party, file, account, owner, proof, proof_file)
    _tell(asdict(logged), as_json)


@token_group.command("list")
@json_option
@click.pass_obj
def token_list(shell: Shell, as_json: bool) -> None:
    """List the tokens that were made, and how often each was redeemed."""
    from cleanroom.session.attribution.tokens import list_referrals

    with shell.party() as party:
        rows = [asdict(one) for one in list_referrals(party)]
    if as_json:
        print_json(rows)
        return
    names = ("id", "partner", "type", "state", "used", "uses", "until")
    print_table(names, [[row[name] for name in names] for row in rows])


def _tell(logged: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json(logged)
        return
    fields = logged["fields"]
    assert isinstance(fields, dict)
    say(f"logged    {logged['id']}: {fields['type']} of {fields['partner']} on {fields['date']}")
    warnings = logged["warnings"]
    assert isinstance(warnings, list)
    for line in warnings:
        say(f"careful   {line}")


def _keep_answer(shell: Shell, action: str, what: str, on: str, zone: str, outcome: str = "") -> None:
    from cleanroom.session.attribution.action_log import answer_introduction

    with shell.party() as party:
        row = answer_introduction(party, action, what, on, zone, outcome)
    said = {"responded": "answered", "looped_back": "told back"}[what]
    say(f"{said:<9} {row['id']}: {row['type']} of {row['partner']} on {row['date']}, {row[what]}")
