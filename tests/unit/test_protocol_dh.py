"""Level `overlaps`: what each side learns, what a run keeps, and what the sizes say."""

from __future__ import annotations

import pickle

import pytest
from protocol_parties import ENGINE, RUN, begin, identifiers, make_contract, run_both, stream

from overlap.errors import BadInput, ContractMismatch, Refused
from overlap.protocol import Body, body_size, dh, read_contract
from overlap.protocol.body import list_tag_size, write_contract


def test_both_sides_learn_the_same_matches_under_the_same_tokens() -> None:
    left, right = identifiers(range(10)), identifiers(range(6, 20))
    ours, theirs = run_both(make_contract(12, 14), left, right)
    assert ours.positions == (6, 7, 8, 9)
    assert theirs.positions == (0, 1, 2, 3)
    assert ours.tokens == theirs.tokens
    assert len(set(ours.tokens)) == 4 and {len(token) for token in ours.tokens} == {16}
    assert (ours.submitted, ours.peer_bound) == (10, 14)
    assert (theirs.submitted, theirs.peer_bound) == (14, 12)


def test_tokens_of_two_runs_have_nothing_in_common() -> None:
    left, contract = identifiers(range(5)), make_contract(5, 5)
    first, _ = run_both(contract, left, left, "first")
    second, _ = run_both(contract, left, left, "second")
    assert not set(first.tokens) & set(second.tokens)


@pytest.mark.parametrize("left", [0, 1, 3, 7])
@pytest.mark.parametrize("right", [0, 1, 5])
@pytest.mark.parametrize("level", ["overlaps", "counts"])
def test_body_sizes_follow_from_the_contract_alone(left: int, right: int, level: str) -> None:
    contract = make_contract(7, 5, level)
    starter, responder = begin(contract, identifiers(range(left)), identifiers(range(right)))
    start = starter.start()
    reply = responder.reply(start)
    finish, _ = starter.finish(reply)
    sizes = [body_size(contract, step) for step in ("start", "reply", "finish")]
    assert [len(write_contract(contract)) + len(start), len(reply), len(finish)] == sizes
    # 7 elements of 32 bytes; the same and 5 tags of 10 bytes; 5 tags of 16 bytes or a count of 8.
    assert sizes[1:] == [7 * 32 + 5 * 10, 5 * 16 if level == "overlaps" else 8]


@pytest.mark.parametrize(
    ("starter", "responder", "size"),
    # max(10, ceil((40 + log2(X * Y)) / 8)): 40 bits are 5 bytes, 2^40 pairs fill 10 bytes exactly.
    [(0, 0, 10), (2**20, 2**20, 10), (2**20 + 1, 2**20, 11), (2**24, 2**24, 11)],
)
def test_list_tags_grow_with_the_number_of_pairs(starter: int, responder: int, size: int) -> None:
    assert list_tag_size(make_contract(starter, responder)) == size


def test_elements_stand_in_an_order_that_says_nothing_of_the_list() -> None:
    contract = make_contract(40, 1)
    starter, _ = begin(contract, identifiers(range(20)), [])
    body = starter.start()
    elements = [body[-40 * 32 :][at : at + 32] for at in range(0, 40 * 32, 32)]
    assert elements == sorted(set(elements))


@pytest.mark.parametrize("level", ["overlaps", "counts"])
def test_a_run_resumes_after_every_step(level: str) -> None:
    left, right, contract = identifiers(range(8)), identifiers(range(4, 9)), make_contract(9, 6, level)
    straight = run_both(contract, left, right)
    starter, responder = begin(contract, left, right)

    def again(role: object) -> object:
        return type(role).from_bytes(role.to_bytes(), ENGINE, stream("other"))  # type: ignore[attr-defined]

    start = starter.start()
    starter = again(starter)
    assert starter.start() == start
    reply = responder.reply(start)
    responder = again(responder)
    assert responder.reply(start) == reply
    finish, ours = starter.finish(reply)
    starter = again(starter)
    assert starter.finish(reply) == (finish, ours)
    theirs = responder.finish(finish)
    assert again(responder).finish(finish) == theirs
    if level == "counts":
        assert (ours, theirs) == straight
    assert theirs == straight[1] or ours.tokens == theirs.tokens


