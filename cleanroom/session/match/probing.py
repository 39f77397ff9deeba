"""What our own machine watches so that a partner's runs tell no more than they should.

submissions/PARTNER/LIST    a list that went into runs with the partner, as keyed digests, locked
submissions/digest.key      after a rotation: the key of those digests, locked

**Differencing.** Two runs over lists that differ in a few accounts tell about these alone, whatever minimum
each run keeps. So a list that differs in fewer accounts than the agreement's minimum count from any list that
this partner met before, under whichever agreement, is refused; the same list again is not. Likewise a share
that would show fewer accounts than that for the first time. **Jumps** of a partner's declared bound, or of
what is shared, are told. docs/anti-probing.md says whose machine enforces what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.number import count_of
from cleanroom.session.folder import Folder
from cleanroom.session.match.runs import RunRecord
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import read_memory
from cleanroom.session.stored import Locked, keep_stored, read_stored
from overlap.errors import Refused
from overlap.match import Distinct

_PURPOSE: Final = b"submissions"
_FOLDER: Final = "submissions"
#: The key of the digests since a rotation of ours; a party name has no dot, so no partner's folder.
_KEY: Final = "digest.key"
#: Bytes of a digest: below 2^-27 that two of 2^18 accounts share one, and they are never shown to anybody.
_SIZE: Final = 8
_WORD: Final = np.dtype(">u8")
#: What is shared with a partner has jumped when it is so many times the most that was shared before.
JUMP: Final = 3


@dataclass(frozen=True)
class Submission:
    """The accounts of a list that have identifiers: keyed digests of id and content, in order of the ids."""

    ids: np.ndarray
    contents: np.ndarray

    @property
    def name(self) -> str:
        """What it is kept under: the same for the same list."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:32]

    def to_bytes(self) -> bytes:
        return self.ids.astype(_WORD).tobytes() + self.contents.astype(_WORD).tobytes()

    @staticmethod
    def from_bytes(data: bytes) -> Submission:
        numbers = np.frombuffer(data, _WORD)
        half = len(numbers) // 2
        return Submission(numbers[:half], numbers[half:])

    def changes(self, other: Submission) -> int:
        """How many accounts were added, removed or have other identifiers."""
        _, here, there = np.intersect1d(self.ids, other.ids, return_indices=True)
        altered = int((self.contents[here] != other.contents[there]).sum())
        return len(self.ids) + len(other.ids) - 2 * len(here) + altered

    def fewest_changes(self, other: Submission) -> int:
        """As `changes`, but ids that were given anew hide nothing: accounts are compared by content too."""
        values, counts = np.unique(self.contents, return_counts=True)
        others, other_counts = np.unique(other.contents, return_counts=True)
        _, here, there = np.intersect1d(values, others, return_indices=True)
        same = int(np.minimum(counts[here], other_counts[there]).sum())
        return min(self.changes(other), len(self.contents) + len(other.contents) - 2 * same)


def submission_of(party: Party, ids: Sequence[str], listed: Distinct) -> Submission:
    """The accounts of a list as digests under a key that only this party has; `ids` by position."""
    key = _digest_key(party)
    of_identifier = _digests(key, listed.encoded)
    # The content of an account is the sum of its identifiers' digests: in any order, and all at once.
    holders = listed.holders.sort_values("account", kind="stable")
    accounts, starts = np.unique(holders["account"].to_numpy(), return_index=True)
    values = of_identifier[holders["position"].to_numpy()]
    contents = np.add.reduceat(values, starts) if len(starts) else values
    own = _digests(key, [b"account " + ids[at].encode() for at in accounts.tolist()])
    order = np.argsort(own)
    return Submission(own[order], contents[order])


