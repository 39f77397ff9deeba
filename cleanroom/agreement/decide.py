"""May this party do this, now? Deny by default, unknown is deny, error is deny.

The rules stand in one order, and the first that says no names its clause: action and party, level, period,
population, pair, field, purpose, export. Only a request that passes all of them is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cleanroom.agreement.document import ACCOUNT_LEVELS, ACTIONS, OTHER_ROLE, SignedAgreement
from cleanroom.moment import moment_of

#: The clause of a refusal that no clause of the document was asked for.
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Request:
    """What `party` wants to do. Each action has exactly the parts that it needs:

    - `match`: put an own `population` into a run;
    - `grant`: show an own `field` of an own `population` to the other side, for a `purpose`;
    - `disclose`: the same of every account of that population, matched or not;
    - `read`, `export`: see, or take into an own file, a `field` of the other side's `population`.

    All but `disclose` may also name `peer_population`: the population that is matched with `population`, of
    the side that `population` is not of.
    """

    action: str
    party: str
    field: str | None = None
    population: str | None = None
    purpose: str | None = None
    peer_population: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer; `clause` is the place in the document that decided, or "default" when no clause allows."""

    allowed: bool
    clause: str
    reason: str


def decide(signed: SignedAgreement, request: Request, now: int) -> Decision:
    """Whether `request` is allowed at `now` (unix seconds UTC). What is not understood is denied, not raised.

    The agreement is in force from `signed.not_before` up to but excluding `signed.until`.
    """
    for clause, reason in _refusals(signed, request, now):
        return Decision(False, clause, reason)
    return Decision(True, *_grounds(signed, request))


def explain(decision: Decision) -> str:
    """The decision as one sentence."""
    if decision.clause == DEFAULT:
        return f"refused because no clause allows it: {decision.reason}"
    return f"{'allowed' if decision.allowed else 'refused'} by {decision.clause}: {decision.reason}"


def _refusals(signed: SignedAgreement, request: Request, now: int) -> Iterator[tuple[str, str]]:
    """(clause, reason) of everything that speaks against the request, in the order of the rules."""
    agreement, terms = signed.agreement, signed.agreement.terms
    yield from _form_refusals(signed, request, now)
    yield from _level_refusals(terms.level, request)
    if now < signed.not_before:
        yield "terms.not_before", f"the agreement begins at {moment_of(signed.not_before)}"
    if now >= signed.until:
        yield "terms.until", f"the agreement ended at {moment_of(signed.until)}"
    role = _showing_role(signed, request)
    shown = agreement.side(role)
    if request.population not in shown.populations:
        yield f"{role}.populations", "the population is not in the list"
    if request.peer_population is not None:
        yield from _pair_refusals(signed, role, request)
    if request.action == "match":
        return
    if request.field not in shown.fields:
        yield f"{role}.fields", "the field is not in the list"
    if request.purpose not in terms.purposes:
        yield "terms.purposes", "the purpose is not in the list"
    if request.action == "export" and terms.exportable is not True:
        yield "terms.exportable", "nothing may be exported under this agreement"


def _level_refusals(level: str, request: Request) -> Iterator[tuple[str, str]]:
    if level not in ACCOUNT_LEVELS and request.action != "match":
        yield "terms.level", f"the level is {level}, so no field of any account is shown"
    if level != "all" and request.action == "disclose":
        yield "terms.level", f"the level is {level}, so no account is shown without a match"


def _pair_refusals(signed: SignedAgreement, role: str, request: Request) -> Iterator[tuple[str, str]]:
    """What speaks against `population` of the side `role` with `peer_population` of the other side."""
    other = OTHER_ROLE[role]
    if request.peer_population not in signed.agreement.side(other).populations:
        yield f"{other}.populations", "the population of the other side is not in the list"
    pair = (request.population, request.peer_population)
    pairs = signed.agreement.terms.pairs
    if pairs and (pair if role == "proposer" else pair[::-1]) not in pairs:
        yield "terms.pairs", "the two populations are not in the list as a pair"


def _form_refusals(signed: SignedAgreement, request: Request, now: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the request itself; the rules after these may rely on it."""
    if type(now) is not int:
        yield DEFAULT, "the time of the request is not a whole number of seconds"
    if request.action not in ACTIONS:
        yield DEFAULT, "the action is unknown"
    if signed.agreement.role_of(request.party) is None:
        yield DEFAULT, "the party is not a party of the agreement"
    parts = (request.field, request.population, request.purpose)
    needed = (False, True, False) if request.action == "match" else (True, True, True)
    if tuple(part is not None for part in parts) != needed:
        yield (
            DEFAULT,
            (
                "a match names a population, and neither a field nor a purpose"
                if request.action == "match"
                else "the request does not name a field, a population and a purpose"
            ),
        )
    if request.action == "disclose" and request.peer_population is not None:
        yield DEFAULT, "every account is disclosed, matched or not, so no other population is named"


def _showing_role(signed: SignedAgreement, request: Request) -> str:
    """The side whose accounts are meant: one's own in a match or grant, the other's in a read or export."""
    role = signed.agreement.role_of(request.party) or ""
    return OTHER_ROLE[role] if request.action in {"read", "export"} else role


def _grounds(signed: SignedAgreement, request: Request) -> tuple[str, str]:
    """(clause, reason) of what allows a request that no rule refuses."""
    role = _showing_role(signed, request)
    end = moment_of(signed.until)
    if request.action == "match":
        return f"{role}.populations", f"the population takes part in matches until {end}"
    if request.action == "disclose":
        return "terms.level", f"the level is all, and the field is shown for this purpose until {end}"
    if request.action == "export":
        return "terms.exportable", f"the field is shown for this purpose and may be exported until {end}"
    return f"{role}.fields", f"the field is shown for this purpose until {end}"
