"""The facts behind each status as canonical JSON: of this partner alone, so that no rival shows through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.actions.menu import REQUIREMENTS
from cleanroom.attribution.classification.meetings import CONTRADICTED, LATE_LOGGED, side_by_side
from cleanroom.attribution.classification.statuses import RULES
from cleanroom.attribution.classification.times import NEVER, day_number, day_text, span_text
from cleanroom.attribution.holding import GRADES
from cleanroom.moment import iso_day

if TYPE_CHECKING:
    from cleanroom.attribution.classification.engine import Judged

#: Names of facts, sorted as they stand in the JSON. No status uses more than six of them.
FACTS: Final = ("action", "date", "grade", "happened", "held", "lacks", "last", "type", "until")

#: How facts begin of which only a digest is left, as the match that told them has ended.
KEPT_FACTS: Final = '{"kept":'

_ACTION: Final = r'^\{"action":"(?P<action>(?:[^"\\]|\\.)*)"'
_NO_DAY: Final = -(2**40)
#: Pairs whose facts are written at a time.
_BATCH: Final = 2**16
_EMPTY: Final = pa.scalar("", pa.large_string())
_BY_HOLDING: Final = ("disputed:rivals", "sourced:held-first", "attached:held-later", "attached:overlap")
_BY_PRESENCE: Final = ("attached:action", "attached:held-later", "attached:no-created", "disputed:open")


def actions_in(facts: Any) -> list[str]:
    """The id of the action in each of these facts (pyarrow texts), "" where none is named."""
    found = pc.struct_field(pc.extract_regex(facts, _ACTION), "action")
    escaped = pc.match_substring(found, "\\").to_pylist()
    return [
        str(json.loads(f'"{text}"')) if odd else text or ""
        for text, odd in zip(found.to_pylist(), escaped, strict=True)
    ]


def facts_of(judged: Judged, wanted: np.ndarray) -> Any:
    """One canonical JSON object for each wanted pair (chunked strings), `{}` for numbers behind the last.

    A batch at a time: the texts are most of what a table of statuses weighs, and stand here once.
    """
    grade, held = _holding_facts(judged)
    batches = [wanted[first : first + _BATCH] for first in range(0, len(wanted), _BATCH)]
    written = side_by_side(lambda one: _batch(judged, one, grade, held), batches)
    return pa.chunked_array(written, pa.large_string())


def _batch(judged: Judged, wanted: np.ndarray, grade: np.ndarray, held: np.ndarray) -> Any:
    there = np.flatnonzero(wanted < len(judged.pairs))
    pair = wanted[there]
    decided = judged.deciding[pair] >= 0
    with_holding = (grade[pair] < len(GRADES)) | (held[pair] != NEVER)
    chosen = (decided, ~decided & ~with_holding, ~decided & with_holding)
    parts = [
        make(judged, pair[one], grade, held)
        for make, one in zip((_decided, _present, _with_holding), chosen, strict=True)
    ]
    place = np.full(len(wanted), len(pair))
    place[there[np.concatenate([np.flatnonzero(one) for one in chosen])]] = np.arange(len(pair))
    return pa.concat_arrays([*parts, pa.array(["{}"], pa.large_string())]).take(pa.array(place))


def _holding_facts(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """The grade (its number, or one more for none) and the proven second, where the rule rests on them."""
    account = judged.deals.account[judged.pairs.deal]
    found = judged.holdings.find(account, judged.pairs.partner)
    rests = _ruled(judged.rule, _BY_HOLDING) & (found >= 0)
    grade = np.full(len(found), len(GRADES))
    held = np.full(len(found), NEVER)
    grade[rests], held[rests] = judged.holdings.grade[found[rests]], judged.holdings.proven[found[rests]]
    return grade, held


def _decided(judged: Judged, pair: np.ndarray, grade: np.ndarray, held: np.ndarray) -> Any:
    """Facts of pairs with a meeting behind them."""
    meetings, acts = judged.meetings, judged.acts
    at = judged.deciding[pair]
    act, start, end = meetings.act[at], meetings.start[at], meetings.end[at]
    happened = acts.happened[0][act], acts.happened[1][act]
    moved = (happened[0] != start) | (happened[1] != end)
    special = moved | (grade[pair] < len(GRADES)) | (held[pair] != NEVER)
    return _joined(
        '{"action":',
        _quoted(acts.ids.take(pa.array(act))),
        ',"date":"',
        span_text(start, end).cast(pa.large_string()),
        '"',
        _middle(np.flatnonzero(special), len(pair), happened, moved, grade[pair], held[pair]),
        _lacks(meetings.lacks[at]),
        _types(judged, acts.type[act]),
        day_text(meetings.until[at]).cast(pa.large_string()),
        '"}',
    )


def _lacks(lacks: np.ndarray) -> Any:
    """`,"lacks":"…"` where a claim lacks anything."""
    codes, place = np.unique(lacks, return_inverse=True)
    words = [", ".join(lacking_words(int(code))) for code in codes]
    return _each([f',"lacks":"{text}"' if text else "" for text in words], place)


def _types(judged: Judged, types: np.ndarray) -> Any:
    """`,"type":"…","until":"`."""
    return _each([f',"type":"{name}","until":"' for name in (*judged.menu.names, "")], types)


def _each(texts: list[str], place: np.ndarray) -> Any:
    """The text at each place."""
    return pa.array(texts, pa.large_string()).take(pa.array(place))


def _middle(
    special: np.ndarray,
    size: int,
    happened: tuple[np.ndarray, np.ndarray],
    moved: np.ndarray,
    grade: np.ndarray,
    held: np.ndarray,
) -> Any:
    """`,"grade":…,"happened":…,"held":…` where there are any."""
    if not len(special):
        return pa.repeat(pa.scalar("", pa.large_string()), size)
    pieces = {
        "grade": _grades(grade[special]),
        "happened": _where(moved[special], span_text(happened[0][special], happened[1][special])),
        "held": span_text(held[special], held[special]),
    }
    written = _joined(*(_piece(name, pieces[name]) for name in pieces))
    place = np.zeros(size, np.int64)
    place[special] = np.arange(1, len(special) + 1)
    return pa.concat_arrays([pa.array([""], pa.large_string()), written]).take(pa.array(place))


def _present(judged: Judged, pair: np.ndarray, _grade: np.ndarray, _held: np.ndarray) -> Any:
    """Facts of pairs with an action that does not count: the day of the newest one."""
    last = np.where(_ruled(judged.rule[pair], _BY_PRESENCE), judged.pairs.last[pair], NEVER)
    days, place = np.unique(np.where(last == NEVER, _NO_DAY, day_number(last)), return_inverse=True)
    return _each(["{}" if day == _NO_DAY else _last_text(int(day)) for day in days], place)


def _last_text(day: int) -> str:
    return f'{{"last":"{iso_day(day)}"}}'


def _with_holding(judged: Judged, pair: np.ndarray, grade: np.ndarray, held: np.ndarray) -> Any:
    last = np.where(_ruled(judged.rule[pair], _BY_PRESENCE), judged.pairs.last[pair], NEVER)
    pieces = (
        _piece("grade", _grades(grade[pair])),
        _piece("held", span_text(held[pair], held[pair])),
        _piece("last", day_text(last)),
    )
    if not len(pair):
        return pa.array([], pa.large_string())
    return _joined("{", pc.utf8_slice_codeunits(_joined(*pieces), 1), "}")


def _grades(numbers: np.ndarray) -> Any:
    return _each([*GRADES, ""], numbers)


def _piece(name: str, column: Any) -> Any:
    """`,"name":"text"` for texts of ours, "" for ""."""
    column = column.cast(pa.large_string())
    return pc.if_else(pc.equal(column, ""), _EMPTY, _joined(f',"{name}":"', column, '"'))


def _ruled(rule: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Which rules are among these."""
    return np.asarray(np.array([name in names for name in RULES], bool)[rule])


def lacking_words(code: int) -> list[str]:
    """The names of what a claim lacks."""
    words = [name for bit, name in enumerate(REQUIREMENTS) if code >> bit & 1]
    words += ["logging in time"] if code & LATE_LOGGED else []
    return words + (["a late stage"] if code & CONTRADICTED else [])


def _where(chosen: np.ndarray, column: Any) -> Any:
    return pc.if_else(pa.array(chosen), column.cast(pa.large_string()), _EMPTY)


def _quoted(column: Any) -> Any:
    """Texts of others as JSON strings."""
    column = column.cast(pa.large_string())
    quoted = _joined('"', column, '"')
    odd = np.asarray(pc.match_substring_regex(column, r'["\\\x00-\x1f]'), dtype=bool)
    if odd.any():
        changed = [json.dumps(text, ensure_ascii=False) for text in column.filter(pa.array(odd)).to_pylist()]
        quoted = pc.replace_with_mask(quoted, pa.array(odd), pa.array(changed, pa.large_string()))
    return quoted


def _joined(*parts: Any) -> Any:
    """Texts and columns of texts in one; null where one of them is."""
    typed = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*typed, pa.scalar("", pa.large_string()))
