"""What partners did: the menu of types, two logs compared, and referral tokens.

direction   what partners did, and the leads that we sent
menu        the few types that count, each with a class, a window and what it must show
comparison  our log and the partner's, action by action
signed      what a partner signs of its log, and the vendor's answer
token       a signed referral that is redeemed without a portal
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.actions.comparison import DIFFERENCES, Difference, compare_actions
    from cleanroom.attribution.actions.direction import by_partners, by_us
    from cleanroom.attribution.actions.menu import (
        CLASSES,
        MENU_LIMIT,
        REQUIREMENTS,
        ActionType,
        digest_in,
        missing_of,
        plain_type,
    )
    from cleanroom.attribution.actions.signed import (
        LINE_FIELDS,
        ActionLog,
        Contested,
        LogAnswer,
        answer_log,
        make_log,
        read_answer,
        read_log,
    )
    from cleanroom.attribution.actions.token import TOKEN_LIMIT_BYTES, Token, make_token, read_token

__all__ = [
    "CLASSES",
    "DIFFERENCES",
    "LINE_FIELDS",
    "MENU_LIMIT",
    "REQUIREMENTS",
    "TOKEN_LIMIT_BYTES",
    "ActionLog",
    "ActionType",
    "Contested",
    "Difference",
    "LogAnswer",
    "Token",
    "answer_log",
    "by_partners",
    "by_us",
    "compare_actions",
    "digest_in",
    "make_log",
    "make_token",
    "missing_of",
    "plain_type",
    "read_answer",
    "read_log",
    "read_token",
]

_HOMES = {
    **dict.fromkeys(("DIFFERENCES", "Difference", "compare_actions"), "comparison"),
    **dict.fromkeys(("by_partners", "by_us"), "direction"),
    **dict.fromkeys(
        ("CLASSES", "MENU_LIMIT", "REQUIREMENTS", "ActionType", "digest_in", "missing_of", "plain_type"),
        "menu",
    ),
    **dict.fromkeys(
        (
            *("LINE_FIELDS", "ActionLog", "Contested", "LogAnswer"),
            *("answer_log", "make_log", "read_answer", "read_log"),
        ),
        "signed",
    ),
    **dict.fromkeys(("TOKEN_LIMIT_BYTES", "Token", "make_token", "read_token"), "token"),
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
