"""First-holder claims: what is held, committed each epoch, proven after a match, and what the proof is worth.

claim, leaf, commitment   one epoch: keys in slots, salted leaves, root and size
history                   the claims log: an entry an epoch, checkpoints, witnesses, contradictions
terms, times              what two parties fix beforehand; when an epoch was there at the latest
bundle, proof             the file that proves claims, and its verification
judge                     what a claim is worth: the grades
audit, chance             random audit of a list, and the statistics of it
"""

from cleanroom.attribution.claims.audit import (
    ANSWER_LIMIT,
    DRAW_LIMIT,
    AuditResult,
    Draw,
    answer_draw,
    audit_commitment,
    check_answer,
    drawn_indexes,
)
from cleanroom.attribution.claims.bundle import BUNDLE_LIMIT, Bundle, OpenedEpoch, Proved, prove, read_bundle
from cleanroom.attribution.claims.chance import CONFIDENCE, draws_needed, guess_chance, lower_bound
from cleanroom.attribution.claims.claim import SLOT_OF_KIND, SLOTS, Held, Key, Row, hold, key_of, make_row
from cleanroom.attribution.claims.commitment import (
    BUCKET,
    FIRST,
    Commitment,
    Committed,
    Opening,
    commit,
    require_bound,
)
from cleanroom.attribution.claims.history import (
    CLAIMS_LOG_LIMIT,
    CONFLICT_LIMIT,
    CONFLICT_LINE,
    ClaimsLog,
    Conflict,
    claims_origin,
    cosign_claims,
    read_head,
    require_growth,
    sealed_entry,
    sign_entries,
)
from cleanroom.attribution.claims.judge import REASONS, Evidence, judge
from cleanroom.attribution.claims.proof import FAILURES, Failed, Known, Verdict, Verified, verify_bundle
from cleanroom.attribution.claims.terms import TERMS_LIMIT, Terms, read_terms
from cleanroom.attribution.claims.times import TIME_KINDS, Clocks, Proven, Stamped, epoch_times, stamped_text

__all__ = [
    "ANSWER_LIMIT",
    "BUCKET",
    "BUNDLE_LIMIT",
    "CLAIMS_LOG_LIMIT",
    "CONFIDENCE",
    "CONFLICT_LIMIT",
    "CONFLICT_LINE",
    "DRAW_LIMIT",
    "FAILURES",
    "FIRST",
    "REASONS",
    "SLOTS",
    "SLOT_OF_KIND",
    "TERMS_LIMIT",
    "TIME_KINDS",
    "AuditResult",
    "Bundle",
    "ClaimsLog",
    "Clocks",
    "Commitment",
    "Committed",
    "Conflict",
    "Draw",
    "Evidence",
    "Failed",
    "Held",
    "Key",
    "Known",
    "OpenedEpoch",
    "Opening",
    "Proved",
    "Proven",
    "Row",
    "Stamped",
    "Terms",
    "Verdict",
    "Verified",
    "answer_draw",
    "audit_commitment",
    "check_answer",
    "claims_origin",
    "commit",
    "cosign_claims",
    "drawn_indexes",
    "draws_needed",
    "epoch_times",
    "guess_chance",
    "hold",
    "judge",
    "key_of",
    "lower_bound",
    "make_row",
    "prove",
    "read_bundle",
    "read_head",
    "read_terms",
    "require_bound",
    "require_growth",
    "sealed_entry",
    "sign_entries",
    "stamped_text",
    "verify_bundle",
]
