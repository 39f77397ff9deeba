"""An agreement in plain words, for the person who decides whether to sign it."""

from __future__ import annotations

from cleanroom.agreement.document import (
    ACCOUNT_LEVELS,
    METHODS,
    OTHER_ROLE,
    PERSONAL_FIELDS,
    ROLES,
    Agreement,
    Proposal,
    SignedAgreement,
    Terms,
)
from cleanroom.agreement.parse_checks import differing
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

#: What a room that counts does not prevent. {room} is its name.
COUNTING_TRUST = "{room} together with one side could learn which of the accounts that side submitted match"


def describe(document: Agreement | Proposal | SignedAgreement) -> list[str]:
    """Lines that say who sees what, for what, until when, and what limits a run.

    They are made from the values alone: a comment in the text binds nobody and is not repeated.
    """
    agreement = document if isinstance(document, Agreement) else document.agreement
    return [
        f"{agreement.title}: {agreement.proposer.party} proposes, {agreement.accepter.party} accepts",
        *_signature_lines(document),
        *([f"renews agreement {agreement.renews}"] if agreement.renews else []),
        *_period_lines(document, agreement),
        *(line for role in ROLES for line in _side_lines(agreement, role)),
        *_asymmetry_lines(agreement),
        *_terms_lines(agreement),
        *_share_lines(agreement),
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
    fields = ", ".join(side.fields)
    lines.append(f"{other.party} sees of each matched account of {side.party}: {fields}")
    if agreement.terms.level == "all":
        what = f"{side.party} may also give it these of every account of its {populations}, matched or not"
        lines.append(what)
    if side.preset:
        name, _, digest = side.preset.partition("@")
        lines.append(f"these fields are the preset {name} as it was, digest {digest}")
    if personal:
        lines.append(f"of these, {', '.join(personal)} can name a person")
    return lines


def _numbers(agreement: Agreement) -> str:
    """What an agreement that shows no account does show."""
    return "how many match" if agreement.terms.amounts is None else "how many match and a sum over them"


def _asymmetry_lines(agreement: Agreement) -> list[str]:
    names = differing(agreement.proposer, agreement.accepter)
    if not names:
        return []
    what = f"the two sides do not show the same: their {' and '.join(names)} differ"
    return [f"{what}; the reason given: {agreement.terms.asymmetry}"]


def _terms_lines(agreement: Agreement) -> list[str]:
    terms = agreement.terms
    minimum = f"a result of fewer than {terms.minimum_count} accounts is withheld"
    export = "may be exported to the reader's own systems" if terms.exportable else "may not be exported"
    starter = agreement.side(terms.starter).party
    # The side with the amounts decrypts their sum, and answers.
    first = agreement.side(terms.amounts.held_by).party if terms.amounts else starter
    learns = " and learns its result first" if first == starter else f", {first} learns its result first"
    if terms.counting is not None:
        learns = ", both learn its result at once"
    return [
        f"for {', '.join(terms.purposes)} and nothing else",
        "what is shown " + export
        if terms.level in ACCOUNT_LEVELS
        else "nothing is shown that could be exported",
        f"at most {terms.run_budget} runs{_budget_period(terms)}; {minimum}",
        f"{starter} starts each run{learns}",
        *_pair_lines(agreement),
        *_age_lines(terms),
        *_level_lines(agreement),
    ]


def _budget_period(terms: Terms) -> str:
    return f" in any {terms.budget_period // _DAY} days" if terms.budget_period else ""


def _pair_lines(agreement: Agreement) -> list[str]:
    proposer, accepter = agreement.proposer.party, agreement.accepter.party
    named = [f"{one} of {proposer} with {two} of {accepter}" for one, two in agreement.terms.pairs]
    return [f"these populations are compared, and no others: {'; '.join(named)}"] if named else []


def _age_lines(terms: Terms) -> list[str]:
    days = terms.max_export_age // _DAY
    return [f"a list of accounts that is older than {days} days goes into no run"] if days else []


def _share_lines(agreement: Agreement) -> list[str]:
    """What is promised and limited about what was shown."""
    terms, lines = agreement.terms, []
    if "delete-at-end" in terms.obligations:
        lines.append("both promise to delete what they saw or exported when it ends")
    if "no-onward-share" in terms.obligations:
        lines.append("both promise to pass nothing on to anybody else")
    if terms.read_budget:
        lines.append(f"a share can be asked for its records {terms.read_budget} times")
    if agreement.room is not None and terms.lease_holder == "room":
        room = agreement.room.party
        lines.append(f"{room} keeps the second half of every share, gives it out for reads, and destroys it")
    return lines


def _level_lines(agreement: Agreement) -> list[str]:
    terms = agreement.terms
    if terms.level == "counts":
        return _counting_lines(agreement) or [COUNTS_TRUST]
    if terms.amounts is None:
        return [*_matching_lines(terms), *_prepared_lines(agreement)]
    amounts, holder = terms.amounts, agreement.side(terms.amounts.held_by).party
    what = "the " + amounts.of.replace("_", " ")
    return [
        f"both learn how many accounts match and the sum of {what} of {holder} with them, in "
        f"{amounts.currency}, each account's rounded to {amounts.granule:,} and at most {amounts.maximum:,}",
        SUM_TRUST,
    ]


def _counting_lines(agreement: Agreement) -> list[str]:
    counting, room = agreement.terms.counting, agreement.room
    if counting is None or room is None:
        return []
    epsilon = f"{counting.epsilon}/{counting.epsilon_of}"
    return [
        f"{room.party} counts what it cannot read, adds noise (epsilon {epsilon} in each run), and tells "
        "both one number for each population of one side with each of the other",
        *(
            f"of {side.party} at most "
            + ", ".join(
                f"{bound:,} identifiers of {population}"
                for population, bound in zip(side.populations, counting.bounds(role), strict=True)
            )
            for role, side in ((role, agreement.side(role)) for role in ROLES)
        ),
        COUNTING_TRUST.format(room=room.party),
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
