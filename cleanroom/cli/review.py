"""review: the queue of matches that a person decides, and the letters that carry decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from cleanroom.number import count_of

FILE = click.Path(path_type=Path, dir_okay=False)
ROWS = click.argument("rows", nargs=-1, metavar="ROW...")
RUN = click.option("--run", default="", help="The finished run; default: the newest.")
SHEET = click.option(
    "--from",
    "sheet",
    type=FILE,
    help="A CSV as 'review list --csv' writes it, its column 'decision' filled in with accept, reject, "
    "dispute or withdraw.",
)


@click.group("review")
def review_command() -> None:
    """Matches that a person decides: accept, reject, dispute."""


@review_command.command("list")
@RUN
@click.option(
    "--all", "everything", is_flag=True, help="All matched accounts, also those that need no decision."
)
@click.option("--csv", "sheet", type=FILE, help="Write the rows to this CSV, to be decided in a spreadsheet.")
@json_option
@click.pass_obj
def list_(shell: Shell, run: str, everything: bool, sheet: Path | None, as_json: bool) -> None:
    """List the matched accounts that need a decision, the most valuable first, and why."""
    from cleanroom.session.review.review_sheet import write_sheet
    from cleanroom.session.review.reviewing import list_reviews

    with shell.party() as party:
        queue = list_reviews(party, run, everything=everything)
        if sheet:
            write_sheet(queue.rows, sheet)
    if as_json:
        print_json(asdict(queue))
        return
    click.echo(f"run       {queue.run} with {queue.partner}")
    if sheet:
        click.echo(f"written   {count_of(len(queue.rows), 'row')} to {sheet}")
        click.echo(f"next: fill in 'decision', then 'overlap review decide --from {sheet}'")
    elif queue.rows:
        rows = [
            (
                r.account,
                r.name,
                r.token[:8],
                r.kinds,
                f"{r.confidence:.2f}",
                r.rivals,
                r.review or r.tier,
                r.why,
            )
            for r in queue.rows
        ]
        print_table(("account", "name", "token", "kinds", "confidence", "rivals", "state", "why"), rows)
    else:
        click.echo("nothing waits for a decision of ours")
    _tell_unsent(queue.unsent)


@review_command.command("accept")
@ROWS
@RUN
@click.pass_obj
def accept(shell: Shell, rows: tuple[str, ...], run: str) -> None:
    """This match is right: it is released as soon as the partner accepts it too.

    A ROW is an own account id, or the first digits of the token in the list.
    """
    _decide(shell, run, [(row, "accept") for row in rows])


@review_command.command("reject")
@ROWS
@RUN
@click.pass_obj
def reject(shell: Shell, rows: tuple[str, ...], run: str) -> None:
    """Not the same company: suppress it here, and at the partner once it has our decisions."""
    _decide(shell, run, [(row, "reject") for row in rows])


@review_command.command("dispute")
@ROWS
@RUN
@click.pass_obj
def dispute(shell: Shell, rows: tuple[str, ...], run: str) -> None:
    """Dispute a released match: it is suppressed on both sides until both withdraw."""
    _decide(shell, run, [(row, "dispute") for row in rows])


@review_command.command("withdraw")
@ROWS
@RUN
@click.pass_obj
def withdraw(shell: Shell, rows: tuple[str, ...], run: str) -> None:
    """Take our decision back; a dispute ends when the partner has withdrawn it too."""
    _decide(shell, run, [(row, "withdraw") for row in rows])


@review_command.command("decide")
@SHEET
@RUN
@click.pass_obj
def decide(shell: Shell, sheet: Path | None, run: str) -> None:
    """Take all decisions of a spreadsheet, or none when a row of it cannot be used."""
    from cleanroom.session.review.review_sheet import read_sheet
    from overlap.errors import UsageError

    if sheet is None:
        raise UsageError("no file is given", "write one with 'overlap review list --csv', give --from FILE")
    _decide(shell, run, read_sheet(sheet))


@review_command.command("export")
@RUN
@carries(sends="letter", to="overlap run", out="The decisions, to send.")
@json_option
@click.pass_obj
def export(shell: Shell, run: str, out: Path, as_json: bool) -> None:
    """Write our decisions for the partner: by pair token, signed, sealed, without name, id or identifier."""
    from cleanroom.session.review.review_letters import export_review

    with shell.party() as party:
        made = export_review(party, run, out)
    if as_json:
        print_json(asdict(made))
        return
    words = ", ".join(f"{count:,} {word}" for word, count in made.verdicts.items()) or "no decision"
    click.echo(f"letter    {made.sequence} on run {made.run} for {made.partner}: {words} by pair token")
    tell_out("send", out)


@review_command.command("import")
@carries(reads="file=letter", fits="review")
@json_option
@click.pass_obj
def import_(shell: Shell, file: Path, as_json: bool) -> None:
    """Take in the partner's decisions, as 'overlap receive' does."""
    from cleanroom.session.review.review_letters import describe_taken, import_review

    with shell.party() as party:
        taken = import_review(party, file)
    if as_json:
        print_json(asdict(taken))
        return
    click.echo(f"received  review from {taken.partner}")
    for line in describe_taken(taken):
        click.echo(line)


def _decide(shell: Shell, run: str, words: Sequence[tuple[str, str]]) -> None:
    from cleanroom.session.review.reviewing import decide_reviews, describe_renewals
    from overlap.errors import UsageError

    if not words:
        raise UsageError("no row is given", "'overlap review list' shows the rows that wait")
    with shell.party() as party:
        done = decide_reviews(party, run, words)
    click.echo(f"run       {done.run} with {done.partner}")
    for word, count in done.changed.items():
        click.echo(f"{word:<9} {count:,}")
    if done.unchanged:
        click.echo(f"unchanged {done.unchanged:,}, decided so before")
    for line in describe_renewals(done.renew):
        click.echo(line)
    _tell_unsent(done.unsent)


def _tell_unsent(unsent: bool) -> None:
    if unsent:
        click.echo("next: 'overlap review export' tells the partner what was decided")
