"""One side's whole run over a list in Parquet: `overlap.protocol.Passage`, its lists on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from overlap.errors import MalformedFile, UsageError
from overlap.keys import RandomBytes
from overlap.protocol import Body, Contract, Matches, States, protocol_of
from overlap.protocol.body import part_size, write_contract
from overlap.protocol.dh import PROTOCOL
from overlap.spark import jobs, work
from overlap.spark.roles import SparkResponder, SparkRole, SparkStarter
from overlap.spark.session import judging_spark, quiet, require_sealed
from overlap.spark.software import require_same_software

_ROLES: Final[dict[str, type[SparkRole]]] = {"starter": SparkStarter, "responder": SparkResponder}
#: Bytes of a body that are read at once.
_READ: Final = 2**20


class SparkPassage:
    """One side of one run of level `overlaps` by DH, under a contract. `run` is 16 bytes.

    `place` is a folder for what the run keeps, `listed` one of `identify_parquet`, which may be left out when
    `begin` gets the identifiers; executors share both. Messages, their bytes and what is learned are those of
    `overlap.protocol.Passage`, and `states` keeps the secret state of a bucket as there. Raises UsageError
    for another protocol, Refused for a session that leaves network or disk unencrypted, or executors with
    other software.
    """

    def __init__(
        self,
        contract: Contract,
        role: str,
        run: bytes,
        session: Any,
        random: RandomBytes,
        *,
        listed: str = "",
        place: str,
        states: States | None = None,
    ) -> None:
        if not self.plays(contract.protocol):
            raise UsageError("Spark runs level overlaps by DH only", "agree on that protocol, or leave Spark")
        require_sealed(session)
        require_same_software(session)
        self._contract, self._role, self._run = contract, _ROLES[role], run
        self._session, self._random, self._states = session, random, states
        self._place = place.rstrip("/")
        self._listed = (listed or f"{self._place}/listed").rstrip("/")
        self._live: dict[int, SparkRole] = {}
        #: Whether the peer sent something unacceptable, so that the run is over.
        self.aborted = False

    @staticmethod
    def plays(protocol: str) -> bool:
        """Whether Spark runs the protocol of this name."""
        return protocol == PROTOCOL

    @property
    def hits(self) -> str:
        """The folder with what was learned: position in the list (long), token (16 bytes), ascending."""
        return f"{self._place}/hits"

    def begin(
        self,
        identifiers: Iterable[bytes] | None = None,
        spool: Path | None = None,
        values: Sequence[int] = (),
    ) -> None:
        """Take in the list: at most as many identifiers as declared, all different; else Refused.

        It is the one of `listed`, or `identifiers` of this process. There is nothing to spool here, and no
        protocol with values.
        """
        if identifiers is not None:
            jobs.write_items(self._session, identifiers, "identifier", f"{self._listed}/list")
        listed = jobs.read_placed(self._session, f"{self._listed}/list", "position")
        place = work.Place(self._contract.to_bytes(), self._run)
        placed = jobs.mapped(listed.select("position", "identifier"), place, work.PLACED)
        jobs.write(placed, self._lists, "bucket")
        for bucket in range(self._contract.buckets):
            role = self._role.begin(
                self._session, self._contract, self._run, self._lists, self._at(bucket), self._random, bucket
            )
            self._keep(bucket, role)

    def take(self, message: str, body: Body | None = None) -> Iterator[bytes]:
        """The pieces of the answer to a message; none when the run ends with it.

        `body` stands behind the contract where the message begins with one; it is None for the message that
        the starter takes from itself. Raises what the roles raise; the run is then aborted where they say so.
        """
        size = part_size(self._contract, message)
        if body is None and self._role is SparkStarter:
            yield write_contract(self._contract)
        elif body is None or body.left != self._contract.buckets * size:
            self.aborted = True
            raise MalformedFile(
                f"the {message} frame does not have the size that the contract fixes",
                "the peer's software is at fault; start a new run",
            )
        self._submitted = 0
        for bucket in range(self._contract.buckets):
            role = self._live.pop(bucket, None) or self._load(bucket)
            try:
                answer = _step(role, message, _pieces(body, size))
            finally:
                self.aborted = role.state == "aborted"
                self._keep(bucket, role)
            self._submitted += role.submitted
            yield from answer
        if protocol_of(self._contract).tells(message):
            self._join_hits()

    def learned(self) -> Matches:
        """What the run gave, when all pieces of the answer are taken. It has to fit into this process."""
        peer = self._contract.starter if self._role is SparkResponder else self._contract.responder
        with judging_spark(), quiet():
            found = jobs.read(self._session, self.hits).toArrow().sort_by("position")
        return Matches.of(
            tuple(found["position"].to_pylist()),
            tuple(found["token"].to_pylist()),
            self._submitted,
            peer.size_bound,
        )

    def _join_hits(self) -> None:
        places = [f"{self._at(bucket)}/hits" for bucket in range(self._contract.buckets)]
        with judging_spark():
            found = self._session.read.parquet(*places)
        jobs.write(found.orderBy("position"), self.hits)

    @property
    def _lists(self) -> str:
        return f"{self._place}/lists"

    def _at(self, bucket: int) -> str:
        return f"{self._place}/bucket-{bucket:05d}"

    def _load(self, bucket: int) -> SparkRole:
        assert self._states is not None
        kept = self._states.load(bucket)
        return self._role.from_bytes(kept, self._session, self._lists, self._at(bucket), self._random)

    def _keep(self, bucket: int, role: SparkRole) -> None:
        if self._states is None:
            self._live[bucket] = role
        else:
            self._states.save(bucket, role.to_bytes())


def _step(role: SparkRole, message: str, part: Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(role, SparkStarter):
        return role.start() if message == "start" else role.finish(part)
    assert isinstance(role, SparkResponder)
    if message == "start":
        return role.reply(part)
    role.finish(part)
    return iter(())


def _pieces(body: Body | None, size: int) -> Iterator[bytes]:
    while body is not None and size:
        piece = body.read(min(_READ, size))
        size -= len(piece)
        yield piece
