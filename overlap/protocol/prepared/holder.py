"""The side that prepares its list: one OPRF key for the life of an agreement, and what it has answered.

The key b is the secret of the whole agreement: it answers every run, up to the agreed number of runs and
elements, and it makes the tags of the list and of its updates:

    version 0      T(0, y, K_y) for each y of the list, filled up to the bound, sorted
    version v      T(v, y, K_y) for each y that entered or left since version v - 1, filled up, sorted

So y is in the list when its tags stand in an odd number of versions. Who has no K_y sees random bytes of a
fixed number: neither how many entered or left, nor whether one that left comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt

from overlap import canonical
from overlap.engine import Engine
from overlap.errors import BadInput, MalformedFile, Refused, WrongRun
from overlap.group import draw_scalar
from overlap.keys import RandomBytes
from overlap.protocol.blind import evaluate
from overlap.protocol.columns import Pieces, fill_up, find_pieces, read_pieces
from overlap.protocol.identifier import prefixed, split_prefixed
from overlap.protocol.prepared.layout import state_after, write_preparation, write_update
from overlap.protocol.prepared.rows import Rows
from overlap.protocol.prepared.terms import Preparation
from overlap.protocol.tags import make_prepared_tags

HOLDER_LINE: Final = b"overlap-prepared-holder/1\n"
_AGAIN: Final = "prepare the list again, with a new key"


class Holder:
    """A prepared list and its key. Secret as a whole.

    Whoever keeps it encrypts `to_bytes` and `rows_bytes`, writes both after `prepare` and `update` and the
    first after every reply, before anything is sent, and destroys them with the agreement's end.
    """

    def __init__(self, terms: Preparation, key: bytes, state: bytes, version: int, rows: Rows | None) -> None:
        self.terms, self.state, self.version = terms, state, version
        self._key, self._rows = key, rows
        #: Runs answered: SHA-256 (hex) of the start, and how many elements it had.
        self._answered: dict[str, tuple[str, int]] = {}

    @staticmethod
    def prepare(
        terms: Preparation, identifiers: Sequence[bytes], engine: Engine, random: RandomBytes
    ) -> tuple[Holder, bytes]:
        """A new key, and the body of the preparation of these identifiers, to be sent to the starter.

        Raises Refused when the identifiers are repeated or more than declared.
        """
        check_list(identifiers, terms.responder_bound)
        key = draw_scalar(random)
        keys = evaluate(identifiers, key, engine)
        own = tags_of(terms, 0, list(zip(identifiers, keys, strict=True)))
        tags = fill_up(own, terms.responder_bound, random)
        rows = Rows.of(identifiers, b"".join(keys), find_pieces(own, tags)[1].astype(np.uint32))
        body = write_preparation(terms, tags)
        return Holder(terms, key, state_after(b"", body), 0, rows), body

    @property
    def key(self) -> bytes:
        """The scalar b."""
        return self._key

    @property
    def rows(self) -> Rows:
        """The list; Refused when this was read without it."""
        if self._rows is None:
            raise Refused("the prepared list was not read", "report this as a bug")
        return self._rows

    def update(self, identifiers: Sequence[bytes], engine: Engine, random: RandomBytes) -> bytes:
        """The body of the update that makes these identifiers the list, in this order.

        Runs that are open are over the list before it and cannot be finished any more. Raises Refused when
        the identifiers are repeated or more than declared, more of them entered or left than an update has
        room for, or no update is left; then nothing has changed.
        """
        terms, rows = self.terms, self.rows
        check_list(identifiers, terms.responder_bound)
        before = {identifier: at for at, identifier in enumerate(rows.identifiers())}
        after = set(identifiers)
        gone = [at for identifier, at in before.items() if identifier not in after]
        new = [identifier for identifier in identifiers if identifier not in before]
        if self.version >= terms.updates:
            raise Refused(f"all {terms.updates} updates of this list were made", _AGAIN)
        if len(gone) + len(new) > terms.changes:
            raise Refused(
                f"{len(gone) + len(new)} identifiers entered or left, more than the {terms.changes} agreed",
                "make several updates, or prepare the list again",
            )
        keys = evaluate(new, self._key, engine)
        version = self.version + 1
        changed = [*zip(new, keys, strict=True), *rows.pairs(np.array(gone, np.int64))]
        own = tags_of(terms, version, changed)
        tags = fill_up(own, terms.changes, random)
        body = write_update(self.state, tags)
        places = find_pieces(own[: len(new)], tags)[1] + terms.tags_of(version).start
        self._rows = merge(identifiers, rows, before, new, b"".join(keys), places)
        self.state, self.version = state_after(self.state, body), version
        return body

    def charge(self, run: bytes, start: str, elements: int) -> None:
        """Count the answer to a start (its SHA-256, hex) of so many elements, before it is made.

        The same start under the same run is counted once. Raises WrongRun for another one, Refused when what
        was agreed is used up.
        """
        before = self._answered.get(run.hex())
        if before == (start, elements):
            return
        if before is not None:
            raise WrongRun("a second, different start came for this run", "start a new run")
        spent = sum(count for _, count in self._answered.values())
        if len(self._answered) >= self.terms.runs or spent + elements > self.terms.evaluations:
            raise Refused("the runs or elements agreed for this prepared list are used up", _AGAIN)
        self._answered[run.hex()] = (start, elements)

    @property
    def left(self) -> tuple[int, int, int]:
        """How many runs, elements and updates are left."""
        spent = sum(count for _, count in self._answered.values())
        terms = self.terms
        return (
            terms.runs - len(self._answered),
            terms.evaluations - spent,
            terms.updates - self.version,
        )

    def to_bytes(self) -> bytes:
        """Key, version and what was answered."""
        body = {
            "key": self._key.hex(),
            "state": self.state.hex(),
            "version": self.version,
            "answered": {run: list(answer) for run, answer in self._answered.items()},
        }
        return HOLDER_LINE + prefixed(self.terms.to_bytes()) + canonical.encode(body)

    def rows_bytes(self) -> bytes:
        """The list with its K: some 90 bytes an identifier."""
        return self.rows.to_bytes(self.state)

    @staticmethod
    def from_bytes(data: bytes, rows: bytes | None) -> Holder:
        """The inverse of `to_bytes` and `rows_bytes`; without rows it can do nothing but reply.

        Raises BadInput for anything else, also for rows of another version.
        """
        try:
            terms, body = _read(data)
            state = bytes.fromhex(body["state"])
            known = None if rows is None else Rows.from_bytes(rows, state)
            holder = Holder(terms, bytes.fromhex(body["key"]), state, body["version"], known)
            holder._answered = {run: (start, count) for run, (start, count) in body["answered"].items()}
        except (MalformedFile, KeyError, TypeError, ValueError) as error:
            raise BadInput("this is not a prepared list", "restore it, or prepare the list again") from error
        return holder

    def __repr__(self) -> str:
        return f"Holder(version={self.version})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the key of a prepared list is not pickled")


def check_list(identifiers: Sequence[bytes], bound: int) -> None:
    """Return when the identifiers are distinct and at most `bound`; else Refused."""
    if len(identifiers) > bound:
        raise Refused(
            f"{len(identifiers)} identifiers are more than the declared size bound of {bound}",
            "agree on a larger size bound, or match fewer populations",
        )
    if len(set(identifiers)) != len(identifiers):
        raise Refused("identifiers are repeated", "match the distinct identifiers")


def tags_of(terms: Preparation, version: int, pairs: Sequence[tuple[bytes, bytes]]) -> Pieces:
    """T(version, identifier, K) of each pair, in order."""
    size = terms.tag_size
    return read_pieces(b"".join(make_prepared_tags(terms.suite, terms.digest, version, size, pairs)), size)


def merge(
    identifiers: Sequence[bytes],
    rows: Rows,
    before: dict[bytes, int],
    new: Sequence[bytes],
    keys: bytes,
    places: npt.NDArray[np.int64],
) -> Rows:
    """The rows of `identifiers`: those of `rows`, where `before` says which, and the `new` ones."""
    at = before | {identifier: len(rows) + index for index, identifier in enumerate(new)}
    every = np.concatenate([rows.places, places.astype(np.uint32)])
    joined = Rows(b"", np.zeros(0, np.int64), b"".join((rows.keys, keys)), every)
    order = np.fromiter((at[identifier] for identifier in identifiers), np.int64, len(identifiers))
    return Rows.of(identifiers, *joined.select(order))


def _read(data: bytes) -> tuple[Preparation, dict[str, Any]]:
    if not data.startswith(HOLDER_LINE):
        raise ValueError("not a prepared list")
    terms, body = split_prefixed(data[len(HOLDER_LINE) :])
    return Preparation.from_bytes(terms), canonical.decode(body, "the prepared list")
