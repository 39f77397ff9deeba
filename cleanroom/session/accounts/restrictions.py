"""Which own accounts take part in no match and no share, or only in those with some partners.

The rules are those of the last 'overlap import --as restrictions' (tables/restrictions.parquet), and that
what was forgotten stays away (cleanroom.session.accounts.forgotten).

A rule on a name or domain covers every account that has it, and a rule that fits none waits for the account
to come: what is not certain is left out. Rules are applied before anything is identified.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from cleanroom.session.accounts.forgotten import are_forgotten, forgotten_digests
from cleanroom.session.accounts.imports import own_accounts, own_table
from cleanroom.session.folder import Folder
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import Refused
from overlap.identity import find_accounts
from overlap.ingest import PRIVATE, RESTRICTED, partners_of

_PARENT: Final = ("parent_name", "parent_domain")


@dataclass(frozen=True)
class LeftOut:
    """How many own accounts the rules left out of a run, and the digest (SHA-256, hex) of all rules.

    The digest is "" while there are no rules.
    """

    private: int = 0
    restricted: int = 0
    rules: str = ""

    @property
    def total(self) -> int:
        return self.private + self.restricted


@dataclass(frozen=True)
class Taking:
    """What takes part in a run: own accounts, and the alias file without what it says of the others."""

    accounts: pd.DataFrame
    aliases: pd.DataFrame | None
    left_out: LeftOut


@dataclass(frozen=True)
class Standing:
    """What the rules do now: own accounts by rule, the rows of the file that fit no account yet, and those
    that restrict to a partner whose card is not here."""

    private: int
    restricted: int
    waiting: list[int]
    strangers: list[int]


def taking_part(party: Party, partner: str, populations: tuple[str, ...]) -> Taking:
    """The own accounts of the populations that may be matched with `partner`."""
    everything = own_accounts(party.folder)
    aliases = own_table(party.folder, "aliases")
    digest = rules_digest(party.folder)
    of_populations = everything["population"].isin(populations).to_numpy(bool)
    if not digest:
        return Taking(everything[of_populations].reset_index(drop=True), aliases, LeftOut())
    private, restricted = _covered(party.folder, everything, partner)
    out = private | restricted
    left_out = LeftOut(
        int((private & of_populations).sum()), int((restricted & of_populations).sum()), digest
    )
    taken = everything[of_populations & ~out].reset_index(drop=True)
    return Taking(taken, without_accounts(aliases, everything, out), left_out)


def excluded_accounts(party: Party, partner: str, accounts: pd.DataFrame | None = None) -> set[str]:
    """The ids of own accounts that may not be shown to `partner` now.

    They are looked for among the imported accounts and, where given, among those of a run (`accounts`, of
    records.ACCOUNT_COLUMNS), which may be older than the import.
    """
    if not rules_digest(party.folder):
        return set()
    found: set[str] = set()
    for table in (own_accounts(party.folder), accounts):
        if table is not None and len(table):
            found |= excluded_among(party.folder, partner, table)
    return found


def excluded_among(folder: Folder, partner: str, accounts: pd.DataFrame) -> set[str]:
    """The ids of those `accounts` that may not be shown to `partner`; "" is a partner without a name yet."""
    private, restricted = _covered(folder, accounts, partner)
    return set(accounts["id"].to_numpy()[private | restricted].tolist())


def without_excluded(
    party: Party, partner: str, minimum: int, accounts: pd.DataFrame, rows: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Those `rows` (`account` is a position in `accounts`) that may be shown, and how many others there are.

    Refused when fewer than `minimum` remain, so that a share cannot be narrowed by rules.
    """
    gone = excluded_accounts(party, partner, accounts)
    if not gone:
        return rows, {}
    ids = accounts["id"].to_numpy()[rows["account"].to_numpy()]
    out = np.array([one in gone for one in ids.tolist()], bool)
    kept = rows[~out]
    if len(kept) < max(1, minimum):
        raise Refused(
            f"clause terms.minimum_count: fewer than {max(1, minimum)} accounts are neither private nor "
            "restricted",
            "a small overlap says too much about single accounts; nothing is shown",
        )
    return kept, {"private or restricted to other partners": int(out.sum())} if out.any() else {}


