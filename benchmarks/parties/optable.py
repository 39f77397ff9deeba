"""One party of Optable's match: `--option binaries=FOLDER --option protocol=kkrt|dhpsi`.

The folder has the programs `sender` and `receiver` of its examples, built from source with SetNoDelay(true);
as shipped, each of 512 small messages waits some 40 ms for an acknowledgement. The starter is the receiver,
who learns. The programs count and read their files inside the run, and their start (under 20 ms) is in it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from station import HOST, Clock, Line, Orders, read_orders, refuse_check, report, stream_strings

HEADING = b"id\n"
LISTENING = b"listening"


def play(orders: Orders) -> dict[str, Any]:
    """The run of one role; the receiver's facts name the file of the common rows."""
    lines, found = orders.folder / "strings.txt", orders.folder / "found.txt"
    with lines.open("w", encoding="ascii") as file:
        file.writelines(f"{string}\n" for string in stream_strings(orders.strings))
    address = f"{HOST}:{orders.port}"
    common = ["-proto", orders.options["protocol"], "-in", str(lines)]
    own = ["-once", "-p", address, "-out", str(found)] if orders.starts else ["-a", address]
    line = Line(orders.starts, orders.port + 1)
    command = [program(orders, "receiver" if orders.starts else "sender"), *common, *own]
    line.meet()
    clock = Clock()
    if orders.starts:
        receive(command, line)
    else:
        line.receive_bytes()
        subprocess.run(command, check=True)
    facts = clock.stop()
    if not orders.starts:
        return facts
    rows = orders.folder / "rows.csv"
    rows.write_bytes(HEADING + found.read_bytes())
    return facts | {"rows": str(rows)}


def receive(command: list[str], line: Line) -> None:
    """Run the receiver; tell the other party when it listens."""
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for text in process.stderr:
            if LISTENING in text:
                line.send_bytes(b"go")
    if process.returncode:
        raise SystemExit(f"the receiver failed with exit code {process.returncode}")


def program(orders: Orders, name: str) -> str:
    """The path of one of the programs."""
    return str(Path(orders.options["binaries"]) / name)


def main() -> None:
    """Play the party, or say whether the programs are there."""
    orders = read_orders()
    if orders.check:
        if not all(Path(program(orders, name)).is_file() for name in ("sender", "receiver")):
            refuse_check("the folder has no programs sender and receiver")
        print('{"match": "built here, TCP_NODELAY"}')
        return
    report(play(orders))


if __name__ == "__main__":
    main()
