"""Our statuses beside what another tool says, from its export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cleanroom.attribution import observed
from cleanroom.export import write_csv
from cleanroom.session.attribution.crediting import judge_here
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party
from overlap.errors import UsageError
from overlap.ingest import read_attributions


@dataclass(frozen=True)
class BesideOther:
    """Every difference and agreement, how many of each code, and how many rows were rejected."""

    rows: list[observed.Beside]
    counts: dict[str, int]
    rejected: int


def compare_with_tool(
    party: Party,
    source: Path,
    mapping: Mapping[str, str],
    words: Mapping[str, str],
    *,
    rules: Path | None = None,
    out: Path | None = None,
) -> BesideOther:
    """Read the export, lay it beside the statuses, and write the rows to `out`.

    `mapping` is field to column, `words` the tool's word to one of our statuses. Raises BadInput, and
    UsageError for another status.
    """
    try:
        meant = observed.meanings(words)
    except KeyError as error:
        raise UsageError(
            "--word gives a word one of our statuses", "for example --word Co-sell=Influenced"
        ) from error
    table = read_attributions(source, mapping=mapping)
    here = judge_here(party, rules)
    rows = [{str(name): value for name, value in row.items()} for row in table.frame.to_dict("records")]
    found = observed.lay_beside(here.statuses, rows, here.pipeline.book.partner, meant)
    if out is not None:
        header = [one.name for one in fields(observed.Beside)]
        lines = (list(map(str, asdict(one).values())) for one in found)
        write_whole(
            out, write_csv("compared", "report", header, lines, line_end="\n", for_people=True).content
        )
    counts = Counter(one.code for one in found)
    kept = {code: counts[code] for code in observed.COMPARISONS if counts[code]}
    return BesideOther(found, kept, len(table.rejected))
