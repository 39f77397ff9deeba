"""A commission plan as it is used: rules, bands, splits, caps, funds, and what must be agreed beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from cleanroom.attribution.payouts.money import Exact

__all__ = ["PLAN_LINE", "Band", "Cap", "Holdback", "Partner", "Plan", "Rule", "Split"]

PLAN_LINE: Final = 'format = "overlap-plan/1"'

#: What a rule may be. `fee` is a commission for partners that do not resell; `co-op` and `mdf` fill a fund.
RULE_TYPES: Final = ("commission", "fee", "spiff", "rebate", "co-op", "mdf")
FUND_TYPES: Final = ("co-op", "mdf")
TIERS: Final = ("marginal", "cliff")
SPANS: Final = ("deal", "period", "quarter", "half", "year", "lifetime")
SPLITS: Final = ("fixed", "points", "equal", "parent")
BASES: Final = ("bookings", "acv", "tcv", "mrr", "collected", "margin")
TRIGGERS: Final = ("booked", "invoiced", "paid")
PARTNER_TYPES: Final = ("agent", "consultant", "distributor", "influencer", "referral", "reseller")
#: Partners of these types sell: an influence fee is not for them.
RESELLING: Final = ("distributor", "reseller")
#: Kinds with a meaning of their own; all others are words that the rules name.
REVERSALS: Final = ("refund", "cancel")
FUND_STEPS: Final = ("fund:request", "fund:approve", "fund:claim", "fund:pay", "fund:reject")


@dataclass(frozen=True, slots=True)
class Band:
    """From `low` (minor units, or points of a fund) on: a share, or of a fund an amount of minor units."""

    low: Exact
    rate: Fraction = Fraction(0)
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Cap:
    """The most a rule pays, in minor units; None is no cap."""

    deal: int | None = None
    period: int | None = None
    lifetime: int | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """How one amount is parted: by fixed shares of kinds, points of kinds, equally, or with the parent."""

    by: str
    weights: Mapping[str, Exact] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    parent: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Holdback:
    """The `share` that is paid later: after `days`, or when the deal has an event of the kind `until`."""

    share: Fraction
    days: int = 0
    until: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """What the plan says about a partner."""

    id: str
    type: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: which events it takes, and how it pays. Amounts are minor units of the plan's currency."""

    id: str
    type: str
    kinds: tuple[str, ...]
    products: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    partner_types: frozenset[str] = frozenset()
    not_partner_types: frozenset[str] = frozenset()
    start: int | None = None
    end: int | None = None
    instead_of: frozenset[str] = frozenset()
    rate: Fraction = Fraction(0)
    bands: tuple[Band, ...] = ()
    #: Bands of partners that have a quota of their own.
    own_bands: Mapping[str, tuple[Band, ...]] = field(default_factory=dict)
    tiers: str = "marginal"
    over: str = "period"
    amount: int = 0
    once_per: str = ""
    accrue: Fraction | None = None
    cap: Cap = Cap()
    split: Split | None = None
    holdback: Holdback | None = None
    hold_days: int = 0
    pays_in: str = "plan"
    points: Mapping[str, int] = field(default_factory=dict)
    expires_days: int | None = None

    @property
    def is_capped(self) -> bool:
        """Whether it has any cap."""
        cap = self.cap
        return cap.deal is not None or cap.period is not None or cap.lifetime is not None

    @property
    def is_fund(self) -> bool:
        """Whether it fills a fund and pays nobody."""
        return self.type in FUND_TYPES

    @property
    def needs_types(self) -> bool:
        """Whether it asks what type a partner is."""
        return bool(self.partner_types or self.not_partner_types)

    @property
    def watched(self) -> frozenset[str]:
        """Kinds of events that it looks at beside those that it pays for."""
        parted = self.split.kinds if self.split else ()
        released = (self.holdback.until,) if self.holdback and self.holdback.until else ()
        return frozenset((*parted, *released))


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan; days are half-open, [start, end). `digest` (hex) is over the file's bytes."""

    name: str
    version: int
    digest: str
    currency: str
    exponent: int
    base: str
    trigger: str
    start: int
    end: int
    period: str
    rules: tuple[Rule, ...]
    partners: Mapping[str, Partner]
    lock_days: int
    pay_days: int
    minimum: int
    dispute_days: int
    answer_days: int
    decides: str
    clawback_days: int | None
    approves: tuple[str, ...] = ("approver",)
    overrides: tuple[str, ...] = ("approver",)
    company_since: int | None = None
    fx_days_back: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)

    def rule(self, name: str) -> Rule | None:
        """The rule of that id."""
        return next((rule for rule in self.rules if rule.id == name), None)
