"""What partners' shares showed us: kept locked until the end of the share, then erased.

releases/SHARE.release   record: partner, run, agreement, purposes, until, exportable
releases/SHARE.table     the records, locked: columns record (int64), token, and field.NAME for each field
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from cleanroom.durable import erase
from cleanroom.session.party import Party
from cleanroom.session.stored import keep_stored, read_stored
from cleanroom.store import table_bytes, table_from_bytes

_RELEASES = b"releases"


@dataclass(frozen=True)
class Release:
    """One opened share. `purposes` are those that it was leased for.

    `until` is unix seconds, half-open; `agreement` a file digest in hex.
    """

    share: str
    partner: str
    run: str
    agreement: str
    purposes: list[str]
    until: int
    exportable: bool
    opened: int
    records: int


def keep_release(
    party: Party, release: Release, records: Sequence[tuple[tuple[str, ...], dict[str, str]]]
) -> None:
    """Keep the opened `records`, each the pair tokens of an account and its values by field."""
    rows = [
        {"record": number, "token": token} | {f"field.{name}": value for name, value in values.items()}
        for number, (tokens, values) in enumerate(records)
        for token in tokens
    ]
    table = table_bytes(pd.DataFrame(rows, columns=_columns(records)))
    # The record first: what has an end on disk is erased at that end, also when this command is killed here.
    party.folder.write_record(asdict(release), "releases", f"{release.share}.release")
    keep_stored(party, _RELEASES, release.share, table, "releases", f"{release.share}.table")


def all_releases(party: Party, partner: str | None = None) -> list[Release]:
    """The releases that have not ended, after erasing those that have."""
    erase_ended(party)
    return [
        release
        for release in _kept(party)
        if partner in (None, release.partner) and _table_of(party, release.share).is_file()
    ]


def read_release(party: Party, release: Release) -> pd.DataFrame:
    """The records of a release, one row a pair token."""
    table = read_stored(party, _RELEASES, release.share, "releases", f"{release.share}.table")
    return table_from_bytes(table)


def drop_records(
    party: Party, release: Release, tokens: Collection[str], records: Collection[int] = ()
) -> int:
    """Take the records that one of these pair tokens names, or their number, out of a release; how many."""
    table = read_release(party, release)
    named = table["token"].isin(list(tokens)) | table["record"].isin(list(records))
    gone = table.loc[named, "record"].unique()
    if len(gone):
        kept = table[~table["record"].isin(gone)].reset_index(drop=True)
        place = ("releases", f"{release.share}.table")
        keep_stored(party, _RELEASES, release.share, table_bytes(kept), *place)
    return len(gone)


def erase_ended(party: Party) -> None:
    """Erase what was revoked, and what has ended by our clock or by the log, which is logged as an expiry."""
    for release in _kept(party):
        if party.folder.path("shares", "received", f"{release.share}.revoked").is_file():
            erase_release(party, release.share)
        elif party.time_with(release.partner) >= release.until:
            party.note(release.partner, "expiry", share=bytes.fromhex(release.share), records=release.records)
            erase_release(party, release.share)


def erase_release(party: Party, share: str) -> None:
    """Erase one release; nothing happens when it is not here."""
    erase(_table_of(party, share), party.random)
    party.folder.path("releases", f"{share}.release").unlink(missing_ok=True)


def _kept(party: Party) -> list[Release]:
    names = party.folder.names("releases", suffix=".release")
    return [Release(**party.folder.read_record("releases", f"{name}.release")) for name in names]


def _table_of(party: Party, share: str) -> Path:
    return party.folder.path("releases", f"{share}.table")


def _columns(records: Sequence[tuple[tuple[str, ...], dict[str, str]]]) -> list[str]:
    fields = dict.fromkeys(f"field.{name}" for _, values in records for name in values)
    return ["record", "token", *fields]
