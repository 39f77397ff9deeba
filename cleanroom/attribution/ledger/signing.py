"""What approvers, deciders and overriders sign: the act itself, under a key that only one person has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from overlap import canonical
from overlap.keys import verify_plain

__all__ = ["check_signature", "signed_message"]

_SIGNED: Final = b"overlap-money-act/1\n"


def signed_message(kind: str, body: Mapping[str, Any]) -> bytes:
    """The bytes under the signature of an entry: its kind and its body without the signature."""
    fields = {name: value for name, value in body.items() if name != "signature"}
    return _SIGNED + canonical.encode({"body": fields, "kind": kind})


def check_signature(kind: str, body: Mapping[str, Any], key: str) -> None:
    """Return when the body carries a signature by `key` (hex, Ed25519); else ForgedFile."""
    signature = bytes.fromhex(str(body["signature"]))
    verify_plain(bytes.fromhex(key), signed_message(kind, body), signature, f"this {kind}")
