"""The walk-through of README.md prints what stands there, and leaves the files that FORMATS.md lists.

Expected values are README.md and FORMATS.md themselves.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from readme import play, read_script

from cleanroom.session.audit.inspecting import FILE_FORMATS, inspect_file
from cleanroom.session.folder import Folder
from overlap.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]

#: A walk-through from two exports to an ended share takes no fewer commands.
FEWEST_COMMANDS = 15

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the walk-through was run, both parties' folders in it."""
    root = tmp_path_factory.mktemp("readme")
    assert play(read_script((ROOT / "README.md").read_text(encoding="utf-8")), root) >= FEWEST_COMMANDS
    return root


def layout() -> list[tuple[re.Pattern[str], str]]:
    """Each place of a party's folder in FORMATS.md as a pattern, and the format of the file there."""
    text = (ROOT / "cleanroom" / "FORMATS.md").read_text(encoding="utf-8")
    rows = text.split("\n| place | format | what |\n", 1)[1].split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return [
        (re.compile(re.sub("[A-Z]+", r"[A-Za-z0-9_-]+", re.escape(place))), row[1].strip("`"))
        for row in cells
        for place in re.findall("`([^`]+)`", row[0])
    ]


def files_of_parties(root: Path) -> list[tuple[str, Path]]:
    """Place in its party's folder, and path, of every file; exports are the reader's."""
    parties = [place for place in root.iterdir() if Folder(place).is_party]
    assert len(parties) == 2
    found = [(path.relative_to(party).as_posix(), path) for party in parties for path in party.rglob("*")]
    return [(place, path) for place, path in found if path.is_file() and not place.startswith("exports/")]


def test_the_walk_through_prints_what_stands_in_the_readme(played: Path) -> None:
    assert (played / "exchange").is_dir()


def test_every_file_of_a_party_is_in_the_layout_with_its_format(played: Path) -> None:
    places = layout()
    for place, path in files_of_parties(played):
        formats = [name for pattern, name in places if pattern.fullmatch(place)]
        assert len(formats) == 1, place
        if formats[0] in FILE_FORMATS:
            assert inspect_file(path)["format"] == formats[0], place
        else:
            with pytest.raises(BadInput):
                inspect_file(path)


def test_inspect_knows_every_file_that_is_sent(played: Path) -> None:
    sent = {path.name: inspect_file(path)["format"] for path in (played / "exchange").iterdir()}
    assert len(set(sent.values())) >= 7
    assert set(sent.values()) <= set(FILE_FORMATS)
