"""The small types that flow from one room to the next, and the columns of the tables between them.

Tables are pandas DataFrames. Every column is of dtype ``str`` and a missing value is the empty string,
except where a line below says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

STANDARD_POPULATIONS = ("customers", "open_opportunities", "prospects")

#: One account a row. `row` (int64) is the record's number in the file as a spreadsheet shows it: the first
#: line of the file is 1, preamble and header counted. `population` is a standard or custom population.
ACCOUNT_COLUMNS = (
    "row",
    "id",
    "name",
    "website",
    "domains",  # further domains, separated by ";"
    "email",
    "country",
    "city",
    "postcode",
    "phone",
    "parent_id",
    "owner",
    "owner_email",
    "type",
    "industry",
    "employees",
    "revenue",
    "lei",
    "duns",
    "vat",
    "registration_number",
    "isin",
    "ticker",
    "linkedin",
    "created",
    "modified",
    "population",
)

#: One opportunity a row; dates are ISO 8601 days (YYYY-MM-DD), `amount` is a plain decimal text,
#: `status` is one of "open", "won", "lost".
OPPORTUNITY_COLUMNS = (
    "row",
    "id",
    "account_id",
    "name",
    "stage",
    "status",
    "amount",
    "currency",
    "created",
    "closed",
    "owner",
    "type",
)

#: Whose an action is: what a partner did, or a lead that we sent it.
THEIRS, OURS = "theirs", "ours"
#: What may have come of a lead that we sent.
OUTCOMES = ("won", "lost")

#: One partner action a row. `date` (when it happened), `logged` (when it was written down), `responded` (when
#: somebody of ours first took it up) and `looped_back` (when the partner was told what came of it) are UTC
#: days (YYYY-MM-DD) or instants (YYYY-MM-DDTHH:MM:SSZ); `proof` is a reference, with "sha256:" and the digest
#: of what it points to where there is one. `source` is where it was recorded; `direction` is OURS for a lead
#: that we sent the partner, else THEIRS, and `outcome` what came of such a lead: one of OUTCOMES or "".
ACTION_COLUMNS = (
    "row",
    "id",
    "opportunity_id",
    "account_id",
    "partner",
    "type",
    "date",
    "proof",
    "owner",
    "next_step",
    "role",
    "due",
    "logged",
    "responded",
    "looped_back",
    "source",
    "direction",
    "outcome",
)

#: What another tool says of a partner on an opportunity a row: its word for it, or a share of the credit, or
#: both. Without a partner a row says that the tool knows the opportunity.
ATTRIBUTION_COLUMNS = ("row", "opportunity_id", "partner", "status", "share")

#: One change of stage a row; `entered` is a UTC day or instant.
STAGE_COLUMNS = ("row", "opportunity_id", "stage", "entered")

#: One territory assignment a row.
TERRITORY_COLUMNS = ("row", "account_id", "territory_id", "territory_name", "owner")

#: One further name or domain of an own account, or its parent, a row. The account is given by its id or,
#: where `account_id` is empty, by its name, its domain or both. A parent is an own account (`parent_id`) or
#: any company.
ALIAS_COLUMNS = (
    "row",
    "account_id",
    "account_name",
    "account_domain",
    "alias_name",
    "alias_domain",
    "parent_id",
    "parent_name",
    "parent_domain",
    "parent_country",
    "parent_city",
    "parent_lei",
    "parent_duns",
    "parent_vat",
    "parent_registration_number",
)

#: One rule about own accounts a row: which are meant (as in an alias file, or those whose `column` of
#: ACCOUNT_COLUMNS holds `value`), `rule` is "private" or "restricted", and `partners`, separated by ";", are
#: those that may still match a restricted one.
RESTRICTION_COLUMNS = (
    "row",
    "account_id",
    "account_name",
    "account_domain",
    "column",
    "value",
    "rule",
    "partners",
)

#: One pair of accounts that somebody compared by hand a row; `label` is "1" for the same account, else "0".
KNOWN_PAIR_COLUMNS = ("row", "left_id", "right_id", "label")

#: One normalised match key a row. `account` (int64) is the position of the account in its table, from 0.
IDENTIFIER_COLUMNS = ("account", "kind", "value")

#: One matched own account and identifier a row. `token` is the 32-digit hex pair token, `rivals` (int64) the
#: number of other own accounts that carry every matched identifier of this one, `confidence` (float64) is in
#: (0, 1].
OVERLAP_COLUMNS = ("account", "token", "kind", "tier", "confidence", "rivals")

#: One own account a row that is in no overlap, though the peer has an account of its group: never the same
#: company. `token` is the group's pair token, `members` (int64) counts the own accounts that carry it, and
#: `confidence` (float64) is in (0, 1].
GROUP_COLUMNS = ("account", "token", "kind", "confidence", "members")

#: What level `sum` can add up for an account: the amounts of its open opportunities, or its own revenue.
AMOUNT_SOURCES = ("open_opportunities", "revenue")

TIERS = ("exact", "strong", "candidate")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: its number as a spreadsheet shows it, and a reason that quotes no cell."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """What was found out about a file while reading it; shown to the user and kept with the import."""

    profile: str
    encoding: str
    delimiter: str
    header_row: int
    mapping: Mapping[str, str]
    digest: str


@dataclass(frozen=True)
class Table:
    """Rows read from one export: the usable ones, those that were not, and how the file was understood.

    `left_out` counts the rows that a filter or the population rules did not ask for; they are not rejected.
    `unreadable` counts, by column, the dates and numbers of usable rows that could not be read and are "".
    """

    frame: pd.DataFrame
    rejected: tuple[Rejected, ...]
    source: Source
    left_out: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict)
