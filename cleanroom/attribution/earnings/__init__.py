"""What statuses earn: events and evidence for pay, and cancellations of what no longer stands. Pure.

naming    ids of events, by which they are known again
standing  what stands now, and what pay has taken in: the values that come in
deals     what a won deal, or an action, is due
earning   `earn`: what is due beside what was taken in gives new events, evidence and findings
"""

from cleanroom.attribution.earnings.deals import action_in
from cleanroom.attribution.earnings.earning import Earned, earn, is_earned
from cleanroom.attribution.earnings.findings import (
    EARNING_FINDING_COLUMNS,
    EARNING_FINDINGS,
    EarningFinding,
)
from cleanroom.attribution.earnings.naming import ACTION, KINDS, cancel_id, event_id
from cleanroom.attribution.earnings.standing import StandingNow, StatusNow, Taken

__all__ = [
    "ACTION",
    "EARNING_FINDINGS",
    "EARNING_FINDING_COLUMNS",
    "KINDS",
    "Earned",
    "EarningFinding",
    "StandingNow",
    "StatusNow",
    "Taken",
    "action_in",
    "cancel_id",
    "earn",
    "event_id",
    "is_earned",
]
