"""The importer reads the invented exports back as the generator meant them, and rejects what it broke.

Expected values are the accounts and row numbers that the generator says it wrote.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cleanroom.demo import DemoWorld, Import, PartyWorld, generate
from overlap.ingest import parse_where, read_accounts, read_actions, read_opportunities, read_territories
from overlap.records import Table

READERS = {"opportunities": read_opportunities, "actions": read_actions, "territories": read_territories}
FIELDS = ("country", "parent_id", "owner", "domains", "email", "lei", "duns", "vat", "population")


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return generate(800, 5, date(2026, 6, 30))


def read_step(step: Import, folder: Path, party: PartyWorld) -> Table:
    path = folder / step.file
    path.write_bytes(party.files[step.file].data)
    if step.kind != "accounts":
        return READERS[step.kind](path, mapping=step.mapping)
    where = parse_where(step.where) if step.where else None
    return read_accounts(path, population=step.population, where=where, mapping=step.mapping)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["vendor", "partner", "rival"])
def test_every_account_is_read_as_it_was_written(world: DemoWorld, at: int, tmp_path: Path) -> None:
    party = world.parties[at]
    frames = [read_step(step, tmp_path, party).frame for step in party.imports if step.kind == "accounts"]
    read = pd.concat(frames).set_index("id")
    assert read.index.is_unique
    assert set(read.index) == {account.id for account in party.accounts}
    for account in party.accounts:
        row = read.loc[account.id]
        assert {name: row[name] for name in FIELDS} == {name: getattr(account, name) for name in FIELDS}
        assert row["created"] == account.created.isoformat()
        assert row["name"].split() == account.name.split()
        assert row["website"] == account.website.strip()


@pytest.mark.parametrize("at", [0, 1, 2], ids=["vendor", "partner", "rival"])
def test_exactly_the_broken_rows_and_the_footer_are_rejected(
    world: DemoWorld, at: int, tmp_path: Path
) -> None:
    party = world.parties[at]
    for file, export in party.files.items():
        rejected: set[int] = set()
        for step in party.imports:
            if step.file == file:
                table = read_step(step, tmp_path, party)
                rejected |= {row.row for row in table.rejected if "footer" not in row.reason}
        assert rejected == set(export.broken), file


def test_deals_actions_and_territories_refer_to_accounts_that_were_read(
    world: DemoWorld, tmp_path: Path
) -> None:
    vendor = world.parties[0]
    tables = {step.kind: read_step(step, tmp_path, vendor).frame for step in vendor.imports}
    ids = {account.id for account in vendor.accounts}
    assert set(tables["opportunities"]["status"]) == {"open", "won", "lost"}
    assert set(tables["opportunities"]["account_id"]) <= ids
    assert set(tables["actions"]["opportunity_id"]) <= set(tables["opportunities"]["id"])
    assert set(tables["territories"]["account_id"]) <= ids
    assert not tables["opportunities"].eq("").any(axis=None)
