"""Countries: from the names that people write to ISO 3166-1 alpha-2 codes."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from overlap.identity import resources
from overlap.identity.outcome import EMPTY, Outcome
from overlap.identity.text import fold

#: Characters; no country name is this long.
MAX_COUNTRY: Final = 100
UNKNOWN: Final = Outcome(reason="an unknown country")


@cache
def codes() -> dict[str, str]:
    """Folded alpha-2 code, alpha-3 code or name to alpha-2 code; ValueError when two countries share one."""
    known: dict[str, str] = {}
    for line in resources.read_lines("countries"):
        code, *names = line.split(";")
        for name in (code, *names):
            if known.setdefault(_key(name), code) != code:
                raise ValueError(f"two countries share a name in line {code} of the data file")
    return known


@lru_cache(maxsize=4096)
def normalise_country(text: str) -> Outcome:
    """The ISO 3166-1 alpha-2 code of a country name or code in any case; a state or city is unknown."""
    if len(text) > MAX_COUNTRY:
        return UNKNOWN
    key = _key(text)
    if not key:
        return EMPTY if not text.strip() else UNKNOWN
    code = codes().get(key)
    return Outcome(code) if code else UNKNOWN


def _key(text: str) -> str:
    return fold(text).removeprefix("the ")
