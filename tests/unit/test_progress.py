"""The progress line says what is known and nothing that is not."""

from __future__ import annotations

import sys

import pytest

from cleanroom.cli import progress


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> progress.ProgressLine:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress, "REDRAW", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    clock = iter(range(100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    return progress.ProgressLine()


def test_the_first_step_has_no_rate_and_no_remaining_time(
    line: progress.ProgressLine, capsys: pytest.CaptureFixture[str]
) -> None:
    line("accounts", 8_192, 300_000)
    assert capsys.readouterr().err.endswith("8,192 of 300,000")
    line("accounts", 16_384, 300_000)
    assert capsys.readouterr().err.endswith("16,384 of 300,000, 16,384/s, 17 s left")


def test_few_slow_steps_have_a_rate_that_is_not_nought(
    line: progress.ProgressLine, capsys: pytest.CaptureFixture[str]
) -> None:
    for done in range(2):
        line("buckets", done, 3)
    for _ in range(2):
        progress.time.monotonic()
    line("buckets", 2, 3)
    assert capsys.readouterr().err.endswith("2 of 3, 0.5/s, 2 s left")


def test_new_work_is_shown_at_once_and_its_next_steps_when_it_is_time(
    line: progress.ProgressLine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REDRAW", 50.0)
    line("first", 1, 5)
    line("first", 2, 5)
    line("second", 0, 5)
    told = capsys.readouterr().err
    assert "second" in told and told.endswith("0 of 5") and "2 of 5" not in told
