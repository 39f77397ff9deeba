"""Random audit of a committed list: are its leaves accounts, or guesses?

    V draws a nonce and commits to it before the epoch:  SHA-256("fhc1-audit" || nonce)
    P commits the epoch and has it witnessed
    seed  = SHA-256(nonce || checkpoint)                 neither side could choose it
    index = SHAKE-256("fhc1-draw" || seed || epoch), 8 bytes a draw, uniform below N by rejection
    P opens the leaves drawn: a dummy as a dummy, any other with its evidence digest

A leaf that is not opened counts as failed. Bounds are over the draws that are no dummies, because who guesses
would call the padding genuine. All draws are with repetition, so their number may exceed the leaves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cleanroom import merkle
from cleanroom.attribution.claims.bundle import PATH_LIMIT
from cleanroom.attribution.claims.chance import lower_bound
from cleanroom.attribution.claims.claim import DAY, RELATION, SLOT_OF_KIND, Key
from cleanroom.attribution.claims.commitment import Commitment, Opening, read_count, read_digest
from cleanroom.attribution.claims.history import read_head
from cleanroom.attribution.claims.leaf import DUMMY, META_SLOT, dummy_slot, key_slot, leaf_of, meta_slot
from cleanroom.log import Note
from overlap import canonical
from overlap.errors import MalformedFile, UsageError

__all__ = [
    "ANSWER_LIMIT",
    "DRAW_LIMIT",
    "AuditResult",
    "Draw",
    "answer_draw",
    "audit_commitment",
    "check_answer",
    "drawn_indexes",
]

DRAW_LINE: Final = b"overlap-claims-draw/1\n"
ANSWER_LINE: Final = b"overlap-claims-answer/1\n"
DRAW_LIMIT: Final = 64 * 1024
#: Bytes of an answer; a leaf takes about 2 KiB.
ANSWER_LIMIT: Final = 64 * 1024 * 1024
DRAWS_LIMIT: Final = 10_000

#: What an opened leaf is; `failed` is also one that was not opened.
VERDICTS: Final = ("opened", "dummy", "failed")
_HINT: Final = "ask for the file made by 'overlap claims audit'"
_RELATION_OR_NONE = re.compile(f"(?:{RELATION.pattern})?")
_DAY_OR_NONE = re.compile(f"(?:{DAY.pattern})?")


@dataclass(frozen=True, slots=True)
class Draw:
    """Which epoch is audited by which nonce (32 bytes), under which checkpoint's text, how many leaves."""

    epoch: int
    nonce: bytes
    checkpoint: str
    draws: int

    @property
    def seed(self) -> bytes:
        """What decides the leaves: the nonce was fixed before the checkpoint, the checkpoint before the nonce
        was shown."""
        return hashlib.sha256(self.nonce + self.checkpoint.encode()).digest()

    def to_bytes(self) -> bytes:
        fields = {
            "epoch": self.epoch,
            "nonce": self.nonce.hex(),
            "checkpoint": self.checkpoint,
            "draws": self.draws,
        }
        return DRAW_LINE + canonical.encode(fields) + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> Draw:
        """The draw in a file; MalformedFile for anything but the one form."""
        if len(data) > DRAW_LIMIT or not data.startswith(DRAW_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a draw of an audit of version 1", _HINT)
        value = canonical.decode(data[len(DRAW_LINE) : -1], "the draw")
        try:
            if set(value) != {"epoch", "nonce", "checkpoint", "draws"}:
                raise ValueError("unknown or missing field")
            read_head(Note(value["checkpoint"], ()))
            draw = Draw(
                read_count(value["epoch"]),
                read_digest(value["nonce"]),
                value["checkpoint"],
                read_count(value["draws"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedFile("a field of the draw is not what it should be", _HINT) from error
        if not 0 < draw.draws <= DRAWS_LIMIT or draw.to_bytes() != data:
            raise MalformedFile("the draw is not in its one form", _HINT)
        return draw


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How many of the draws were opened with evidence, were dummies, or failed; each draw has a verdict.

    `genuine` is the share of non-dummy leaves that is genuine at least, with 95 % confidence, in [0, 1].
    """

    verdicts: tuple[str, ...]
    opened: int
    dummy: int
    failed: int
    genuine: float


def audit_commitment(nonce: bytes) -> bytes:
    """What the auditor commits to before the epoch."""
    return hashlib.sha256(b"fhc1-audit" + nonce).digest()


def drawn_indexes(draw: Draw, leaves: int) -> list[int]:
    """The indexes of the leaves that are opened, in the order of the draws, repeats included."""
    stream = hashlib.shake_256(b"fhc1-draw" + draw.seed + draw.epoch.to_bytes(8, "big"))
    # A word is above the last multiple of `leaves` with probability below 2^-40: twice the words are enough.
    words = stream.digest(8 * (2 * draw.draws + 16))
    last = 2**64 - 2**64 % leaves
    numbers = (int.from_bytes(words[at : at + 8], "big") for at in range(0, len(words), 8))
    return [number % leaves for number in numbers if number < last][: draw.draws]


def answer_draw(draw: Draw, opening: Opening) -> bytes:
    """The answer of the audited party: every leaf drawn, opened. UsageError when another epoch is opened."""
    commitment = opening.commitment
    if commitment.epoch != draw.epoch:
        raise UsageError(
            "the opening is of another epoch than the draw", "answer with the epoch that was drawn"
        )
    indexes = sorted(set(drawn_indexes(draw, commitment.leaves)))
    leaves = []
    for index, path in zip(indexes, opening.paths(indexes), strict=True):
        leaf = opening.leaf(index)
        leaves.append(
            {
                "index": index,
                "path": [node.hex() for node in path],
                "salts": [salt.hex() for salt in leaf.salts],
                "keys": list(leaf.row[1:4]),
                "relation": leaf.row[4],
                "since": leaf.row[5],
                "evidence": leaf.row[6],
            }
        )
    return ANSWER_LINE + canonical.encode({"epoch": draw.epoch, "leaves": leaves}) + b"\n"


def check_answer(
    draw: Draw, answer: bytes | None, commitment: Commitment, documents: frozenset[bytes] | None = None
) -> AuditResult:
    """The verdict on every draw; no answer at all means that all failed.

    A leaf that is no dummy is opened when it has an evidence digest and, where `documents` are given, one of
    them has it. Raises MalformedFile when the answer is none.
    """
    opened = {} if answer is None else _read_answer(answer, draw.epoch)
    judged = {
        index: _verdict(index, opened.get(index), commitment, documents)
        for index in drawn_indexes(draw, commitment.leaves)
    }
    verdicts = tuple(judged[index] for index in drawn_indexes(draw, commitment.leaves))
    counts = {name: verdicts.count(name) for name in VERDICTS}
    real = counts["opened"] + counts["failed"]
    bound = lower_bound(counts["opened"], real)
    return AuditResult(verdicts, counts["opened"], counts["dummy"], counts["failed"], bound)


def _verdict(
    index: int, leaf: Mapping[str, Any] | None, commitment: Commitment, documents: frozenset[bytes] | None
) -> str:
    if leaf is None:
        return "failed"
    place = (commitment.origin, commitment.epoch)
    keys, salts = leaf["keys"], leaf["salts"]
    slots = [
        key_slot(key, *place, slot, salts[slot]) if key else dummy_slot(*place, slot, salts[slot])
        for slot, key in enumerate(keys)
    ]
    is_dummy = (*keys, leaf["relation"], leaf["since"], leaf["evidence"].hex()) == DUMMY[1:]
    if is_dummy:
        meta = dummy_slot(*place, META_SLOT, salts[META_SLOT])
    else:
        meta = meta_slot(salts[META_SLOT], leaf["relation"], leaf["since"], leaf["evidence"])
    made = leaf_of(*place, slots, meta)
    if not merkle.verify_inclusion(made, index, commitment.leaves, leaf["path"], commitment.root):
        return "failed"
    if is_dummy:
        return "dummy"
    known = documents is None or leaf["evidence"] in documents
    return "opened" if leaf["evidence"] and known else "failed"


def _read_answer(data: bytes, epoch: int) -> dict[int, Mapping[str, Any]]:
    if len(data) > ANSWER_LIMIT or not data.startswith(ANSWER_LINE) or not data.endswith(b"\n"):
        raise MalformedFile("this is not an answer to an audit of version 1", _HINT)
    value = canonical.decode(data[len(ANSWER_LINE) : -1], "the answer")
    try:
        if set(value) != {"epoch", "leaves"} or value["epoch"] != epoch:
            raise ValueError("another epoch, an unknown or a missing field")
        leaves = {read_count(leaf["index"]): _read_leaf(leaf) for leaf in value["leaves"]}
        if list(leaves) != [leaf["index"] for leaf in value["leaves"]] or list(leaves) != sorted(leaves):
            raise ValueError("leaves are sorted, each once")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedFile("a field of the answer is not what it should be", _HINT) from error
    return leaves


def _read_leaf(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if set(fields) != {"index", "path", "salts", "keys", "relation", "since", "evidence"}:
        raise ValueError("unknown or missing field")
    salts = tuple(read_digest(text) for text in fields["salts"])
    keys = tuple(fields["keys"])
    fitting = (not key or SLOT_OF_KIND.get(Key.of(key).kind) == slot for slot, key in enumerate(keys))
    if len(salts) != META_SLOT + 1 or len(keys) != META_SLOT or not all(fitting):
        raise ValueError("a leaf has four salts and three slots")
    if not _RELATION_OR_NONE.fullmatch(fields["relation"]) or not _DAY_OR_NONE.fullmatch(fields["since"]):
        raise ValueError("a relation is a word, a date a day, or nothing")
    if len(fields["path"]) > PATH_LIMIT:
        raise ValueError("a path that is too long")
    return {
        "path": tuple(read_digest(text) for text in fields["path"]),
        "salts": salts,
        "keys": keys,
        "relation": fields["relation"],
        "since": fields["since"],
        "evidence": read_digest(fields["evidence"]) if fields["evidence"] else b"",
    }
