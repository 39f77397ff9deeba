"""What a partner says that it did, as it signs it, and the vendor's answer where both logs differ.

Both are predicates of signed statements. A log is for one vendor and a window of days. Its lines name no
partner, for the signature does, and nothing of its own desk: no owner, no answer to an introduction.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from cleanroom.attribution.actions.comparison import DIFFERENCES, Difference
from overlap import canonical
from overlap.errors import MalformedFile, UsageError

#: Fields of a line, of ACTION_COLUMNS.
LINE_FIELDS: Final = (
    "id",
    "opportunity_id",
    "account_id",
    "type",
    "date",
    "proof",
    "role",
    "next_step",
    "due",
    "logged",
    "source",
)

#: Lines of one log, and characters of one field.
LINES_LIMIT: Final = 50_000
TEXT_LIMIT: Final = 1_000

_HEX: Final = re.compile("[0-9a-f]{64}")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")
_HINT: Final = "ask the partner for the file again"


@dataclass(frozen=True, slots=True)
class ActionLog:
    """A partner's lines for the vendor whose card has the digest `vendor` (hex), of the days from `since` to
    `until` (YYYY-MM-DD, both included), signed at `made` (unix seconds)."""

    vendor: str
    since: str
    until: str
    made: int
    lines: tuple[Mapping[str, str], ...]

    @property
    def predicate(self) -> dict[str, Any]:
        return {**_plain(self), "lines": [dict(line) for line in self.lines]}

    @property
    def subject(self) -> dict[str, str]:
        """The digest of the lines alone."""
        return {"actions": _digest([dict(line) for line in self.lines])}


@dataclass(frozen=True, slots=True)
class Contested:
    """A line that the two logs do not say alike: a code of DIFFERENCES, the id of the partner's line, or "",
    and what each says."""

    code: str
    line: str
    subject: str
    partner_value: str
    vendor_value: str


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """The vendor's answer to the log whose statement has the digest `log` (hex): its lines are contested, all
    others are as the vendor has them."""

    log: str
    made: int
    contested: tuple[Contested, ...]

    @property
    def predicate(self) -> dict[str, Any]:
        return {**_plain(self), "contested": [asdict(one) for one in self.contested]}

    @property
    def subject(self) -> dict[str, str]:
        return {"action-log": self.log}


def make_log(
    rows: Iterable[Mapping[str, str]], vendor: str, made: int, since: str = "", until: str = ""
) -> ActionLog:
    """The rows of ACTION_COLUMNS from `since` to `until`, by day and id; the days of the lines where none is
    given. UsageError when nothing is left, or a row cannot stand in a log."""
    lines = [{name: _one_line(row[name]) for name in LINE_FIELDS} for row in rows]
    lines = [one for one in lines if (since or "0") <= one["date"][:10] <= (until or "9")]
    lines.sort(key=lambda one: (one["date"], one["id"]))
    if not lines:
        raise UsageError("no action of these days is in the file", "check --since and --until")
    days = [one["date"][:10] for one in lines]
    log = ActionLog(vendor, since or days[0], until or days[-1], made, tuple(lines))
    try:
        return read_log(log.predicate, log.subject)
    except MalformedFile as error:
        raise UsageError(
            f"these actions cannot be signed: {error}",
            f"at most {LINES_LIMIT:,} lines, each with its own id and day; {TEXT_LIMIT:,} characters a field",
        ) from error


def read_log(predicate: Mapping[str, Any], subject: Mapping[str, str]) -> ActionLog:
    """The log in a statement whose signatures hold. MalformedFile for any other form."""
    if set(predicate) != set(ActionLog.__slots__) or not isinstance(predicate["lines"], list):
        raise MalformedFile("the action log does not have the fields of version 1", _HINT)
    words = (predicate["vendor"], predicate["since"], predicate["until"])
    forms = (_HEX, _DAY, _DAY)
    good = all(
        isinstance(word, str) and form.fullmatch(word) for word, form in zip(words, forms, strict=True)
    )
    if not good or type(predicate["made"]) is not int or not 0 < len(predicate["lines"]) <= LINES_LIMIT:
        raise MalformedFile("the action log does not have the fields of version 1", _HINT)
    since, until = words[1:]
    lines = tuple(_line(one, since, until) for one in predicate["lines"])
    if len({one["id"] for one in lines}) != len(lines):
        raise MalformedFile("two lines of the action log have one id", _HINT)
    log = ActionLog(words[0], since, until, predicate["made"], lines)
    if log.subject != dict(subject):
        raise MalformedFile("the action log is not the one that its statement names", _HINT)
    return log


def answer_log(log: str, made: int, differences: Sequence[Difference]) -> LogAnswer:
    """The vendor's answer to a log, from the differences of our log (ours) and the partner's (theirs).

    The ids of our own records stay here.
    """
    contested = []
    for one in differences:
        # Our export may hold anything; the partner reads printable texts alone.
        subject, value = (_one_line(text)[:TEXT_LIMIT] for text in (one.subject, one.our_value))
        contested.append(Contested(one.code, one.theirs, subject, one.their_value, value))
    return LogAnswer(log, made, tuple(contested))


def read_answer(predicate: Mapping[str, Any], subject: Mapping[str, str]) -> LogAnswer:
    """The answer in a statement whose signatures hold. MalformedFile for any other form."""
    fields = set(Contested.__slots__)
    good = set(predicate) == set(LogAnswer.__slots__) and isinstance(predicate["contested"], list)
    if not good or type(predicate["made"]) is not int or dict(subject) != {"action-log": predicate["log"]}:
        raise MalformedFile("the answer does not have the fields of version 1", _HINT)
    for one in predicate["contested"]:
        if not isinstance(one, dict) or set(one) != fields or not all(map(_is_text, one.values())):
            raise MalformedFile("a line of the answer does not have the fields of version 1", _HINT)
        if one["code"] not in DIFFERENCES:
            raise MalformedFile("the answer contests a line for no known reason", _HINT)
    return LogAnswer(
        predicate["log"], predicate["made"], tuple(Contested(**one) for one in predicate["contested"])
    )


def _line(value: Any, since: str, until: str) -> dict[str, str]:
    if (
        not isinstance(value, dict)
        or set(value) != set(LINE_FIELDS)
        or not all(map(_is_text, value.values()))
    ):
        raise MalformedFile("a line of the action log does not have the fields of version 1", _HINT)
    moments = (value["date"], *(value[name] for name in ("due", "logged") if value[name]))
    if not value["id"] or not all(_MOMENT.fullmatch(one) for one in moments):
        raise MalformedFile("a line of the action log has no id, or a day of another form", _HINT)
    if not since <= value["date"][:10] <= until or not (value["opportunity_id"] or value["account_id"]):
        raise MalformedFile("a line of the action log is outside its days, or about nothing", _HINT)
    return value


def _is_text(value: Any) -> bool:
    """Whether it may be shown to the other side: nothing in it steers a terminal."""
    return isinstance(value, str) and len(value) <= TEXT_LIMIT and value.isprintable()


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def _plain(value: ActionLog | LogAnswer) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}
