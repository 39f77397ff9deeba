"""Pairs of accounts as only a demo can know them: it has the folders of both parties of a run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cleanroom.session.folder import Folder
from cleanroom.store import query, read_table
from overlap.records import TIERS

_PAIRS = """
    SELECT ours.id AS left_id, theirs.id AS right_id,
           max(greatest(ours.rank, theirs.rank)) AS rank
    FROM ours JOIN theirs USING (token) GROUP BY ALL ORDER BY ALL
"""


def matched_pairs(ours: Path, theirs: Path, partner: str) -> list[tuple[str, str, str]]:
    """(own id, partner's id, tier) of the newest run with `partner`; the tier is the worse of both."""
    folder = Folder(ours)
    records = (folder.read_record("runs", name, "run") for name in folder.names("runs"))
    finished = [
        record for record in records if record["partner"] == partner and record["state"] == "finished"
    ]
    run = max(finished, key=lambda record: (record["begun"], record["run"]))["run"]
    pairs = query(_PAIRS, ours=_tokens(ours, run), theirs=_tokens(theirs, run))
    rows = zip(pairs["left_id"], pairs["right_id"], pairs["rank"], strict=True)
    return [(left, right, TIERS[rank]) for left, right, rank in rows]


def _tokens(root: Path, run: str) -> pd.DataFrame:
    """Every token of a matched account with its id and the position of its tier."""
    place = root / "runs" / run
    overlap = read_table(place / "overlap.parquet")
    ranks = {
        account: TIERS.index(tier) for account, tier in zip(overlap["account"], overlap["tier"], strict=True)
    }
    tokens = read_table(place / "tokens.parquet")
    tokens = tokens[tokens["telling"]]
    accounts = read_table(place / "accounts.parquet")
    return pd.DataFrame(
        {
            "token": tokens["token"],
            "id": accounts["id"].iloc[tokens["account"]].to_numpy(),
            "rank": tokens["account"].map(ranks),
        }
    )
