"""What a modified peer could send around a prepared list, and that no wrong match comes of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from prepared_parties import LIMITS, House, run_contract
from protocol_parties import ENGINE, identifiers, stream

from overlap.errors import (
    BadPeerFile,
    ContractMismatch,
    ForgedFile,
    InvalidElement,
    MalformedFile,
    Refused,
    WrongRun,
)
from overlap.protocol.prepared import Asker, Holder, Preparation, Responder, Starter
from overlap.protocol.tags import make_tags

P = 2**255 - 19
N = 8
BAD_ELEMENTS = {
    "neutral or order two": bytes(32),
    "order four": (1).to_bytes(32, "little"),
    "twist": (2).to_bytes(32, "little"),
    "non-canonical": (P + 9).to_bytes(32, "little"),
    "top bit": (9 + 2**255).to_bytes(32, "little"),
}
NONE = b"\xff" * 20


def new_house() -> House:
    """Both hold 4 to 7; the bound of each list is 8, so finish has room for 8."""
    return House(identifiers(range(4, 12)), N, N)


def played(house: House) -> tuple[Starter, Responder, bytes, bytes, bytes]:
    starter, responder = house.begin(identifiers(range(N)))
    start = starter.start()
    reply = responder.reply(start)
    finish, _ = starter.finish(reply)
    return starter, responder, start, reply, finish


def entries(finish: bytes) -> list[bytes]:
    return [finish[at : at + 20] for at in range(0, len(finish), 20)]


def spoil(defect: str, body: bytes, size: int) -> bytes:
    """`body` of items of `size` bytes with a defect."""
    items = [body[at : at + size] for at in range(0, len(body), size)]
    match defect:
        case "repeated":
            items[1] = items[0]
        case "out of order":
            items[0], items[1] = items[1], items[0]
        case "short":
            items.pop()
        case "long":
            items.append(b"\xff" * size)
        case "cut":
            items[-1] = items[-1][:-1]
        case "empty":
            items = []
    return b"".join(items)


@pytest.mark.parametrize("defect", ["repeated", "out of order", "short", "long", "cut", "empty"])
def test_a_spoilt_preparation_is_refused(defect: str) -> None:
    house = new_house()
    head = len(house.preparation) - N * 10
    with pytest.raises(MalformedFile):
        Asker.take_preparation(
            house.terms, house.preparation[:head] + spoil(defect, house.preparation[head:], 10)
        )


@pytest.mark.parametrize("at", [0, 7, 8, 20])
def test_a_preparation_with_a_damaged_head_is_refused(at: int) -> None:
    house = new_house()
    body = bytearray(house.preparation)
    body[at] ^= 1
    with pytest.raises(MalformedFile):
        Asker.take_preparation(house.terms, bytes(body))


@pytest.mark.parametrize("field", ["changes", "updates", "queries", "runs", "evaluations"])
def test_a_preparation_with_other_limits_is_refused_by_the_field(field: str) -> None:
    house = new_house()
    other = replace(house.terms, **{field: getattr(LIMITS, field) - 1})  # type: ignore[arg-type]
    _, body = Holder.prepare(other, [], ENGINE, stream("other"))
    with pytest.raises(ContractMismatch) as caught:
        Asker.take_preparation(house.terms, body)
    assert caught.value.field == f"prepared.{field}"


@pytest.mark.parametrize(
    "change",
    [
        {"format": "overlap-preparation/2"},
        {"runs": True},
        {"runs": -1},
        {"runs": "6"},
        {"kinds": [1, 2]},
        {"suite": 1},
        {"more": 1},
    ],
)
def test_terms_that_are_not_terms_are_malformed(change: dict[str, object]) -> None:
    from overlap import canonical

    value = canonical.decode(new_house().terms.to_bytes(), "terms") | change
    with pytest.raises(MalformedFile):
        Preparation.from_bytes(canonical.encode(value))


@pytest.mark.parametrize("defect", ["repeated", "out of order", "short", "long", "cut", "empty"])
def test_a_spoilt_update_is_refused_and_changes_nothing(defect: str) -> None:
    house = new_house()
    body = house.holder.update(identifiers(range(5, 12)), ENGINE, stream("u"))
    before = house.asker.to_bytes()
    with pytest.raises(MalformedFile):
        house.asker.take_update(body[:32] + spoil(defect, body[32:], 10))
    assert house.asker.to_bytes() == before
    house.asker.take_update(body)


def test_updates_are_taken_once_and_in_order() -> None:
    house = new_house()
    first, second = (
        house.holder.update(identifiers(range(start, 12)), ENGINE, stream("u")) for start in (5, 6)
    )
    with pytest.raises(WrongRun):
        house.asker.take_update(second)
    house.asker.take_update(first)
    with pytest.raises(WrongRun):
        house.asker.take_update(first)
    house.asker.take_update(second)
    assert house.asker.state == house.holder.state


def test_an_update_of_another_preparation_is_refused() -> None:
    house, other = new_house(), House(identifiers(range(4, 12)), N, N, seed="other")
    with pytest.raises(WrongRun):
        house.asker.take_update(other.holder.update(identifiers(range(5, 12)), ENGINE, stream("u")))


def test_an_update_with_a_flipped_bit_ends_in_another_state() -> None:
    """Random bytes cannot be told from others, but the next run is refused instead of being wrong."""
    house = new_house()
    body = bytearray(house.holder.update(identifiers(range(5, 12)), ENGINE, stream("u")))
    body[-1] ^= 1
    house.asker.take_update(bytes(body))
    contract = run_contract(house.base, house.asker, [])
    with pytest.raises(Refused, match="another version"):
        Responder.begin(contract, bytes(16), [], ENGINE, stream("r")).over(house.holder)


def test_a_stale_version_is_refused_on_both_sides() -> None:
    house = new_house()
    contract = run_contract(house.base, house.asker, [])
    house.update(identifiers(range(5, 12)))
    for begin, prepared in ((Starter.begin, house.asker), (Responder.begin, house.holder)):
        with pytest.raises(Refused, match="another version"):
            begin(contract, bytes(16), [], ENGINE, stream("r")).over(prepared)  # type: ignore[operator]


@pytest.mark.parametrize("defect", ["repeated", "out of order", "short", "long", *BAD_ELEMENTS])
def test_a_spoilt_start_ends_the_run_and_is_counted_where_the_key_worked(defect: str) -> None:
    house = new_house()
    starter, responder = house.begin(identifiers(range(N)))
    start = starter.start()
    if defect in BAD_ELEMENTS:
        items = sorted([*(start[at : at + 32] for at in range(32, len(start), 32)), BAD_ELEMENTS[defect]])
        bad = b"".join(items)
    else:
        bad = spoil(defect, start, 32)
    with pytest.raises(InvalidElement if defect in BAD_ELEMENTS else MalformedFile):
        responder.reply(bad)
    assert responder.state == "aborted"
    assert house.holder.left[0] == LIMITS.runs - (defect in BAD_ELEMENTS)
    with pytest.raises(Refused, match="aborted"):
        responder.reply(start)
    ours, _ = house.match(identifiers(range(N)))
    assert ours.positions == (4, 5, 6, 7)


@pytest.mark.parametrize(
    "defect", ["repeated", "out of order twice", "sum with order two", "short", "long", *BAD_ELEMENTS]
)
def test_a_spoilt_reply_ends_the_run_and_teaches_nothing(defect: str) -> None:
    house = new_house()
    starter, responder = house.begin(identifiers(range(N)))
    reply, before = responder.reply(starter.start()), house.asker.to_bytes()
    if defect == "sum with order two":
        bad = (
            reply[:32] + pow(int.from_bytes(reply[:32], "little"), -1, P).to_bytes(32, "little") + reply[64:]
        )
    elif defect in BAD_ELEMENTS:
        bad = reply[:-32] + BAD_ELEMENTS[defect]
    else:
        bad = spoil(defect, reply, 32)
    if defect == "out of order twice":
        # Another order is as good as other elements: no match comes of it, nothing else is noticed.
        order = list(range(N))
        random.Random(1).shuffle(order)
        _, ours = starter.finish(b"".join(reply[at * 32 : at * 32 + 32] for at in order))
        assert set(ours.positions) <= {4, 5, 6, 7}
        return
    with pytest.raises(BadPeerFile):
        starter.finish(bad)
    assert starter.state == "aborted" and house.asker.to_bytes() == before


def test_a_reply_that_repeats_an_element_of_an_earlier_run_is_refused() -> None:
    house = new_house()
    house.match(identifiers(range(N - 1)))
    starter, responder = house.begin(identifiers(range(N)))
    responder.reply(starter.start())
    # A responder that knows the only new identifier's blinding could answer with K of an old one.
    from overlap.group import multiply

    order = starter._run.parts["order"]
    place = [int.from_bytes(order[at : at + 4], "little") for at in range(0, len(order), 4)].index(0)
    old = house.asker.rows.keys[:32]
    elements = bytearray(responder.reply(starter.start()))
    elements[place * 32 : place * 32 + 32] = multiply(starter._run.scalar, old)
    # One multiplication by a clamped scalar more than an honest element, so unblinding gives the old K.
    with pytest.raises(InvalidElement, match="repeats one of an earlier run"):
        starter.finish(bytes(elements))


def test_a_second_start_ends_the_run_and_not_the_key() -> None:
    house = new_house()
    starter, responder, start, reply, _ = played(house)
    other = Starter.begin(starter.contract, starter._run.run, identifiers(range(N)), ENGINE, stream("other"))
    other._asker = Asker.take_preparation(house.terms, house.preparation)
    another = other.start()
    assert len(another) == len(start) and another != start and responder.reply(start) == reply
    with pytest.raises(WrongRun, match="second, different start"):
        responder.reply(another)
    assert responder.state == "aborted"
    # A responder that lost the run's state, and not the holder's, still refuses.
    again = Responder.begin(starter.contract, starter._run.run, [], ENGINE, stream("again"))
    with pytest.raises(WrongRun, match="second, different start"):
        again.over(house.holder).reply(another)
    assert again.state == "aborted" and house.holder.left[0] == LIMITS.runs - 1
    assert house.match(identifiers(range(N)))[0].positions == (4, 5, 6, 7)


@pytest.mark.parametrize("defect", ["unsorted", "repeated", "short", "long", "gap", "beyond", "half filled"])
def test_a_spoilt_finish_is_malformed(defect: str) -> None:
    _, responder, _, _, finish = played(new_house())
    items = entries(finish)
    spoilt = {
        "unsorted": [items[1], items[0], *items[2:]],
        "repeated": [items[0], items[0], *items[2:]],
        "short": items[:-1],
        "long": [*items, NONE],
        "gap": [items[0], NONE, *items[2:]],
        "beyond": [*items[:3], N.to_bytes(4, "big") + items[3][4:], *items[4:]],
        "half filled": [*items[:-1], NONE[:-1] + b"\0"],
    }[defect]
    with pytest.raises(MalformedFile):
        responder.finish(b"".join(spoilt))
    assert responder.state == "aborted"


def test_a_tag_of_another_run_or_a_flipped_bit_confirms_nothing() -> None:
    house = new_house()
    _, responder, _, _, finish = played(house)
    with pytest.raises(ForgedFile, match="does not hold"):
        responder.finish(finish[:19] + bytes([finish[19] ^ 1]) + finish[20:])
    _, responder, *_ = played(house)
    house.update(identifiers(range(4, 12)))
    _, responder, *_ = played(house)
    with pytest.raises(ForgedFile, match="does not hold"):
        responder.finish(finish)


def test_a_starter_confirms_nothing_that_it_did_not_submit() -> None:
    """It names every place, with tags from K of its own junk and the identifiers of the other side."""
    house = House(identifiers(range(4, 12)), N, N)
    starter, responder = house.begin(identifiers(range(100, 100 + N)))
    starter.finish(responder.reply(starter.start()))
    keys = [house.asker.rows.keys[at : at + 32] for at in range(0, N * 32, 32)]
    guessed = zip(identifiers(range(4, 12)), keys, strict=True)
    tags = make_tags(starter.contract, "confirm", 16, guessed)
    with pytest.raises(ForgedFile):
        responder.finish(b"".join(at.to_bytes(4, "big") + tag for at, tag in enumerate(tags)))
    assert responder.state == "aborted" and b"company" not in responder.to_bytes()


def test_a_place_without_an_identifier_is_refused() -> None:
    house = House(identifiers(range(4, 6)), N, N)
    _, responder, _, _, finish = played(house)
    held = {int(place) for place in house.holder.rows.places}
    filler = next(at for at in range(N) if at not in held)
    entry = filler.to_bytes(4, "big") + bytes(16)
    items = sorted([*(one for one in entries(finish) if one != NONE), entry])
    with pytest.raises(ForgedFile, match="no identifier"):
        responder.finish(b"".join([*items, *[NONE] * (N - len(items))]))


def test_who_left_is_no_match_any_more_even_by_its_old_place() -> None:
    house = new_house()
    _, _, _, _, finish = played(house)
    place = int.from_bytes(finish[:4], "big")
    gone = int((house.holder.rows.places == place).nonzero()[0][0])
    house.update([one for at, one in enumerate(identifiers(range(4, 12))) if at != gone])
    starter, responder, _, _, _ = played(house)
    key = house.asker.rows.pairs((house.asker.rows.places >= 0).nonzero()[0])
    old = next(pair for pair in key if pair[0] == identifiers(range(4, 12))[gone])
    (tag,) = make_tags(starter.contract, "confirm", 16, [old])
    with pytest.raises(ForgedFile, match="no identifier"):
        responder.finish(place.to_bytes(4, "big") + tag + NONE * (N - 1))
