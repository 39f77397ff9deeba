"""The wheel holds the product and nothing else, and works where it is the only thing there.

What must be in it is read from the repository.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from source import PACKAGES, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    command = ["build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(place.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("installed")
    command = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(place), str(wheel)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def tracked(folder: str) -> set[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def test_the_wheel_holds_the_packages_whole_the_policies_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    product = {name for name in names if ".dist-info/" not in name}
    policies = {name.replace("policies/", "cleanroom/_policies/", 1) for name in tracked("policies")}
    assert product == set().union(*(tracked(package) for package in PACKAGES)) | policies
    assert {name.split("/")[0] for name in product} == set(PACKAGES)


def test_the_specifications_and_lists_are_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"overlap/PROTOCOL.md", "cleanroom/FORMATS.md", "cleanroom/_policies/README.md"} <= names
    assert "overlap/identity/data/public_suffix.txt" in names
    assert "cleanroom/_policies/co-sell.toml" in names


def test_the_command_is_the_only_entry_point(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        named = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        lines = archive.read(named).decode().split("\n")
    assert [line for line in lines if line] == ["[console_scripts]", "overlap = cleanroom.cli:main"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("agreement policies", "co-sell\ncounts-only\npotential-revenue\nterritory-planning\n"),
        ("inspect cleanroom/_policies/co-sell.toml", "overlap-policy/1"),
        ("import --help", "Usage: overlap import"),
    ],
)
def test_the_installed_wheel_works_by_itself(installed: Path, words: str, expected: str) -> None:
    script = (
        "import sys, overlap, cleanroom.cli\n"
        f"assert overlap.__file__.startswith({str(installed)!r}), overlap.__file__\n"
        f"sys.argv = ['overlap', *{words.split()!r}]\n"
        "cleanroom.cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=installed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
