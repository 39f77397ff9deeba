"""One own account, forgotten: taken out of everything that is kept here, and asked back from partners.

forgotten/DIGEST    what partners were shown of it, by token or record, locked: a killed command tells all

First it is remembered as forgotten, so that nothing shows it from here on and no import brings it back. Then
the files for partners are written, and last it is removed. Doing it again finishes what a killed one left.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cleanroom.session.accounts.forgotten import are_forgotten, remember_forgotten
from cleanroom.session.accounts.recalling import NAMED, ShownAs, recall_body
from cleanroom.session.accounts.removing import (
    Removed,
    in_prepared,
    remove_from_attribution,
    remove_from_releases,
    remove_from_reviews,
    remove_from_runs,
    remove_from_tables,
    runs_with,
    table_ids,
)
from cleanroom.session.folder import write_whole
from cleanroom.session.match.runs import OPEN_STATES, RunRecord, abandon_open_runs
from cleanroom.session.party import Party
from cleanroom.session.post.letters import write_letter
from cleanroom.session.review.reviews import read_memory, run_tokens
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.stored import keep_stored, read_stored
from cleanroom.store import read_table
from overlap import canonical
from overlap.errors import Unverified, UsageError

_PURPOSE = b"forgotten"


@dataclass(frozen=True)
class Told:
    """What one partner was shown: shares that are open still, and the files for it ("" for no letter)."""

    partner: str
    shares: list[str]
    open: list[str]
    clean_up: str
    letter: str


@dataclass(frozen=True)
class Forgotten:
    """What was removed, what partners were shown, and the agreements whose prepared list has it still."""

    removed: Removed
    abandoned: int
    told: list[Told]
    prepared: list[str]


def forget_account(party: Party, account: str, out: Path | None) -> Forgotten:
    """Forget one own account by its id; the files for partners go to the folder `out`, else to exports/.

    No share is revoked: those that show it are told. UsageError when no account here has the id.
    """
    records = runs_with(party, account)
    known = account in table_ids(party.folder) or bool(records)
    if not known and not are_forgotten(party.folder, [account])[0]:
        raise UsageError("no account here has this id", "it is written as in the imported table")
    digest = remember_forgotten(party.folder, account, party.random)
    shown = _remember_shown(party, digest, account, records)
    place = out or party.folder.path("exports", f"forget-{digest[:8]}")
    told = [_tell(party, partner, rows, place) for partner, rows in shown.items()]
    abandoned = 0
    for record in records:
        if record.state in OPEN_STATES:
            abandon_open_runs(party, record.partner, record.agreement)
            abandoned += 1
    attributed = remove_from_attribution(party.folder, account)
    removed = Removed(
        tables=remove_from_tables(party.folder, account) | attributed,
        releases=remove_from_releases(party, account, records),
        reviews=remove_from_reviews(party, account, digest, records),
        runs=remove_from_runs(party, account, records),
    )
    for partner in sorted({record.partner for record in records} - set(shown)):
        party.note(partner, "forget", shares=0)
    return Forgotten(removed, abandoned, told, in_prepared(party, account))


def _remember_shown(
    party: Party, digest: str, account: str, records: Iterable[RunRecord]
) -> dict[str, list[ShownAs]]:
    """What each partner was shown of the account, with what an earlier command found; kept at once."""
    rows: set[ShownAs] = set()
    if party.folder.path("forgotten", digest).is_file():
        data = read_stored(party, _PURPOSE, digest, "forgotten", digest)
        rows = {ShownAs(**one) for one in canonical.decode(data, "what was forgotten")}
    runs = {record.run: record for record in records}
    for partner in party.partners():
        memory, held = read_memory(party, partner), read_holder_state(party, partner).shares
        for share, accounts in memory.granted.items():
            if account not in accounts or share not in held:
                continue
            terms = held[share].terms
            if not terms.run:
                # They are listed in the order of the records, whose tokens nobody has kept.
                places = [at for at, one in enumerate(accounts) if one == account]
                rows |= {ShownAs(partner, share, "", terms.until, at) for at in places}
            elif terms.run in runs:
                tokens = _tokens(party, runs[terms.run], account)
                rows |= {ShownAs(partner, share, token, terms.until) for token in tokens}
    contents = canonical.encode([asdict(one) for one in sorted(rows)])
    keep_stored(party, _PURPOSE, digest, contents, "forgotten", digest)
    return {
        name: [one for one in sorted(rows) if one.partner == name]
        for name in sorted({r.partner for r in rows})
    }


def _tokens(party: Party, record: RunRecord, account: str) -> list[str]:
    """The pair tokens under which a run names the account to its partner."""
    ids = read_table(party.folder.path("runs", record.run, "accounts.parquet"))["id"]
    tokens = run_tokens(party, record)
    ours = tokens["account"].isin(ids.index[ids == account]) & tokens["telling"]
    return sorted(set(tokens.loc[ours, "token"]))


def _tell(party: Party, partner: str, rows: list[ShownAs], place: Path) -> Told:
    """Write the clean-up list for a partner and the letter with which its tool works it off, and log it."""
    clean_up = place / f"clean-up-{partner}.csv"
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(NAMED)
    table.writerows(one.cells for one in rows)
    write_whole(clean_up, text.getvalue().encode())
    held = read_holder_state(party, partner).shares
    shares = sorted({one.share for one in rows})
    now = party.time_with(partner)
    still = [one for one in shares if one in held and not held[one].reason and now < held[one].terms.until]
    body, letter = recall_body(rows), ""
    try:
        sealed = write_letter(party, partner, "forget", body)
    except Unverified:
        pass  # A card out of use gets no letter; its clean-up list can still be handed over.
    else:
        letter = str(place / f"forget-{partner}")
        write_whole(Path(letter), sealed)
    asked = hashlib.sha256(body).digest()
    party.note(partner, "forget", shares=len(shares), asked=asked)
    return Told(partner, shares, still, str(clean_up), letter)
