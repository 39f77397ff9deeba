"""Shared accounts as files for a CRM or for people, each with the file that takes it out again."""

from cleanroom.export.cells import File, FormulaCell, write_csv
from cleanroom.export.shared import LEFT_OUT, RELEASABLE, SHARED_COLUMNS, TERRITORY_PURPOSE
from cleanroom.export.target import TARGETS, salesforce_id
from cleanroom.export.territory import MANIFEST_FORMAT, Export, territory

__all__ = [
    "LEFT_OUT",
    "MANIFEST_FORMAT",
    "RELEASABLE",
    "SHARED_COLUMNS",
    "TARGETS",
    "TERRITORY_PURPOSE",
    "Export",
    "File",
    "FormulaCell",
    "salesforce_id",
    "territory",
    "write_csv",
]
