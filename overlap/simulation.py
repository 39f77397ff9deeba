"""Both parties in one process, over the complete protocol: fresh keys, contract, sealed and signed frames.

Nothing is short-circuited. What a party may not see is not used: each side resolves its own matches, and only
then are the two results joined by their pair tokens, as shares between two real parties are.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from overlap.engine import Engine, Progress
from overlap.exchange import exchange, make_contract
from overlap.identity import (
    CANDIDATE_KINDS,
    CERTAIN_KINDS,
    GROUP_KINDS,
    KINDS,
    MOST,
    NO_VETO,
    ROLES,
    Wanted,
    identify_known,
    know,
    vetoed,
    with_groups,
)
from overlap.ingest import read_accounts
from overlap.keys import PartyKeys, RandomBytes
from overlap.match import Distinct, choose_one, distinct, find_hits, judge, tier_names
from overlap.protocol import Matches, prepared
from overlap.protocol.counts import Count
from overlap.records import ACCOUNT_COLUMNS
from overlap.relation import Holding, with_relation

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


@dataclass(frozen=True)
class _Party:
    accounts: pd.DataFrame
    distinct: Distinct


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
    progress: Progress | None = None,
    processes: int | None = None,
    random: RandomBytes = secrets.token_bytes,
) -> pd.DataFrame:
    """The pairs of accounts that two exports share: columns left_id, right_id, kind, tier, confidence.

    `left` and `right` are exports with the headers of any CRM, or accounts as `read_accounts` gives. Each
    pair stands once, with its best kind; tier and confidence are the lower of both sides'.
    `candidates=False` matches no kind that only makes candidates. `most` bounds the identifiers of an
    account; `veto` names a kind of number that keeps accounts apart when both have one and they differ.
    `aliases` are the alias files of both sides. Raises BadInput when an export cannot be read.

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
        progress=progress,
        processes=processes,
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
    progress: Progress | None = None,
    processes: int | None = None,
    random: RandomBytes = secrets.token_bytes,
) -> Simulation:
    """As `simulate`, with the sizes of everything on the way; with groups where `kinds` has theirs."""
    ours, theirs = (
        _prepare(side, "overlaps", Wanted(tuple(kinds), role, most), veto, progress, processes, known_as)
        for side, role, known_as in zip((left, right), ROLES, aliases, strict=True)
    )
    with Engine(processes, progress) as engine:
        lists = ours.distinct.encoded, theirs.distinct.encoded
        run = exchange(*lists, "overlaps", kinds, engine, random, most, veto)
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
        with Engine(processes) as engine:
            encoded = self._right.distinct.encoded
            self._holder, body = prepared.Holder.prepare(terms, encoded, engine, random)
        self._asker = prepared.Asker.take_preparation(terms, body)
        self.sent = [len(body)]

    def update(self, right: pd.DataFrame) -> None:
        """Make `right` the prepared export. Raises Refused when more changed than was agreed."""
        new = self._identify(right, "responder")
        with Engine(self._processes) as engine:
            body = self._holder.update(new.distinct.encoded, engine, self._random)
        self._asker.take_update(body)
        self._right = new
        self.sent.append(len(body))

    def match(self, left: pd.DataFrame) -> pd.DataFrame:
        """The pairs, as `simulate` gives them."""
        ours = self._identify(left, "starter")
        own, run = ours.distinct.encoded, self._random(16)
        contract = replace(self._contract, prepared=self._asker.state.hex(), queries=self._asker.queries(own))
        with Engine(self._processes) as engine:
            arguments = engine, self._random
            starter = prepared.Starter.begin(contract, run, own, *arguments).over(self._asker)
            responder = prepared.Responder.begin(contract, run, [], *arguments).over(self._holder)
            start = starter.start()
            reply = responder.reply(start)
            finish, found = starter.finish(reply)
            pairs, _ = _pair(ours, self._right, (found, responder.finish(finish)))
        self.sent += map(len, (start, reply, finish))
        return pairs

    def _identify(self, side: pd.DataFrame, role: str) -> _Party:
        return _prepare(side, "overlaps", Wanted(self._kinds, role, MOST), NO_VETO, None, self._processes)


def simulate_counts(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    kinds: Sequence[str] = CERTAIN_KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
    random: RandomBytes = secrets.token_bytes,
) -> int:
    """How many accounts two exports share, by the protocol of level `counts`: a lower bound."""
    ours, theirs = (
        _prepare(side, "counts", Wanted(tuple(kinds), role, MOST), NO_VETO, progress, processes)
        for side, role in zip((left, right), ROLES, strict=True)
    )
    with Engine(processes, progress) as engine:
        run = exchange(ours.distinct.encoded, theirs.distinct.encoded, "counts", kinds, engine, random)
    count: Count = run.responder
    return count.shared


def _prepare(
    side: pd.DataFrame,
    level: str,
    wanted: Wanted,
    veto: str,
    progress: Progress | None,
    processes: int | None,
    aliases: pd.DataFrame | None = None,
) -> _Party:
    accounts = side if tuple(side.columns) == ACCOUNT_COLUMNS else read_accounts(side).frame
    known = know(accounts, aliases)
    found = identify_known(known, wanted.kinds, progress, processes, role=wanted.role, most=wanted.most)
    identifiers = vetoed(found.frame, veto, wanted.role)
    identifiers = with_groups(identifiers, known, wanted.kinds, progress, processes)
    return _Party(accounts, distinct(choose_one(identifiers) if level == "counts" else identifiers))


def _pair(ours: _Party, theirs: _Party, matches: tuple[Matches, Matches]) -> tuple[pd.DataFrame, int]:
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
