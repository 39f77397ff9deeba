"""Whose an action is: what a partner did, which rules judge, or a lead that we sent, which they never see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.records import OURS

if TYPE_CHECKING:
    import pandas as pd


def by_partners(table: pd.DataFrame) -> pd.DataFrame:
    """The actions that partners did."""
    ours = table["direction"] == OURS
    return table[~ours].reset_index(drop=True) if ours.any() else table


def by_us(table: pd.DataFrame) -> pd.DataFrame:
    """The leads that we sent to partners."""
    return table[table["direction"] == OURS].reset_index(drop=True)
