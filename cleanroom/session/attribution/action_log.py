"""Actions logged by command, beside those that were imported, and what was answered on either.

attribution/actions/ID     one action, as a record; `logged` is the second of the command
attribution/answers/NAME   when we responded to an action and looped back; NAME is a digest of what it says
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cleanroom.attribution import actions, classification
from cleanroom.export import write_csv
from cleanroom.moment import moment_of
from cleanroom.session.accounts.imports import deal_named, own_accounts, own_table
from cleanroom.session.attribution.answers import answer_action, with_answers
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import Folder, open_file, write_whole
from cleanroom.session.party import Party
from overlap.errors import UsageError
from overlap.ingest import read_actions
from overlap.records import ACTION_COLUMNS, OURS, THEIRS

_PLACE: Final = ("attribution", "actions")

#: Where an action was recorded that a command logged.
COMMAND: Final = "command"
#: The type of a lead that we sent a partner; no rules look at it.
LEAD_TYPE: Final = "reverse-referral"

#: Bytes of a document that proves an action.
PROOF_FILE_LIMIT: Final = 2**30


@dataclass(frozen=True)
class Logged:
    """An action as logged: its id and the fields of ACTION_COLUMNS; `warnings` say what it lacks."""

    id: str
    fields: dict[str, str]
    warnings: list[str]


@dataclass(frozen=True)
class NewAction:
    """What the command was given; empty where nothing was."""

    partner: str
    type: str
    date: str
    opportunity_id: str = ""
    account_id: str = ""
    proof: str = ""
    owner: str = ""
    next_step: str = ""
    role: str = ""
    due: str = ""
    source: str = COMMAND
    direction: str = THEIRS


def log_action(party: Party, new: NewAction, proof_file: Path | None = None, zone: str = "") -> Logged:
    """Keep one action, logged now. Raises UsageError for a type outside the menu or a day that is none."""
    rules = rule_book(party.folder).newest
    kind = menu_type(rules, new.type)
    made = f"L{party.random(8).hex()}"
    return keep_action(party, made, _row_of(party, replace(new, type=kind.name), proof_file, zone), kind)


def log_lead(party: Party, new: NewAction, proof_file: Path | None = None, zone: str = "") -> Logged:
    """Keep one lead that we sent a partner: it is of our direction, and no status or pay looks at it."""
    party.folder.require_party()
    new = replace(new, type=LEAD_TYPE, direction=OURS, date=new.date or moment_of(party.now))
    made, row = f"S{party.random(8).hex()}", _row_of(party, new, proof_file, zone)
    party.folder.write_record(row, *_PLACE, made)
    return Logged(made, row, [])


def _row_of(party: Party, new: NewAction, proof_file: Path | None, zone: str) -> dict[str, str]:
    """The fields of an action that is logged now."""
    new = _about(party.folder, new)
    fields = asdict(new)
    if proof_file is not None:
        fields["proof"] = f"{new.proof} sha256:{file_digest(proof_file)}".strip()
    # What a file of actions goes through, so does this one.
    table = read_actions(pd.DataFrame([fields]), zone=zone)
    if table.rejected or table.unreadable:
        reason = table.rejected[0].reason if table.rejected else "a date cannot be read"
        raise UsageError(reason, "write days as 2026-05-03, times as 2026-05-03T10:00:00Z")
    row = {name: str(table.frame[name].iloc[0]) for name in ACTION_COLUMNS if name not in ("row", "id")}
    row["logged"] = moment_of(party.now)
    if row["date"] > row["logged"]:
        raise UsageError("an action is logged once it has happened", "check --date and the clock")
    return row


def keep_action(party: Party, made: str, row: dict[str, str], kind: actions.ActionType) -> Logged:
    """Write the record of one action."""
    party.folder.write_record(row, *_PLACE, made)
    missing = actions.missing_of(row, kind)
    warnings = (
        [f"its type requires: {', '.join(missing)}; without it the claim is disputed"] if missing else []
    )
    return Logged(made, row, warnings)


def has_action(folder: Folder, name: str) -> bool:
    """Whether an action of that id was logged by command, and not forgotten since."""
    return folder.path(*_PLACE, name).is_file()


def read_action(folder: Folder, name: str) -> dict[str, str]:
    """The fields of an action that was logged by command."""
    return folder.read_record(*_PLACE, name)


def menu_type(rules: classification.Rules, text: str) -> actions.ActionType:
    """The type of the menu with that name; UsageError, with the menu, for any other."""
    kind = rules.types.get(actions.plain_type(text))
    if kind is None:
        raise UsageError("this type is not in the menu", f"choose one of {', '.join(rules.types)}")
    return kind


def logged_actions(folder: Folder) -> list[dict[str, str]]:
    """The actions logged by command, by id."""
    return [{"id": name, **folder.read_record(*_PLACE, name)} for name in folder.names(*_PLACE)]


def own_actions(folder: Folder) -> pd.DataFrame:
    """What partners did, imported and logged, as ACTION_COLUMNS; what we sent a partner is not among it."""
    return actions.by_partners(all_actions(folder))


def all_actions(folder: Folder) -> pd.DataFrame:
    """All actions here, imported and logged, in both directions; logged ones have row 0."""
    imported = own_table(folder, "actions")
    logged = pd.DataFrame([{"row": 0, **one} for one in logged_actions(folder)], columns=list(ACTION_COLUMNS))
    tables = [one for one in (imported, logged) if one is not None and len(one)]
    whole = pd.concat(tables, ignore_index=True) if tables else logged
    whole = whole.reindex(columns=list(ACTION_COLUMNS)).fillna("")
    whole = whole.astype({name: "int64" if name == "row" else "str" for name in ACTION_COLUMNS})
    return with_answers(folder, whole)


def answer_introduction(
    party: Party, action: str, what: str, on: str = "", zone: str = "", outcome: str = ""
) -> dict[str, str]:
    """Keep that we responded to an introduction, or told the partner what came of it: now, or at `on`.

    `what` is "responded" or "looped_back". Of a lead that we sent it is the partner who did so, and told us
    its `outcome`. Raises UsageError for any other action.
    """
    menu = rule_book(party.folder).newest.menu
    origins = tuple(one.name for one in menu if one.kind == "origin")
    return answer_action(
        party, all_actions(party.folder), origins, action, what, on=on, zone=zone, outcome=outcome
    )


def list_actions(party: Party, partner: str = "", out: Path | None = None) -> list[dict[str, Any]]:
    """All actions here, in both directions, of one partner or of all, the newest last; `out` gets a CSV."""
    book = rule_book(party.folder)
    rows = all_actions(party.folder).to_dict("records")
    wanted = book.partner(partner) if partner else ""
    chosen = [
        {str(name): value for name, value in row.items()}
        for row in rows
        if not wanted or book.partner(row["partner"]) == wanted
    ]
    chosen.sort(key=lambda row: (row["date"], row["id"]))
    if out is not None:
        columns = ACTION_COLUMNS[1:]
        lines = [[row[name] for name in columns] for row in chosen]
        write_whole(out, write_csv("actions", "actions", columns, lines, line_end="\n").content)
    return chosen


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file of any kind; BadInput when it cannot be read."""
    with open_file(path, PROOF_FILE_LIMIT, "give the document that proves the action") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _about(folder: Folder, new: NewAction) -> NewAction:
    """The action about an imported opportunity or account; the opportunity's id is completed (15 of 18)."""
    if bool(new.opportunity_id) == bool(new.account_id):
        raise UsageError(
            "an action is about one opportunity, or one account", "give --opportunity or --account"
        )
    if new.opportunity_id:
        deals = own_table(folder, "opportunities")
        ids = deals["id"] if deals is not None else ()
        return replace(new, opportunity_id=deal_named(ids, new.opportunity_id))
    require_account(folder, new.account_id)
    return new


def require_account(folder: Folder, account: str) -> None:
    """Return when an imported account has this id, else UsageError."""
    if not (own_accounts(folder)["id"] == account).any():
        raise UsageError("no imported account has this id", "import the accounts first")
