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
from overlap.protocol.vole import base_ot, extension, okvs, okvs_rows, tags, vole
from overlap.protocol.vole.blocks import read_blocks
from overlap.protocol.vole.roles import _row_keys, part_size, store_shape

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
        # A request to spoilt transfers does not fit the true ones; a spoilt commitment shows with the reply.
        burnt = "responder" if "request" in play.bodies and "reply" not in play.bodies else "starter"
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
        # The transfers of a request fit one offer only, the trees of a reply one request.
        assert message != "finish"
        assert_burnt(play.roles["starter" if message == "reply" else "responder"])
        return
    assert message == "finish" and play.found["responder"].positions == ()


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
    body, size = play.bodies[message], 16
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
    play.give("offer", offer[:64] * base_ot.COUNT + offer[-32:])
    with pytest.raises(ForgedFile, match="fit together"):
        play.give("request")
    assert_burnt(play.roles["responder"])


@pytest.mark.parametrize("group", [0, 31])
def test_a_starter_that_corrects_groups_differently_gets_no_answer(group: int) -> None:
    """With an answer it could tell the bits of D from the list tags, and then test any account (the whole
    secret in one run, from 32 shared accounts)."""
    play = Play().until("request")
    levels = vole.pprf.depth(vole.domain(store_shape(CONTRACT).size))
    row = extension._row_bytes(vole.NOISE_WEIGHT * levels, vole._ELEMENTS)
    request = bytearray(play.bodies["request"])
    request[base_ot.ANSWER_BYTES + extension._TREE_BYTES + group * row] ^= 1
    with pytest.raises(ForgedFile, match="fit together"):
        play.give("request", bytes(request))
    assert_burnt(play.roles["responder"])
    assert "reply" not in play.bodies


SHAPE = store_shape(CONTRACT)
ANSWER_END = vole.answer_bytes(SHAPE.size)


@pytest.mark.parametrize(
    "place",
    [
        ANSWER_END - vole._CHECK_BYTES - 1,
        ANSWER_END - vole._CHECK_BYTES,
        ANSWER_END - 33,
        ANSWER_END - 1,
        ANSWER_END,
        ANSWER_END + 31,
    ],
    ids=["correction", "sums of the proof", "proof", "digest", "share", "end of the share"],
)
def test_a_starter_confirms_nothing_to_a_responder_that_alters_its_trees(place: int) -> None:
    """Else it could tell from what is confirmed where the noise is that hides the starter's list."""
    play = Play().until("reply")
    body = bytearray(play.bodies["reply"])
    body[place] ^= 1
    with pytest.raises(ForgedFile):
        play.give("reply", bytes(body))
    assert_burnt(play.roles["starter"])
    assert "finish" not in play.bodies and "_receiver" not in vars(play.roles["starter"])
    with pytest.raises(Refused, match="aborted"):
        play.give("reply")


def test_all_last_sums_altered_end_the_run() -> None:
    """Without the check it would go on, and what is confirmed would tell a bit of each point."""
    play = Play().until("reply")
    body = bytearray(play.bodies["reply"])
    levels = vole.pprf.depth(vole.domain(SHAPE.size))
    for tree in range(vole.NOISE_WEIGHT):
        body[32 * (tree * levels + levels - 1)] ^= 1
    with pytest.raises(ForgedFile, match="trees do not fit"):
        play.give("reply", bytes(body))
    assert_burnt(play.roles["starter"])


def test_a_share_that_was_not_committed_to_is_refused() -> None:
    """A responder that knows the starter's share can not choose the hash key after it."""
    play = Play().until("reply")
    body = play.bodies["reply"]
    opened = bytes(32)
    with pytest.raises(ForgedFile, match="another share of the hash key"):
        play.give("reply", body[:ANSWER_END] + opened + body[ANSWER_END + 32 :])
    assert_burnt(play.roles["starter"])


def test_a_request_is_not_answered_a_second_time_under_another_share() -> None:
    play = Play().until("request")
    play.give("request")
    request = bytearray(play.bodies["request"])
    request[vole.request_bytes(SHAPE.size) + 16] ^= 1
    with pytest.raises(WrongRun):
        play.give("request", bytes(request))
    assert_burnt(play.roles["responder"])


