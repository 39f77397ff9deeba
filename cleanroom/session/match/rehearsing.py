"""A run before it is made: what would go into it, what is left out and why, which fields could leave later.

Nothing is blinded, charged, logged or written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Final

from cleanroom.agreement import Request, SignedAgreement, build_contract, decide, require_software
from cleanroom.session.agreement.agreements import (
    agreement_name,
    find_agreement,
    own_software,
    partner_of,
    runs_left,
    starter_of,
)
from cleanroom.session.attribution.claim_roots import own_claim_root, received_claim_root
from cleanroom.session.match.frames import received_frame
from cleanroom.session.match.matching import agreed_contract
from cleanroom.session.match.pairing import cells_of, is_whole
from cleanroom.session.match.prepared_lists import PreparedList, ask_list
from cleanroom.session.match.runs import OPEN_STATES, all_runs
from cleanroom.session.match.submitting import Submitted, agreed_pairs, require_budget, submit
from cleanroom.session.party import Party
from cleanroom.session.room.room_counting import require_room
from overlap import match
from overlap.engine import Progress
from overlap.errors import Refused, UsageError
from overlap.protocol import Contract, check_header, read_contract

#: What may be shown by each action that shows fields of ours.
_SCOPES: Final = {"grant": "matched", "disclose": "all"}


@dataclass(frozen=True)
class Leaving:
    """Own fields of one population that may be shown for one purpose, after a run and a grant.

    `scope` is "matched", or "all" where every account of the population may be shown, matched or not.
    """

    population: str
    purpose: str
    fields: list[str]
    scope: str


@dataclass
class Rehearsal:
    """What a run would be. Where it would be refused, `refused` says why, and counts may be 0.

    `identifiers` are those of `accounts`, by kind in `kinds`, without `planted`; all count inside `bound`.
    `pairs` are the cells of populations that may meet, ours first; empty for each with each. `digest` is that
    of the agreement's text, `file_digest` with the signatures. `ends` counts open runs that would end.
    """

    agreement: str
    digest: str
    file_digest: str
    partner: str
    role: str
    level: str
    populations: list[str]
    their_populations: list[str]
    pairs: list[tuple[list[str], list[str]]]
    bound: int
    runs_left: int
    ends: int
    leaving: list[Leaving]
    accounts: int = 0
    identifiers: int = 0
    planted: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    private: int = 0
    restricted: int = 0
    rules: str = ""
    dropped: list[tuple[str, str, int]] = field(default_factory=list)
    refused: str = ""
    hint: str = ""

    def require_allowed(self) -> None:
        """Return when the run would be made; Refused with the reason otherwise."""
        if self.refused:
            raise Refused(self.refused, self.hint)


def rehearse_start(party: Party, agreement: str, progress: Progress | None = None) -> Rehearsal:
    """What 'match start' would do under an agreement, which is named as there."""
    signed = find_agreement(party, agreement, starter_only=not agreement)
    partner = partner_of(party, signed.agreement)
    roots = {party.name: own_claim_root(party), partner: received_claim_root(party, partner)}
    contract = build_contract(signed, roots)
    rehearsal = _of_terms(party, signed, contract, "starter")

    def submitted() -> Submitted:
        party.verified_card_of(partner)
        if starter_of(signed) != party.name:
            raise Refused(f"{partner} starts runs under this agreement", "ask them to begin")
        require_software(signed.agreement, own_software(signed.agreement))
        _require_room(party, contract)
        require_budget(party, signed)
        made = submit(party, signed, contract, progress, rehearsing=True)
        if signed.agreement.terms.prepared:
            ask_list(PreparedList(party, signed), contract, made.encoded)
        return made

    return _with_list(rehearsal, submitted)


def rehearse_reply(party: Party, source: Path, progress: Progress | None = None) -> Rehearsal:
    """What 'match reply' would do with a start frame; UsageError for a frame of a run that goes on."""
    with received_frame(party, source) as frame:
        known = any(record.run == frame.header.run for record in all_runs(party))
        if known or frame.header.step != "start":
            raise UsageError("this run goes on already, with the list it began with", "leave --dry-run out")
        signed, contract = agreed_contract(party, frame.partner, read_contract(frame.body))
        check_header(frame.header, contract, "start")
    rehearsal = _of_terms(party, signed, contract, "responder")

    def submitted() -> Submitted:
        _require_room(party, contract)
        require_budget(party, signed)
        if contract.prepared:
            return PreparedList(party, signed).submitted(rehearsing=True)
        return submit(party, signed, contract, progress, rehearsing=True)

    return _with_list(rehearsal, submitted)


def _of_terms(party: Party, signed: SignedAgreement, contract: Contract, role: str) -> Rehearsal:
    agreement = signed.agreement
    ours = agreement.role_of(party.name) or ""
    theirs = "accepter" if ours == "proposer" else "proposer"
    partner, pairs = partner_of(party, agreement), agreed_pairs(signed)
    whole = is_whole(pairs, agreement.proposer.populations, agreement.accepter.populations)
    open_runs = [one for one in all_runs(party) if one.partner == partner and one.state in OPEN_STATES]
    return Rehearsal(
        agreement_name(signed),
        signed.digest,
        signed.file_digest,
        partner,
        role,
        agreement.terms.level,
        list(agreement.side(ours).populations),
        list(agreement.side(theirs).populations),
        [] if whole else [(list(cell.side(ours)), list(cell.side(theirs))) for cell in cells_of(pairs)],
        (contract.starter if role == "starter" else contract.responder).size_bound,
        runs_left(party, signed),
        len(open_runs),
        _leaving(party, signed),
    )


def _with_list(rehearsal: Rehearsal, make: Callable[[], Submitted]) -> Rehearsal:
    try:
        submitted = make()
    except Refused as refused:
        rehearsal.refused, rehearsal.hint = refused.what, refused.hint
        return rehearsal
    kinds = match.distinct(submitted.identifiers).frame["kind"].value_counts(sort=False)
    rehearsal.kinds = {str(kind): int(count) for kind, count in kinds.items()}
    rehearsal.accounts = len(submitted.accounts)
    rehearsal.identifiers = sum(rehearsal.kinds.values())
    rehearsal.planted = len(submitted.encoded) - rehearsal.identifiers
    rehearsal.private, rehearsal.restricted = submitted.left_out.private, submitted.left_out.restricted
    rehearsal.rules, rehearsal.dropped = submitted.left_out.rules, submitted.dropped
    return rehearsal


def _leaving(party: Party, signed: SignedAgreement) -> list[Leaving]:
    """Every own field that the agreement lets us show, as it decides now, or at its start when that comes."""
    agreement = signed.agreement
    side = agreement.side(agreement.role_of(party.name) or "")
    now = max(party.time_with(partner_of(party, agreement)), signed.not_before)
    found = []
    for action, population, purpose in product(_SCOPES, side.populations, agreement.terms.purposes):
        allowed = [
            name
            for name in side.fields
            if decide(signed, Request(action, party.name, name, population, purpose), now).allowed
        ]
        if allowed:
            found.append(Leaving(population, purpose, allowed, _SCOPES[action]))
    return found


def _require_room(party: Party, contract: Contract) -> None:
    """Refused when the room that counts in the run is not one that we can reach under a confirmed card."""
    try:
        require_room(party, contract)
    except UsageError as error:
        raise Refused(error.what, error.hint) from error
