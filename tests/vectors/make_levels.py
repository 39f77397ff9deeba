"""Writes levels_1.json: the bodies of a run of level sum, and of counts through a third party.

    python tests/vectors/make_levels.py

Randomness is SHAKE-256 of a seed and a call number (`protocol_parties.stream`). The file changes only with a
new version of a protocol, for then two versions of the product do not understand each other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE.parent / "support")]

LEFT = [("domain", "both.example"), ("domain", "left.example"), ("name", "both ü ltd")]
RIGHT = [("name", "both ü ltd"), ("domain", "right.example"), ("domain", "both.example")]
AMOUNTS = [1_249, 999_999, 350]


def make_vectors() -> dict[str, Any]:
    from protocol_parties import RUN

    return {
        "format": "overlap-levels-vectors/1",
        "run": RUN.hex(),
        "starter_identifiers": LEFT,
        "responder_identifiers": RIGHT,
        "responder_amounts": AMOUNTS,
        "sum": make_sum(),
        "room": make_room(),
    }


def make_sum() -> dict[str, Any]:
    from protocol_parties import begin_sum, make_contract

    contract = make_contract(4, 4, "sum")
    starter, responder = begin_sum(contract, encoded(LEFT), encoded(RIGHT), AMOUNTS, "vector")
    scalars = [role._run.scalar.hex() for role in (starter, responder)]
    start = starter.start()
    reply = responder.reply(start)
    key = responder._run.parts["key"]
    total = starter.reply(reply)
    finish, told = responder.finish(total)
    learned = starter.finish(finish)
    return {
        "contract": contract.to_bytes().decode(),
        "scalars": scalars,
        "key": key.hex(),
        "start": start.hex(),
        "reply": reply.hex(),
        "total": total.hex(),
        "finish": finish.hex(),
        "shared": [learned.shared, told.shared],
        "sum": [learned.total, told.total],
    }


def make_room() -> dict[str, Any]:
    from protocol_parties import begin_room, make_room_contract

    contract = make_room_contract((2, 2), (3, 2), minimum=1, epsilon=(1, 1))
    left, right = encoded(LEFT), encoded(RIGHT)
    starter, responder, room = begin_room(contract, [left[:2], left[2:]], [right[:1], right[1:]], "vector")
    scalars = [role._run.scalar.hex() for role in (starter, responder)]
    start = starter.start()
    reply = responder.reply(start)
    room.take(responder.room_list())
    responder_list = starter.reply(reply)
    result, told = room.result(responder_list)
    assert starter.finish(result) == responder.finish(result) == told
    return {
        "contract": contract.to_bytes().decode(),
        "scalars": scalars,
        "start": start.hex(),
        "reply": reply.hex(),
        "starter-list": responder.room_list().hex(),
        "responder-list": responder_list.hex(),
        "result": result.hex(),
        "numbers": list(told.numbers),
    }


def encoded(pairs: list[tuple[str, str]]) -> list[bytes]:
    from overlap.protocol import encode_identifier

    return [encode_identifier(*pair) for pair in pairs]


def to_text(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (HERE / "levels_1.json").write_text(to_text(make_vectors()), encoding="utf-8")
