"""Claims terms: proposed as TOML, signed by both as a statement, kept for each partner."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cleanroom.attribution import TERMS_LIMIT, Terms, claims_origin, read_head, read_terms
from cleanroom.log import Note
from cleanroom.moment import moment_of
from cleanroom.receipts import (
    CLAIMS_TERMS,
    countersign,
    outline,
    read_statement,
    sign_statement,
    statement_digest,
)
from cleanroom.session.attribution.instants import instant_of
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import ForgedFile, Refused, UsageError
from overlap.keys import Card

STATEMENT_LIMIT = 256 * 1024


def propose_terms(party: Party, partner: str, source: Path, out: Path) -> Terms:
    """Read the terms in a TOML file, fill in both logs, sign, and write the proposal for the partner."""
    party.verified_card_of(partner)
    text = read_whole(source, TERMS_LIMIT).decode("utf-8", errors="replace")
    terms = read_terms(text, logs_with(party, partner), party.now, instant_of)
    fields = terms.to_fields()
    subject = {"terms": hashlib.sha256(canonical.encode(fields)).hexdigest()}
    statement = sign_statement(CLAIMS_TERMS, subject, fields, party.keys)
    write_whole(party.folder.path("claims", "terms", f"{partner}.proposed"), statement)
    write_whole(out, statement)
    return terms


def accept_terms(party: Party, source: Path, out: Path | None) -> tuple[str, Terms]:
    """Take in terms: countersign those of a partner, or keep ours when the partner has countersigned them."""
    data = read_whole(source, STATEMENT_LIMIT)
    signers = outline(data).signers
    if len(signers) == 1:
        if out is None:
            raise UsageError("the terms go back to the partner with our signature", "give --out FILE")
        partner = party.partner_with(signers[0])
        card = party.verified_card_of(partner)
        terms = Terms.from_fields(dict(read_statement(data, [card], CLAIMS_TERMS).predicate))
        _require_ours(party, partner, terms)
        data = countersign(data, [card], CLAIMS_TERMS, party.keys)
    else:
        if signers[0] != party.keys.card.digest.hex() or len(signers) != 2:
            raise ForgedFile("the claims terms are not between us and a partner", "ask for the file again")
        partner = party.partner_with(signers[1])
        cards = [party.keys.card, party.verified_card_of(partner)]
        terms = Terms.from_fields(dict(read_statement(data, cards, CLAIMS_TERMS).predicate))
        _require_ours(party, partner, terms)
        proposed = party.folder.path("claims", "terms", f"{partner}.proposed")
        ours = read_whole(proposed, STATEMENT_LIMIT) if proposed.is_file() else b""
        if not ours or statement_digest(ours) != statement_digest(data):
            raise Refused("we have not proposed these claims terms", "propose them again")
    party.note(partner, "agreement", claims_terms=hashlib.sha256(data).digest())
    write_whole(party.folder.path("claims", "terms", partner), data)
    if out is not None:
        write_whole(out, data)
    return partner, terms


def terms_with(party: Party, partner: str) -> Terms | None:
    """The claims terms in force with a partner, or None. ForgedFile when they were altered."""
    place = party.folder.path("claims", "terms", partner)
    if not place.is_file():
        return None
    data = read_whole(place, STATEMENT_LIMIT)
    known = {card.digest.hex(): card for card in party.known_cards()}
    cards: list[Card] = [known[signer] for signer in outline(data).signers if signer in known]
    return Terms.from_fields(dict(read_statement(data, cards, CLAIMS_TERMS).predicate))


def all_terms(party: Party) -> dict[str, Terms]:
    """The claims terms with every partner that has some."""
    found = {partner: terms_with(party, partner) for partner in party.partners()}
    return {partner: terms for partner, terms in found.items() if terms is not None}


def logs_with(party: Party, partner: str) -> dict[str, str]:
    """Names of both claims logs: of one that was begun already, else the one that the present card begins."""
    return {party.name: _own_origin(party), partner: partner_origin(party, partner)}


def partner_origin(party: Party, partner: str) -> str:
    """The name of a partner's claims log, as its first commitment here or its card says."""
    for name in party.folder.names("claims", "received", partner):
        if name.isdigit():
            record = party.folder.read_record("claims", "received", partner, name)
            return str(record["checkpoint"]).split("\n", 1)[0]
    return claims_origin(party.card_of(partner))


def describe_terms(terms: Terms) -> list[str]:
    """The terms in words, a line each."""
    lines = [f"log of {name}: {origin}" for name, origin in sorted(terms.logs.items())]
    authority = "also a token of the named time authority" if terms.authority else "no time authority"
    return [
        *lines,
        f"an epoch every {terms.epoch_days} days, {terms.grace_days} days of grace",
        f"at most {terms.most_leaves:,} leaves, growing by at most {terms.most_growth} % an epoch",
        f"time by {terms.witnesses_needed} of {len(terms.witnesses)} witnesses or a countersignature; "
        f"{authority}",
        *(f"  witness {key.to_text()}" for key in terms.witnesses),
        f"epochs count from {moment_of(terms.counts_from)}; audits open at most {terms.audit_draws:,} leaves",
    ]


def require_terms(party: Party, partner: str) -> Terms:
    """The claims terms in force with a partner; UsageError when there are none."""
    party.card_of(partner)
    terms = terms_with(party, partner)
    if terms is None:
        raise UsageError("there are no claims terms with this partner", "run 'overlap claims terms propose'")
    return terms


def _require_ours(party: Party, partner: str, terms: Terms) -> None:
    if terms.logs != logs_with(party, partner):
        raise Refused(
            "the claims terms name another claims log than the two that are known here",
            "send each other the newest commitment first, then propose the terms again",
        )


def _own_origin(party: Party) -> str:
    names = [name for name in party.folder.names("claims", "log", suffix=".note") if name.isdigit()]
    if not names:
        return claims_origin(party.keys.card)
    data = read_whole(party.folder.path("claims", "log", f"{min(names, key=int)}.note"), 65_536)
    return read_head(Note.from_text(data.decode("utf-8", errors="replace")))[0]
