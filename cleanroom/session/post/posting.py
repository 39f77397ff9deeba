"""One round of the post: what waits for us is taken in or answered where no decision is needed, the rest is
listed.

Letters, frames, requests, leases and agreements that both have signed need none: the agreement has allowed
them, and every check of the single commands is made here too. Proposals, shares and cards wait for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cleanroom.durable import UNFINISHED
from cleanroom.number import count_of
from cleanroom.session.agreement.agreements import accept_agreement, read_offer
from cleanroom.session.match.finishing import finish_match, take_counted
from cleanroom.session.match.frames import received_frame
from cleanroom.session.match.matching import reply_match
from cleanroom.session.match.passing import run_of
from cleanroom.session.match.runs import RunRecord
from cleanroom.session.party import Party
from cleanroom.session.post.addressing import command_for
from cleanroom.session.post.carrying import ANYBODYS, Carrying, Incoming, key_of, known_vias
from cleanroom.session.post.receiving import receive_file
from cleanroom.session.room.room_counting import counted_in, fetch_counts, leads_to_counts, open_counts
from cleanroom.session.room.rooms import tell_left
from cleanroom.session.share.granting import answer_request
from cleanroom.session.share.holding import open_holder
from cleanroom.session.share.sharing import open_share
from overlap.engine import LOCAL, EngineChoice, Progress
from overlap.errors import BadPeerFile, OverlapError, Refused


@dataclass(frozen=True)
class Action:
    """One line of a round; `what` says more, without an account.

    `did` is "took in", "answered", "sent" or "told"; "decide" when a person has to; "waits" and "unsent" in a
    round that only lists; "refused" when the file is set aside, "failed" when the next round tries again.
    """

    did: str
    kind: str
    partner: str
    what: str
    hint: str = ""


@dataclass(frozen=True)
class Handler:
    """How a kind is handled: `take` gets the party, the file and where an answer goes, and says what it did.

    `answer` is the kind of the answer, or "" when there is none.
    """

    take: Callable[[Party, Path, Path, Progress | None, EngineChoice], str]
    answer: str = ""


#: What to type for kinds that wait for a person.
DECISIONS: Final = {
    "card": "compare fingerprints by phone, then 'overlap partner add --via {via} --fingerprint …'",
    "proposal": "read and sign it with 'overlap agreement accept --via {via}'",
    "rotation": "'overlap partner rotate --via {via}' takes the new card in; all under the old one ends",
    "share": "ask to read it with 'overlap shares request --purpose … --via {via}'",
}


def _take_letter(party: Party, source: Path, *_: object) -> str:
    taken = receive_file(party, source)
    return "; ".join([taken.what, *taken.lines])


def _take_agreement(party: Party, source: Path, *_: object) -> str:
    if not read_offer(party, source).complete:
        raise Refused("it is a proposal, not signed by both", "read it with 'overlap agreement accept'")
    kept = accept_agreement(party, source, None)
    return f"{kept.id}, {kept.state} until {kept.until}"


def _take_frame(
    party: Party, source: Path, out: Path, progress: Progress | None, choice: EngineChoice
) -> str:
    if command_for(party, source) == "reply":
        step = reply_match(party, source, out, progress, choice)
        return f"run {step.run}, {step.runs_left} left under this agreement"
    with received_frame(party, source) as frame:
        record = run_of(party, frame)
        if leads_to_counts(record, frame.header.step):
            record = take_counted(party, record, frame, progress, choice)
            return f"run {record.run}, the list for the room is made"
    found = finish_match(party, source, out, progress, choice)
    shared = "withheld" if found.shared < 0 else f"{found.shared:,} of our {found.accounts:,} accounts shared"
    return f"run {found.run} finished: {shared}"


def _told(party: Party, record: RunRecord) -> str:
    counted = counted_in(party, record)
    shown = [cell.shared for cell in counted.cells if cell.shared >= 0] if counted else []
    cells = len(counted.cells) if counted else 0
    return f"run {record.run} finished: {len(shown):,} of {cells:,} numbers shown, 'overlap matrix' has them"


def _take_request(party: Party, source: Path, out: Path, *_: object) -> str:
    given = answer_request(party, source, out)
    return f"lease of {count_of(given.records, 'record')} of {given.share} until {given.until}"


def _take_lease(party: Party, source: Path, *_: object) -> str:
    opened = open_share(party, source)
    return f"opened {count_of(opened.records, 'account')}, until {opened.until}"


HANDLERS: Final[dict[str, Handler]] = {
    "letter": Handler(_take_letter),
    "agreement": Handler(_take_agreement),
    "frame": Handler(_take_frame, "frame"),
    "request": Handler(_take_request, "lease"),
    "lease": Handler(_take_lease),
}


@dataclass(frozen=True)
class Round:
    """One round over some carriers (by default all that are kept for partners)."""

    carrying: Carrying
    via: str = ""
    progress: Progress | None = None
    choice: EngineChoice = LOCAL

    @property
    def vias(self) -> list[str]:
        return [self.via] if self.via else known_vias(self.carrying.party)

    def run(self) -> Iterator[Action]:
        """Do it, and say each thing when it is done."""
        yield from self._tell_rooms()
        yield from self._ask_rooms()  # Before any letter: what partners say of reads is compared with it.
        known: set[str] = set()
        reached = True
        for via in self.vias:
            try:
                items = self.carrying.waiting(via)
            except OverlapError as error:
                reached = False
                yield Action("failed", "", "", f"{via}: {error.what}", error.hint)
                continue
            known.update(key_of(via, item) for item in items)
            aside = self.carrying.refused()
            for item in items:
                if key_of(via, item) not in aside:
                    yield self._handle(self.carrying.incoming(via, item))
                    yield from self._deliver(via)
        yield from self._deliver()
        yield from self._fetch_counts()
        self._clear()
        if reached and not self.via:
            self.carrying.forget_refused(known)
            self._clear_inbox(known)

    def listed(self) -> Iterator[Action]:
        """Only say what waits, and what was refused before; nothing is fetched."""
        for address in self.carrying.unsent():
            yield Action("unsent", address.kind, address.partner, f"goes by {address.via}")
        aside = self.carrying.refused()
        for via in self.vias:
            for item in self.carrying.waiting(via):
                waiting = self.carrying.incoming(via, item)
                if refused := aside.get(waiting.key):
                    yield Action("refused", item.kind, waiting.partner, f"{refused['what']} (set aside)")
                else:
                    yield self._decision(waiting) or Action(
                        "waits", item.kind, waiting.partner, f"{count_of(item.size, 'byte')} by {via}"
                    )

    def _handle(self, waiting: Incoming) -> Action:
        if decision := self._decision(waiting):
            return decision
        kind, partner = waiting.item.kind, waiting.partner
        try:
            return self._take(waiting)
        except (BadPeerFile, Refused) as error:
            problem: OverlapError = error
        except OverlapError as error:
            return Action("failed", kind, partner, error.what, error.hint)
        except OSError as error:
            what = f"the disk refuses: {error.strerror or type(error).__name__}"
            return Action("failed", kind, partner, what, "make room or check the rights of the folder")
        except Exception as error:  # What one file stumbles over must not keep the others waiting.
            problem = OverlapError(f"a bug in overlap: {type(error).__name__}", "please report this line")
        self.carrying.set_aside(waiting, problem)
        return Action("refused", kind, partner, problem.what, problem.hint)

    def _take(self, waiting: Incoming) -> Action:
        kind, partner, party = waiting.item.kind, waiting.partner, self.carrying.party
        if self.carrying.answered(waiting.key):
            # It was killed between the answer and this: the answer is on its way.
            self.carrying.done(waiting)
            return Action("answered", kind, partner, "taken in before")
        handler = HANDLERS[kind]
        self.carrying.fetch(waiting)
        out = party.folder.path("outbox", "none")
        if handler.answer:
            out = self.carrying.outgoing(partner, handler.answer, waiting.via, waiting.key)
        what = handler.take(party, waiting.path, out, self.progress, self.choice)
        self.carrying.done(waiting)
        return Action("answered" if out.is_file() else "took in", kind, partner, what)

    def _decision(self, waiting: Incoming) -> Action | None:
        """What a person has to do about this file; None when nothing."""
        kind, partner, party = waiting.item.kind, waiting.partner, self.carrying.party
        if kind in DECISIONS and (partner or kind in ANYBODYS):
            return Action("decide", kind, partner, DECISIONS[kind].format(via=waiting.via))
        if not partner:
            what = f"its sender's card is not here ({waiting.item.sender[:16]}…)"
            return Action("decide", kind, "", what)
        if not party.is_verified(partner):
            return Action(
                "decide", kind, partner, f"'overlap partner verify {partner} --fingerprint …' first"
            )
        if kind not in HANDLERS:
            return Action("decide", kind, partner, "this version has no way to take it in")
        return None

    def _deliver(self, via: str = "") -> Iterator[Action]:
        for one in self.carrying.deliver(via=via):
            if isinstance(one, tuple):
                address, error = one
                yield Action("failed", address.kind, address.partner, error.what, error.hint)
            elif one.share:
                yield Action("took in", "lease", one.partner, f"share {one.share}, by {one.via}")
            else:
                yield Action("sent", one.kind, one.partner, f"by {one.via}")

    def _tell_rooms(self) -> Iterator[Action]:
        """What rooms do not know of cards that are out of use."""
        for room, said in tell_left(self.carrying.party, self.carrying.clock):
            if isinstance(said, OverlapError):
                yield Action("failed", "room", "", f"{room.name}: {said.what}", said.hint)
            else:
                yield Action("told", "room", "", f"{room.name}: a card of {said} is out of use")

    def _ask_rooms(self) -> Iterator[Action]:
        """What rooms say of the shares of ours whose halves they hold."""
        party = self.carrying.party
        for partner in party.partners():
            try:
                for line in open_holder(party, partner).refresh(party.now):
                    yield Action("took in", "status", partner, line)
            except OverlapError as error:
                yield Action("failed", "status", partner, error.what, error.hint)

    def _fetch_counts(self) -> Iterator[Action]:
        """What rooms have counted; what waits there for the partner's list is only said."""
        for record in open_counts(self.carrying.party):
            try:
                finished = fetch_counts(self.carrying.party, record)
            except OverlapError as error:
                yield Action("failed", "counts", record.partner, error.what, error.hint)
                continue
            if finished is None:
                what = f"run {record.run}: the room has no result yet"
                yield Action("waits", "counts", record.partner, what)
            else:
                yield Action("took in", "counts", record.partner, _told(self.carrying.party, finished))

    def _clear(self) -> None:
        """Remove what killed commands have left half-written."""
        for name in ("inbox", "outbox"):
            for left in self.carrying.party.folder.path(name).glob(f"*{UNFINISHED}"):
                left.unlink()

    def _clear_inbox(self, known: Collection[str]) -> None:
        """Remove what was fetched and waits no more."""
        folder = self.carrying.party.folder
        for name in folder.names("inbox"):
            if name.partition(".")[0] not in known and not name.startswith("lease-"):
                folder.path("inbox", name).unlink()
