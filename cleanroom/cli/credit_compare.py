"""credit compare: our statuses beside what another tool says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.imports import read_pair
from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say

FILE = click.Path(path_type=Path, dir_okay=False)

#: Rows printed of each kind; the CSV has all.
_SHOWN = 10


@click.command("compare")
@click.argument("file", type=FILE)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Read opportunity_id, partner, status or share from COLUMN; may repeat.",
)
@click.option(
    "--word", "words", multiple=True, metavar="WORD=STATUS", help="What a word of the file means; may repeat."
)
@click.option("--rules", type=FILE, help="Judge by this rule file, not by the versions adopted here.")
@click.option("--out", type=FILE, help="Write every row to this CSV, those that agree too.")
@json_option
@click.pass_obj
def compare_command(
    shell: Shell,
    file: Path,
    maps: tuple[str, ...],
    words: tuple[str, ...],
    rules: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Lay FILE, another tool's attribution, beside our statuses and the rules that give them.

    One partner and opportunity a row, with a status (Sourced, …) or a share of the credit. Nothing is kept,
    and no status changes.
    """
    from cleanroom.attribution import classification, observed
    from cleanroom.session.attribution.other_tools import compare_with_tool

    pairs = dict(read_pair(text) for text in maps)
    meant = dict(read_pair(text) for text in words)
    with shell.party() as party:
        found = compare_with_tool(party, file, pairs, meant, rules=rules, out=out)
    if as_json:
        print_json({"counts": found.counts, "rows": [asdict(one) for one in found.rows],
                    "rejected": found.rejected})  # fmt: skip
        return
    for code, count in found.counts.items():
        say(f"{code:<13} {count:>7,}  {observed.COMPARISONS[code]}")
        rows = [one for one in found.rows if one.code == code and code != "agree"]
        if rows:
            names = ("deal", "partner", "file", "ours", "because")
            cells = [
                [one.opportunity, one.partner, one.theirs or one.their_share, one.ours, one.reason]
                for one in rows[:_SHOWN]
            ]
            print_table(names, [[classification.plain_cell(cell) for cell in row] for row in cells])
    if not found.counts:
        say("nothing       neither the file nor our rules credit anybody")
    if found.rejected:
        say(f"careful       {found.rejected:,} rows name no opportunity and were not compared")
    if out:
        say(f"in            {out}")
