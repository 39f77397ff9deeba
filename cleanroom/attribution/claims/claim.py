"""What is claimed: "we hold this account since D", and the keys under which a claim can be proven.

A claim is committed by its match keys, up to three at a time: a domain, a registration number, a name with
its country. Only these kinds are evidence enough to be proven; a name without a country is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from overlap.errors import UsageError
from overlap.identity import WEBSITE_KINDS, website_of, without_veto
from overlap.records import Rejected

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SLOTS", "SLOT_OF_KIND", "Held", "Key", "Row", "hold", "key_of", "make_row"]

#: One leaf to be: own account id, the text of the key in each slot ("" for none), relation, the asserted
#: day or "", the evidence digest in hex or "".
Row = tuple[str, str, str, str, str, str, str]

SLOTS: Final = ("domain", "registration", "name_country")

#: Which slot of a leaf an identifier kind goes to.
SLOT_OF_KIND: Final[Mapping[str, int]] = MappingProxyType(
    {"domain": 0, "lei": 1, "duns": 1, "vat": 1, "registration": 1, "name_country": 2}
)

#: A relation is a word of ours or of a population, short and safe to print.
RELATION: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
DAY: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")

#: The order in which the registration numbers of one account take their slot.
_REGISTRATION_ORDER = ("lei", "duns", "vat", "registration")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A normalised match key: kind and value of an identifier."""

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Key(kind={self.kind!r})"

    @property
    def text(self) -> str:
        """Kind and value; no kind contains a colon, so the two cannot be cut otherwise."""
        return f"{self.kind}:{self.value}"

    @staticmethod
    def of(text: str) -> Key:
        """The key with this text."""
        kind, _, value = text.partition(":")
        return Key(kind, value)


def key_of(kind: str, value: str) -> Key | None:
    """The key under which an account with this matched identifier can be claimed, None for no such kind.

    A composite with a website is claimed by the website: both sides read the same one out of it, whatever
    their names say beyond it, and whichever role each had in the run.
    """
    value = without_veto(value)
    if kind in WEBSITE_KINDS:
        return Key(SLOTS[0], website_of(value))
    return Key(kind, value) if kind in SLOT_OF_KIND else None


def make_row(
    name: str, keys: Iterable[Key], *, since: str = "", relation: str = "customers", evidence: bytes = b""
) -> Row:
    """The leaf to be of own account `name` with one to three `keys`, each for a slot of its own.

    `since` is an ISO day or "" when nothing is asserted, `relation` a short word, `evidence` the SHA-256 of a
    document or b"". Raises UsageError for anything else.
    """
    slots = ["", "", ""]
    for key in keys:
        slot = SLOT_OF_KIND.get(key.kind)
        if slot is None or slots[slot]:
            raise UsageError("a held account has at most one key for each slot", "see SLOT_OF_KIND")
        slots[slot] = key.text
    if not any(slots):
        raise UsageError("a held account has at least one key", "see SLOT_OF_KIND")
    if since and not DAY.fullmatch(since):
        raise UsageError("the asserted date of a claim is not a day such as 2024-05-31", "map another column")
    if not RELATION.fullmatch(relation):
        raise UsageError("the relation of a claim is not a short lower-case word", "use 'customers'")
    if len(evidence) not in (0, 32):
        raise UsageError("the evidence of a claim is not a SHA-256 digest", "give the document's digest")
    return (name, slots[0], slots[1], slots[2], relation, since, evidence.hex())


@dataclass(frozen=True, slots=True)
class Held:
    """The claims of an import, the rows that cannot be claimed, and how many claims assert no date."""

    rows: tuple[Row, ...]
    rejected: tuple[Rejected, ...]
    undated: int


def hold(
    accounts: pd.DataFrame,
    identifiers: pd.DataFrame,
    *,
    since: str = "created",
    evidence: Mapping[str, bytes] = MappingProxyType({}),
) -> Held:
    """Claims for own accounts (`ACCOUNT_COLUMNS`) with their `identifiers` (`IDENTIFIER_COLUMNS`).

    `since` names the column with the date of the relation, `evidence` maps account ids to document digests;
    the population is the relation, or "other" when its name is not a short lower-case word. An account with
    more keys than a leaf has slots makes further leaves.
    """
    keys = _keys_by_account(identifiers)
    rows: list[Row] = []
    rejected, undated = [], 0
    columns = (accounts[name].tolist() for name in ("row", "id", "population", since))
    for position, (row, name, population, day) in enumerate(zip(*columns, strict=True)):
        if position not in keys:
            rejected.append(Rejected(int(row), "no identifier of a kind that can be claimed"))
            continue
        asserted = day[:10] if DAY.fullmatch(day[:10]) else ""
        relation = population if RELATION.fullmatch(population) else "other"
        undated += not asserted
        digest = evidence.get(name, b"").hex()
        for first, second, third in _leaves(keys[position]):
            rows.append((name, first, second, third, relation, asserted, digest))
    return Held(tuple(rows), tuple(rejected), undated)


def _keys_by_account(identifiers: pd.DataFrame) -> dict[int, list[tuple[str, str]]]:
    keys: dict[int, list[tuple[str, str]]] = {}
    columns = (identifiers[name].tolist() for name in ("account", "kind", "value"))
    for account, kind, value in zip(*columns, strict=True):
        if kind in SLOT_OF_KIND:
            keys.setdefault(account, []).append((kind, value))
    return keys


def _leaves(keys: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """The keys of one account, a leaf after the other; further registration numbers make further leaves."""
    slots: list[list[str]] = [[], [], []]
    found = dict.fromkeys(keys)
    for kind, value in sorted(found, key=_place) if len(found) > 1 else found:
        slots[SLOT_OF_KIND[kind]].append(f"{kind}:{value}")
    count = max(map(len, slots))
    domain, registration, name = ([*slot, *[""] * (count - len(slot))] for slot in slots)
    return list(zip(domain, registration, name, strict=True))


def _place(key: tuple[str, str]) -> tuple[int, str]:
    """Where a key stands among those of its slot: registrations by kind and value, others as they came."""
    kind, value = key
    return (_REGISTRATION_ORDER.index(kind), value) if kind in _REGISTRATION_ORDER else (-1, "")
