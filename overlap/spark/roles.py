"""The roles of `overlap.protocol.dh` over lists in Parquet, for one bucket of a run as those are.

    starter                                                responder
    start   blind ─ sort ─→ place/blinded          ─────→
                                                   ←─────  reply   judge, multiply again ─→ place/again
                                                                   evaluate, tag, fill up, sort ─→ place/tags
                                                                   confirm tags, tokens ─→ place/own
    finish  judge, unblind, tag, join with the
            reply's tags ─→ place/hits
            confirm tags, filled up ─→ place/finish ─────→
                                                           finish  join ─→ place/hits

With the same scalar and the same randomness the bodies are those of `overlap.protocol.dh`, byte for byte, and
what is learned is the same. This process sees bodies in pieces, and never a list as a whole but the random
bytes that fill up a list of tags.

`place` is a folder that executors share: on one machine any folder, on a cluster a URL of its file system. It
holds what the run knows in the clear (identifiers, which element stands for which) and belongs where the
accounts are; it is the caller's to delete. The scalar is in none of its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, ClassVar, Final, Self

from overlap import canonical
from overlap.errors import MalformedFile, Refused
from overlap.group import ELEMENT_BYTES, Fault, draw_scalar, invalid_element, unblinding_scalar
from overlap.keys import RandomBytes
from overlap.protocol import Contract
from overlap.protocol.body import CONFIRM_SIZE, finish_bound, list_tag_size, part_size
from overlap.protocol.buckets import part_bounds
from overlap.protocol.dh import PROTOCOL
from overlap.protocol.steps import Run, begin_run
from overlap.spark import jobs, work
from overlap.spark.bodies import Ascending, Incoming, digest_of
from overlap.spark.session import judging_spark

_AGAIN: Final = "the peer's software is at fault; start a new run"


class SparkRole:
    """One side of one bucket of a run; `listed` has the columns `work.PLACED`, for all buckets."""

    role: ClassVar[str]

    def __init__(self, session: Any, run: Run, listed: str, place: str, random: RandomBytes) -> None:
        self._session, self._run, self._random = session, run, random
        self._listed, self._place = listed, place

    @classmethod
    def begin(
        cls,
        session: Any,
        contract: Contract,
        run: bytes,
        listed: str,
        place: str,
        random: RandomBytes,
        bucket: int = 0,
    ) -> Self:
        """A new run, its 16 bytes `run`. Refused as by `overlap.protocol.role.Role.begin`."""
        begun = begin_run(PROTOCOL, cls.role, contract, run, 0)
        begun.scalar = draw_scalar(random)
        begun.parts["bucket"] = bucket.to_bytes(8, "big")
        made = cls(session, begun, listed, place, random)
        begun.parts["own"] = made._count_own(made._bounds[cls.role == "responder"]).to_bytes(8, "big")
        return made

    @classmethod
    def from_bytes(cls, data: bytes, session: Any, listed: str, place: str, random: RandomBytes) -> Self:
        """The run whose secret state `to_bytes` gave. Raises BadInput."""
        return cls(session, Run.from_bytes(data, PROTOCOL, cls.role), listed, place, random)

    def to_bytes(self) -> bytes:
        """The scalar, the state and the digests of what was taken: to be encrypted and kept, a few KB."""
        return self._run.to_bytes()

    @property
    def state(self) -> str:
        """A state of the table in `overlap.protocol.steps`, or aborted."""
        return self._run.state

    @property
    def hits(self) -> str:
        """The folder with what this side learned: position (long), token (16 bytes), once it is finished."""
        return self._at("hits")

    @property
    def contract(self) -> Contract:
        return self._run.contract

    @property
    def _bounds(self) -> tuple[int, int]:
        """What starter and responder may have in this bucket."""
        return part_bounds(self._run.contract)

    @property
    def submitted(self) -> int:
        """How many of our identifiers are in this bucket."""
        return int.from_bytes(self._run.parts["own"], "big")

    def _count_own(self, bound: int) -> int:
        own = self._identifiers()
        with judging_spark():
            count, different = own.count(), own.select("identifier").distinct().count()
        if count > bound:
            raise Refused(
                f"{count} identifiers are more than the declared size bound of {bound}",
                "agree on a larger size bound, or match fewer populations",
            )
        if different != count:
            raise Refused("identifiers are repeated", "match the distinct identifiers")
        return int(count)

    def _at(self, name: str) -> str:
        return f"{self._place.rstrip('/')}/{name}"

    def _identifiers(self) -> Any:
        """(position, identifier) of the own list that fall into this bucket; positions are of all of it."""
        bucket = int.from_bytes(self._run.parts["bucket"], "big")
        with judging_spark():
            placed = self._session.read.schema(work.PLACED).parquet(self._listed)
        return placed.where(f"bucket = {bucket}").select("position", "identifier")

    def _judge(self, name: str, total: int, secret: Any = None) -> Any:
        """The `total` elements in the pieces `name`, one a row (place, element), multiplied by a secret.

        Raises InvalidElement for the first that is refused by itself.
        """
        from pyspark.sql import functions as f

        pieces = jobs.spread(jobs.read(self._session, self._at(name)), total)
        jobs.write(jobs.mapped(pieces, work.Judge(secret), work.JUDGED), self._at(name + "_judged"))
        judged = jobs.read(self._session, self._at(name + "_judged"))
        with judging_spark():
            fault = judged.where("reason is not null").orderBy("place").select("place", "reason").first()
        if fault is not None:
            raise invalid_element(Fault(int(fault[0]), str(fault[1])), total)
        return judged.select(f.col("place"), f.col("element"))

    def _fill(self, tags: Any, count: int, size: int, name: str) -> None:
        """Keep `tags` and random ones, `count` different ones in all, in their order."""
        jobs.write(tags.select("tag").distinct(), self._at(name + "_own"))
        known = jobs.read(self._session, self._at(name + "_own"))
        with judging_spark():
            missing = count - known.count()
        while missing:
            drawn = self._at(f"{name}_drawn{missing}")
            jobs.write_pieces(self._session, jobs.cut([self._random(missing * size)], size), drawn)
            pieces = jobs.read(self._session, drawn)
            known = known.union(jobs.mapped(pieces, work.Unpack(size), "tag binary")).distinct()
            with judging_spark():
                missing = count - known.count()
        jobs.write(known.orderBy("tag"), self._at(name))

    def _read_tags(self, incoming: Incoming, count: int, size: int, name: str) -> Ascending:
        """Keep the next `count` tags of a body as pieces; says afterwards whether they ascended."""
        tags = Ascending(incoming.take(count * size), size)
        jobs.write_pieces(self._session, tags, self._at(name))
        return tags

    def _tags(self, name: str, size: int) -> Any:
        return jobs.mapped(jobs.read(self._session, self._at(name)), work.Unpack(size), "tag binary")

    def _require_body(self, step: str, incoming: Incoming, ascending: Ascending, what: str) -> None:
        if incoming.size != part_size(self._run.contract, step):
            raise MalformedFile(f"the {step} frame does not have the size that the contract fixes", _AGAIN)
        if not ascending.holds:
            raise MalformedFile(f"the {what} of the {step} frame are repeated or not in order", _AGAIN)


def require_distinct(table: Any, item: str, place: str, total: int) -> None:
    """Return when no item is repeated; else InvalidElement, as `overlap.group.check_distinct`."""
    at = jobs.first_repeated(table, item, place)
    if at is not None:
        raise invalid_element(Fault(at, "repeats an earlier one"), total)


class SparkStarter(SparkRole):
    """The side that sends `start`, learns first, and confirms in `finish`."""

    role = "starter"

    def start(self) -> Iterator[bytes]:
        """The body of `start` in pieces; the same bytes at every call."""
        run = self._run
        if not run.repeats("start", b""):
            self._blind()
            run.advance("start", b"", False, {"start": digest_of(self._start_body())})
        return self._start_body()

    def finish(self, reply: Iterable[bytes]) -> Iterator[bytes]:
        """The body of `finish` in pieces, when `reply` has been read whole; `hits` is there then.

        Raises MalformedFile or InvalidElement, and aborts the run, when the reply is not acceptable.
        """
        run, size, (bound, peer_bound) = self._run, list_tag_size(self._run.contract), self._bounds
        incoming = Incoming(reply)
        elements = jobs.cut(incoming.take(bound * ELEMENT_BYTES), ELEMENT_BYTES)
        jobs.write_pieces(self._session, elements, self._at("answer"))
        tags = self._read_tags(incoming, peer_bound, size, "listed")
        digest = incoming.finish()
        if not run.repeats("reply", digest):
            with run.judging_peer():
                self._require_body("reply", incoming, tags, "tags")
                answers = self._judge("answer", bound)
                require_distinct(answers, "element", "place", bound)
            with jobs.sealed(self._session, unblinding_scalar(run.scalar)) as secret:
                keyed = self._unblind(answers, secret).persist()
                with run.judging_peer():
                    self._require_distinct_keys(keyed)
                self._match(keyed, size, digest)
                keyed.unpersist(blocking=True)
            run.advance("reply", digest, True, {})
        return jobs.items_in_order(jobs.read(self._session, self._at("finish")), "tag", "tag")

    def _blind(self) -> None:
        from pyspark.sql import functions as f

        own, (bound, _) = self.submitted, self._bounds
        number = f.lit(None).cast("long").alias("dummy")
        real = self._identifiers().select("position", "identifier", number)
        none = [f.lit(None).cast(kind).alias(kind) for kind in ("long", "binary")]
        rows = jobs.spread(real.union(self._session.range(bound - own).select(*none, "id")), bound)
        with jobs.sealed(self._session, self._run.scalar + self._random(32)) as secret:
            # Sorted, because the order of the list would tell which element stands for which account.
            blinded = jobs.mapped(rows, work.Blind(secret), work.BLINDED).orderBy("element")
            jobs.write(blinded, self._at("blinded"))

    def _start_body(self) -> Iterator[bytes]:
        blinded = jobs.read(self._session, self._at("blinded"))
        return jobs.items_in_order(blinded, "element", "element")

    def _require_distinct_keys(self, keyed: Any) -> None:
        """As `check_distinct` on the keys of this bucket's identifiers, which it counts by themselves."""
        at = jobs.first_repeated(keyed, "key", "position")
        if at is not None:
            with judging_spark():
                before = int(keyed.where(f"position < {at}").count())
            raise invalid_element(Fault(before, "repeats an earlier one"), self.submitted)

    def _unblind(self, answers: Any, secret: Any) -> Any:
        """(position, identifier, key) of our identifiers; the dummies were judged and stay blinded."""
        blinded = jobs.read_placed(self._session, self._at("blinded"), "place").select("place", "position")
        own = blinded.where("position is not null").join(answers, "place")
        rows = own.join(self._identifiers(), "position").select("position", "identifier", "element")
        return jobs.mapped(jobs.spread(rows, self.submitted), work.Multiply(secret), work.KEYED)

    def _match(self, keyed: Any, size: int, digest: bytes) -> None:
        run, contract = self._run, self._run.contract
        ours = jobs.mapped(keyed, work.Tag(contract.to_bytes(), size), work.TAGGED)
        found = ours.join(self._tags("listed", size), "tag").select("position").join(keyed, "position")
        transcript = canonical.digest(run.run, contract.digest, run.parts["start"], digest)
        confirm = work.Confirm(contract.to_bytes(), transcript)
        found = found.select("position", "identifier", "key")
        jobs.write(jobs.mapped(found, confirm, work.CONFIRMED), self._at("confirmed"))
        confirmed = jobs.read(self._session, self._at("confirmed"))
        jobs.write(confirmed.select("position", "token").orderBy("position"), self.hits)
        tags = confirmed.select(confirmed["confirm"].alias("tag"))
        self._fill(tags, finish_bound(contract), CONFIRM_SIZE, "finish")


