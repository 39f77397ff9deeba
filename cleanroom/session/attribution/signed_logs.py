"""Signed action logs: a partner signs what it did, the vendor countersigns it or says what it contests.

The files stay where they are written: our log with the partner commits to each by its digest, and the folder
keeps none, so that nothing of an account that is forgotten stays in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cleanroom.attribution import actions
from cleanroom.moment import moment_of
from cleanroom.receipts import (
    ACTION_ANSWER,
    ACTION_LOG,
    STATEMENT_LIMIT_BYTES,
    countersign,
    outline,
    read_statement,
    sign_statement,
    statement_digest,
)
from cleanroom.session.accounts.imports import own_accounts, own_table
from cleanroom.session.attribution.action_log import keep_action, own_actions
from cleanroom.session.attribution.instants import day_in_window
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap.errors import ForgedFile, UsageError, WrongRun
from overlap.ingest import read_actions
from overlap.keys import Card
from overlap.records import OURS, THEIRS


@dataclass(frozen=True)
class Answered:
    """What a vendor made of a partner's log: `state` is countersigned or contested, `taken` the ids under
    which lines went into our log, `untaken` by reason how many could not."""

    partner: str
    log: str
    lines: int
    state: str
    contested: tuple[actions.Contested, ...]
    taken: list[str]
    untaken: dict[str, int]


@dataclass(frozen=True)
class Verified:
    """A file about a log whose signatures hold: what it is (log, countersigned, contested), and by whom.

    `log` is the digest of the log's statement, `vendor` that of its vendor's card ("" in an answer).
    `out_of_use` says which of the signers' cards are no longer in use, and since when: from then on whoever
    has the old keys could have signed."""

    what: str
    signers: list[str]
    log: str
    vendor: str
    since: str
    until: str
    lines: int
    contested: tuple[actions.Contested, ...]
    out_of_use: list[str]


def sign_log(
    party: Party, source: Path, vendor: str, out: Path, since: str = "", until: str = "", zone: str = ""
) -> actions.ActionLog:
    """Read our own log of what we did for one vendor, sign it for that vendor, and write it.

    The file is given and not taken from the folder, where nothing says which vendor an action was for.
    UsageError for rows that are no usable actions of one partner.
    """
    card = party.verified_card_of(vendor)
    for text in (since, until):
        day_in_window(text)
    table = read_actions(source, zone=zone)
    frame = table.frame
    if table.rejected or (frame["date"] == "").any() or (frame["direction"] == OURS).any():
        raise UsageError(
            "the file has rows that are no actions of ours with a day that can be read",
            "sign what you stand by: take these rows out, or correct them",
        )
    if len({one.strip().casefold() for one in frame["partner"] if one.strip()}) > 1:
        raise UsageError("the file has actions of several partners", "sign what you did yourself")
    log = actions.make_log(_rows(frame), card.digest.hex(), party.now, since, until)
    data = sign_statement(ACTION_LOG, log.subject, log.predicate, party.keys)
    party.note(vendor, "agreement", action_log=statement_digest(data))
    write_whole(out, data)
    return log


def answer_log(party: Party, source: Path, out: Path, *, take: bool = False, owner: str = "") -> Answered:
    """Verify a partner's log, compare it with ours of the same days, and write our answer.

    Where both say the same, that is the log with our signature; else a statement of the lines that we
    contest. With `take` the lines that only the partner has are logged first, as of now, and `owner` confirms
    them.
    """
    if take != bool(owner):
        raise UsageError("somebody of us confirms the lines that are taken", "give --take and --owner")
    data = read_whole(source, STATEMENT_LIMIT_BYTES)
    partner, log = _received(party, data)
    digest = statement_digest(data).hex()
    taken, untaken = _take(party, partner, log, digest, owner) if take else ([], {})
    found = _differences(party, partner, log)
    answer = actions.answer_log(digest, party.now, found)
    if found:
        made = sign_statement(ACTION_ANSWER, answer.subject, answer.predicate, party.keys)
    else:
        made = countersign(data, [party.verified_card_of(partner)], ACTION_LOG, party.keys)
    party.note(partner, "agreement", action_log=statement_digest(made))
    write_whole(out, made)
    state = "contested" if found else "countersigned"
    return Answered(partner, digest, len(log.lines), state, answer.contested, taken, untaken)


def verify_log(party: Party, source: Path, signed: Path | None = None) -> Verified:
    """Check a signed log, a countersigned one, or an answer, by the cards here.

    `signed` is the log that the partner signed, to which the answer belongs. ForgedFile for a false file,
    WrongRun for one about another log or of another vendor.
    """
    found, signer = _verified(party, source)
    if signed is not None:
        log, _ = _verified(party, signed)
        if log.what != "log" or found.log != log.log or found.what == "log" or signer != log.vendor:
            raise WrongRun(
                "the file is no answer to this log by its vendor", "ask the vendor for the file again"
            )
    return found


def _verified(party: Party, source: Path) -> tuple[Verified, str]:
    """What a file says, and the digest (hex) of the card that signed last."""
    data = read_whole(source, STATEMENT_LIMIT_BYTES)
    said = outline(data)
    cards = [_card(party, signer) for signer in said.signers]
    names = [card.party for card in cards]
    ends = ((card.party, party.end_of_card(card.digest.hex())) for card in cards)
    old = [f"the card of {name} until {moment_of(end)}" for name, end in ends if end is not None]
    if said.predicate_type == ACTION_ANSWER:
        statement = read_statement(data, cards, ACTION_ANSWER)
        answer = actions.read_answer(statement.predicate, statement.subject)
        if len(cards) != 1:
            raise ForgedFile("an answer to an action log has one signature", "ask for the file again")
        found = Verified("contested", names, answer.log, "", "", "", 0, answer.contested, old)
        return found, said.signers[-1]
    statement = read_statement(data, cards, ACTION_LOG)
    log = actions.read_log(statement.predicate, statement.subject)
    # The log says for which vendor it is, and nobody else can countersign it.
    if len(cards) > 2 or (len(cards) == 2 and cards[1].digest.hex() != log.vendor):
        raise ForgedFile(
            "the action log is countersigned by another than its vendor", "ask for the file again"
        )
    what = "countersigned" if len(cards) == 2 else "log"
    digest, days, lines = statement.digest.hex(), (log.since, log.until), len(log.lines)
    return Verified(what, names, digest, log.vendor, *days, lines, (), old), said.signers[-1]


def _received(party: Party, data: bytes) -> tuple[str, actions.ActionLog]:
    """Who signed a log for us, and the log."""
    said = outline(data)
    if len(said.signers) != 1 or said.predicate_type != ACTION_LOG:
        raise ForgedFile(
            "this is not an action log that a partner alone has signed",
            "'overlap actions verify' says what it is",
        )
    partner = party.partner_with(said.signers[0])
    statement = read_statement(data, [party.verified_card_of(partner)], ACTION_LOG)
    log = actions.read_log(statement.predicate, statement.subject)
    if log.vendor != party.keys.card.digest.hex():
        raise WrongRun("the action log was signed for another vendor, or for an old card of ours",
                       "ask the partner to sign it for our present card")  # fmt: skip
    party.time_with(partner, log.made)
    return partner, log


def _differences(party: Party, partner: str, log: actions.ActionLog) -> list[actions.Difference]:
    book = rule_book(party.folder)
    name = book.partner(partner)
    ours = [
        row
        for row in _rows(own_actions(party.folder))
        if book.partner(row["partner"]) == name and log.since <= row["date"][:10] <= log.until
    ]
    theirs = [{**line, "partner": partner} for line in log.lines]
    return actions.compare_actions(ours, theirs, book.partner)


def _take(
    party: Party, partner: str, log: actions.ActionLog, digest: str, owner: str
) -> tuple[list[str], dict[str, int]]:
    """Log every line that we do not have, as of now; the ids, and how many were left by reason."""
    only = {one.theirs for one in _differences(party, partner, log) if one.code == "only-theirs"}
    types = rule_book(party.folder).newest.types
    deals, accounts = own_table(party.folder, "opportunities"), own_accounts(party.folder)
    known = {
        "opportunity_id": set(deals["id"]) if deals is not None else set(),
        "account_id": set(accounts["id"]),
    }
    now, taken = moment_of(party.now), []
    untaken: dict[str, int] = {}
    for number, line in enumerate(log.lines):
        if line["id"] not in only:
            continue
        kind = types.get(actions.plain_type(line["type"]))
        places = [name for name in known if line[name]]
        reason = (
            "unknown-type" if kind is None
            else "unknown-subject" if any(line[name] not in known[name] for name in places)
            else "future-date" if line["date"] > now
            else ""
        )  # fmt: skip
        if kind is None or reason:
            untaken[reason] = untaken.get(reason, 0) + 1
            continue
        made = f"P{digest[:16]}{number:05}"
        fields = {name: line[name] for name in actions.LINE_FIELDS if name != "id"}
        row = {**fields, "type": kind.name, "partner": partner, "owner": owner, "logged": now}
        row |= {"source": f"signed log {digest[:16]}", "direction": THEIRS}
        row |= dict.fromkeys(("responded", "looped_back", "outcome"), "")
        taken.append(keep_action(party, made, row, kind).id)
    return taken, untaken


def _card(party: Party, digest: str) -> Card:
    """A card by which a statement may be read: ours or a verified partner's, now or before."""
    retired = next((one for one in party.retired_cards() if one.card.digest.hex() == digest), None)
    if retired is not None:
        if retired.card.party != party.name:
            party.verified_card_of(retired.card.party)
        return retired.card
    if digest == party.keys.card.digest.hex():
        return party.keys.card
    return party.verified_card_of(party.partner_with(digest))


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    rows: Sequence[dict[Any, Any]] = frame.to_dict("records")
    return [{str(name): str(value) for name, value in row.items()} for row in rows]
