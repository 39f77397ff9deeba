"""What is wrong with the rows that were judged: each with a code and its row, none dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

#: Code to what happens with such a row.
FINDINGS: Final = {
    "no-partner": "the action names no partner; it counts for nobody",
    "no-date": "the action has no usable date; it counts for nothing",
    "future-date": "the action is dated after now; it counts for nothing until then",
    "before-company": "the action is dated before the company existed; it counts for nothing",
    "unknown-type": "the type is not in the menu; the action counts for nothing",
    "no-subject": "the action names neither an opportunity nor an account",
    "no-deal": "the action names an account without a deal; it waits for one",
    "unknown-opportunity": "the opportunity is not among those imported (merged, or not exported); the "
    "action counts for its account, if it names one",
    "other-account": "the action names another account than its opportunity has; the opportunity decides",
    "logged-in-future": "the action is logged after now; the day of logging is not believed",
    "logged-before": "the action is logged before it happened; it counts from the day it happened",
    "after-close": "the action is dated after the deal closed; it is presence there and no more",
    "late-logged": "the action was logged late; it counts from the day it arrived, or is disputed",
    "no-created": "the deal has no usable day of creation; nothing but presence can be judged",
    "created-in-future": "the deal is created after now; nothing but presence can be judged",
    "created-before-company": "the deal is created before the company existed; only presence is judged",
    "no-closed": "the deal is won or lost without a day; its last change of stage stands for it, if any",
    "closed-in-future": "the deal is won or lost on a day after now; its last change of stage stands for it",
    "closed-before-created": "the deal closed before it was created; its last change of stage stands for it",
    "before-rules": "the deal was created before any version of the rules; it is not judged",
    "amount-negative": "the amount is negative; it is added as it stands",
    "amount-zero": "the amount is zero",
    "no-amount": "the deal has no readable amount; it counts as a deal and adds nothing",
    "no-currency": "the amount has no currency and is in no total; 'overlap import --currency' names one",
    "unknown-currency": "the currency is no ISO 4217 code; the amount is in no total",
    "stage-of-unknown-deal": "the stage history names an opportunity that is not among those imported",
    "stage-no-day": "the row of the stage history has no usable day",
    "stage-in-future": "the row of the stage history is dated after now",
    "stage-before-created": "the deal entered a stage before it was created; it counts as in that stage then",
    "no-history": "the deal has late actions and no stage history; they count as advancing it",
    "two-partners-one-id": "two holdings of one partner and account differ; neither can win by holding",
}

FINDING_COLUMNS: Final = ("what", "row", "id", "code")


class Finder:
    """Collects findings; `add` takes an array of texts, row numbers, and which of them it is about."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, str, Any, np.ndarray]] = []

    def add(self, what: str, code: str, ids: Any, rows: np.ndarray, wrong: np.ndarray) -> None:
        """Each row for which `wrong` holds has this finding."""
        assert code in FINDINGS
        at = np.flatnonzero(wrong)
        if len(at):
            self._parts.append((what, code, ids.take(pa.array(at)), rows[at]))

    def table(self) -> pd.DataFrame:
        """FINDING_COLUMNS, sorted by what, code, row and id."""
        import pandas as pd

        parts = [
            pa.table(
                {
                    "what": pa.repeat(pa.scalar(what, pa.large_string()), len(rows)),
                    "row": pa.array(rows, pa.int64()),
                    "id": ids.cast(pa.large_string()),
                    "code": pa.repeat(pa.scalar(code, pa.large_string()), len(rows)),
                }
            )
            for what, code, ids, rows in self._parts
        ]
        if not parts:
            empty = {name: pd.Series(dtype="int64" if name == "row" else "str") for name in FINDING_COLUMNS}
            return pd.DataFrame(empty)
        order = [("what", "ascending"), ("code", "ascending"), ("row", "ascending"), ("id", "ascending")]
        table = pa.concat_tables(parts).sort_by(order).to_pandas()
        return table.astype({name: "str" for name in FINDING_COLUMNS if name != "row"})
