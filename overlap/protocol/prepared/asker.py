"""The side that asks: the tags of the prepared list as received, and K of each identifier asked about.

An identifier is asked about once: its K tells for every version, also a later one, whether it is in the list.
So a later run blinds only what is new. K of an identifier that left the own list is forgotten with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NoReturn

import numpy as np

from overlap import canonical
from overlap.errors import BadInput, MalformedFile, Refused
from overlap.protocol.columns import Pieces, find_pieces, read_pieces
from overlap.protocol.identifier import prefixed, split_prefixed
from overlap.protocol.prepared.holder import check_list, merge, tags_of
from overlap.protocol.prepared.layout import read_preparation, read_update, state_after
from overlap.protocol.prepared.rows import Places, Rows, no_places, no_rows
from overlap.protocol.prepared.terms import NO_PLACE, Preparation

ASKER_LINE: Final = b"overlap-prepared-asker/1\n"


class Asker:
    """What one side holds of the peer's prepared list.

    `to_bytes` is secret: whoever keeps it encrypts it. `tags` are random bytes to whoever has no K, and are
    kept beside it as they are. Both are written after every call that changes them, and destroyed with the
    agreement's end.
    """

    def __init__(
        self, terms: Preparation, state: bytes, version: int, tags: bytes | memoryview | None, rows: Rows
    ) -> None:
        self.terms, self.state, self.version, self.rows = terms, state, version, rows
        self._tags = tags
        self._digest = b"" if tags is None else hashlib.sha256(tags).digest()

    @property
    def tags(self) -> bytes | memoryview:
        """All tags received, joined; Refused when this was read without them."""
        if self._tags is None:
            raise Refused("the tags of the prepared list were not read", "report this as a bug")
        return self._tags

    @staticmethod
    def take_preparation(terms: Preparation, body: bytes) -> Asker:
        """The list that the peer prepared.

        Raises ContractMismatch with the field's name when it is not for `terms`, MalformedFile when it is
        not acceptable.
        """
        tags = read_preparation(terms, body)
        return Asker(terms, state_after(b"", body), 0, tags, no_rows())

    def take_update(self, body: bytes) -> None:
        """Take in an update of the list. A run that is open cannot be finished any more.

        Raises Refused when no update is left, WrongRun when this one follows another state, MalformedFile
        when it is not acceptable; then nothing has changed.
        """
        if self.version >= self.terms.updates:
            raise Refused("the peer has made all updates that were agreed", "ask for a new preparation")
        tags = read_update(self.terms, self.state, body)
        self._tags = b"".join((self.tags, tags))
        self._digest = hashlib.sha256(self._tags).digest()
        self.version, self.state = self.version + 1, state_after(self.state, body)
        pairs = self.rows.pairs(np.arange(len(self.rows)))
        places = self._follow(pairs, self.rows.places, self.version)
        self.rows = Rows(self.rows.text, self.rows.ends, self.rows.keys, places)

    def queries(self, identifiers: Sequence[bytes]) -> int:
        """How many elements a run over these identifiers has: few when few of them are new, else the bound.

        Raises Refused when the identifiers are repeated or more than declared.
        """
        check_list(identifiers, self.terms.starter_bound)
        few = len(self.new(identifiers)) <= self.terms.queries
        return self.terms.queries if few else self.terms.starter_bound

    def new(self, identifiers: Sequence[bytes]) -> list[int]:
        """The positions of those that were never asked about, or were forgotten since."""
        known = set(self.rows.identifiers())
        return [at for at, identifier in enumerate(identifiers) if identifier not in known]

    def learn(self, identifiers: Sequence[bytes], new: Sequence[int], keys: Sequence[bytes]) -> Rows:
        """The rows of `identifiers`, of which `new` have these K; to be kept in place of `rows`."""
        added = [identifiers[at] for at in new]
        pairs = list(zip(added, keys, strict=True))
        places = no_places(len(new))
        for version in range(self.version + 1):
            places = self._follow(pairs, places, version)
        before = {identifier: at for at, identifier in enumerate(self.rows.identifiers())}
        return merge(identifiers, self.rows, before, added, b"".join(keys), places.astype(np.int64))

    def _follow(self, pairs: Sequence[tuple[bytes, bytes]], places: Places, version: int) -> Places:
        """The places after `version`: who has a tag there enters the list, or leaves it."""
        span = self.terms.tags_of(version)
        found, at = find_pieces(tags_of(self.terms, version, pairs), self._tags_at(span))
        entered = np.where(places == NO_PLACE, (at + span.start).astype(np.uint32), np.uint32(NO_PLACE))
        return np.where(found, entered, places)

    def _tags_at(self, span: range) -> Pieces:
        size = self.terms.tag_size
        return read_pieces(memoryview(self.tags)[span.start * size : span.stop * size], size)

    def to_bytes(self) -> bytes:
        """Everything but the tags, of which it holds the digest."""
        body = {
            "state": self.state.hex(),
            "version": self.version,
            "tags": self._digest.hex(),
        }
        head = prefixed(self.terms.to_bytes()) + prefixed(canonical.encode(body))
        return ASKER_LINE + head + self.rows.to_bytes(self.state)

    @staticmethod
    def from_bytes(data: bytes, tags: bytes | memoryview | None) -> Asker:
        """The inverse of `to_bytes`, with the tags, which may be a file mapped into memory.

        Without them a run can be started and no more. Raises BadInput for anything else.
        """
        try:
            if not data.startswith(ASKER_LINE):
                raise ValueError("not a list of the peer")
            head, rest = split_prefixed(data[len(ASKER_LINE) :])
            text, rows = split_prefixed(rest)
            terms, body = Preparation.from_bytes(head), canonical.decode(text, "the peer's prepared list")
            state = bytes.fromhex(body["state"])
            asker = Asker(terms, state, body["version"], tags, Rows.from_bytes(rows, state))
            if tags is None:
                asker._digest = bytes.fromhex(body["tags"])
            elif asker._digest.hex() != body["tags"]:
                raise ValueError("other tags")
            return asker
        except (MalformedFile, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                "this is not what we hold of a prepared list", "restore it, or ask for it again"
            ) from error

    def __repr__(self) -> str:
        return f"Asker(version={self.version})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("what is known of a prepared list is not pickled")
