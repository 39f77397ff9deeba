"""Claims committed before a match, their proofs, and the credit that follows from them.

hold -> commit -> (the commitment is sent before the first blinded byte)
prove -> (the proofs are sent after the match) -> read_proofs -> verify -> Evidence -> credit -> explain
"""

from cleanroom.attribution import ledger, payouts
from cleanroom.attribution.claim import SLOT_OF_KIND, SLOTS, Held, HeldAccount, Key, hold, key_of
from cleanroom.attribution.commitment import BUCKET, Commitment, Committed, commit, require_bound
from cleanroom.attribution.credit import LEDGER_COLUMNS, RULE, STATUSES, credit
from cleanroom.attribution.explain import EXPLANATION_LINES, PAYS_NOTHING, explain
from cleanroom.attribution.judge import REASONS, Evidence
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
    "EXPLANATION_LINES",
    "FAILURES",
    "LEDGER_COLUMNS",
    "PAYS_NOTHING",
    "REASONS",
    "RULE",
    "SLOTS",
    "SLOT_OF_KIND",
    "STATUSES",
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
    "credit",
    "explain",
    "hold",
    "key_of",
    "ledger",
    "payouts",
    "prove",
    "read_proofs",
    "require_bound",
    "verify",
]
