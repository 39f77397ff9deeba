"""The vendor's opportunities, what partners did on them, and its territories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from cleanroom.demo.accounts import Account
from cleanroom.demo.words import Words

#: What a partner can do on an opportunity, in the order in which a deal usually sees it.
ACTION_TYPES: Final = (
    "introduction",
    "joint_discovery",
    "demo",
    "recommendation",
    "security_review",
    "implementation_scoping",
)
_STAGES: Final = ("Qualification", "Needs Analysis", "Proposal", "Negotiation")
_NEXT_STEPS: Final = ("joint account plan", "share reference", "executive call", "scope the pilot", "")


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One deal; `closed` is the planned day while `status` is "open". `amount` is whole currency units."""

    id: str
    account: Account
    name: str
    stage: str
    status: str
    amount: int
    currency: str
    created: date
    closed: date
    owner: str
    type: str


@dataclass(frozen=True, slots=True)
class Action:
    """What `partner` did on an opportunity, with the reference that proves it ("" when nobody kept one)."""

    id: str
    opportunity: Opportunity
    partner: str
    type: str
    day: date
    proof: str
    owner: str
    next_step: str
    role: str


def open_deals(
    accounts: Sequence[Account], make_id: Callable[[], str], today: date, words: Words, rng: Random
) -> list[Opportunity]:
    """Won deals of customers, open ones of open opportunities, some lost ones of prospects."""
    deals = []
    for account in accounts:
        for status in _statuses(account.population, rng):
            deals.append(_deal(account, status, make_id(), today=today, words=words, rng=rng))
    return deals


def _statuses(population: str, rng: Random) -> tuple[str, ...]:
    draw = rng.random()
    if population == "customers":
        return (
            ("won", "won")
            if draw < 0.1
            else ("won",)
            if draw < 0.6
            else ("won", "open")
            if draw < 0.7
            else ()
        )
    if population == "open_opportunities":
        return ("open", "open") if draw < 0.1 else ("open",)
    return ("lost",) if draw < 0.12 else ()


def _deal(
    account: Account, status: str, identifier: str, *, today: date, words: Words, rng: Random
) -> Opportunity:
    cycle = timedelta(days=rng.randrange(8, 90))
    if status == "open":
        created = today - timedelta(days=rng.randrange(1, 200))
        closed = today + cycle
    else:
        closed = today - timedelta(days=1 + int(360 * rng.random() ** 2))
        created = closed - cycle
    kind = "New Business" if status != "won" or rng.random() < 0.7 else rng.choice(("Renewal", "Expansion"))
    return Opportunity(
        id=identifier,
        account=account,
        name=f"{account.company.brand} - {kind} {created.year}",
        stage={"won": "Closed Won", "lost": "Closed Lost"}.get(status) or rng.choice(_STAGES),
        status=status,
        amount=rng.randrange(4, 400) * 500,
        currency={"GB": "GBP", "US": "USD", "CA": "USD", "AU": "USD"}.get(
            account.company.country.code, "EUR"
        ),
        created=created,
        closed=closed,
        owner=rng.choice(words.owners),
        type=kind,
    )


def note_actions(
    deals: Sequence[Opportunity],
    holders: Mapping[int, Sequence[str]],
    make_id: Callable[[], str],
    *,
    today: date,
    words: Words,
    rng: Random,
) -> list[Action]:
    """What partners did: those that hold the deal's company (`holders`, by its number), and a few others."""
    actions = []
    for deal in deals:
        for partner in holders.get(deal.account.company.number, ()):
            if deal.status != "lost" and rng.random() < 0.5:
                actions += [
                    _action(deal, partner, make_id(), today=today, words=words, rng=rng)
                    for _ in range(rng.choice((1, 1, 2, 3)))
                ]
        if rng.random() < 0.01:
            actions.append(_action(deal, "an outside adviser", make_id(), today=today, words=words, rng=rng))
    return actions


def _action(
    deal: Opportunity, partner: str, identifier: str, *, today: date, words: Words, rng: Random
) -> Action:
    place = rng.randrange(len(ACTION_TYPES))
    span = (min(deal.closed, today) - deal.created).days
    day = deal.created + timedelta(days=int(span * (place + rng.random()) / len(ACTION_TYPES)))
    proof = f"{rng.choice(('note', 'meeting', 'mail', 'plan'))} {rng.randrange(1000, 9999)}"
    return Action(
        id=identifier,
        opportunity=deal,
        partner=partner,
        type=ACTION_TYPES[place],
        day=day,
        proof=proof if rng.random() < 0.85 else "",
        owner=rng.choice(words.owners) if rng.random() < 0.9 else "",
        next_step=rng.choice(_NEXT_STEPS),
        role="source" if place == 0 and rng.random() < 0.5 else "influence",
    )
