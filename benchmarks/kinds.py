"""How often a hit of each kind of identifier is between different companies: the false hits of the contract.

    python benchmarks/kinds.py FOLDER [FOLDER ...] [--most N]

Each folder has left.csv, right.csv and gold.csv, as for `quality.py`. The identifiers of both sides are
joined as they are, without the protocol, which finds equal ones and nothing else. A hit is a pair of accounts
with an equal identifier; "alone" are the hits of pairs that no better kind has. Identifiers that name more
than 100,000 pairs are left out, as they are in a simulation. `--most` is the most identifiers an account
may have; without it all are made, so that every kind is measured on everything that it hits.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd
from measure import show_table
from quality import read_set

from overlap.identity import KINDS, ROLES, identify
from overlap.simulation import MAX_PAIRS_PER_TOKEN

EVERYTHING = 64
COLUMNS = ("kind", "hits", "wrong", "wrong in 1,000", "recall", "alone", "of these wrong")


def find_hits(folder: Path, most: int) -> tuple[pd.DataFrame, int]:
    """One row a kind and pair (columns kind, pair, right, alone), and how many pairs are true."""
    known = read_set(folder)
    keyed = [
        identify(accounts, role=role, most=most).frame.assign(
            id=lambda frame, accounts=accounts: accounts["id"].to_numpy()[frame["account"]]
        )
        for accounts, role in zip((known.left, known.right), ROLES, strict=True)
    ]
    left, right = (frame[["kind", "value", "id"]] for frame in keyed)
    sizes = left.groupby(["kind", "value"]).size() * right.groupby(["kind", "value"]).size()
    crowded = sizes.index[sizes > MAX_PAIRS_PER_TOKEN]
    joined = left.merge(right, on=["kind", "value"], suffixes=("_left", "_right"))
    joined = joined[~pd.MultiIndex.from_frame(joined[["kind", "value"]]).isin(crowded)]
    hits = joined.drop_duplicates(["kind", "id_left", "id_right"])
    rank = hits["kind"].map({kind: at for at, kind in enumerate(KINDS)})
    pair = list(zip(hits["id_left"], hits["id_right"], strict=True))
    best = rank.groupby(pd.Series(pair, index=hits.index)).transform("min")
    return pd.DataFrame(
        {
            "kind": hits["kind"],
            "pair": pair,
            "right": [one in known.true for one in pair],
            "alone": rank == best,
        }
    ), len(known.true)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=EVERYTHING)
    options = parser.parse_args()
    found = [find_hits(folder, options.most) for folder in options.folders]
    hits, true = pd.concat([rows for rows, _ in found]), sum(count for _, count in found)
    rows = []
    for kind in KINDS:
        of_kind = hits[hits["kind"] == kind]
        if len(of_kind):
            wrong, alone = int((~of_kind["right"]).sum()), of_kind[of_kind["alone"]]
            rows.append(
                (
                    kind,
                    f"{len(of_kind):,}",
                    f"{wrong:,}",
                    f"{1000 * wrong / len(of_kind):.1f}",
                    f"{of_kind['right'].sum() / true:.3f}",
                    f"{len(alone):,}",
                    f"{int((~alone['right']).sum()):,}",
                )
            )
    print(f"{len(options.folders)} sets, {true:,} true pairs")
    show_table(COLUMNS, rows)


if __name__ == "__main__":
    main()
