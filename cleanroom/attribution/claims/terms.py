"""What two parties fix about claims before one is worth anything: logs, witnesses, length and growth of
epochs.

People write the terms as TOML; both parties sign them as one statement (`urn:overlap:claims-terms:1`).
Whoever could choose the log, the witnesses or the pace afterwards could prepare many and show the lucky
one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.log import COSIGNATURE, NoteKey
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys import check_authority

__all__ = ["TERMS_FORMAT", "Terms", "read_terms"]

TERMS_FORMAT: Final = "overlap-claims-terms/1"
#: Bytes of such a file; certificate and keys of witnesses make most of it.
TERMS_LIMIT: Final = 64 * 1024
WITNESS_LIMIT: Final = 16
DAY: Final = 86_400

_ORIGIN = re.compile(r"overlap/[0-9a-f]{64}/claims")
#: Whole numbers, and the least and the most they may be.
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "epoch_days": (1, 366),
    "grace_days": (0, 366),
    "most_leaves": (1, 2**24),
    "most_growth": (0, 10_000),
    "audit_draws": (0, 10_000),
    "witnesses_needed": (0, WITNESS_LIMIT),
}
_HINT: Final = "FORMATS.md lists the fields of claims terms"


@dataclass(frozen=True, slots=True)
class Terms:
    """`logs` maps party names to the names of their claims logs. Growth is in percent an epoch.

    Epochs witnessed before `counts_from` (unix seconds) count from then. `authority` is the PEM certificate
    of a time authority, or "".
    """

    logs: Mapping[str, str]
    epoch_days: int
    grace_days: int
    most_leaves: int
    most_growth: int
    audit_draws: int
    witnesses_needed: int
    witnesses: tuple[NoteKey, ...]
    counts_from: int
    authority: str

    @property
    def longest_gap(self) -> int:
        """Seconds that may lie between two witnessed epochs."""
        return (self.epoch_days + self.grace_days) * DAY

    def allowed_leaves(self, before: int, bucket: int) -> int:
        """How large an epoch may be after one of `before` leaves."""
        return before + before * self.most_growth // 100 + bucket

    def to_fields(self) -> dict[str, Any]:
        """As both sign it."""
        numbers = {name: getattr(self, name) for name in (*_NUMBERS, "counts_from")}
        texts = {"authority": self.authority, "witnesses": [key.to_text() for key in self.witnesses]}
        return {"logs": dict(self.logs)} | numbers | texts

    @staticmethod
    def from_fields(value: Any) -> Terms:
        """The inverse; MalformedFile for anything else."""
        try:
            if set(value) != {*_NUMBERS, "logs", "counts_from", "authority", "witnesses"}:
                raise ValueError("unknown or missing field")
            logs = value["logs"]
            if len(logs) != 2 or not all(_ORIGIN.fullmatch(origin) for origin in logs.values()):
                raise ValueError("a log has no name of version 1")
            if type(value["counts_from"]) is not int or not 0 <= value["counts_from"] < 2**40:
                raise ValueError("a time is no second")
            if not isinstance(value["authority"], str):
                raise ValueError("a certificate is text")
            numbers = {name: _number(name, value[name]) for name in _NUMBERS}
            keys = _witnesses(value["witnesses"], numbers["witnesses_needed"])
        except (AttributeError, KeyError, TypeError, ValueError, UsageError, ForgedFile) as error:
            raise MalformedFile("the claims terms are not of version 1", _HINT) from error
        return Terms(
            logs=dict(logs),
            witnesses=keys,
            counts_from=value["counts_from"],
            authority=value["authority"],
            **numbers,
        )


def read_terms(text: str, logs: Mapping[str, str], now: int, instant: Callable[[str], int]) -> Terms:
    """The terms in a TOML text between the parties of `logs`; UsageError naming the field that is wrong.

    `instant` reads `counts_from`, which is `now` where the text does not say it.
    """
    if len(text) > TERMS_LIMIT:
        raise UsageError("the claims terms are larger than 64 KiB", _HINT)
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError("the claims terms are not TOML", _HINT) from error
    optional = {"witnesses": [], "time_authority": ""}
    given = optional | value
    unknown = set(given) - {*_NUMBERS, *optional, "format", "counts_from"}
    missing = {*_NUMBERS, "format"} - set(given)
    if given.get("format") != TERMS_FORMAT or unknown or missing:
        first = min(unknown | missing, default="format")
        raise UsageError(f"the claims terms have no good field '{_plain(first)}'", _HINT)
    try:
        numbers = {name: _number(name, given[name]) for name in _NUMBERS}
        keys = _witnesses(given["witnesses"], numbers["witnesses_needed"])
        if not isinstance(given["time_authority"], str):
            raise ValueError("time_authority is the text of a certificate")
        if not isinstance(given.get("counts_from", ""), str):
            raise ValueError("counts_from is a text, a day or a time with its zone")
    except (TypeError, ValueError) as error:
        raise UsageError(f"the claims terms are wrong: {error}", _HINT) from error
    if given["time_authority"]:
        check_authority(given["time_authority"])
    begin = instant(given["counts_from"]) if "counts_from" in given else now
    return Terms(
        logs=dict(logs), witnesses=keys, counts_from=begin, authority=given["time_authority"], **numbers
    )


def _number(name: str, value: Any) -> int:
    least, most = _NUMBERS[name]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most}")
    return value


def _witnesses(texts: Any, needed: int) -> tuple[NoteKey, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("witnesses is a list of texts")
    keys = tuple(NoteKey.from_text(text) for text in texts)
    if any(key.kind != COSIGNATURE for key in keys):
        raise ValueError("a witness has a key for cosignatures")
    if len({key.key for key in keys}) != len(keys) or len(keys) > WITNESS_LIMIT or needed > len(keys):
        raise ValueError("witnesses are at most 16, each once, and at least witnesses_needed")
    return keys


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:40])
