"""How single values of a policy or an agreement are written."""

from __future__ import annotations

import re
from typing import Final

from cleanroom.agreement.document import REASON_LIMIT, TITLE_LIMIT

WORD: Final = re.compile("[a-z][a-z0-9_]{0,39}")
PURPOSE: Final = re.compile("[a-z][a-z-]{0,39}")
PARTY: Final = re.compile("[a-z0-9][a-z0-9-]{0,39}")
LABEL: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
CURRENCY: Final = re.compile("[A-Z]{3}")
DIGEST: Final = re.compile("[0-9a-f]{64}")
TITLE: Final = re.compile(f"[^\\s](?:.{{0,{TITLE_LIMIT - 2}}}[^\\s])?")
REASON: Final = re.compile(f"[^\\s](?:.{{0,{REASON_LIMIT - 2}}}[^\\s])?")
PAIR: Final = re.compile(f"({WORD.pattern}):({WORD.pattern})")
PRESET: Final = re.compile("([a-z][a-z0-9-]{0,39})(?:@([0-9a-f]{64}))?")
EPSILON: Final = re.compile("([1-9][0-9]{0,2})/([1-9][0-9]{0,2})")
