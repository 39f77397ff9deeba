"""Files that are larger than anything agreed: refused by their size, before a byte of them is read.

Expected sizes: PROTOCOL.md and FORMATS.md. A file is made long with a hole at its end, so it costs no disk.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attacked_house import House, make_house

from cleanroom.session.match import finishing, matching
from cleanroom.session.match.frames import UNAGREED_LIMIT
from cleanroom.session.match.runs import all_runs
from cleanroom.session.post import receiving
from cleanroom.session.share import granting, sharing
from overlap.errors import BadInput
from overlap.protocol import frame_size

#: Room that the reader leaves for a longer contract, so that an error can name what differs.
SLACK = 16_384


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    made.run()
    return made


@pytest.fixture
def no_byte_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a file of the mail for reading fails the test; the sizes of files may be asked."""
    opened = Path.open

    def watched(path: Path, *words: object, **options: object) -> object:
        assert not path.name.startswith("long."), "the file was opened"
        return opened(path, *words, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", watched)


def _lengthen(house: House, name: str, size: int) -> Path:
    place = house.file(f"long.{name}")
    with open(place, "wb") as file:
        file.write(house.file(name).read_bytes() if house.file(name).exists() else b"")
        file.truncate(size)
    return place


@pytest.mark.parametrize("step", ["start", "reply"])
def test_a_frame_above_every_agreed_bound_is_refused_unread(
    house: House, no_byte_read: None, step: str
) -> None:
    """Anybody with our card can seal such a file, so its size is all that is looked at."""
    largest = max(frame_size(all_runs(house.ours)[0].terms, each) for each in ("start", "reply", "finish"))
    place = _lengthen(house, f"run.{step}", largest + SLACK + 1)
    with pytest.raises(BadInput) as caught:
        if step == "start":
            matching.reply_match(house.theirs, place, house.file("out"))
        else:
            finishing.finish_match(house.ours, place, house.file("out"))
    assert "size bound" in caught.value.hint
    assert not house.file("out").exists()


def test_without_an_agreement_no_large_frame_is_read(tmp_path: Path, no_byte_read: None) -> None:
    house = make_house(tmp_path)
    place = _lengthen(house, "start", UNAGREED_LIMIT + 1)
    with pytest.raises(BadInput):
        matching.reply_match(house.theirs, place, house.file("out"))


#: Bytes that FORMATS.md allows, and who reads a file of that format.
READERS: dict[str, tuple[int, Callable[[House, Path], object]]] = {
    "request": (2 * 2**20, lambda house, place: granting.answer_request(house.ours, place, place)),
    "share": (256 * 2**20, lambda house, place: sharing.request_lease(house.theirs, place, "x", place)),
    "lease": (16 * 2**20, lambda house, place: sharing.open_share(house.theirs, place)),
    "letter": (512 * 2**20, lambda house, place: receiving.receive_file(house.ours, place)),
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_above_the_limit_of_its_format_is_refused_unread(
    house: House, no_byte_read: None, name: str
) -> None:
    limit, read = READERS[name]
    with pytest.raises(BadInput):
        read(house, _lengthen(house, name, limit + 1))
