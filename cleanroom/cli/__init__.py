"""The command line: parse, call one function of the session, print."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the `overlap` command with the arguments of this process."""
    from cleanroom.cli.app import overlap
    from cleanroom.durable import forbid_core_dumps
    from cleanroom.memory import keep_little

    forbid_core_dumps()
    keep_little()
    overlap.main(prog_name="overlap")
