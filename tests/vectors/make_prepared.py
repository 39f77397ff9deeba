"""Writes prepared_1.json: a prepared list, an update, and two runs with fixed randomness.

    python tests/vectors/make_prepared.py

Randomness is as in make_dh.py. The file changes only with a new version of the formats.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE.parent / "support")]

#: Numbers of the invented accounts: the prepared list before and after, the other side's lists of both runs.
THEIRS = ([1, 2, 3], [2, 3, 4, 5])
OURS = ([1, 2, 9], [2, 4, 9])


def make_vectors() -> dict[str, Any]:
    from prepared_parties import House
    from protocol_parties import identifiers

    from overlap.protocol.prepared import Limits

    house = House(identifiers(THEIRS[0]), 4, 5, Limits(4, 2, 2, 3, 12), "vector")
    vectors: dict[str, Any] = {
        "format": "overlap-prepared-vectors/1",
        "preparation": house.terms.to_bytes().decode(),
        "key": house.holder.key.hex(),
        "body": house.preparation.hex(),
        "states": [house.holder.state.hex()],
        "runs": [],
    }
    for number in range(2):
        if number:
            vectors["update"] = house.update(identifiers(THEIRS[1])).hex()
            vectors["states"].append(house.holder.state.hex())
        starter, responder = house.begin(identifiers(OURS[number]))
        start = starter.start()
        reply = responder.reply(start)
        finish, ours = starter.finish(reply)
        theirs = responder.finish(finish)
        vectors["runs"].append(
            {
                "run": starter._run.run.hex(),
                "contract": starter.contract.to_bytes().decode(),
                "start": start.hex(),
                "reply": reply.hex(),
                "finish": finish.hex(),
                "starter_positions": list(ours.positions),
                "responder_positions": list(theirs.positions),
                "tokens": [token.hex() for token in ours.tokens],
            }
        )
    return vectors


def to_text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (HERE / "prepared_1.json").write_text(to_text(make_vectors()), encoding="utf-8")
