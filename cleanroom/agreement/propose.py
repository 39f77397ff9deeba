"""From a policy to the text of an agreement: names, cards and the contract are filled in, the rest stays.

The text is built line by line, so that the comments of the policy's author reach the person who signs.
"""

from __future__ import annotations

import re
from typing import Final

from cleanroom.agreement.document import AGREEMENT_FORMAT, Software, Terms
from cleanroom.agreement.parse import parse, parse_policy
from cleanroom.moment import moment_of
from overlap.errors import BadInput
from overlap.keys import Card

_A_LINE: Final = 8
#: What the levels of numbers do not prevent, in the text that both sign.
_TRUST: Final = {
    "counts": (
        "# Level counts trusts both tools: over files, a modified one can learn which of the accounts it",
        "# submitted match. It never learns more than level overlaps shows.",
    ),
    "sum": (
        "# Level sum trusts both tools: over files, a modified one can learn which of the accounts it",
        "# submitted match, and that of the side without amounts can add up fewer of them than it says.",
    ),
}
#: What a room that counts does not prevent.
_ROOM_TRUST: Final = (
    "# The room counts what it cannot read, and adds the noise. Together with one side it could learn which",
    "# of the accounts that this side submitted match.",
)
_ROOM_LINES: Final = ("", "# The third party, which both sides know by a card they have confirmed.", "[room]")
_HEADER: Final = re.compile(r"\[(proposer|accepter)\] *(?:#.*)?")


def propose(
    policy: bytes,
    proposer: Card,
    accepter: Card,
    software: Software,
    now: int,
    *,
    room: Card | None = None,
    renews: str = "",
) -> bytes:
    """The text of an agreement under `policy`, still without signatures; `now` is unix seconds UTC.

    `software.kinds` are the identifier kinds to match on, best first. `room` is the third party, where the
    policy asks for one, and `renews` the digest (hex) of the agreement that this one follows. Raises BadInput
    when the policy is not acceptable, or does not write [proposer] and [accepter] as lines of their own.
    """
    terms = parse_policy(policy).terms
    if terms.needs_room != (room is not None):
        what = "asks for a room" if room is None else "gives a room no part"
        raise BadInput(f"the policy {what}", "name the room where lease_holder or [counting] asks for one")
    cards = {"proposer": proposer, "accepter": accepter}
    lines = [f'format = "{AGREEMENT_FORMAT}"']
    for line in policy.decode().removesuffix("\n").split("\n")[1:]:
        lines.append(line)
        header = _HEADER.fullmatch(line)
        if header and header[1] in cards:
            card = cards.pop(header[1])
            lines += [f'party = "{card.party}"', f'card = "{card.digest.hex()}"']
    if cards:
        raise BadInput(
            "the policy does not write [proposer] and [accepter] as lines of their own",
            "write each table with its header on one line and its keys on the lines below",
        )
    third = [] if room is None else [*_ROOM_LINES, f'party = "{room.party}"', f'card = "{room.digest.hex()}"']
    contract = _contract_lines(software, now, terms, renews)
    text = "\n".join([*lines, *third, "", *contract, ""]).encode()
    parse(text, peer=False)
    return text


def _contract_lines(software: Software, now: int, terms: Terms, renews: str) -> list[str]:
    return [
        "# Filled in by the software of the proposer; the accepter's refuses when its own differs.",
        *(_ROOM_TRUST if terms.counting else _TRUST.get(terms.level, ())),
        "[contract]",
        f"proposed = {moment_of(now)}",
        *([f'renews = "{renews}"'] if renews else []),
        f'protocol = "{software.protocol}"',
        "kinds = [",
        *_wrapped([f'"{kind}"' for kind in software.kinds]),
        "]",
        "# Of a thousand hits of each kind, so many were between different companies when it was measured.",
        "false_hits = [",
        *_wrapped([str(number) for number in software.false_hits]),
        "]",
        f"most = {software.most}",
        f'normaliser = "{software.normaliser}"',
        f'normaliser_digest = "{software.normaliser_digest}"',
        f'data_digest = "{software.data_digest}"',
    ]


def _wrapped(items: list[str]) -> list[str]:
    """Items of a list, eight a line, so that no line runs out of sight."""
    rows = [items[start : start + _A_LINE] for start in range(0, len(items), _A_LINE)]
    return ["  " + ", ".join(row) + "," for row in rows]
