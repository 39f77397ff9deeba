"""From a policy to the text of an agreement: names, cards and the contract are filled in, the rest stays.

The text is built line by line, so that the comments of the policy's author reach the person who signs.
"""

from __future__ import annotations

import re
from typing import Final

from cleanroom.agreement.document import AGREEMENT_FORMAT, Software
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
_HEADER: Final = re.compile(r"\[(proposer|accepter)\] *(?:#.*)?")


def propose(policy: bytes, proposer: Card, accepter: Card, software: Software, now: int) -> bytes:
    """The text of an agreement under `policy`, still without signatures; `now` is unix seconds UTC.

    `software.kinds` are the identifier kinds to match on, best first. Raises BadInput when the policy is not
    acceptable, or does not write [proposer] and [accepter] as lines of their own.
    """
    level = parse_policy(policy).terms.level
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
    text = "\n".join([*lines, "", *_contract_lines(software, now, level), ""]).encode()
    parse(text, peer=False)
    return text


def _contract_lines(software: Software, now: int, level: str) -> list[str]:
    return [
        "# Filled in by the software of the proposer; the accepter's refuses when its own differs.",
        *_TRUST.get(level, ()),
        "[contract]",
        f"proposed = {moment_of(now)}",
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
