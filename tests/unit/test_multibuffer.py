"""The backend multibuffer over a library in Python that behaves as the real one does, well or badly.

So everything but the arithmetic of the real library is tested on every machine; that is in
tests/property/test_multibuffer.py and tests/vectors.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest

from overlap.engine import BACKENDS, Engine
from overlap.engine import engine as engine_module
from overlap.errors import InvalidElement, OverlapError, UsageError
from overlap.group import backend as backends
from overlap.group import choose_backend, hash_to_group, multibuffer, multiply
from overlap.group.backend import multiply_by_cryptography
from overlap.group.multibuffer import guarded, load_library, load_multibuffer

SCALAR = hashlib.sha256(b"scalar").digest()
POINTS = hash_to_group([bytes([i]) for i in range(40)])
NEUTRAL = bytes(32)


class Function:
    """A function of a library: it can be called, and told its types."""

    def __init__(self, function: Callable[..., int]) -> None:
        self.function = function
        self.argtypes: Any = None
        self.restype: Any = None

    def __call__(self, *arguments: int) -> int:
        return self.function(*arguments)


class Library:
    """What the multi-buffer library does, one lane after the other; `spoil` changes a lane's product."""

    def __init__(
        self, widths: int = 8, spoil: Callable[[bytes, bytes], bytes] = lambda point, product: product
    ) -> None:
        self.calls = 0
        self.status = 0
        self.spoil = spoil
        self.mbx_get_algo_info = Function(lambda algorithm: widths if algorithm == 4 else 0)
        self.mbx_x25519_mb8 = Function(self._multiply)

    def _multiply(self, targets: int, scalars: int, sources: int) -> int:
        self.calls += 1
        status = self.status
        for lane in range(8):
            target, scalar, source = (
                ctypes.c_uint64.from_address(table + 8 * lane).value for table in (targets, scalars, sources)
            )
            point = ctypes.string_at(source, 32)
            product = multiply_by_cryptography(ctypes.string_at(scalar, 32), point)
            if product == NEUTRAL:
                # What stands in the place of a neutral product is not said anywhere.
                status |= 4 << 4 * lane
                product = b"?" * 32
            ctypes.memmove(target, self.spoil(point, product), 32)
        return status


