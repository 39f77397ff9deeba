"""What every command shares: where the party lives, its passphrase, how results and errors are printed."""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from overlap.errors import BadInput, OverlapError, UsageError

if TYPE_CHECKING:
    from cleanroom.session.party import Party
    from overlap.keys import PartyKeys

#: The service name under which the system keyring holds a party's passphrase.
KEYRING_SERVICE = "overlap"

#: Added to the folder's name in the keyring: the passphrase that is becoming the new one.
COMING = " (next)"


@dataclass
class Shell:
    """The global options of one call, and the two things tests and the demo put in: clock and passphrase."""

    root: Path
    passphrase_file: Path | None = None
    quiet: bool = False
    clock: Callable[[], int] | None = None
    passphrase: str | None = field(default=None, repr=False)
    #: Keys opened before by their file's bytes; stretching a passphrase is slow on purpose.
    opened: dict[bytes, PartyKeys] = field(default_factory=dict, repr=False)
    #: The party while a command holds it: what runs inside that command works on the same one.
    held: Party | None = None

    @contextmanager
    def party(self) -> Iterator[Party]:
        """The opened party, held for this command."""
        if self.held is not None:
            yield self.held
            return
        from cleanroom.session.party import open_party, wall_clock
        from cleanroom.session.share.settling import settle_ended

        with open_party(self.root, self.unlock, self.clock or wall_clock) as party:
            settle_ended(party)
            self.held = party
            try:
                yield party
            finally:
                self.held = None

    def unlock(self, locked: bytes) -> PartyKeys:
        """The keys in a key file's bytes. Raises WrongPassphrase or MalformedFile."""
        from overlap.keys import PartyKeys

        if locked not in self.opened:
            self.opened[locked] = PartyKeys.from_locked(locked, self._passphrase_of(locked))
        return self.opened[locked]

    def _passphrase_of(self, locked: bytes) -> str:
        """The passphrase; while the keyring holds an old and a new one, whichever opens the file."""
        from overlap.errors import WrongPassphrase
        from overlap.keys import unlock

        coming = None if self._given_passphrase() else _from_keyring(self.root, COMING)
        if coming is not None:
            try:
                unlock(coming, locked, "the key file")
            except WrongPassphrase:
                return self.read_passphrase()
            return coming
        return self.read_passphrase()

    def now(self) -> int:
        from cleanroom.session.party import wall_clock

        return (self.clock or wall_clock)()

    def read_passphrase(self) -> str:
        """From the environment, the file, the system keyring, or a prompt, in this order."""
        given = self._given_passphrase() or _from_keyring(self.root)
        if given is None:
            given = _ask("passphrase")
            # Asked once a command: rotating needs it twice.
            self.passphrase = given
        return given

    def new_passphrase(self) -> str:
        """The passphrase for new keys; a prompt asks twice. Whether it is good enough, `init` decides."""
        given = self._given_passphrase()
        return _ask("new passphrase", twice=True) if given is None else given

    def replacing_passphrase(self, party: str, source: Path | None) -> str:
        """The passphrase that takes the place of the present one: from file, environment or prompt."""
        from overlap.keys import check_passphrase

        given = os.environ.get("OVERLAP_NEW_PASSPHRASE")
        if source is not None:
            given = read_passphrase_file(source, "--new-passphrase-file")
        if given is None:
            given = _ask("new passphrase", twice=True)
        check_passphrase(given, party)
        return given

    def _given_passphrase(self) -> str | None:
        if self.passphrase is not None:
            return self.passphrase
        if self.passphrase_file is not None:
            return read_passphrase_file(self.passphrase_file, "--passphrase-file")
        return os.environ.get("OVERLAP_PASSPHRASE")


def read_passphrase_file(source: Path, option: str) -> str:
    """The passphrase in a file, without the end of its line; UsageError, naming the option, otherwise."""
    try:
        return source.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the passphrase file cannot be read", f"check {option}") from error


def _ask(what: str, *, twice: bool = False) -> str:
    """A passphrase typed at the terminal; UsageError when there is none to ask at."""
    if not sys.stdin.isatty():
        raise UsageError(
            "no passphrase is given, and there is no terminal to ask at",
            "set OVERLAP_PASSPHRASE, or give --passphrase-file",
        )
    return str(click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))


def remember_passphrase(root: Path, passphrase: str, which: str = "") -> None:
    """Keep the passphrase in the system keyring; UsageError when there is none."""
    import keyring
    import keyring.errors

    try:
        keyring.set_password(KEYRING_SERVICE, str(root.resolve()) + which, passphrase)
    except keyring.errors.KeyringError as error:
        raise UsageError(
            "this system has no keyring", "use --passphrase-file instead of --keyring"
        ) from error


def in_keyring(root: Path) -> bool:
    """Whether the system keyring holds a passphrase for this folder."""
    return any(_from_keyring(root, which) is not None for which in ("", COMING))


