"""What a modified peer could send, and that no wrong match comes of it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from protocol_parties import ENGINE, begin, identifiers, make_contract, stream

from overlap import canonical
from overlap.errors import BadPeerFile, ForgedFile, InvalidElement, MalformedFile, Refused, WrongRun
from overlap.protocol import dh

P = 2**255 - 19
N = 12
CONTRACT = make_contract(N, N)
#: u-coordinates that are refused. 2 is on the twist: 2^3 + 486662 * 2^2 + 2 is not a square modulo p (Euler's
#: criterion). 0, 1 and the long one have order 2, 4 and 8; p - 1 is on the twist.
BAD_ELEMENTS = {
    "neutral or order two": bytes(32),
    "order four": (1).to_bytes(32, "little"),
    "order eight": (39382357235489614581723060781553021112529911719440698176882885853963445705823).to_bytes(
        32, "little"
    ),
    "twist": (2).to_bytes(32, "little"),
    "order four on the twist": (P - 1).to_bytes(32, "little"),
    "non-canonical": (P + 9).to_bytes(32, "little"),
    "top bit": (9 + 2**255).to_bytes(32, "little"),
}


def parts(reply: bytes) -> tuple[list[bytes], list[bytes]]:
    elements = [reply[at : at + 32] for at in range(0, N * 32, 32)]
    tags = [reply[at : at + 10] for at in range(N * 32, len(reply), 10)]
    return elements, tags


def test_the_twist_element_of_this_file_is_on_the_twist() -> None:
    assert pow(2**3 + 486662 * 2**2 + 2, (P - 1) // 2, P) == P - 1


def test_a_finish_copied_from_the_reply_confirms_nothing() -> None:
    """The attack on plain DH: a starter that holds junk answers with what it was sent."""
    starter, responder = begin(CONTRACT, identifiers(range(100, 100 + N)), identifiers(range(N)))
    elements, tags = parts(responder.reply(starter.start()))
    forged = sorted({tag + bytes(6) for tag in tags[: N // 2]} | {element[:16] for element in elements})
    assert responder.finish(b"".join(forged[:N])).positions == ()


def test_a_starter_confirms_nothing_that_it_did_not_submit() -> None:
    """It knows the responder's accounts and K of its own junk, but no K of the responder's accounts."""
    theirs = identifiers(range(N))
    starter, responder = begin(CONTRACT, identifiers(range(100, 100 + N)), theirs)
    reply = responder.reply(starter.start())
    keys = starter._unblind(reply[: N * 32])
    forged = set()
    for identifier, key in zip(theirs, keys, strict=True):
        head = (CONTRACT.suite.encode(), CONTRACT.digest, b"pair")
        kind, value = identifier[8:14], identifier[22:]
        forged.add(canonical.digest(*head, kind, value, key)[16:])
    assert responder.finish(b"".join(sorted(forged))).positions == ()


@pytest.mark.parametrize("seed", range(8))
def test_a_permuted_reply_gives_no_wrong_match(seed: int) -> None:
    shared = 4
    left, right = identifiers(range(N)), identifiers(range(N - shared, 2 * N - shared))
    starter, responder = begin(CONTRACT, left, right)
    elements, tags = parts(responder.reply(starter.start()))
    order = list(range(N))
    random.Random(seed).shuffle(order)
    finish, ours = starter.finish(b"".join([*(elements[at] for at in order), *tags]))
    assert set(ours.positions) <= set(range(N - shared, N))
    theirs = responder.finish(finish)
    assert set(theirs.positions) <= set(range(shared))


def test_a_rotated_reply_gives_no_match_at_all() -> None:
    starter, responder = begin(CONTRACT, identifiers(range(N)), identifiers(range(N)))
    elements, tags = parts(responder.reply(starter.start()))
    _, ours = starter.finish(b"".join([*elements[1:], elements[0], *tags]))
    assert ours.positions == ()


def test_one_tag_that_fits_two_of_our_identifiers_burns_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A responder that knows two of our accounts and tries 2^40 scalars makes their list tags of 80 bits
    meet; then more is matched than it can have, and there is no room in the finish."""
    starter, responder = begin(make_contract(2, 1), identifiers(range(2)), identifiers([1]))
    reply = responder.reply(starter.start())
    made = dh.make_pair_tags

    def meeting(*given: Any) -> tuple[Any, Any]:
        tags, confirm = made(*given)
        tags = tags.copy()
        tags[0] = tags[1]
        return tags, confirm

    monkeypatch.setattr(dh, "make_pair_tags", meeting)
    with pytest.raises(ForgedFile, match="more"):
        starter.finish(reply)
    assert starter.state == "aborted"


def test_tags_for_accounts_that_the_responder_guesses_match_only_with_its_scalar() -> None:
    """Tags of another run, under the same contract, are worth nothing in this one."""
    left = identifiers(range(N))
    starter, responder = begin(CONTRACT, left, left, "this")
    other_starter, other = begin(CONTRACT, left, left, "other")
    elements, _ = parts(responder.reply(starter.start()))
    _, tags = parts(other.reply(other_starter.start()))
    _, ours = starter.finish(b"".join([*elements, *tags]))
    assert ours.positions == ()


def spoil_reply(defect: str, reply: bytes) -> bytes:
    elements, tags = parts(reply)
    match defect:
        case "a repeated element":
            elements[1] = elements[0]
        case "an element and its sum with the point of order two":
            elements[1] = pow(int.from_bytes(elements[0], "little"), -1, P).to_bytes(32, "little")
        case "a repeated tag":
            tags[1] = tags[0]
        case "tags out of order":
            tags[0], tags[1] = tags[1], tags[0]
        case "one tag less":
            tags.pop()
        case "one element more":
            elements.append(elements[0])
        case _:
            elements[N - 1] = BAD_ELEMENTS[defect]
    return b"".join([*elements, *tags])


