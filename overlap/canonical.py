"""The one way this product writes structured values as bytes.

Canonical JSON: keys sorted, no white space, UTF-8, integers only (no floats), no duplicate keys. A reader
accepts nothing but these bytes, so a document has exactly one encoding and one digest.
"""

from __future__ import annotations

import hashlib
import json
from itertools import chain
from typing import Any, Final, NoReturn

from overlap.errors import MalformedFile


def encode(value: Any) -> bytes:
    """Canonical JSON of `value`; floats are refused with ValueError, they have no single text form."""
    # The writer comes first: it refuses a value that holds itself, in which the search would not end.
    data = _write(value)
    _refuse_floats(value)
    return data


def decode(data: bytes, what: str) -> Any:
    """The value behind canonical JSON bytes; `what` names the document in the error.

    Raises MalformedFile when the bytes are not JSON or not the canonical form of what they say.
    """
    try:
        # What is read without floats has no other type that needs refusing.
        value = _DECODER.decode(data.decode())
        again = _write(value)
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


def _write(value: Any) -> bytes:
    return _ENCODER.encode(value).encode()


def _refuse(_number: str) -> NoReturn:
    raise ValueError("floats have no canonical form")


#: Made once: a long log has a million small documents.
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_DECODER: Final = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
#: Rows from which on it is worth while to put them into one list.
_TABLE_ROWS: Final = 64


def _refuse_floats(value: Any) -> None:
    """Return when `value` has no float and no key but strings; whole containers are judged by their types."""
    containers: list[Any] = [[value]]
    for container in containers:
        items = container
        if isinstance(container, dict):
            if not all(issubclass(kind, str) for kind in set(map(type, container))):
                raise ValueError("keys are strings")
            items = container.values()
        kinds = set(map(type, items))
        if any(issubclass(kind, float) for kind in kinds):
            raise ValueError("floats have no canonical form")
        if any(issubclass(kind, dict | list | tuple) for kind in kinds):
            inner = [item for item in items if isinstance(item, dict | list | tuple)]
            # The rows of a long table are judged together: what matters is what is in any of them.
            whole = len(inner) > _TABLE_ROWS and kinds <= {list, tuple}
            containers.extend([list(chain.from_iterable(inner))] if whole else inner)
