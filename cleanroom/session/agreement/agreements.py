"""Agreements: proposed from a policy, signed by both, kept, and found again by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from cleanroom.agreement import (
    Agreement,
    Policy,
    Proposal,
    SignedAgreement,
    Software,
    accept,
    compare,
    describe,
    parse_policy,
    propose,
    read_proposal,
    read_signed,
    renewal_policy,
    require_software,
    sign_proposal,
    split_signatures,
    with_proposer,
)
from cleanroom.moment import moment_of
from cleanroom.session.agreement.policy_files import read_text, require_known_presets
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import all_runs
from cleanroom.session.party import Party
from cleanroom.session.room.rooms import room_card_of, room_cards
from overlap import identity
from overlap.errors import Refused, UsageError
from overlap.keys import Card
from overlap.protocol import PREPARED, ROOM_COUNTS, choose_protocol

#: An agreement is text that a person reads; the format's own limit is the same.
AGREEMENT_LIMIT = 64 * 1024

_SIZE_BOUND = re.compile(rb"(?m)^size_bound = [0-9_]+$")


@dataclass(frozen=True)
class Kept:
    """An agreement as listed. `state` is proposed, in force, not yet, or ended; times are RFC 3339."""

    id: str
    partner: str
    level: str
    state: str
    not_before: str
    until: str
    runs_left: int
    digest: str


@dataclass(frozen=True)
class Shown:
    """An agreement in plain words; `complete` when both have signed."""

    id: str
    complete: bool
    lines: list[str]


def own_software(document: Policy | Agreement) -> Software:
    """What this machine matches with under the terms of a document."""
    terms = document.terms
    starter = {"proposer": document.proposer, "accepter": document.accepter}[terms.starter]
    level = "overlaps" if terms.level == "all" else terms.level
    chosen = choose_protocol(level, terms.protocol, starter.size_bound)
    if terms.counting is not None:
        chosen = ROOM_COUNTS
    kinds = identity.kinds_for(candidates=terms.candidates, groups="same_group" in terms.relations)
    return Software(
        protocol=PREPARED if terms.prepared else chosen,
        kinds=kinds,
        false_hits=tuple(identity.KIND[kind].wrong for kind in kinds),
        most=identity.MOST,
        normaliser=identity.NORMALISER,
        normaliser_digest=identity.normaliser_digest(),
        data_digest=identity.data_digest(),
    )


def read_policy(policy: str) -> bytes:
    """The text of a policy: a shipped one by its name, else a file; every known preset is looked up."""
    return read_text(policy)


def propose_agreement(
    party: Party,
    partner: str,
    policy: str,
    out: Path,
    size_bound: int = 0,
    *,
    presets: Path | None = None,
    room: str = "",
) -> Kept:
    """Fill in the policy (a shipped name, a file, or a sharing file), sign it, keep it and write it to `out`.

    `size_bound`, when given, replaces the policy's bounds of both sides; `presets` is a file of presets of
    our own; `room` is a room that was joined, or a verified partner, where the policy asks for one.
    """
    party.verified_card_of(partner)
    text = read_text(policy, partner, presets)
    if size_bound:
        text = _SIZE_BOUND.sub(f"size_bound = {size_bound}".encode(), text)
    require_known_presets(text)
    return sign_and_keep(party, partner, text, out, room_card_of(party, room) if room else None)


def renew_agreement(party: Party, name: str, out: Path, until: str = "") -> Kept:
    """Propose an agreement once more, with ourselves as the proposer; sign it, keep it, write it to `out`.

    `name` is an agreement that both have signed, in force or ended. The terms stay, also where the policy or
    a preset has been edited since; `until` is a new end. Our present cards and software are named.
    """
    old = find_agreement(party, name)
    partner = partner_of(party, old.agreement)
    party.verified_card_of(partner)
    text = renewal_policy(old.agreement, party.name, until)
    named = old.agreement.room
    room = room_card_of(party, named.party) if named else None
    return sign_and_keep(party, partner, text, out, room, old.digest)


def sign_and_keep(
    party: Party, partner: str, policy: bytes, out: Path, room: Card | None, renews: str = ""
) -> Kept:
    """Make a proposal to a verified partner from the text of a policy, keep it and write it to `out`."""
    card = party.verified_card_of(partner)
    software = own_software(parse_policy(policy))
    unsigned = propose(policy, party.keys.card, card, software, party.now, room=room, renews=renews)
    data = sign_proposal(unsigned, party.keys, party.now)
    kept = _keep_proposal(party, data)
    write_whole(out, data)
    return kept


def read_offer(party: Party, source: Path) -> Shown:
    """What the file `source` proposes, or what both have signed, in plain words."""
    document = _read(read_whole(source, AGREEMENT_LIMIT), _cards(party))
    return _shown(party, document)


def accept_agreement(party: Party, source: Path, out: Path | None) -> Kept:
    """Sign the proposal in `source`, or take in one that both have signed; keep it, and write it to `out`."""
    data = read_whole(source, AGREEMENT_LIMIT)
    document = _read(data, _cards(party))
    if document.agreement.renews and _renewed(party, document) is None:
        raise Refused(
            "the agreement that this one renews is not here",
            "take that one in with 'overlap agreement accept', or ask for a proposal that renews nothing",
        )
    if not isinstance(document, SignedAgreement):
        if out is None:
            raise UsageError("an accepted agreement goes back to the proposer", "give --out FILE")
        software = own_software(document.agreement)
        data = accept(data, _cards(party), software, party.keys, party.now)
        document = read_signed(data, _cards(party))
    _keep_signed(party, document, data)
    if out is not None:
        write_whole(out, data)
    return _listed(party, document)


def check_agreement(party: Party, name: str) -> Kept:
    """The agreement, after checking signatures, our software, and that it is in force now."""
    signed = find_agreement(party, name)
    require_software(signed.agreement, own_software(signed.agreement))
    kept = _listed(party, signed)
    if kept.state != "in force":
        raise Refused(f"the agreement is {kept.state}", f"it holds from {kept.not_before} until {kept.until}")
    return kept


def show_agreement(party: Party, name: str) -> Shown:
    """An agreement, by id or file, in plain words."""
    if Path(name).is_file():
        return read_offer(party, Path(name))
    return _shown(party, find_agreement(party, name))


def list_agreements(party: Party) -> list[Kept]:
    """All agreements kept here, proposals included."""
    documents = [_load(party, name) for name in party.folder.names("agreements", suffix=".toml")]
    return [_listed(party, document) for document in documents]


def find_agreement(party: Party, name: str = "", *, starter_only: bool = False) -> SignedAgreement:
    """The signed agreement of that id (or its unambiguous beginning); without a name the only one in force.

    `starter_only` looks among those whose runs we start. Raises UsageError when none or several fit.
    """
    documents = [_load(party, known) for known in party.folder.names("agreements", suffix=".toml")]
    signed = [document for document in documents if isinstance(document, SignedAgreement)]
    if name:
        return only_one(signed, name, _name, "agreement", "'overlap agreement list' shows the ids")
    found = [
        document
        for document in signed
        if document.not_before <= _time_of(party, document.agreement) < document.until
        and (not starter_only or starter_of(document) == party.name)
    ]
    # A renewal that is in force takes the place of the agreement that it renews.
    renewed = {document.agreement.renews for document in found}
    found = [document for document in found if document.digest not in renewed]
    if len(found) == 1:
        return found[0]
    hint = "'overlap agreement list' shows them; name one with --agreement"
    if starter_only and not found and find_in_force(party):
        raise Refused("the other party starts the runs of our agreements", "wait for its start frame")
    raise UsageError(f"{len(found) or 'no'} agreements are in force here", hint)


def find_in_force(party: Party) -> list[SignedAgreement]:
    """Every signed agreement that is in force now."""
    return [
        signed
        for partner in party.partners()
        for signed in agreements_with(party, partner)
        if signed.not_before <= _time_of(party, signed.agreement) < signed.until
    ]


def agreement_with_digest(party: Party, file_digest: str) -> SignedAgreement:
    """The kept agreement that a contract names; Refused when it is not here."""
    for name in party.folder.names("agreements", suffix=".toml"):
        document = _load(party, name)
        if isinstance(document, SignedAgreement) and document.file_digest == file_digest:
            return document
    raise Refused(
        "the file refers to an agreement that is not here",
        "take in the agreement signed by both with 'overlap agreement accept'",
    )


def agreements_with(party: Party, partner: str) -> list[SignedAgreement]:
    """The signed agreements with one partner, the newest acceptance first."""
    documents = [_load(party, name) for name in party.folder.names("agreements", suffix=".toml")]
    signed = [
        d for d in documents if isinstance(d, SignedAgreement) and partner_of(party, d.agreement) == partner
    ]
    return sorted(signed, key=lambda document: -document.accepted_at)


def agreement_name(signed: SignedAgreement) -> str:
    """The short id under which an agreement is listed and kept."""
    return _name(signed)


def starter_of(signed: SignedAgreement) -> str:
    """The party that starts each run."""
    return signed.agreement.side(signed.agreement.terms.starter).party


def partner_of(party: Party, agreement: Agreement) -> str:
    """The other party of the agreement."""
    other = agreement.accepter if agreement.proposer.party == party.name else agreement.proposer
    return other.party


def _shown(party: Party, document: Proposal | SignedAgreement) -> Shown:
    lines = describe(document)
    if document.agreement.renews:
        lines += _renewal_lines(_renewed(party, document), document.agreement)
    return Shown(_name(document), isinstance(document, SignedAgreement), lines)


def _renewed(party: Party, document: Proposal | SignedAgreement) -> SignedAgreement | None:
    """The agreement of the same two parties that this one says it renews, None when it is not here."""
    known = agreements_with(party, partner_of(party, document.agreement))
    return next((signed for signed in known if signed.digest == document.agreement.renews), None)


def _renewal_lines(old: SignedAgreement | None, new: Agreement) -> list[str]:
    if old is None:
        return ["the agreement that it renews is not here, so nothing can be compared with it"]
    changes = compare(with_proposer(old.agreement, new.proposer.party), new)
    if not changes:
        return ["it allows what the agreement that it renews allowed, for a new period"]
    return ["of the agreement that it renews, this changes:", *(f"  {change}" for change in changes)]


def partner_in(party: Party, source: Path) -> str:
    """The other party of a proposal or agreement in a file. Raises BadInput, BadPeerFile or Unverified."""
    document = _read(read_whole(source, AGREEMENT_LIMIT), _cards(party))
    return partner_of(party, document.agreement)


def _cards(party: Party) -> list[Card]:
    verified = [party.card_of(name) for name in party.partners() if party.is_verified(name)]
    return [party.keys.card, *verified, *room_cards(party)]


def _read(data: bytes, cards: list[Card]) -> Proposal | SignedAgreement:
    _, signatures = split_signatures(data)
    return (read_signed if len(signatures) > 1 else read_proposal)(data, cards)


def _load(party: Party, name: str) -> Proposal | SignedAgreement:
    # Kept agreements were read with confirmed cards. They stay readable when a card is taken out of use,
    # and end with the first of their cards that is replaced or revoked.
    data = read_whole(party.folder.path("agreements", f"{name}.toml"), AGREEMENT_LIMIT)
    document = _read(data, [*party.known_cards(), *room_cards(party)])
    sides = document.agreement.proposer, document.agreement.accepter
    ends = [end for side in sides if (end := party.end_of_card(side.card)) is not None]
    if ends and isinstance(document, SignedAgreement):
        return replace(document, until=min(document.until, *ends))
    return document


def _keep_proposal(party: Party, data: bytes) -> Kept:
    proposal = read_proposal(data, _cards(party))
    write_whole(party.folder.path("agreements", f"{_name(proposal)}.toml"), data)
    return _listed(party, proposal)


def _keep_signed(party: Party, signed: SignedAgreement, data: bytes) -> None:
    place = party.folder.path("agreements", f"{_name(signed)}.toml")
    if place.is_file():
        before = _load(party, _name(signed))
        if isinstance(before, SignedAgreement):
            if before.file_digest != signed.file_digest:
                raise Refused(
                    "this agreement was accepted before, at another time",
                    "keep the first acceptance; propose a new agreement to change the end",
                )
            return
    partner = partner_of(party, signed.agreement)
    days = (signed.until - signed.not_before) // 86_400
    party.note(partner, "agreement", agreement=bytes.fromhex(signed.file_digest), days=days)
    write_whole(place, data)


def _name(document: Proposal | SignedAgreement) -> str:
    agreement = document.agreement
    return f"{agreement.proposer.party}-{agreement.accepter.party}-{document.digest[:8]}"


def _listed(party: Party, document: Proposal | SignedAgreement) -> Kept:
    agreement = document.agreement
    name, partner = _name(document), partner_of(party, agreement)
    if not isinstance(document, SignedAgreement):
        return Kept(name, partner, agreement.terms.level, "proposed", "", "", 0, document.digest)
    now = _time_of(party, agreement)
    state = "in force" if document.not_before <= now < document.until else "ended"
    if now < document.not_before:
        state = "not yet in force"
    left = runs_left(party, document)
    begin, end = moment_of(document.not_before), moment_of(document.until)
    return Kept(name, partner, agreement.terms.level, state, begin, end, left, document.digest)


def _time_of(party: Party, agreement: Agreement) -> int:
    """The time by which an agreement is in force: a clock set back behind the log brings none to life."""
    return party.time_with(partner_of(party, agreement))


def runs_left(party: Party, signed: SignedAgreement) -> int:
    """How many runs the agreement still allows now; every run that was begun counts, finished or not.

    With a `budget_period` those count that were begun within the last one: after exactly that many seconds a
    run counts no more.
    """
    terms = signed.agreement.terms
    # A clock that was set back begins no new period: the log's time never goes back, and runs count by it.
    since = _time_of(party, signed.agreement) - terms.budget_period if terms.budget_period else -1
    used = sum(record.agreement == signed.file_digest and record.begun > since for record in all_runs(party))
    return max(0, terms.run_budget - used)
