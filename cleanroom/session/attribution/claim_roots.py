"""Claim roots as the contract of a run names them: ours, and the newest that a partner has sent.

claims/own/EPOCH                  our commitment; .opening: what opens it, locked; .entry: its salt
claims/log/EPOCH.note             our checkpoint with that many epochs, and the cosignatures that came in
claims/log/EPOCH.tsr              a time authority's reply over it
claims/received/PARTNER/EPOCH     a partner's commitment and the second at which we received it
claims/seen/DIGEST.log            the newest claims log that we saw of its name; .cosigned: that we signed
claims/conflicts/PARTNER          two claims logs of a partner that contradict each other
claims/terms/PARTNER              the claims terms with a partner, signed by both; .proposed: by one
claims/proofs/PARTNER/RUN         a partner's bundle for the matched accounts of a run; .taken: when it came
claims/audits/PARTNER/…           audits of a partner's list, and of ours by a partner
"""

from __future__ import annotations

from dataclasses import dataclass

from cleanroom.agreement import ClaimRoot
from cleanroom.attribution import Commitment
from cleanroom.session.folder import read_whole
from cleanroom.session.party import Party
from overlap.errors import ContractMismatch
from overlap.protocol import Contract

_NONE = ClaimRoot("", 0)


@dataclass(frozen=True)
class Received:
    """A partner's commitment, the second at which our log recorded it, and the time the partner states.

    `checkpoint` is the text of the checkpoint that came with it, whose last entry it is.
    """

    commitment: Commitment
    received_at: int
    stated_at: int
    checkpoint: str


def own_commitments(party: Party) -> list[Commitment]:
    """Our commitments, the oldest first; what a killed command left before its checkpoint is none."""
    names = [name for name in party.folder.names("claims", "own") if name.isdigit()]
    signed = set(party.folder.names("claims", "log", suffix=".note"))
    places = [party.folder.path("claims", "own", name) for name in sorted(names, key=int) if name in signed]
    return [Commitment.from_bytes(read_whole(place, 4096)) for place in places]


def received_commitments(party: Party, partner: str) -> list[Received]:
    """A partner's commitments as received, the oldest epoch first."""
    found = []
    names = [name for name in party.folder.names("claims", "received", partner) if name.isdigit()]
    for name in sorted(names, key=int):
        record = party.folder.read_record("claims", "received", partner, name)
        commitment = Commitment.from_bytes(record["commitment"].encode())
        found.append(Received(commitment, record["received_at"], record["stated_at"], record["checkpoint"]))
    return found


def own_claim_root(party: Party) -> ClaimRoot:
    """The root of our newest commitment, or none."""
    commitments = own_commitments(party)
    return _root(commitments[-1]) if commitments else _NONE


def received_claim_root(party: Party, partner: str) -> ClaimRoot:
    """The root of the newest commitment that the partner has sent, or none."""
    received = received_commitments(party, partner)
    return _root(received[-1].commitment) if received else _NONE


def require_known_roots(party: Party, partner: str, contract: Contract) -> None:
    """Return when the contract names a claim root that we made, and for the partner one that we can accept.

    The starter names the newest of our commitments that it has received, which may be an older one. Its own
    may be unknown to us: it is bound by the contract from now on, and counts from when we receive it.
    """
    known = {_root(commitment) for commitment in own_commitments(party)} | {_NONE}
    bound = ClaimRoot(contract.responder.claim_root, contract.responder.claim_leaves)
    if bound not in known:
        raise ContractMismatch(
            "responder.claim_root",
            own_claim_root(party).root[:16] or "none",
            bound.root[:16],
            "send your newest commitment ('overlap claims send --partner'), then begin a new run",
        )


def _root(commitment: Commitment) -> ClaimRoot:
    return ClaimRoot(commitment.root.hex(), commitment.leaves)
