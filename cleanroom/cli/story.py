"""The demo as a story: the commands that three parties type, in the order in which they type them.

Each party works in its own folder and touches nothing else but the folder through which files are exchanged.
The commands are the real ones, run as if they had been typed; only the clock is the story's.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cleanroom.cli.shell import Shell
from cleanroom.demo import PARTNER, RIVAL, VENDOR, DemoWorld, PartyWorld
from overlap.errors import OverlapError

PASSPHRASE = "a passphrase for the demo only"  # noqa: S105 - the demo's keys protect invented data

Echo = Callable[[str], None]

#: What passes on the story's clock with each command.
MINUTE = timedelta(minutes=1)


@dataclass
class Stage:
    """Where the story plays: its root folder, its clock, and where its lines go."""

    root: Path
    now: datetime
    echo: Echo
    quiet: bool = False
    size_bound: int = 16_384
    #: Whether every command is shown, and not the headings only.
    aloud: bool = False
    policy: str = "territory-planning"
    shell_memory: dict[bytes, object] = field(default_factory=dict)
    #: The last answer to each command, by party and words.
    answers: dict[tuple[str, ...], str] = field(default_factory=dict)

    def clock(self) -> int:
        return int(self.now.timestamp())

    def say(self, heading: str) -> None:
        self.echo("")
        self.echo(f"== {heading}")

    def run(self, party: str, *arguments: str, refused: bool = False) -> str:
        """Type one command as `party`; its output, which is also shown. `refused` expects a refusal."""
        from cleanroom.cli.app import overlap

        self.echo(f"{party} $ overlap {' '.join(_quoted(word) for word in arguments)}")
        shell = Shell(self.root / party, None, self.quiet, self.clock, PASSPHRASE, self.shell_memory)  # type: ignore[arg-type]
        output = io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(output):
            try:
                overlap.main(
                    ["--dir", party, *arguments], prog_name="overlap", standalone_mode=False, obj=shell
                )
            except OverlapError as error:
                if not refused:
                    raise
                output.write(f"overlap: {error.what}\nhint: {error.hint}\n")
            else:
                if refused:
                    raise AssertionError("the command was to be refused")
        self.now += MINUTE
        text = self.answers[(party, *arguments)] = output.getvalue()
        for line in text.splitlines():
            self.echo(f"    {line}")
        return text


def play(stage: Stage, world: DemoWorld) -> None:
    """The whole story up to the end of the shares."""
    today = stage.now
    stage.now = datetime.combine(world.claims_day, today.timetz())
    _meet(stage, world)
    for partner in (PARTNER, RIVAL):
        _commit(stage, partner)
        stage.now += timedelta(days=2)
    stage.now = today
    stage.say("three months later all export again: an agreement takes no old lists")
    for party in world.parties:
        _import(stage, party)
    for partner in (PARTNER, RIVAL):
        _agree(stage, partner)
        _match(stage, partner)
        _share(stage, partner, VENDOR)
        _share(stage, VENDOR, partner)
        _prove(stage, partner)
    _use(stage)


def play_end(stage: Stage) -> None:
    """After the end: leases are refused, halves destroyed, what was opened is erased."""
    share = f"exchange/{VENDOR}-for-{PARTNER}.share"
    ask = ["shares", "request", share, "--purpose", "territory-planning"]
    stage.say(f"before the end {PARTNER} gets one more lease, and asks for another; it uses neither")
    stage.run(PARTNER, *ask, "--out", "exchange/second.request")
    stage.run(VENDOR, "shares", "lease", "exchange/second.request", "--out", "exchange/second.lease")
    stage.run(PARTNER, *ask, "--out", "exchange/third.request")
    stage.say("181 days later the shares have ended: nothing opens any more")
    stage.now += timedelta(days=181)
    stage.run(PARTNER, "shares", "open", "exchange/second.lease", refused=True)
    stage.run(
        VENDOR, "shares", "lease", "exchange/third.request", "--out", "exchange/late.lease", refused=True
    )
    stage.run(PARTNER, *ask, "--out", "exchange/late.request", refused=True)
    stage.run(VENDOR, "shares", "expire", "--yes")
    stage.run(VENDOR, "shares", "list")
    stage.run(PARTNER, "shares", "list")
    stage.run(VENDOR, "audit", "verify")


def _meet(stage: Stage, world: DemoWorld) -> None:
    stage.say("three companies, each in its own folder, import their own CRM exports")
    fingerprints = {}
    for party in world.parties:
        stage.run(party.name, "init", "--party", party.name)
        _import(stage, party)
        shown = stage.run(party.name, "card", "--out", f"exchange/{party.name}.card")
        fingerprints[party.name] = shown.split("fingerprint")[1].splitlines()[0].strip()
    stage.say("cards are sent by mail, fingerprints are read out by phone")
    for ours, theirs in _pairs():
        stage.run(ours, "partner", "add", f"exchange/{theirs}.card", "--fingerprint", fingerprints[theirs])


def _import(stage: Stage, party: PartyWorld) -> None:
    for one in party.imports:
        where = ["--where", one.where] if one.where else []
        kind = ["--as", one.kind] if one.kind != "accounts" else ["--population", one.population]
        stage.run(party.name, "import", f"crm/{party.name}/{one.file}", *kind, *where)


def _commit(stage: Stage, partner: str) -> None:
    stage.say(f"{partner} commits to the accounts it holds, long before any match")
    letter = f"exchange/{partner}.commitment"
    stage.run(partner, "claims", "commit", "--partner", VENDOR, "--out", letter)
    stage.run(VENDOR, "receive", letter)


def _agree(stage: Stage, partner: str) -> None:
    stage.say(f"{VENDOR} proposes an agreement, {partner} reads and signs it")
    proposal, signed = f"exchange/{partner}.proposal", f"exchange/{partner}.agreement"
    stage.run(VENDOR, "agreement", "propose", "--partner", partner, "--policy", stage.policy,
              "--size-bound", str(stage.size_bound), "--out", proposal)  # fmt: skip
    stage.run(partner, "agreement", "accept", proposal, "--out", signed, "--yes")
    stage.run(VENDOR, "agreement", "accept", signed, "--yes")


def _match(stage: Stage, partner: str) -> None:
    stage.say(f"the blind match between {VENDOR} and {partner}: three sealed files")
    start, reply, finish = (f"exchange/{partner}-{step}.frame" for step in ("start", "reply", "finish"))
    agreement = ["--agreement", f"{VENDOR}-{partner}"]
    stage.run(VENDOR, "match", "start", *agreement, "--out", start)
    stage.run(partner, "match", "reply", start, "--out", reply)
    stage.run(VENDOR, "match", "finish", reply, "--out", finish)
    stage.run(partner, "match", "finish", finish)


def _share(stage: Stage, grantor: str, recipient: str) -> None:
    stage.say(f"{grantor} shows the agreed fields of the matched accounts to {recipient}")
    share = f"exchange/{grantor}-for-{recipient}.share"
    request, lease = f"exchange/request-{grantor}-{recipient}", f"exchange/lease-{grantor}-{recipient}"
    stage.run(grantor, "shares", "grant", "--out", share)
    stage.run(recipient, "shares", "request", share, "--purpose", "territory-planning", "--out", request)
    stage.run(grantor, "shares", "lease", request, "--out", lease)
    stage.run(recipient, "shares", "open", lease)


def _prove(stage: Stage, partner: str) -> None:
    stage.say(f"{partner} opens its claims on the matched accounts, and on no other")
    proofs = f"exchange/{partner}.claims"
    stage.run(partner, "claims", "prove", "--out", proofs)
    stage.run(VENDOR, "receive", proofs)


def _use(stage: Stage) -> None:
    stage.say("what it is good for: the matrix, a territory file, credit")
    stage.run(VENDOR, "matrix")
    stage.run(VENDOR, "export", "territory", "--format", "salesforce", "--out", "exports/salesforce")
    stage.run(VENDOR, "export", "territory", "--format", "csv", "--out", "exports/csv")
    stage.run(VENDOR, "credit", "--out", "exports/credit.csv")
    stage.say("who sees what, until when")
    stage.run(VENDOR, "shares", "list")
    stage.run(PARTNER, "shares", "list")
    stage.run(VENDOR, "audit", "verify")


def _pairs() -> Iterator[tuple[str, str]]:
    for partner in (PARTNER, RIVAL):
        yield VENDOR, partner
        yield partner, VENDOR


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word or "|" in word else word


def utc(seconds: int) -> datetime:
    """A second as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
