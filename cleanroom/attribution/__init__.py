"""Claims committed before a match, their proofs, and the credit that follows from them.

hold -> commit -> (the commitment is sent before the first blinded byte)
prove -> (the proofs are sent after the match) -> read_proofs -> verify -> Evidence -> credit -> explain
"""

from cleanroom.attribution.claims import (
    BUCKET,
    FAILURES,
    REASONS,
    SLOT_OF_KIND,
    SLOTS,
    Commitment,
    Committed,
    Evidence,
    Failed,
    Held,
    HeldAccount,
    Key,
    Proof,
    Proved,
    Verified,
    commit,
    hold,
    key_of,
    prove,
    read_proofs,
    require_bound,
    verify,
)
from cleanroom.attribution.credit import LEDGER_COLUMNS, RULE, STATUSES, credit
from cleanroom.attribution.explain import EXPLANATION_LINES, PAYS_NOTHING, explain

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
    "prove",
    "read_proofs",
    "require_bound",
    "verify",
]
