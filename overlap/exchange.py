"""A complete run between two new parties in one process: keys, contract, sealed frames, nothing left out."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from overlap.engine import Engine
from overlap.identity import KIND, MOST, NO_VETO, NORMALISER, data_digest, normaliser_digest
from overlap.keys import Card, PartyKeys, RandomBytes
from overlap.protocol import (
    DEFAULT,
    FORMAT,
    SUITE,
    Contract,
    Header,
    Passage,
    Side,
    answer_header,
    bucket_count,
    check_header,
    protocol_of,
    read_contract,
    read_frame,
    size_limit,
    start_header,
    write_frame,
)


@dataclass(frozen=True)
class Exchange:
    """What each side learned, and the bytes of each frame."""

    starter: Any
    responder: Any
    frames: tuple[int, ...]


def exchange(
    left: Sequence[bytes],
    right: Sequence[bytes],
    level: str,
    kinds: Sequence[str],
    engine: Engine,
    random: RandomBytes = secrets.token_bytes,
    most: int = MOST,
    veto: str = NO_VETO,
    protocol: str = "",
) -> Exchange:
    """A complete run of `level` between two new parties over encoded identifiers; the left one starts.

    `protocol` is one for this level, or empty for the level's default.
    """
    keys = [PartyKeys.generate(name, random) for name in ("left", "right")]
    sides = (keys[0].card, len(left)), (keys[1].card, len(right))
    contract = make_contract(level, kinds, *sides, most, veto, protocol)
    run = random(16)
    passages = [Passage(contract, role, run, engine, random) for role in ("starter", "responder")]
    for passage, identifiers in zip(passages, (left, right), strict=True):
        passage.begin(identifiers)
    sizes: list[int] = []
    header, pieces = start_header(contract, run, "", 0), passages[0].take("start")
    sent: tuple[Header, str] | None = None
    for at, message in enumerate(protocol_of(contract).messages):
        if sent:
            header = answer_header(contract, header, sent[1], "", 0)
        frame, answers = io.BytesIO(), sent
        write_frame(header, pieces, keys[at % 2], keys[1 - at % 2].card, random, frame)
        sizes.append(len(frame.getbuffer()))
        sent = header, hashlib.sha256(frame.getbuffer()).hexdigest()
        header, body = read_frame(frame, keys[1 - at % 2], keys[at % 2].card, size_limit(contract))
        if message == "start":
            contract.require_equal(read_contract(body))
        check_header(header, contract, message, answers)
        pieces = passages[1 - at % 2].take(message, body)
    for _ in pieces:
        raise AssertionError("the last message has no answer")
    return Exchange(passages[0].learned(), passages[1].learned(), tuple(sizes))


def make_contract(
    level: str,
    kinds: Sequence[str],
    starter: tuple[Card, int],
    responder: tuple[Card, int],
    most: int = MOST,
    veto: str = NO_VETO,
    protocol: str = "",
) -> Contract:
    """The contract of such a run: no agreement, no claims, bounds as large as the lists.

    The bounds hide nothing here, because nobody is there to hide it from; dummies would only cost time.
    """
    sides = [
        Side(card.party, card.digest.hex(), ("all",), bound, "", 0) for card, bound in (starter, responder)
    ]
    agreement = hashlib.sha256(b"simulated").hexdigest()
    name = protocol or DEFAULT[level]
    return Contract(
        FORMAT,
        SUITE,
        name,
        level,
        tuple(kinds),
        tuple(KIND[kind].wrong for kind in kinds),
        most,
        veto,
        NORMALISER,
        normaliser_digest(),
        data_digest(),
        agreement,
        bucket_count(name, starter[1], responder[1]),
        starter=sides[0],
        responder=sides[1],
    )
