"""Writes dh_1.json: the bodies of one run of each level with fixed randomness.

    python tests/vectors/make_dh.py

Randomness is SHAKE-256 of a seed and a call number (`protocol_parties.stream`). The file changes only with a
new version of the suite, for then two versions of the product do not understand each other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE.parent / "support")]


def make_vectors() -> dict[str, Any]:
    from protocol_parties import RUN, begin, make_contract

    from overlap.protocol import encode_identifier

    left = [("domain", "both.example"), ("domain", "left.example"), ("name", "both ü ltd")]
    right = [("name", "both ü ltd"), ("domain", "right.example"), ("domain", "both.example")]
    encoded = [[encode_identifier(*pair) for pair in side] for side in (left, right)]
    runs = {}
    for level in ("overlaps", "counts"):
        contract = make_contract(5, 4, level)
        starter, responder = begin(contract, *encoded, "vector")
        scalars = [role._run.scalar.hex() for role in (starter, responder)]
        start = starter.start()
        reply = responder.reply(start)
        finish, ours = starter.finish(reply)
        theirs = responder.finish(finish)
        runs[level] = {
            "contract": contract.to_bytes().decode(),
            "scalars": scalars,
            "start": start.hex(),
            "reply": reply.hex(),
            "finish": finish.hex(),
        }
        if level == "overlaps":
            runs[level] |= {
                "starter_positions": list(ours.positions),
                "responder_positions": list(theirs.positions),
                "starter_tokens": [token.hex() for token in ours.tokens],
                "responder_tokens": [token.hex() for token in theirs.tokens],
            }
        else:
            runs[level] |= {"count": ours.shared, "told": theirs.shared}
    return {
        "format": "overlap-dh-vectors/1",
        "run": RUN.hex(),
        "starter_identifiers": left,
        "responder_identifiers": right,
        "runs": runs,
    }


def to_text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (HERE / "dh_1.json").write_text(to_text(make_vectors()), encoding="utf-8")
