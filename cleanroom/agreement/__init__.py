"""The signed document between two parties and the decisions made from it.

policy ──propose──→ text ──sign_proposal──→ proposal ──accept──→ signed agreement
signed agreement ──decide(request, now)──→ decision        ──build_contract──→ contract of a run
"""

from cleanroom.agreement.compare import Change, compare
from cleanroom.agreement.contract import ClaimRoot, build_contract, require_software
from cleanroom.agreement.decide import Decision, Request, decide, explain
from cleanroom.agreement.describe import COUNTING_TRUST, COUNTS_TRUST, SUM_TRUST, describe
from cleanroom.agreement.document import (
    ACCOUNT_LEVELS,
    ACTIONS,
    FIELDS,
    LEASE_HOLDERS,
    LEVELS,
    OBLIGATIONS,
    PERSONAL_FIELDS,
    PURPOSES,
    ROLES,
    Agreement,
    AmountTerms,
    CountingTerms,
    PartyTerms,
    Policy,
    PreparedTerms,
    Proposal,
    RoomTerms,
    Signature,
    SignedAgreement,
    Software,
    Terms,
)
from cleanroom.agreement.lint import Finding, lint
from cleanroom.agreement.parse import find_problems, parse, parse_document, parse_policy
from cleanroom.agreement.presets import expand_presets, preset_digest, read_presets
from cleanroom.agreement.propose import propose
from cleanroom.agreement.sample import AGREEMENT_SAMPLE, POLICY_SAMPLE
from cleanroom.agreement.shipped import policy_names, policy_text
from cleanroom.agreement.sign import accept, read_proposal, read_signed, sign_proposal
from cleanroom.agreement.text import Problem, split_signatures

__all__ = [
    "ACCOUNT_LEVELS",
    "ACTIONS",
    "AGREEMENT_SAMPLE",
    "COUNTING_TRUST",
    "COUNTS_TRUST",
    "FIELDS",
    "LEASE_HOLDERS",
    "LEVELS",
    "OBLIGATIONS",
    "PERSONAL_FIELDS",
    "POLICY_SAMPLE",
    "PURPOSES",
    "ROLES",
    "SUM_TRUST",
    "Agreement",
    "AmountTerms",
    "Change",
    "ClaimRoot",
    "CountingTerms",
    "Decision",
    "Finding",
    "PartyTerms",
    "Policy",
    "PreparedTerms",
    "Problem",
    "Proposal",
    "Request",
    "RoomTerms",
    "Signature",
    "SignedAgreement",
    "Software",
    "Terms",
    "accept",
    "build_contract",
    "compare",
    "decide",
    "describe",
    "expand_presets",
    "explain",
    "find_problems",
    "lint",
    "parse",
    "parse_document",
    "parse_policy",
    "policy_names",
    "policy_text",
    "preset_digest",
    "propose",
    "read_presets",
    "read_proposal",
    "read_signed",
    "require_software",
    "sign_proposal",
    "split_signatures",
]
