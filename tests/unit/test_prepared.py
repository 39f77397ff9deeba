"""A prepared list: what it costs, what its bodies say, what is kept, and what is used up."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from prepared_parties import LIMITS, House, base_contract, run_contract
from protocol_parties import ENGINE, RUN, identifiers, stream

from overlap.errors import BadInput, ContractMismatch, Refused
from overlap.protocol import body_size
from overlap.protocol.passage import Passage
from overlap.protocol.prepared import Asker, Holder, Limits, Preparation, Responder, Starter
from overlap.protocol.stream import Body


def test_both_sides_learn_the_same_matches_under_the_same_tokens() -> None:
    house = House(identifiers(range(6, 20)), 12, 14)
    ours, theirs = house.match(identifiers(range(10)))
    assert ours.positions == (6, 7, 8, 9) and theirs.positions == (0, 1, 2, 3)
    assert ours.tokens == theirs.tokens and len(set(ours.tokens)) == 4
    again, _ = house.match(identifiers(range(10)))
    assert again.positions == ours.positions and not set(again.tokens) & set(ours.tokens)


def test_a_later_run_asks_only_about_what_is_new() -> None:
    house = House(identifiers(range(10)), 12, 14)
    own = identifiers(range(5, 15))
    assert house.asker.queries(own) == 12
    house.match(own)
    assert house.asker.queries(own) == LIMITS.queries
    starter, responder = house.begin([*own[3:], *identifiers(range(3))])
    start = starter.start()
    assert len(start) == LIMITS.queries * 32 and len(responder.reply(start)) == LIMITS.queries * 32
    assert house.asker.queries(identifiers(range(20, 26))) == 12


@pytest.mark.parametrize("entered", [0, 1, 8])
@pytest.mark.parametrize("own", [0, 1, 6])
def test_sizes_follow_from_terms_and_contract_alone(own: int, entered: int) -> None:
    house = House(identifiers(range(6)), 7, 14)
    assert len(house.preparation) == 8 + len(house.terms.to_bytes()) + 14 * 10
    update = house.update(identifiers(range(6 + entered)))
    assert len(update) == 32 + 8 * 10
    starter, responder = house.begin(identifiers(range(own)))
    start = starter.start()
    reply = responder.reply(start)
    finish, _ = starter.finish(reply)
    contract = starter.contract
    head = 8 + len(contract.to_bytes())
    sizes = [body_size(contract, step) for step in ("start", "reply", "finish")]
    assert [head + len(start), len(reply), len(finish)] == sizes
    assert sizes[1:] == [contract.queries * 32, 7 * 20]


def tags_in(house: House, body: bytes, head: int) -> set[bytes]:
    size = house.terms.tag_size
    return {body[at : at + size] for at in range(head, len(body), size)}


def test_a_tag_never_comes_again_whatever_enters_and_leaves() -> None:
    """Who has no K cannot follow an account from one version to the next."""
    house = House(identifiers(range(8)), 8, 8)
    head = len(house.preparation) - 8 * house.terms.tag_size
    seen = [tags_in(house, house.preparation, head)]
    for theirs in (
        identifiers(range(4)),
        identifiers(range(8)),
        identifiers(range(4)),
        identifiers(range(8)),
    ):
        seen.append(tags_in(house, house.update(theirs), 32))
    assert sum(map(len, seen)) == len(set().union(*seen)) == 8 + 4 * 8


@pytest.mark.parametrize(
    ("responder", "changes", "updates", "evaluations", "size"),
    [(0, 0, 0, 0, 10), (2**20, 0, 0, 2**20, 10), (2**20, 1, 1, 2**20, 11), (10**6, 10**4, 50, 10**5, 10)],
)
def test_tags_grow_with_the_pairs_of_the_whole_life(
    responder: int, changes: int, updates: int, evaluations: int, size: int
) -> None:
    terms = Preparation.of(base_contract(10, responder), Limits(changes, updates, 0, 1, evaluations))
    assert terms.tag_size == size


def test_a_run_resumes_after_every_step() -> None:
    house = House(identifiers(range(4, 9)), 9, 6)
    starter, responder = house.begin(identifiers(range(8)))

    def again(role: Starter | Responder) -> Starter | Responder:
        house.restart()
        read = type(role).from_bytes(role.to_bytes(), ENGINE, stream("other"))
        return read.over(house.asker if isinstance(read, Starter) else house.holder)  # type: ignore[arg-type]

    start = starter.start()
    starter = again(starter)  # type: ignore[assignment]
    assert starter.start() == start
    reply = responder.reply(start)
    responder = again(responder)  # type: ignore[assignment]
    assert responder.reply(start) == reply
    finish, ours = starter.finish(reply)
    starter = again(starter)  # type: ignore[assignment]
    assert starter.finish(reply) == (finish, ours)
    theirs = responder.finish(finish)
    responder = again(responder)  # type: ignore[assignment]
    assert responder.finish(finish) == theirs and ours.tokens == theirs.tokens


def test_start_and_reply_need_neither_tags_nor_list() -> None:
    house = House(identifiers(range(4)), 5, 5)
    blind, _ = house.begin(identifiers(range(3)))
    blind.over(Asker.from_bytes(house.asker.to_bytes(), None))
    start, contract = blind.start(), blind.contract
    starter = Starter.from_bytes(blind.to_bytes(), ENGINE, stream("s")).over(house.asker)
    holder = Holder.from_bytes(house.holder.to_bytes(), None)
    responder = Responder.begin(contract, house.runs.to_bytes(16, "big"), [], ENGINE, stream("r")).over(
        holder
    )
    reply = responder.reply(start)
    with pytest.raises(Refused, match="tags of the prepared list were not read"):
        blind.finish(reply)
    finish, _ = starter.finish(reply)
    with pytest.raises(Refused, match="list was not read"):
        responder.finish(finish)
    whole = Holder.from_bytes(holder.to_bytes(), house.holder.rows_bytes())
    assert responder.over(whole).finish(finish).positions == (0, 1, 2)


def test_no_state_of_a_run_holds_the_key() -> None:
    house = House(identifiers(range(4)), 5, 5)
    starter, responder = house.begin(identifiers(range(3)))
    finish, _ = starter.finish(responder.reply(starter.start()))
    responder.finish(finish)
    key = house.holder.key
    for state in (
        starter.to_bytes(),
        responder.to_bytes(),
        house.asker.to_bytes(),
        house.holder.rows_bytes(),
    ):
        assert key not in state and key.hex().encode() not in state
    assert key.hex().encode() in house.holder.to_bytes()


def test_what_left_the_own_list_is_forgotten() -> None:
    house = House(identifiers(range(4)), 9, 5)
    house.match(identifiers(range(6)))
    house.match(identifiers(range(2)))
    assert house.asker.new(identifiers(range(4))) == [2, 3]
    assert b"company-5" not in house.asker.to_bytes()


def test_runs_and_elements_are_counted_and_end() -> None:
    house = House(identifiers(range(4)), 9, 5, Limits(2, 1, 3, 3, 9 + 3 + 2))
    assert house.holder.left == (3, 14, 1)
    house.match(identifiers(range(6)))
    house.match(identifiers(range(6)))
    house.restart()
    assert house.holder.left == (1, 2, 1)
    starter, responder = house.begin(identifiers(range(6)))
    with pytest.raises(Refused, match="used up"):
        responder.reply(starter.start())
    assert responder.state == "begun" and house.holder.left == (1, 2, 1)


def test_runs_end_before_elements_do() -> None:
    house = House(identifiers(range(4)), 9, 5, Limits(2, 1, 3, 1, 100))
    house.match(identifiers(range(6)))
    starter, responder = house.begin(identifiers(range(6)))
    with pytest.raises(Refused, match="used up"):
        responder.reply(starter.start())


def test_a_reply_given_again_is_counted_once_also_when_the_count_was_lost() -> None:
    house = House(identifiers(range(4)), 9, 5)
    before = house.holder.to_bytes()
    starter, responder = house.begin(identifiers(range(6)))
    start = starter.start()
    reply = responder.reply(start)
    assert responder.reply(start) == reply
    spent = house.holder.left
    lost = Holder.from_bytes(before, house.holder.rows_bytes())
    again = Responder.from_bytes(responder.to_bytes(), ENGINE, stream("x")).over(lost)
    assert again.reply(start) == reply and lost.left == spent


def test_updates_end_and_bounds_hold() -> None:
    house = House(identifiers(range(4)), 9, 10, Limits(3, 1, 3, 3, 100))
    with pytest.raises(Refused, match="4 identifiers entered or left, more than the 3"):
        house.update(identifiers(range(2, 6)))
    with pytest.raises(Refused, match="11 identifiers are more than the declared size bound of 10"):
        house.update(identifiers(range(11)))
    with pytest.raises(Refused, match="repeated"):
        house.update(identifiers([1, 1]))
    assert house.holder.version == 0
    house.update(identifiers(range(1, 6)))
    with pytest.raises(Refused, match="all 1 updates"):
        house.update(identifiers(range(4)))
    with pytest.raises(Refused, match="all updates"):
        house.asker.take_update(bytes(32 + 30))
    with pytest.raises(Refused, match="10 identifiers are more"):
        house.asker.queries(identifiers(range(10)))


@pytest.mark.parametrize("own", [11, -1])
def test_a_list_that_does_not_fit_is_not_prepared(own: int) -> None:
    terms = Preparation.of(base_contract(3, 10), Limits(1, 1, 1, 1, 1))
    listed = identifiers(range(own)) if own > 0 else identifiers([1, 1])
    with pytest.raises(Refused):
        Holder.prepare(terms, listed, ENGINE, stream("x"))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(-1, 1, 1, 1, 1),
        Limits(1, -1, 1, 1, 1),
        Limits(1, 1, 4, 1, 1),
        Limits(2**25, 200, 1, 1, 1),
        Limits(2**25 + 1, 0, 1, 1, 1),
    ],
)
def test_limits_that_cannot_be_are_refused(limits: Limits) -> None:
    with pytest.raises(Refused):
        Preparation.of(base_contract(3, 10), limits)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("prepared.kinds", {"kinds": ("domain",), "false_hits": (30,)}),
        ("prepared.agreement", {"agreement": "66" * 32}),
        ("prepared.normaliser_digest", {"normaliser_digest": "44" * 32}),
        ("prepared.veto", {"veto": "lei"}),
    ],
)
def test_a_run_under_another_contract_is_refused_by_the_field(field: str, change: dict[str, object]) -> None:
    house = House(identifiers(range(4)), 9, 10)
    own = identifiers(range(3))
    contract = replace(run_contract(house.base, house.asker, own), **change)  # type: ignore[arg-type]
    for begin, prepared in ((Starter.begin, house.asker), (Responder.begin, house.holder)):
        with pytest.raises(ContractMismatch) as caught:
            begin(contract, RUN, [], ENGINE, stream("x")).over(prepared)  # type: ignore[operator]
        assert caught.value.field == field


@pytest.mark.parametrize("queries", [0, 4, 10])
def test_a_run_with_another_number_of_elements_is_refused(queries: int) -> None:
    house = House(identifiers(range(4)), 9, 10)
    contract = replace(run_contract(house.base, house.asker, []), queries=queries)
    with pytest.raises(Refused, match="as many elements as agreed"):
        Responder.begin(contract, RUN, [], ENGINE, stream("x")).over(house.holder)


def test_more_new_identifiers_than_the_run_has_elements_are_refused() -> None:
    house = House(identifiers(range(4)), 9, 10)
    contract = replace(run_contract(house.base, house.asker, []), queries=LIMITS.queries)
    with pytest.raises(Refused, match="more identifiers are new"):
        house.begin(identifiers(range(6)), contract)


def test_an_update_ends_the_runs_that_are_open() -> None:
    house = House(identifiers(range(4)), 9, 10)
    starter, responder = house.begin(identifiers(range(3)))
    waiting, _ = house.begin(identifiers(range(3)))
    reply = responder.reply(starter.start())
    house.update(identifiers(range(5)))
    with pytest.raises(Refused, match="another version"):
        starter.finish(reply)
    with pytest.raises(Refused, match="another version"):
        waiting.start()
    with pytest.raises(Refused, match="another version"):
        responder.finish(bytes(body_size(responder.contract, "finish")))


def test_a_run_that_another_one_overtook_is_refused() -> None:
    house = House(identifiers(range(4)), 9, 10)
    own = identifiers(range(3))
    slow, responder = house.begin(own)
    reply = responder.reply(slow.start())
    house.match(own)
    with pytest.raises(Refused, match="another run was finished"):
        slow.finish(reply)


def test_a_run_goes_through_the_passage_of_all_protocols() -> None:
    house = House(identifiers(range(2, 9)), 9, 10)
    own = identifiers(range(4))
    contract = run_contract(house.base, house.asker, own)
    starter = Passage(contract, "starter", RUN, ENGINE, stream("a"), prepared=house.asker)
    responder = Passage(contract, "responder", RUN, ENGINE, stream("b"), prepared=house.holder)
    starter.begin(own)
    responder.begin([])
    _, start = starter.take("start")
    (reply,) = responder.take("start", Body.of(start))
    (finish,) = starter.take("reply", Body.of(reply))
    assert list(responder.take("finish", Body.of(finish))) == []
    assert starter.learned().positions == (2, 3) and responder.learned().positions == (0, 1)


@pytest.mark.parametrize("cut", [0, 10, 30, 200, -1])
def test_damaged_states_are_refused(cut: int) -> None:
    house = House(identifiers(range(4)), 9, 10)
    house.match(identifiers(range(6)))
    holder, rows = house.holder.to_bytes(), house.holder.rows_bytes()
    with pytest.raises(BadInput):
        Holder.from_bytes(holder[:cut], rows)
    with pytest.raises(BadInput):
        Holder.from_bytes(holder, rows[:cut])
    with pytest.raises(BadInput):
        Asker.from_bytes(house.asker.to_bytes()[:cut], house.asker.tags)
    with pytest.raises(BadInput):
        Asker.from_bytes(house.asker.to_bytes(), bytes(house.asker.tags)[: min(cut, 99)])


def test_rows_of_another_version_are_refused() -> None:
    house = House(identifiers(range(4)), 9, 10)
    rows, tags, asker = house.holder.rows_bytes(), bytes(house.asker.tags), house.asker.to_bytes()
    house.update(identifiers(range(5)))
    with pytest.raises(BadInput):
        Holder.from_bytes(house.holder.to_bytes(), rows)
    with pytest.raises(BadInput):
        Asker.from_bytes(house.asker.to_bytes(), tags)
    assert Asker.from_bytes(asker, memoryview(tags)).version == 0


def test_what_is_kept_is_neither_printed_nor_pickled() -> None:
    house = House(identifiers(range(4)), 9, 10)
    for kept in (house.holder, house.asker, house.holder.rows):
        assert "company" not in repr(kept) and house.holder.key.hex() not in repr(kept)
        with pytest.raises(TypeError):
            pickle.dumps(kept)
