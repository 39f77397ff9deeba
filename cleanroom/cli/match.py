"""match, matrix, status: the blind match over files, and what it found."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.rehearsal import left_out_lines, rehearsal_lines
from cleanroom.cli.shell import Shell, engine_options, json_option, print_json, print_table
from cleanroom.number import count_of
from overlap.errors import UsageError

if TYPE_CHECKING:
    from cleanroom.session.match.matching import Step
    from cleanroom.session.match.preparing import Prepared
    from cleanroom.session.match.rehearsing import Rehearsal
    from cleanroom.session.room.room_counting import Counted
    from overlap.engine import EngineChoice

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("match")
def match_command() -> None:
    """The blind match: start and finish on one side, reply and finish on the other.

    Where the agreement has a prepared list, 'prepare' and 'update' make it; the partner takes it in with
    'overlap receive'.
    """


dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only say what would go in and could leave later; nothing is written."
)


def _needed(out: Path | None) -> Path:
    if out is None:
        raise UsageError("no file to write the frame to", "give --out FILE, or --dry-run")
    return out


def _tell_rehearsal(rehearsal: Rehearsal, as_json: bool) -> None:
    """Print what a run would be, then end as the run would: refused, or not."""
    if as_json:
        print_json(asdict(rehearsal))
    else:
        for line in rehearsal_lines(rehearsal):
            click.echo(line)
    rehearsal.require_allowed()


@match_command.command("start")
@click.option("--agreement", default="", help="Id of the agreement; not needed while one is in force.")
@carries(sends="frame", to="start", out="The start frame, to send; needed without --dry-run.")
@dry_run_option
@engine_options
@json_option
@click.pass_obj
def start(
    shell: Shell, agreement: str, out: Path | None, dry_run: bool, choice: EngineChoice, as_json: bool
) -> None:
    """Blind our identifiers and write the start frame. Charges the run budget."""
    from cleanroom.session.match.matching import start_match
    from cleanroom.session.match.rehearsing import rehearse_start

    progress = ProgressLine(shell.quiet)
    if dry_run:
        with shell.party() as party:
            rehearsal = rehearse_start(party, agreement, progress)
        progress.close()
        _tell_rehearsal(rehearsal, as_json)
        return
    out = _needed(out)
    with shell.party() as party:
        step = start_match(party, agreement, out, progress, choice)
    progress.close()
    if as_json:
        print_json(asdict(step))
        return
    click.echo(f"run       {step.run}, {step.runs_left} left under this agreement")
    _tell_submitted("blinded", step)
    tell_out("send", out)


@match_command.command("reply")
@carries(
    sends="frame",
    to="frame",
    out="The reply frame, to send back; needed without --dry-run.",
    reads="frame=frame",
    fits="reply",
)
@dry_run_option
@engine_options
@json_option
@click.pass_obj
def reply(
    shell: Shell, frame: Path, out: Path | None, dry_run: bool, choice: EngineChoice, as_json: bool
) -> None:
    """Answer a frame: after a start, compare contracts and blind the partner's elements again.

    Protocols of more than three frames have more than one to answer, on both sides, until 'overlap match
    finish' reads the one that tells the result.
    """
    from cleanroom.session.match.matching import reply_match
    from cleanroom.session.match.rehearsing import rehearse_reply

    progress = ProgressLine(shell.quiet)
    if dry_run:
        with shell.party() as party:
            rehearsal = rehearse_reply(party, frame, progress)
        progress.close()
        _tell_rehearsal(rehearsal, as_json)
        return
    out = _needed(out)
    with shell.party() as party:
        step = reply_match(party, frame, out, progress, choice)
    progress.close()
    if as_json:
        print_json(asdict(step))
        return
    click.echo(f"run       {step.run} with {step.partner}, {step.runs_left} left under this agreement")
    _tell_submitted("answered", step)
    if step.room:
        click.echo(f"room      {step.room}")
    tell_out("send back", out)


def _tell_submitted(did: str, step: Step) -> None:
    size = f"{count_of(step.identifiers, 'identifier')} of {count_of(step.accounts, 'account')}"
    if step.queries:
        click.echo(f"{did:<9} {count_of(step.queries, 'element')}; the list has {size}")
    else:
        click.echo(f"{did:<9} {size}, padded to {step.bound:,}")
    for line in left_out_lines(step.private, step.restricted):
        click.echo(line)
    for kind, reason, count in step.dropped:
        click.echo(f"  not used: {count:,} x {kind}, {reason}")


@match_command.command("finish")
@carries(
    sends="frame",
    to="frame",
    out="The finish frame, to send; the starter needs it.",
    needed=False,
    reads="frame=frame",
    fits="finish",
    alone="finish",
)
@engine_options
@json_option
@click.pass_obj
def finish(shell: Shell, frame: Path | None, out: Path | None, choice: EngineChoice, as_json: bool) -> None:
    """Learn the result: the starter from the reply frame, the responder from the finish frame.

    Where a room counts, the starter gives the reply frame and the responder no file: both then fetch the
    numbers from the room. What is not there yet is asked for again without a file.
    """
    from cleanroom.agreement import COUNTS_TRUST, SUM_TRUST
    from cleanroom.session.match.finishing import finish_match

    progress = ProgressLine(shell.quiet)
    with shell.party() as party:
        found = finish_match(party, frame, out, progress, choice)
    progress.close()
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"run       {found.run} with {found.partner}, level {found.level}")
    if found.counted:
        _tell_counted(found.counted, found.partner)
    elif found.shared < 0:
        click.echo("withheld  fewer accounts are shared than the agreement's minimum count")
    else:
        least = "" if found.level == "overlaps" else "at least "
        click.echo(f"shared    {least}{found.shared:,} of our {found.accounts:,} accounts")
    if found.total >= 0:
        click.echo(f"sum       {found.currency} {found.total:,} over them")
    if not found.counted and found.level in (trust := {"counts": COUNTS_TRUST, "sum": SUM_TRUST}):
        click.echo(f"note      {trust[found.level]}")
    for tier, count in found.tiers.items():
        click.echo(f"  {tier:<10} {count:,}")
    for word, count in found.reviewed.items():
        click.echo(f"  reviewed  {count:,} {word}")
    for jump in found.jumps:
        click.echo(f"careful   {jump}")
    if found.groups >= 0:
        click.echo(f"groups    {found.groups:,} more of our accounts are of one group with one of theirs")
    tell_out("send", out)


def _tell_counted(counted: Counted, partner: str) -> None:
    """Print the numbers of a room, ours first in each cell, and what they have used up."""
    from cleanroom.agreement import COUNTING_TRUST
    from cleanroom.session.room.room_counting import cell_lines

    click.echo(
        f"counted   by {counted.room}, with noise (epsilon {counted.epsilon}): near the truth, not exact"
    )
    for line in cell_lines(counted):
        click.echo(f"  {line}")
    spent = f"{counted.spent} spent with {partner} so far"
    click.echo(f"epsilon   {spent}, {counted.left} left under this agreement")
    click.echo(f"note      {COUNTING_TRUST.format(room=counted.room)}")


@match_command.command("prepare")
@click.option("--agreement", default="", help="Id of the agreement; not needed while one is in force.")
@carries(sends="letter", to="agreement", out="The prepared list, to send.")
@engine_options
@json_option
@click.pass_obj
def prepare(shell: Shell, agreement: str, out: Path, choice: EngineChoice, as_json: bool) -> None:
    """Prepare our list once for all runs of an agreement that says so; the partner starts the runs.

    Once it is prepared, the same file is written again.
    """
    from cleanroom.session.match.preparing import prepare_list

    progress = ProgressLine(shell.quiet)
    with shell.party() as party:
        prepared = prepare_list(party, agreement, out, progress, choice)
    progress.close()
    _tell_prepared(prepared, out, as_json)


@match_command.command("update")
@click.option("--agreement", default="", help="Id of the agreement; not needed while one is in force.")
@carries(sends="letter", to="agreement", out="The update, to send.")
@click.option("--again", type=click.IntRange(min=0), help="Only write the file of this version again.")
@engine_options
@json_option
@click.pass_obj
def update(
    shell: Shell, agreement: str, out: Path, again: int | None, choice: EngineChoice, as_json: bool
) -> None:
    """Bring our prepared list up to our present accounts. Uses one of the agreed updates."""
    from cleanroom.session.match.preparing import update_list

    progress = ProgressLine(shell.quiet)
    with shell.party() as party:
        prepared = update_list(party, agreement, out, again, progress, choice)
    progress.close()
    _tell_prepared(prepared, out, as_json)


def _tell_prepared(prepared: Prepared, out: Path, as_json: bool) -> None:
    if as_json:
        print_json(asdict(prepared))
        return
    click.echo(f"list      version {prepared.version} for {prepared.agreement}")
    click.echo(f"prepared  {count_of(prepared.identifiers, 'identifier')}, padded to {prepared.bound:,}")
    for kind, reason, count in prepared.dropped:
        click.echo(f"  not used: {count:,} x {kind}, {reason}")
    runs, updates, elements = prepared.runs_left, prepared.updates_left, prepared.elements_left
    click.echo(
        f"left      {count_of(runs, 'run')}, {count_of(updates, 'update')}, "
        f"{count_of(elements, 'element')} to be asked"
    )
    tell_out("send", out, f", version {prepared.written}, to {prepared.partner}")


@match_command.command("groups")
@click.argument("run", default="")
@json_option
@click.pass_obj
def groups(shell: Shell, run: str, as_json: bool) -> None:
    """Our accounts that are of one group with one of the partner's, and are not the same company.

    RUN is the beginning of a run's name, the newest one when it is left out.
    """
    from cleanroom.session.match.grouping import list_groups

    with shell.party() as party:
        found = list_groups(party, run)
    if as_json:
        print_json([asdict(row) for row in found])
        return
    rows = [(row.account, row.name, row.says, str(row.members)) for row in found]
    print_table(("account", "name", "evidence", "of ours in the group"), rows)


@match_command.command("new")
@click.option("--partner", default="", help="Only this partner.")
@click.option("--since", default="", metavar="DAY", help="Only runs finished on this day or later.")
@json_option
@click.pass_obj
def new(shell: Shell, partner: str, since: str, as_json: bool) -> None:
    """New overlaps: our accounts that a partner holds too, each once, since the run that first said so.

    It reads the runs here and tells nobody. Runs under agreements that have ended are left out.
    """
    from cleanroom.session.attribution.new_overlaps import list_new

    with shell.party() as party:
        found = list_new(party, partner, since)
    if as_json:
        print_json([asdict(one) | {"name": name} for one, name in found])
        return
    if not found:
        click.echo("nothing   no live run with a partner tells of an account that both hold")
        return
    rows = [(one.day, one.partner, one.account, name, f"run {one.number}") for one, name in found]
    print_table(("day", "partner", "account", "name", "both hold it since"), rows)


@match_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List the runs and how far each came."""
    from cleanroom.session.match.matching import list_runs

    with shell.party() as party:
        runs = list_runs(party)
    if as_json:
        print_json([asdict(run) for run in runs])
        return
    rows = [(r.run, r.partner, r.agreement, r.role, r.state, r.begun, r.shared) for r in runs]
    print_table(("run", "partner", "agreement", "role", "state", "begun", "shared"), rows)


@click.command("matrix")
@click.option("--partner", help="Only this partner.")
@json_option
@click.pass_obj
def matrix_command(shell: Shell, partner: str | None, as_json: bool) -> None:
    """Overlap matrix: our populations by theirs, counted in our accounts, theirs, and entities."""
    from cleanroom.session.attribution.reporting import overlap_matrices

    with shell.party() as party:
        matrices = overlap_matrices(party, partner)
    if as_json:
        print_json([asdict(matrix) | {"lines": None} for matrix in matrices])
        return
    for matrix in matrices:
        for line in matrix.lines:
            click.echo(line)


@click.command("status")
@json_option
@click.pass_obj
def status_command(shell: Shell, as_json: bool) -> None:
    """What is here: imports, agreements, prepared lists, runs, open reviews, shares, and what ends when."""
    from cleanroom.session.standing import describe_folder

    with shell.party() as party:
        status = describe_folder(party)
    if as_json:
        print_json(status.facts)
        return
    for line in status.lines:
        click.echo(line)
