"""Whole runs by vector-OLE between honest sides, at every size and in both orders, and what they weigh."""

from __future__ import annotations

import pytest
from protocol_parties import ENGINE, RUN, identifiers, make_contract, stream

from overlap.protocol import role_of
from overlap.protocol.vole.roles import LIST_TAG_SIZE, part_size

MESSAGES = ("start", "offer", "request", "reply", "finish")


@pytest.mark.parametrize(("left", "right"), [(7, 2000), (2000, 7)])
@pytest.mark.parametrize("ahead", [False, True])
def test_lists_of_unlike_length(left: int, right: int, ahead: bool) -> None:
    run(left, right, min(left, right) // 2, ahead)


@pytest.mark.parametrize("count", [0, 1, 2, 100, 1000, pytest.param(1 << 14, marks=pytest.mark.slow)])
@pytest.mark.parametrize("swapped", [False, True])
def test_lists_of_every_size(count: int, swapped: bool) -> None:
    for shared in {0, count // 3, count}:
        run(count, count, shared, swapped)


def run(left: int, right: int, shared: int, ahead: bool) -> None:
    """A run of these sizes whose first `shared` identifiers are on both sides; `ahead` turns the lists about
    and does beforehand what needs no message."""
    ours, theirs = (
        identifiers(range(left)),
        identifiers([*range(shared), *range(left, left + right - shared)]),
    )
    if ahead:
        ours, theirs = ours[::-1], theirs[::-1]
    contract = make_contract(left, right, protocol="vole-rr22/1")
    starter, responder = (
        role_of(contract, role).begin(contract, RUN, listed, ENGINE, stream(f"{role} {left} {right}"))
        for role, listed in (("starter", ours), ("responder", theirs))
    )
    bodies = [starter.start()]
    for role in (responder, starter, responder):
        if ahead:
            starter.work_ahead()
            responder.work_ahead()
        bodies.append(role.reply(bodies[-1]))
    finish, found = starter.finish(bodies[-1])
    confirmed = responder.finish(finish)
    assert [len(body) for body in (*bodies, finish)] == [part_size(contract, step) for step in MESSAGES]
    wanted = set(ours) & set(theirs)
    assert {ours[at] for at in found.positions} == {theirs[at] for at in confirmed.positions} == wanted
    pairs = dict(zip((ours[at] for at in found.positions), found.tokens, strict=True))
    assert pairs == dict(zip((theirs[at] for at in confirmed.positions), confirmed.tokens, strict=True))


def test_bytes_an_identifier() -> None:
    """One-sided, all but `finish`, at the sizes of a bucket."""
    for count in (10**6, 1 << 20):
        contract = make_contract(count, count, protocol="vole-rr22/1")
        sizes = {step: part_size(contract, step) for step in MESSAGES}
        one_sided = sum(sizes[step] for step in MESSAGES[:-1])
        assert one_sided <= 39 * count
        assert sizes["finish"] == 16 * count
    assert 35.5 < one_sided / count < 36.5
    assert LIST_TAG_SIZE == 16
