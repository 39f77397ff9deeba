"""The whole check: format, lint, types, tests. `python -m tests --fast` leaves out the slow tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run every check in order and return the first exit code that is not zero."""
    selection = ["-m", "not slow"] if "--fast" in arguments else []
    for command in (
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy"],
        ["pytest", "-n", "auto", "--dist", "worksteal", *selection],
    ):
        print("$", *command, flush=True)
        code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
