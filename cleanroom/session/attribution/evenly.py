"""How evenly owners and partners log, as `overlap credit even` prints it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from cleanroom.attribution import observed
from cleanroom.limits import limits_of
from cleanroom.session.attribution.crediting import judge_here
from cleanroom.session.party import Party


def logged_evenly(party: Party, rules: Path | None = None) -> dict[str, Any]:
    """Both views as plain values; UsageError without deals."""
    here = judge_here(party, rules)
    found = observed.logged_by(here.judged, here.statuses)
    return {
        "measures": dict(observed.MEASURES),
        **{
            name: [asdict(one) | {"rows": [row._asdict() for row in one.rows]} for one in view]
            for name, view in (("owners", found.owners), ("partners", found.partners))
        },
        "left_out": found.left_out,
        "limits": limits_of("credit even"),
    }
