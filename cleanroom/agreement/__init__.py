"""The signed document between two parties and the decisions made from it.

policy ──propose──→ text ──sign_proposal──→ proposal ──accept──→ signed agreement
signed agreement ──decide(request, now)──→ decision        ──build_contract──→ contract of a run
"""

from cleanroom.agreement.compare import Change, compare
from cleanroom.agreement.contract import ClaimRoot, build_contract, require_software
from cleanroom.agreement.decide import Decision, Request, decide, explain
from cleanroom.agreement.describe import COUNTS_TRUST, SUM_TRUST, describe
from cleanroom.agreement.document import (
    ACTIONS,
    FIELDS,
    NUMBER_LEVELS,
    PERSONAL_FIELDS,
    PURPOSES,
    ROLES,
    Agreement,
    AmountTerms,
    PartyTerms,
    Policy,
    PreparedTerms,
    Proposal,
    Signature,
    SignedAgreement,
    Software,
    Terms,
)
from cleanroom.agreement.lint import Finding, lint
from cleanroom.agreement.parse import find_problems, parse, parse_document, parse_policy
from cleanroom.agreement.propose import propose
from cleanroom.agreement.sample import AGREEMENT_SAMPLE, POLICY_SAMPLE
from cleanroom.agreement.shipped import policy_names, policy_text
from cleanroom.agreement.sign import accept, read_proposal, read_signed, sign_proposal
from cleanroom.agreement.text import Problem, split_signatures

__all__ = [
    "ACTIONS",
    "AGREEMENT_SAMPLE",
    "COUNTS_TRUST",
    "FIELDS",
    "NUMBER_LEVELS",
    "PERSONAL_FIELDS",
    "POLICY_SAMPLE",
    "PURPOSES",
    "ROLES",
    "SUM_TRUST",
    "Agreement",
    "AmountTerms",
    "Change",
    "ClaimRoot",
    "Decision",
    "Finding",
    "PartyTerms",
    "Policy",
    "PreparedTerms",
    "Problem",
    "Proposal",
    "Request",
    "Signature",
    "SignedAgreement",
    "Software",
    "Terms",
    "accept",
    "build_contract",
    "compare",
    "decide",
    "describe",
    "explain",
    "find_problems",
    "lint",
    "parse",
    "parse_document",
    "parse_policy",
    "policy_names",
    "policy_text",
    "propose",
    "read_proposal",
    "read_signed",
    "require_software",
    "sign_proposal",
    "split_signatures",
]
