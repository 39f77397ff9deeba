"""Write docs/commands.md from the help texts: `python -m docs.make_commands`. A test compares the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cleanroom.cli.app import overlap

PLACE = Path(__file__).resolve().parent / "commands.md"

#: Columns of a help text, whatever terminal this runs in.
WIDTH = 100

OPENING = """# Commands

The help text of every command, as `overlap COMMAND --help` prints it. Written by
`python -m docs.make_commands`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | a bug of ours, or what `policy lint`, `policy test` and `policy diff --no-wider` look for was found |
| 2 | called wrongly |
| 3 | refused: a rule says no |
| 4 | a file of ours cannot be read, or a shared folder or room not be reached |
| 5 | a file of the partner is not acceptable |
| 130 | stopped with Ctrl-C, or at a question |
"""


def reference() -> str:
    """The whole document."""
    sections = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in help_texts(overlap, "overlap", None)]
    return "\n".join([OPENING, *sections])


def help_texts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    """Full name and help text of a command and of all below it, in the order of the listing."""
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent, name, **settings)
    lines = command.get_help(context).splitlines()
    yield context.command_path, "\n".join(line.rstrip() for line in lines)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from help_texts(found, below, context)


if __name__ == "__main__":
    PLACE.write_text(reference(), encoding="utf-8", newline="\n")
