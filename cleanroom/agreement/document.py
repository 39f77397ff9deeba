"""What an agreement says: its types, its closed lists, and the limits of its numbers.

Policy       the terms without names, kept by a security team and used again
Agreement    the same terms between two named parties, under one contract: the text that is signed
Proposal     an agreement that the proposer has signed
SignedAgreement   signed by both; only now are its start and end known
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from overlap.identity import NO_VETO
from overlap.records import ACCOUNT_COLUMNS

AGREEMENT_FORMAT: Final = "overlap-agreement/1"
POLICY_FORMAT: Final = "overlap-policy/1"

ROLES: Final = ("proposer", "accepter")
#: What the sides may learn, by how much it is. At "all" a run is one of level "overlaps", and beside it each
#: side may give the other the agreed fields of every account of its agreed populations.
LEVELS: Final = ("counts", "sum", "overlaps", "all")
#: Levels whose result is numbers, so that no account is shown to anybody.
NUMBER_LEVELS: Final = ("counts", "sum")
#: Levels at which the sides learn which accounts they share.
ACCOUNT_LEVELS: Final = ("overlaps", "all")
ACTIONS: Final = ("match", "grant", "disclose", "read", "export")
PURPOSES: Final = (
    "account-mapping",
    "attribution",
    "co-sell",
    "customer-success",
    "joint-marketing",
    "territory-planning",
)

#: What a reader promises beyond the end: to take out what it exported, and to pass nothing on.
OBLIGATIONS: Final = ("delete-at-end", "no-onward-share")
#: Who keeps the half of a share that a lease gives: the side that granted it, or a third party.
LEASE_HOLDERS: Final = ("grantor", "room")
#: How two matched accounts may be related: the same company, or two of one group.
RELATIONS: Final = ("same_entity", "same_group")
#: How accounts are matched at level `overlaps`: by Diffie-Hellman, or by vector-OLE where lists are long.
METHODS: Final = ("dh", "vole")
#: Registries that can veto; one in a contract.
VETOES: Final = (NO_VETO, "lei", "duns", "vat", "registration")

#: Row numbers and CRM ids stay at home: a matched account is named by its pair token, so that two shares of
#: one account cannot be joined by an id that outlives them.
FIELDS: Final = tuple(name for name in ACCOUNT_COLUMNS if name not in {"row", "id", "parent_id"})

#: Fields that can name a person; `describe` points at them.
PERSONAL_FIELDS: Final = ("email", "phone", "owner", "owner_email")

#: What somebody who wants everything would write. These words are refused by name, also as populations.
WILDCARDS: Final = ("*", "all", "any", "everything")

#: Bytes of the whole file; the longest sensible agreement has about 4 KiB.
SIZE_LIMIT: Final = 64 * 1024
#: Characters of one line; what lies to the right of the screen is not read by the person who signs.
LINE_LIMIT: Final = 200
#: Characters of the title.
TITLE_LIMIT: Final = 120
#: Populations or identifier kinds in one list; the matrix of both sides must stay readable.
LIST_LIMIT: Final = 16
#: Pairs of populations: more of them are nearly all of 16 by 16, and nobody reads them.
PAIRS_LIMIT: Final = 64
#: Characters of the reason why the sides give different things.
REASON_LIMIT: Final = 160
#: Kinds of identifiers in a contract.
KINDS_LIMIT: Final = 64
#: Identifiers of one account: more of them say too much about it.
MOST_LIMIT: Final = 64
#: Identifiers a side may declare. Two lists of this bound are the most that one DH run carries in hours.
SIZE_BOUND_LIMIT: Final = 2**24
#: Accounts; the highest minimum that the clean rooms of the field accept.
MINIMUM_COUNT_LIMIT: Final = 100_000
#: Identifiers that the side with the amounts may declare: each is encrypted, at some 0.3 ms.
AMOUNTS_BOUND_LIMIT: Final = 2**18
#: Whole currency units of the largest amount.
AMOUNT_LIMIT: Final = 10**12
#: Identifiers a side may declare where a list is prepared: each takes some 90 bytes that are read at once.
PREPARED_BOUND_LIMIT: Final = 2**23
#: Tags of a prepared list with all its updates: they are counted in four bytes.
PREPARED_TAGS_LIMIT: Final = 2**32 - 2
#: Updates of a prepared list: one tells what a run would tell, so there are at most as many.
UPDATES_LIMIT: Final = 731
#: Elements in all the runs over a prepared list.
EVALUATIONS_LIMIT: Final = 2**33
#: Accounts: the sum over one account is its amount.
SUM_MINIMUM: Final = 2
#: Runs in the life of an agreement: more than one a day for two years watches, it does not plan.
RUN_BUDGET_LIMIT: Final = 731
#: Leases for one share: more than 16 a day for two years is no reader that a person waits at.
READ_BUDGET_LIMIT: Final = 10_000
#: Seconds from start to end: two years, one of them a leap year.
PERIOD_LIMIT: Final = 731 * 86_400
#: Seconds between the proposal and its acceptance. It also bounds how far a false acceptance time can move
#: an end that is counted from it.
ACCEPTANCE_LIMIT: Final = 30 * 86_400


@dataclass(frozen=True, slots=True)
class PartyTerms:
    """One side: what it puts into a match, what it shows of a matched account, how large its list may be.

    `size_bound` counts identifiers. In a policy `party` and `card` (the card's digest, hex) are empty.
    `preset` is "" or names the list that `fields` were taken from: NAME@DIGEST, checked against them. In a
    policy it may be NAME alone, and `fields` are then empty until somebody looks the name up.
    """

    party: str
    card: str
    populations: tuple[str, ...]
    fields: tuple[str, ...]
    size_bound: int
    preset: str = ""


@dataclass(frozen=True, slots=True)
class AmountTerms:
    """What is summed at level `sum`: amounts of the side `held_by`, in whole units of `currency`.

    `of` is one of AMOUNT_SOURCES. Each amount is rounded to a multiple of `granule` before it is encrypted,
    and is at most `maximum`.
    """

    held_by: str
    of: str
    currency: str
    granule: int
    maximum: int


@dataclass(frozen=True, slots=True)
class PreparedTerms:
    """How the side that does not start may prepare its list once, for all runs.

    `changes` identifiers may enter or leave it in one update, of which there are at most `updates`. A run
    that is not the first asks about at most `queries` new ones, all runs together about `evaluations`.
    """

    changes: int
    updates: int
    queries: int
    evaluations: int


@dataclass(frozen=True, slots=True)
class CountingTerms:
    """How a room counts at level `counts`: noise for epsilon = `epsilon` / `epsilon_of` in each run, and the
    identifiers of each population, in the order of a side's `populations`."""

    epsilon: int
    epsilon_of: int
    proposer_bounds: tuple[int, ...]
    accepter_bounds: tuple[int, ...]

    def bounds(self, role: str) -> tuple[int, ...]:
        """The bounds of "proposer" or "accepter"."""
        return {"proposer": self.proposer_bounds, "accepter": self.accepter_bounds}[role]


@dataclass(frozen=True, slots=True)
class RoomTerms:
    """The third party of an agreement, by name and card digest (hex)."""

    party: str
    card: str


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules for both sides. Times are unix seconds.

    `not_before` is None when the agreement starts with its acceptance. Exactly one of `until` and `duration`
    (seconds from acceptance) is set. `candidates` says whether kinds are matched whose hits release nothing
    before both sides have accepted them; `veto` is the registry whose differing numbers keep accounts apart,
    or "none"; `relations` are some of RELATIONS; `amounts` are those of level `sum`;
    `protocol` is one of METHODS; `prepared` is None where each run is for itself.

    `pairs` are (proposer's population, accepter's population), and empty where each is compared with each.
    `run_budget` runs may begin within `budget_period` seconds, or in the whole life when that is 0.
    `max_export_age` seconds after it was made, a file of accounts goes into no run; 0 is no limit.
    `read_budget` leases are given for one share; 0 is no limit. `obligations` are some of OBLIGATIONS,
    `lease_holder` one of LEASE_HOLDERS. `asymmetry` is the reason why the sides' populations or fields
    differ, "" where they do not. `counting` is None unless a room counts.
    """

    level: str
    starter: str
    purposes: tuple[str, ...]
    not_before: int | None
    until: int | None
    duration: int | None
    minimum_count: int
    run_budget: int
    exportable: bool
    candidates: bool
    veto: str
    relations: tuple[str, ...]
    amounts: AmountTerms | None = None
    protocol: str = METHODS[0]
    prepared: PreparedTerms | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    budget_period: int = 0
    max_export_age: int = 0
    read_budget: int = 0
    obligations: tuple[str, ...] = ()
    asymmetry: str = ""
    lease_holder: str = LEASE_HOLDERS[0]
    counting: CountingTerms | None = None

    @property
    def needs_room(self) -> bool:
        """Whether a third party has a part, so that an agreement names it."""
        return self.lease_holder == "room" or self.counting is not None


@dataclass(frozen=True, slots=True)
class Software:
    """What must be equal on both machines before anything is blinded.

    `kinds` is in order of precedence; `false_hits` has for each kind the hits between different companies, in
    a thousand, as measured (docs/matching.md). `most` is how many identifiers an account may have.
    """

    protocol: str
    kinds: tuple[str, ...]
    false_hits: tuple[int, ...]
    most: int
    normaliser: str
    normaliser_digest: str
    data_digest: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Terms without names; `text` is the file as its author wrote it."""

    text: bytes
    title: str
    proposer: PartyTerms
    accepter: PartyTerms
    terms: Terms


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms between two named parties; `text` is exactly what is signed, `proposed` unix seconds.

    `room` is None where no third party has a part. `renews` is the digest (hex) of the agreement that this
    one follows, or "".
    """

    text: bytes
    title: str
    proposer: PartyTerms
    accepter: PartyTerms
    terms: Terms
    proposed: int
    software: Software
    room: RoomTerms | None = None
    renews: str = ""

    def side(self, role: str) -> PartyTerms:
        """The terms of "proposer" or "accepter"."""
        return {"proposer": self.proposer, "accepter": self.accepter}[role]

    def role_of(self, party: str) -> str | None:
        """The role of a party name, None for a stranger."""
        return next((role for role in ROLES if self.side(role).party == party), None)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who signed as what, when (unix seconds), and 64 bytes of Ed25519."""

    role: str
    party: str
    time: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Proposal:
    """An agreement with the proposer's signature. `digest` is SHA-256 (hex) of the agreement's text."""

    agreement: Agreement
    digest: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class SignedAgreement:
    """An agreement signed by both; in force from `not_before` up to but excluding `until` (unix seconds).

    `digest` is SHA-256 (hex) of the agreement's text and names it everywhere. `file_digest` covers the
    signatures too, and with them the time of acceptance from which an end may be counted.
    """

    agreement: Agreement
    digest: str
    file_digest: str
    signatures: tuple[Signature, Signature]
    accepted_at: int
    not_before: int
    until: int


OTHER_ROLE: Final[Mapping[str, str]] = MappingProxyType({"proposer": "accepter", "accepter": "proposer"})


def effective_period(agreement: Agreement, accepted_at: int) -> tuple[int, int]:
    """(start, end) of an agreement accepted at that time; end <= start when it cannot come into force."""
    terms = agreement.terms
    start = max(accepted_at, terms.not_before or accepted_at)
    end = terms.until if terms.until is not None else accepted_at + (terms.duration or 0)
    return start, end
