"""A modified peer in the protocol by vector-OLE: what each side does with a message that is not the true one.

Who answers with other bytes than the protocol's gets no wrong match and no second answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol_parties import ENGINE, RUN, identifiers, make_contract, stream

from overlap.errors import BadPeerFile, ForgedFile, InvalidElement, MalformedFile, Refused, WrongRun
from overlap.protocol import Contract, protocol_of, role_of
from overlap.protocol.vole import base_ot, extension, okvs, vole
from overlap.protocol.vole.blocks import read_blocks
from overlap.protocol.vole.roles import part_size, store_shape

N, SHARED = 40, 15
LEFT, RIGHT = identifiers(range(N)), identifiers(range(N - SHARED, 2 * N - SHARED))
TRUE = set(range(N - SHARED, N))
#: What each message is for: the role that takes it, and the verb.
TAKERS = {
    "offer": ("starter", "reply"),
    "request": ("responder", "reply"),
    "reply": ("starter", "finish"),
    "finish": ("responder", "finish"),
}


def contract_of(left: int = N, right: int = N) -> Contract:
    return make_contract(left, right, protocol="vole-rr22/1")


CONTRACT = contract_of()


class Play:
    """Both roles of one run, and the bodies sent so far by name."""

    def __init__(
        self,
        contract: Contract = CONTRACT,
        left: list[bytes] = LEFT,
        right: list[bytes] = RIGHT,
        seed: str = "play",
    ) -> None:
        self.roles: dict[str, Any] = {
            role: role_of(contract, role).begin(contract, RUN, listed, ENGINE, stream(f"{seed}/{role}"))
            for role, listed in (("starter", left), ("responder", right))
        }
        self.bodies: dict[str, bytes] = {"start": self.roles["starter"].start()}
        self.bodies["offer"] = self.roles["responder"].reply(self.bodies["start"])
        self.found: dict[str, Any] = {}

    def give(self, message: str, body: bytes | None = None) -> None:
        """The side that takes `message` takes it, or `body` in its place."""
        role, verb = TAKERS[message]
        answer = getattr(self.roles[role], verb)(self.bodies[message] if body is None else body)
        if verb == "finish":
            answer, self.found[role] = answer if role == "starter" else (None, answer)
        if answer is not None:
            messages = protocol_of(CONTRACT).messages
            self.bodies[messages[messages.index(message) + 1]] = answer

    def until(self, message: str) -> Play:
        """Everything before `message` is taken has happened."""
        for earlier in list(TAKERS)[: list(TAKERS).index(message)]:
            self.give(earlier)
        return self

    def rest_after(self, message: str) -> None:
        for later in list(TAKERS)[list(TAKERS).index(message) + 1 :]:
            self.give(later)


def play_all(play: Play) -> Play:
    for message in TAKERS:
        play.give(message)
    return play


WHOLE = play_all(Play())


def test_the_run_of_this_file_finds_what_is_shared() -> None:
    assert set(WHOLE.found["starter"].positions) == TRUE
    assert set(WHOLE.found["responder"].positions) == set(range(SHARED))
    assert WHOLE.found["starter"].tokens == WHOLE.found["responder"].tokens


@pytest.mark.parametrize("message", TAKERS)
@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_a_message_of_another_length_burns_the_run(message: str, change: int) -> None:
    play = Play().until(message)
    body = play.bodies[message]
    role = play.roles[TAKERS[message][0]]
    with pytest.raises(MalformedFile):
        play.give(message, body[:change] if change < 0 else body + bytes(change))
    assert_burnt(role)
    with pytest.raises(Refused, match="aborted"):
        play.give(message)


def assert_burnt(role: Any) -> None:
    """Nothing of the run's secrets and lists is left in the state."""
    assert role.state == "aborted"
    assert role._run.parts == {} and role._run.scalar == b""
    assert len(role.to_bytes()) < 8_000
    again = type(role).from_bytes(role.to_bytes(), ENGINE, stream("again"))
    assert again.state == "aborted"


@pytest.mark.parametrize("message", TAKERS)
def test_a_second_different_message_burns_the_run_and_the_same_one_gets_the_same(message: str) -> None:
    play = Play().until(message)
    play.give(message)
    name, verb = TAKERS[message]
    role = play.roles[name]
    take = getattr(role, verb)
    answered = take(play.bodies[message])
    again = type(role).from_bytes(role.to_bytes(), ENGINE, stream("other randomness"))
    assert getattr(again, verb)(play.bodies[message]) == answered
    body = bytearray(play.bodies[message])
    body[-1] ^= 1
    with pytest.raises(WrongRun, match=f"second, different {message}"):
        take(bytes(body))
    assert_burnt(role)


