"""Both parties in one process, over the complete protocol: fresh keys, contract, sealed and signed frames.

Nothing is short-circuited. What a party may not see is not used: each side resolves its own matches, and only
then are the two results joined by their pair tokens, as shares between two real parties are.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from overlap.amounts import Valued, amounts_of
from overlap.engine import LOCAL, EngineChoice, Progress, open_engine
from overlap.exchange import count_in_room, exchange, make_contract
from overlap.identity import (
    CANDIDATE_KINDS,
    CERTAIN_KINDS,
    GROUP_KINDS,
    KINDS,
    MOST,
    NO_VETO,
    ROLES,
    Wanted,
)
from overlap.ingest import read_opportunities
from overlap.keys import PartyKeys, RandomBytes
from overlap.match import find_hits, judge, tier_names
from overlap.protocol import Amounts, Matches, choose_protocol, prepared
from overlap.protocol.counts import Count
from overlap.protocol.sums import Sum
from overlap.records import OPPORTUNITY_COLUMNS
from overlap.relation import Holding, with_relation
from overlap.sides import Prepared, opened_place, prepare_both, prepare_side

PAIR_COLUMNS: Final = ("left_id", "right_id", "kind", "tier", "confidence")
#: An alias file of each side (records.ALIAS_COLUMNS), left first.
AliasFiles = tuple[pd.DataFrame | None, pd.DataFrame | None]
NO_ALIASES: Final[AliasFiles] = (None, None)

#: Pairs that one identifier may name. Above it (some three hundred accounts on each side with one website) it
#: says nothing about any of them, and the pairs would not fit into memory; they are left out and counted.
MAX_PAIRS_PER_TOKEN: Final = 100_000


@dataclass(frozen=True)
class Simulation:
    """What a simulated run gave.

    `pairs` has `PAIR_COLUMNS`, sorted by both ids; `frames` the bytes of each frame; `accounts`,
    `identifiers` and `matched` one number for each side, left first; `crowded` the identifiers that were left
    out by `MAX_PAIRS_PER_TOKEN`.
    """

    pairs: pd.DataFrame
    frames: tuple[int, ...]
    accounts: tuple[int, int]
    identifiers: tuple[int, int]
    matched: tuple[int, int]
    crowded: int


def simulate(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    candidates: bool = True,
    kinds: Sequence[str] = KINDS,
    most: int = MOST,
    veto: str = NO_VETO,
    groups: bool = False,
    aliases: AliasFiles = NO_ALIASES,
    protocol: str = "dh",
    progress: Progress | None = None,
    processes: int | None = None,
    engine: EngineChoice = LOCAL,
    random: RandomBytes = secrets.token_bytes,
) -> pd.DataFrame:
    """The pairs of accounts that two exports share: columns left_id, right_id, kind, tier, confidence.

    `left` and `right` are exports with the headers of any CRM, or accounts as `read_accounts` gives. Each
    pair stands once, with its best kind; tier and confidence are the lower of both sides'.
    `candidates=False` matches no kind that only makes candidates. `most` bounds the identifiers of an
    account; `veto` names a kind of number that keeps accounts apart when both have one and they differ.
    `aliases` are the alias files of both sides. `engine` says where the work is done; on a cluster too,
    aliases are read here, and vector-OLE runs here. Raises BadInput when an export cannot be read.

    `protocol` is "dh", or "vole" for vector-OLE (experimental) where the left list has 16,384 identifiers.

    `groups=True` adds the pairs that are of one group and not the same company, and the column `relation`:
    "same entity" or "same group". The tier of the latter is "group".
    """
    wanted = kinds if candidates else [kind for kind in kinds if kind not in CANDIDATE_KINDS]
    return simulate_in_full(
        left,
        right,
        kinds=(*wanted, *GROUP_KINDS) if groups else wanted,
        most=most,
        veto=veto,
        aliases=aliases,
        protocol=protocol,
        progress=progress,
        processes=processes,
        engine=engine,
        random=random,
    ).pairs


def simulate_in_full(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    kinds: Sequence[str] = KINDS,
    most: int = MOST,
    veto: str = NO_VETO,
    aliases: AliasFiles = NO_ALIASES,
    protocol: str = "dh",
    progress: Progress | None = None,
    processes: int | None = None,
    engine: EngineChoice = LOCAL,
    random: RandomBytes = secrets.token_bytes,
) -> Simulation:
    """As `simulate`, with the sizes of everything on the way; with groups where `kinds` has theirs."""
    with opened_place(engine, progress, processes) as (opened, place):
        prepare = partial(prepare_side, progress=progress, processes=processes, place=place)
        ours, theirs = (
            prepare(side, "overlaps", Wanted(tuple(kinds), role, most), veto, aliases=known_as)
            for side, role, known_as in zip((left, right), ROLES, aliases, strict=True)
        )
        lists = ours.distinct.encoded, theirs.distinct.encoded
        name = choose_protocol("overlaps", protocol, len(ours.distinct.encoded))
        passage = None if place is None else place.passage_of(name, random)
        run = exchange(*lists, "overlaps", kinds, opened, random, most, veto, name, passage=passage)
    pairs, crowded = _pair(ours, theirs, (run.starter, run.responder))
    left_holding = Holding(ours.accounts["id"], ours.distinct, run.starter)
    right_holding = Holding(theirs.accounts["id"], theirs.distinct, run.responder)
    pairs, more_crowded = with_relation(pairs, left_holding, right_holding, MAX_PAIRS_PER_TOKEN, kinds)
    return Simulation(
        pairs,
        run.frames,
        (len(ours.accounts), len(theirs.accounts)),
        (len(ours.distinct.encoded), len(theirs.distinct.encoded)),
        (len(run.starter.positions), len(run.responder.positions)),
        crowded + more_crowded,
    )


class PreparedSimulation:
    """The right export prepared once, then matched with left ones, by `overlap.protocol.prepared`.

    `left_bound` is the most identifiers of a left export, `right_bound` of a right one; `limits` bound
    changes, updates and runs. Bodies are exchanged without frames. `sent` is the bytes of each, in order.
    """

    def __init__(
        self,
        right: pd.DataFrame,
        left_bound: int,
        right_bound: int,
        limits: prepared.Limits,
        *,
        kinds: Sequence[str] = CERTAIN_KINDS,
        processes: int | None = None,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._kinds, self._processes, self._random = tuple(kinds), processes, random
        cards = [PartyKeys.generate(name, random).card for name in ("left", "right")]
        sides = (cards[0], left_bound), (cards[1], right_bound)
        self._contract = make_contract("overlaps", kinds, *sides, protocol=prepared.PROTOCOL)
        terms = prepared.Preparation.of(self._contract, limits)
        self._right = self._identify(right, "responder")
        with open_engine(processes=processes) as engine:
            encoded = self._right.distinct.encoded
            self._holder, body = prepared.Holder.prepare(terms, encoded, engine, random)
        self._asker = prepared.Asker.take_preparation(terms, body)
        self.sent = [len(body)]

    def update(self, right: pd.DataFrame) -> None:
        """Make `right` the prepared export. Raises Refused when more changed than was agreed."""
        new = self._identify(right, "responder")
        with open_engine(processes=self._processes) as engine:
            body = self._holder.update(new.distinct.encoded, engine, self._random)
        self._asker.take_update(body)
        self._right = new
        self.sent.append(len(body))

    def match(self, left: pd.DataFrame) -> pd.DataFrame:
        """The pairs, as `simulate` gives them."""
        ours = self._identify(left, "starter")
        own, run = ours.distinct.encoded, self._random(16)
        contract = replace(self._contract, prepared=self._asker.state.hex(), queries=self._asker.queries(own))
        with open_engine(processes=self._processes) as engine:
            arguments = engine, self._random
            starter = prepared.Starter.begin(contract, run, own, *arguments).over(self._asker)
            responder = prepared.Responder.begin(contract, run, [], *arguments).over(self._holder)
            start = starter.start()
            reply = responder.reply(start)
            finish, found = starter.finish(reply)
            pairs, _ = _pair(ours, self._right, (found, responder.finish(finish)))
        self.sent += map(len, (start, reply, finish))
        return pairs

    def _identify(self, side: pd.DataFrame, role: str) -> Prepared:
        return prepare_side(side, "overlaps", Wanted(self._kinds, role, MOST), NO_VETO, None, self._processes)


def simulate_counts(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    kinds: Sequence[str] = CERTAIN_KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
    engine: EngineChoice = LOCAL,
    random: RandomBytes = secrets.token_bytes,
) -> int:
    """How many accounts two exports share, by the protocol of level `counts`: a lower bound."""
    with opened_place(engine, progress, processes) as (opened, place):
        ours, theirs = prepare_both((left, right), "counts", kinds, progress, processes, place)
        run = exchange(ours.distinct.encoded, theirs.distinct.encoded, "counts", kinds, opened, random)
    count: Count = run.responder
    return count.shared


def simulate_sum(
    left: pd.DataFrame,
    right: pd.DataFrame,
    amounts: Amounts,
    opportunities: pd.DataFrame | None = None,
    *,
    kinds: Sequence[str] = CERTAIN_KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
    engine: EngineChoice = LOCAL,
    random: RandomBytes = secrets.token_bytes,
) -> tuple[Sum, Valued]:
    """What both sides learn at level `sum`, and what of the right side's amounts went into it.

    The amounts are the right side's, of its accounts or its `opportunities`, an export or a table of
    `OPPORTUNITY_COLUMNS`. Each account counts by one identifier, as at level `counts`. Raises BadInput when
    an export cannot be read, and what `amounts_of` raises.
    """
    if opportunities is not None and tuple(opportunities.columns) != OPPORTUNITY_COLUMNS:
        opportunities = read_opportunities(opportunities).frame
    with opened_place(engine, progress, processes) as (opened, place):
        ours, theirs = prepare_both((left, right), "sum", kinds, progress, processes, place)
        valued = amounts_of(theirs.distinct, theirs.accounts, amounts, opportunities)
        lists = ours.distinct.encoded, theirs.distinct.encoded
        run = exchange(*lists, "sum", kinds, opened, random, amounts=(amounts, valued.values))
    learned: Sum = run.starter
    return learned, valued


def simulate_populations(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    minimum: int = 1,
    epsilon: Fraction = Fraction(1),
    kinds: Sequence[str] = CERTAIN_KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
    engine: EngineChoice = LOCAL,
    random: RandomBytes = secrets.token_bytes,
) -> pd.DataFrame:
    """The counts that a third party tells, one row for each population of either side.

    Columns: left and right (populations) and accounts (Int64), a count with noise, missing where that is
    below `minimum`. Starter, responder and room run in this process, without frames. An identifier that two
    populations of one side have chosen belongs to the first of them.
    """
    with opened_place(engine, progress, processes) as (opened, place):
        sides = prepare_both((left, right), "counts", kinds, progress, processes, place)
        ours, theirs = ((side.distinct.encoded, side.populations) for side in sides)
        told = count_in_room(ours, theirs, minimum, epsilon, kinds, opened, random)
    numbers = [None if number < 0 else number for number in told.numbers]
    frame = pd.DataFrame(list(told.cells), columns=["left", "right"])
    return frame.assign(accounts=pd.array(numbers, dtype="Int64"))


def _pair(ours: Prepared, theirs: Prepared, matches: tuple[Matches, Matches]) -> tuple[pd.DataFrame, int]:
    """The pairs by common tokens, and how many tokens were too crowded.

    A pair needs a token that is telling for both of its accounts. It is judged by what they share with each
    other, once by each side; the worse judgement stands. It is never better than either account's row in its
    own side's overlap.
    """
    whole = [find_hits(party.distinct, side) for party, side in zip((ours, theirs), matches, strict=True)]
    left, right = (hits[hits["telling"]] for hits in whole)
    sizes = left.groupby("token").size().mul(right.groupby("token").size(), fill_value=0)
    crowded = sizes.index[sizes > MAX_PAIRS_PER_TOKEN]
    left = left[~left["token"].isin(crowded)]
    columns = ["token", "account", "position", "tier"]
    shared = left.merge(right[columns], on="token", suffixes=("_left", "_right"))
    shared["rank"] = shared["kind"].map({kind: at for at, kind in enumerate(KINDS)})
    both = ["account_left", "account_right"]
    shared["worse"] = shared[["tier_left", "tier_right"]].max(axis=1)
    shared = shared.sort_values([*both, "worse", "rank"], kind="stable").reset_index(drop=True)
    pairs = shared.drop_duplicates(both).reset_index(drop=True)
    judged = [
        judge(
            shared.assign(position=shared[f"position_{end}"], tier=shared[f"tier_{end}"]),
            both,
            hits,
            party.accounts,
            f"account_{end}",
        )
        for end, hits, party in (("left", whole[0], ours), ("right", whole[1], theirs))
    ]
    result = pd.DataFrame(
        {
            "left_id": ours.accounts["id"].to_numpy()[pairs["account_left"]],
            "right_id": theirs.accounts["id"].to_numpy()[pairs["account_right"]],
            "kind": pairs["kind"],
            "tier": tier_names(np.max([side["tier"].to_numpy() for side in judged], axis=0)),
            "confidence": np.min([side["confidence"].to_numpy() for side in judged], axis=0),
        }
    )
    return result.sort_values(["left_id", "right_id"], kind="stable").reset_index(drop=True), len(crowded)
