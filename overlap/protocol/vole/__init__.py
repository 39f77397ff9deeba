"""Level `overlaps` by vector-OLE: the construction of Raghuraman and Rindal, "Blazing Fast PSI from Improved
OKVS and Subfield VOLE" (ACM CCS 2022, eprint 2022/320, called RR22 below).

Each block is a module: `blocks` arrays of 16-byte values and `field` their arithmetic, `okvs` the oblivious
key-value store, and the silent vector-OLE below it.
"""

from __future__ import annotations

__all__: list[str] = []
