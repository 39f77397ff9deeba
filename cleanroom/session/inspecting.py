"""What a file of ours says without any key: its format, its size, and whatever in it is not sealed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cleanroom.attribution import Commitment
from cleanroom.session.folder import read_whole
from overlap.errors import BadInput, MalformedFile
from overlap.keys import Card

INSPECT_LIMIT = 2**30

_SEALED = "sealed: nothing but its size can be seen"
_LOCKED = "locked under the keys or the passphrase of its owner"

#: First line to what it is, and what can be read of it.
_FORMATS: dict[str, str] = {
    "overlap-frame/1": f"a frame of a match; {_SEALED}",
    "overlap-letter/1": f"a letter; {_SEALED}",
    "overlap-share/1": f"a share; {_SEALED}",
    "overlap-request/1": f"a request for a lease; {_SEALED}",
    "overlap-lease/1": f"a lease; {_SEALED}",
    "overlap-locked/1": f"a key file; {_LOCKED}",
    "overlap-log/1": "a log; 'overlap audit list' shows its entries",
    "overlap-statement/1": "a signed statement (in-toto in DSSE)",
    "overlap-record/1": "a record of this tool's own state",
    "overlap-party/1": "the name of the party that lives in this folder",
    "overlap-shares/1": "what a lease-holder remembers of its shares",
    "overlap-claims-commitment/1": "a commitment to held accounts",
    "overlap-claims-proof/1": "proofs of claims for the matched accounts of a run",
    "overlap-card/1": "a card: a party's public keys and name",
}


def inspect_file(source: Path) -> dict[str, Any]:
    """Facts about a file, by name. BadInput when it is none of ours, MalformedFile when damaged."""
    data = read_whole(source, INSPECT_LIMIT)
    line = data.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    if line.startswith('format = "overlap-'):
        return _facts(line.split('"')[1], "an agreement or a policy; it is text, read it", data)
    if line not in _FORMATS:
        raise BadInput(
            f"{source.name} is not a file of this tool", "its first line would name format and version"
        )
    facts = _facts(line, _FORMATS[line], data)
    reader = _READERS.get(line)
    return facts | (reader(data) if reader else {})


def _facts(format_name: str, what: str, data: bytes) -> dict[str, Any]:
    return {"format": format_name, "what": what, "bytes": len(data)}


def _card(data: bytes) -> dict[str, Any]:
    card = Card.from_bytes(data)
    return {"party": card.party, "fingerprint": card.fingerprint, "digest": card.digest.hex()}


def _commitment(data: bytes) -> dict[str, Any]:
    commitment = Commitment.from_bytes(data)
    return {
        "owner": commitment.origin.hex(),
        "epoch": commitment.epoch,
        "leaves": commitment.leaves,
        "root": commitment.root.hex(),
    }


def _log(data: bytes) -> dict[str, Any]:
    lines = data.split(b"\n")
    if len(lines) < 2:
        raise MalformedFile("the log is cut short", "restore it from a backup")
    return {"origin": lines[1].decode("utf-8", errors="replace"), "entries": max(0, (len(lines) - 3) // 2)}


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "overlap-card/1": _card,
    "overlap-claims-commitment/1": _commitment,
    "overlap-log/1": _log,
}
