"""What an opened share shows, as a table: checked against the agreement at that moment, and as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from cleanroom.agreement import Request, SignedAgreement, decide
from cleanroom.export import write_csv
from cleanroom.moment import moment_of
from cleanroom.receipts import STATEMENT_LIMIT_BYTES, outline
from cleanroom.session.agreement.agreements import agreement_name, agreement_with_digest
from cleanroom.session.audit.receipting import export_receipt
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import read_run
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.session.share.past_shares import past_shares
from cleanroom.session.share.releases import Release, all_releases, read_release
from cleanroom.session.share.sharing import list_shares
from cleanroom.store import read_table
from overlap.errors import Expired, Refused

#: What every row of a file carries after its fields: until when, under what and for what it may be kept.
STAMPS: Final = ("shared_until", "agreement", "purpose")


@dataclass(frozen=True)
class ShownShare:
    """The records of an opened share: in each row its number, our own accounts that it matches, the fields.

    `files` are the table and the file that takes its rows out again, empty when none was asked for; `sha256`
    is of the table's file.
    """

    share: str
    partner: str
    purpose: str
    until: str
    fields: list[str]
    rows: list[list[str]]
    files: list[str]
    sha256: str


def show_share(party: Party, share: str, purpose: str, out: Path | None = None) -> ShownShare:
    """The records of the opened share whose id begins with `share`; with `out` as a file, which is logged.

    Raises UsageError when no one opened share begins so, Expired or Refused when it has ended or was revoked,
    with when and what was read before, and Refused with the clause when the agreement does not allow it for
    this purpose at this moment.
    """
    releases = all_releases(party)
    if not any(release.share.startswith(share) for release in releases):
        _require_not_ended(party, share)
    hint = "'overlap shares list' shows them; open it first"
    release = only_one(releases, share, lambda one: one.share, "opened share", hint)
    signed = agreement_with_digest(party, release.agreement)
    table = read_release(party, release)
    fields = [str(name).removeprefix("field.") for name in table.columns if str(name).startswith("field.")]
    _require_allowed(party, signed, release, fields, purpose, ("read", "export") if out else ("read",))
    rows = _rows(party, release, table, fields)
    shown = ShownShare(
        release.share, release.partner, purpose, moment_of(release.until), fields, rows, [], ""
    )
    return shown if out is None else _write(party, release, signed, shown, out)


def _require_not_ended(party: Party, share: str) -> None:
    """Say of the one share of a partner whose id begins so how it ended, if it did."""
    past = [one for partner in party.partners() for one in past_shares(party, partner)]
    found = [
        one for one in (*list_shares(party), *past) if one.direction == "from" and one.share.startswith(share)
    ]
    if len(found) != 1 or not found[0].state.startswith(("ended", "revoked")):
        return
    one = found[0]
    when, hint = one.until, "undo what was exported with the undo file; what has ended is not opened again"
    read = f"{one.read:,} of {one.records:,} records were read before"
    if one.state.startswith("revoked"):
        place = party.folder.path("shares", "received", f"{one.share}.revoked")
        if place.is_file():
            when = moment_of(int(outline(read_whole(place, STATEMENT_LIMIT_BYTES)).predicate["time"]))
        raise Refused(f"{one.partner} revoked this share on {when}: {read}, and are erased here", hint)
    raise Expired(f"this share ended on {when}: {read}, and are erased here", hint)


def _require_allowed(
    party: Party,
    signed: SignedAgreement,
    release: Release,
    fields: Sequence[str],
    purpose: str,
    actions: Sequence[str],
) -> None:
    if purpose not in release.purposes:
        raise Refused(
            f"the share was leased for {', '.join(release.purposes)} only",
            "ask for a lease for this purpose with 'overlap shares request'",
        )
    role = signed.agreement.role_of(party.name)
    assert role is not None
    now = party.time_with(release.partner)
    theirs = signed.agreement.side("accepter" if role == "proposer" else "proposer")
    for action in actions:
        for population in theirs.populations:
            for field in fields:
                decision = decide(signed, Request(action, party.name, field, population, purpose), now)
                if not decision.allowed:
                    raise Refused(
                        f"clause {decision.clause}: {decision.reason}",
                        "'overlap agreement show' explains the terms",
                    )
    if "export" in actions and not release.exportable:
        raise Refused("the terms of the share do not let it be exported", "read it without --out")


def _rows(party: Party, release: Release, table: pd.DataFrame, fields: Sequence[str]) -> list[list[str]]:
    """One row a record: its number in the share, our own accounts, and its fields."""
    accounts = _own_accounts(party, release)
    own = table["token"].map(accounts).groupby(table["record"]).agg(_joined)
    records = table.drop_duplicates("record").sort_values("record")
    return [
        [str(number), own[number], *values]
        for number, values in zip(
            records["record"].tolist(),
            records[[f"field.{name}" for name in fields]].to_numpy().tolist(),
            strict=True,
        )
    ]


def _own_accounts(party: Party, release: Release) -> dict[str, str]:
    """Ids of our accounts by pair token, of the matches that no review took back; none in a share of all."""
    if not release.run:
        return {}
    links = release_state(party, read_run(party, release.run)).links
    ids = read_table(party.folder.path("runs", release.run, "accounts.parquet"))["id"]
    named = links.assign(id=ids.iloc[links["account"].to_numpy()].to_numpy()).groupby("token")["id"]
    return {str(token): _joined(found) for token, found in named}


def _joined(texts: pd.Series) -> str:
    return "; ".join(sorted({part for text in texts.dropna() for part in str(text).split("; ")}))


def _write(
    party: Party, release: Release, signed: SignedAgreement, shown: ShownShare, out: Path
) -> ShownShare:
    """The table and the file that takes it out again; logged before they are written."""
    stamps = [shown.until, agreement_name(signed), shown.purpose]
    keys = ["share", "record", "account"]
    table = write_csv(
        out.name,
        "the records of the share",
        [*keys, *(f"their_{name}" for name in shown.fields), *STAMPS],
        [[release.share, *row, *stamps] for row in shown.rows],
        line_end="\n",
        for_people=True,
    )
    empty = [""] * (len(shown.fields) + len(STAMPS))
    undo = write_csv(
        f"{out.stem}-undo{out.suffix}",
        "clear the named columns of these rows: an empty cell is a null",
        [*keys, "action", *(f"their_{name}" for name in shown.fields), *STAMPS],
        [[release.share, *row[:2], "clear", *empty] for row in shown.rows],
        line_end="\n",
        for_people=True,
    )
    digest = hashlib.sha256(table.content)
    receipt = export_receipt(party, release.partner, table.content, len(shown.rows), 2)
    facts = {"share": bytes.fromhex(release.share), "file": digest.digest(), "receipt": receipt}
    party.note(release.partner, "export", accounts=len(shown.rows), files=2, **facts)
    for file in (undo, table):
        write_whole(out.with_name(file.name), file.content)
    files = [str(out), str(out.with_name(undo.name))]
    return ShownShare(
        shown.share,
        shown.partner,
        shown.purpose,
        shown.until,
        shown.fields,
        shown.rows,
        files,
        digest.hexdigest(),
    )
