"""False and missed pairs with what both sides wrote, for reading by hand."""

from __future__ import annotations

from typing import Final

import pandas as pd

from overlap.evaluation.run import Evaluation
from overlap.records import TIERS

_SHOWN: Final = ("name", "website", "country", "city", "postcode", "phone")

#: `verdict` is "false" or "missed"; kind, tier and confidence are "" for a missed pair. Everything is text.
DIFFERENCE_COLUMNS: Final = (
    "verdict",
    "tier",
    "kind",
    "confidence",
    "left_id",
    "right_id",
    *(f"{side}_{name}" for name in _SHOWN for side in ("left", "right")),
)


def differences(evaluation: Evaluation) -> pd.DataFrame:
    """The false pairs, best tier first, then the missed ones: `DIFFERENCE_COLUMNS`, sorted by ids within.

    The two names, websites, … stand side by side; an id that is not in the lists has empty ones.
    """
    pairs = evaluation.pairs
    found = list(zip(pairs["left_id"], pairs["right_id"], strict=True))
    false = pairs[[pair not in evaluation.true for pair in found]]
    false = false.iloc[false["tier"].map(TIERS.index).argsort(kind="stable")]
    missed = sorted(evaluation.true.difference(found))
    rows = pd.concat(
        [
            false.assign(verdict="false", confidence=false["confidence"].map("{:.3f}".format)),
            pd.DataFrame(missed, columns=["left_id", "right_id"]).assign(
                verdict="missed", tier="", kind="", confidence=""
            ),
        ],
        ignore_index=True,
    )
    for side, accounts in (("left", evaluation.left), ("right", evaluation.right)):
        known = accounts.drop_duplicates("id").set_index("id")[list(_SHOWN)].add_prefix(f"{side}_")
        rows = rows.join(known, on=f"{side}_id")
    return rows[list(DIFFERENCE_COLUMNS)].fillna("").astype("str")
