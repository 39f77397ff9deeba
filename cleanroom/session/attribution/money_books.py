"""The money ledger in a party's folder: read whole, appended to, durable after each act."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cleanroom.attribution import ledger, payouts
from cleanroom.durable import sync_folder
from cleanroom.log import commitment
from cleanroom.session.attribution.money_seal import check_seal, put_seal
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap.errors import BadInput, Refused, UsageError, WrongPassphrase
from overlap.keys import PartyKeys

#: Bytes of a ledger: years of a large programme.
LEDGER_LIMIT = 2**32

PLACE = ("money", "ledger")

_DAY = 86_400
_RESTORE = "restore the ledger from a backup"
#: Entries that a person signs.
_SIGNED = ("confirmation", "decision", "override", "plan", "run")


class MoneyBooks:
    """The ledger of a party and what it adds up to; `add` takes an entry in and writes it.

    `stage` takes it in alone, so that the next may follow from it; `commit` writes what was staged.
    """

    def __init__(self, party: Party, *, recompute: bool = False) -> None:
        self.party = party
        self._path = party.folder.path(*PLACE)
        self.entries: list[ledger.Entry] = []
        if self._path.is_file():
            data = read_whole(self._path, LEDGER_LIMIT)
            # Read before anything is cut off: an emptied or replaced file is no ledger without entries.
            self.entries = ledger.read_ledger(data[: data.rfind(b"\n") + 1])
            self._mend(data)
        if not check_seal(party, self.entries):
            put_seal(party, self.entries)  # A killed command wrote some of what it had sealed, or nothing.
        self.books = ledger.replay(self.entries, recompute=recompute)
        self._staged: list[ledger.Entry] = []

    @property
    def head(self) -> str:
        """The digest of the last entry, hex."""
        return ledger.head_of(self.entries)

    def add(self, kind: str, body: Mapping[str, Any]) -> ledger.Entry:
        """Append an entry now; it is on disk when this returns. Nothing is written when it cannot follow."""
        entry = self.stage(kind, body)
        self.commit()
        return entry

    def stage(self, kind: str, body: Mapping[str, Any]) -> ledger.Entry:
        """Take in the entry that follows, and write nothing yet."""
        last = self.entries[-1].time if self.entries else 0
        entry = ledger.make_entry(self.head, len(self.entries), max(self.party.now, last), kind, body)
        self.books.apply(entry)
        self.entries.append(entry)
        self._staged.append(entry)
        return entry

    def commit(self) -> None:
        """Append what was staged; it is on disk when this returns."""
        put_seal(self.party, self.entries[: len(self.entries) - len(self._staged)], self._staged)
        if not self._path.is_file():
            write_whole(self._path, ledger.LEDGER_LINE + b"\n")
        with self._path.open("ab") as file:
            file.write(b"".join(entry.line + b"\n" for entry in self._staged))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)
        self._staged.clear()
        put_seal(self.party, self.entries)

    def note_head(self, partner: str, digest: bytes) -> None:
        """Say in the log kept with a partner which statement it got, and where the ledger stood."""
        if partner in self.party.partners():
            self.party.note(partner, "export", files=1, ledger=bytes.fromhex(self.head), statement=digest)

    def plan_today(self) -> payouts.Plan:
        """The version of the plan in force today, else the newest; UsageError while none is adopted."""
        versions = self.books.versions()
        plan = self.books.plan_on(self.party.now // _DAY) or (versions[-1] if versions else None)
        if plan is None:
            raise UsageError("no plan is adopted", "run 'overlap pay adopt PLAN.toml --as KEY' first")
        return plan

    def check_heads(self) -> None:
        """Return when every head that a statement was noted with is one of this ledger; else BadInput.

        So a ledger that was cut short, or made anew, is found by the logs that partners hold checkpoints of.
        """
        heads = [bytes.fromhex(one.digest) for one in reversed(self.entries)]
        for partner in self.party.partners():
            if not self.party.folder.path("logs", f"{partner}.log").is_file():
                continue
            log = self.party.log(partner)
            for noted in log.entries():
                digest = noted.digests.get("ledger") if noted.kind == "export" else None
                if digest is None:
                    continue
                salt = log.salt(noted.sequence)
                if not any(commitment(salt, "ledger", head).hex() == digest for head in heads):
                    raise BadInput(
                        f"the ledger is not the one that a statement for '{partner}' was made from", _RESTORE
                    )

    def _mend(self, data: bytes) -> None:
        """Cut off an entry that a killed command has left half-written."""
        if not data.endswith(b"\n"):
            os.truncate(self._path, data.rfind(b"\n") + 1)


def open_disputes(party: Party) -> list[tuple[str, str]]:
    """(deal, partner) of every open dispute in the ledger of this folder."""
    return MoneyBooks(party).books.open_disputes() if party.folder.path(*PLACE).is_file() else []


def line_named(books: ledger.Books, name: str) -> ledger.LineState:
    """The line whose id begins so; UsageError when none or several do."""
    lines = books.lines.items() if name else ()
    hint = "a statement names its lines; give more digits"
    return only_one(lines, name, lambda one: one[0], "line", hint)[1]


def sign_act(
    books: ledger.Books, keys: PartyKeys, kind: str, body: dict[str, Any], roles: tuple[str, ...]
) -> dict[str, Any]:
    """The body with its signature by an approver who has one of the roles; Refused for anybody else."""
    known = books.approvers.get(keys.party)
    if known is None or known["key"] != keys.card.signing.hex():
        raise Refused(
            "this key is of nobody whom the ledger knows", "add the person with 'overlap pay approver'"
        )
    if not set(known["roles"]) & set(roles):
        raise Refused(
            f"'{keys.party}' may not do this: it takes the role {' or '.join(roles)}",
            "the plan's sections [rights] and [disputes] say who may",
        )
    body = body | {"by": keys.party}
    return body | {"signature": keys.sign_raw("signing", ledger.signed_message(kind, body)).hex()}


def check_signatures(entries: list[ledger.Entry]) -> int:
    """How many acts are signed; ForgedFile or BadInput when one is not by a person who may do it.

    The chain alone can be made anew by whoever can write the file; what people sign cannot.
    """
    books = ledger.Books()
    count = 0
    for entry in entries:
        if entry.kind == "approver" and entry.body["name"] in books.approvers:
            raise BadInput("an approver's key was replaced", _RESTORE)
        if entry.kind in _SIGNED:
            known = books.approvers.get(str(entry.body.get("by", "")))
            if known is None or "signature" not in entry.body:
                raise BadInput("an act is signed by nobody whom the ledger knows", _RESTORE)
            ledger.check_signature(entry.kind, entry.body, str(known["key"]))
            if not set(known["roles"]) & set(_roles(books, entry)):
                raise BadInput("an act is signed by somebody who may not do it", _RESTORE)
            count += 1
        books.apply(entry)
    return count


def _roles(books: ledger.Books, entry: ledger.Entry) -> tuple[str, ...]:
    """The roles that an act takes, by the plan of its day; () where one person acts as two."""
    day = entry.time // _DAY
    if entry.kind == "plan":
        return (books.plan_on(day) or payouts.read_plan(str(entry.body["text"]).encode())).approves
    if entry.kind == "decision":
        return (books.plans[books.disputes[str(entry.body["dispute"])].plan].decides,)
    plan = books.plan_on(day) or books.versions()[-1]
    if entry.kind == "run":
        return plan.approves
    if entry.kind == "confirmation" and books.overrides[entry.body["override"]]["by"] == entry.body["by"]:
        return ()
    return plan.overrides


def read_key(source: Path, passphrase: str) -> PartyKeys:
    """The key of an approver in a file. Raises BadInput, MalformedFile or WrongPassphrase."""
    try:
        return PartyKeys.from_locked(read_whole(source, 65_536), passphrase)
    except WrongPassphrase as error:
        hint = "check OVERLAP_KEY_PASSPHRASE or --key-passphrase-file, and that --as names an approver's key"
        raise WrongPassphrase(error.what, hint) from None
