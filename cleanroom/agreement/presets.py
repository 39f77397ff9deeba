"""Named lists of fields. An agreement pins the list by its digest, so that a later edit widens nothing.

A file of presets names its format in the first line; every other key is a preset:

    format = "overlap-presets/1"

    contact = ["name", "website", "owner", "owner_email"]
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from typing import Final

from cleanroom.agreement.document import FIELDS, SIZE_LIMIT
from cleanroom.agreement.forms import PRESET, WORD
from cleanroom.agreement.lines import find_key, list_lines, to_lines
from cleanroom.agreement.section import Section
from cleanroom.agreement.text import Problem, check_text
from overlap import canonical
from overlap.errors import BadInput

PRESETS_FORMAT: Final = "overlap-presets/1"
_FIRST_LINE: Final = f'format = "{PRESETS_FORMAT}"\n'.encode()
_NAMED: Final = re.compile(r"""preset *= *(["'])([a-z0-9-]+)\1 *(#.*)?""")
_HINT: Final = 'its first line is: format = "overlap-presets/1", and every other one: NAME = ["field", …]'

Presets = Mapping[str, tuple[str, ...]]


def preset_digest(name: str, fields: tuple[str, ...]) -> str:
    """SHA-256 (hex) of the canonical JSON of name and fields, by which an agreement pins a preset."""
    return hashlib.sha256(canonical.encode({"name": name, "fields": list(fields)})).hexdigest()


def read_presets(data: bytes) -> dict[str, tuple[str, ...]]:
    """The presets in a file, by name; BadInput with every problem."""
    problems = check_text(data)
    if len(data) > SIZE_LIMIT or not data.startswith(_FIRST_LINE):
        problems.append(Problem("line 1", f'is not exactly: format = "{PRESETS_FORMAT}"'))
    tables = {} if problems else _load(data)
    if tables is None:
        problems.append(Problem("file", "is not valid TOML, or repeats a key"))
    section = Section("", tables or {}, "", problems)
    section.has("format")
    found = {}
    for name in tables or {}:
        form = PRESET.fullmatch(name)
        if name != "format" and form and not form[2]:
            found[name] = section.words(name, "field", WORD, FIELDS)
    section.close()
    if problems:
        listing = "; ".join(str(problem) for problem in problems)
        raise BadInput(f"the file of presets is not correct: {listing}", _HINT)
    return found


def expand_presets(policy: bytes, presets: Presets) -> bytes:
    """The text with every `preset = "NAME"` that is known pinned, and its fields on the line below.

    A preset that is pinned already stays as it is, and so does one of an unknown name: the parser of an
    agreement refuses it. A text that is none, with characters that are refused, stays too, for the same.
    """
    if check_text(policy):
        return policy
    lines = to_lines(policy)
    for role in ("proposer", "accepter"):
        span = find_key(lines, role, "preset")
        form = _NAMED.fullmatch(lines[span[0]]) if span else None
        if span is None or form is None or form[2] not in presets:
            continue
        name, fields = form[2], presets[form[2]]
        lines[span[0] : span[1]] = [
            *([form[3]] if form[3] else []),
            f'preset = "{name}@{preset_digest(name, fields)}"',
            *list_lines("fields", fields),
        ]
    return "\n".join(lines).encode()


def _load(data: bytes) -> dict[str, object] | None:
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return None
