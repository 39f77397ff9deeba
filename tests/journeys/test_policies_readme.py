"""What policies/README.md shows can be typed in an empty folder, in its order.

Expected values are the document itself.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleanroom.cli.app import overlap

README = (Path(__file__).resolve().parents[2] / "policies" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CASES = next(text for _, text in BLOCKS if text.startswith('format = "overlap-policy-cases/1"'))
#: Commands that end with 1 because they find what they look for.
FINDS = {"overlap policy diff co-sell territory-planning --no-wider"}


def words(line: str) -> list[str]:
    return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)][1:]


def test_every_example_works_in_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = 0
    for language, text in BLOCKS:
        if text == CASES:
            Path("mine.cases.toml").write_text(text)
        elif language == "python":
            exec(compile(text, "ask.py", "exec"), {})
            assert capsys.readouterr().out == "Decision.Deny\n"
        elif language == "":
            for line in [line for line in text.splitlines() if line.startswith("overlap policy")]:
                done = CliRunner().invoke(overlap, words(line))
                assert done.exit_code == (line in FINDS), f"{line}\n{done.output}"
                run += 1
    assert run >= 12


def test_the_workflow_calls_commands_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(overlap, words("overlap policy export co-sell --format toml --out mine.toml"))
    Path("before.toml").write_text(Path("mine.toml").read_text())
    Path("mine.cases.toml").write_text(CASES)
    workflow = next(text for language, text in BLOCKS if language == "yaml")
    lines = re.findall(r"- run: (overlap .*)", workflow)
    assert len(lines) == 3
    for line in lines:
        done = CliRunner().invoke(overlap, words(line))
        assert done.exit_code == 0, done.output
    assert Path("results.xml").read_text().count("<testcase") == 3
