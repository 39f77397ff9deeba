"""The engine gives what the group gives, whatever the number of processes: expected values come from it."""

from __future__ import annotations

import pytest

from overlap import group
from overlap.engine import Engine, usable_processors
from overlap.engine import engine as engine_module
from overlap.engine.tasks import hash_here, hash_task, perform, read_answer
from overlap.errors import InvalidElement

SCALAR = group.draw_scalar(lambda count: bytes(range(count)))
CHUNK, THRESHOLD = 10, 30
SIZES = (0, 1, 2, THRESHOLD - 1, THRESHOLD, THRESHOLD + 1, 7 * CHUNK + 3)


def messages(count: int) -> list[bytes]:
    return [b"account" * (i % 40) + i.to_bytes(4, "big") for i in range(count)]


def random(count: int) -> bytes:
    return bytes(7 for _ in range(count))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MULTIPLY_CHUNK", "LIGHT_CHUNK"):
        monkeypatch.setattr(engine_module, name, CHUNK)
    for name in ("MULTIPLY_THRESHOLD", "LIGHT_THRESHOLD", "LANES_THRESHOLD"):
        monkeypatch.setattr(engine_module, name, THRESHOLD)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_every_size_gives_the_bytes_of_the_group(small_chunks: None, processes: int) -> None:
    with Engine(processes) as engine:
        for size in SIZES:
            hashed = group.hash_to_group(messages(size))
            assert engine.hash_to_group(messages(size)) == hashed
            assert engine.multiply(SCALAR, hashed) == group.multiply(SCALAR, hashed)
            engine.check_points(hashed)


def test_the_threshold_as_shipped_gives_the_bytes_of_the_group() -> None:
    size = engine_module.MULTIPLY_THRESHOLD
    hashed = group.hash_to_group(messages(size))
    with Engine(2) as engine:
        assert engine.multiply(SCALAR, hashed) == group.multiply(SCALAR, hashed)


@pytest.mark.parametrize("processes", [1, 2])
def test_the_first_of_several_bad_elements_is_named(small_chunks: None, processes: int) -> None:
    points = bytearray(group.hash_to_group(messages(100)))
    points[32 * 47 : 32 * 48] = (2).to_bytes(32, "little")
    points[32 * 41 : 32 * 42] = bytes(32)
    points[32 * 95 : 32 * 96] = b"\xff" * 32
    with Engine(processes) as engine:
        with pytest.raises(InvalidElement, match=r"^element 42 of 100 is of low order$"):
            engine.check_points(bytes(points))
        with pytest.raises(InvalidElement, match=r"^element 42 of 100 is of low order$"):
            engine.multiply(SCALAR, bytes(points))


@pytest.mark.parametrize("processes", [1, 2])
def test_an_element_repeated_in_another_chunk_is_refused(small_chunks: None, processes: int) -> None:
    points = group.hash_to_group(messages(99))
    with (
        Engine(processes) as engine,
        pytest.raises(InvalidElement, match=r"^element 100 of 100 repeats an earlier one$"),
    ):
        engine.check_points(points + points[:32])


@pytest.mark.parametrize("processes", [1, 2])
def test_a_list_that_ends_inside_an_element_is_refused(small_chunks: None, processes: int) -> None:
    points = group.hash_to_group(messages(40))
    with Engine(processes) as engine:
        with pytest.raises(InvalidElement, match=r"^element 40 of 40 is cut short$"):
            engine.check_points(points[:-1])
        with pytest.raises(ValueError, match="32 bytes"):
            engine.multiply(SCALAR, points[:-1])
        with pytest.raises(ValueError, match="32 bytes"):
            engine.multiply(SCALAR[:-1], points)


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_rises_to_the_total(small_chunks: None, processes: int) -> None:
    seen: list[tuple[str, int, int]] = []
    with Engine(processes, lambda *step: seen.append(step)) as engine:
        engine.hash_to_group(messages(43), "blind")
    assert [step[0] for step in seen] == ["blind"] * 5
    assert [step[2] for step in seen] == [43] * 5
    done = [step[1] for step in seen]
    assert done == sorted(set(done))
    assert done[-1] == 43


