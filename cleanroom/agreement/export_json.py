"""An agreement as canonical JSON, for programs that read no TOML: `overlap-policy-export/1`.

Every term of the text stands in it under its own name, and beside them the permits that follow from them.
docs/schema/policy.json describes it.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, Final

from cleanroom.agreement.document import SignedAgreement
from cleanroom.agreement.export_permits import Permit, permits
from cleanroom.agreement.standin import is_policy
from cleanroom.moment import moment_of
from overlap import canonical

EXPORT_FORMAT: Final = "overlap-policy-export/1"
#: Of an agreement: what the file says otherwise, or does not need.
_LEFT_OUT: Final = ("text", "proposed", "software", "terms")


def export_json(signed: SignedAgreement) -> str:
    """The agreement as one line of canonical JSON, ready for a file `NAME.json`."""
    agreement = signed.agreement
    policy = is_policy(signed)
    document = {
        "format": EXPORT_FORMAT,
        "kind": "policy" if policy else "agreement",
        "digest": signed.digest,
        **{
            field.name: _plain(getattr(agreement, field.name))
            for field in fields(agreement)
            if field.name not in _LEFT_OUT
        },
        "terms": _terms(signed),
        "proposed": None if policy else moment_of(agreement.proposed),
        "software": None if policy else asdict(agreement.software),
        "accepted": moment_of(signed.accepted_at),
        "start": moment_of(signed.not_before),
        "end": moment_of(signed.until),
        "permits": [_permit(signed, permit) for permit in permits(signed)],
    }
    return canonical.encode(document).decode() + "\n"


def _plain(value: Any) -> Any:
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _terms(signed: SignedAgreement) -> dict[str, Any]:
    """The terms by name; the two that are times as RFC 3339, durations in seconds."""
    terms = asdict(signed.agreement.terms)
    for name in ("not_before", "until"):
        terms[name] = None if terms[name] is None else moment_of(terms[name])
    return terms


def _permit(signed: SignedAgreement, permit: Permit) -> dict[str, Any]:
    return {
        "party": signed.agreement.side(permit.role).party,
        "action": permit.action,
        "owner": signed.agreement.side(permit.owner).party,
        "cells": [{"population": population, "field": field or None} for population, field in permit.cells],
        "purposes": list(permit.purposes),
        "peers": list(permit.peers),
        "clause": permit.clause,
    }
