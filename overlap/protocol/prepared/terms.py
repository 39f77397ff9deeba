"""What both sides fix before a list is prepared: the preparation.

It says what a run's contract says about the list and its holder, and how often the key may be used. Its
digest is in every tag of the prepared list. It is made from the same agreement as the contracts of the runs,
and each of them must agree with it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, Refused
from overlap.protocol.body import MAX_SIZE_BOUND, MIN_LIST_TAG_SIZE, STATISTICAL_BITS
from overlap.protocol.contract import Contract

FORMAT: Final = "overlap-preparation/1"
#: Bytes that name a tag of the prepared list in `finish`, and the number that names none.
PLACE_SIZE: Final = 4
NO_PLACE: Final = 2**32 - 1

_TUPLES: Final = ("kinds", "populations")
_HINT: Final = "bring both sides to the same version and agreement, then prepare the list again"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a prepared list may change, and how much its key may answer before it is burnt.

    `changes` identifiers in all may enter or leave the list in one update, `updates` updates may follow;
    `queries` identifiers may be new to the starter in a run that is not its first; `runs` runs may be
    answered and `evaluations` elements in all of them.
    """

    changes: int
    updates: int
    queries: int
    runs: int
    evaluations: int


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything about a prepared list that must be equal on both sides.

    The first fields are those of the runs' contracts. `starter` and `responder` are card digests (hex), the
    bounds are those of the two sides' lists, `populations` those of the responder, whose list is prepared.
    """

    format: str
    suite: str
    kinds: tuple[str, ...]
    most: int
    veto: str
    normaliser: str
    normaliser_digest: str
    data_digest: str
    agreement: str
    starter: str
    starter_bound: int
    responder: str
    responder_bound: int
    populations: tuple[str, ...]
    changes: int
    updates: int
    queries: int
    runs: int
    evaluations: int

    @staticmethod
    def of(contract: Contract, limits: Limits) -> Preparation:
        """The preparation for runs under contracts like this one. Refused when the limits do not fit it."""
        return Preparation(
            FORMAT,
            contract.suite,
            contract.kinds,
            contract.most,
            contract.veto,
            contract.normaliser,
            contract.normaliser_digest,
            contract.data_digest,
            contract.agreement,
            contract.starter.card,
            contract.starter.size_bound,
            contract.responder.card,
            contract.responder.size_bound,
            contract.responder.populations,
            **asdict(limits),
        ).checked()

    def checked(self) -> Preparation:
        """The preparation itself; Refused when a number is out of its range."""
        numbers = (self.changes, self.updates, self.queries, self.runs, self.evaluations)
        bounds = (self.starter_bound, self.responder_bound)
        if min(*numbers, *bounds) < 0 or max(*bounds, self.changes) > MAX_SIZE_BOUND:
            raise Refused(f"a bound is negative or above {MAX_SIZE_BOUND}", "agree on other bounds")
        if self.queries > self.starter_bound:
            raise Refused("a later run would ask more than the first", "agree on fewer queries")
        if self.tags_until(self.updates) >= NO_PLACE:
            raise Refused("the tags of list and updates are too many to count", "agree on fewer updates")
        return self

    @property
    def digest(self) -> bytes:
        """SHA-256 that enters every tag of the prepared list."""
        return canonical.digest(FORMAT.encode(), self.to_bytes())

    @property
    def limits(self) -> Limits:
        """The numbers that stand in no contract."""
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})

    @property
    def tag_size(self) -> int:
        """Bytes of a tag: max(10, ceil((40 + log2(tags * evaluations)) / 8)), over the life of the key."""
        pairs = max(1, self.tags_until(self.updates) * self.evaluations)
        return max(MIN_LIST_TAG_SIZE, -(-(STATISTICAL_BITS + (pairs - 1).bit_length()) // 8))

    def tags_until(self, version: int) -> int:
        """How many tags there are in the list and its updates up to `version`; version 0 is the list."""
        return self.responder_bound + version * self.changes

    def tags_of(self, version: int) -> range:
        """The places of the tags that came with `version`."""
        return range(self.tags_until(version - 1) if version else 0, self.tags_until(version))

    def require_equal(self, theirs: Preparation) -> None:
        """Return when `theirs` says the same; else ContractMismatch naming the first field that differs."""
        for field in fields(self):
            ours, other = getattr(self, field.name), getattr(theirs, field.name)
            if ours != other:
                raise ContractMismatch(f"prepared.{field.name}", _short(ours), _short(other), _HINT)

    def require_run(self, contract: Contract) -> None:
        """Return when a run under `contract` is over this list, else ContractMismatch or Refused."""
        self.require_equal(Preparation.of(contract, self.limits))
        if contract.queries not in (self.starter_bound, self.queries):
            raise Refused("a run asks as many elements as agreed", "make the contract again")

    def to_bytes(self) -> bytes:
        return canonical.encode(asdict(self))

    @staticmethod
    def from_bytes(data: bytes) -> Preparation:
        """The preparation in canonical bytes; MalformedFile for an unknown, missing or mistyped field."""
        value = canonical.decode(data, "the preparation")
        try:
            made = Preparation(**(value | {name: tuple(value[name]) for name in _TUPLES}))
            if made.to_bytes() != data or made.format != FORMAT or not _is_typed(made):
                raise ValueError
            return made.checked()
        except (Refused, AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedFile(
                "the preparation does not have the fields of version 1", "both sides need the same version"
            ) from error


def _is_typed(made: Preparation) -> bool:
    texts: list[Any] = []
    for field in fields(made):
        value = getattr(made, field.name)
        if field.name in _TUPLES:
            texts += value
        elif field.type == "int" and type(value) is not int:
            return False
        elif field.type == "str":
            texts.append(value)
    return all(isinstance(text, str) for text in texts)


def _short(value: Any) -> str:
    """A value as part of a message. The peer chose it, so nothing in it may steer a terminal."""
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 24 else text[:16] + "…"
