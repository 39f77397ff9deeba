"""The money ledger: what was rated, closed, approved, paid, disputed and decided, so that all of it replays.

entry     the chained lines of the file
machine   the states of a line and its moves
booking   what a close adds: new lines, and adjustments for what closed periods would owe differently
books     what the entries add up to
attainment where a partner stands in the bands of the plan
signing   what approvers sign, each with a key of their own
paying    what may be paid, and the files for it
statement what a partner is shown, and how it recomputes that
"""

from cleanroom.attribution.ledger.attainment import ATTAINMENT_FIELDS
from cleanroom.attribution.ledger.booking import Booked, Given, book
from cleanroom.attribution.ledger.books import Books, Close, Dispute, LineState, Run, close_body, replay
from cleanroom.attribution.ledger.entry import (
    ENTRY_KINDS,
    LEDGER_LINE,
    Entry,
    head_of,
    make_entry,
    read_ledger,
)
from cleanroom.attribution.ledger.machine import ACTS, STATES, UNPAID, after
from cleanroom.attribution.ledger.paying import (
    JOURNAL_COLUMNS,
    PAYABLE_COLUMNS,
    journal,
    payable_run,
    payables,
)
from cleanroom.attribution.ledger.signing import check_signature, signed_message
from cleanroom.attribution.ledger.statement import (
    STATEMENT_FORMAT,
    Difference,
    make_statement,
    recompute,
)

__all__ = [
    "ACTS",
    "ATTAINMENT_FIELDS",
    "ENTRY_KINDS",
    "JOURNAL_COLUMNS",
    "LEDGER_LINE",
    "PAYABLE_COLUMNS",
    "STATEMENT_FORMAT",
    "STATES",
    "UNPAID",
    "Booked",
    "Books",
    "Close",
    "Difference",
    "Dispute",
    "Entry",
    "Given",
    "LineState",
    "Run",
    "after",
    "book",
    "check_signature",
    "close_body",
    "head_of",
    "journal",
    "make_entry",
    "make_statement",
    "payable_run",
    "payables",
    "read_ledger",
    "recompute",
    "replay",
    "signed_message",
]
