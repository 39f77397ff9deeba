"""A progress line with rate and remaining time, for work that takes longer than two seconds."""

from __future__ import annotations

import sys
import time

import click

#: Work shorter than this many seconds shows nothing.
PATIENCE = 2.0
#: Seconds between two drawings.
REDRAW = 0.1


class ProgressLine:
    """Called with (label, done, total); draws on standard error when it is a terminal.

    A command is silent for its first PATIENCE seconds, then every step is shown while it lasts.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._silent = quiet or not sys.stderr.isatty()
        self._label = ""
        self._done = 0
        self._begun = self._drawn = 0.0
        self._created = time.monotonic()
        self._visible = False

    def __call__(self, label: str, done: int, total: int) -> None:
        if self._silent:
            return
        now = time.monotonic()
        if begins := label != self._label or done <= self._done:
            self._label, self._begun = label, now
        self._done = done
        finished = done >= total
        if now - self._created < PATIENCE or (now - self._drawn < REDRAW and not finished and not begins):
            return
        self._drawn = now
        self._draw(label, done, total, now - self._begun)
        if finished:
            self.close()

    def _draw(self, label: str, done: int, total: int, elapsed: float) -> None:
        rate = done / elapsed if elapsed else 0.0
        filled = round(20 * done / total) if total else 20
        bar = "#" * filled + "-" * (20 - filled)
        text = f"{label:<24.24} [{bar}] {done:,} of {total:,}"
        if rate:
            text += f", {rate:,.{0 if rate >= 10 else 1}f}/s, {(total - done) / rate:,.0f} s left"
        click.echo(f"\r\x1b[2K{text}", err=True, nl=False)
        self._visible = True

    def close(self) -> None:
        """Wipe the line, so that what follows begins on a clean one."""
        if self._visible:
            click.echo("\r\x1b[2K", err=True, nl=False)
            self._visible = False
