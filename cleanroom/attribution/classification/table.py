"""From what was judged to the tables that others read: statuses, headlines, totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from cleanroom.attribution.classification.amounts import add_up
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.facts import facts_of
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.statuses import (
    EARNING,
    HEADLINE_COLUMNS,
    RULES,
    STATUS_COLUMNS,
    STATUSES,
)
from cleanroom.attribution.classification.times import span_text
from cleanroom.attribution.currencies import CURRENCIES

if TYPE_CHECKING:
    import pandas as pd

_DEAL_TEXTS: Final = ("amount", "currency", "stage")


def status_table(judged: Judged) -> pd.DataFrame:
    """STATUS_COLUMNS: one row a pair, and one for each deal that has none; sorted by both.

    The columns of repeated texts are categorical: a million pairs would weigh thrice as much without.
    """
    pairs, deals = judged.pairs, judged.deals
    alone = np.flatnonzero(np.bincount(pairs.deal, minlength=len(deals)) == 0)
    deal = np.concatenate([pairs.deal, alone])
    # Pairs are sorted by deal and partner; the row of a deal without partners stands where they would.
    places = np.searchsorted(pairs.deal, alone)
    order = np.insert(np.arange(len(pairs)), places, len(pairs) + np.arange(len(alone)))
    partner = np.concatenate([pairs.partner, np.full(len(alone), len(judged.partners))])
    nobody = np.full(len(alone), _NOTHING)
    nobody[deals.version[alone] < 0] = _BEFORE
    rule = np.concatenate([judged.rule, nobody])[order]
    deal = deal[order]
    columns: dict[str, Any] = {
        "opportunity": _coded(deals.ids, deal),
        "partner": _words((*judged.partners, ""), partner[order]),
        "status": _words(STATUSES, _STATUS_OF[rule]),
        "lane_source": np.concatenate([judged.source, np.zeros(len(alone), bool)])[order],
        "lane_influence": np.concatenate([judged.influence, np.zeros(len(alone), bool)])[order],
        "rule": _words(tuple(RULES), rule),
        "rules": _digests(judged, deal),
        "facts": facts_of(judged, order),
        **_deal_columns(judged, deal),
        "share_of": np.concatenate([judged.share_of, np.ones(len(alone), np.int64)])[order],
        "points": np.concatenate([judged.points, np.zeros(len(alone), np.int64)])[order],
        "touched": np.concatenate([pairs.touched, np.zeros(len(alone), np.int64)])[order],
    }
    return _frame(columns, STATUS_COLUMNS, coded=True)


def headline_table(judged: Judged) -> pd.DataFrame:
    """HEADLINE_COLUMNS: one row a deal, its status the first of the table that any partner has there."""
    pairs, deals = judged.pairs, judged.deals
    everyone = np.arange(len(deals))
    best = np.full(len(deals), len(STATUSES) - 1)
    np.minimum.at(best, pairs.deal, judged.status)
    sources = np.bincount(pairs.deal[judged.source], minlength=len(deals))
    source = np.full(len(deals), len(judged.partners))
    alone = judged.source & (sources[pairs.deal] == 1)
    source[pairs.deal[alone]] = pairs.partner[alone]
    touched = np.zeros(len(deals), np.int64)
    np.maximum.at(touched, pairs.deal, pairs.touched)
    columns: dict[str, Any] = {
        "opportunity": deals.ids,
        "status": _words(STATUSES, best),
        "source": _words((*judged.partners, ""), source),
        "partners": np.bincount(pairs.deal, minlength=len(deals)).astype(np.int64),
        "touched": touched > 0,
        "rules": _digests(judged, everyone),
        **_deal_columns(judged, everyone),
    }
    return _frame(columns, HEADLINE_COLUMNS, coded=False)


def totals(headlines: pd.DataFrame) -> list[dict[str, Any]]:
    """Deals and exact amounts by currency and status: they add up to the pipeline, each deal counted once.

    `touched_amount` is an overlay beside it, evidence or not, and belongs in no sum. An amount without a
    known currency is counted as a deal and is in no amount.
    """
    lines = []
    known = headlines["currency"].where(headlines["currency"].isin(list(CURRENCIES)), "")
    for currency, deals in headlines.groupby(known, sort=True):
        for status in STATUSES:
            chosen = deals[deals["status"] == status]
            touched = chosen[chosen["touched"]]
            lines.append(
                {
                    "currency": str(currency),
                    "status": status,
                    "deals": len(chosen),
                    "amount": add_up(chosen["amount"]) if currency else "",
                    "touched_deals": len(touched),
                    "touched_amount": add_up(touched["amount"]) if currency else "",
                    "ecosystem_attached": status in EARNING,
                }
            )
    return lines


_NOTHING: Final = list(RULES).index("unattributed")
_BEFORE: Final = list(RULES).index("unattributed:before-rules")
_STATUS_OF: Final = np.array(
    [[one.lower().replace(" ", "-") for one in STATUSES].index(name.split(":")[0]) for name in RULES],
    np.int64,
)


def _deal_columns(judged: Judged, deal: np.ndarray) -> dict[str, Any]:
    deals = judged.deals
    columns = {name: texts(deals.frame, name) for name in _DEAL_TEXTS}
    columns |= {
        "created": span_text(*deals.created),
        "closed": span_text(*deals.ended),
        "account": deals.accounts,
        "opportunity_status": texts(deals.frame, "status"),
    }
    return {name: _coded(column, deal) for name, column in columns.items()}


def _digests(judged: Judged, deal: np.ndarray) -> Any:
    names = (*(one.digest for one in judged.pipeline.book.versions), "")
    return _words(names, judged.deals.version[deal])


def _words(words: tuple[str, ...], numbers: np.ndarray) -> Any:
    """The word of each number; -1 is the last one."""
    at = np.where(numbers < 0, len(words) - 1, numbers)
    return _coded(pa.array(words, pa.large_string()), at)


def _coded(column: Any, at: np.ndarray) -> Any:
    """The column's texts at these places, each text kept once."""
    encoded = column.cast(pa.large_string()).dictionary_encode()
    indices = np.asarray(encoded.indices)[at] if len(encoded) else np.empty(0, np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), encoded.dictionary)


def _frame(columns: dict[str, Any], names: tuple[str, ...], *, coded: bool) -> pd.DataFrame:
    import pandas as pd

    made = {}
    for name in names:
        # A column goes where it is made anew: the tables of a million pairs are never there twice.
        one = columns.pop(name)
        if isinstance(one, np.ndarray):
            made[name] = pd.Series(one)
            continue
        if isinstance(one, pa.DictionaryArray) and not coded:
            one = one.dictionary_decode()
        series = pa.table({name: one}).to_pandas()[name]
        made[name] = series if pa.types.is_dictionary(one.type) else series.astype("str")
    return pd.DataFrame(made, copy=False)
