"""A complete run between two new parties in one process: keys, contract, sealed frames, nothing left out."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from overlap.engine import Engine
from overlap.identity import KIND, MOST, NO_VETO, NORMALISER, data_digest, normaliser_digest
from overlap.keys import Card, PartyKeys, RandomBytes
from overlap.protocol import (
    DEFAULT,
    FORMAT,
    SUITE,
    Amounts,
    Contract,
    Counting,
    Header,
    Passage,
    Side,
    answer_header,
    bucket_count,
    check_header,
    protocol_of,
    read_contract,
    read_frame,
    role_of,
    size_limit,
    start_header,
    write_frame,
)
from overlap.protocol.room_counts import CellCounts

#: From contract, role and run to the passage of that side, or what works as one.
PassageOf = Callable[[Contract, str, bytes], Any]


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
    amounts: tuple[Amounts, Sequence[int]] | None = None,
    passage: PassageOf | None = None,
) -> Exchange:
    """A complete run of `level` between two new parties over encoded identifiers; the left one starts.

    `protocol` is one for this level, or empty for the level's default. `amounts` are for level `sum`: what is
    summed, and a whole number for each identifier of the right side. `passage` makes the passage of a side of
    a contract; None makes those of this process, by `engine`.
    """
    keys = [PartyKeys.generate(name, random) for name in ("left", "right")]
    sides = (keys[0].card, len(left)), (keys[1].card, len(right))
    terms, values = amounts or (None, ())
    contract = make_contract(level, kinds, *sides, most, veto, protocol, terms)
    run = random(16)
    make = passage or (lambda contract, role, run: Passage(contract, role, run, engine, random))
    passages = [make(contract, role, run) for role in ("starter", "responder")]
    passages[0].begin(left)
    passages[1].begin(right, values=values)
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
    amounts: Amounts | None = None,
) -> Contract:
    """The contract of such a run: no agreement, no claims, bounds as large as the lists.

    The bounds hide nothing here, because nobody is there to hide it from; dummies would only cost time.
    """
    ours, theirs = (
        Side(card.party, card.digest.hex(), ("all",), bound, "", 0) for card, bound in (starter, responder)
    )
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
        starter=ours,
        responder=theirs,
        amounts=amounts,
    )


def count_in_room(
    left: tuple[Sequence[bytes], Sequence[str]],
    right: tuple[Sequence[bytes], Sequence[str]],
    minimum: int,
    epsilon: Fraction,
    kinds: Sequence[str],
    engine: Engine,
    random: RandomBytes = secrets.token_bytes,
) -> CellCounts:
    """A complete run of counts through a third party, without frames; the left side starts.

    A side is its encoded identifiers and the population of each. Populations are named in the contract in
    alphabetical order, and their bounds are as large as they are.
    """
    cards = [PartyKeys.generate(name, random).card for name in ("left", "right", "room")]
    names = [sorted(set(populations)) for _, populations in (left, right)]
    ours, theirs = (
        tuple(populations.count(name) for name in named)
        for named, (_, populations) in zip(names, (left, right), strict=True)
    )
    sizes = (cards[0], len(left[0])), (cards[1], len(right[0]))
    plain = make_contract("counts", kinds, *sizes, protocol="dh-count-room/1")
    contract = replace(
        plain,
        starter=replace(plain.starter, populations=tuple(names[0])),
        responder=replace(plain.responder, populations=tuple(names[1])),
        counting=Counting(
            cards[2].digest.hex(), ours, theirs, minimum, epsilon.numerator, epsilon.denominator
        ),
    )
    run = random(16)
    starter, responder = (
        role_of(contract, role).begin(
            contract, run, identifiers, engine, random, list(map(named.index, populations))
        )
        for role, named, (identifiers, populations) in zip(
            ("starter", "responder"), names, (left, right), strict=True
        )
    )
    room = role_of(contract, "room").begin(contract, run, engine, random)
    reply = responder.reply(starter.start())
    room.take(responder.room_list())
    result, told = room.result(starter.reply(reply))
    if not told == starter.finish(result) == responder.finish(result):
        raise AssertionError("the sides have learned different numbers")
    counts: CellCounts = told
    return counts
