"""Planted accounts: invented companies in our own list that nobody can hold who does not guess.

canaries                the planted accounts, locked
runs/RUN/canaries       their identifiers as they went into a run, locked; gone when it ends

They go into runs at level overlaps only, behind the own accounts, and count inside the size bound. They are
no accounts: no table, share, export, matrix, review or credit has them. When a partner claims to hold one,
the run stops before anything is granted on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import Folder
from cleanroom.session.party import Party
from cleanroom.session.stored import Locked, keep_stored, read_stored
from cleanroom.store import table_bytes, table_from_bytes
from overlap import canonical, identity
from overlap.errors import Refused, UsageError
from overlap.protocol import PREPARED, Contract
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS, TIERS

_PURPOSE: Final = b"canaries"
_NAME: Final = "canaries"
#: Kinds whose hit names a company beyond doubt: a hit by chance would accuse somebody.
_SURE: Final = tuple(
    kind for kind in identity.KINDS if TIERS.index(identity.KIND[kind].tier) < TIERS.index("candidate")
)


@dataclass(frozen=True)
class Canary:
    """A planted account; it goes into runs in which its population takes part."""

    id: str
    name: str
    domain: str
    country: str
    population: str


def list_canaries(party: Party) -> list[Canary]:
    """The planted accounts, the oldest first."""
    if not party.folder.path(_NAME).is_file():
        return []
    known = canonical.decode(read_stored(party, _PURPOSE, _NAME, _NAME), "the planted accounts")
    return [Canary(**one) for one in known]


def add_canary(party: Party, name: str, domain: str, country: str, population: str) -> Canary:
    """Plant an invented account.

    UsageError when an own account has its name or domain, or when they name no company beyond doubt.
    """
    canary = Canary(party.random(4).hex(), name.strip(), domain.strip(), country.strip(), population)
    known = list_canaries(party)
    accounts = own_accounts(party.folder)
    for account_name, account_domain in ((canary.name, ""), ("", canary.domain)):
        asked = {"account_id": "", "account_name": account_name, "account_domain": account_domain}
        if identity.find_accounts(accounts, [asked])[0]:
            raise UsageError("an own account has this name or domain", "plant a company that does not exist")
    if _identified([canary], identity.KINDS, identity.ROLES[0], identity.MOST, identity.NO_VETO).empty:
        raise UsageError(
            "nothing that is matched beyond doubt comes from this name and domain",
            "give a name of its own with --domain, --country or both",
        )
    _keep(party, [*known, canary])
    return canary


def remove_canary(party: Party, canary: str) -> Canary:
    """Take a planted account out of all runs that begin from now on; by the beginning of its id."""
    known = list_canaries(party)
    found = only_one(known, canary, lambda one: one.id, "planted account", "'overlap canary list' shows them")
    _keep(party, [one for one in known if one is not found])
    return found


def planted_identifiers(
    party: Party,
    contract: Contract,
    role: str,
    accounts: pd.DataFrame,
    identifiers: pd.DataFrame,
    populations: Sequence[str],
) -> tuple[pd.DataFrame, pd.Series]:
    """Identifiers of the planted accounts of a run, at positions behind `accounts`; and their populations.

    What an own account has as well is left out. There are none at levels of numbers, where a hit is not seen,
    nor in a list that is prepared for many runs.
    """
    nothing = identifiers.iloc[:0], pd.Series(dtype="str")
    if contract.level != "overlaps" or (contract.protocol == PREPARED and role == "responder"):
        return nothing
    planted = [one for one in list_canaries(party) if one.population in populations]
    if not planted:
        return nothing
    found = _identified(planted, contract.kinds, role, contract.most, contract.veto)
    both = ["kind", "value"]
    ours = pd.MultiIndex.from_frame(identifiers[both])
    found = found[~pd.MultiIndex.from_frame(found[both]).isin(ours)]
    found = found.assign(account=found["account"] + len(accounts)).reset_index(drop=True)
    return found, pd.Series([one.population for one in planted], dtype="str")


def keep_planted(party: Party, run: str, identifiers: pd.DataFrame) -> None:
    """Keep the planted identifiers of a run, locked, until it ends."""
    if len(identifiers):
        keep_stored(party, _PURPOSE, run, table_bytes(identifiers), "runs", run, _NAME)


def kept_planted(party: Party, run: str) -> list[pd.DataFrame]:
    """The planted identifiers of a run as one table; none where nothing was planted."""
    if not party.folder.path("runs", run, _NAME).is_file():
        return []
    return [table_from_bytes(read_stored(party, _PURPOSE, run, "runs", run, _NAME))]


def planted_files(folder: Folder) -> list[Locked]:
    """What is locked of the planted accounts outside of runs."""
    return [(_NAME, (_NAME,))] if folder.path(_NAME).is_file() else []


def canary_hit(partner: str, number: int) -> Refused:
    """What to raise when a partner claims to hold planted accounts."""
    return Refused(
        f"{partner} claims to hold {number:,} of our planted accounts, which do not exist: the run is "
        "stopped",
        "nothing is granted on this run; ask the partner what it submitted, and revoke what it may read",
    )


def _identified(
    planted: Sequence[Canary], kinds: Sequence[str], role: str, most: int, veto: str
) -> pd.DataFrame:
    rows = [
        {"id": one.id, "name": one.name, "website": one.domain, "country": one.country,
         "population": one.population}
        for one in planted
    ]  # fmt: skip
    frame = pd.DataFrame(rows).reindex(columns=list(ACCOUNT_COLUMNS), fill_value="").astype("str")
    frame = frame.assign(row=range(len(frame)))
    found = identity.identify(frame, list(kinds), None, 1, role=role, most=most).frame
    found = identity.vetoed(found, veto, role)
    return found[found["kind"].isin(_SURE)][list(IDENTIFIER_COLUMNS)].reset_index(drop=True)


def _keep(party: Party, canaries: Sequence[Canary]) -> None:
    contents = canonical.encode([asdict(one) for one in canaries])
    keep_stored(party, _PURPOSE, _NAME, contents, _NAME)
