"""A bundle: all that shows what happened between two parties, in one file, for somebody who was in neither.

format   one file of named parts, with a digest of each, signed by who exported it
verify   every part checked with nothing but the file: signatures, tree, cosignatures, receipts, openings
times    what receipts, agreements and log say about when, held against each other
report   the verdicts, and what happened as tables
"""

from cleanroom.bundle.format import (
    BUNDLE_LIMIT_BYTES,
    Bundle,
    Opening,
    make_bundle,
    opening_part,
    read_bundle,
)
from cleanroom.bundle.report import Happened, Part, Report, Signed
from cleanroom.bundle.verify import verify_bundle

__all__ = [
    "BUNDLE_LIMIT_BYTES",
    "Bundle",
    "Happened",
    "Opening",
    "Part",
    "Report",
    "Signed",
    "make_bundle",
    "opening_part",
    "read_bundle",
    "verify_bundle",
]
