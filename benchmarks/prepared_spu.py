"""One party of an unbalanced run of SecretFlow spu, as a program for a Python that has the package spu:

    python benchmarks/prepared_spu.py server|client FOLDER PORT offline|online

FOLDER holds server.csv and client.csv, both with the column `id`. Prints wall and processor seconds as
JSON, without the time that importing and connecting take. `benchmarks/prepared.py` runs both.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path

from spu import psi
from spu.libspu import link


def main(role: str, folder: Path, port: int, mode: str) -> None:
    """Run one party of one phase."""
    server = role == "server"
    description = link.Desc()
    description.recv_timeout_ms = 600_000
    for at in range(2):
        description.add_party(f"p{at}", f"127.0.0.1:{port + at}")
    context = link.create_brpc(description, 0 if server else 1)
    key = folder / "key"
    if server and not key.exists():
        key.write_bytes(secrets.token_bytes(32))
    online = mode == "online"
    csv = psi.SourceType.SOURCE_TYPE_FILE_CSV
    config = psi.UbPsiExecuteConfig(
        mode=psi.UbPsiMode.MODE_ONLINE if online else psi.UbPsiMode.MODE_OFFLINE,
        role=psi.UbPsiRole.ROLE_SERVER if server else psi.UbPsiRole.ROLE_CLIENT,
        client_receive_result=online,
        cache_path=str(folder / f"{role}-cache"),
        input_params=psi.InputParams(csv, str(folder / f"{role}.csv"), ["id"], True),
        output_params=psi.OutputParams(csv, str(folder / f"{role}-out.csv"), True),
        server_params=psi.UbPsiServerParams(str(key) if server else ""),
    )
    context.barrier()
    begin, before = time.perf_counter(), time.process_time()
    report = psi.ub_psi_execute(config, context)
    facts = {"wall": time.perf_counter() - begin, "cpu": time.process_time() - before}
    facts["found"] = report.intersection_count
    print("@" + json.dumps(facts), flush=True)
    context.stop_link()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
