"""An invented world to try the product on: realistic exports of three parties, and the truth about them."""

from cleanroom.demo.generate import (
    CLAIM_DAYS,
    DEFAULT_ACCOUNTS,
    FEWEST_ACCOUNTS,
    PARTNER,
    RIVAL,
    VENDOR,
    DemoWorld,
    Import,
    PartyWorld,
    generate,
)
from cleanroom.demo.truth import EVIDENCE, Score, Truth, score

__all__ = [
    "CLAIM_DAYS",
    "DEFAULT_ACCOUNTS",
    "EVIDENCE",
    "FEWEST_ACCOUNTS",
    "PARTNER",
    "RIVAL",
    "VENDOR",
    "DemoWorld",
    "Import",
    "PartyWorld",
    "Score",
    "Truth",
    "generate",
    "score",
]