def _forget() -> None:
    backends._multibuffer.cache_clear()
    backends._lanes.cache_clear()


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Puts a library in the place of the installed one, or an error that loading it raises."""

    def put(library: object) -> None:
        def load() -> object:
            if isinstance(library, Exception):
                raise library
            return library

        monkeypatch.setattr(multibuffer, "_right_system", lambda: True)
        monkeypatch.setattr(multibuffer, "load_library", load)
        monkeypatch.setattr(backends, "load_library", load)
        _forget()

    yield put
    _forget()


@pytest.mark.parametrize("count", range(20))
def test_every_number_of_points_gives_the_products_in_order(install, count: int) -> None:
    library = Library()
    install(library)
    multiplied = load_multibuffer(multiply_by_cryptography)
    before = library.calls
    assert multiplied(SCALAR, POINTS[: 32 * count]) == multiply_by_cryptography(SCALAR, POINTS[: 32 * count])
    assert library.calls - before == -(-count // 8)


def test_a_neutral_product_is_zero_whatever_the_library_left_there(install) -> None:
    install(Library())
    multiplied = load_multibuffer(multiply_by_cryptography)
    for lane in range(8):
        # Of order eight; its bytes have no run, so the library itself multiplies it.
        low = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
        points = POINTS[: 32 * lane] + low + POINTS[: 32 * (9 - lane)]
        assert multiplied(SCALAR, points) == multiply_by_cryptography(SCALAR, points)
        assert multiplied(SCALAR, points)[32 * lane : 32 * lane + 32] == NEUTRAL


def test_any_other_status_is_an_error(install) -> None:
    library = Library()
    install(library)
    multiplied = load_multibuffer(multiply_by_cryptography)
    library.status = 0x00A00000
    with pytest.raises(OverlapError, match="failed with status 0xa00000") as failure:
        multiplied(SCALAR, POINTS)
    assert "cryptography" in failure.value.hint


def test_points_that_look_special_never_reach_the_caller_from_the_library(install) -> None:
    def wrong_for_runs(point: bytes, product: bytes) -> bytes:
        return b"#" * 32 if bytes(4) in point or b"\xff" * 4 in point else product

    install(Library(spoil=wrong_for_runs))
    multiplied = load_multibuffer(multiply_by_cryptography)
    special = [
        u.to_bytes(32, "little") for u in (9, 2**93 - 1, 2**255 - 20, 2**255 - 33, 2**254 - 9, 2**255 - 1)
    ]
    points = POINTS[:96] + b"".join(special) + POINTS[96 : 200 * 32] + special[0]
    assert multiplied(SCALAR, points) == multiply_by_cryptography(SCALAR, points)


def test_runs_over_the_border_of_two_points_are_nothing_special() -> None:
    first, second = b"\1" * 30 + bytes(2), bytes(2) + b"\1" * 30
    assert multibuffer.looks_special(first + second) == set()
    assert multibuffer.looks_special(second + first + bytes(32) + first) == {64}
    assert multibuffer.looks_special(first + bytes(4) + b"\1" * 28 + first) == {32}


def test_a_library_that_turns_wrong_is_found_out() -> None:
    def wrong(scalar: bytes, points: bytes) -> bytes:
        return bytes(byte ^ 1 for byte in multiply_by_cryptography(scalar, points))

    with pytest.raises(OverlapError, match="gave a wrong product"):
        guarded(wrong, multiply_by_cryptography)(SCALAR, POINTS)


def test_which_product_is_compared_changes_with_the_scalar() -> None:
    asked: list[bytes] = []

    def reference(scalar: bytes, point: bytes) -> bytes:
        asked.append(point)
        return multiply_by_cryptography(scalar, point)

    multiplied = guarded(multiply_by_cryptography, reference)
    for i in range(60):
        multiplied(hashlib.sha256(bytes([i])).digest(), POINTS)
    assert set(map(len, asked)) == {32}
    assert len(set(asked)) > 20


@pytest.mark.parametrize(
    ("library", "why"),
    [
        (PackageNotFoundError("ipp-crypto"), "the package ipp-crypto is not installed"),
        (OSError("libcrypto.so.3: cannot open shared object file"), "its library could not be loaded"),
        (object(), "its library is of another version"),
        (Library(widths=0), "this processor lacks AVX-512 with IFMA"),
        (Library(widths=16), "this processor lacks AVX-512 with IFMA"),
        (Library(spoil=lambda point, product: product[::-1]), "its self-test gave wrong bytes"),
        (Library(spoil=lambda point, product: point), "its self-test gave wrong bytes"),
    ],
)
def test_a_library_that_cannot_be_used_is_left_out_and_forced_is_an_error(install, library, why: str) -> None:
    install(library)
    assert choose_backend() == "cryptography"
    assert Engine(1).backend == "cryptography"
    with pytest.raises(UsageError, match=why) as refusal:
        choose_backend("multibuffer")
    assert "account-overlap[fast]" in refusal.value.hint
    with pytest.raises(UsageError, match=why):
        Engine(1, backend="multibuffer")


def test_a_library_that_fails_inside_the_self_test_is_left_out(install) -> None:
    library = Library()
    library.status = 0xAAAAAAAA
    install(library)
    assert choose_backend() == "cryptography"


def test_another_system_is_said(install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(Library())
    monkeypatch.setattr(multibuffer, "_right_system", lambda: False)
    with pytest.raises(UsageError, match="Linux on x86-64 only"):
        choose_backend("multibuffer")


def test_the_package_is_looked_up_by_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    class Path:
        def __init__(self, name: str) -> None:
            self.name = name

        def locate(self) -> object:
            return tmp_path / self.name

    class Distribution:
        def __init__(self, package: str) -> None:
            names = {"intel-cmplr-lib-rt": ["libintlc.so.5", "libimf.so", "libirng.so", "libsvml.so"]}
            self.files = [Path(name) for name in names.get(package, ["libippcp.so"])]

    opened: list[str] = []
    load_library.cache_clear()
    monkeypatch.setattr(multibuffer, "distribution", Distribution)
    monkeypatch.setattr(multibuffer.ctypes, "CDLL", opened.append)
    monkeypatch.setattr(multibuffer, "_right_system", lambda: True)
    with pytest.raises(UsageError, match="could not be loaded"):
        load_multibuffer(multiply_by_cryptography)
    assert opened == [
        str(tmp_path / name) for name in ("libintlc.so.5", "libimf.so", "libirng.so", "libsvml.so")
    ]


def test_a_working_library_is_chosen_and_can_be_declined(install) -> None:
    install(Library())
    assert choose_backend() == "multibuffer"
    assert choose_backend("cryptography") == "cryptography"
    with pytest.raises(UsageError, match="no backend of that name"):
        choose_backend("openssl")
    assert BACKENDS == ("auto", "cryptography", "multibuffer")


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 37])
def test_an_engine_over_it_gives_the_bytes_of_the_group(
    install, monkeypatch: pytest.MonkeyPatch, processes: int, size: int
) -> None:
    library = Library()
    install(library)
    monkeypatch.setattr(engine_module, "MULTIPLY_CHUNK", 5)
    monkeypatch.setattr(engine_module, "THREAD_THRESHOLD", 10)
    with Engine(processes, backend="multibuffer") as engine:
        before = library.calls
        assert engine.multiply(SCALAR, POINTS[: 32 * size]) == multiply(SCALAR, POINTS[: 32 * size])
        assert library.calls - before == -(-size // 5)


@pytest.mark.parametrize("processes", [1, 3])
def test_an_engine_over_it_names_the_first_bad_element(
    install, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    install(Library())
    monkeypatch.setattr(engine_module, "MULTIPLY_CHUNK", 5)
    monkeypatch.setattr(engine_module, "THREAD_THRESHOLD", 10)
    bad = POINTS[: 32 * 17] + NEUTRAL + POINTS[32 * 18 : 32 * 39] + NEUTRAL
    with (
        Engine(processes, backend="multibuffer") as engine,
        pytest.raises(InvalidElement, match=r"^element 18 of 40 is of low order$"),
    ):
        engine.multiply(SCALAR, bad)


def test_an_error_in_a_thread_reaches_the_caller_and_the_engine_works_on(
    install, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library()
    install(library)
    monkeypatch.setattr(engine_module, "MULTIPLY_CHUNK", 5)
    monkeypatch.setattr(engine_module, "THREAD_THRESHOLD", 10)
    with Engine(2, backend="multibuffer") as engine:
        library.status = 0x1
        with pytest.raises(OverlapError, match="failed with status"):
            engine.multiply(SCALAR, POINTS)
        library.status = 0
        assert engine.multiply(SCALAR, POINTS) == multiply(SCALAR, POINTS)


def test_a_caller_that_stops_in_the_middle_ends_the_threads(install, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    install(library)
    monkeypatch.setattr(engine_module, "MULTIPLY_CHUNK", 2)
    monkeypatch.setattr(engine_module, "THREAD_THRESHOLD", 4)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = library.calls
    with pytest.raises(KeyboardInterrupt), Engine(2, stop, "multibuffer") as engine:
        before = library.calls
        engine.multiply(SCALAR, POINTS)
    assert library.calls - before < 20
