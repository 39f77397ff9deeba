"""`--via`: how a command's files travel without anybody mailing them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from overlap.errors import BadPeerFile, OverlapError, UsageError

if TYPE_CHECKING:
    from cleanroom.cli.shell import Shell
    from cleanroom.session.post.carrying import Carrying, Incoming
    from cleanroom.session.post.outbox import Address

FILE = click.Path(path_type=Path, dir_okay=False)

#: Where the context of a command keeps the outbox, when it writes there.
_PLACE = "cleanroom.cli.carry"


def via_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--via` of a command."""
    option = click.option(
        "--via",
        default="",
        metavar="CARRIER",
        help="folder:PATH or https://ROOM instead of files; default: 'overlap partner via'.",
    )
    return option(function)


def carries(
    *,
    sends: str = "",
    to: str = "",
    out: str = "",
    needed: bool = True,
    reads: str = "",
    fits: str = "",
    alone: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add `--via`, and the file that a command writes or reads, to a command.

    `sends` is the kind of file it writes to `--out` (`out` is that option's help text; `needed` says whether
    the command is nothing without it) and `to` how its partner is found (`addressing.RECIPIENTS`). `reads` is
    ARGUMENT=KIND,… of the file it reads, and `fits` what it must be beyond its kind (`addressing.FITS`);
    `alone` says when it reads none (`addressing.ALONE`). The command gets the files as it would without this.
    """
    argument, _, kinds = reads.partition("=")

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def carried(*words: Any, via: str, **given: Any) -> Any:
            missing = bool(argument) and given[argument] is None
            listed = bool(given.get("dry_run") or given.get("bundle"))  # Such a call sends nothing.
            unwritten = bool(sends) and given["out"] is None and not listed
            if not missing and not unwritten:
                return command(*words, **given)
            context = click.get_current_context()
            with open_carrying(context.obj) as carrying:
                if missing and alone and not via and _is_alone(carrying, alone):
                    return command(*words, **given)
                route = _read(via)
                taken, partner = None, ""
                if missing:
                    taken = _take(carrying, route, kinds.split(","), fits)
                    given[argument] = taken.path
                    _tell(given, f"taking    {_described(taken)}")
                if unwritten:
                    partner = _address(carrying, context, given, (sends, to, route, needed), taken)
                if listed:
                    return command(*words, **given)
                return _run(carrying, lambda: command(*words, **given), taken, partner, given)

        decorated: Callable[..., Any] = via_option(carried)
        if sends:
            decorated = click.option("--out", type=FILE, help=out)(decorated)
        if argument:
            decorated = click.argument(argument, type=FILE, required=False)(decorated)
        return decorated

    return decorate


def tell_out(label: str, out: Path | None, further: str = "") -> None:
    """Say where the file is that somebody has to send; nothing when a carrier takes it."""
    if out is not None and not is_carried(out):
        click.echo(f"{label:<9} {out}{further}")


def is_carried(out: Path | None) -> bool:
    """Whether this place is one from which a carrier takes the file."""
    outbox = click.get_current_context().meta.get(_PLACE)
    return out is not None and outbox is not None and out.parent == outbox


def tell_sent(deliveries: Iterable[Address | tuple[Address, OverlapError]], given: dict[str, Any]) -> None:
    """Say what has left; the first file that could not is raised at the end, and stays in the outbox."""
    problem: OverlapError | None = None
    for one in deliveries:
        if isinstance(one, tuple):
            problem = problem or one[1]
        else:
            said = f"opened    share {one.share} of {one.partner} with a lease of {one.via}"
            _tell(given, said if one.share else f"sent      {one.kind} to {one.partner} by {one.via}")
    if problem:
        raise problem


@contextmanager
def open_carrying(shell: Shell) -> Iterator[Carrying]:
    """The party of this command with its carriers, closed at the end."""
    from cleanroom.session.party import wall_clock
    from cleanroom.session.post.carrying import Carrying

    with shell.party() as party, closing(Carrying(party, shell.clock or wall_clock)) as carrying:
        yield carrying


def _read(via: str) -> str:
    from cleanroom.session.post.carrying import read_via

    return read_via(via) if via else ""


def _take(carrying: Carrying, via: str, kinds: list[str], fits: str) -> Incoming:
    from cleanroom.session.post.addressing import FITS

    return carrying.take(via, kinds, FITS.get(fits))


def _is_alone(carrying: Carrying, alone: str) -> bool:
    from cleanroom.session.post.addressing import ALONE

    return ALONE[alone](carrying.party)


def _address(
    carrying: Carrying,
    context: click.Context,
    given: dict[str, Any],
    how: tuple[str, str, str, bool],
    taken: Incoming | None,
) -> str:
    """Let the command write into the outbox, where a carrier is known for its partner, who is returned."""
    from cleanroom.session.post.addressing import RECIPIENTS
    from cleanroom.session.post.carrying import known_vias, via_of
    from cleanroom.session.share.reading import lending_share

    kind, to, via, needed = how
    share, room = lending_share(carrying.party, given["share"]) if kind == "request" else ("", "")
    if room:
        partner = taken.partner if taken else RECIPIENTS[to](carrying.party, given)
        place = carrying.outgoing(partner, kind, room, taken.key if taken else "", share)
        given["out"], context.meta[_PLACE] = place, place.parent
        return partner
    if not (via or taken or known_vias(carrying.party)):
        if needed:
            raise UsageError("no place to write to is given", "give --out FILE, or --via CARRIER")
        return ""
    partner = taken.partner if taken else RECIPIENTS[to](carrying.party, given)
    route = (via or via_of(carrying.party, partner) or (taken.via if taken else "")) if partner else ""
    if route:
        place = carrying.outgoing(partner, kind, route, taken.key if taken else "")
        given["out"], context.meta[_PLACE] = place, place.parent
    elif needed:
        raise UsageError(
            f"no carrier is kept for {partner}", "give --out FILE, or --via, or set 'overlap partner via'"
        )
    elif via:
        raise UsageError("--via needs to know the partner", "give --partner NAME")
    return partner if route else ""


def _run(
    carrying: Carrying,
    command: Callable[[], Any],
    taken: Incoming | None,
    address: str,
    given: dict[str, Any],
) -> Any:
    try:
        result = command()
    except BadPeerFile as error:
        if taken:
            carrying.set_aside(taken, error)
        raise
    if taken:
        carrying.done(taken)
    if address:
        tell_sent(carrying.deliver(address), given)
    return result


def _described(taken: Incoming) -> str:
    sender = taken.partner or "a party whose card is not here"
    more = f", {taken.more:,} more wait" if taken.more else ""
    return f"{taken.item.kind} of {sender}{more}"


def _tell(given: dict[str, Any], line: str) -> None:
    if not given.get("as_json"):
        click.echo(line)
