"""What the verification of a bundle says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """A verdict on one part: what was checked, in words, and everything wrong with it."""

    name: str
    what: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """One kind of event in the log: number of entries, first and last time (unix seconds), and the counts of
    its entries added up; counts are rounded up to buckets in each entry."""

    kind: str
    entries: int
    first: int
    last: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Signed:
    """One receipt: what it is about, who signed (names), and the log entry that is opened to it, else -1.

    `log` is the number of the old log in which that entry is, 0 for the present one.
    """

    kind: str
    about: str
    time: int
    signers: tuple[str, ...]
    entry: int
    log: int = 0


@dataclass
class Report:
    """All verdicts. Names and fingerprints are those of the cards in the bundle: the reader compares them.

    `entries` and `cosigned` are of the present log; `happened` is told over that and all old ones.
    """

    exporter: str = ""
    peer: str = ""
    fingerprints: dict[str, str] = field(default_factory=dict)
    made: int = 0
    entries: int = 0
    cosigned: int = 0
    parts: list[Part] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    receipts: list[Signed] = field(default_factory=list)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(where, what) of everything wrong; empty when the bundle holds."""
        return [(part.name, problem) for part in self.parts for problem in part.problems]

    def add(self, name: str, what: str, problems: list[str] | tuple[str, ...] = ()) -> None:
        """One more verdict."""
        self.parts.append(Part(name, what, tuple(problems)))