class SparkResponder(SparkRole):
    """The side that answers `start` with `reply` and learns from `finish`."""

    role = "responder"

    def reply(self, start: Iterable[bytes]) -> Iterator[bytes]:
        """The body of `reply` in pieces, when `start` has been read whole.

        Raises MalformedFile or InvalidElement, and aborts the run, when the start is not acceptable.
        """
        run, (bound, _) = self._run, self._bounds
        incoming = Incoming(start)
        elements = Ascending(incoming.take(bound * ELEMENT_BYTES), ELEMENT_BYTES)
        jobs.write_pieces(self._session, elements, self._at("offer"))
        digest = incoming.finish()
        if not run.repeats("start", digest):
            with run.judging_peer():
                self._require_body("start", incoming, elements, "elements")
            with jobs.sealed(self._session, run.scalar) as secret:
                with run.judging_peer():
                    again = self._judge("offer", bound, secret)
                    require_distinct(again, "element", "place", bound)
                self._evaluate(secret, digest)
            # Confirm tags and tokens are all that `finish` needs, so the scalar ends here.
            run.advance("start", digest, True, {})
        return self._reply_body()

    def finish(self, finish: Iterable[bytes]) -> int:
        """How many matches the peer confirmed; they are in `hits`.

        Raises MalformedFile, and aborts the run, when the finish is not acceptable.
        """
        run = self._run
        incoming = Incoming(finish)
        tags = self._read_tags(incoming, finish_bound(run.contract), CONFIRM_SIZE, "heard")
        digest = incoming.finish()
        if not run.repeats("finish", digest):
            with run.judging_peer():
                self._require_body("finish", incoming, tags, "tags")
            own = jobs.read(self._session, self._at("own"))
            found = own.join(self._tags("heard", CONFIRM_SIZE).withColumnRenamed("tag", "confirm"), "confirm")
            jobs.write(found.select("position", "token").orderBy("position"), self.hits)
            run.advance("finish", digest, True, {})
        with judging_spark():
            return int(jobs.read(self._session, self.hits).count())

    def _evaluate(self, secret: Any, start: bytes) -> None:
        run, contract = self._run, self._run.contract
        size, (_, bound) = list_tag_size(contract), self._bounds
        rows = jobs.spread(self._identifiers(), self.submitted)
        keyed = jobs.mapped(rows, work.Evaluate(secret), work.KEYED).persist()
        tags = jobs.mapped(keyed, work.Tag(contract.to_bytes(), size), work.TAGGED)
        self._fill(tags, bound, size, "tags")
        reply = digest_of(self._reply_body())
        transcript = canonical.digest(run.run, contract.digest, start, reply)
        confirm = work.Confirm(contract.to_bytes(), transcript)
        jobs.write(jobs.mapped(keyed, confirm, work.CONFIRMED), self._at("own"))
        keyed.unpersist(blocking=True)

    def _reply_body(self) -> Iterator[bytes]:
        again = jobs.read(self._session, self._at("offer_judged"))
        tags = jobs.read(self._session, self._at("tags"))
        elements = jobs.items_in_order(again, "element", "place")
        return chain(elements, jobs.items_in_order(tags, "tag", "tag"))
