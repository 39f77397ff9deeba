"""The signed document between two parties and the decisions made from it.

policy ──propose──→ text ──sign_proposal──→ proposal ──accept──→ signed agreement
signed agreement ──decide(request, now)──→ decision        ──build_contract──→ contract of a run
"""

from cleanroom.agreement.cases import (
    CASES_LIMIT,
    Asked,
    Case,
    Cases,
    Outcome,
    in_words,
    read_cases,
    run_cases,
)
from cleanroom.agreement.compare import Change, compare
from cleanroom.agreement.contract import ClaimRoot, build_contract, require_software
from cleanroom.agreement.counting import Newly, newly_seen
from cleanroom.agreement.decide import Decision, Request, decide, explain
from cleanroom.agreement.describe import COUNTING_TRUST, COUNTS_TRUST, SUM_TRUST, describe
from cleanroom.agreement.document import (
    ACCOUNT_LEVELS,
    ACTIONS,
    FIELDS,
    LEASE_HOLDERS,
    LEVELS,
    NUMBER_LEVELS,
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
from cleanroom.agreement.export_cedar import CEDAR_SCHEMA, export_cedar
from cleanroom.agreement.export_json import export_json
from cleanroom.agreement.export_odrl import export_odrl
from cleanroom.agreement.export_permits import Permit, permits
from cleanroom.agreement.grounds import (
    Cell,
    Ground,
    Grounds,
    Quote,
    describe_grounds,
    describe_period,
    find_grounds,
    matched_populations,
    quote,
    what_is_shown,
)
from cleanroom.agreement.lint import Finding, lint
from cleanroom.agreement.parse import find_problems, parse, parse_document, parse_policy
from cleanroom.agreement.presets import expand_presets, preset_digest, read_presets
from cleanroom.agreement.propose import propose
from cleanroom.agreement.renewal import renewal_policy, with_proposer
from cleanroom.agreement.sample import AGREEMENT_SAMPLE, POLICY_SAMPLE
from cleanroom.agreement.sharing import NONE, Applying, Sharing, apply_overrides, is_sharing, read_sharing
from cleanroom.agreement.shipped import (
    CASES_ENDING,
    cases_text,
    policy_names,
    policy_text,
    shipped_presets,
)
from cleanroom.agreement.sign import accept, read_proposal, read_signed, sign_proposal
from cleanroom.agreement.standin import is_policy, read_when, stand_in
from cleanroom.agreement.text import Problem, split_signatures

__all__ = [
    "ACCOUNT_LEVELS",
    "ACTIONS",
    "AGREEMENT_SAMPLE",
    "CASES_ENDING",
    "CASES_LIMIT",
    "CEDAR_SCHEMA",
    "COUNTING_TRUST",
    "COUNTS_TRUST",
    "FIELDS",
    "LEASE_HOLDERS",
    "LEVELS",
    "NONE",
    "NUMBER_LEVELS",
    "OBLIGATIONS",
    "PERSONAL_FIELDS",
    "POLICY_SAMPLE",
    "PURPOSES",
    "ROLES",
    "SUM_TRUST",
    "Agreement",
    "AmountTerms",
    "Applying",
    "Asked",
    "Case",
    "Cases",
    "Cell",
    "Change",
    "ClaimRoot",
    "CountingTerms",
    "Decision",
    "Finding",
    "Ground",
    "Grounds",
    "Newly",
    "Outcome",
    "PartyTerms",
    "Permit",
    "Policy",
    "PreparedTerms",
    "Problem",
    "Proposal",
    "Quote",
    "Request",
    "RoomTerms",
    "Sharing",
    "Signature",
    "SignedAgreement",
    "Software",
    "Terms",
    "accept",
    "apply_overrides",
    "build_contract",
    "cases_text",
    "compare",
    "decide",
    "describe",
    "describe_grounds",
    "describe_period",
    "expand_presets",
    "explain",
    "export_cedar",
    "export_json",
    "export_odrl",
    "find_grounds",
    "find_problems",
    "in_words",
    "is_policy",
    "is_sharing",
    "lint",
    "matched_populations",
    "newly_seen",
    "parse",
    "parse_document",
    "parse_policy",
    "permits",
    "policy_names",
    "policy_text",
    "preset_digest",
    "propose",
    "quote",
    "read_cases",
    "read_presets",
    "read_proposal",
    "read_sharing",
    "read_signed",
    "read_when",
    "renewal_policy",
    "require_software",
    "run_cases",
    "shipped_presets",
    "sign_proposal",
    "split_signatures",
    "stand_in",
    "what_is_shown",
    "with_proposer",
]