@pytest.mark.parametrize("message", TAKERS)
@pytest.mark.parametrize("place", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_flipped_bit_gives_no_wrong_match(message: str, place: float) -> None:
    """It is refused, or what is made of it matches less: tags hold for the true identifiers alone."""
    play = Play().until(message)
    body = bytearray(play.bodies[message])
    body[int(place * len(body))] ^= 4
    try:
        play.give(message, bytes(body))
        play.rest_after(message)
    except BadPeerFile:
        # A request to a spoilt offer does not fit the true one.
        burnt = "responder" if len(play.bodies) > 2 else "starter"
        assert_burnt(play.roles[TAKERS[message][0] if message != "offer" else burnt])
        return
    ours, theirs = play.found["starter"], play.found["responder"]
    assert set(ours.positions) <= TRUE
    assert set(theirs.positions) <= set(range(SHARED))
    pairs = dict(zip((LEFT[at] for at in ours.positions), ours.tokens, strict=True))
    for at, token in zip(theirs.positions, theirs.tokens, strict=True):
        if RIGHT[at] in pairs and message in ("offer", "finish"):
            assert pairs[RIGHT[at]] == token


@pytest.mark.parametrize("message", TAKERS)
def test_a_message_of_another_run_gives_no_match(message: str) -> None:
    """Another run of the same two lists under the same contract and run name: other secrets."""
    play = Play().until(message)
    other = Play(seed="other").until(message)
    try:
        play.give(message, other.bodies[message])
        play.rest_after(message)
    except ForgedFile:
        # The transfers of a request fit one offer only.
        assert message in ("offer", "request")
        assert_burnt(play.roles["responder"])
        return
    assert play.found["responder"].positions == ()
    if message != "finish":
        assert play.found["starter"].positions == ()


@pytest.mark.parametrize("message", TAKERS)
@pytest.mark.parametrize("wrong", ["offer", "request", "reply", "finish"])
def test_a_message_in_the_place_of_another_is_refused(message: str, wrong: str) -> None:
    if message == wrong:
        return
    play = Play().until(message)
    with pytest.raises(MalformedFile):
        play.give(message, WHOLE.bodies[wrong])
    assert_burnt(play.roles[TAKERS[message][0]])


@pytest.mark.parametrize("verb", ["reply", "finish"])
def test_what_is_not_next_is_refused_and_changes_nothing(verb: str) -> None:
    """A side asked for a later step keeps its secrets, and the true message still works."""
    play = Play()
    with pytest.raises(Refused, match="does not take"):
        play.roles["starter"].finish(WHOLE.bodies["reply"])
    with pytest.raises(Refused, match="does not take"):
        play.roles["responder"].finish(WHOLE.bodies["finish"])
    assert set(play_all(play).found["starter"].positions) == TRUE


@pytest.mark.parametrize("defect", ["unsorted", "repeated"])
@pytest.mark.parametrize("message", ["reply", "finish"])
def test_tags_out_of_order_burn_the_run(message: str, defect: str) -> None:
    play = Play().until(message)
    body, size = play.bodies[message], 16 if message == "finish" else 10
    first, second = body[-2 * size : -size], body[-size:]
    end = {"unsorted": second + first, "repeated": second + second}[defect]
    with pytest.raises(MalformedFile, match="repeated or not in order"):
        play.give(message, body[: -2 * size] + end)
    assert_burnt(play.roles[TAKERS[message][0]])


@pytest.mark.parametrize("at", [0, 31, 2 * base_ot.COUNT - 1])
@pytest.mark.parametrize(
    "encoding",
    [(1).to_bytes(32, "little"), bytes(32), b"\xff" * 32, (2).to_bytes(32, "little")],
    ids=["neutral", "order four", "not canonical", "off the curve"],
)
def test_a_bad_point_of_the_offer_burns_the_run(at: int, encoding: bytes) -> None:
    play = Play()
    offer = bytearray(play.bodies["offer"])
    offer[32 * at : 32 * at + 32] = encoding
    with pytest.raises(InvalidElement) as caught:
        play.give("offer", bytes(offer))
    assert encoding.hex() not in str(caught.value)
    assert_burnt(play.roles["starter"])


def test_an_offer_that_repeats_one_transfer_gives_no_match() -> None:
    """Each transfer hashes its number, so its keys are not those of the responder."""
    play = Play()
    offer = play.bodies["offer"]
    play.give("offer", offer[:64] * base_ot.COUNT)
    with pytest.raises(ForgedFile, match="fit together"):
        play.give("request")
    assert_burnt(play.roles["responder"])


@pytest.mark.parametrize("group", [0, 31])
def test_a_starter_that_corrects_groups_differently_gets_no_answer(group: int) -> None:
    """With an answer it could tell the bits of D from the list tags, and then test any account (the whole
    secret in one run, from 32 shared accounts)."""
    play = Play().until("request")
    levels = vole.pprf.depth(vole.domain(store_shape(CONTRACT).size))
    row = extension._row_bytes(vole.NOISE_WEIGHT * levels, vole.NOISE_WEIGHT)
    request = bytearray(play.bodies["request"])
    request[base_ot.ANSWER_BYTES + extension._TREE_BYTES + group * row] ^= 1
    with pytest.raises(ForgedFile, match="fit together"):
        play.give("request", bytes(request))
    assert_burnt(play.roles["responder"])
    assert "reply" not in play.bodies


def test_a_finish_copied_from_the_reply_confirms_nothing() -> None:
    play = Play(left=identifiers(range(1000, 1000 + N))).until("finish")
    tags = play.bodies["reply"][-10 * N :]
    forged = sorted(tags[at : at + 10] + bytes(6) for at in range(0, len(tags), 10))
    play.give("finish", b"".join(forged))
    assert play.found["responder"].positions == ()


def test_a_reply_whose_tags_come_from_the_starter_matches_nothing() -> None:
    """A responder without the identifiers can send any tags: those of the last finish match nothing."""
    play = Play().until("reply")
    tags = sorted(WHOLE.bodies["finish"][at : at + 10] for at in range(0, 16 * N, 16))
    play.give("reply", play.bodies["reply"][: -10 * N] + b"".join(tags))
    assert play.found["starter"].positions == ()


@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 3), (3, 0), (1, 1), (3, 2)])
@pytest.mark.parametrize("full", [False, True])
def test_bounds_of_nothing_and_of_one(left: int, right: int, full: bool) -> None:
    listed = identifiers(range(3))
    ours, theirs = (listed[:left], listed[:right]) if full else ([], [])
    play = play_all(Play(contract_of(left, right), ours, theirs))
    both = min(len(ours), len(theirs))
    assert play.found["starter"].positions == play.found["responder"].positions == tuple(range(both))
    for message, body in play.bodies.items():
        assert len(body) == part_size(contract_of(left, right), message)


