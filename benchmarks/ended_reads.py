"""Tries to read shares that have expired or were revoked, and counts the tries that succeed.

    python benchmarks/ended_reads.py --count 100000

There must be none. One folder holds shares that have ended by time or by revocation, with and without a
destroyed half; leases and requests of before the end were recorded, and the holder's record, log and vault
copied. Each try draws a way to cheat, clocks set back or forward on either side, and old copies of some of
these parts. Asking, opening and deriving keys must first succeed while a share is open. An old copy of all
three parts together with a recipient that hides what it has seen is left out: only a third place can notice
that (FORMATS.md).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from holder_folder import PARTS, HolderFolder

from cleanroom.share import (
    Record,
    Share,
    Terms,
    make_request,
    make_share,
    open_records,
    read_share,
)
from cleanroom.share.terms import holder_half, key_commitment, record_key
from overlap.errors import OverlapError
from overlap.keys import OneTimeKey, PartyKeys

RESULT: Final = Path(__file__).parent / "results" / "ended_reads.json"
BEGIN, END, RECORDS, LEASE = 1_000_000, 2_000_000, 8, 3_600
#: Old copies that are put back before a try; all three together only with a peer that shows what it has.
COPIES: Final = ((), (), ("state",), ("log",), ("vault",), ("state", "log"), ("log", "vault"),
                 ("state", "vault"), ("state", "log", "vault"))  # fmt: skip


@dataclass(frozen=True)
class Read:
    """One read of before the end, as a network or a backup of the recipient has it."""

    request: bytes
    lease: bytes
    key: OneTimeKey
    end: int


@dataclass(frozen=True)
class Ended:
    """A share that has ended, what was recorded of it, and the records that were read."""

    share: Share
    reads: tuple[Read, ...]
    halves: dict[int, bytes]


class House(HolderFolder):
    """The grantor's folder with ended shares, and three other parties with all that was recorded."""

    def __init__(self, folder: Path, random: Random) -> None:
        grantor, recipient, stranger = (
            PartyKeys.generate(name, random.randbytes) for name in ("northwind", "contoso", "fabrikam")
        )
        super().__init__(folder, grantor, recipient, random.randbytes, LEASE)
        self.random, self.stranger = random, stranger
        self.seen = ""
        shares = [self._grant(BEGIN, END) for _ in range(4)]
        reads = {share.terms.share: self._reads(share) for share, _ in shares}
        self.old = self.copy("old")
        for share, _ in shares:
            self.lease(self.request(share, [0], BEGIN + 500), BEGIN + 500)
        self.newest = self.seen
        self.open = self.copy("open")
        for share, _ in shares[:2]:
            self.holder().revoke(share.terms.share, BEGIN + 1_000)
        self.holder().expire(END)  # Refused at once; the halves wait for a second source.
        self.waiting = self.copy("waiting")
        self.holder().expire(END, confirmed=True)
        self.ended = self.copy("ended")
        self.shares = [
            Ended(share, reads[share.terms.share],
                  {n: holder_half(half, share.terms.digest, n) for n in range(RECORDS // 2)})
            for share, half in shares
        ]  # fmt: skip

    def request(self, share: Share, records: list[int], claimed: int, by: PartyKeys | None = None) -> Read:
        """A request by a tool that claims any time it likes."""
        made = make_request(
            share,
            records,
            "co-sell",
            by or self.recipient,
            min(max(claimed, BEGIN), share.terms.until - 1),
            holder=self.grantor.card,
            random=self.random.randbytes,
            checkpoint=self.seen,
        )
        return Read(made.file, b"", made.key, 0)

    def lease(self, asked: Read, now: int) -> Read:
        """The holder's answer at its clock's `now`."""
        made = self.holder().lease(asked.request, now)
        self.seen = self.holder()._log.head().to_note(self.grantor.card)
        return replace(asked, lease=made.file, end=made.end)

    def _grant(self, begin: int, end: int) -> tuple[Share, bytes]:
        own = self.grantor.card.digest.hex()
        terms = Terms(
            share=self.random.randbytes(16).hex(),
            agreement="ab" * 32,
            grantor=own,
            recipient=self.recipient.card.digest.hex(),
            holder=own,
            run="0123",
            purposes=("co-sell",),
            fields=("stage",),
            not_before=begin,
            until=end,
            exportable=False,
            count=RECORDS,
        )
        records = [Record((self.random.randbytes(16).hex(),), {"stage": f"won {n}"}) for n in range(RECORDS)]
        made = make_share(terms, records, self.recipient.card, self.grantor, self.random.randbytes)
        self.holder().grant(made, begin)
        return read_share(made.file, self.recipient, self.grantor.card), made.half

    def _reads(self, share: Share) -> tuple[Read, ...]:
        first = list(range(RECORDS // 2))
        asked = [self.request(share, first, BEGIN + at) for at in (100, 200)]
        return tuple(self.lease(read, BEGIN + at) for read, at in zip(asked, (100, 200), strict=True))


def _clock(house: House, *, after: int = 0) -> int:
    """A clock that somebody set: long ago, inside the share's time, around its end, or far ahead."""
    near = house.random.choice((0, BEGIN - 1, BEGIN, BEGIN + 300, END - 1, END, END + 1, 2**40))
    return max(after, near if house.random.random() < 0.5 else house.random.randrange(2 * END))


def new_request(house: House, ended: Ended) -> bool:
    """The recipient asks for records that it never read."""
    asked = house.request(ended.share, [house.random.randrange(RECORDS // 2, RECORDS)], _clock(house))
    return bool(house.lease(asked, _clock(house)).lease)


def replayed_request(house: House, ended: Ended) -> bool:
    """A request of before the end once more: its answer would be a new lease."""
    return bool(house.lease(house.random.choice(ended.reads), _clock(house)).lease)


def other_recipient(house: House, ended: Ended) -> bool:
    """Somebody else asks, with the recipient's share file decrypted and passed on."""
    asked = house.request(ended.share, [0], _clock(house), house.stranger)
    return bool(house.lease(asked, _clock(house)).lease)


def replayed_lease(house: House, ended: Ended) -> bool:
    """A lease of before the end, opened again after it at any clock from the lease's own end on."""
    read = house.random.choice(ended.reads)
    return bool(_open(house, ended.share, read, _clock(house, after=read.end)))


def lease_of_another_share(house: House, ended: Ended) -> bool:
    """The lease of one share for the records of another, at any clock."""
    others = [other for other in house.shares if other is not ended]
    return bool(
        _open(house, ended.share, house.random.choice(house.random.choice(others).reads), _clock(house))
    )


def lease_with_another_key(house: House, ended: Ended) -> bool:
    """A recorded lease with the key of another request."""
    first, second = ended.reads
    return bool(_open(house, ended.share, replace(first, key=second.key), BEGIN + 300))


def derived_key(house: House, ended: Ended) -> bool:
    """A record never read, with what was sent for others: halves, and halves of halves."""
    terms, number = ended.share.terms.digest, house.random.randrange(RECORDS // 2, RECORDS)
    known = house.random.choice(
        [*ended.halves.values(), ended.share.half, house.grantor.storage_key(b"vault")]
    )
    held = holder_half(known, terms, number) if house.random.random() < 0.5 else known
    own = house.random.choice([ended.share.half, known])
    return (
        key_commitment(record_key(own, held, terms, number), terms, number) == ended.share.commitments[number]
    )


def _open(house: House, share: Share, read: Read, now: int) -> dict[int, Record]:
    return open_records(share, read.lease, read.key, now, house.grantor.card).records


#: One try in so many asks the holder: these are the slow ones, and each meets a folder put back from copies.
ONE_ASKS: Final = 8

Way = Callable[[House, Ended], bool]
#: Ways that ask the holder, and so meet its folder; the others need no holder.
ASKING: Final[tuple[Way, ...]] = (new_request, new_request, replayed_request, other_recipient)
ALONE: Final[tuple[Way, ...]] = (replayed_lease, lease_of_another_share, lease_with_another_key, derived_key)


def try_to_read(count: int, seed: int, place: Path) -> dict[str, dict[str, int]]:
    """`count` tries: for each way and for each refusal how many, and how many succeeded."""
    house = House(place / "house", Random(seed))
    require_sharp(house)
    tried, won, refused = Counter[str](), Counter[str](), Counter[str]()
    for _ in range(count):
        way = house.random.choice(ASKING if house.random.randrange(ONE_ASKS) == 0 else ALONE)
        ended = house.random.choice(house.shares)
        name = way.__name__
        if way in ASKING:
            name += _set_the_stage(house)
        tried[name] += 1
        try:
            won[name] += way(house, ended)
        except OverlapError as error:
            refused[f"{type(error).__name__}: {error.what}"] += 1
    return {
        "tried": dict(sorted(tried.items())),
        "succeeded": {name: won[name] for name in sorted(tried) if won[name]},
        "refused": dict(refused.most_common()),
    }


def _set_the_stage(house: House) -> str:
    """The folder after the end, with old copies of some of its parts; what was put back."""
    house.put_back(house.random.choice((house.ended, house.waiting)), tuple(PARTS))
    parts = house.random.choice(COPIES)
    old = house.random.choice((house.old, house.open))
    house.put_back(old, parts)
    house.seen = house.newest if len(parts) == len(PARTS) or house.random.random() < 0.5 else ""
    if len(parts) == len(PARTS):
        house.put_back(house.old, parts)
    return f", old {'+'.join(parts)}" if parts else ""


def require_sharp(house: House) -> None:
    """Every way of asking succeeds while the share is open, and a lease opens before its end."""
    house.put_back(house.open, tuple(PARTS))
    house.seen = house.newest
    share = house.shares[0]
    asked = house.lease(house.request(share.share, [RECORDS - 1], BEGIN + 600), BEGIN + 600)
    assert _open(house, share.share, asked, BEGIN + 700)
    assert _open(house, share.share, share.reads[0], BEGIN + 300)
    number, terms = 0, share.share.terms.digest
    key = record_key(share.share.half, share.halves[number], terms, number)
    assert key_commitment(key, terms, number) == share.share.commitments[number]


def main() -> None:
    """Try, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--place", type=Path, help="a folder for the parties' files; default: a temporary one"
    )
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args()
    begun = time.process_time()
    with tempfile.TemporaryDirectory(dir=chosen.place) as place:
        found = try_to_read(chosen.count, chosen.seed, Path(place))
    seconds = round(time.process_time() - begun)
    succeeded = sum(found["succeeded"].values())
    result = {
        "count": chosen.count,
        "seed": chosen.seed,
        "cpu_seconds": seconds,
        "successes": succeeded,
        **found,
    }
    chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{chosen.count:,} tries, {succeeded:,} succeeded, {seconds:,} CPU seconds")


if __name__ == "__main__":
    main()
