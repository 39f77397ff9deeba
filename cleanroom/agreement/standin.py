"""An agreement in memory, so that a policy can be asked what it would allow before anybody has signed it.

Nothing here is ever written, sent or signed: the decisions are those of the real agreement, no more.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Final

from cleanroom.agreement.document import (
    ROLES,
    Agreement,
    Policy,
    Signature,
    SignedAgreement,
    Software,
    effective_period,
)
from cleanroom.agreement.parse import parse, parse_document
from cleanroom.agreement.text import read_time, split_signatures
from cleanroom.moment import moment_of
from overlap.errors import BadInput, UsageError

_DAY: Final = 86_400
#: When a policy without dates of its own is taken to be accepted: the same in every run of its tests.
ACCEPTED: Final = 1_767_225_600  # 2026-01-01T00:00:00Z
_UNITS: Final = {"s": 1, "second": 1, "minute": 60, "hour": 3600, "day": _DAY, "week": 7 * _DAY}
_RELATIVE: Final = re.compile(
    "(start|end)(?: *([+-]) *([0-9]{1,9}) *(s|seconds?|minutes?|hours?|days?|weeks?))?"
)
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def stand_in(data: bytes, accepted: int | None = None) -> SignedAgreement:
    """The agreement that the text would be, or is: a policy, an agreement, a proposal, or one signed by both.

    `accepted` is unix seconds. A signed agreement has its own time of acceptance and takes no other. Else
    left out, it is the text's own beginning, thirty days before its end, or 2026-01-01. The parties of a
    policy are called "proposer" and "accepter". Signatures are not checked: that needs the parties' cards.
    Raises BadInput when the text is not acceptable, or would end before it begins.
    """
    text, signatures = split_signatures(data)
    document = parse(text, peer=False) if signatures else parse_document(text)
    agreement = document if isinstance(document, Agreement) else _named(document)
    _require_fields(agreement)
    if len(signatures) == len(ROLES):
        accepted = signatures[1].time
    elif accepted is None:
        accepted = _usual_acceptance(agreement)
    start, end = effective_period(agreement, accepted)
    if end <= start:
        raise BadInput(
            f"accepted at {moment_of(accepted)}, this would end before it begins",
            "name another time with --accepted, or 'accepted' in a file of cases",
        )
    one, other = (Signature(role, agreement.side(role).party, accepted, b"") for role in ROLES)
    pair = (signatures[0], signatures[1]) if len(signatures) == len(ROLES) else (one, other)
    digest = hashlib.sha256(text).hexdigest()
    file_digest = hashlib.sha256(data).hexdigest()
    return SignedAgreement(agreement, digest, file_digest, pair, accepted, start, end)


def is_policy(signed: SignedAgreement) -> bool:
    """Whether a stand-in was made from a policy, whose parties have no names yet."""
    return not signed.agreement.proposer.card


def read_when(text: str, signed: SignedAgreement) -> int:
    """Unix seconds of a time in words: `2026-09-01T00:00:00Z`, `2026-09-01` (its first second, UTC), `start`,
    `end`, or one of these two and a distance such as `end - 1s` or `start + 30 days`. Raises UsageError.
    """
    form = _RELATIVE.fullmatch(text.strip())
    if form is None:
        seconds = read_time(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text)
        if seconds is None:
            raise UsageError(
                "a time is not understood",
                'write 2026-09-01T00:00:00Z, 2026-09-01, "start", "end", "end - 1s" or "start + 30 days"',
            )
        return seconds
    begin = signed.not_before if form[1] == "start" else signed.until
    if form[2] is None:
        return begin
    distance = int(form[3]) * _UNITS[form[4] if form[4] == "s" else form[4].removesuffix("s")]
    return max(0, begin + distance if form[2] == "+" else begin - distance)


def _named(policy: Policy) -> Agreement:
    proposer, accepter = (replace(getattr(policy, role), party=role) for role in ROLES)
    software = Software("", (), (), 0, "", "", "")
    return Agreement(policy.text, policy.title, proposer, accepter, policy.terms, 0, software)


def _require_fields(agreement: Agreement) -> None:
    """Fields of a preset that nobody has looked up would seem to be denied, and be shown once it is."""
    if any(side.preset and not side.fields for side in (agreement.proposer, agreement.accepter)):
        raise BadInput(
            "the policy names a preset, and its fields are not known here",
            "'overlap agreement policies FILE --partner NAME --presets PRESETS --text' writes them in",
        )


def _usual_acceptance(agreement: Agreement) -> int:
    terms = agreement.terms
    if agreement.proposed:
        return agreement.proposed
    if terms.not_before is not None:
        return terms.not_before
    return ACCEPTED if terms.until is None else max(0, terms.until - 30 * _DAY)
