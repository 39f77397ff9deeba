"""The contract: what both sides fix before the first blinded byte.

It is built from the signed agreement, from each side's own software, and from both sides' claim commitments.
Its digest enters every tag, so that two runs under different contracts have nothing in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile
from overlap.protocol.clauses import Amounts, Counting, Side

__all__ = ["FORMAT", "LEVELS", "SUITE", "Amounts", "Contract", "Counting", "Side", "flatten"]

FORMAT: Final = "overlap-contract/1"
SUITE: Final = "overlap-curve25519_XMD:SHA-512_ELL2_NU_-x25519-sha256/1"
LEVELS: Final = ("overlaps", "counts", "sum")

#: The fields that are no text.
_PARTS: Final = (
    "kinds",
    "false_hits",
    "most",
    "buckets",
    "starter",
    "responder",
    "amounts",
    "counting",
    "queries",
)
#: What fields hold that only some protocols have; they are left out of the bytes of the others.
_ABSENT: Final[dict[str, Any]] = {"amounts": None, "counting": None, "prepared": "", "queries": 0}
_OPTIONAL: Final[dict[str, type[Amounts | Counting]]] = {"amounts": Amounts, "counting": Counting}
_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "starter": Side.read,
    "responder": Side.read,
    "amounts": Amounts.read,
    "counting": Counting.read,
}


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything that must be equal on both sides.

    `kinds` is in order of precedence, best first; `false_hits` has for each the hits between different
    companies in a thousand, as measured; `most` bounds the identifiers of an account; `veto` is the registry
    whose differing numbers keep accounts apart, "none" for no such. `buckets` says into how many parts
    each list is split (`overlap.protocol.buckets`). `amounts` is for level `sum`, `counting` for counts
    through a third party. `prepared` is the state (hex) of the responder's prepared list that the run is
    over, "" where each run is for itself; `queries` is then how many elements the start has.
    """

    format: str
    suite: str
    protocol: str
    level: str
    kinds: tuple[str, ...]
    false_hits: tuple[int, ...]
    most: int
    veto: str
    normaliser: str
    normaliser_digest: str
    data_digest: str
    agreement: str  # SHA-256 (hex) of the agreement's bytes
    buckets: int
    starter: Side
    responder: Side
    amounts: Amounts | None = None
    counting: Counting | None = None
    prepared: str = ""
    queries: int = 0

    def to_bytes(self) -> bytes:
        used = {name: part for name, part in asdict(self).items() if part != _ABSENT.get(name, ())}
        return canonical.encode(used)

    @property
    def digest(self) -> bytes:
        """SHA-256 that names this contract in frames and enters every tag."""
        return canonical.digest(FORMAT.encode(), self.to_bytes())

    @staticmethod
    def from_bytes(data: bytes) -> Contract:
        """The contract in canonical bytes; MalformedFile for an unknown, missing or mistyped field."""
        value = canonical.decode(data, "the contract")
        try:
            value |= {name: read(value[name]) for name, read in _READERS.items() if name in value}
            value |= {name: tuple(value[name]) for name in ("kinds", "false_hits")}
            contract = Contract(**value)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedFile(
                "the contract does not have the fields of version 1", "both sides need the same version"
            ) from error
        if contract.format != FORMAT or contract.to_bytes() != data or not _is_typed(contract):
            raise MalformedFile("the contract is of another version", "both sides need the same version")
        return contract

    def require_equal(self, theirs: Contract) -> None:
        """Return when `theirs` says the same; else ContractMismatch naming the first field that differs."""
        mine, other = flatten(self), flatten(theirs)
        for name in mine:
            if mine[name] != other[name]:
                raise ContractMismatch(
                    name,
                    _short(mine[name]),
                    _short(other[name]),
                    "bring both sides to the same version and agreement, then start a new run",
                )


def flatten(contract: Contract) -> dict[str, Any]:
    """Field names (`starter.size_bound`) to values, in the order of the specification."""
    flat: dict[str, Any] = {}
    for field in fields(contract):
        value = getattr(contract, field.name)
        kind = _OPTIONAL.get(field.name, Side)
        if field.name in ("starter", "responder", *_OPTIONAL):
            flat |= {f"{field.name}.{part.name}": getattr(value, part.name, "none") for part in fields(kind)}
        else:
            flat[field.name] = value
    return flat


def _is_typed(contract: Contract) -> bool:
    """Whether every field has its type, as the comparison and its message rely on."""
    numbers = (contract.most, contract.buckets, contract.queries, *contract.false_hits)
    if len(contract.false_hits) != len(contract.kinds) or any(type(number) is not int for number in numbers):
        return False
    plain = (getattr(contract, field.name) for field in fields(contract) if field.name not in _PARTS)
    return all(isinstance(text, str) for text in (*plain, *contract.kinds))


def _short(value: Any) -> str:
    """A value as part of a message. The peer chose it, so nothing in it may steer a terminal."""
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 24 else text[:16] + "…"
