"""Credit models: to check rules against, never to pay by.

    rows -> gather -> Journeys -> credit -> Credits by formula -> spreads

Nothing here has a seed, a clock or a file; the same journeys give the same bits in any order of their rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.models.chain import PARTNERS_LIMIT, STATES_LIMIT
    from cleanroom.attribution.models.comparing import Spread, spreads
    from cleanroom.attribution.models.crediting import Credited, Credits, credit, require
    from cleanroom.attribution.models.dated import Dated, Touch, full_path, time_decay, w_shaped
    from cleanroom.attribution.models.formulas import FORMULAS, IDS, REASONABLE, Formula, find_formulas
    from cleanroom.attribution.models.journeys import Journeys, gather
    from cleanroom.attribution.models.reading import PATH_COLUMNS, PathFile, read_paths
    from cleanroom.attribution.models.resampling import RESAMPLES
    from cleanroom.attribution.models.shapley import SHAPLEY_LIMIT

__all__ = [
    "FORMULAS",
    "IDS",
    "PARTNERS_LIMIT",
    "PATH_COLUMNS",
    "REASONABLE",
    "RESAMPLES",
    "SHAPLEY_LIMIT",
    "STATES_LIMIT",
    "Credited",
    "Credits",
    "Dated",
    "Formula",
    "Journeys",
    "PathFile",
    "Spread",
    "Touch",
    "credit",
    "find_formulas",
    "full_path",
    "gather",
    "read_paths",
    "require",
    "spreads",
    "time_decay",
    "w_shaped",
]

_HOMES = {
    "Credited": "crediting",
    "Credits": "crediting",
    "Dated": "dated",
    "FORMULAS": "formulas",
    "Formula": "formulas",
    "IDS": "formulas",
    "Journeys": "journeys",
    "PARTNERS_LIMIT": "chain",
    "PATH_COLUMNS": "reading",
    "PathFile": "reading",
    "REASONABLE": "formulas",
    "RESAMPLES": "resampling",
    "SHAPLEY_LIMIT": "shapley",
    "STATES_LIMIT": "chain",
    "Spread": "comparing",
    "Touch": "dated",
    "credit": "crediting",
    "find_formulas": "formulas",
    "full_path": "dated",
    "gather": "journeys",
    "read_paths": "reading",
    "require": "crediting",
    "spreads": "comparing",
    "time_decay": "dated",
    "w_shaped": "dated",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
