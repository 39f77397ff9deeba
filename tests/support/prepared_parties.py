"""Two parties over a prepared list, for the tests of `overlap.protocol.prepared`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from protocol_parties import ENGINE, make_contract, stream

from overlap.protocol import Contract
from overlap.protocol.prepared import PROTOCOL, Asker, Holder, Limits, Preparation, Responder, Starter

LIMITS = Limits(changes=8, updates=4, queries=5, runs=6, evaluations=200)


def base_contract(starter: int, responder: int, **changes: Any) -> Contract:
    """What the contracts of all runs have in common."""
    return make_contract(starter, responder, protocol=PROTOCOL, **changes)


def run_contract(base: Contract, asker: Asker, own: Sequence[bytes]) -> Contract:
    return replace(base, prepared=asker.state.hex(), queries=asker.queries(own))


class House:
    """Both sides, with the list prepared."""

    def __init__(
        self,
        theirs: list[bytes],
        starter: int,
        responder: int,
        limits: Limits = LIMITS,
        seed: str = "house",
    ) -> None:
        self.base, self.seed, self.runs = base_contract(starter, responder), seed, 0
        self.terms = Preparation.of(self.base, limits)
        self.holder, self.preparation = Holder.prepare(self.terms, theirs, ENGINE, stream(seed))
        self.asker = Asker.take_preparation(self.terms, self.preparation)

    def update(self, theirs: list[bytes]) -> bytes:
        """Both sides after an update."""
        body = self.holder.update(theirs, ENGINE, stream(f"{self.seed}/update/{self.holder.version}"))
        self.asker.take_update(body)
        return body

    def begin(self, own: list[bytes], contract: Contract | None = None) -> tuple[Starter, Responder]:
        """Starter and responder of a new run."""
        self.runs += 1
        contract = contract or run_contract(self.base, self.asker, own)
        run, seed = self.runs.to_bytes(16, "big"), f"{self.seed}/run/{self.runs}"
        starter = Starter.begin(contract, run, own, ENGINE, stream(seed + "/starter"))
        responder = Responder.begin(contract, run, [], ENGINE, stream(seed + "/responder"))
        return starter.over(self.asker), responder.over(self.holder)

    def match(self, own: list[bytes]) -> tuple[Any, Any]:
        """What each side learns."""
        starter, responder = self.begin(own)
        finish, ours = starter.finish(responder.reply(starter.start()))
        return ours, responder.finish(finish)

    def restart(self) -> None:
        """Both sides as they are read back from what they keep."""
        self.holder = Holder.from_bytes(self.holder.to_bytes(), self.holder.rows_bytes())
        self.asker = Asker.from_bytes(self.asker.to_bytes(), bytes(self.asker.tags))
