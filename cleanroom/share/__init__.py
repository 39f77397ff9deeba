"""Shares that end: every record is locked by two halves, and one of them is handed out read by read.

grantor                                   recipient
make_share(terms, records)
         ── share file ──────────────────▶ read_share: which of my accounts are covered
                                           make_request(records, purpose)
         ◀────────────────── request file ──
Holder.lease: decide, log, count
         ── lease file ──────────────────▶ open_records: values, until the lease or the share ends
Holder.expire / revoke: destroy the half, attest
"""

from cleanroom.share.deposit import DEPOSIT_LIMIT_BYTES, Deposit, make_deposit, read_deposit
from cleanroom.share.grant import SHARE_LIMIT_BYTES, MadeShare, Share, make_share, read_share
from cleanroom.share.holder import LEASE_SECONDS, Decide, Ending, Grants, Holder, LeaseHolder
from cleanroom.share.lease import (
    LEASE_LIMIT_BYTES,
    MadeLease,
    Opened,
    lease_request,
    make_lease,
    open_records,
)
from cleanroom.share.request import (
    REQUEST_LIMIT_BYTES,
    MadeRequest,
    Request,
    check_request,
    make_request,
    read_request,
)
from cleanroom.share.restored import HolderLog
from cleanroom.share.sealed import padded_length
from cleanroom.share.state import Held, HolderState
from cleanroom.share.terms import RECORD_LIMIT, Record, Terms

__all__ = [
    "DEPOSIT_LIMIT_BYTES",
    "LEASE_LIMIT_BYTES",
    "LEASE_SECONDS",
    "RECORD_LIMIT",
    "REQUEST_LIMIT_BYTES",
    "SHARE_LIMIT_BYTES",
    "Decide",
    "Deposit",
    "Ending",
    "Grants",
    "Held",
    "Holder",
    "HolderLog",
    "HolderState",
    "LeaseHolder",
    "MadeLease",
    "MadeRequest",
    "MadeShare",
    "Opened",
    "Record",
    "Request",
    "Share",
    "Terms",
    "check_request",
    "lease_request",
    "make_deposit",
    "make_lease",
    "make_request",
    "make_share",
    "open_records",
    "padded_length",
    "read_deposit",
    "read_request",
    "read_share",
]
