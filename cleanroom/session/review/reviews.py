"""What is remembered of reviews, and the release state of a run: the one answer about what may be shown.

reviews/PARTNER     own decisions and the partner's positions, locked: they hold identifiers
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import chain

import pandas as pd

from cleanroom.review import Memory, ReleaseState, release_rows
from cleanroom.session.accounts.restrictions import excluded_accounts
from cleanroom.session.match.runs import RunRecord, read_run
from cleanroom.session.party import Party
from cleanroom.session.stored import keep_stored, read_stored
from cleanroom.store import read_table
from overlap import canonical
from overlap.errors import Refused
from overlap.records import ACCOUNT_COLUMNS

_REVIEWS = b"reviews"

#: What stands for a forgotten account in the list of those that a share shows, so that its leases stop.
FORGOTTEN = "forgotten "


def read_memory(party: Party, partner: str) -> Memory:
    """What is remembered of the reviews with `partner`."""
    if not party.folder.path("reviews", partner).is_file():
        return Memory()
    return Memory.from_bytes(read_stored(party, _REVIEWS, partner, "reviews", partner))


def keep_memory(party: Party, partner: str, memory: Memory) -> None:
    """Replace what is remembered, in one step."""
    keep_stored(party, _REVIEWS, partner, memory.to_bytes(), "reviews", partner)


def release_state(party: Party, record: RunRecord, memory: Memory | None = None) -> ReleaseState:
    """The overlap of a finished run after review, by the memory as it is kept or as given.

    Refused for a run at level counts.
    """
    if record.level != "overlaps":
        raise Refused("a counts run names no account", "reviews are for runs at level overlaps")
    place = party.folder.path("runs", record.run)
    memory = read_memory(party, record.partner) if memory is None else memory
    ids = read_table(place / "accounts.parquet")["id"].tolist()
    overlap, tokens = read_table(place / "overlap.parquet"), run_tokens(party, record)
    return release_rows(overlap, tokens, ids, record.terms.kinds, memory)


def run_tokens(party: Party, record: RunRecord) -> pd.DataFrame:
    """Every matched identifier of a run and its token, with `telling` (bool): it links this account."""
    return read_table(party.folder.path("runs", record.run, "tokens.parquet"))


def remember_granted(party: Party, partner: str, share: str, accounts: list[str]) -> None:
    """Keep which own accounts a share shows, so that a decision made later stops its leases."""
    memory = read_memory(party, partner)
    keep_memory(party, partner, replace(memory, granted={**memory.granted, share: tuple(accounts)}))


def why_not_shown(party: Party, partner: str, share: str, run: str) -> str:
    """Why a share gives no lease for what it shows, in words; "" while all of it may be shown.

    `run` is "" where it shows all. A share that the memory does not know gives none: the file is lost or is
    an old copy, and a rejected account could be among those that it shows.
    """
    memory = read_memory(party, partner)
    if share not in memory.granted:
        return f"which accounts it shows is not known: reviews/{partner} is lost, or an old copy"
    shown = set(memory.granted[share])
    if run:
        gone = len(shown - released_accounts(party, read_run(party, run), memory))
    else:
        gone = len(_kept_back(party, partner, shown))
    return f"{gone:,} of its accounts may not be shown any more" if gone else ""


def require_memory(party: Party, partner: str) -> None:
    """Return when what is remembered of reviews is here, or there never was anything to remember.

    Refused when the log says otherwise: without the file, what was rejected would be shown again.
    """
    if party.folder.path("reviews", partner).is_file():
        return
    entries = chain(party.log(partner).entries(), *(log.entries() for log in party.closed_logs(partner)))
    if any(entry.kind in ("grant", "review") for entry in entries):
        raise Refused(
            f"what was decided in reviews with '{partner}' is lost: reviews/{partner} is not here",
            "restore it from a backup, or decide anew and write 'overlap review export'",
        )


def _kept_back(party: Party, partner: str, shown: set[str]) -> set[str]:
    """The ids that were forgotten or may not be shown; of what is imported no more the id alone decides."""
    bare = pd.DataFrame({"id": sorted(shown)}).reindex(columns=list(ACCOUNT_COLUMNS), fill_value="")
    bare = bare.astype("str").assign(row=range(len(bare)))
    forgotten = {account for account in shown if account.startswith(FORGOTTEN)}
    return forgotten | (shown & excluded_accounts(party, partner, bare))


def released_accounts(party: Party, record: RunRecord, memory: Memory | None = None) -> set[str]:
    """The ids of the own accounts of a run that may be shown to the partner: by review, and by our rules."""
    released = release_state(party, record, memory).released["account"]
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    shown = set(accounts["id"].iloc[released.to_numpy()])
    return shown - excluded_accounts(party, record.partner, accounts)


def told_digest(state: ReleaseState, tokens: pd.DataFrame) -> str:
    """Digest (hex) of our positions by identifier: the same in the next run when nothing has changed."""
    rows = tokens[tokens["token"].isin(list(state.ours))].drop_duplicates("token")
    named = zip(rows["kind"].tolist(), rows["value"].tolist(), rows["token"].tolist(), strict=True)
    told = sorted(
        [kind, value, state.ours[token].verdict, state.ours[token].raised, state.ours[token].seen]
        for kind, value, token in named
    )
    return hashlib.sha256(canonical.encode(told)).hexdigest()
