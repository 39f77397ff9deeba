"""An agreement in plain words, for the person who decides whether to sign it."""

from __future__ import annotations

from cleanroom.agreement.document import (
    METHODS,
    OTHER_ROLE,
    PERSONAL_FIELDS,
    ROLES,
    Agreement,
    Proposal,
    SignedAgreement,
    Terms,
)
from cleanroom.moment import moment_of
from overlap.identity import NO_VETO

_DAY = 86_400

#: What level sum over files does not prevent.
SUM_TRUST = (
    "over files, a modified tool can learn which of the accounts it submitted match, and that of the side "
    "without amounts can add up fewer of them than it says, down to one"
)
#: What is said of vector-OLE wherever it is agreed.
VOLE_TRUST = (
    "long lists are matched by vector-OLE: experimental, its parameters and checks reviewed by nobody but "
    "their author; an altered tool of the side that starts can ask about 1.27 times as many identifiers as "
    "it declares; it takes five files instead of three"
)
#: What a prepared list tells beyond runs. {asker} and {holder} are parties.
PREPARED_TELLS = (
    "an update tells {asker} at once, without a run, which of the identifiers it asked about before entered "
    "or left the list",
    "what {asker} asks about, it sees at all versions of the list, earlier and later ones: that an account "
    "was there before it left, until a new agreement and preparation",
    "{holder} sees whether a run asked about few new identifiers or about a whole list",
)
#: What level counts over files does not prevent; said wherever it is agreed.
COUNTS_TRUST = "over files, a modified tool can learn which of the accounts it submitted match, and no more"


def describe(document: Agreement | Proposal | SignedAgreement) -> list[str]:
    """Lines that say who sees what, for what, until when, and what limits a run.

    They are made from the values alone: a comment in the text binds nobody and is not repeated.
    """
    agreement = document if isinstance(document, Agreement) else document.agreement
    return [
        f"{agreement.title}: {agreement.proposer.party} proposes, {agreement.accepter.party} accepts",
        *_signature_lines(document),
        *_period_lines(document, agreement),
        *(line for role in ROLES for line in _side_lines(agreement, role)),
        *_asymmetry_lines(agreement),
        *_terms_lines(agreement),
        *_contract_lines(agreement),
    ]


def _signature_lines(document: Agreement | Proposal | SignedAgreement) -> list[str]:
    if isinstance(document, SignedAgreement):
        return [
            *(
                f"signed by {item.party} ({item.role}) at {moment_of(item.time)}"
                for item in document.signatures
            ),
            f"agreement {document.digest}",
        ]
    if isinstance(document, Proposal):
        signature = document.signature
        return [
            f"signed by {signature.party} (proposer) at {moment_of(signature.time)}, not accepted yet",
            f"agreement {document.digest}",
        ]
    return ["not signed by anybody yet"]


def _period_lines(document: Agreement | Proposal | SignedAgreement, agreement: Agreement) -> list[str]:
    if isinstance(document, SignedAgreement):
        days, rest = divmod(document.until - document.not_before, _DAY)
        length = f"{days} days" if not rest else f"{days} days and {rest // 3600} hours"
        start, end = moment_of(document.not_before), moment_of(document.until)
        return [f"in force from {start}, ends at {end} ({length})"]
    terms = agreement.terms
    start = "its acceptance" if terms.not_before is None else moment_of(terms.not_before)
    if terms.until is not None:
        return [f"in force from {start}, ends at {moment_of(terms.until)}"]
    return [f"in force from {start}, ends {(terms.duration or 0) // _DAY} days after its acceptance"]


def _side_lines(agreement: Agreement, role: str) -> list[str]:
    side, other = agreement.side(role), agreement.side(OTHER_ROLE[role])
    populations = ", ".join(side.populations)
    lines = [f"{side.party} matches its {populations}, at most {side.size_bound:,} identifiers"]
    if not side.fields:
        return [
            *lines,
            f"{other.party} sees no field of any account of {side.party}, only {_numbers(agreement)}",
        ]
    personal = [name for name in side.fields if name in PERSONAL_FIELDS]
    lines.append(f"{other.party} sees of each matched account of {side.party}: {', '.join(side.fields)}")
    if personal:
        lines.append(f"of these, {', '.join(personal)} can name a person")
    return lines


