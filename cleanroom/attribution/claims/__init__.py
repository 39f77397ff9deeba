"""First-holder claims: what is held, committed before a match, proven after it, and what the proof is worth."""

from cleanroom.attribution.claims.claim import SLOT_OF_KIND, SLOTS, Held, HeldAccount, Key, hold, key_of
from cleanroom.attribution.claims.commitment import BUCKET, Commitment, Committed, commit, require_bound
from cleanroom.attribution.claims.judge import REASONS, Evidence
from cleanroom.attribution.claims.proof import (
    FAILURES,
    Failed,
    Proof,
    Proved,
    Verified,
    prove,
    read_proofs,
    verify,
)

__all__ = [
    "BUCKET",
    "FAILURES",
    "REASONS",
    "SLOTS",
    "SLOT_OF_KIND",
    "Commitment",
    "Committed",
    "Evidence",
    "Failed",
    "Held",
    "HeldAccount",
    "Key",
    "Proof",
    "Proved",
    "Verified",
    "commit",
    "hold",
    "key_of",
    "prove",
    "read_proofs",
    "require_bound",
    "verify",
]
