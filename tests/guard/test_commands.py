"""docs/commands.md is what the commands say of themselves, and the exit codes are those of the errors."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location

import click
from source import ROOT, modules

from cleanroom.cli.app import overlap
from overlap import errors

SPEC = spec_from_file_location("make_commands", ROOT / "docs" / "make_commands.py")
assert SPEC is not None and SPEC.loader is not None
make_commands = module_from_spec(SPEC)
SPEC.loader.exec_module(make_commands)

TEXT = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.OverlapError) and kind is not errors.OverlapError
]


def test_the_reference_is_what_the_help_texts_say() -> None:
    assert make_commands.reference() == TEXT, "run 'python -m docs.make_commands'"


def test_every_command_has_a_section() -> None:
    sections = set(re.findall(r"(?m)^## overlap (\S+)$", TEXT))
    assert sections == set(overlap.list_commands(click.Context(overlap)))


def test_every_command_and_option_has_a_help_text() -> None:
    silent = [
        (name, parameter.name)
        for name, command in walk(overlap, "overlap")
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert not silent
    assert not [name for name, command in walk(overlap, "overlap") if not command.help]


def walk(command: click.Command, name: str) -> list[tuple[str, click.Command]]:
    found = [(name, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            inner = command.get_command(context, below)
            assert inner is not None
            found += walk(inner, f"{name} {below}")
    return found


def test_the_exit_codes_are_those_of_the_errors() -> None:
    rows = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", TEXT)}
    ours = {kind.exit_code for kind in [*CLASSES, errors.OverlapError]}
    assert rows == ours | {0, 130}


def test_the_tree_of_errors_is_the_hierarchy() -> None:
    tree = (errors.__doc__ or "").split("\n\n")[1]
    assert set(re.findall(r"[├└]── (\w+)", tree)) == {kind.__name__ for kind in CLASSES}
    for name, code in re.findall(r"── (\w+) +exit (\d)", tree):
        assert getattr(errors, name).exit_code == int(code)
        assert getattr(errors, name).__base__ is errors.OverlapError


def test_every_error_is_raised_somewhere() -> None:
    called = {name.rpartition(".")[2] for module in modules() for name in module.calls}
    assert CLASSES and {kind.__name__ for kind in CLASSES} <= called