def require_changes(
    party: Party, partner: str, minimum: int, submission: Submission, *, note: bool = True
) -> None:
    """Refused when the list differs in some, but fewer than `minimum`, accounts from one this partner met."""
    if minimum <= 1:
        return
    for name in party.folder.names(_FOLDER, partner):
        if name == submission.name:
            continue
        met = Submission.from_bytes(read_stored(party, _PURPOSE, name, _FOLDER, partner, name))
        changed = submission.fewest_changes(met)
        if 0 < changed < minimum:
            if note:
                party.note(partner, "run", refused_differencing=1)
            raise Refused(
                f"clause terms.minimum_count: {changed:,} of our accounts changed since a run with "
                f"{partner}, fewer than {minimum:,}",
                "both results together would tell about these alone: match the list as it was, or wait until "
                "more have changed",
            )


def remember_submission(party: Party, partner: str, submission: Submission) -> None:
    """Keep which list goes into a run with this partner, before anything of it leaves."""
    if submission.name not in party.folder.names(_FOLDER, partner):
        keep_stored(
            party, _PURPOSE, submission.name, submission.to_bytes(), _FOLDER, partner, submission.name
        )


def submission_files(folder: Folder) -> list[Locked]:
    """What is locked of all lists: each list, and the key of the digests where it is kept."""
    found: list[Locked] = []
    for partner in folder.names(_FOLDER):
        if partner == _KEY:
            found.append((_KEY, (_FOLDER, _KEY)))
        else:
            found += [(name, (_FOLDER, partner, name)) for name in folder.names(_FOLDER, partner)]
    return found


def carry_digest_key(before: Party, after: Party) -> None:
    """Keep the key of the digests through a rotation: lists of the time before are still compared.

    It protects nothing that the lock of each list does not, so it may stay when the other keys go.
    """
    place = before.folder.path(_FOLDER, _KEY)
    if before.folder.names(_FOLDER) and not place.is_file():
        keep_stored(after, _PURPOSE, _KEY, before.keys.storage_key(_PURPOSE), _FOLDER, _KEY)


def require_shown_many(party: Party, partner: str, minimum: int, shown: Iterable[str]) -> None:
    """Refused when a share would show some, but fewer than `minimum`, accounts for the first time.

    `shown` are ids of own accounts. The first share with a partner is judged by the minimum count alone.
    """
    granted = read_memory(party, partner).granted
    before = {account for accounts in granted.values() for account in accounts}
    new = set(shown) - before
    if before and 0 < len(new) < minimum:
        party.note(partner, "grant", refused_differencing=1)
        raise Refused(
            f"clause terms.minimum_count: the share would show {count_of(len(new), 'account')} "
            f"for the first time, fewer than {minimum:,}",
            "beside the shares before it would tell about these alone; wait until there are more",
        )


def jumps_in(record: RunRecord, records: Sequence[RunRecord]) -> list[str]:
    """What about a run is much larger than in all runs with its partner before, in words; often nothing."""
    before = [
        one
        for one in records
        if one.partner == record.partner and (one.begun, one.run) < (record.begun, record.run)
    ]
    if not before:
        return []
    found = []
    bound, most = _their_bound(record), max(_their_bound(one) for one in before)
    if bound > most:
        found.append(f"{record.partner} declares up to {bound:,} identifiers; before it was {most:,} at most")
    shared = [one.shared for one in before if one.state == "finished" and one.level == record.level]
    known = [number for number in shared if number >= 0]
    if known and record.shared >= JUMP * max(1, *known):
        found.append(f"{record.shared:,} accounts are shared; before it was {max(known):,} at most")
    return found


def _their_bound(record: RunRecord) -> int:
    terms = record.terms
    return terms.responder.size_bound if record.role == "starter" else terms.starter.size_bound


def _digest_key(party: Party) -> bytes:
    """The key of the digests: the first that this party had, so that old lists stay comparable."""
    if party.folder.path(_FOLDER, _KEY).is_file():
        return read_stored(party, _PURPOSE, _KEY, _FOLDER, _KEY)
    return party.keys.storage_key(_PURPOSE)


def _digests(key: bytes, texts: Iterable[bytes]) -> np.ndarray:
    joined = b"".join(hashlib.blake2b(text, digest_size=_SIZE, key=key).digest() for text in texts)
    return np.frombuffer(joined, _WORD).astype(np.uint64)