@pytest.mark.parametrize("level", ["overlaps", "counts"])
def test_the_scalar_is_gone_once_it_has_served(level: str) -> None:
    starter, responder = begin(make_contract(3, 3, level), identifiers(range(3)), identifiers(range(3)))
    scalars = [role._run.scalar for role in (starter, responder)]
    assert all(len(scalar) == 32 for scalar in scalars)
    assert scalars[0].hex().encode() in starter.to_bytes()
    starter.finish(responder.reply(starter.start()))
    for role, scalar in zip((starter, responder), scalars, strict=True):
        assert scalar.hex().encode() not in role.to_bytes() and scalar not in role.to_bytes()


def test_a_starter_that_withholds_leaves_the_responder_unfinished() -> None:
    starter, responder = begin(make_contract(3, 3), identifiers(range(3)), identifiers(range(3)))
    starter.finish(responder.reply(starter.start()))
    assert (starter.state, responder.state) == ("finished", "replied")


def test_steps_out_of_order_are_refused_and_change_nothing() -> None:
    starter, responder = begin(make_contract(1, 1), identifiers([1]), identifiers([1]))
    with pytest.raises(Refused, match="does not take a reply in state begun"):
        starter.finish(b"")
    with pytest.raises(Refused, match="does not take a finish in state begun"):
        responder.finish(b"")
    assert responder.finish(starter.finish(responder.reply(starter.start()))[0]).positions == (0,)


def test_more_identifiers_than_declared_are_refused() -> None:
    with pytest.raises(Refused, match="3 identifiers are more than the declared size bound of 2"):
        begin(make_contract(2, 2), identifiers(range(3)), [])


def test_repeated_identifiers_are_refused() -> None:
    with pytest.raises(Refused, match="repeated"):
        begin(make_contract(2, 2), identifiers([1, 1]), [])


@pytest.mark.parametrize("change", [{"level": "counts"}, {"protocol": "dh-count/1"}, {"suite": "other/1"}])
def test_a_contract_for_another_protocol_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(Refused, match="another level, protocol or suite"):
        dh.Starter.begin(make_contract(1, 1, **change), RUN, [], ENGINE, stream("run"))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("normaliser_digest", {"normaliser_digest": "44" * 32}),
        ("data_digest", {"data_digest": "55" * 32}),
        ("kinds", {"kinds": ("domain",)}),
        ("agreement", {"agreement": "66" * 32}),
    ],
)
def test_the_field_that_differs_is_named(field: str, change: dict[str, object]) -> None:
    theirs = read_contract(Body.of(write_contract(make_contract(2, 2))))
    with pytest.raises(ContractMismatch) as caught:
        make_contract(2, 2, **change).require_equal(theirs)
    assert caught.value.field == field


def test_a_size_bound_that_differs_is_named() -> None:
    theirs = read_contract(Body.of(write_contract(make_contract(3, 2))))
    with pytest.raises(ContractMismatch) as caught:
        make_contract(2, 2).require_equal(theirs)
    assert caught.value.field == "starter.size_bound"


@pytest.mark.parametrize("cut", [0, 5, 14, 20, 40, 200, -1])
def test_a_damaged_state_is_refused(cut: int) -> None:
    starter, _ = begin(make_contract(2, 2), identifiers([1]), [])
    with pytest.raises(BadInput):
        dh.Starter.from_bytes(starter.to_bytes()[:cut], ENGINE, stream("run"))


def test_the_state_of_another_role_is_refused() -> None:
    starter, _ = begin(make_contract(2, 2), identifiers([1]), [])
    with pytest.raises(BadInput):
        dh.Responder.from_bytes(starter.to_bytes(), ENGINE, stream("run"))


def test_the_state_of_a_run_is_neither_printed_nor_pickled() -> None:
    starter, _ = begin(make_contract(2, 2), identifiers([1]), [])
    assert "company" not in repr(starter._run) and starter._run.scalar.hex() not in repr(starter._run)
    with pytest.raises(TypeError):
        pickle.dumps(starter._run)