def _numbers(agreement: Agreement) -> str:
    """What an agreement that shows no account does show."""
    return "how many match" if agreement.terms.amounts is None else "how many match and a sum over them"


def _asymmetry_lines(agreement: Agreement) -> list[str]:
    proposer, accepter = agreement.proposer, agreement.accepter
    differing = [
        name
        for name, same in (
            ("populations", set(proposer.populations) == set(accepter.populations)),
            ("fields", set(proposer.fields) == set(accepter.fields)),
        )
        if not same
    ]
    return (
        [f"the two sides do not show the same: their {' and '.join(differing)} differ"] if differing else []
    )


def _terms_lines(agreement: Agreement) -> list[str]:
    terms = agreement.terms
    export = "may be exported to the reader's own systems" if terms.exportable else "may not be exported"
    starter = agreement.side(terms.starter).party
    # The side with the amounts decrypts their sum, and answers.
    first = agreement.side(terms.amounts.held_by).party if terms.amounts else starter
    return [
        f"for {', '.join(terms.purposes)} and nothing else",
        "what is shown " + export if terms.level == "overlaps" else "nothing is shown that could be exported",
        f"at most {terms.run_budget} runs; a result of fewer than {terms.minimum_count} accounts is withheld",
        f"{starter} starts each run and learns its result first"
        if first == starter
        else f"{starter} starts each run, {first} learns its result first",
        *_level_lines(agreement),
    ]


def _level_lines(agreement: Agreement) -> list[str]:
    terms = agreement.terms
    if terms.level == "counts":
        return [COUNTS_TRUST]
    if terms.amounts is None:
        return [*_matching_lines(terms), *_prepared_lines(agreement)]
    amounts, holder = terms.amounts, agreement.side(terms.amounts.held_by).party
    what = "the " + amounts.of.replace("_", " ")
    return [
        f"both learn how many accounts match and the sum of {what} of {holder} with them, in "
        f"{amounts.currency}, each account's rounded to {amounts.granule:,} and at most {amounts.maximum:,}",
        SUM_TRUST,
    ]


def _matching_lines(terms: Terms) -> list[str]:
    candidates = (
        "close names and bare websites are matched too, as candidates: both sides see these hits, also where "
        "the accounts turn out different, and nothing is shown of them before both have accepted them"
        if terms.candidates
        else "only what matches beyond doubt is matched, no candidates"
    )
    lines = [candidates]
    if terms.veto != NO_VETO:
        lines.append(f"accounts whose numbers of kind {terms.veto} differ are kept apart, and nobody sees it")
    if len(terms.relations) > 1:
        lines.append("accounts of one group are matched as well, and marked so")
    if terms.protocol != METHODS[0]:
        lines.append(VOLE_TRUST)
    return lines


def _prepared_lines(agreement: Agreement) -> list[str]:
    agreed = agreement.terms.prepared
    if agreed is None:
        return []
    starter = agreement.terms.starter
    names = {
        "asker": agreement.side(starter).party,
        "holder": agreement.side(OTHER_ROLE[starter]).party,
    }
    return [
        f"{names['holder']} prepares its list once for all runs, under one key that ends with the agreement; "
        f"it may update it {agreed.updates} times, each time by at most {agreed.changes:,} identifiers",
        f"a run asks about at most {agreed.queries:,} new identifiers or about a whole list, and all runs "
        f"together ask for at most {agreed.evaluations:,}",
        *(line.format(**names) for line in PREPARED_TELLS),
    ]


def _contract_lines(agreement: Agreement) -> list[str]:
    software = agreement.software
    worst = max(zip(software.false_hits, software.kinds, strict=True))
    return [
        f"accounts are compared by {', '.join(software.kinds)}, in this order "
        f"(protocol {software.protocol}, normaliser {software.normaliser}), "
        f"with at most {software.most} identifiers an account",
        f"every hit is seen by both sides; measured as wrong, the worst of these kinds: {worst[1]}, "
        f"{worst[0]} of 1,000 hits",
    ]
