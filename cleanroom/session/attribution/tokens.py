"""Referral tokens of a vendor: made, redeemed into an origin action, counted.

attribution/tokens/ID   a token that was made, and the actions into which it was redeemed
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import actions
from cleanroom.moment import moment_of
from cleanroom.session.attribution.action_log import (
    Logged,
    file_digest,
    has_action,
    keep_action,
    menu_type,
    read_action,
    require_account,
)
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import Folder, read_whole, write_whole
from cleanroom.session.history import own_history
from cleanroom.session.party import Party
from overlap.errors import BadInput, Expired, Refused, UsageError
from overlap.records import THEIRS

_PLACE: Final = ("attribution", "tokens")
_DAY: Final = 86_400


@dataclass(frozen=True)
class ListedToken:
    """A token as listed; `state` is open, used up or ended."""

    id: str
    partner: str
    type: str
    state: str
    used: int
    uses: int
    until: str


def make_referral(party: Party, partner: str, kind: str, days: int, uses: int, out: Path) -> actions.Token:
    """Make a token for a partner, good for so many days from now, and write it to `out`."""
    rules = rule_book(party.folder).newest
    chosen = menu_type(rules, kind)
    if chosen.kind != "origin":
        raise UsageError("a referral brings a deal, and this type has another class", _origins(party))
    token, data = actions.make_token(
        party.keys, partner, chosen.name, party.now, party.now + days * _DAY, uses, party.random
    )
    party.folder.write_record({"token": asdict(token), "redeemed": []}, *_PLACE, token.id)
    write_whole(out, data)
    return token


def redeem_referral(
    party: Party, source: Path, account: str, owner: str, proof: str = "", proof_file: Path | None = None
) -> Logged:
    """Redeem a token for one own account: an origin action of today. Refused when it is used up or ended."""
    cards = (party.keys.card, *(one.card for one in own_history(party.folder)))
    token = actions.read_token(read_whole(source, actions.TOKEN_LIMIT_BYTES), cards)
    if not party.folder.path(*_PLACE, token.id).is_file():
        raise BadInput("the folder does not know this token", "restore the folder from a backup")
    record = party.folder.read_record(*_PLACE, token.id)
    if party.now >= token.until:
        raise Expired("the referral token has ended", "make a new one with 'overlap actions token make'")
    if party.now < token.made:
        raise Refused("the referral token was made later than now", "check the clock of this machine")
    used = _used(party.folder, record)
    _note_uses(party, record, used)
    if used >= token.uses:
        raise Refused("the referral token is used up", "make a new one with 'overlap actions token make'")
    require_account(party.folder, account)
    if account in _brought(party.folder, token.id, used):
        raise Refused(
            "the referral token was redeemed for this account already", "a referral brings an account once"
        )
    kind = menu_type(rule_book(party.folder).newest, token.type)
    said = f"referral {token.id} {proof}".strip()
    if proof_file is not None:
        said += f" sha256:{file_digest(proof_file)}"
    moment = moment_of(party.now)
    row = {
        "opportunity_id": "",
        "account_id": account,
        "partner": token.partner,
        "type": kind.name,
        "date": moment,
        "proof": said,
        "owner": owner,
        "next_step": "",
        "role": "source",
        "due": "",
        "logged": moment,
        "responded": "",
        "looped_back": "",
        "source": "referral token",
        "direction": THEIRS,
        "outcome": "",
    }
    logged = keep_action(party, _action(token.id, used), row, kind)
    # A command that is killed here leaves the action without its use, which `_used` counts all the same.
    _note_uses(party, party.folder.read_record(*_PLACE, token.id), used + 1)
    return logged


def list_referrals(party: Party) -> list[ListedToken]:
    """Every token that was made, the oldest first."""
    records = [party.folder.read_record(*_PLACE, name) for name in party.folder.names(*_PLACE)]
    ordered = sorted(records, key=lambda one: (one["token"]["made"], one["token"]["id"]))
    return [_listed(party, one) for one in ordered]


def _action(token: str, use: int) -> str:
    """The id of the action that a use makes; uses are counted from 0."""
    return f"R{token}{use:04}"


def _used(folder: Folder, record: dict[str, Any]) -> int:
    """How many uses of a token there were: those written down, and those that have their action only."""
    used = len(record["redeemed"])
    while has_action(folder, _action(record["token"]["id"], used)):
        used += 1
    return used


def _note_uses(party: Party, record: dict[str, Any], used: int) -> None:
    """Write down all uses up to this one."""
    token, known = record["token"]["id"], record["redeemed"]
    new = [{"action": _action(token, use), "time": party.now} for use in range(len(known), used)]
    if new:
        party.folder.write_record({**record, "redeemed": [*known, *new]}, *_PLACE, token)


def _brought(folder: Folder, token: str, used: int) -> set[str]:
    """The accounts for which a token was redeemed, but for those forgotten since."""
    names = (_action(token, use) for use in range(used))
    return {read_action(folder, name)["account_id"] for name in names if has_action(folder, name)}


def _listed(party: Party, record: dict[str, Any]) -> ListedToken:
    token, used = actions.Token(**record["token"]), _used(party.folder, record)
    state = "ended" if party.now >= token.until else "used up" if used >= token.uses else "open"
    return ListedToken(token.id, token.partner, token.type, state, used, token.uses, moment_of(token.until))


def _origins(party: Party) -> str:
    rules = rule_book(party.folder).newest
    names = [one.name for one in rules.menu if one.kind == "origin"]
    return f"types that bring a deal: {', '.join(names)}"
