"""A README that is run: its commands are typed in order, and what they print is compared with what it says.

    File `crm/northwind/customers.csv`:      the next fenced block is that file

    ```console
    northwind $ overlap init --party northwind
    made party northwind in northwind
    fingerprint  …
    next: …
    contoso $ overlap partner add exchange/northwind.card --fingerprint "<read out by northwind>"
    …
    # 91 days later
    ```

`…` stands for any text in a line, alone on a line for any lines. In a command, `<read out by PARTY>` is the
fingerprint of that party's own card, and `<id of the WORD>` the id that the typing party was last shown
behind that word. The clock is the README's: it begins at `BEGIN`, and a minute passes with each command.
Everything else must be printed as it stands. A backslash continues a command.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cleanroom.cli.app import overlap
from cleanroom.cli.shell import Shell
from overlap.errors import OverlapError
from overlap.keys import Card, PartyKeys

BEGIN = int(datetime(2026, 11, 21, 10, 0, tzinfo=UTC).timestamp())
MINUTE, DAY = 60, 86_400
PASSPHRASE = "a passphrase for the README only"

_FENCE = re.compile(r"```(\w*)$")
_FILE = re.compile(r"File `([^`]+)`:$")
_COMMAND = re.compile(r"([a-z0-9][a-z0-9-]*) \$ (.*)$")
_LATER = re.compile(r"# (\d+) days? later$")

_READ_OUT = re.compile(r"<read out by ([a-z0-9-]+)>")
_NAMED = re.compile(r"<id of the ([a-z]+)>")


@dataclass(frozen=True)
class Command:
    """One command as it stands in the README, with the answer below it; `line` counts from 1."""

    party: str
    text: str
    answer: str
    line: int


@dataclass(frozen=True)
class Later:
    """The clock moves on."""

    days: int


@dataclass
class Script:
    """What a README asks for: files by their place, and the steps in order."""

    files: dict[str, str] = field(default_factory=dict)
    steps: list[Command | Later] = field(default_factory=list)


def read_script(text: str) -> Script:
    """The files and steps of a README; ValueError for what would be left out silently."""
    script = Script()
    for place, kind, first, lines in _blocks(text.splitlines()):
        if place:
            script.files[place] = "".join(f"{line}\n" for line in lines)
        elif kind == "console" and any(_COMMAND.match(line) for line in lines):
            script.steps += _steps(lines, first)
    return script


def play(script: Script, root: Path) -> int:
    """Write the files below `root`, run the steps, count the commands. AssertionError on a difference."""
    for place, content in script.files.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(content, encoding="utf-8", newline="\n")
    stage = _Stage(root)
    for step in script.steps:
        if isinstance(step, Later):
            stage.now += step.days * DAY
        else:
            stage.perform(step)
    return stage.performed


@dataclass
class _Stage:
    root: Path
    now: int = BEGIN
    performed: int = 0
    printed: dict[str, str] = field(default_factory=dict)
    opened: dict[bytes, PartyKeys] = field(default_factory=dict)

    def perform(self, command: Command) -> None:
        typed = _READ_OUT.sub(lambda found: self.fingerprint(found[1]), command.text)
        typed = _NAMED.sub(lambda found: self.shown(command.party, found[1]), typed)
        printed = self.type(command.party, shlex.split(typed)[1:])
        assert re.fullmatch(_pattern(command.answer), printed), (
            f"README.md, line {command.line}: {command.party} $ {command.text}\n"
            f"--- stands there\n{command.answer}--- is printed\n{printed}"
        )
        self.printed[command.party] = self.printed.get(command.party, "") + printed
        self.performed += 1
        self.now += MINUTE

    def fingerprint(self, party: str) -> str:
        return Card.from_bytes((self.root / party / "keys" / "card").read_bytes()).fingerprint

    def shown(self, party: str, word: str) -> str:
        return str(re.findall(rf"(?m)^{word} +([0-9a-f]{{8,}})", self.printed[party])[-1])

    def type(self, party: str, words: list[str]) -> str:
        """What the command prints, errors too."""
        shell = Shell(self.root / party, None, True, lambda: self.now, PASSPHRASE, self.opened)
        output = io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(output):
            try:
                overlap.main(["--dir", party, *words], "overlap", standalone_mode=False, obj=shell)
            except OverlapError as error:
                output.write(f"overlap: {error.what}\nhint: {error.hint}\n")
        return "".join(f"{line.rstrip()}\n" for line in output.getvalue().splitlines())


def _pattern(answer: str) -> str:
    """The answer as a regular expression."""
    lines = []
    for line in answer.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in line.rstrip().split("…")) + r"\n")
    return "".join(lines)


def _blocks(lines: list[str]) -> Iterator[tuple[str, str, int, list[str]]]:
    """Of each fenced block: the file it is, its kind, the number of its first line, its lines."""
    place, at = "", 0
    while at < len(lines):
        if named := _FILE.match(lines[at]):
            place = named[1]
        elif fence := _FENCE.match(lines[at]):
            end = lines.index("```", at + 1)
            yield place, fence[1], at + 2, lines[at + 1 : end]
            place, at = "", end
        at += 1
    if place:
        raise ValueError(f"no block follows the file {place}")


def _steps(lines: list[str], first: int) -> Iterator[Command | Later]:
    """The steps of one block."""
    at = 0
    while at < len(lines):
        if later := _LATER.match(lines[at]):
            yield Later(int(later[1]))
            at += 1
            continue
        typed, begun = _COMMAND.match(lines[at]), at
        if typed is None or not typed[2].startswith("overlap "):
            raise ValueError(f"line {first + at} of the README is not a command of a party")
        party, text = typed.groups()
        while text.endswith("\\"):
            at += 1
            text = text[:-1] + lines[at].strip()
        end = at + 1
        while end < len(lines) and not (_COMMAND.match(lines[end]) or _LATER.match(lines[end])):
            end += 1
        yield Command(party, text, "".join(f"{line}\n" for line in lines[at + 1 : end]), first + begun)
        at = end
