"""What is unwise or wrong in a rule file, by itself and beside the deals and actions it is to judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from cleanroom.attribution.actions.menu import MENU_LIMIT, plain_type
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.rules import Rules, overlapping, plain_stage
from cleanroom.attribution.classification.rules_parse import read_rules
from cleanroom.attribution.classification.times import DAY, NEVER, spans

if TYPE_CHECKING:
    import pandas as pd

#: Lines of a printed page, and characters of its lines; comments count, for they are read too.
PAGE_LINES: Final = 66
LINE_LENGTH: Final = 180

#: Code to whether it is an error, and what it means; the parser's codes are all errors.
LINTS: Final = {
    "too-large": ("error", "the file is larger than any rule file"),
    "not-rules": ("error", "the first line is not that of a rule file"),
    "not-toml": ("error", "the file is not TOML"),
    "missing": ("error", "a key or a table is missing"),
    "unknown-key": ("error", "a key is not known"),
    "wrong-value": ("error", "a value is not what it should be"),
    "no-window": ("error", "a type has no window"),
    "no-evidence-rule": (
        "error",
        "a type does not say what it requires, or one that can earn requires no proof",
    ),
    "two-partners": ("error", "a name stands for two partners"),
    "alias-of-alias": ("error", "a name stands for a name that is an alias itself"),
    "overlapping-versions": ("error", "two versions share a number or a first day, or count downwards"),
    "too-many-types": (
        "warning",
        f"the menu has more than {MENU_LIMIT} types; they are not kept with discipline",
    ),
    "longer-than-a-page": ("warning", f"the file has more than {PAGE_LINES} lines, or very long ones"),
    "effective-in-past": ("warning", "the rules take effect before the day they are looked at"),
    "effective-after-deals": (
        "warning",
        "deals were created before any version took effect; none judges them",
    ),
    "no-origin-type": ("warning", "no type has class origin; nobody can be Sourced"),
    "no-advance-type": ("warning", "no type has class advance; hardly anybody can be Influenced"),
    "no-late-type": ("warning", "no type has class late; nobody can be Assisted Close"),
    "no-late-stage": ("warning", "late types, and no late stages; nobody can be Assisted Close"),
    "undefined-type": ("warning", "actions are of types that the menu does not define"),
    "stage-not-seen": ("warning", "no late stage of the rules occurs in the stage history"),
    "window-shorter-than-cycle": (
        "warning",
        "a window is shorter than the sales cycle of three deals in four",
    ),
    "no-completeness": (
        "warning",
        "no table [completeness]: pay and forecast rest on fields, however few are filled",
    ),
    "unused-lock": ("warning", "late logging is noticed only after the lock"),
}


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding; `what` may add numbers to what the code means."""

    severity: str
    code: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.code}: {self.place}: {self.what}"


def lint_rules(
    data: bytes,
    now: int,
    *,
    others: Sequence[Rules] = (),
    opportunities: pd.DataFrame | None = None,
    actions: pd.DataFrame | None = None,
    stages: pd.DataFrame | None = None,
) -> list[LintFinding]:
    """All that is to be corrected (errors first) or thought about; `others` are the versions beside it."""
    rules, problems = read_rules(data)
    found = [_finding(one.code, one.place, one.what) for one in problems]
    found += _length(data)
    if rules is not None:
        found += _menu(rules)
        found += _versions(rules, now, others)
        if opportunities is not None:
            found += _deals(rules, others, opportunities)
        if actions is not None:
            found += _types(rules, actions)
        if stages is not None and len(stages) and rules.late_stages:
            seen = {plain_stage(one) for one in set(texts(stages, "stage").to_pylist())}
            if not seen & set(rules.late_stages):
                found.append(_finding("stage-not-seen", "stages.late"))
    return sorted(found, key=lambda one: (one.severity, list(LINTS).index(one.code), one.place))


