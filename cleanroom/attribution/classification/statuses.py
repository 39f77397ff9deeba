"""The six statuses, the rules that give them, and the columns of the table of statuses.

The words here are printed in every report, so that sales, partners and finance repeat them the same way.
"""

from __future__ import annotations

from typing import Final

#: In the order of the table: the first that holds is the status.
STATUSES: Final = ("Disputed", "Sourced", "Assisted Close", "Influenced", "Attached", "Unattributed")

#: Statuses that may earn money, once nothing is disputed; what they add up to is ecosystem-attached revenue.
EARNING: Final = ("Sourced", "Assisted Close", "Influenced")

#: The one glossary.
GLOSSARY: Final = {
    "Disputed": "a claim that would raise the status lacks its evidence, rivals claim the same source, or a "
    "dispute is open; it pays nothing until somebody decides",
    "Sourced": "the partner brought the deal: an origin action, proven, in the days before the deal was "
    "created, on an account with no other open deal; between rivals, the one that proves it held the account "
    "first",
    "Assisted Close": "the partner helped to close: a late action, proven, while the deal stood open in a "
    "late stage",
    "Influenced": "the partner moved the open deal: a defined action, proven, at most so many days before "
    "its next stage change or its close",
    "Attached": "the partner is present in the account, and no action of its counts now; never forecast, "
    "pays nothing",
    "Unattributed": "nothing that counts is logged",
}

#: Every rule and what it says. A status row names exactly one.
RULES: Final = {
    "disputed:open": "a dispute about this partner on this deal is open",
    "disputed:rivals": "several partners sourced the deal, and none proves that it held the account first",
    "disputed:evidence": "a claim that would raise the status lacks what its type requires",
    "disputed:late-logging": "a claim that would raise the status was logged too long after it happened",
    "disputed:contradiction": "a late action is dated when the stage history shows no late stage",
    "sourced": "an origin action, proven, within its window before the deal was created",
    "sourced:held-first": "several partners sourced the deal; this one proves that it held the account first",
    "sourced:split": "several partners sourced the deal, none proves it was first; the rules split it",
    "assisted-close": "a late action, proven, while the deal was open in a late stage",
    "influenced": "an action, proven, while the deal was open, in its window before the next stage change",
    "attached:held-later": "its origin action counts, but a rival proves that it held the account earlier",
    "attached:action": (
        "an action is logged, and none counts: outside its window, not net new, or only presence"
    ),
    "attached:overlap": "the match shows the partner in the account, and no action is logged",
    "attached:no-created": "the deal has no usable day of creation, so no window can be judged",
    "unattributed": "nothing is logged",
    "unattributed:no-usable-action": "what is logged cannot be used; the findings say why",
    "unattributed:before-rules": "the deal was created before any version of the rules took effect",
}

#: One a (opportunity, partner), sorted by both; an opportunity without any partner has one row with partner
#: "". `lane_source` and `lane_influence` are bool, `points`, `share_of` (how many partners split the source,
#: 1 else) and `touched` (actions logged, evidence or not) int64, all else str, categorical but for `facts`,
#: which is canonical JSON of this partner alone. `rules` is the digest of the version that judged, or "".
STATUS_COLUMNS: Final = (
    "opportunity",
    "partner",
    "status",
    "lane_source",
    "lane_influence",
    "rule",
    "rules",
    "facts",
    "amount",
    "currency",
    "created",
    "closed",
    "stage",
    "account",
    "opportunity_status",
    "share_of",
    "points",
    "touched",
)

#: One an opportunity: a partition of the pipeline. `source` is the partner in the source lane, "" for none or
#: several; `partners` counts the rows with a partner, `touched` (bool) is the overlay that nothing adds up.
HEADLINE_COLUMNS: Final = (
    "opportunity",
    "status",
    "source",
    "partners",
    "touched",
    "amount",
    "currency",
    "created",
    "closed",
    "stage",
    "account",
    "opportunity_status",
    "rules",
)