def spoil_start(defect: str, start: bytes) -> bytes:
    head = start[: -N * 32]
    elements = [start[len(head) :][at : at + 32] for at in range(0, N * 32, 32)]
    match defect:
        case "a repeated element":
            elements[1] = elements[0]
        case "an element and its sum with the point of order two":
            elements[1] = pow(int.from_bytes(elements[0], "little"), -1, P).to_bytes(32, "little")
            elements.sort()
        case "elements out of order":
            elements[0], elements[1] = elements[1], elements[0]
        case "one element less":
            elements.pop()
        case "one element more":
            elements.append(b"\xff" * 32)
        case _:
            elements[N - 1] = BAD_ELEMENTS[defect]
            elements.sort()
    return head + b"".join(elements)


REPLY_DEFECTS = (
    "a repeated element",
    "an element and its sum with the point of order two",
    "a repeated tag",
    "tags out of order",
    "one tag less",
    "one element more",
    *BAD_ELEMENTS,
)
START_DEFECTS = (
    "a repeated element",
    "an element and its sum with the point of order two",
    "elements out of order",
    "one element less",
    "one element more",
    *BAD_ELEMENTS,
)


@pytest.mark.parametrize("defect", REPLY_DEFECTS)
def test_a_spoilt_reply_is_refused_and_burns_the_scalar(defect: str) -> None:
    starter, responder = begin(CONTRACT, identifiers(range(N)), identifiers(range(N)))
    reply = responder.reply(starter.start())
    scalar = starter._run.scalar
    with pytest.raises(InvalidElement if is_element(defect) else MalformedFile):
        starter.finish(spoil_reply(defect, reply))
    assert_burnt(starter, scalar)
    with pytest.raises(Refused, match="aborted"):
        starter.finish(reply)


@pytest.mark.parametrize("defect", START_DEFECTS)
@pytest.mark.parametrize("level", ["overlaps", "counts"])
def test_a_spoilt_start_is_refused_and_burns_the_scalar(defect: str, level: str) -> None:
    contract = make_contract(N, N, level)
    starter, responder = begin(contract, identifiers(range(N)), identifiers(range(N)))
    start, scalar = starter.start(), responder._run.scalar
    in_order = is_element(defect) and defect != "a repeated element"
    with pytest.raises(InvalidElement if in_order else MalformedFile):
        responder.reply(spoil_start(defect, start))
    assert_burnt(responder, scalar)
    with pytest.raises(Refused, match="aborted"):
        responder.reply(start)


def is_element(defect: str) -> bool:
    return defect in BAD_ELEMENTS or "element and" in defect or defect == "a repeated element"


def assert_burnt(role: Any, scalar: bytes) -> None:
    assert len(scalar) == 32 and role.state == "aborted"
    assert scalar.hex().encode() not in role.to_bytes() and b"company" not in role.to_bytes()


@pytest.mark.parametrize("defect", ["unsorted", "repeated", "short", "long"])
def test_a_spoilt_finish_is_refused(defect: str) -> None:
    starter, responder = begin(CONTRACT, identifiers(range(N)), identifiers(range(N)))
    finish, _ = starter.finish(responder.reply(starter.start()))
    spoilt = {
        "unsorted": finish[16:32] + finish[:16] + finish[32:],
        "repeated": finish[:16] + finish[:-16],
        "short": finish[:-16],
        "long": finish + b"\xff" * 16,
    }[defect]
    with pytest.raises(MalformedFile):
        responder.finish(spoilt)
    assert responder.state == "aborted"


@pytest.mark.parametrize("level", ["overlaps", "counts"])
def test_a_repeated_start_gets_identical_bytes_and_another_one_aborts(level: str) -> None:
    contract = make_contract(N, N, level)
    starter, responder = begin(contract, identifiers(range(N)), identifiers(range(N)), "one")
    other, _ = begin(contract, identifiers(range(N)), [], "two")
    start = starter.start()
    reply = responder.reply(start)
    assert responder.reply(start) == reply
    with pytest.raises(WrongRun, match="second, different start"):
        responder.reply(other.start())
    with pytest.raises(Refused, match="aborted"):
        responder.reply(start)


@pytest.mark.parametrize("level", ["overlaps", "counts"])
def test_a_repeated_reply_gets_identical_bytes_and_another_one_aborts(level: str) -> None:
    contract = make_contract(N, N, level)
    starter, responder = begin(contract, identifiers(range(N)), identifiers(range(N)))
    reply = responder.reply(starter.start())
    first = starter.finish(reply)
    assert starter.finish(reply) == first
    with pytest.raises(WrongRun, match="second, different reply"):
        starter.finish(reply[:-1] + bytes([reply[-1] ^ 1]))
    with pytest.raises(Refused, match="aborted"):
        starter.finish(reply)


def test_an_aborted_run_stays_aborted_after_a_restart() -> None:
    starter, responder = begin(CONTRACT, identifiers(range(N)), identifiers(range(N)))
    with pytest.raises(BadPeerFile):
        responder.reply(spoil_start("twist", starter.start()))
    again = dh.Responder.from_bytes(responder.to_bytes(), ENGINE, stream("again"))
    with pytest.raises(Refused, match="aborted"):
        again.reply(starter.start())
