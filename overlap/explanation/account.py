"""One own account explained: what its cells became, what it can match by, and what stands in its way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from overlap.errors import UsageError
from overlap.explanation.hits import Match, explain_hits
from overlap.explanation.lookalikes import LookAlikes, find_look_alikes
from overlap.identity import (
    CANDIDATE_KINDS,
    KIND,
    KINDS,
    MOST,
    NO_VETO,
    NORMALISER,
    ROLES,
    Cell,
    Given,
    Missing,
    data_digest,
    explain_kinds,
    normaliser_digest,
    read_cells,
    without_veto,
)

#: Kinds that most accounts of a good list have; why one is missing is worth saying where nothing matched.
_USUAL: Final = ("domain_name", "name_country", "name_city", "name")
#: Columns whose unread cells cost no match: their loss is said with the kinds.
_PLACES: Final = ("country", "city", "postcode")


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier of the account: what a hit on it says and is worth, and what speaks against it.

    `wrong` and `right` are those of its kind, in a thousand. `within` is false where the limit of
    identifiers an account left no room for it, `remark` what a person should know, or "".
    """

    kind: str
    tier: str
    says: str
    wrong: int
    right: int
    value: str
    within: bool
    remark: str


@dataclass(frozen=True, slots=True)
class Versions:
    """What made the identifiers: the normaliser's version and digest, that of its lists (hex), and what was
    asked of it."""

    normaliser: str
    normaliser_digest: str
    data_digest: str
    kinds: tuple[str, ...]
    role: str
    most: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one account of the own list.

    `weaknesses` are in words what kept it, or would keep it, from matching, the likeliest first. `veto` says
    what a registry whose numbers keep accounts apart does here, "" without one. `match` is None where nothing
    matched or no run was asked about.
    """

    row: int
    id: str
    population: str
    cells: tuple[Cell, ...]
    identifiers: tuple[Identifier, ...]
    missing: tuple[Missing, ...]
    look_alikes: LookAlikes
    weaknesses: tuple[str, ...]
    veto: str
    match: Match | None
    versions: Versions


def explain_account(
    accounts: pd.DataFrame,
    position: int,
    *,
    kinds: Collection[str] = KINDS,
    role: str = ROLES[0],
    most: int = MOST,
    hits: pd.DataFrame | None = None,
    veto: str = NO_VETO,
) -> Explanation:
    """Why the account at `position` of `accounts` (records.ACCOUNT_COLUMNS) matched, or may not match.

    `kinds`, `role` and `most` are as for `identify`, `hits` those of a run of these accounts
    (`match.find_hits`), `veto` as for `vetoed`: the kind of number that keeps accounts apart. Only this
    account and those that look like it are identified. Raises UsageError for a position outside the list, an
    unknown kind or role.
    """
    if not 0 <= position < len(accounts):
        raise UsageError("the list has no account at this position", "count from 0")
    if not {*kinds, veto} <= {*KINDS, NO_VETO} or role not in ROLES:
        raise UsageError("an unknown kind of identifier or role", "use KINDS and ROLES of overlap.identity")
    account = {str(column): cell for column, cell in accounts.iloc[position].items()}
    cells = read_cells(account)
    given, missing = explain_kinds(account, kinds, role, most)
    within = [one for one in given if one.within]
    look_alikes = find_look_alikes(accounts, position, within, kinds, role, most, veto)
    return Explanation(
        int(account["row"]),
        account["id"],
        account["population"],
        cells,
        tuple(map(_identifier, given)),
        missing,
        look_alikes,
        tuple(_weaknesses(cells, given, missing, look_alikes)),
        _veto(veto, given),
        explain_hits(accounts, position, hits) if hits is not None else None,
        Versions(
            NORMALISER,
            normaliser_digest(),
            data_digest(),
            tuple(kind for kind in KINDS if kind in kinds),
            role,
            most,
        ),
    )


def _identifier(given: Given) -> Identifier:
    kind = KIND[given.kind]
    value = without_veto(given.value)
    return Identifier(
        kind.name, kind.tier, kind.says, kind.wrong, kind.right, value, given.within, given.remark
    )


def _weaknesses(
    cells: Sequence[Cell], given: Sequence[Given], missing: Sequence[Missing], others: LookAlikes
) -> list[str]:
    """What is weak about an account, the likeliest reason for no match first."""
    found: list[str] = []
    tiers = {KIND[one.kind].tier for one in given if one.within}
    if not tiers:
        found.append("it has nothing to be matched by")
    elif tiers == {"candidate"}:
        found.append("only candidates can come of it, which are never released without a review")
    for cell in cells:
        if cell.column not in _PLACES:
            found += [f"{cell.column}: {reason}" for reason in cell.reasons]
    # The reasons of cells are said already.
    reasons = dict.fromkeys(one.reason for one in missing if one.kind in _USUAL and ": " not in one.reason)
    found += [reason for reason in reasons if reason.startswith("no ")]
    found += [one.reason for one in missing if one.kind in _USUAL and " bits of " in one.reason]
    found += [reason for reason in reasons if "dictionary" in reason]
    places = [cell for cell in cells if cell.column in _PLACES]
    found += [f"{cell.column}: {reason}" for cell in places for reason in cell.reasons]
    found += dict.fromkeys(one.remark for one in given if one.kind == "domain_name" and one.remark)
    rivals = sum(not other.duplicate for other in others.found)
    if rivals:
        found.append(_rivals_said(rivals))
    lost = [one.kind for one in missing if one.reason.startswith("not agreed on, though")]
    if lost:
        candidates = " (candidates are not signed)" if set(lost) <= set(CANDIDATE_KINDS) else ""
        found.append(f"not agreed on with the partner, though it has them: {', '.join(lost)}{candidates}")
    return list(dict.fromkeys(found))


def _rivals_said(count: int) -> str:
    others = "1 other own account shares" if count == 1 else f"{count} other own accounts share"
    return f"{others} an identifier with it; a hit on no more than that means a candidate"


def _veto(veto: str, given: Sequence[Given]) -> str:
    if veto == NO_VETO:
        return ""
    said = KIND[veto].says.removeprefix("the same ")
    if any(one.kind == veto for one in given):
        return f"{said}: an account with another one does not match, and neither side learns of it"
    return f"no {said} here: differing numbers cannot keep a wrong account apart from this one"