def rules_digest(folder: Folder) -> str:
    """SHA-256 (hex) over all rules and what was forgotten, in any order of rows; "" without any."""
    rules, forgotten = _rules(folder), forgotten_digests(folder)
    if not rules and not forgotten:
        return ""
    said = sorted([value for name, value in sorted(rule.items()) if name != "row"] for rule in rules)
    return hashlib.sha256(canonical.encode({"forgotten": sorted(forgotten), "rules": said})).hexdigest()


def rules_standing(folder: Folder) -> Standing:
    """What the imported rules do to the accounts imported now, for whichever partner."""
    accounts, rules = own_accounts(folder), _rules(folder)
    fits = _fits(accounts, rules)
    masks = {
        word: _mask(
            len(accounts), [fit for rule, fit in zip(rules, fits, strict=True) if rule["rule"] == word]
        )
        for word in (PRIVATE, RESTRICTED)
    }
    only_restricted = masks[RESTRICTED] & ~masks[PRIVATE]
    known = set(folder.names("partners", suffix=".card"))
    return Standing(
        int(masks[PRIVATE].sum()),
        int(only_restricted.sum()),
        [int(rule["row"]) for rule, fit in zip(rules, fits, strict=True) if not fit],
        [int(rule["row"]) for rule in rules if not set(partners_of(rule["partners"])) <= known],
    )


def _covered(folder: Folder, accounts: pd.DataFrame, partner: str) -> tuple[np.ndarray, np.ndarray]:
    """Which accounts are private, and which others are restricted and not for this partner."""
    rules = _rules(folder)
    private = [np.flatnonzero(are_forgotten(folder, accounts["id"].tolist())).tolist()]
    restricted: list[list[int]] = []
    for rule, fit in zip(rules, _fits(accounts, rules), strict=True):
        if rule["rule"] != RESTRICTED:
            private.append(fit)
        elif partner not in partners_of(rule["partners"]):
            restricted.append(fit)
    closed = _mask(len(accounts), private)
    return closed, _mask(len(accounts), restricted) & ~closed


def _fits(accounts: pd.DataFrame, rules: list[dict[str, str]]) -> list[list[int]]:
    """For each rule the positions of the accounts that it covers."""
    by_name = find_accounts(accounts, rules)
    plain: dict[str, np.ndarray] = {}
    found = []
    for rule, named in zip(rules, by_name, strict=True):
        column = rule["column"]
        if not column:
            found.append(named)
            continue
        if column not in plain:
            plain[column] = accounts[column].str.strip().str.casefold().to_numpy()
        found.append(np.flatnonzero(plain[column] == rule["value"].strip().casefold()).tolist())
    return found


def without_accounts(
    aliases: pd.DataFrame | None, everything: pd.DataFrame, out: np.ndarray
) -> pd.DataFrame | None:
    """An alias file without rows about the accounts marked in `out`, and without such an account as a parent.

    `out` (bool) is by position in `everything`, all own accounts.
    """
    if aliases is None or aliases.empty or not out.any():
        return aliases
    rows = [{str(name): text for name, text in row.items()} for row in aliases.to_dict("records")]
    about = np.array([bool(out[fit].any()) for fit in find_accounts(everything, rows)], bool)
    of_parent = np.zeros(len(rows), bool)
    for column, field in (
        ("parent_id", "account_id"),
        *zip(_PARENT, ("account_name", "account_domain"), strict=True),
    ):
        empty = {"account_id": "", "account_name": "", "account_domain": ""}
        asked = [empty | {field: row[column]} for row in rows]
        of_parent |= np.array([bool(out[fit].any()) for fit in find_accounts(everything, asked)], bool)
    kept = aliases.copy()
    kept.loc[of_parent, [name for name in aliases.columns if name.startswith("parent_")]] = ""
    return kept[~about].reset_index(drop=True)


def _mask(size: int, places: list[list[int]]) -> np.ndarray:
    found = np.zeros(size, bool)
    for fit in places:
        found[fit] = True
    return found


def _rules(folder: Folder) -> list[dict[str, str]]:
    table = own_table(folder, "restrictions")
    if table is None:
        return []
    return [{str(name): str(value) for name, value in row.items()} for row in table.to_dict("records")]
