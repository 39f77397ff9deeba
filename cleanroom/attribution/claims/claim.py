"""What is claimed: "we hold this account since D", and the keys under which a claim can be proven.

A claim is committed by its match keys, up to three at a time: a domain, a registration number, a name with
its country. Only these kinds are evidence enough to be proven; a name without a country is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from overlap import canonical
from overlap.errors import UsageError
from overlap.identity import WEBSITE_KINDS, website_of, without_veto
from overlap.records import Rejected

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SLOTS", "SLOT_OF_KIND", "Held", "HeldAccount", "Key", "hold", "key_of"]

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

    def to_bytes(self) -> bytes:
        """Kind and value; no kind contains a colon, so the two cannot be cut otherwise."""
        return f"{self.kind}:{self.value}".encode()


def key_of(kind: str, value: str) -> Key | None:
    """The key under which an account with this matched identifier can be claimed, None for no such kind.

    A composite with a website is claimed by the website: both sides read the same one out of it, whatever
    their names say beyond it, and whichever role each had in the run.
    """
    value = without_veto(value)
    if kind in WEBSITE_KINDS:
        return Key(SLOTS[0], website_of(value))
    return Key(kind, value) if kind in SLOT_OF_KIND else None


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """One leaf to be: own account id, a key or None for each slot, and what is asserted about the relation.

    `since` is an ISO day or "" when the source has none, `relation` a short word, `evidence` the SHA-256 of
    a document or b"".
    """

    id: str
    keys: tuple[Key | None, Key | None, Key | None]
    since: str
    relation: str
    evidence: bytes

    def __post_init__(self) -> None:
        used = [(slot, key) for slot, key in enumerate(self.keys) if key is not None]
        if not used or any(SLOT_OF_KIND.get(key.kind) != slot for slot, key in used):
            raise UsageError("a held account has one to three keys, each in its own slot", "see SLOT_OF_KIND")
        if self.since and not DAY.fullmatch(self.since):
            raise UsageError(
                "the asserted date of a claim is not a day such as 2024-05-31", "map another column"
            )
        if not RELATION.fullmatch(self.relation):
            raise UsageError("the relation of a claim is not a short lower-case word", "use 'customer'")
        if len(self.evidence) not in (0, 32):
            raise UsageError("the evidence of a claim is not a SHA-256 digest", "give the document's digest")

    @property
    def digest(self) -> bytes:
        """Names this account and its keys towards the party's own secret; never leaves the machine."""
        parts = [key.to_bytes() if key else b"" for key in self.keys]
        return canonical.digest(b"account", self.id.encode(), *parts)


@dataclass(frozen=True, slots=True)
class Held:
    """The claims of an import, the rows that cannot be claimed, and how many claims assert no date."""

    accounts: tuple[HeldAccount, ...]
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
    held, rejected, undated = [], [], 0
    columns = (accounts[name] for name in ("row", "id", "population", since))
    for position, (row, name, population, day) in enumerate(zip(*columns, strict=True)):
        if position not in keys:
            rejected.append(Rejected(int(row), "no identifier of a kind that can be claimed"))
            continue
        asserted = day[:10] if DAY.fullmatch(day[:10]) else ""
        relation = population if RELATION.fullmatch(population) else "other"
        undated += not asserted
        held += [
            HeldAccount(name, leaf, asserted, relation, evidence.get(name, b""))
            for leaf in _leaves(keys[position])
        ]
    return Held(tuple(held), tuple(rejected), undated)


def _keys_by_account(identifiers: pd.DataFrame) -> dict[int, list[Key]]:
    keys: dict[int, list[Key]] = {}
    columns = (identifiers[name] for name in ("account", "kind", "value"))
    for account, kind, value in zip(*columns, strict=True):
        if kind in SLOT_OF_KIND:
            keys.setdefault(int(account), []).append(Key(kind, value))
    return keys


def _leaves(keys: list[Key]) -> list[tuple[Key | None, Key | None, Key | None]]:
    slots: list[list[Key]] = [[], [], []]
    for key in dict.fromkeys(keys):
        slots[SLOT_OF_KIND[key.kind]].append(key)
    slots[1].sort(key=lambda key: (_REGISTRATION_ORDER.index(key.kind), key.value))
    count = max(len(slot) for slot in slots)
    domain, registration, name = ([*slot, *[None] * (count - len(slot))] for slot in slots)
    return list(zip(domain, registration, name, strict=True))
