"""An agreement in the Cedar policy language, with the schema that its validator checks it against.

Permits only: Cedar denies what no permit allows, and it skips a policy that ends in an error, so that a
`forbid` for the end could be skipped as well. Each permit therefore holds its whole condition, the end too.
"""

from __future__ import annotations

from typing import Final

from cleanroom.agreement.document import ACTIONS, SignedAgreement
from cleanroom.agreement.export_permits import Permit, permits
from cleanroom.agreement.standin import is_policy
from cleanroom.moment import moment_of

CEDAR_SCHEMA: Final = f"""\
namespace Overlap {{
  // A party of the agreement; its id is the party's name.
  entity Party;
  // A group of accounts; its id is "OWNER/POPULATION". What a match is asked about.
  entity Population;
  // A field of the accounts of a population; its id is "OWNER/POPULATION/FIELD".
  entity Field in [Population];
  type Asked = {{
    // The time of the request, in whole seconds UTC.
    now: __cedar::datetime,
    // What it is for; a match names none.
    purpose?: __cedar::String,
    // The population of the other side that is matched with the one asked about, where it matters.
    peer_population?: __cedar::String,
  }};
  action "match" appliesTo {{
    principal: [Party],
    resource: [Population],
    context: Asked,
  }};
  action {", ".join(f'"{action}"' for action in ACTIONS if action != "match")} appliesTo {{
    principal: [Party],
    resource: [Field],
    context: Asked,
  }};
}}
"""


def export_cedar(signed: SignedAgreement) -> str:
    """Cedar policies that allow exactly what the agreement allows, ready for a file `NAME.cedar`."""
    agreement = signed.agreement
    what = "policy" if is_policy(signed) else "agreement"
    lines = [
        f"// {agreement.title}",
        f"// Made from the {what} with SHA-256 {signed.digest}.",
        f"// In force from {moment_of(signed.not_before)} up to but excluding {moment_of(signed.until)}.",
    ]
    if is_policy(signed):
        lines.append(f"// A policy has no dates yet: taken as accepted at {moment_of(signed.accepted_at)}.")
    return "\n\n".join(["\n".join(lines), *(_permit(signed, permit) for permit in permits(signed))]) + "\n"


def _permit(signed: SignedAgreement, permit: Permit) -> str:
    party = signed.agreement.side(permit.role).party
    owner = signed.agreement.side(permit.owner).party
    resources = ",\n".join(f"    {_resource(owner, *cell)}" for cell in permit.cells)
    purpose, peer = "!(context has purpose)", "!(context has peer_population)"
    if permit.purposes:
        purpose = f"context has purpose && [{_texts(permit.purposes)}].contains(context.purpose)"
    if permit.peers:
        listed = f"[{_texts(permit.peers)}].contains(context.peer_population)"
        peer = f"(if context has peer_population then {listed} else true)"
    start, end = moment_of(signed.not_before), moment_of(signed.until)
    return f"""\
@id("{permit.name}")
@clause("{permit.clause}")
permit (
  principal == Overlap::Party::"{party}",
  action == Overlap::Action::"{permit.action}",
  resource
) when {{
  [
{resources}
  ].contains(resource) &&
  {purpose} &&
  {peer} &&
  datetime("{start}") <= context.now &&
  context.now < datetime("{end}")
}};"""


def _texts(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _resource(owner: str, population: str, field: str) -> str:
    """Names of parties, populations and fields have no character that needs to be escaped."""
    if not field:
        return f'Overlap::Population::"{owner}/{population}"'
    return f'Overlap::Field::"{owner}/{population}/{field}"'
