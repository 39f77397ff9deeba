"""One side of a run as tables, made by hand: what the tests of reviews decide about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from cleanroom.receipts import REVIEW, read_statement
from cleanroom.review import (
    Announced,
    Decision,
    Memory,
    ReleaseState,
    decide_row,
    read_announced,
    release_rows,
    write_announced,
)
from overlap.keys import PartyKeys

KINDS = ("lei", "domain", "name_country", "name")
RUN = "0a" * 16

Identifier = tuple[str, str]


def token_of(name: Identifier, run: str = RUN) -> str:
    """The pair token of an identifier in a run; both sides derive the same."""
    return hashlib.sha256(f"{run} {name}".encode()).hexdigest()[:32]


def domain(value: str) -> Identifier:
    return ("domain", value)


@dataclass
class Side:
    """Own accounts with their matched identifiers, best first, the tier of each, and what is remembered."""

    accounts: Mapping[str, Sequence[Identifier]]
    tiers: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    run: str = RUN
    heard: str = ""

    def tokens(self) -> pd.DataFrame:
        held = [name for names in self.accounts.values() for name in names]
        rows = [
            {
                "account": at, "token": token_of(name, self.run), "kind": name[0], "value": name[1],
                "held_by": held.count(name),
                "telling": name[0] != "name" or all(kind == "name" for kind, _ in names),
            }
            for at, names in enumerate(self.accounts.values()) for name in names
        ]  # fmt: skip
        columns = ["account", "token", "kind", "value", "held_by", "telling"]
        return pd.DataFrame(rows, columns=columns).astype({"telling": bool})

    def overlap(self) -> pd.DataFrame:
        rows = [
            (at, token_of(names[0], self.run), names[0][0], self.tiers.get(name, "candidate"), 0.5, 0)
            for at, (name, names) in enumerate(self.accounts.items())
        ]
        return pd.DataFrame(rows, columns=["account", "token", "kind", "tier", "confidence", "rivals"])

    @property
    def state(self) -> ReleaseState:
        return release_rows(self.overlap(), self.tokens(), list(self.accounts), KINDS, self.memory)

    @property
    def review(self) -> dict[str, str]:
        """Account id to its review state."""
        ids = list(self.accounts)
        rows = self.state.rows
        return {ids[at]: word for at, word in zip(rows["account"], rows["review"], strict=True)}

    def released(self) -> set[str]:
        ids = list(self.accounts)
        return {ids[at] for at in self.state.released["account"]}

    def decide(self, word: str, account: str) -> None:
        """As the session does it; raises Refused."""
        state, tokens = self.state, self.tokens()
        place = list(self.accounts).index(account)
        rows = tokens[(tokens["account"] == place) & tokens["telling"]]
        names = tuple(zip(rows["kind"], rows["value"], strict=True))
        theirs = {state.theirs[token].verdict for token in rows["token"] if token in state.theirs}
        before = state.own.get(place)
        changed = decide_row(
            word,
            Decision(account, "", names, 0, self.memory.taken, self.run, 0),
            before[0] if before else None,
            disputed=self.review[account] == "disputed",
            partner_disputes=bool(theirs & {"dispute", "withdraw"}),
            next_letter=self.memory.sent + 1,
        )
        self.memory = self.memory.decided({account: changed})

    def letter(self, keys: PartyKeys) -> bytes:
        """The signed statement of the next letter."""
        self.memory = replace(self.memory, sent=self.memory.sent + 1)
        announced = Announced(self.run, self.memory.sent, self.memory.taken, self.state.ours)
        return write_announced(announced, "11" * 32, bytes(32), keys)

    def take(self, letter: bytes, keys: PartyKeys) -> None:
        """Take in a letter that `keys` signed."""
        statement = read_statement(letter, [keys.card], REVIEW)
        names = {token_of(name, self.run): name for names in self.accounts.values() for name in names}
        self.memory = self.memory.taking(read_announced(statement), statement.digest.hex(), names)

    def next_run(self, run: str = "0b" * 16, **accounts: Sequence[Identifier]) -> Side:
        """The same party in a later run, with those accounts changed."""
        return Side({**self.accounts, **accounts}, self.tiers, self.memory, run)


def exchange(one: Side, other: Side, keys: Sequence[PartyKeys]) -> None:
    """Each sends the other a letter and takes the other's in."""
    first, second = one.letter(keys[0]), other.letter(keys[1])
    other.take(first, keys[0])
    one.take(second, keys[1])
