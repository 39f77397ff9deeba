"""The one way this product writes structured values as bytes.

Canonical JSON: keys sorted, no white space, UTF-8, integers only (no floats), no duplicate keys. A reader
accepts nothing but these bytes, so a document has exactly one encoding and one digest.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from overlap.errors import MalformedFile


def encode(value: Any) -> bytes:
    """Canonical JSON of `value`; floats are refused with ValueError, they have no single text form."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(data: bytes, what: str) -> Any:
    """The value behind canonical JSON bytes; `what` names the document in the error.

    Raises MalformedFile when the bytes are not JSON or not the canonical form of what they say.
    """
    try:
        value = json.loads(data)
        again = encode(value)
    except (ValueError, RecursionError) as error:
        raise MalformedFile(f"{what} is not canonical JSON", "ask the sender for the file again") from error
    if again != data:
        raise MalformedFile(f"{what} is not in canonical form", "ask the sender for the file again")
    return value


def digest(*parts: bytes) -> bytes:
    """SHA-256 over length-prefixed parts, so that no two lists of parts share an input."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("floats have no canonical form")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError("keys are strings")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
