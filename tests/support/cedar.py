"""Our requests as Cedar's, and Cedar's answers: what a company that runs Cedar does with an export."""

from __future__ import annotations

from typing import Any

import cedarpy

from cleanroom.agreement import ROLES, Request, SignedAgreement
from cleanroom.moment import moment_of

#: The last second that has a year of four digits, which Cedar's `datetime` needs.
LAST_SECOND = 253_402_300_799


def cedar_request(signed: SignedAgreement, request: Request, now: Any) -> dict[str, Any]:
    """Who asks, what for, and about whose accounts: in a read or export not their own.

    A part that is missing is missing there too, and so is a time that cannot be written.
    """
    agreement = signed.agreement
    names = [agreement.side(role).party for role in ROLES]
    owner = request.party
    if request.action not in ("match", "grant", "disclose") and owner in names:
        owner = names[1 - names.index(owner)]
    place = f"{owner}/{request.population or ''}"
    resource = f'Overlap::Population::"{place}"'
    if request.field is not None:
        resource = f'Overlap::Field::"{place}/{request.field}"'
    context: dict[str, Any] = {}
    if request.purpose is not None:
        context["purpose"] = request.purpose
    if request.peer_population is not None:
        context["peer_population"] = request.peer_population
    if type(now) is int and 0 <= now <= LAST_SECOND:
        context["now"] = {"__extn": {"fn": "datetime", "arg": moment_of(now)}}
    return {
        "principal": f'Overlap::Party::"{request.party}"',
        "action": f'Overlap::Action::"{request.action}"',
        "resource": resource,
        "context": context,
    }


def ask_cedar(policies: str, requests: list[dict[str, Any]], schema: str | None = None) -> list[bool]:
    """Whether Cedar allows each request. With a schema it refuses to build what does not fit, which is a no.

    An error in a policy is a no as well, and no request that fits the schema gives one.
    """
    results = cedarpy.is_authorized_batch(requests, policies, [], schema)
    return [result.allowed and not result.diagnostics.errors for result in results]
