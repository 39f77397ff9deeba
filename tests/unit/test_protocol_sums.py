"""Level `sum`: both sides learn a number of accounts and the sum of amounts over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from protocol_parties import (
    AMOUNTS,
    ENGINE,
    begin_sum,
    identifiers,
    make_contract,
    run_sum,
    stream,
    use_small_key,
)

from overlap import paillier
from overlap.errors import (
    BadInput,
    ForgedFile,
    InvalidElement,
    MalformedFile,
    OverlapError,
    Refused,
    UsageError,
    WrongRun,
)
from overlap.exchange import exchange
from overlap.protocol import Amounts, Contract
from overlap.protocol.catalogue import part_size
from overlap.protocol.sums import Responder, Starter, Sum

CONTRACT = make_contract(5, 6, "sum")
LEFT, RIGHT = identifiers(range(4)), identifiers(range(2, 8))
VALUES = [49, 50, 149, 1_000_000, 0, 777]


@pytest.fixture(autouse=True)
def _small_key() -> Iterator[None]:
    with use_small_key():
        yield


def parties() -> tuple[Starter, Responder]:
    return begin_sum(CONTRACT, LEFT, RIGHT, VALUES)


def amounts(**changes: int) -> Contract:
    return replace(CONTRACT, amounts=replace(AMOUNTS, **changes))


def test_both_sides_learn_count_and_rounded_sum() -> None:
    left, right = identifiers(range(4)), identifiers(range(1, 7))
    ours, theirs = run_sum(CONTRACT, left, right, [49, 50, 149, 1_000_000, 0, 777])
    # Shared are the accounts with 49, 50 and 149, in granules of 100: 0, 1 and 1.
    assert ours == Sum(shared=3, total=200, submitted=4, peer_bound=6)
    assert theirs == Sum(shared=3, total=200, submitted=6, peer_bound=5)


def test_a_run_with_a_key_of_full_length_gives_the_same() -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("BITS", 3072),
            ("KEY_SIZE", 384),
            ("CIPHERTEXT_SIZE", 768),
            ("_PRIME_SIZE", 192),
        ):
            patch.setattr(paillier, name, value)
        patch.setattr("overlap.protocol.sums.generate_key", paillier.generate_key)
        ours, theirs = run_sum(CONTRACT, LEFT, RIGHT, VALUES)
        assert part_size(CONTRACT, "reply") == 5 * 32 + 384 + 6 * (10 + 768)
    assert (ours.shared, ours.total) == (theirs.shared, theirs.total) == (2, 100)


@pytest.mark.parametrize(("minimum", "shared"), [(2, 2), (3, -1)])
def test_below_the_minimum_both_sides_learn_nothing_else(minimum: int, shared: int) -> None:
    ours, theirs = run_sum(amounts(minimum=minimum), LEFT, RIGHT, VALUES)
    assert (ours.shared, theirs.shared) == (shared, shared)
    assert (ours.total, theirs.total) == ((100, 100) if shared > 0 else (-1, -1))


def test_a_withheld_total_has_the_size_of_any_other_and_says_zero() -> None:
    starter, responder = begin_sum(amounts(minimum=3), LEFT, RIGHT, VALUES)
    total = starter.reply(responder.reply(starter.start()))
    assert len(total) == part_size(CONTRACT, "total") and total[:8] == bytes(8)


def test_every_body_has_the_size_that_the_contract_fixes() -> None:
    starter, responder = parties()
    start = starter.start()
    reply = responder.reply(start)
    total = starter.reply(reply)
    finish, _ = responder.finish(total)
    sizes = {step: part_size(CONTRACT, step) for step in ("start", "reply", "total", "finish")}
    bodies = {"start": start, "reply": reply, "total": total, "finish": finish}
    assert {step: len(body) for step, body in bodies.items()} == sizes


def test_rows_and_elements_are_in_an_order_that_says_nothing() -> None:
    starter, responder = parties()
    reply = responder.reply(starter.start())
    elements = [reply[at : at + 32] for at in range(0, 160, 32)]
    rows = [reply[at : at + 202] for at in range(160 + 96, len(reply), 202)]
    assert elements == sorted(set(elements)) and rows == sorted(rows)
    assert len({row[:10] for row in rows}) == len({row[10:] for row in rows}) == 6


@pytest.mark.parametrize("values", [[0] * 5, [0] * 7, []], ids=len)
def test_an_amount_for_each_identifier_is_needed(values: list[int]) -> None:
    with pytest.raises(UsageError):
        begin_sum(CONTRACT, LEFT, RIGHT, values)


@pytest.mark.parametrize("value", [-1, 1_000_001])
def test_an_amount_out_of_range_is_refused_before_anything_is_encrypted(value: int) -> None:
    with pytest.raises(Refused, match="maximum"):
        begin_sum(CONTRACT, LEFT, RIGHT, [*VALUES[:5], value])


def test_the_starter_takes_no_amounts() -> None:
    with pytest.raises(UsageError):
        Starter.begin(CONTRACT, bytes(16), LEFT, ENGINE, stream("x"), [1, 2, 3, 4])


def test_a_contract_without_amounts_or_with_too_large_a_list_is_refused() -> None:
    for contract in (replace(CONTRACT, amounts=None), make_contract(5, 2**18 + 1, "sum")):
        with pytest.raises(Refused):
            Starter.begin(contract, bytes(16), LEFT, ENGINE, stream("x"))


def spoil(total: bytes, starter: Starter, number: int, count: int) -> bytes:
    """A total that encrypts `number` under the responder's key."""
    key = paillier.read_public_key(starter._run.parts["public"])
    return count.to_bytes(8, "big") + key.add([1 + number * key.n], stream("spoilt"))