def test_tags_under_another_hash_key_have_nothing_in_common() -> None:
    """The same two sides, secrets and stores, another share of the starter: tags are as far apart as random
    ones, and a starter that used another share than it sent finds nothing."""
    bound, reply = 2000, []
    contract, shared = contract_of(bound, bound), identifiers(range(bound))
    end = vole.request_bytes(store_shape(contract).size) + 16
    for change in (0, 1):
        play = Play(contract, shared, shared).until("request")
        request = bytearray(play.bodies["request"])
        request[end] ^= change
        play.give("request", bytes(request))
        reply.append(play.bodies["reply"])
    assert reply[0][: -16 * bound] == reply[1][: -16 * bound]
    listed = [np.frombuffer(each[-16 * bound :], dtype=np.uint8).reshape(-1, 16) for each in reply]
    assert not set(map(bytes, listed[0])) & set(map(bytes, listed[1]))
    # Unsorted, tag by tag: half of the bits differ, in each of the 128 and over all.
    keys = [hash_pairs_of(play, share) for share in (bytes(32), bytes(31) + b"\1")]
    apart = np.unpackbits((keys[0] ^ keys[1]).view(np.uint8).reshape(-1, 16), axis=1)
    assert abs(apart.mean() - 0.5) < 5 * 0.5 / apart.size**0.5
    assert (abs(apart.mean(axis=0) - 0.5) < 5.5 * 0.5 / bound**0.5).all()
    play.give("reply")
    assert play.found["starter"].positions == ()


def hash_pairs_of(play: Play, drawn: bytes) -> Any:
    starter = play.roles["starter"]
    return starter._tags(drawn, "list", starter._hashed[::-1].copy(), starter._hashed)


def test_the_responder_is_told_of_the_blocks_and_not_of_the_declared_bound() -> None:
    assert WHOLE.found["responder"].peer_bound == SHAPE.size > N
    assert WHOLE.found["starter"].peer_bound == N


def test_an_altered_starter_can_submit_more_than_it_declared_but_not_more_than_it_is_said() -> None:
    """A store of this shape with twice the identifiers: encoded, asked, and recognised."""
    many = identifiers(range(2 * N))
    play = Play(left=[], right=many[N:])
    starter = play.roles["starter"]
    hashed = tags.hash_identifiers(CONTRACT, RUN, many)
    seed = bytes(16)
    rows = okvs_rows.prepare(_row_keys(seed, hashed), SHAPE._replace(items=2 * N))
    starter._encoded = seed, okvs.encode(rows, hashed, stream("store"))
    starter._run.parts["hashed"] = hashed.tobytes()
    assert "_hashed" not in vars(starter)
    play.give("offer")
    play.rest_after("offer")
    assert len(play.found["starter"].positions) == N < 2 * N < SHAPE.size


def test_a_finish_copied_from_the_reply_confirms_nothing() -> None:
    play = Play(left=identifiers(range(1000, 1000 + N))).until("finish")
    play.give("finish", play.bodies["reply"][-16 * N :])
    assert play.found["responder"].positions == ()


def test_a_reply_whose_tags_come_from_the_starter_matches_nothing() -> None:
    """A responder without the identifiers can send any tags: those of the last finish match nothing."""
    play = Play().until("reply")
    play.give("reply", play.bodies["reply"][: -16 * N] + WHOLE.bodies["finish"])
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
    secret, scalars, share = (responder._run.parts[name] for name in ("secret", "scalars", "share"))
    delta = vole.Sender.from_parts(responder._run.parts).delta
    own = starter._run.parts["secret"]
    play.give("offer")
    keys = starter._run.parts["keys"]
    assert own in starter.to_bytes() and secret in responder.to_bytes()
    assert share not in play.bodies["offer"] + play.bodies["request"]
    play.give("request")
    assert share in play.bodies["reply"] and "share" not in responder._run.parts
    for served in (secret, scalars, delta):
        assert served not in responder.to_bytes()
    assert "_sender" not in vars(responder)
    play.give("reply")
    for served in (own, keys):
        assert served not in starter.to_bytes()
    assert "_receiver" not in vars(starter) and "share" not in starter._run.parts


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
        found = np.frombuffer(play.bodies["reply"], dtype=np.uint8)[-16 * bound :].reshape(-1, 16)
        counts = np.bincount(found[:, 2:].ravel(), minlength=256)
        expected = found[:, 2:].size / 256
        assert ((counts - expected) ** 2 / expected).sum() < 381, label
        # Sorted uniform numbers are evenly spread: Kolmogorov's distance is above 2.5/sqrt(n) once in 10^5.
        heads = np.ascontiguousarray(found[:, :8]).view(">u8").ravel() / 2.0**64
        assert abs(heads - np.arange(bound) / bound).max() < 2.5 / bound**0.5, label
