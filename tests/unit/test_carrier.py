"""The shared folder as a carrier, and parcels: order, numbers, what is left alone, what is found altered."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.room import KINDS, OPEN_KINDS, FolderCarrier, limit_of
from cleanroom.room import carrier as module
from cleanroom.session.post.parcels import PARCEL_LINE, is_parcel, make_parcel, open_parcel
from overlap.errors import BadPeerFile, MalformedFile, Refused, Unreachable
from overlap.keys import PartyKeys

ADA, BEN, CAT = (PartyKeys.generate(name, lambda n, s=seed: bytes([s]) * n) for name, seed in
                 (("ada", 2), ("ben", 3), ("cat", 4)))  # fmt: skip


def carrier(folder: Path, keys: PartyKeys, counts: Counter[str] | None = None) -> FolderCarrier:
    known: Counter[str] = Counter() if counts is None else counts

    def number(whose: str) -> int:
        known[whose] += 1
        return known[whose]

    folder.mkdir(exist_ok=True)
    return FolderCarrier(folder, keys.card, number)


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "source"
    path.write_bytes(data)
    return path


def test_files_of_one_sender_stay_in_their_order_whatever_their_times_say(tmp_path: Path) -> None:
    folder, ada = tmp_path / "shared", carrier(tmp_path / "shared", ADA)
    for text in (b"one", b"two", b"three"):
        ada.send(BEN.card, "letter", written(tmp_path, text))
    carrier(folder, CAT).send(BEN.card, "frame", written(tmp_path, b"four"))
    for at, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (0, 1000 - at))
    waiting = carrier(folder, BEN).waiting(KINDS)
    own = [item for item in waiting if item.sender == ADA.card.digest.hex()]
    contents = [(folder / item.id).read_bytes() for item in own]
    assert contents == [b"one", b"two", b"three"] and len(waiting) == 4
    assert [item.time for item in waiting] == sorted(item.time for item in waiting)


def test_the_same_bytes_wait_once_and_a_number_is_given_once(tmp_path: Path) -> None:
    folder, counts = tmp_path / "shared", Counter[str]()
    ada = carrier(folder, ADA, counts)
    for text in (b"one", b"one", b"two", b"one"):
        ada.send(BEN.card, "letter", written(tmp_path, text))
    assert len(list(folder.iterdir())) == 2
    counts.clear()  # The party's folder came back from a backup.
    ada.send(BEN.card, "letter", written(tmp_path, b"three"))
    assert sorted(path.name.rpartition(".")[2] for path in folder.iterdir()) == ["000001", "000002", "000003"]


def test_what_is_fetched_is_what_was_announced(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    carrier(folder, ADA).send(BEN.card, "letter", written(tmp_path, b"one"))
    ben = carrier(folder, BEN)
    (item,) = ben.waiting(["letter"])
    ben.fetch(item, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"one"
    for changed in (b"two", b"one and more", b""):
        (folder / item.id).write_bytes(changed)
        with pytest.raises(MalformedFile):
            ben.fetch(item, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    ben.done(item)
    ben.done(item)
    with pytest.raises(Refused):
        ben.fetch(item, tmp_path / "other")


def test_a_killed_senders_half_file_waits_for_nobody_and_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, ada = tmp_path / "shared", carrier(tmp_path / "shared", ADA)

    def dead(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module.os, "replace", dead)
        with pytest.raises(KeyboardInterrupt):
            ada.send(BEN.card, "letter", written(tmp_path, b"one"))
    assert len(list(folder.iterdir())) == 1 and carrier(folder, BEN).waiting(KINDS) == []
    ada.send(BEN.card, "letter", written(tmp_path, b"one"))
    assert [path.suffix for path in folder.iterdir()] == [".000002"]


@pytest.mark.parametrize("kind", KINDS)
def test_files_above_the_limit_of_their_kind_are_neither_sent_nor_seen(tmp_path: Path, kind: str) -> None:
    folder, source = tmp_path / "shared", tmp_path / "source"
    ada = carrier(folder, ADA)
    with source.open("wb") as file:
        file.truncate(limit_of(kind) + 1)
    with pytest.raises(Refused, match="may have"):
        ada.send(BEN.card, kind, source)
    ada.send(BEN.card, kind, written(tmp_path, b"x"))
    (place,) = folder.iterdir()
    assert len(carrier(folder, BEN).waiting([kind])) == 1
    with place.open("wb") as file:
        file.truncate(limit_of(kind) + 1)
    assert carrier(folder, BEN).waiting([kind]) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    gone = FolderCarrier(tmp_path / "gone", ADA.card, lambda whose: 1)
    for act in (lambda: gone.waiting(KINDS), lambda: gone.send(BEN.card, "card", written(tmp_path, b"x"))):
        with pytest.raises(Unreachable, match="No such folder"):
            act()
    assert not (tmp_path / "gone").exists()


@settings(deadline=None)
@given(st.binary(max_size=20_000))
def test_a_parcel_gives_back_what_was_put_in(content: bytes) -> None:
    parcel = make_parcel(BEN.card, content)
    assert open_parcel(BEN, parcel) == content and is_parcel(parcel)
    assert len(content) < 4 or content not in parcel[len(PARCEL_LINE) :]


@settings(deadline=None)
@given(st.data())
def test_an_altered_parcel_is_refused(data: st.DataObject) -> None:
    parcel = bytearray(make_parcel(BEN.card, b"a proposal"))
    at = data.draw(st.integers(0, len(parcel) - 1))
    parcel[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadPeerFile):
        open_parcel(BEN, bytes(parcel))


@pytest.mark.parametrize(
    "plain", [b"", b"\0" * 8191, (2**63).to_bytes(8, "big").ljust(8192, b"\0"), b"\0" * 8191 + b"x"]
)
def test_a_parcel_of_another_form_is_refused(plain: bytes) -> None:
    with pytest.raises(MalformedFile):
        open_parcel(BEN, PARCEL_LINE + BEN.card.seal(b"overlap-parcel/1", plain))


def test_parcels_of_nearby_sizes_look_alike_and_fit_their_kind() -> None:
    assert len({len(make_parcel(BEN.card, b"x" * size)) for size in (0, 1, 3000, 8000)}) == 1
    for kind in OPEN_KINDS:
        if KINDS[kind] < 2**20:
            assert len(make_parcel(BEN.card, b"x" * KINDS[kind])) <= limit_of(kind)