def test_a_closed_engine_starts_again(small_chunks: None) -> None:
    with Engine(2) as engine:
        first = engine.hash_to_group(messages(50))
        engine.close()
        assert engine.hash_to_group(messages(50)) == first


def test_an_engine_has_at_least_one_process() -> None:
    assert usable_processors() >= 1
    with pytest.raises(ValueError, match="at least one process"):
        Engine(0)


def test_a_task_carries_messages_of_any_length() -> None:
    sent = [b"", b"x" * 70_000, b""]
    assert read_answer(perform(hash_task(sent))) == group.hash_to_group(sent)


def test_an_unknown_task_is_a_bug() -> None:
    with pytest.raises(ValueError, match="begins with"):
        perform(b"?")


def test_items_that_are_watched_come_as_they_are_and_are_counted() -> None:
    told: list[tuple[str, int, int]] = []
    engine = Engine(1, lambda *facts: told.append(facts))
    items = [bytes([at % 256]) for at in range(2500)]
    assert list(engine.watch(iter(items), 2500, "encrypt")) == items
    assert told == [("encrypt", done, 2500) for done in (1000, 2000, 2500)]
    assert list(Engine(1).watch([], 0, "encrypt")) == []


@pytest.fixture
def hashed(small_chunks: None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages were hashed, task by task."""
    counts: list[int] = []

    def counted(messages: list[bytes], backend: str) -> bytes:
        counts.append(len(messages))
        return hash_here(messages, backend)

    monkeypatch.setattr(engine_module, "hash_here", counted)
    return counts


def test_a_list_is_hashed_once_and_again_after_close(hashed: list[int]) -> None:
    with Engine(1) as engine:
        first = engine.hash_to_group(messages(15))
        assert engine.hash_to_group(tuple(messages(15))) == first == group.hash_to_group(messages(15))
        assert hashed == [10, 5]
        engine.close()
        assert engine.hash_to_group(messages(15)) == first
    assert hashed == [10, 5, 10, 5]


def test_a_list_known_already_still_comes_to_the_end_of_its_progress(hashed: list[int]) -> None:
    seen: list[tuple[str, int, int]] = []
    with Engine(1, lambda *step: seen.append(step)) as engine:
        engine.hash_to_group(messages(5))
        engine.hash_to_group(messages(5), "again")
        engine.hash_to_group([])
        engine.hash_to_group([])
    assert seen == [("hash", 5, 5), ("again", 5, 5)]


@pytest.mark.parametrize(
    "other",
    [
        [b"ab", b"c"],
        [b"a", b"bc", b""],
        [b"", b"a", b"bc"],
        [b"bc", b"a"],
        [b"a", b"bd"],
        [b"a"],
        [b"abc"],
        [(1).to_bytes(8, "little") + b"abc"],
    ],
)
def test_another_list_is_another_list(hashed: list[int], other: list[bytes]) -> None:
    with Engine(1) as engine:
        engine.hash_to_group([b"a", b"bc"])
        assert engine.hash_to_group(other) == group.hash_to_group(other)
    assert hashed == [2, len(other)]


def test_an_engine_keeps_both_sides_of_a_simulation_and_no_dummies(hashed: list[int]) -> None:
    left, right, third = messages(1), messages(2), messages(3)
    with Engine(1) as engine:
        for _ in range(2):
            for side in (left, right):
                engine.hash_to_group(side)
                engine.hash_to_group(group.dummy_messages(4, random), keep=False)
        assert hashed == [1, 4, 2, 4, 4, 4]
        engine.hash_to_group(third)
        engine.hash_to_group(right)
        assert hashed[6:] == [3]
        engine.hash_to_group(left)
        assert hashed[6:] == [3, 1]


def test_what_an_engine_keeps_is_bounded(hashed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "KEPT_BYTES", 5 * 32)
    with Engine(1) as engine:
        for size in (6, 6, 3, 2, 3, 2, 4, 3):
            assert engine.hash_to_group(messages(size)) == group.hash_to_group(messages(size))
    assert hashed == [6, 6, 3, 2, 4, 3]
