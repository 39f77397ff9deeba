"""What a party does to its own list before a match: rules, planted accounts, what it forgets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from two_parties import SHARED, VENDOR, TwoParties, domain_of, write_csv

RULES = ("account_id", "account_name", "account_domain", "column", "value", "rule", "partners")


def vendor_id(name: str) -> str:
    """The id that `write_exports` gives a shared company of the vendor."""
    return f"001V{SHARED.index(name):011d}IAA"


def restrict(both: TwoParties, party: str, *rows: dict[str, str]) -> str:
    """Import these rules; what the command says."""
    lines = [[row.get(name, "") for name in RULES] for row in rows]
    place = write_csv(both.root / "crm" / f"rules-{party}.csv", RULES, lines)
    return both.run(party, "import", place, "--as", "restrictions").out


def import_names(
    both: TwoParties, party: str, names: Sequence[str], population: str = "customers", **cells: str
) -> None:
    """Let these companies be all that a population of a party has."""
    header = ("Account ID", "Account Name", "Website", "Billing Country", *cells)
    rows = [
        (f"{party}-{population}-{name}", name, f"https://{domain_of(name)}/", "Germany", *cells.values())
        for name in names
    ]
    place = write_csv(both.root / "crm" / f"{party}-{population}.csv", header, rows)
    both.run(party, "import", place, "--population", population)


def files_of(both: TwoParties, party: str) -> dict[str, bytes]:
    """Every file of a party but its lock, by place."""
    root = both.place(party)
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def matched_names(both: TwoParties, party: str, run: int = -1) -> set[str]:
    """Names of the own accounts that a run matched."""
    made = both.read_json(party, "match", "list")[run]
    assert made["state"] == "finished"
    place: Path = both.place(party, "runs", made["run"])
    accounts = pd.read_parquet(place / "accounts.parquet")
    overlap = pd.read_parquet(place / "overlap.parquet")
    return set(accounts["name"].iloc[overlap["account"]])


def vendor_table(both: TwoParties, population: str = "customers") -> pd.DataFrame:
    return pd.read_parquet(both.place(VENDOR, "tables", f"accounts-{population}.parquet"))
