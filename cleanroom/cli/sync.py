"""sync: take in what waits and answer it, as a job that runs every few minutes does."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cleanroom.cli.carry import open_carrying, via_option
from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.shell import Shell, engine_options, json_option, print_json
from cleanroom.number import count_of, verb
from overlap.errors import Refused, Unreachable

if TYPE_CHECKING:
    from cleanroom.session.post.posting import Action
    from overlap.engine import EngineChoice


@click.command("sync")
@via_option
@click.option("--dry-run", is_flag=True, help="Only list what waits.")
@click.option("--again", is_flag=True, help="Try also what was refused before.")
@engine_options
@json_option
@click.pass_obj
def sync_command(
    shell: Shell, via: str, dry_run: bool, again: bool, choice: EngineChoice, as_json: bool
) -> None:
    """Take in what waits for us, answer what the agreements allow, and send what is left to send.

    Letters, frames, requests, leases and agreements that both have signed need nobody; proposals, shares and
    cards are listed for a person. What is refused is set aside, stays where it is, and stops nothing else.

    Exit code 0: all done, also when something waits for a person. 3: at least one file was refused and set
    aside. 4: a carrier could not be reached or a file not sent; the next call tries again.
    """
    from cleanroom.session.post.carrying import read_via
    from cleanroom.session.post.posting import Round

    progress = ProgressLine(shell.quiet)
    actions: list[Action] = []
    with open_carrying(shell) as carrying:
        post = Round(carrying, read_via(via) if via else "", progress, choice)
        if again and not dry_run:
            carrying.forget_refused()
        for action in post.listed() if dry_run else post.run():
            actions.append(action)
            if not as_json:
                progress.close()
                _tell(action)
    progress.close()
    if as_json:
        print_json([asdict(action) for action in actions])
    if not dry_run:
        _end([action.did for action in actions])


def _tell(action: Action) -> None:
    if action.did in ("sent", "unsent"):
        said = f"{action.kind} to {action.partner} {action.what}"
    else:
        whose = f"{action.kind} of {action.partner}" if action.partner else action.kind
        said = ": ".join(part for part in (whose, action.what) if part)
    click.echo(f"{action.did:<9} {said}")
    if action.hint:
        click.echo(f"          {action.hint}")


def _end(did: list[str]) -> None:
    if failed := did.count("failed"):
        raise Unreachable(
            f"{count_of(failed, 'thing')} could not be done now",
            "see above; the next 'overlap sync' tries again",
        )
    if refused := did.count("refused"):
        raise Refused(
            f"{count_of(refused, 'file')} {verb(refused, 'was', 'were')} refused and set aside",
            "see above; 'overlap sync --again' tries them once more",
        )
