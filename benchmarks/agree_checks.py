"""How a case of `agree.py` is played by each protocol, and how what was learned is compared.

The other side of each comparison are Python's sets and loops over the accounts of the case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from random import Random
from unittest import mock

from agree_cases import KIND, Held, hold

from overlap.engine import Engine
from overlap.exchange import Exchange, count_in_room, exchange, make_contract
from overlap.keys import PartyKeys
from overlap.paillier import PrivateKey, generate_key
from overlap.protocol import PROTOCOLS, Amounts, prepared, sums

AMOUNTS = Amounts("revenue", "EUR", 100, 1_000_000, 3)
#: Cases of level sum with one key: making one takes as long as the rest of a case.
CASES_A_KEY = 100
#: The noise is 0 but with a probability of 2 exp(-1000000): the counts are exact. Its distribution is tested
#: in tests/statistical.
NO_NOISE = Fraction(1_000_000)
Sides = tuple[Held, Held]


@dataclass(frozen=True)
class Draw:
    """Where a case takes its randomness from: the seed, its number and the protocol, and nothing else."""

    seed: int
    number: int
    protocol: str

    def source(self, name: str = "") -> Random:
        return Random("/".join(filter(None, (str(self.seed), str(self.number), self.protocol, name))))


def play_alone(draw: Draw, sides: Sides, engine: Engine) -> str:
    """Two parties alone and at once: a whole run with keys, contract and frames."""
    level = PROTOCOLS[draw.protocol].level
    amounts = (AMOUNTS, [amount_of(domain) for domain in sides[1].values]) if level == "sum" else None
    with mock.patch.object(sums, "generate_key", lambda _: _key(draw.seed, draw.number // CASES_A_KEY)):
        run = exchange(
            sides[0].listed.encoded,
            sides[1].listed.encoded,
            level,
            (KIND,),
            engine,
            draw.source().randbytes,
            protocol=draw.protocol,
            amounts=amounts,
        )
    return CHECKS[level](run, sides, set(sides[0].accounts) & set(sides[1].accounts))


@lru_cache(maxsize=1)
def _key(seed: int, hundred: int) -> PrivateKey:
    return generate_key(Random(f"{seed}/key/{hundred}").randbytes)


def amount_of(domain: str) -> int:
    """The amount of a domain, which follows from its name."""
    return AMOUNTS.granule * (int(domain.partition(".")[0], 16) % (AMOUNTS.maximum // AMOUNTS.granule + 1))


def play_room(draw: Draw, sides: Sides, engine: Engine) -> str:
    """Through a third party: up to three populations a side, no noise, and a minimum that is drawn."""
    source = draw.source("populations")
    owners, identifiers = [], []
    for side in sides:
        names = [f"p{at}" for at in range(source.randint(1, 3))]
        chosen = source.choices(names, k=len(side.accounts))
        # A domain that stands twice belongs to the population of its first account.
        owners.append(
            {domain: name for domain, name in reversed(list(zip(side.accounts, chosen, strict=True)))}
        )
        identifiers.append([owners[-1][domain] for domain in side.values])
    minimum = source.choice((1, source.randint(2, 100)))
    left, right = (
        (side.listed.encoded, populations) for side, populations in zip(sides, identifiers, strict=True)
    )
    told = count_in_room(left, right, minimum, NO_NOISE, (KIND,), engine, draw.source().randbytes)
    expected = {(ours, theirs): 0 for ours in owners[0].values() for theirs in owners[1].values()}
    for domain in owners[0].keys() & owners[1].keys():
        expected[owners[0][domain], owners[1][domain]] += 1
    shown = {cell: number if number >= minimum else -1 for cell, number in expected.items()}
    if dict(zip(told.cells, told.numbers, strict=True)) != shown or len(told.cells) != len(shown):
        return f"the room told {told}, and not {shown}"
    return ""


def play_prepared(draw: Draw, sides: Sides, engine: Engine) -> str:
    """A list prepared, asked by a part of the left one, updated, and asked by the whole left one.

    What is prepared is the right side's list without some and with others that are gone after the update.
    Between the steps both sides are written and read again.
    """
    source = draw.source("lists")
    left, right = (list(dict.fromkeys(side.accounts)) for side in sides)
    asked = source.sample(left, source.randint(0, len(left)))
    gone = [f"gone-{at}.com" for at in range(source.randint(0, 20))]
    # Of those that go, some are asked about while they are there.
    asked += gone[: source.randint(0, len(gone))]
    before = source.sample(right, source.randint(0, len(right))) + gone
    bounds = max(len(asked), len(left)), max(len(before), len(right))
    cards = [PartyKeys.generate(name, draw.source(name).randbytes).card for name in ("left", "right")]
    ends = (cards[0], bounds[0]), (cards[1], bounds[1])
    base = make_contract("overlaps", (KIND,), *ends, protocol=prepared.PROTOCOL)
    changes = len(set(before) ^ set(right))
    limits = prepared.Limits(changes, 1, source.randint(0, bounds[0]), 2, 2 * bounds[0])
    first, last = (hold(asked), hold(before)), sides
    random = draw.source().randbytes
    terms = prepared.Preparation.of(base, limits)
    holder, body = prepared.Holder.prepare(terms, first[1].listed.encoded, engine, random)
    asker = prepared.Asker.take_preparation(terms, body)
    for these in (first, last):
        if these is last:
            asker.take_update(holder.update(last[1].listed.encoded, engine, random))
        asker = prepared.Asker.from_bytes(asker.to_bytes(), bytes(asker.tags))
        holder = prepared.Holder.from_bytes(holder.to_bytes(), holder.rows_bytes())
        own, run = these[0].listed.encoded, random(16)
        contract = replace(base, prepared=asker.state.hex(), queries=asker.queries(own))
        starter = prepared.Starter.begin(contract, run, own, engine, random).over(asker)
        responder = prepared.Responder.begin(contract, run, [], engine, random).over(holder)
        finish, ours = starter.finish(responder.reply(starter.start()))
        learned = Exchange(ours, responder.finish(finish), ())
        common = set(these[0].accounts) & set(these[1].accounts)
        if problem := check_overlaps(learned, these, common):
            return f"{'after' if these is last else 'before'} the update: {problem}"
    return ""


def check_overlaps(run: Exchange, sides: Sides, common: set[str]) -> str:
    """Level overlaps: both sides have the common domains, and equal tokens exactly for equal domains."""
    found: list[dict[str, bytes]] = []
    for learned, side in zip((run.starter, run.responder), sides, strict=True):
        values = side.values
        if learned.submitted != len(values) or list(learned.positions) != sorted(set(learned.positions)):
            return "the positions are not those of the list"
        tokens = zip(learned.positions, learned.tokens, strict=True)
        found.append({values[at]: token for at, token in tokens})
        if set(found[-1]) != common:
            return f"{len(set(found[-1]) - common)} too many and {len(common - set(found[-1]))} missing"
        holders = side.listed.holders
        matched = holders.loc[holders["position"].isin(list(learned.positions)), "account"].tolist()
        if sorted(matched) != [at for at, domain in enumerate(side.accounts) if domain in common]:
            return "the accounts that were matched are not those with a common domain"
    if found[0] != found[1] or len(set(found[0].values())) != len(common):
        return "the tokens of the sides differ"
    return ""


def check_counts(run: Exchange, sides: Sides, common: set[str]) -> str:
    """Level counts: both sides have the number of the common domains."""
    for learned, side in zip((run.starter, run.responder), sides, strict=True):
        if (learned.shared, learned.submitted) != (len(common), len(set(side.accounts))):
            return f"{learned.shared} of {learned.submitted} counted"
    return ""


def check_sum(run: Exchange, sides: Sides, common: set[str]) -> str:
    """Level sum: both sides have the number of the common domains and the sum of their amounts."""
    expected = len(common), sum(map(amount_of, common))
    if len(common) < AMOUNTS.minimum:
        expected = -1, -1
    for learned, side in zip((run.starter, run.responder), sides, strict=True):
        if (learned.shared, learned.total) != expected or learned.submitted != len(set(side.accounts)):
            return f"{learned.shared} with a sum of {learned.total}, not {expected}"
    return ""


#: How the result of each level is compared; `common` is what both sides hold.
CHECKS: dict[str, Callable[[Exchange, Sides, set[str]], str]] = {
    "overlaps": check_overlaps,
    "counts": check_counts,
    "sum": check_sum,
}
#: Who plays a protocol in which a third party takes part, or a list is prepared before.
PLAYS: dict[str, Callable[[Draw, Sides, Engine], str]] = {
    "dh-count-room/1": play_room,
    "dh-prepared/1": play_prepared,
}


def play(draw: Draw, sides: Sides, engine: Engine) -> str:
    """The case by the protocol of `draw`: "" or what is wrong."""
    return PLAYS.get(draw.protocol, play_alone)(draw, sides, engine)
