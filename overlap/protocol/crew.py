"""All buckets of one side of a run, shared out to seats: this process, and others where roles allow it.

A bucket stays at one seat. With several seats all are at work at once, and a bucket's part of a message is
read when a seat has room for it; answers come in the order of the buckets. With states, the state of a bucket
is durable before its answer is handed out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final, Protocol

from overlap.engine import Engine
from overlap.errors import OverlapError, Refused
from overlap.keys import RandomBytes
from overlap.protocol.catalogue import role_of
from overlap.protocol.columns import Pieces
from overlap.protocol.contract import Contract
from overlap.protocol.seat import PROGRAM, Done, RemoteSeat, Seat
from overlap.protocol.vole.aes import SEED_BYTES, stream

#: Buckets that stay in memory although their states are kept, some 80 MB each, where roles keep digests only.
_LIVE: Final = 16


class States(Protocol):
    """Where the secret states of the buckets are kept, encrypted and durable."""

    def load(self, bucket: int) -> bytes:
        """The state of a bucket that was saved last."""

    def save(self, bucket: int, state: bytes) -> None:
        """Keep the state of a bucket; it is on disk when this returns."""


class Crew:
    """The seats of one side of a run; arguments as in `Passage`."""

    def __init__(
        self,
        contract: Contract,
        role: str,
        run: bytes,
        engine: Engine,
        random: RandomBytes,
        states: States | None = None,
        prepared: Any = None,
    ) -> None:
        by_digests = role_of(contract, role).by_digests
        self._states = states
        staff = engine.staff(PROGRAM)[: contract.buckets - 1] if by_digests else []
        # What a thread draws must not come from a source that is not made for several.
        own = stream(random(SEED_BYTES)) if staff else random
        self._seats: list[Any] = [Seat(contract, role, run, engine, own, prepared)]
        self._seats += [RemoteSeat(worker, contract, role, run, random(SEED_BYTES)) for worker in staff]
        self._threads = [ThreadPoolExecutor(1, "overlap-seat") for _ in staff and self._seats]
        self._keeps_all = states is None or (by_digests and contract.buckets <= _LIVE)
        self._held: set[int] = set()
        self._ahead: list[Future[None]] = []

    def begin(self, bucket: int, *given: Any) -> None:
        """A new bucket: arguments as in `Seat.begin`, which this process alone can do."""
        self._seats[0].begin(bucket, *given)
        self._settle(bucket, self._seats[0].state(bucket) if self._states is not None else b"")

    def digest_lists(self, lists: Iterable[list[bytes]]) -> Iterator[Pieces]:
        """`Role.digest_list` of each, in order. Other processes do it, where there are some, while this one
        makes the next list."""
        if not self._threads:
            yield from map(self._seats[0].digest_list, lists)
            return
        beside = list(zip(self._threads, self._seats, strict=True))[1:]
        waiting: deque[Future[Pieces]] = deque()
        with _dropping(waiting):
            for number, listed in enumerate(lists):
                thread, seat = beside[number % len(beside)]
                waiting.append(thread.submit(seat.digest_list, listed))
                if len(waiting) == 2 * len(beside):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def begin_digested(self, buckets: Iterable[tuple[Pieces, bytes]]) -> None:
        """All buckets, in order: digests of identifiers, and their places in the whole list."""

        def begin(bucket: int, digests: Any, places: bytes) -> bytes:
            seat = self._seat(bucket)
            seat.begin_digested(bucket, digests, places)
            return seat.state(bucket) if self._states is not None else b""

        for bucket, state in self._each(begin, buckets):
            self._settle(bucket, state)

    def take(self, message: str, parts: Iterable[bytes]) -> Generator[Done]:
        """What each bucket makes of its part of a message, in order; each raises where it was refused."""
        for future in self._ahead:
            future.result()
        self._ahead.clear()

        def take(bucket: int, part: bytes) -> Done:
            seat = self._seat(bucket)
            if bucket not in self._held:
                seat.restore(bucket, self._load(bucket))
            done: Done = seat.take(bucket, message, part, self._states is not None)
            return done

        for bucket, done in self._each(take, ((part,) for part in parts)):
            self._settle(bucket, done.state)
            yield done

    def work_ahead(self) -> None:
        """Have all buckets in memory do what needs no further message; with several seats, meanwhile."""
        for bucket in sorted(self._held):
            work = self._seat(bucket).work_ahead
            if self._threads:
                self._ahead.append(self._submit(bucket, work))
            else:
                work(bucket)

    def leave(self) -> None:
        """Forget all buckets: the run is over. A process that is gone has forgotten its own."""
        held, self._held = sorted(self._held), set()
        if not self._threads:
            for bucket in held:
                self._seat(bucket).leave(bucket)
            return
        # Behind what seats are still at, which nobody waits for when the run was refused.
        leaving = [self._submit(bucket, self._seat(bucket).leave) for bucket in held]
        for future in leaving:
            with suppress(OverlapError):
                future.result()

    def _each(
        self, work: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Each bucket, in order, with what `work` gives for it; two buckets a seat are under way at most."""
        if not self._threads:
            for bucket, given in enumerate(arguments):
                yield bucket, work(bucket, *given)
            return
        waiting: deque[Future[Any]] = deque()
        broken: OverlapError | None = None
        source, done = iter(arguments), 0
        with _dropping(waiting):
            for bucket in count():
                try:
                    given = next(source)
                except StopIteration:
                    break
                except OverlapError as error:
                    # Buckets before this one come first, as they do where one process does all.
                    broken = error
                    break
                waiting.append(self._submit(bucket, work, *given))
                if len(waiting) == 2 * len(self._seats):
                    yield done, waiting.popleft().result()
                    done += 1
            while waiting:
                yield done, waiting.popleft().result()
                done += 1
        if broken:
            raise broken

    def _seat(self, bucket: int) -> Any:
        return self._seats[bucket % len(self._seats)]

    def _submit(self, bucket: int, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """Have the thread of the bucket's seat do `work`, behind what it is at."""
        return self._threads[bucket % len(self._threads)].submit(work, bucket, *given)

    def _load(self, bucket: int) -> bytes:
        if self._states is None:
            raise Refused("this run is over and nothing of it is kept", "start a new run")
        return self._states.load(bucket)

    def _settle(self, bucket: int, state: bytes) -> None:
        """Keep a bucket's new state, and forget the bucket when the state is enough."""
        self._held.add(bucket)
        if self._states is not None:
            self._states.save(bucket, state)
        if not self._keeps_all:
            self._held.discard(bucket)
            if self._threads:
                # Behind what the seat is at; waiting for it here would leave the other seats idle.
                self._submit(bucket, self._seat(bucket).leave)
            else:
                self._seat(bucket).leave(bucket)


@contextmanager
def _dropping(waiting: Iterable[Future[Any]]) -> Iterator[None]:
    """Drop what has not begun when the block ends early: nobody listens, and processes may be gone."""
    try:
        yield
    finally:
        for future in waiting:
            future.cancel()
