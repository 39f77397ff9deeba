"""What is remembered of the reviews with one partner, as bytes that the session keeps locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cleanroom.review.decision import Decision, Identifier
from cleanroom.review.position import Position
from cleanroom.review.statement import Announced
from overlap import canonical
from overlap.errors import BadInput, MalformedFile, Refused

REVIEWS_LINE: Final = b"overlap-reviews/1\n"


@dataclass(frozen=True)
class Memory:
    """Own decisions by account id, the partner's positions by own identifier, and how far the letters came.

    `sent` and `taken` are the numbers of our newest letter and of the partner's newest here; `told` is the
    digest (hex) of the positions in ours, `heard` that of the partner's statement. `granted` names the own
    accounts that each share of ours shows.
    """

    own: Mapping[str, Decision] = field(default_factory=dict)
    theirs: Mapping[Identifier, Position] = field(default_factory=dict)
    sent: int = 0
    told: str = ""
    taken: int = 0
    heard: str = ""
    granted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def decided(self, changes: Mapping[str, Decision | None]) -> Memory:
        """With those decisions by account id; None forgets one."""
        own = {**self.own, **changes}
        return replace(self, own={name: one for name, one in own.items() if one is not None})

    def taking(self, letter: Announced, digest: str, identifiers: Mapping[str, Identifier]) -> Memory:
        """With the partner's positions of a run, whose pair tokens name these own identifiers.

        A letter replaces what an older one said about every identifier of its run, so that what is withdrawn
        goes; positions on identifiers that did not match in this run are kept. Raises Refused for a letter
        older than the newest one here, and MalformedFile for a token that the run does not have.
        """
        if letter.sequence < self.taken:
            raise Refused(
                f"letter {self.taken} of this partner is here, and this is letter {letter.sequence}",
                "the newer one counts; a partner with a restored folder takes in yours, then exports again",
            )
        if letter.sequence == self.taken:
            if digest == self.heard:
                return self
            raise Refused(
                f"another letter {letter.sequence} of this partner is here already",
                "a partner with a restored folder takes in your decisions first, then exports again",
            )
        unknown = sum(token not in identifiers for token in letter.positions)
        if unknown:
            raise MalformedFile(
                f"the decisions name {unknown:,} pair tokens that the run does not have",
                "ask for the file made by 'overlap review export'",
            )
        matched = set(identifiers.values())
        theirs = {name: position for name, position in self.theirs.items() if name not in matched}
        theirs |= {identifiers[token]: position for token, position in letter.positions.items()}
        # A partner that has seen more letters than we know of has met us before our folder was restored.
        sent = max(self.sent, letter.seen)
        return replace(self, theirs=theirs, taken=letter.sequence, heard=digest, sent=sent)

    def to_bytes(self) -> bytes:
        """Canonical JSON behind the first line."""
        value = {
            "own": [
                [one.account, one.verdict, [list(name) for name in one.identifiers], one.raised, one.seen,
                 one.run, one.time]
                for _, one in sorted(self.own.items())
            ],
            "theirs": [
                [*name, one.verdict, one.raised, one.seen] for name, one in sorted(self.theirs.items())
            ],
            "sent": self.sent,
            "told": self.told,
            "taken": self.taken,
            "heard": self.heard,
            "granted": {share: list(accounts) for share, accounts in self.granted.items()},
        }  # fmt: skip
        return REVIEWS_LINE + canonical.encode(value)

    @staticmethod
    def from_bytes(data: bytes) -> Memory:
        """The inverse of `to_bytes`; BadInput when it is not of version 1."""
        if not data.startswith(REVIEWS_LINE):
            raise BadInput("the reviews are not of version 1", "restore them from a backup")
        value = canonical.decode(data[len(REVIEWS_LINE) :], "the reviews")
        own = (
            Decision(account, verdict, tuple((kind, text) for kind, text in names), raised, seen, run, time)
            for account, verdict, names, raised, seen, run, time in value["own"]
        )
        return Memory(
            own={one.account: one for one in own},
            theirs={
                (kind, text): Position(verdict, raised, seen)
                for kind, text, verdict, raised, seen in value["theirs"]
            },
            sent=value["sent"],
            told=value["told"],
            taken=value["taken"],
            heard=value["heard"],
            granted={share: tuple(accounts) for share, accounts in value["granted"].items()},
        )