@pytest.mark.parametrize(
    ("number", "count"),
    [
        (10_000 + 8 + 1, 2),  # One more than the two largest amounts: 10,000 granules, and 8.
        (-1, 2),  # n - 1, as a number modulo n.
        (1 + (1 << 40), 2),  # Two amounts in one number.
        (1, 4),  # Less than the four smallest: 0, 0, 1 and 1 granules.
        (1, 0),  # A sum of nothing.
    ],
)
def test_a_total_that_is_no_sum_of_so_many_amounts_is_told_to_nobody(number: int, count: int) -> None:
    starter, responder = parties()
    total = starter.reply(responder.reply(starter.start()))
    with pytest.raises(ForgedFile, match="not the sum"):
        responder.finish(spoil(total, starter, number, count))
    assert responder.state == "aborted" and not responder._run.parts
    with pytest.raises(Refused, match="aborted"):
        responder.finish(total)


def test_the_largest_and_the_smallest_possible_totals_are_told() -> None:
    for number in (10_000 + 8, 0):
        starter, responder = parties()
        total = starter.reply(responder.reply(starter.start()))
        finish, told = responder.finish(spoil(total, starter, number, 2))
        assert told.total == number * 100 and len(finish) == part_size(CONTRACT, "finish")


def test_amounts_that_the_starter_packs_into_one_number_are_refused() -> None:
    """It multiplies one matched ciphertext by 2^40 before it adds the other."""
    starter, responder = parties()
    reply = responder.reply(starter.start())
    total = starter.reply(reply)
    rows = [reply[at : at + 202][10:] for at in range(160 + 96, len(reply), 202)]
    key = responder._run.parts["key"]
    amount_of = {row: paillier.PrivateKey.from_bytes(key).decrypt(row) for row in rows}
    first, second = sorted(rows, key=amount_of.__getitem__)[-2:]
    public = paillier.read_public_key(starter._run.parts["public"])
    numbers = public.read([first, second])
    packed = public.add([numbers[0], pow(numbers[1], 2**40, public.square)], stream("pack"))
    with pytest.raises(ForgedFile, match="not the sum"):
        responder.finish(total[:8] + packed)


@pytest.mark.parametrize(("count", "minimum"), [(6, 1), (7, 1), (2**63, 1), (1, 2)])
def test_a_count_that_cannot_be_is_refused(count: int, minimum: int) -> None:
    contract = amounts(minimum=minimum)
    starter, responder = begin_sum(contract, LEFT, RIGHT, VALUES)
    total = starter.reply(responder.reply(starter.start()))
    with pytest.raises(ForgedFile, match="count"):
        responder.finish(count.to_bytes(8, "big") + total[8:])
    assert responder.state == "aborted"