def page_budget(data: bytes) -> list[tuple[str, int, int]]:
    """How complex a rule file is: (what, how many, the most that can be told on a page), for people."""
    rules, _ = read_rules(data)
    budget = [("lines", data.count(b"\n"), PAGE_LINES)]
    if rules is not None:
        windows = len({one.days for one in rules.menu})
        budget += [("types", len(rules.menu), MENU_LIMIT), ("different windows", windows, MENU_LIMIT)]
    return budget


def _finding(code: str, place: str, what: str = "") -> LintFinding:
    severity, means = LINTS[code]
    return LintFinding(severity, code, place, what or means)


def _length(data: bytes) -> Iterator[LintFinding]:
    lines = data.count(b"\n")
    longest = max((len(line) for line in data.split(b"\n")), default=0)
    if lines > PAGE_LINES or longest > LINE_LENGTH:
        what = f"{lines} lines, the longest of {longest} characters; a page has {PAGE_LINES} of {LINE_LENGTH}"
        yield _finding("longer-than-a-page", "file", what)


def _menu(rules: Rules) -> Iterator[LintFinding]:
    if len(rules.menu) > MENU_LIMIT:
        yield _finding("too-many-types", "actions", f"{len(rules.menu)} types, more than {MENU_LIMIT}")
    kinds = {one.kind for one in rules.menu}
    for kind in ("origin", "advance", "late"):
        if kind not in kinds:
            yield _finding(f"no-{kind}-type", "actions")
    if "late" in kinds and not rules.late_stages:
        yield _finding("no-late-stage", "stages.late")
    for one in rules.menu:
        if one.kind != "weak" and not {"proof", "digest"} & set(one.requires):
            yield _finding("no-evidence-rule", f"actions.{one.name}", "can earn credit and requires no proof")
        if one.kind != "weak" and not one.days:
            yield _finding("no-window", f"actions.{one.name}", "has a window of no day")
    if rules.late_days > rules.lock_days:
        yield _finding("unused-lock", "logging.late_days")
    if not rules.completeness:
        yield _finding("no-completeness", "completeness")


def _versions(rules: Rules, now: int, others: Sequence[Rules]) -> Iterator[LintFinding]:
    for one, two in overlapping([*others, rules]):
        yield _finding("overlapping-versions", "version", f"versions {one.version} and {two.version} overlap")
    if rules.effective < now - now % DAY:
        day = datetime.fromtimestamp(rules.effective, UTC).date().isoformat()
        yield _finding(
            "effective-in-past", "effective", f"{day} is past: partners did not know these rules then"
        )


def _deals(rules: Rules, others: Sequence[Rules], opportunities: pd.DataFrame) -> Iterator[LintFinding]:
    created, _ = spans(texts(opportunities, "created"))
    first = min(one.effective for one in (rules, *others))
    early = int(((created != NEVER) & (created < first)).sum())
    if early:
        what = f"{early:,} deals were created before, and no version judges them"
        yield _finding("effective-after-deals", "effective", what)
    closed, _ = spans(texts(opportunities, "closed"))
    done = np.array([one != "open" for one in texts(opportunities, "status").to_pylist()], bool)
    known = done & (created != NEVER) & (closed != NEVER) & (closed >= created)
    if known.sum() < 20:
        return
    cycle = int(np.percentile((closed - created)[known] // DAY, 75))
    for one in rules.menu:
        if one.kind == "advance" and one.days < cycle:
            what = f"its window is {one.days} days; three deals in four close within {cycle}"
            yield _finding("window-shorter-than-cycle", f"actions.{one.name}", what)


def _types(rules: Rules, actions: pd.DataFrame) -> Iterator[LintFinding]:
    encoded = texts(actions, "type").dictionary_encode()
    strange = [plain_type(one) not in rules.types for one in encoded.dictionary.to_pylist()]
    if any(strange):
        rows = int(np.array(strange, bool)[np.asarray(encoded.indices)].sum())
        what = f"{rows:,} actions are of {sum(strange)} types that the menu does not define"
        yield _finding("undefined-type", "actions", what)
