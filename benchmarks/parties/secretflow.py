"""One party of SecretFlow spu, for the Python that has it: `--option protocol=rr22|kkrt|ecdh`.

The fast options: keys are said to be unique, one side learns the result, the output is not aligned. Files are
read and written inside the run, as the library has no other way; the bytes are for the driver to count.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Any

from station import (
    HOST,
    MESSAGE_SECONDS,
    Clock,
    Orders,
    answer_check,
    read_orders,
    refuse_check,
    report,
)

BUCKET = 2**20


def play(orders: Orders) -> dict[str, Any]:
    """The run of one role; the starter learns, and its facts name the file of the common rows."""
    from spu import psi
    from spu.libspu import link

    protocol = orders.options["protocol"]
    rank = 0 if orders.starts else 1
    description = link.Desc()
    description.recv_timeout_ms = MESSAGE_SECONDS * 1000
    for at in range(2):
        description.add_party(f"party{at}", f"{HOST}:{orders.port + at}")
    context = link.create_brpc(description, rank)
    names = {name: getattr(psi.PsiProtocol, f"PROTOCOL_{name.upper()}") for name in ("rr22", "kkrt", "ecdh")}
    curve = {"ecdh": psi.EcdhParams(psi.EllipticCurveType.CURVE_25519)} if protocol == "ecdh" else {}
    csv, out = psi.SourceType.SOURCE_TYPE_FILE_CSV, orders.folder / f"rows{rank}.csv"
    named = {f"{name}_params": value for name, value in curve.items()}
    config = psi.PsiExecuteConfig(
        psi.PsiProtocolConfig(names[protocol], 0, BUCKET, False, **named),
        psi.InputParams(csv, str(orders.strings), ["id"], True),
        psi.OutputParams(csv, str(out), True),
    )
    context.barrier()
    clock = Clock()
    found = psi.psi_execute(config, context).intersection_count
    facts = clock.stop()
    context.stop_link()
    return facts | ({"found": found, "rows": str(out)} if orders.starts else {})


def main() -> None:
    """Play the party, or say which version it would be."""
    orders = read_orders()
    if orders.check:
        if not find_spec("spu"):
            refuse_check("this Python has no package spu; name another with --spu-python")
        answer_check("spu")
        return
    # The library writes its log to the standard output; the report goes where that was.
    kept = os.dup(1)
    os.dup2(2, 1)
    facts = play(orders)
    sys.stdout = os.fdopen(kept, "w")
    report(facts)


if __name__ == "__main__":
    main()
