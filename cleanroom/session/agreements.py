"""Agreements: proposed from a policy, signed by both, kept, and found again by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cleanroom.agreement import (
    Agreement,
    Policy,
    Proposal,
    SignedAgreement,
    Software,
    accept,
    describe,
    parse_policy,
    policy_names,
    policy_text,
    propose,
    read_proposal,
    read_signed,
    require_software,
    sign_proposal,
    split_signatures,
)
from cleanroom.moment import moment_of
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from cleanroom.session.runs import all_runs
from overlap import identity
from overlap.errors import BadInput, Refused, UsageError
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
    """The text of a policy: a shipped one by its name, else a file."""
    if policy in policy_names():
        return policy_text(policy)
    if not Path(policy).exists():
        raise BadInput(
            f"there is no policy and no file {policy}", "'overlap agreement policies' lists the shipped ones"
        )
    return read_whole(Path(policy), AGREEMENT_LIMIT)


def propose_agreement(party: Party, partner: str, policy: str, out: Path, size_bound: int = 0) -> Kept:
    """Fill in the policy (a shipped name or a file), sign it, keep it and write it to `out`.

    `size_bound`, when given, replaces the policy's bounds of both sides.
    """
    card = party.verified_card_of(partner)
    text = read_policy(policy)
    if size_bound:
        text = _SIZE_BOUND.sub(f"size_bound = {size_bound}".encode(), text)
    software = own_software(parse_policy(text))
    unsigned = propose(text, party.keys.card, card, software, party.now)
    data = sign_proposal(unsigned, party.keys, party.now)
    kept = _keep_proposal(party, data)
    write_whole(out, data)
    return kept


def read_offer(party: Party, source: Path) -> Shown:
    """What the file `source` proposes, or what both have signed, in plain words."""
    document = _read(read_whole(source, AGREEMENT_LIMIT), _cards(party))
    return Shown(_name(document), isinstance(document, SignedAgreement), describe(document))


def accept_agreement(party: Party, source: Path, out: Path | None) -> Kept:
    """Sign the proposal in `source`, or take in one that both have signed; keep it, and write it to `out`."""
    data = read_whole(source, AGREEMENT_LIMIT)
    document = _read(data, _cards(party))
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
    signed = find_agreement(party, name)
    return Shown(_name(signed), True, describe(signed))


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
        found = [document for document in signed if _name(document).startswith(name)]
    else:
        found = [
            document
            for document in signed
            if document.not_before <= _time_of(party, document.agreement) < document.until
            and (not starter_only or starter_of(document) == party.name)
        ]
    if len(found) == 1:
        return found[0]
    hint = "'overlap agreement list' shows them; name one with --agreement"
    if name:
        raise UsageError("no agreement, or more than one, has an id that begins so", hint)
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


def _cards(party: Party) -> list[Card]:
    return [party.keys.card, *(party.card_of(name) for name in party.partners() if party.is_verified(name))]


def _read(data: bytes, cards: list[Card]) -> Proposal | SignedAgreement:
    _, signatures = split_signatures(data)
    return (read_signed if len(signatures) > 1 else read_proposal)(data, cards)


def _load(party: Party, name: str) -> Proposal | SignedAgreement:
    # Kept agreements were read with confirmed cards. They stay readable when a card is taken out of use.
    cards = [party.keys.card, *(party.card_of(partner) for partner in party.partners())]
    return _read(read_whole(party.folder.path("agreements", f"{name}.toml"), AGREEMENT_LIMIT), cards)


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
    """How many runs the agreement still allows; every run that was begun counts, finished or not."""
    used = sum(record.agreement == signed.file_digest for record in all_runs(party))
    left: int = signed.agreement.terms.run_budget - used
    return max(0, left)
