"""Two parties with real folders and a clock of the test's own, for the tests that play an attacker."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, replace
from functools import cache
from hashlib import shake_256
from pathlib import Path

import pandas as pd

from cleanroom.session import partners
from cleanroom.session.accounts.imports import import_export
from cleanroom.session.agreement import agreements
from cleanroom.session.folder import PARTY_LINE, Folder
from cleanroom.session.match import finishing, matching
from cleanroom.session.match.frames import checkpoint_for
from cleanroom.session.party import Party
from cleanroom.session.share import granting, sharing
from overlap.engine import Engine
from overlap.keys import Card, PartyKeys
from overlap.protocol import Contract, Header, dh, encode_identifier, start_header, write_frame

DAY = 86_400
NOW = 1_800_000_000
SHARED = 6
PURPOSES = '["territory-planning", "attribution"]'
FIELDS = '["name", "website", "population"]'

_POLICY = """format = "overlap-policy/1"
title = "A small agreement"

[proposer]
populations = ["customers"]
{fields}size_bound = 128

[accepter]
populations = ["customers"]
{fields}size_bound = 128

[terms]
level = "{level}"
starter = "proposer"
purposes = {purposes}
not_before = "acceptance"
until = "30 days"
minimum_count = 2
run_budget = {budget}
exportable = {exportable}
candidates = {candidates}
veto = "none"
relations = ["same_entity"]
"""


@cache
def keys_of(name: str) -> PartyKeys:
    """The same keys for the same name: key generation is not what is tested."""
    return PartyKeys.generate(name, lambda size: shake_256(f"{name}{size}".encode()).digest(size))


def rows(*numbers: int) -> pd.DataFrame:
    """One account for each number; the same number is the same company for everybody."""
    return pd.DataFrame(
        {
            "Account ID": [f"A{number}" for number in numbers],
            "Account Name": [f"Company{number} Works" for number in numbers],
            "Website": [f"https://company{number}works.com" for number in numbers],
            "Billing Country": ["Germany" for _ in numbers],
        }
    )


def make_party(root: Path, name: str, accounts: pd.DataFrame, now: int = NOW) -> Party:
    """A party in `root` with imported accounts."""
    folder = Folder(root)
    root.mkdir(parents=True)
    (root / "party").write_bytes(PARTY_LINE + name.encode() + b"\n")
    place = root.with_name(f"{name}.csv")
    accounts.to_csv(place, index=False)
    import_export(folder, place, now)
    return Party(folder, keys_of(name), now)


def introduce(one: Party, other: Party, place: Path) -> None:
    """Each adds the other's card, fingerprint confirmed."""
    for ours, theirs in ((one, other), (other, one)):
        card = place / f"{theirs.name}.card"
        card.write_bytes(theirs.keys.card.to_bytes())
        partners.add_partner(ours, card, theirs.keys.card.fingerprint)


@dataclass
class House:
    """`ours` proposes and starts, `theirs` accepts and responds; files travel through `place`."""

    place: Path
    ours: Party
    theirs: Party

    def at(self, now: int) -> House:
        """The same folders, opened by later commands."""
        opened = (Party(party.folder, party.keys, now) for party in (self.ours, self.theirs))
        return replace(self, **dict(zip(("ours", "theirs"), opened, strict=True)))

    def file(self, name: str) -> Path:
        return self.place / name

    def agree(
        self,
        *,
        level: str = "overlaps",
        budget: int = 5,
        exportable: bool = True,
        fields: str = FIELDS,
        purposes: str = PURPOSES,
    ) -> None:
        shown = "" if level == "counts" else f"fields = {fields}\n"
        policy = self.file("policy.toml")
        allowed = str(exportable and level != "counts").lower()
        candidates = str(level != "counts").lower()
        policy.write_text(
            _POLICY.format(
                fields=shown,
                level=level,
                budget=budget,
                exportable=allowed,
                candidates=candidates,
                purposes=purposes,
            )
        )
        agreements.propose_agreement(self.ours, self.theirs.name, str(policy), self.file("proposal"))
        agreements.accept_agreement(self.theirs, self.file("proposal"), self.file("signed"))
        agreements.accept_agreement(self.ours, self.file("signed"), None)

    def run(self, name: str = "run", agreement: str = "") -> str:
        """One whole run; its files are NAME.start, NAME.reply, NAME.finish."""
        start, reply, finish = (self.file(f"{name}.{step}") for step in ("start", "reply", "finish"))
        step = matching.start_match(self.ours, agreement, start)
        matching.reply_match(self.theirs, start, reply)
        finishing.finish_match(self.ours, reply, finish)
        finishing.finish_match(self.theirs, finish, None)
        return step.run

    def grant(self, name: str = "share") -> str:
        """`ours` grants a share of the newest run."""
        return granting.grant_share(self.ours, "", self.file(name)).share

    def request(self, purpose: str = "territory-planning", name: str = "share") -> None:
        sharing.request_lease(self.theirs, self.file(name), purpose, self.file("request"))

    def lease(self) -> None:
        granting.answer_request(self.ours, self.file("request"), self.file("lease"))

    def open(self) -> None:
        sharing.open_share(self.theirs, self.file("lease"))


def make_house(place: Path) -> House:
    """Northwind with companies 0 to 11, Fabrikam with 6 to 17: six are shared."""
    ours = make_party(place / "ours", "northwind", rows(*range(12)))
    theirs = make_party(place / "theirs", "fabrikam", rows(*range(12 - SHARED, 24 - SHARED)))
    introduce(ours, theirs, place)
    return House(place, ours, theirs)


def forge_start(
    contract: Contract, sender: Party, recipient: Party, text: bytes | None = None, run: bytes = b""
) -> bytes:
    """A start frame that a modified tool of `sender` makes; `text` stands in the place of the contract's.

    `run` is the name that it gives the run, by default a new one.
    """
    run = run or sender.random(16)
    identifiers = [encode_identifier("domain", f"company{number}works.com") for number in range(20)]
    with Engine(1) as engine:
        elements = dh.Starter.begin(contract, run, identifiers, engine, sender.random).start()
    text = contract.to_bytes() if text is None else text
    body = len(text).to_bytes(8, "big") + text + elements
    header = replace(
        start_header(contract, run, checkpoint_for(sender, recipient.name), sender.now),
        sender=sender.keys.card.digest.hex(),
        recipient=recipient.keys.card.digest.hex(),
    )
    return frame_file(header, body, sender.keys, recipient.keys.card)


def frame_file(header: Header, body: bytes, sender: PartyKeys, recipient: Card) -> bytes:
    """A frame as bytes."""
    out = io.BytesIO()
    write_frame(header, [body], sender, recipient, secrets.token_bytes, out)
    return out.getvalue()
