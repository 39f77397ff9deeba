"""Claims committed before a match, their proofs, and what they are worth; below it, the statuses by rule.

hold -> commit -> (the commitment is sent before the first blinded byte)
prove -> (the proofs are sent after the match) -> read_proofs -> verify -> Evidence -> judge
actions, classification  what partners did, and the status of each partner on each deal
"""

from cleanroom.attribution import actions, classification
from cleanroom.attribution.claim import SLOT_OF_KIND, SLOTS, Held, HeldAccount, Key, hold, key_of
from cleanroom.attribution.commitment import BUCKET, Commitment, Committed, commit, require_bound
from cleanroom.attribution.judge import REASONS, Evidence, judge
from cleanroom.attribution.proof import (
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
    "actions",
    "classification",
    "commit",
    "hold",
    "judge",
    "key_of",
    "prove",
    "read_proofs",
    "require_bound",
    "verify",
]
