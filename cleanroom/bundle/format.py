"""The bytes of a bundle.

    overlap-bundle/1 LF
    header: canonical JSON LF
    the parts, one after the other
    signature, 64 bytes, for `bundle` by the exporter's `signing` key over the header's line

The header has name, length and SHA-256 of every part. Parts stand in it as they are, so that each can be cut
out and read by itself; one encoding, nothing compressed, so that no byte is without meaning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from overlap import canonical
from overlap.errors import MalformedFile
from overlap.keys import Card, PartyKeys

BUNDLE_LINE: Final = b"overlap-bundle/1\n"
PURPOSE: Final = b"bundle"
SIGNATURE_BYTES: Final = 64
#: A log of a million entries is 600 MB.
BUNDLE_LIMIT_BYTES: Final = 2**31

#: Parts that every bundle has; `agreement/DIGEST` and `receipt/DIGEST` come as often as there are any.
NEEDED: Final = ("card/exporter", "card/peer", "log", "openings", "peer.seen")
#: Parts that are there when a party has cosigned: the exporter's log by the peer, the peer's by the exporter.
COSIGNED: Final = ("log.cosigned", "peer.cosigned")

#: Parts of each log that ended when a card changed, below `old/NUMBER/`, the oldest first; `change` is the
#: rotation or the revocation after which the next log began.
OLD: Final = ("change", "log", "openings", "peer.seen")

_OLD = re.compile(r"old/([1-9][0-9]{0,3})/([a-z.]+)")
_MANY = re.compile(r"(agreement|receipt)/[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HINT: Final = "ask for the file made by 'overlap audit bundle'"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens an entry of the log: its salt, and the bytes behind some of its facts.

    `proof` shows the entry in the tree with the last checkpoint's root (RFC 9162, section 2.1.3).
    """

    sequence: int
    salt: bytes
    facts: Mapping[str, bytes]
    proof: tuple[bytes, ...]

    def to_fields(self) -> dict[str, Any]:
        """As it stands in the part `openings`, bytes in hex."""
        return {
            "facts": {name: value.hex() for name, value in self.facts.items()},
            "proof": [step.hex() for step in self.proof],
            "salt": self.salt.hex(),
            "sequence": self.sequence,
        }


@dataclass(frozen=True)
class Bundle:
    """A bundle as read: `parts` by name, and in `broken` the names of those with other bytes than listed.

    `exporter` and `peer` are card digests (hex) as the header says; `made` is unix seconds.
    """

    exporter: str
    peer: str
    made: int
    header: bytes
    signature: bytes
    parts: Mapping[str, bytes]
    broken: tuple[str, ...]

    @property
    def old(self) -> int:
        """How many logs of the time before the present cards are in it."""
        return len({name.split("/")[1] for name in self.parts if name.startswith("old/")})

    def many(self, kind: str) -> list[str]:
        """The names of the parts of a kind that can be there more than once, in their order."""
        return [name for name in self.parts if name.startswith(f"{kind}/") and _MANY.fullmatch(name)]


def make_bundle(parts: Mapping[str, bytes], peer: Card, keys: PartyKeys, now: int) -> bytes:
    """The file with these parts, exported by `keys` at `now`, about what happened with `peer`."""
    names = sorted(parts)
    listed = [
        {"name": name, "sha256": hashlib.sha256(parts[name]).hexdigest(), "size": len(parts[name])}
        for name in names
    ]
    fields = {"exporter": keys.card.digest.hex(), "made": now, "parts": listed, "peer": peer.digest.hex()}
    header = canonical.encode(fields) + b"\n"
    signature = keys.sign("signing", PURPOSE, header)
    return b"".join([BUNDLE_LINE, header, *(parts[name] for name in names), signature])


def read_bundle(data: bytes) -> Bundle:
    """The parts of a bundle, checked by their digests only; MalformedFile when it has other parts."""
    if len(data) > BUNDLE_LIMIT_BYTES or not data.startswith(BUNDLE_LINE):
        raise MalformedFile("this is not a bundle of version 1", _HINT)
    end = data.find(b"\n", len(BUNDLE_LINE)) + 1
    header = data[len(BUNDLE_LINE) : end]
    value = canonical.decode(header[:-1], "the header of the bundle")
    if not _is_header(value):
        raise MalformedFile("the header of the bundle is not of version 1", _HINT)
    if end + sum(part["size"] for part in value["parts"]) + SIGNATURE_BYTES != len(data):
        raise MalformedFile("the bundle is not as long as its header says", _HINT)
    parts, broken = {}, []
    for part in value["parts"]:
        content = data[end : end + part["size"]]
        end += part["size"]
        parts[part["name"]] = content
        if hashlib.sha256(content).hexdigest() != part["sha256"]:
            broken.append(part["name"])
    return Bundle(value["exporter"], value["peer"], value["made"], header, data[end:], parts, tuple(broken))


def opening_part(openings: Sequence[Opening]) -> bytes:
    """The part `openings`: canonical JSON, in the order of the log."""
    return canonical.encode([opening.to_fields() for opening in openings])


def read_openings(part: bytes) -> list[Opening]:
    """The inverse; MalformedFile for anything else."""
    value = canonical.decode(part, "the openings")
    try:
        openings = [
            Opening(
                one["sequence"],
                bytes.fromhex(one["salt"]),
                {name: bytes.fromhex(text) for name, text in one["facts"].items()},
                tuple(bytes.fromhex(step) for step in one["proof"]),
            )
            for one in value
        ]
        numbers = [opening.sequence for opening in openings]
        good = all(type(number) is int for number in numbers) and numbers == sorted(set(numbers))
    except (AttributeError, KeyError, TypeError, ValueError):
        good = False
    if not good or opening_part(openings) != part:
        raise MalformedFile("the openings are not of version 1", _HINT)
    return openings


def _is_header(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"exporter", "made", "parts", "peer"}:
        return False
    cards, parts = (value["exporter"], value["peer"]), value["parts"]
    if not all(isinstance(card, str) and _DIGEST.fullmatch(card) for card in cards):
        return False
    if type(value["made"]) is not int or value["made"] < 0 or not isinstance(parts, list):
        return False
    if not all(isinstance(part, dict) and set(part) == {"name", "sha256", "size"} for part in parts):
        return False
    names = [part["name"] for part in parts]
    return (
        all(isinstance(name, str) for name in names)
        and names == sorted(set(names))
        and set(NEEDED) <= set(names)
        and _are_old_logs([name for name in names if name.startswith("old/")])
        and all(
            name in (*NEEDED, *COSIGNED) or _MANY.fullmatch(name) or _OLD.fullmatch(name) for name in names
        )
        and all(type(part["size"]) is int and part["size"] >= 0 for part in parts)
    )


def _are_old_logs(names: Sequence[str]) -> bool:
    """Whether these are all parts of logs 1, 2, … and nothing else."""
    logs: dict[int, set[str]] = {}
    for name in names:
        if (found := _OLD.fullmatch(name)) is None:
            return False
        logs.setdefault(int(found[1]), set()).add(found[2])
    return sorted(logs) == list(range(1, len(logs) + 1)) and all(
        set(OLD) <= parts <= {*OLD, *COSIGNED} for parts in logs.values()
    )
