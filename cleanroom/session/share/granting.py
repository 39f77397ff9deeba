"""The granting side of a share: grant, answer a request, revoke, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from cleanroom.agreement import Request as Asked
from cleanroom.agreement import SignedAgreement, decide
from cleanroom.moment import moment_of
from cleanroom.review import ReleaseState
from cleanroom.session.accounts.restrictions import without_excluded
from cleanroom.session.agreement.agreements import agreement_with_digest, partner_of
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.probing import require_shown_many
from cleanroom.session.match.runs import find_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import write_letter
from cleanroom.session.review.reviews import release_state, remember_granted, require_memory
from cleanroom.session.share.holding import open_holder, read_holder_state
from cleanroom.share import REQUEST_LIMIT_BYTES, Ending, Record, Terms, make_share
from cleanroom.store import read_table
from overlap.errors import BadPeerFile, Refused, UsageError
from overlap.keys import Card

#: Why a matched account is not shown, and the states of a review that mean so.
_LEFT_OUT: Final = {
    "candidates wait for a review": ("open", "waiting"),
    "rejected in a review": ("rejected",),
    "disputed": ("disputed",),
}


@dataclass(frozen=True)
class Granted:
    """A share as granted; `left_out` counts matched accounts that were not shown, by reason."""

    share: str
    partner: str
    records: int
    fields: list[str]
    until: str
    left_out: dict[str, int]
    file: str


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
    fields = fields_granted(party, signed, "grant")
    require_memory(party, record.partner)
    state = release_state(party, record)
    rows, left_out = _releasable(state, signed)
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    minimum = signed.agreement.terms.minimum_count
    rows, excluded = without_excluded(party, record.partner, minimum, accounts, rows)
    shown = accounts["id"].iloc[rows["account"].to_numpy()].tolist()
    require_shown_many(party, record.partner, minimum, shown)
    terms = share_terms(party, signed, card, fields, len(rows), run=record.run)
    records = _records(accounts, rows, state, fields)
    made = make_share(terms, records, card, party.keys, party.random)
    remember_granted(party, record.partner, terms.share, in_record_order(records, shown))
    open_holder(party, record.partner).grant(made, party.now)
    write_whole(out, made.file)
    return Granted(
        terms.share,
        record.partner,
        len(rows),
        list(fields),
        moment_of(terms.until),
        left_out | excluded,
        str(out),
    )


def in_record_order(records: Sequence[Record], accounts: Sequence[str]) -> list[str]:
    """The accounts that the records show, by the number that a record has in its share."""
    paired = zip((record.tokens for record in records), accounts, strict=True)
    return [account for _, account in sorted(paired)]


def share_terms(
    party: Party, signed: SignedAgreement, recipient: Card, fields: tuple[str, ...], count: int, *, run: str
) -> Terms:
    """The terms of a new share of `count` records under an agreement; `run` is "" for all accounts."""
    agreed, room = signed.agreement.terms, signed.agreement.room
    lent = agreed.lease_holder == "room" and room is not None
    return Terms(
        share=party.random(16).hex(),
        agreement=signed.file_digest,
        grantor=party.keys.card.digest.hex(),
        recipient=recipient.digest.hex(),
        holder=room.card if lent and room else party.keys.card.digest.hex(),
        run=run,
        purposes=agreed.purposes,
        fields=fields,
        not_before=signed.not_before,
        until=signed.until,
        exportable=agreed.exportable,
        count=count,
        scope="matched" if run else "all",
        read_budget=agreed.read_budget,
    )


def fields_granted(party: Party, signed: SignedAgreement, action: str) -> tuple[str, ...]:
    """Our fields, each checked against the agreement for each population and purpose; Refused otherwise.

    `action` is "grant" for matched accounts and "disclose" for all.
    """
    role = signed.agreement.role_of(party.name)
    assert role is not None
    side = signed.agreement.side(role)
    now = party.time_with(partner_of(party, signed.agreement))
    for field in side.fields or ("name",):
        for population in side.populations:
            for purpose in signed.agreement.terms.purposes:
                decision = decide(signed, Asked(action, party.name, field, population, purpose), now)
                if not decision.allowed:
                    raise Refused(
                        f"clause {decision.clause}: {decision.reason}",
                        "'overlap agreement show' explains the terms",
                    )
    return side.fields


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


def revoke_share(party: Party, share: str, out: Path, attestation: Path | None = None) -> Ending:
    """End a share at once, destroy its half, and write the signed revocation and attestation to `out`.

    The attestation is written to a file of its own too, when one is named.
    """
    partner, name = find_granted(party, share)
    ending = open_holder(party, partner).revoke(name, party.now)
    destroyed = ending.attestation
    assert destroyed is not None  # A revocation destroys at once.
    write_whole(out, write_letter(party, partner, "revocation", ending.notice + destroyed))
    if attestation is not None:
        write_whole(attestation, destroyed)
    return ending


def find_granted(party: Party, share: str) -> tuple[str, str]:
    """The partner and the id of the one share of ours, to whomever, whose id begins so; else UsageError."""
    granted = [
        (partner, name) for partner in party.partners() for name in read_holder_state(party, partner).shares
    ]
    return only_one(granted, share, lambda one: one[1], "share of ours", "'overlap shares list' shows them")


def expire_shares(party: Party, *, confirmed: bool = True, attestation: Path | None = None) -> list[Ending]:
    """End every share whose time has come; `confirmed` says that the operator vouches for the date.

    Attestations go to `attestation`, those after the first to the same name with -2 and so on.
    """
    endings = [
        ending
        for partner in party.partners()
        if read_holder_state(party, partner).shares
        for ending in open_holder(party, partner).expire(party.now, confirmed=confirmed)
    ]
    attested = [ending.attestation for ending in endings if ending.attestation is not None]
    if attestation is not None:
        for number, word in enumerate(attested, start=1):
            write_whole(numbered(attestation, number), word)
    return endings


def numbered(out: Path, number: int) -> Path:
    """The place of one of several files: the first is at `out`."""
    return out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")


def _releasable(state: ReleaseState, signed: SignedAgreement) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows that may be shown, and how many were left out, by reason; Refused below the minimum count."""
    rows = state.released
    minimum = signed.agreement.terms.minimum_count
    if len(rows) < max(1, minimum):
        raise Refused(
            f"clause terms.minimum_count: fewer than {max(1, minimum)} accounts are matched beyond doubt",
            "a small overlap says too much about single accounts; nothing is shown",
        )
    counts = {reason: int(state.rows["review"].isin(words).sum()) for reason, words in _LEFT_OUT.items()}
    return rows, {reason: count for reason, count in counts.items() if count}


def _records(
    accounts: pd.DataFrame, rows: pd.DataFrame, state: ReleaseState, fields: tuple[str, ...]
) -> list[Record]:
    tokens = state.links.groupby("account")["token"].agg(list).to_dict()
    shown = accounts[list(fields)].to_dict("records")
    return [
        Record(
            tuple(sorted(set(tokens[account]))), {str(name): value for name, value in shown[account].items()}
        )
        for account in rows["account"]
    ]
