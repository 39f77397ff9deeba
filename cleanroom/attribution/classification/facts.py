"""The facts behind each status as canonical JSON: of this partner alone, so that no rival shows through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.actions.menu import REQUIREMENTS
from cleanroom.attribution.classification.meetings import CONTRADICTED, LATE_LOGGED
from cleanroom.attribution.classification.statuses import GRADES, RULES
from cleanroom.attribution.classification.times import NEVER, day_text, span_text

if TYPE_CHECKING:
    from cleanroom.attribution.classification.engine import Judged

#: Names of facts, sorted as they stand in the JSON. No status uses more than six of them.
FACTS: Final = ("action", "date", "grade", "happened", "held", "lacks", "last", "type", "until")

_BY_HOLDING: Final = ("disputed:rivals", "sourced:held-first", "attached:held-later", "attached:overlap")
_BY_PRESENCE: Final = ("attached:action", "attached:held-later", "attached:no-created", "disputed:open")


def facts_of(judged: Judged) -> Any:
    """One canonical JSON object a pair (pyarrow strings)."""
    decided, meetings, acts = judged.deciding >= 0, judged.meetings, judged.acts
    pieces: dict[str, Any] = {}
    if decided.any():
        at = judged.deciding[decided]
        act = meetings.act[at]
        start, end = meetings.start[at], meetings.end[at]
        happened = acts.happened[0][act], acts.happened[1][act]
        moved = (happened[0] != start) | (happened[1] != end)
        names = pa.array([*judged.menu.names, ""], pa.large_string())
        pieces["action"] = _spread(_quoted(acts.ids.take(pa.array(act))), decided)
        pieces["date"] = _spread(_plain(span_text(start, end)), decided)
        pieces["happened"] = _spread(_plain(_where(moved, span_text(*happened))), decided)
        pieces["lacks"] = _spread(_plain(_lacking(meetings.lacks[at])), decided)
        pieces["type"] = _spread(_plain(names.take(pa.array(acts.type[act]))), decided)
        pieces["until"] = _spread(_plain(day_text(meetings.until[at])), decided)
    present = _ruled(judged, _BY_PRESENCE) & (judged.pairs.last != NEVER) & ~decided
    pieces["last"] = _plain(_where(present, day_text(judged.pairs.last)))
    account = judged.deals.account[judged.pairs.deal]
    found = judged.holdings.find(account, judged.pairs.partner)
    held = _ruled(judged, _BY_HOLDING) & (found >= 0)
    grades = pa.array([*GRADES, ""], pa.large_string())
    grade = np.where(held, judged.holdings.grade[found] if len(judged.holdings.keys) else 0, len(GRADES))
    pieces["grade"] = _plain(grades.take(pa.array(grade)))
    proven = np.where(held, judged.holdings.proven_at(account, judged.pairs.partner), NEVER)
    pieces["held"] = _plain(span_text(proven, proven))
    return _objects(pieces, len(judged.pairs))


def _ruled(judged: Judged, names: tuple[str, ...]) -> np.ndarray:
    return np.isin(judged.rule, [list(RULES).index(name) for name in names])


def _lacking(lacks: np.ndarray) -> Any:
    """What is missing, in words joined by ", "."""
    codes, at = np.unique(lacks, return_inverse=True)
    words = [", ".join(lacking_words(int(code))) for code in codes]
    return pa.array(words, pa.large_string()).take(pa.array(at))


def lacking_words(code: int) -> list[str]:
    """The names of what a claim lacks."""
    words = [name for bit, name in enumerate(REQUIREMENTS) if code >> bit & 1]
    words += ["logging in time"] if code & LATE_LOGGED else []
    return words + (["a late stage"] if code & CONTRADICTED else [])


def _where(chosen: np.ndarray, column: Any) -> Any:
    return pc.if_else(pa.array(chosen), column, "")


def _plain(column: Any) -> Any:
    """Texts of ours in quotation marks, null for ""."""
    column = column.cast(pa.large_string())
    quoted = _joined('"', column, '"')
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.large_string()), quoted)


def _quoted(column: Any) -> Any:
    """Texts of others as JSON strings."""
    column = column.cast(pa.large_string())
    quoted = _joined('"', column, '"')
    odd = np.asarray(pc.match_substring_regex(column, r'["\\\x00-\x1f]'), dtype=bool)
    if odd.any():
        changed = [json.dumps(text, ensure_ascii=False) for text in column.filter(pa.array(odd)).to_pylist()]
        quoted = pc.replace_with_mask(quoted, pa.array(odd), pa.array(changed, pa.large_string()))
    return quoted


def _spread(column: Any, chosen: np.ndarray) -> Any:
    """The column at the chosen places, null elsewhere."""
    at = np.cumsum(chosen) - 1
    return column.take(pa.array(at, mask=~chosen))


def _objects(pieces: dict[str, Any], size: int) -> Any:
    """Each piece as `,"name":value`, empty where it is null; the first comma is cut off."""
    if not size:
        return pa.array([], pa.large_string())
    named = [_joined(f',"{name}":', pieces[name]).fill_null("") for name in FACTS if name in pieces]
    return _joined("{", pc.utf8_slice_codeunits(_joined(*named), 1), "}")


def _joined(*parts: Any) -> Any:
    """Texts and columns of texts in one; null where one of them is."""
    typed = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*typed, pa.scalar("", pa.large_string()))
