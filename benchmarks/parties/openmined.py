"""One party of openmined-psi in its exact mode (RAW, the client learns which items are common).

The starter is the client. Both sides prepare their own list at the same time: the server its setup, the
client its request. Messages are serialised as they would travel.
"""

from __future__ import annotations

from array import array
from importlib.util import find_spec
from typing import Any

from station import Clock, Line, Orders, answer_check, read_orders, refuse_check, report, stream_strings

#: Not used in the exact mode, but asked for.
FALSE_POSITIVES = 1e-9


def play(orders: Orders, line: Line, strings: list[str]) -> dict[str, Any]:
    """The run of one role; the client's facts name the file of the positions of the common items."""
    import private_set_intersection.python as psi

    line.meet()
    clock = Clock()
    if not orders.starts:
        server = psi.server.CreateWithNewKey(True)
        setup = server.CreateSetupMessage(FALSE_POSITIVES, len(strings), strings, psi.DataStructure.RAW)
        request = psi.Request.FromString(line.receive_bytes())
        line.send_bytes(server.ProcessRequest(request).SerializeToString())
        line.send_bytes(setup.SerializeToString())
        return clock.stop()
    client = psi.client.CreateWithNewKey(True)
    line.send_bytes(client.CreateRequest(strings).SerializeToString())
    response = psi.Response.FromString(line.receive_bytes())
    positions = client.GetIntersection(psi.ServerSetup.FromString(line.receive_bytes()), response)
    facts = clock.stop()
    kept = orders.folder / "positions"
    with kept.open("wb") as file:
        array("I", positions).tofile(file)
    return facts | {"found": len(positions), "positions": str(kept)}


def main() -> None:
    """Play the party, or say which version it would be."""
    orders = read_orders()
    if orders.check:
        if not find_spec("private_set_intersection"):
            refuse_check("install the extra bench for openmined-psi")
        answer_check("openmined-psi")
        return
    strings = list(stream_strings(orders.strings))
    import private_set_intersection.python  # noqa: F401  Before the clock.

    line = Line(orders.starts, orders.port)
    facts = play(orders, line, strings)
    report(facts | {"sent": line.sent})


if __name__ == "__main__":
    main()
