"""What the roles of all protocols have in common: a run, its beginning, and its way to the disk and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from overlap.engine import Engine
from overlap.errors import UsageError
from overlap.group import draw_scalar
from overlap.keys import RandomBytes
from overlap.protocol.body import part_size
from overlap.protocol.columns import Pieces
from overlap.protocol.contract import Contract
from overlap.protocol.steps import Run, begin_run, repeated


class Role:
    """One side of one run. A subclass names its protocol and role, and has the two verbs of that role."""

    protocol: ClassVar[str]
    role: ClassVar[str]
    #: Whether a role keeps digests of its identifiers only, and can begin with these (`digest_list`).
    by_digests: ClassVar[bool] = False

    def __init__(self, run: Run, engine: Engine, random: RandomBytes) -> None:
        self._run, self._engine, self._random = run, engine, random

    @classmethod
    def begin(
        cls,
        contract: Contract,
        run: bytes,
        identifiers: Sequence[bytes],
        engine: Engine,
        random: RandomBytes,
        values: Sequence[int] = (),
    ) -> Self:
        """A new run over distinct encoded identifiers, at most as many as declared; else Refused.

        `run` is 16 bytes: drawn by the starter, and for the responder what the start frame's header says.
        `values` has a whole number for each identifier where the role says that it needs one.
        """
        begun = begin_run(cls.protocol, cls.role, contract, run, len(identifiers))
        begun.parts |= cls.keep_values(contract, len(identifiers), values)
        cls.keep_list(begun, identifiers, random)
        return cls(begun, engine, random)

    @classmethod
    def keep_list(cls, begun: Run, identifiers: Sequence[bytes], random: RandomBytes) -> None:
        """Put into a new run what it needs of its list; Refused when an identifier is repeated."""
        if len(set(identifiers)) != len(identifiers):
            raise repeated()
        begun.identifiers, begun.scalar = tuple(identifiers), draw_scalar(random)

    @classmethod
    def digest_list(cls, contract: Contract, run: bytes, identifiers: Sequence[bytes]) -> Pieces:
        """What a role `by_digests` keeps of each identifier, (n, size): uniform, and equal for both sides."""
        raise NotImplementedError

    @classmethod
    def begin_digested(
        cls, contract: Contract, run: bytes, digests: Pieces, engine: Engine, random: RandomBytes
    ) -> Self:
        """As `begin`, from what `digest_list` gave for the identifiers."""
        raise NotImplementedError

    @classmethod
    def keep_values(cls, contract: Contract, count: int, values: Sequence[int]) -> dict[str, bytes]:
        """The parts of a new run that hold `values`, of which there are to be `count`; here there are none.

        Raises UsageError or Refused when they are not what the role needs.
        """
        if values:
            raise UsageError(f"the {cls.role} of {cls.protocol} takes no values", "report this as a bug")
        return {}

    @classmethod
    def from_bytes(cls, data: bytes, engine: Engine, random: RandomBytes) -> Self:
        """The run in `data`. Raises BadInput."""
        return cls(Run.from_bytes(data, cls.protocol, cls.role), engine, random)

    def to_bytes(self) -> bytes:
        """The secret state of the run, to be encrypted and kept before anything is sent."""
        return self._run.to_bytes()

    @staticmethod
    def part_size(contract: Contract, step: str) -> int:
        """Bytes of one bucket's body of `step`, which follow from the contract alone."""
        return part_size(contract, step)

    @classmethod
    def peer_bound(cls, contract: Contract) -> int:
        """The most identifiers that the peer may have submitted to the whole run."""
        peer = contract.responder if cls.role == "starter" else contract.starter
        return peer.size_bound

    def work_ahead(self) -> None:
        """Do what needs no further message. Nothing depends on it but the time that the next answer takes."""

    @property
    def contract(self) -> Contract:
        return self._run.contract

    @property
    def places(self) -> bytes:
        """Where the identifiers stand in the whole list, packed; empty when this is the whole list."""
        return self._run.parts.get("places", b"")

    def keep_places(self, places: bytes) -> None:
        """Remember where the identifiers stand in the whole list."""
        self._run.parts["places"] = places

    @property
    def state(self) -> str:
        """A state of the table in `overlap.protocol.steps`, or aborted."""
        return self._run.state
