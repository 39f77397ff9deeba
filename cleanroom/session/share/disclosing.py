"""Showing every account of the agreed populations, under an agreement of level `all`.

A share of scope `all` is sealed, leased, ended and revoked like one of matched accounts. Its record tokens
are random: they link no record to anything that a match has shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from cleanroom.agreement import SignedAgreement
from cleanroom.moment import moment_of
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.accounts.restrictions import excluded_accounts
from cleanroom.session.agreement.agreements import find_agreement, partner_of
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import remember_granted
from cleanroom.session.share.granting import (
    Granted,
    fields_granted,
    in_record_order,
    numbered,
    share_terms,
)
from cleanroom.session.share.holding import open_holder
from cleanroom.share import RECORD_LIMIT, SHARE_LIMIT_BYTES, Record, make_share
from overlap import canonical
from overlap.errors import UsageError

_TOKEN_BYTES: Final = 16

#: Bytes of a share that are no record: its signed grant with two digests a record, and the tokens.
_GRANT_BYTES: Final = 40 * 2**20


def disclose_accounts(party: Party, agreement: str, out: Path) -> list[Granted]:
    """Show the agreed fields of all accounts of our agreed populations to the partner.

    Above the limit of records or bytes there are several shares, at `out`, `out`-2, and so on. Refused unless
    the level of the agreement is `all`, with the clause.
    """
    signed = find_agreement(party, agreement)
    partner = partner_of(party, signed.agreement)
    card = party.verified_card_of(partner)
    fields = fields_granted(party, signed, "disclose")
    ids, values, left_out = _accounts(party, partner, signed, fields)
    granted = []
    for number, rows in enumerate(_parts(values), start=1):
        records = [Record((party.random(_TOKEN_BYTES).hex(),), values[row]) for row in rows]
        terms = share_terms(party, signed, card, fields, len(records), run="")
        made = make_share(terms, records, card, party.keys, party.random)
        shown = in_record_order(records, [ids[row] for row in rows])
        remember_granted(party, partner, terms.share, shown)
        open_holder(party, partner).grant(made, party.now)
        place = numbered(out, number)
        write_whole(place, made.file)
        until = moment_of(terms.until)
        granted.append(Granted(terms.share, partner, len(records), list(fields), until, left_out, str(place)))
        left_out = {}
    return granted


def _accounts(
    party: Party, partner: str, signed: SignedAgreement, fields: Sequence[str]
) -> tuple[list[str], list[dict[str, str]], dict[str, int]]:
    """Ids and values of the accounts that may be shown, and how many may not."""
    role = signed.agreement.role_of(party.name)
    assert role is not None
    accounts = own_accounts(party.folder, signed.agreement.side(role).populations)
    kept = accounts[~accounts["id"].isin(excluded_accounts(party, partner))]
    if kept.empty:
        raise UsageError(
            "no account of the agreed populations may be shown", "'overlap status' shows what is imported"
        )
    values = [
        {str(name): str(value) for name, value in row.items()}
        for row in kept[list(fields)].to_dict("records")
    ]
    hidden = len(accounts) - len(kept)
    return kept["id"].tolist(), values, {"private or restricted to other partners": hidden} if hidden else {}


def _parts(values: Sequence[dict[str, str]]) -> Iterator[range]:
    """Rows by share, so that each stays below the limits; records of a share are as long as its longest."""
    longest = max(len(canonical.encode(row)) for row in values) + 128
    most = min(RECORD_LIMIT, (SHARE_LIMIT_BYTES - _GRANT_BYTES) // longest)
    for start in range(0, len(values), most):
        yield range(start, min(start + most, len(values)))
