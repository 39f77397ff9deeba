"""pay: what partners are owed, by a commission plan."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cleanroom.cli.pay_looks import against_credit_command
from cleanroom.cli.plain import PlainOrNamed, approver_key, key_options
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say, tell_limits
from cleanroom.limits import limits_of
from cleanroom.number import count_of
from overlap.errors import BadInput, Refused

FILE = click.Path(path_type=Path, dir_okay=False)
#: Rows that are named for each finding.
_ROWS = 8
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("pay", cls=PlainOrNamed, plain="files")
def pay_command() -> None:
    """What partners are owed, to the minor unit.

    'overlap pay PLAN.toml EVENTS.csv' rates a file of events and needs no party: see 'overlap pay files
    --help'. The other commands work on the money ledger of a party. Taxes are out of scope.
    """


@pay_command.command("files")
@click.argument("plan", type=FILE)
@click.argument("events", type=FILE)
@click.option("--rates", type=FILE, help="Exchange rates: date,base,quote,rate,source.")
@click.option("--as-of", default="", metavar="DAY", help="Rate as of this day, YYYY-MM-DD; default: today.")
@click.option(
    "--zone", default="", metavar="NAME", help="The zone of times that name none, e.g. Europe/Berlin."
)
@json_option
@click.pass_obj
def files(
    shell: Shell, plan: Path, events: Path, rates: Path | None, as_of: str, zone: str, as_json: bool
) -> None:
    """Rate EVENTS under PLAN: lines, totals, what was rounded where, and every row that did not count.

    EVENTS has the columns event_id,date,kind,partner_id,deal_id,product,amount,currency,original_event_id.
    The word 'files' may be left out.
    """
    from cleanroom.session.attribution.plain_pay import pay_files

    made = pay_files(plan, events, rates, as_of=as_of, zone=zone, now=shell.now())
    if as_json:
        print_json(made)
        return
    _tell(made)


@pay_command.command("lint")
@click.argument("plan", type=FILE)
@json_option
@click.pass_obj
def lint(shell: Shell, plan: Path, as_json: bool) -> None:
    """List every fault and doubt in a plan file; exit code 4 when it has a fault."""
    from cleanroom.session.attribution.plain_pay import lint_file

    found = lint_file(plan)
    if as_json:
        print_json([one._asdict() for one in found])
    elif found:
        print_table(("severity", "code", "place", "what"), [tuple(one) for one in found])
    faults = sum(one.severity == "error" for one in found)
    if faults:
        raise BadInput(f"the plan has {faults:,} faults", "mend what is listed, then lint it again")
    if not as_json:
        say("the plan has no fault")


@pay_command.command("approver")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="What the person may; may repeat.")
@click.option("--out", type=FILE, required=True, help="The key file, to give to the person.")
@click.option(
    "--new-passphrase-file",
    type=FILE,
    help="File with the passphrase of the key file; OVERLAP_NEW_PASSPHRASE or a prompt does as well.",
)
@click.pass_obj
def approver(
    shell: Shell, name: str, roles: tuple[str, ...], out: Path, new_passphrase_file: Path | None
) -> None:
    """Make a key for a person who approves, overrides or decides, under a passphrase of its own.

    The roles are words of the plan: [rights] approve and override, [disputes] decides.
    """
    from cleanroom.session.attribution.periods_money import add_approver

    with shell.party() as party:
        passphrase = shell.replacing_passphrase(name, new_passphrase_file)
        add_approver(party, name, roles, passphrase, out)
    say(f"approver  {name}: {', '.join(sorted(set(roles)))}")
    say(f"key file  {out}")


@pay_command.command("adopt")
@click.argument("plan", type=FILE)
@key_options
@click.pass_obj
def adopt(shell: Shell, plan: Path, key: Path, key_passphrase_file: Path | None) -> None:
    """Put a version of the plan in force from its first day, signed by an approver."""
    from cleanroom.session.attribution.periods_money import adopt_plan

    with shell.party() as party:
        made = adopt_plan(party, plan, approver_key(key, key_passphrase_file))
    say(f"adopted   {made.name} version {made.version}, {made.digest}")


@pay_command.command("approve")
@key_options
@json_option
@click.pass_obj
def approve(shell: Shell, key: Path, key_passphrase_file: Path | None, as_json: bool) -> None:
    """Approve everything that is payable today, as one run signed by an approver.

    A partner whose balance is negative or below the plan's minimum is carried to a later run.
    """
    from cleanroom.session.attribution.periods_money import approve_run

    with shell.party() as party:
        made = approve_run(party, approver_key(key, key_passphrase_file))
    if as_json:
        print_json(asdict(made))
        return
    say(f"run       {made.run}")
    for what, rows in (("approved", made.payouts), ("carried", made.carried)):
        for row in rows:
            say(f"{what:<9} {row['partner_id']}: {row['amount']} {row['currency']}")


@pay_command.command("export")
@click.argument("run")
@click.option("--out", type=FOLDER, required=True, help="Folder for payables.csv and journal.csv.")
@click.pass_obj
def export(shell: Shell, run: str, out: Path) -> None:
    """Write the payables of a run and the accrual journal as CSV; a disputed partner is left out."""
    from cleanroom.session.attribution.periods_money import export_run

    with shell.party() as party:
        files = export_run(party, run, out)
    for name in files:
        say(f"written   {name}")


@pay_command.command("paid")
@click.argument("run")
@click.option("--reference", required=True, help="How the bank or the payables system calls the payment.")
@click.pass_obj
def paid(shell: Shell, run: str, reference: str) -> None:
    """Note that a run was paid; partners with a disputed line wait."""
    from cleanroom.session.attribution.periods_money import mark_paid

    with shell.party() as party:
        partners = mark_paid(party, run, reference)
    say(f"paid      {', '.join(partners)}")


@pay_command.command("override")
@click.argument("line")
@click.option("--amount", required=True, help="What is added to the line, or with '-' taken from it.")
@click.option("--reason", required=True, help="Why; it stands on the line.")
@key_options
@click.pass_obj
def override(
    shell: Shell, line: str, amount: str, reason: str, key: Path, key_passphrase_file: Path | None
) -> None:
    """Propose to pay more or less for a line; it takes a second person, and comes with the next close."""
    from cleanroom.session.attribution.periods_money import propose_override

    with shell.party() as party:
        name = propose_override(party, line, amount, reason, approver_key(key, key_passphrase_file))
    say(f"proposed  {name}; 'overlap pay confirm {name}' by another person puts it in force")


@pay_command.command("confirm")
@click.argument("override")
@key_options
@click.pass_obj
def confirm(shell: Shell, override: str, key: Path, key_passphrase_file: Path | None) -> None:
    """Confirm an override with another key than the one that proposed it."""
    from cleanroom.session.attribution.periods_money import confirm_override

    with shell.party() as party:
        confirm_override(party, override, approver_key(key, key_passphrase_file))
    say(f"confirmed {override}")


@pay_command.command("what-if")
@click.argument("plan", type=FILE)
@json_option
@click.pass_obj
def what_if(shell: Shell, plan: Path, as_json: bool) -> None:
    """What the closed periods would have paid under another plan: winners, losers, and the cost."""
    from cleanroom.session.attribution.what_if import compare_plan

    with shell.party() as party:
        made = compare_plan(party, plan)
    if as_json:
        print_json(asdict(made) | {"limits": limits_of("pay what-if")})
        return
    names = ("partner", "currency", "now", "then", "difference")
    print_table(names, [[getattr(row, name) for name in names] for row in made.rows])
    for currency, (now, then) in made.cost.items():
        say(f"cost      {now} {currency} now, {then} {currency} under the other plan")
    say(f"partners  {made.winners:,} win, {made.losers:,} lose, {made.same:,} are paid the same")
    if made.carried:
        say(f"carried   in both sums: {', '.join(made.carried)}")
    if made.left:
        say(f"left      in what was paid alone, their line is not there: {', '.join(made.left)}")
    tell_limits(limits_of("pay what-if"))


@pay_command.command("cost")
@json_option
@click.pass_obj
def cost(shell: Shell, as_json: bool) -> None:
    """What every rule has cost: owed, paid, and put into funds; currencies are never added."""
    from cleanroom.session.attribution.what_if import programme_cost

    with shell.party() as party:
        rows = programme_cost(party)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    names = ("rule", "type", "currency", "owed", "paid", "fund")
    print_table(names, [[getattr(row, name) for name in names] for row in rows])
    tell_limits(limits_of("pay cost"))


@pay_command.command("programme")
@click.option("--margin", required=True, help="What is left of a deal's revenue before partners, as 70%.")
@click.option("--lift", type=FILE, help="What 'overlap lift DEALS STAGES --json' printed.")
@click.option("--deals", type=FILE, help="The deals that the lift was made from.")
@click.option("--currency", default="", help="The currency of those deals.")
@json_option
@click.pass_obj
def programme(
    shell: Shell, margin: str, lift: Path | None, deals: Path | None, currency: str, as_json: bool
) -> None:
    """What partners brought in beside what they cost: by credit, and with --lift by what they changed.

    Both are told apart and never added: credited deals might have come without a partner, too.
    """
    from cleanroom.session.attribution.programme import programme_result, read_lift
    from overlap.errors import UsageError

    if (lift is None) != (deals is None):
        raise UsageError("a lift is read with the deals that it was made from", "give --lift and --deals")
    measured = read_lift(lift, deals) if lift is not None and deals is not None else None
    with shell.party() as party:
        rows = programme_result(party, margin, currency, measured)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    for row in rows:
        say(f"credited  {count_of(row.deals, 'deal')} of {row.revenue} {row.currency}, margin {row.margin}")
        say(f"cost      {row.incentives} {row.currency} of incentives")
        say(f"by credit {row.by_credit} {row.currency}: at most, for deals might have come without partners")
        if row.lift:
            low, middle, high = row.lift
            say(f"by lift   {middle} {row.currency}, from {low} to {high}: what partners changed")
    if len(rows) > 1:
        say("note      incentives stand in the currency that they are paid in; nothing is converted")
    for reason in measured.reasons if measured is not None else ():
        say(f"no lift   refused: {reason}")
    tell_limits(limits_of("pay programme"))


@pay_command.command("replay")
@json_option
@click.pass_obj
def replay(shell: Shell, as_json: bool) -> None:
    """Compute every closed period again, and check the chain and every signature of the money ledger."""
    from cleanroom.session.attribution.statements import replay_ledger

    with shell.party() as party:
        made = replay_ledger(party)
    if as_json:
        print_json(asdict(made))
        return
    say(f"replayed  {made.entries:,} entries, {made.signed:,} signed acts, head {made.head}")
    say(f"same      {', '.join(made.closes) or 'no period is closed yet'}")


@pay_command.command("reps")
@click.argument("events", type=FILE)
@click.argument("reps", type=FILE)
@json_option
def reps(events: Path, reps: Path, as_json: bool) -> None:
    """Check that our own reps are credited with the full amount of every deal a partner shares in.

    REPS has the columns deal_id,rep_id,base,currency. Exit code 3 when a base is another than the deal's.
    """
    from cleanroom.session.attribution.what_if import check_reps

    made = check_reps(events, reps)
    if as_json:
        print_json(asdict(made))
    else:
        say(f"deals     {made.deals:,} with a partner, {made.neutral:,} with the full base for the rep")
        for deal, code in made.findings:
            say(f"differs   {deal}: {code}")
    if made.findings:
        raise Refused("a rep's base is not the deal's full amount", "pay reps as if no partner had a share")


def _tell(made: dict[str, Any]) -> None:
    plan, events = made["plans"][-1], made["events"]
    say(f"plan      {plan['name']} version {plan['version']}, {plan['digest'][:16]}…, as of {made['as_of']}")
    counts = ", ".join(f"{events[name]:,} {name}" for name in ("used", "noted", "held", "once", "refused"))
    say(f"events    {events['rows']:,} rows: {counts}")
    if made["totals"]:
        names = ("partner_id", "currency", "accrued", "held", "payable", "total", "forfeited")
        print_table(names, [[row[name] for name in names] for row in made["totals"]])
    for row in made["funds"]:
        say(f"fund      {row['rule']} of {row['partner_id']}: {row['available']} {row['currency']} available")
    if made["rounded"]:
        say(f"rounded   {count_of(len(made['rounded']), 'amount')}, each once and half up; --json lists them")
    alike: dict[tuple[str, str, str, str], list[int]] = {}
    for one in made["findings"]:
        alike.setdefault((one["effect"], one["file"], one["code"], one["text"]), []).append(one["row"])
    for (effect, file, code, text), rows in alike.items():
        shown = ", ".join(map(str, rows[:_ROWS]))
        more = f" and {len(rows) - _ROWS:,} more" if len(rows) > _ROWS else ""
        say(f"{effect:<9} {file} {'row' if len(rows) == 1 else 'rows'} {shown}{more}: {code}, {text}")


pay_command.add_command(against_credit_command)
