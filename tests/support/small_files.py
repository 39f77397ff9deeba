"""One small file of each format that travels or is shown, from a real walk, and the way in which it is read.

`missed` changes bytes one by one and says which changes a reader did not notice; there should be none.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from shown_logs import send
from two_parties import PARTNER, PASSPHRASE, VENDOR, TwoParties, Walk

from cleanroom.agreement import read_signed
from cleanroom.bundle import verify_bundle
from cleanroom.log import log_origin, read_cosigned, verify_log
from cleanroom.receipts import outline, read_statement
from cleanroom.session.party import Party, open_party
from cleanroom.session.post.letters import read_letter
from cleanroom.session.share.sharing import open_share
from cleanroom.share import read_request, read_share
from overlap.errors import ForgedFile, OverlapError
from overlap.keys import PartyKeys
from overlap.protocol import read_frame

#: Above every file here.
LIMIT = 2**24


@dataclass(frozen=True)
class SmallFile:
    """A file, and what reads it: it raises OverlapError for anything but the file as it is."""

    name: str
    data: bytes
    read: Callable[[bytes], object]
    #: A lease is taken once; what is read after it is not looked at any more.
    once: bool = False

    def missed(self, places: Iterable[int], flips: Iterable[int]) -> list[tuple[int, int]]:
        """Each place and flip of its byte after which the file was read as if it were whole."""
        if not self.once:
            self.read(self.data)
        tried = [(place, flip) for place in places for flip in flips]
        return [(place, flip) for place, flip in tried if not self._notices(place, flip)]

    def _notices(self, place: int, flip: int) -> bool:
        changed = self.data[:place] + bytes([self.data[place] ^ flip]) + self.data[place + 1 :]
        try:
            self.read(changed)
        except OverlapError:
            return True
        return False


@contextmanager
def small_files(walk: Walk, place: Path) -> Iterator[list[SmallFile]]:
    """The files, while both folders are open. Files that may be taken twice come first."""
    opened = walk.at("opened", place / "opened")
    for party in (VENDOR, PARTNER, VENDOR):
        send(opened, party)
    both = walk.at("leased", place / "leased")
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR, "--out", both.mail("letter"))
    with ExitStack() as stack:
        vendor, partner = (stack.enter_context(_party(both, name)) for name in (VENDOR, PARTNER))
        yield [*_shown(opened, vendor, partner), *_sent(both, vendor, partner)]


@contextmanager
def _party(both: TwoParties, name: str) -> Iterator[Party]:
    def unlock(data: bytes) -> PartyKeys:
        return PartyKeys.from_locked(data, PASSPHRASE)

    with open_party(both.place(name), unlock, lambda: both.now) as party:
        yield party


def _shown(both: TwoParties, vendor: Party, partner: Party) -> Iterator[SmallFile]:
    """What is shown to anybody: the log, its cosigned checkpoint, the receipts, the agreement, the bundle."""
    ours, theirs = vendor.keys.card, partner.keys.card
    origin = log_origin(ours, theirs)

    def read_log(data: bytes) -> None:
        if findings := verify_log(io.BytesIO(data), origin, ours):
            raise ForgedFile(findings[0].what, "")

    def read_bundle(data: bytes) -> None:
        if problems := verify_bundle(data).problems:
            raise ForgedFile(problems[0][1], "")

    def read_receipt(data: bytes) -> None:
        cards = {card.digest.hex(): card for card in (ours, theirs)}
        if any(signer not in cards for signer in outline(data).signers):
            raise ForgedFile("signed by somebody else", "")
        said = outline(data)
        if (
            len(read_statement(data, [cards[name] for name in said.signers], said.predicate_type).signers)
            != 2
        ):
            raise ForgedFile("not signed by both", "")

    logs = both.place(VENDOR, "logs")
    yield SmallFile("log", (logs / f"{PARTNER}.log").read_bytes(), read_log)
    note = (logs / f"{PARTNER}.cosigned").read_bytes()
    yield SmallFile("cosigned", note, lambda data: read_cosigned(_text(data), origin, ours, theirs))
    receipt = min(both.place(VENDOR, "receipts", PARTNER).iterdir())
    yield SmallFile("receipt", receipt.read_bytes(), read_receipt)
    agreement = next(both.place(VENDOR, "agreements").glob("*.toml"))
    yield SmallFile("agreement", agreement.read_bytes(), lambda data: read_signed(data, [ours, theirs]))
    both.run(VENDOR, "audit", "bundle", "--partner", PARTNER, "--out", both.mail("bundle"))
    yield SmallFile("bundle", both.mail("bundle").read_bytes(), read_bundle)


def _sent(both: TwoParties, vendor: Party, partner: Party) -> Iterator[SmallFile]:
    """What is sealed to one reader: a frame, a share, a request, a letter, and last a lease."""
    ours, theirs = vendor.keys.card, partner.keys.card

    def read_whole_frame(data: bytes) -> None:
        _, body = read_frame(io.BytesIO(data), partner.keys, ours, LIMIT)
        while body.left:
            body.read(min(body.left, 2**16))

    def read_lease(data: bytes) -> None:
        both.mail("changed").write_bytes(data)
        open_share(vendor, both.mail("changed"))

    yield SmallFile("frame", both.mail("start").read_bytes(), read_whole_frame)
    share = both.mail("share").read_bytes()
    yield SmallFile("share", share, lambda data: read_share(data, vendor.keys, theirs))
    request = both.mail("request").read_bytes()
    yield SmallFile("request", request, lambda data: read_request(data, partner.keys, ours))
    yield SmallFile("letter", both.mail("letter").read_bytes(), lambda data: read_letter(vendor, data))
    yield SmallFile("lease", both.mail("lease").read_bytes(), read_lease, once=True)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ForgedFile("it is no text", "") from error
