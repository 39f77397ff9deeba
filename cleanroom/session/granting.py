"""The granting side of a share: grant, answer a request, revoke, end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cleanroom.agreement import Request as Asked
from cleanroom.agreement import SignedAgreement, decide
from cleanroom.moment import moment_of
from cleanroom.session.agreements import agreement_with_digest, partner_of
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.holding import open_holder, read_holder_state
from cleanroom.session.letters import write_letter
from cleanroom.session.party import Party
from cleanroom.session.runs import RunRecord, find_run, telling_tokens
from cleanroom.share import REQUEST_LIMIT_BYTES, Ending, Record, Terms, make_share
from cleanroom.store import read_table
from overlap.errors import BadPeerFile, Refused, UsageError


@dataclass(frozen=True)
class Granted:
    """A share as granted; `left_out` counts matched accounts that were not shown, by reason."""

    share: str
    partner: str
    records: int
    fields: list[str]
    until: str
    left_out: dict[str, int]


@dataclass(frozen=True)
class Leased:
    """A lease as given."""

    share: str
    partner: str
    records: int
    until: str


def grant_share(party: Party, run: str, out: Path) -> Granted:
    """Show the agreed fields of the matched accounts of a run to its partner; the share goes to `out`."""
    record = find_run(party, run)
    card = party.verified_card_of(record.partner)
    signed = agreement_with_digest(party, record.agreement)
    fields = _fields(party, signed)
    rows, left_out = _releasable(party, record, signed)
    terms = Terms(
        share=party.random(16).hex(),
        agreement=signed.file_digest,
        grantor=party.keys.card.digest.hex(),
        recipient=card.digest.hex(),
        run=record.run,
        purposes=signed.agreement.terms.purposes,
        fields=fields,
        not_before=signed.not_before,
        until=signed.until,
        exportable=signed.agreement.terms.exportable,
        count=len(rows),
    )
    made = make_share(terms, _records(party, record, rows, fields), card, party.keys, party.random)
    open_holder(party, record.partner).grant(made, party.now)
    write_whole(out, made.file)
    return Granted(terms.share, record.partner, len(rows), list(fields), moment_of(terms.until), left_out)


def answer_request(party: Party, source: Path, out: Path) -> Leased:
    """Answer a request with a lease, written to `out`. Raises Refused or Expired; both are logged."""
    data = read_whole(source, REQUEST_LIMIT_BYTES)
    problem: BadPeerFile | None = None
    for partner in party.partners():
        try:
            lease = open_holder(party, partner).lease(data, party.now)
        except BadPeerFile as error:
            problem = error
            continue
        write_whole(out, lease.file)
        return Leased(lease.share, partner, len(lease.records), moment_of(lease.end))
    raise problem or UsageError(
        "no partner is known here", "add the partner's card with 'overlap partner add'"
    )


def revoke_share(party: Party, share: str, out: Path) -> Ending:
    """End a share at once, destroy its half, and write the signed revocation to `out`."""
    for partner in party.partners():
        found = [name for name in read_holder_state(party, partner).shares if name.startswith(share)]
        if len(found) == 1:
            ending = open_holder(party, partner).revoke(found[0], party.now)
            write_whole(out, write_letter(party, partner, "revocation", ending.notice))
            return ending
    raise UsageError("no share, or more than one, begins so", "'overlap shares list' shows them")


def expire_shares(party: Party, *, confirmed: bool = True) -> list[Ending]:
    """End every share whose time has come; `confirmed` says that the operator vouches for the date."""
    return [
        ending
        for partner in party.partners()
        if read_holder_state(party, partner).shares
        for ending in open_holder(party, partner).expire(party.now, confirmed=confirmed)
    ]


def _fields(party: Party, signed: SignedAgreement) -> tuple[str, ...]:
    """Our fields, each checked against the agreement for each population and purpose; Refused otherwise."""
    role = signed.agreement.role_of(party.name)
    assert role is not None
    side = signed.agreement.side(role)
    now = party.time_with(partner_of(party, signed.agreement))
    for field in side.fields or ("name",):
        for population in side.populations:
            for purpose in signed.agreement.terms.purposes:
                decision = decide(signed, Asked("grant", party.name, field, population, purpose), now)
                if not decision.allowed:
                    raise Refused(
                        f"clause {decision.clause}: {decision.reason}",
                        "'overlap agreement show' explains the terms",
                    )
    return side.fields


def _releasable(
    party: Party, record: RunRecord, signed: SignedAgreement
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The overlap without candidates, and how many rows that left out; Refused below the minimum count."""
    overlap = read_table(party.folder.path("runs", record.run, "overlap.parquet"))
    candidates = overlap["tier"] == "candidate"
    rows = overlap[~candidates]
    minimum = signed.agreement.terms.minimum_count
    if len(rows) < max(1, minimum):
        raise Refused(
            f"clause terms.minimum_count: fewer than {max(1, minimum)} accounts are matched beyond doubt",
            "a small overlap says too much about single accounts; nothing is shown",
        )
    left_out = int(candidates.sum())
    return rows, {"candidates wait for a review": left_out} if left_out else {}


def _records(party: Party, record: RunRecord, rows: pd.DataFrame, fields: tuple[str, ...]) -> list[Record]:
    place = party.folder.path("runs", record.run)
    accounts = read_table(place / "accounts.parquet")
    telling = telling_tokens(read_table(place / "tokens.parquet"))
    tokens = telling.groupby("account")["token"].agg(list).to_dict()
    shown = accounts[list(fields)].to_dict("records")
    return [
        Record(
            tuple(sorted(set(tokens[account]))), {str(name): value for name, value in shown[account].items()}
        )
        for account in rows["account"]
    ]
