"""An agreement in ODRL 2.2 (W3C Recommendation, 15 February 2018), as JSON-LD.

A policy without parties is a `Set`, an agreement is an `Agreement`. ODRL is for exchange: its Recommendation
says what the words mean, and leaves open how they are evaluated.
"""

from __future__ import annotations

import json
from typing import Any, Final

from cleanroom.agreement.document import OTHER_ROLE, ROLES, SignedAgreement
from cleanroom.agreement.export_permits import Permit, permits
from cleanroom.agreement.standin import is_policy
from cleanroom.moment import moment_of

ODRL_CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
#: What ODRL has no word for: a match, a disclosure without one, pairs of populations, our purposes.
PROFILE: Final = "urn:overlap:odrl:1"

#: Our actions in ODRL. A grant is the assigner's side of a read, and is said by it.
_ACTIONS: Final = {
    "match": f"{PROFILE}:match",
    "disclose": f"{PROFILE}:disclose",
    "read": "read",
    "export": "extract",
}


def export_odrl(signed: SignedAgreement) -> str:
    """The agreement as JSON-LD, ready for a file `NAME.jsonld`."""
    document: dict[str, Any] = {
        "@context": ODRL_CONTEXT,
        "@type": "Set" if is_policy(signed) else "Agreement",
        "uid": _uid(signed),
        "profile": PROFILE,
        "permission": [
            _permission(signed, permit) for permit in permits(signed) if permit.action in _ACTIONS
        ],
    }
    if not is_policy(signed):
        document |= {"assigner": _party(signed, "proposer"), "assignee": _party(signed, "accepter")}
    document |= _promises(signed)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _promises(signed: SignedAgreement) -> dict[str, Any]:
    """The obligations: a duty to delete at the end, a prohibition to pass on."""
    obligations, found = signed.agreement.terms.obligations, {}
    if not any(side.fields for side in (signed.agreement.proposer, signed.agreement.accepter)):
        return {}
    if "delete-at-end" in obligations:
        end = [_constraint("dateTime", "gteq", _time(signed.until))]
        found["obligation"] = [_rule(signed, role, "delete") | {"constraint": end} for role in ROLES]
    if "no-onward-share" in obligations:
        found["prohibition"] = [_rule(signed, role, "distribute") for role in ROLES]
    return found


def _permission(signed: SignedAgreement, permit: Permit) -> dict[str, Any]:
    """Assigner is who owns the accounts, assignee who learns of them."""
    learner = OTHER_ROLE[permit.owner]
    constraints = [
        _constraint("dateTime", "gteq", _time(signed.not_before)),
        _constraint("dateTime", "lt", _time(signed.until)),
    ]
    if permit.purposes:
        uses = [{"@id": f"{PROFILE}:purpose:{purpose}"} for purpose in permit.purposes]
        constraints.append(_constraint("purpose", "isAnyOf", uses))
    if permit.peers and signed.agreement.terms.pairs:
        assets = [{"@id": _asset(signed, learner, peer, "")} for peer in permit.peers]
        constraints.append(_constraint(f"{PROFILE}:matchedWith", "isAnyOf", assets))
    return {
        "uid": f"{_uid(signed)}#{permit.name}",
        "target": [_asset(signed, permit.owner, *cell) for cell in permit.cells],
        "assigner": _party(signed, permit.owner),
        "assignee": _party(signed, learner),
        "action": _ACTIONS[permit.action],
        "constraint": constraints,
    }


def _rule(signed: SignedAgreement, role: str, action: str) -> dict[str, Any]:
    """What is asked of a side about everything that the other one may show it."""
    owner = OTHER_ROLE[role]
    side = signed.agreement.side(owner)
    return {
        "uid": f"{_uid(signed)}#{role}.{action}",
        "action": action,
        "assigner": _party(signed, owner),
        "assignee": _party(signed, role),
        "target": [
            _asset(signed, owner, population, field)
            for population in side.populations
            for field in side.fields
        ],
    }


def _constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _time(second: int) -> dict[str, str]:
    return {"@value": moment_of(second), "@type": "xsd:dateTime"}


def _uid(signed: SignedAgreement) -> str:
    return f"urn:overlap:{'policy' if is_policy(signed) else 'agreement'}:{signed.digest}"


def _party(signed: SignedAgreement, role: str) -> str:
    """A party is named by the digest of its card, the roles of a policy by their words."""
    card = signed.agreement.side(role).card
    return f"urn:overlap:card:{card}" if card else f"urn:overlap:role:{role}"


def _asset(signed: SignedAgreement, owner: str, population: str, field: str) -> str:
    place = f"{signed.agreement.side(owner).party}/{population}"
    return f"{_uid(signed)}#{place}/{field}" if field else f"{_uid(signed)}#{place}"