def test_lengths_say_nothing_of_the_lists() -> None:
    empty = play_all(Play(left=[], right=[]))
    assert {name: len(body) for name, body in empty.bodies.items()} == {
        name: len(body) for name, body in WHOLE.bodies.items()
    }


def test_secrets_are_forgotten_when_they_have_served() -> None:
    play = Play()
    responder, starter = play.roles["responder"], play.roles["starter"]
    secret, scalars = (responder._run.parts[name] for name in ("secret", "scalars"))
    delta = vole.Sender.from_parts(responder._run.parts).delta
    own = starter._run.parts["secret"]
    play.give("offer")
    keys = starter._run.parts["keys"]
    assert own in starter.to_bytes() and secret in responder.to_bytes()
    play.give("request")
    for served in (secret, scalars, delta):
        assert served not in responder.to_bytes()
    assert "_sender" not in vars(responder)
    play.give("reply")
    for served in (own, keys):
        assert served not in starter.to_bytes()


def test_states_hold_no_identifier() -> None:
    play = Play()
    for message in TAKERS:
        play.give(message)
        for role in play.roles.values():
            assert b"company" not in role.to_bytes()


def test_what_is_shown_of_a_party_holds_no_secret() -> None:
    sender = vole.Sender.begin(50, stream("sender"), b"c")
    receiver, _ = vole.Receiver.begin(50, stream("receiver"), b"c").request(sender.offer())
    for shown in (repr(sender), repr(receiver), str(sender), str(receiver)):
        assert len(shown) < 200 and "secret" not in shown


def test_the_request_looks_the_same_whatever_is_in_the_list() -> None:
    """Store plus A: bytes and bits are uniform for an empty, a full and a lopsided list, and no row of the
    store reads a block of the list."""
    bound = 3000
    contract = contract_of(bound, bound)
    lists = {"empty": [], "full": identifiers(range(bound)), "few": identifiers(range(7))}
    outputs = store_shape(contract).size
    for label, listed in lists.items():
        play = Play(contract, listed, [], label)
        play.give("offer")
        request, starter = play.bodies["request"], play.roles["starter"]
        store = np.frombuffer(request[-16 * outputs :], dtype=np.uint8)
        counts = np.bincount(store, minlength=256)
        expected = len(store) / 256
        # Chi-square with 255 degrees of freedom: 381 is passed once in a million.
        assert ((counts - expected) ** 2 / expected).sum() < 381, label
        bits = np.unpackbits(store.reshape(-1, 16), axis=1).mean(axis=0)
        assert (abs(bits - 0.5) < 5.5 * 0.5 / outputs**0.5).all(), label
        if listed:
            rows = starter._rows(starter._run.parts["seed"])
            read = okvs.decode(read_blocks(request[-16 * outputs :]), rows)
            assert not (read == starter._hashed).all(axis=1).any()


def test_the_reply_looks_the_same_whatever_is_in_the_list() -> None:
    bound = 3000
    contract = contract_of(bound, bound)
    for label, listed in (("empty", []), ("full", identifiers(range(bound)))):
        play = Play(contract, [], listed, label).until("reply")
        tags = np.frombuffer(play.bodies["reply"], dtype=np.uint8)[-10 * bound :].reshape(-1, 10)
        counts = np.bincount(tags[:, 2:].ravel(), minlength=256)
        expected = tags[:, 2:].size / 256
        assert ((counts - expected) ** 2 / expected).sum() < 381, label
        # Sorted uniform numbers are evenly spread: Kolmogorov's distance is above 2.5/sqrt(n) once in 10^5.
        heads = np.ascontiguousarray(tags[:, :8]).view(">u8").ravel() / 2.0**64
        assert abs(heads - np.arange(bound) / bound).max() < 2.5 / bound**0.5, label