@pytest.mark.parametrize("change", [1, -1, 10_000, 2**63])
def test_a_sum_that_the_peer_tells_wrongly_is_refused(change: int) -> None:
    starter, responder = parties()
    finish, told = responder.finish(starter.reply(responder.reply(starter.start())))
    forged = (told.total // 100 + change).to_bytes(8, "big") + finish[8:]
    with pytest.raises(ForgedFile, match="not that of the amounts"):
        starter.finish(forged)
    assert starter.state == "aborted"


STEPS = ("start", "reply", "total", "finish")


def walk(until: str) -> tuple[Starter, Responder, bytes]:
    """Both sides, and the body of `until`, which is not taken yet."""
    starter, responder = parties()
    body = starter.start()
    for step, take in zip(STEPS[1:], (responder.reply, starter.reply, responder.finish), strict=True):
        if until == STEPS[STEPS.index(step) - 1]:
            break
        body = take(body)  # type: ignore[operator]
        body = body[0] if isinstance(body, tuple) else body
    return starter, responder, body


def take(step: str, starter: Starter, responder: Responder, body: bytes) -> object:
    role = responder if step in ("start", "total") else starter
    verb = "reply" if step in ("start", "reply") else "finish"
    return getattr(role, verb)(body)


@pytest.mark.parametrize("step", STEPS)
def test_a_message_taken_again_gets_identical_bytes_and_another_one_aborts(step: str) -> None:
    starter, responder, body = walk(step)
    first = take(step, starter, responder, body)
    assert take(step, starter, responder, body) == first
    with pytest.raises(WrongRun, match="second, different"):
        take(step, starter, responder, body[:-1] + bytes([body[-1] ^ 1]))
    with pytest.raises(Refused, match="aborted"):
        take(step, starter, responder, body)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("defect", ["short", "long", "empty"])
def test_a_message_of_another_length_is_refused(step: str, defect: str) -> None:
    starter, responder, body = walk(step)
    spoilt = {"short": body[:-1], "long": body + b"\0", "empty": b""}[defect]
    with pytest.raises(MalformedFile):
        take(step, starter, responder, spoilt)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("place", range(12))
def test_a_flipped_bit_gives_an_error_and_never_another_sum(step: str, place: int) -> None:
    """A flip that makes another acceptable message may hide matches, but then the sides agree on it."""
    starter, responder, body = walk(step)
    at = len(body) * place // 12
    flipped = body[:at] + bytes([body[at] ^ 1 << place % 8]) + body[at + 1 :]
    try:
        take(step, starter, responder, flipped)
        assert step in ("start", "reply")
        learned = run_on(step, starter, responder, flipped)
    except OverlapError:
        return
    assert learned[0].shared == learned[1].shared <= 2 and learned[0].total == learned[1].total <= 100


def run_on(step: str, starter: Starter, responder: Responder, body: bytes) -> tuple[Sum, Sum]:
    reply = responder.reply(body) if step == "start" else body
    finish, theirs = responder.finish(starter.reply(reply))
    return starter.finish(finish), theirs


def test_messages_out_of_order_are_refused_and_change_nothing() -> None:
    starter, responder, _ = walk("start")
    for role, verb, body in (
        (responder, "finish", b""),
        (starter, "finish", b""),
    ):
        with pytest.raises(Refused, match="does not take"):
            getattr(role, verb)(body)
    assert (starter.state, responder.state) == ("started", "begun")


def test_rows_of_another_run_match_nothing() -> None:
    starter, responder = parties()
    other_starter, other = begin_sum(CONTRACT, LEFT, RIGHT, VALUES, "other")
    reply, stale = responder.reply(starter.start()), other.reply(other_starter.start())
    total = starter.reply(reply[:160] + stale[160:])
    assert total[:8] == bytes(8)


@pytest.mark.parametrize(
    "defect", ["rows", "elements", "repeated row", "repeated element", "low order", "key"]
)
def test_a_spoilt_reply_is_refused_and_burns_the_scalar(defect: str) -> None:
    starter, _, reply = walk("reply")
    spoilt = {
        "rows": reply[:256] + reply[458:660] + reply[256:458] + reply[660:],
        "elements": reply[32:64] + reply[:32] + reply[64:],
        "repeated row": reply[:256] + reply[256:458] * 2 + reply[660:],
        "repeated element": reply[:32] * 2 + reply[64:],
        "low order": bytes(32) + reply[32:],
        "key": reply[:255] + bytes([reply[255] ^ 1]) + reply[256:],
    }[defect]
    with pytest.raises(InvalidElement if defect == "low order" else MalformedFile):
        starter.reply(spoilt)
    assert starter.state == "aborted" and b"company" not in starter.to_bytes()


def test_a_ciphertext_that_is_none_is_refused_in_reply_and_total() -> None:
    starter, responder, reply = walk("reply")
    with pytest.raises(MalformedFile, match="ciphertext"):
        starter.reply(reply[:-192] + bytes(192))
    starter, responder, total = walk("total")
    with pytest.raises(MalformedFile, match="ciphertext"):
        responder.finish(total[:8] + b"\xff" * 192)
    assert (starter.state, responder.state) == ("totalled", "aborted")


def test_a_run_goes_on_after_every_restart() -> None:
    contract = make_contract(5, 6, "sum")
    starter, responder = begin_sum(contract, LEFT, RIGHT, VALUES)

    def again(role: Starter | Responder) -> Starter | Responder:
        return type(role).from_bytes(role.to_bytes(), ENGINE, stream("again"))

    body: object = starter.start()
    for step in STEPS[:3]:
        starter, responder = again(starter), again(responder)  # type: ignore[assignment]
        body = take(step, starter, responder, body)  # type: ignore[arg-type]
        body, theirs = body if isinstance(body, tuple) else (body, None)
    ours = again(starter).finish(body)  # type: ignore[arg-type]
    assert (ours.shared, ours.total) == (theirs.shared, theirs.total) == (2, 100)


def test_the_key_and_the_amounts_are_gone_when_the_sum_is_told() -> None:
    _, responder, total = walk("total")
    key, units = (responder._run.parts[name] for name in ("key", "units"))
    responder.finish(total)
    state = responder.to_bytes()
    assert key not in state and units not in state


def test_a_state_of_another_role_is_refused() -> None:
    starter, _, _ = walk("start")
    with pytest.raises(BadInput):
        Responder.from_bytes(starter.to_bytes(), ENGINE, stream("x"))


def test_amounts_are_rounded_to_the_nearest_granule_a_half_up() -> None:
    terms = Amounts("revenue", "EUR", 1000, 10_000, 1)
    assert [terms.units(amount) for amount in (0, 499, 500, 1499, 1500, 10_000)] == [0, 0, 1, 1, 2, 10]
    assert replace(terms, granule=1).units(7) == 7


@pytest.mark.parametrize("step", ["start", "reply"])
def test_an_element_and_its_sum_with_the_point_of_order_two_are_refused(step: str) -> None:
    """Both have one product, so one account could be counted and summed twice."""
    starter, responder, body = walk(step)
    elements = [body[at : at + 32] for at in range(0, 160, 32)]
    elements[4] = pow(int.from_bytes(elements[0], "little"), -1, 2**255 - 19).to_bytes(32, "little")
    with pytest.raises(InvalidElement, match="repeats"):
        take(step, starter, responder, b"".join(sorted(elements)) + body[160:])


def test_a_run_over_frames_gives_both_sides_the_same() -> None:
    run = exchange(LEFT, RIGHT, "sum", ("domain",), ENGINE, stream("frames"), amounts=(AMOUNTS, VALUES))
    assert run.starter == Sum(2, 100, 4, 6) and run.responder == Sum(2, 100, 6, 4)
    assert len(run.frames) == 4
    with pytest.raises(UsageError, match="takes no values"):
        exchange(LEFT, RIGHT, "counts", ("domain",), ENGINE, stream("x"), amounts=(AMOUNTS, VALUES))
