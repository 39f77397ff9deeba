"""The letter `forget`: what a partner was shown and is asked to drop, and what is done with one here.

    overlap-forget/1\\n, then canonical JSON: a sorted list of {"share", "token", "until"}, or of
    {"record", "share", "until"} where the share is of all accounts

A pair token names a matched account; a record of a share of all accounts is named by its number. Whoever
takes the letter in drops these records from the opened share, and lists them in a file, by which they are
taken out of the CRM. A modified tool may keep them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.session.folder import write_whole
from cleanroom.session.match.runs import read_run, run_names
from cleanroom.session.party import Party
from cleanroom.session.post.letters import Letter
from cleanroom.session.review.reviews import run_tokens
from cleanroom.session.share.releases import all_releases, drop_records
from cleanroom.store import read_table
from overlap import canonical
from overlap.errors import MalformedFile, WrongRun

FORGET_LINE: Final = b"overlap-forget/1\n"

_HEX: Final = re.compile("[0-9a-f]{32}")
_FIELDS: Final = ({"share", "token", "until"}, {"record", "share", "until"})
#: How a record is named in a table: by its token, or by its number in a share of all accounts.
NAMED: Final = ("pair_token", "share", "record", "until")


@dataclass(frozen=True, order=True)
class ShownAs:
    """How a share showed an account to a partner, until that second: under a pair token, or where it shows
    all accounts (`token` is "") as the record of a number."""

    partner: str
    share: str
    token: str
    until: int
    record: int = -1

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What a table says of it, in the columns NAMED."""
        return self.token, self.share, "" if self.token else str(self.record), moment_of(self.until)


def recall_body(rows: Iterable[ShownAs]) -> bytes:
    """The body of the letter for one partner."""
    listed = sorted((one.share, one.token, one.record, one.until) for one in rows)
    value = [
        {"share": share, "until": until} | ({"token": token} if token else {"record": record})
        for share, token, record, until in listed
    ]
    return FORGET_LINE + canonical.encode(value)


def read_recall(data: bytes, partner: str) -> list[ShownAs]:
    """The inverse of `recall_body`; MalformedFile for anything else."""
    bad = MalformedFile("what is to be forgotten is not of version 1", "ask for the file of 'overlap forget'")
    if not data.startswith(FORGET_LINE):
        raise bad
    value = canonical.decode(data[len(FORGET_LINE) :], "what is to be forgotten")
    if not isinstance(value, list) or not all(_is_row(one) for one in value):
        raise bad
    rows = [
        ShownAs(partner, one["share"], one.get("token", ""), one["until"], one.get("record", -1))
        for one in value
    ]
    if recall_body(rows) != data or len(set(rows)) != len(rows):
        raise bad
    return rows


def take_recall(party: Party, letter: Letter) -> list[str]:
    """Drop what a partner asks back, list it in exports/, and say so in lines.

    Raises MalformedFile, and WrongRun when a share is not one of this partner's.
    """
    rows = read_recall(letter.body, letter.partner)
    shares = sorted({one.share for one in rows})
    for share in shares:
        known = party.folder.path("shares", "received", f"{share}.record")
        if not known.is_file():
            continue
        if party.folder.read_record("shares", "received", f"{share}.record")["partner"] != letter.partner:
            raise WrongRun("the letter is about a share of another partner", "tell both partners")
    releases = {one.share: one for one in all_releases(party, letter.partner)}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("account", *NAMED))
    dropped = 0
    for share in shares:
        asked = [one for one in rows if one.share == share]
        run = releases[share].run if share in releases else ""
        accounts = _accounts(party, run)
        for one in asked:
            for account in accounts.get(one.token, [""]):
                table.writerow((account, *one.cells))
        if share in releases:
            tokens, records = {one.token for one in asked}, {one.record for one in asked}
            dropped += drop_records(party, releases[share], tokens, records)
    digest = hashlib.sha256(letter.body)
    place = party.folder.path("exports", f"forget-{letter.partner}-{digest.hexdigest()[:8]}.csv")
    if dropped or not place.is_file():
        write_whole(place, text.getvalue().encode())
        party.note(letter.partner, "forget", received=digest.digest(), records=dropped)
    return [
        f"dropped here: {count_of(dropped, 'record')} of {count_of(len(shares), 'share')}",
        f"what to take out of the CRM and of exports: {place}",
        "what was exported, copied or backed up before cannot be reached from here",
    ]


def _accounts(party: Party, run: str) -> dict[str, list[str]]:
    """Pair token to the ids of our own accounts that it links, in one run."""
    if run not in run_names(party):
        return {}
    record = read_run(party, run)
    ids = read_table(party.folder.path("runs", run, "accounts.parquet"))["id"].tolist()
    tokens = run_tokens(party, record)
    tokens = tokens[tokens["telling"]]
    found: dict[str, list[str]] = {}
    for account, token in zip(tokens["account"].tolist(), tokens["token"].tolist(), strict=True):
        found.setdefault(token, []).append(ids[account])
    return found


def _is_row(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) in _FIELDS
        and all(
            isinstance(value[name], str) and _HEX.fullmatch(value[name])
            for name in ("share", "token")
            if name in value
        )
        and all(
            type(value[name]) is int and value[name] >= 0 for name in ("record", "until") if name in value
        )
    )