@contextmanager
def replace_in_keyring(root: Path, passphrase: str) -> Iterator[None]:
    """Change the passphrase in the keyring around the change of the key file, which is made in the block.

    Before it the new one is put beside the old one, after it in its place: a command that is killed anywhere
    leaves one that opens the file.
    """
    import keyring
    import keyring.errors

    remember_passphrase(root, passphrase, COMING)
    yield
    remember_passphrase(root, passphrase)
    with suppress(keyring.errors.KeyringError):
        keyring.delete_password(KEYRING_SERVICE, str(root.resolve()) + COMING)


def _from_keyring(root: Path, which: str = "") -> str | None:
    import keyring
    import keyring.errors

    try:
        found: str | None = keyring.get_password(KEYRING_SERVICE, str(root.resolve()) + which)
    except keyring.errors.KeyringError:
        return None
    return found


class OverlapGroup(click.Group):
    """Ends every error in two lines, what and what to do, and in the exit code of its class."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; `standalone_mode=False` leaves errors to the caller."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except OverlapError as error:
            _complain(error.what, error.hint)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            _complain(_plain(error.format_message()), _way_out(error))
            sys.exit(2)
        except OSError as error:
            _complain(
                f"the disk refuses: {error.strerror or type(error).__name__}",
                "make room or check the rights of the folder, then run the command again",
            )
            sys.exit(BadInput.exit_code)
        except (KeyboardInterrupt, click.Abort):
            _complain("stopped", "nothing is half-written; run the command again")
            sys.exit(130)
        except Exception as error:  # the last line of defence: an unexpected error is our bug
            _complain(*_bug(error))
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


#: Options of the whole program.
_BEFORE: Final = ("--dir", "--passphrase-file", "--quiet")


def _way_out(error: click.ClickException) -> str:
    named = error.option_name if isinstance(error, click.NoSuchOption) else ""
    if named in _BEFORE:
        command = _command_of(error).partition(" ")[2]
        return f"it stands before the command: 'overlap {named} … {command} …'"
    return f"see '{_command_of(error)} --help'"


def _command_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return context.command_path if context else "overlap"


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _bug(error: Exception) -> tuple[str, str]:
    """Type and place of an unexpected error; its text may quote an account and is not printed."""
    if os.environ.get("OVERLAP_TRACEBACK"):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return (
        f"a bug in overlap: {type(error).__name__} at {place}",
        "please report this line; OVERLAP_TRACEBACK=1 prints more, which may quote your data",
    )


def _complain(what: str, hint: str) -> None:
    click.echo(f"overlap: {what}", err=True)
    click.echo(f"hint: {hint}", err=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output; in its texts what steers a terminal is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    lines = text.split("\n") if not text.isprintable() else [text]
    click.echo("\n".join(one if one.isprintable() else _escaped(one) for one in lines))


def _escaped(line: str) -> str:
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def say(text: str = "") -> None:
    """A text on standard output: line feeds stay, what else steers a terminal does not."""
    click.echo("".join(one if one.isprintable() or one == "\n" else "?" for one in text))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns padded to their widest cell; numbers to the right."""
    texts = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(headings), *texts]) for i in range(len(headings))]
    numeric = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(headings))
    ]
    for line in [list(headings), *texts]:
        cells = [
            text.rjust(w) if right else text.ljust(w)
            for text, w, right in zip(line, widths, numeric, strict=True)
        ]
        say("  ".join(cells).rstrip())


def tell_limits(limits: Sequence[str]) -> None:
    """What a report cannot say, below it."""
    for at, sentence in enumerate(limits):
        say(f"{'' if at else 'limits':<10} {sentence}")


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


#: `--json` for every command that lists something.
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What does the work, for every command that blinds: the command gets it as the argument `choice`."""

    @functools.wraps(command)
    def with_choice(*words: Any, engine: str, master: str, backend: str, shared: str, **others: Any) -> Any:
        from overlap.engine import choose_engine

        return command(*words, choice=choose_engine(engine, master, backend, shared), **others)

    options = (
        click.option(
            "--engine",
            type=click.Choice(("local", "spark")),
            default="local",
            show_default=True,
            help="What does the work. Same bytes.",
        ),
        click.option("--master", default="", metavar="URL", help="The Spark cluster for --engine spark."),
        click.option(
            "--shared",
            default="",
            metavar="URL",
            help="A folder that all its machines share; without one they only hash, multiply and check."
            " Not needed for a --master on this machine.",
        ),
        click.option(
            "--backend",
            type=click.Choice(("auto", "cryptography", "multibuffer")),
            default="auto",
            show_default=True,
            help="The library that multiplies; auto takes the faster one where it works. Same bytes.",
        ),
    )
    decorated: Callable[..., Any] = with_choice
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
