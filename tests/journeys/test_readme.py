"""The walk-through of README.md is run and prints what stands there; README.md holds the expected values."""

from __future__ import annotations

from pathlib import Path

import pytest
from readme import play, read_script

README = Path(__file__).resolve().parents[2] / "README.md"

#: A walk-through from two exports to an ended share takes no fewer commands.
FEWEST_COMMANDS = 15


@pytest.mark.slow
def test_the_walk_through_prints_what_stands_in_the_readme(tmp_path: Path) -> None:
    assert play(read_script(README.read_text(encoding="utf-8")), tmp_path) >= FEWEST_COMMANDS
