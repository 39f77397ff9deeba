"""The `overlap` command and its global options."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from cleanroom.cli.shell import OverlapGroup, Shell

#: Command to the module that holds it; a module is loaded when its command is called or its help is shown.
COMMANDS = {
    "actions": "actions",
    "agreement": "agreement",
    "audit": "audit",
    "canary": "canary",
    "card": "party",
    "claims": "claims",
    "credit": "credit",
    "demo": "demo",
    "dispute": "disputes",
    "doctor": "keys",
    "evaluate": "evaluate",
    "explain": "explain",
    "export": "export",
    "forecast": "statistics",
    "forget": "forget",
    "holdout": "holdout",
    "import": "imports",
    "init": "party",
    "inspect": "audit",
    "keys": "keys",
    "lift": "lift",
    "match": "match",
    "matrix": "match",
    "models": "models",
    "partner": "party",
    "pay": "pay",
    "period": "period",
    "partners-report": "partners_report",
    "policy": "policy",
    "quality": "quality",
    "rates": "statistics",
    "receive": "claims",
    "review": "review",
    "room": "room",
    "rules": "rules",
    "security-pack": "auditor",
    "shares": "shares",
    "simulate": "imports",
    "statement": "statements",
    "status": "match",
    "sync": "sync",
    "weekly": "weekly",
}


class LazyGroup(OverlapGroup):
    """Loads the module of a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"cleanroom.cli.{COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--dir",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The party's folder; default: here.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the passphrase; OVERLAP_PASSPHRASE, the system keyring or a prompt do as well.",
)
@click.option("--quiet", is_flag=True, help="No progress line.")
@click.version_option(package_name="account-overlap", prog_name="overlap")
@click.pass_context
def overlap(ctx: click.Context, root: Path, passphrase_file: Path | None, quiet: bool) -> None:
    """Find the accounts two companies share, and nothing else.

    Each company runs this on its own CRM export; files go back and forth by mail or a shared folder. Try
    'overlap demo' first.
    """
    given = ctx.obj if isinstance(ctx.obj, Shell) else Shell(root)
    ctx.obj = Shell(root, passphrase_file, quiet or given.quiet, given.clock, given.passphrase, given.opened)
