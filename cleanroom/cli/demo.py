"""demo: three invented companies go through everything, each in its own folder, and the truth is known."""

from __future__ import annotations

import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from cleanroom.cli.shell import Shell
from overlap.errors import UsageError

#: Below this many accounts the rival's overlap may be smaller than the shipped policy's minimum count.
FEW_ACCOUNTS = 500


@click.command("demo")
@click.option(
    "--dir",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("overlap-demo"),
    show_default=True,
    help="A new folder for the demo.",
)
@click.option(
    "--accounts",
    type=click.IntRange(50, 200_000),
    default=3_000,
    show_default=True,
    help="About how many each of the two companies has.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another world.")
@click.option("--verbose", is_flag=True, help="Show every command with its output, not only the summary.")
@click.pass_obj
def demo_command(shell: Shell, root: Path, accounts: int, seed: int, verbose: bool) -> None:
    """Two companies and a rival, three real-looking exports, one run of everything.

    Makes an invented world, runs every step as separate parties that exchange only files, compares the result
    with the truth, then moves the clock past the end of the shares.
    """
    from cleanroom.cli.curtain import show_result
    from cleanroom.cli.story import PASSPHRASE, Stage, play, play_end
    from cleanroom.demo import VENDOR, generate

    if root.exists() and any(root.iterdir()):
        if not (root / "crm").is_dir():
            raise UsageError(f"{root} is not empty and not a demo", "choose another folder with --dir")
        shutil.rmtree(root)
    begun = time.monotonic()
    today = datetime.fromtimestamp(shell.now(), UTC)
    world = generate(accounts, seed, today.date())
    for party in world.parties:
        place = root / "crm" / party.name
        place.mkdir(parents=True)
        for name, export in party.files.items():
            (place / name).write_bytes(export.data)
    (root / "exchange").mkdir()
    transcript: list[str] = []

    def keep(line: str) -> None:
        transcript.append(line)
        if verbose or stage.aloud or line.startswith("== "):
            click.echo(line)

    stage = Stage(root.resolve(), today, keep, shell.quiet, bound_for(accounts))
    if accounts < FEW_ACCOUNTS:
        stage.policy = _small_policy(root)
    play(stage, world)
    show_result(stage, world, click.echo)
    stage.aloud = True
    play_end(stage)
    (root / "transcript.txt").write_text("\n".join(transcript) + "\n", encoding="utf-8")
    click.echo("")
    click.echo(f'to look around: OVERLAP_PASSPHRASE="{PASSPHRASE}" overlap --dir {root / VENDOR} status')
    click.echo(
        f"done in {time.monotonic() - begun:.0f} s; every command and answer: {root / 'transcript.txt'}"
    )


def _small_policy(root: Path) -> str:
    """The shipped policy with a minimum count that a small world can reach; its place beside the parties."""
    from cleanroom.agreement import policy_text

    text = re.sub(rb"(?m)^minimum_count = .*$", b"minimum_count = 1", policy_text("territory-planning"))
    (root / "exchange" / "small-world.toml").write_bytes(text)
    return "exchange/small-world.toml"


def bound_for(accounts: int) -> int:
    """A size bound with room for as many identifiers as accounts may have, in steps of 512."""
    from overlap.identity import MOST

    return -(-MOST * accounts // 512) * 512
