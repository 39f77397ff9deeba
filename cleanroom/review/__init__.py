"""Review: what people decide about matched accounts, and what both sides' decisions let through.

    Decision (own account, identifiers) ─run→ Position (pair token) ⇄ partner's Position ─settle→ ReleaseState

Everything here is a pure function of tables and values: no file, no clock. The rules stand in
`docs/matching.md`; the session keeps the memory locked and sends positions as letters.
"""

from cleanroom.review.decision import Decision, Identifier, decide_row, standing
from cleanroom.review.memory import REVIEWS_LINE, Memory
from cleanroom.review.position import VERDICTS, Position, settle
from cleanroom.review.queue import QueueRow, queue_rows
from cleanroom.review.state import REVIEW_STATES, ReleaseState, release_rows
from cleanroom.review.statement import Announced, read_announced, write_announced

__all__ = [
    "REVIEWS_LINE",
    "REVIEW_STATES",
    "VERDICTS",
    "Announced",
    "Decision",
    "Identifier",
    "Memory",
    "Position",
    "QueueRow",
    "ReleaseState",
    "decide_row",
    "queue_rows",
    "read_announced",
    "release_rows",
    "settle",
    "standing",
    "write_announced",
]
