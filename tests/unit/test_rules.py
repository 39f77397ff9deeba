"""The rule file: read strictly, linted, compared. Expected values: FORMATS.md and docs/attribution.md."""

from __future__ import annotations

import pytest
from stories import NOW, act, brought, deal, entered, pipeline, rules

from cleanroom.attribution.classification import LINTS, diff_rules, impact, lint_rules, parse_rules
from cleanroom.session.attribution.rule_files import default_rules
from overlap.errors import BadInput

TEXT = default_rules()


def changed(before: str, after: str) -> bytes:
    assert before.encode() in TEXT
    return TEXT.replace(before.encode(), after.encode(), 1)


def test_the_rules_that_come_along_are_read_and_fit_on_a_page() -> None:
    read = parse_rules(TEXT)
    assert (read.version, len(read.menu), read.tie) == (1, 12, "disputed")
    assert {one.kind for one in read.menu} == {"origin", "advance", "late", "weak"}
    assert [one.code for one in lint_rules(TEXT, NOW)] == ["effective-in-past"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (TEXT[1:], "not-rules"),
        (TEXT + b"[sourcing]\n", "not-toml"),
        (TEXT + b"x" * 70_000, "too-large"),
        (changed("version = 1", "version = 1\nextra = 2"), "unknown-key"),
        (changed("version = 1\n", ""), "missing"),
        (changed("version = 1", "version = 0"), "wrong-value"),
        (changed("effective = 2015-01-01", 'effective = "2015-01-01"'), "wrong-value"),
        (changed("effective = 2015-01-01", "effective = 2015-01-01T00:00:00Z"), "wrong-value"),
        (changed('tie = "disputed"', 'tie = "coin"'), "wrong-value"),
        (changed("net_new = true", "net_new = 1"), "wrong-value"),
        (changed("demo = { class", "Demo = { class"), "wrong-value"),
        (changed("days = 30, ", ""), "no-window"),
        (
            changed('requires = ["proof"], points = 6, says = "held', 'points = 6, says = "held'),
            "no-evidence-rule",
        ),
        (changed('"proof", "owner"', '"proof", "luck"'), "wrong-value"),
        (changed('"Negotiation",', '"Closed Won",'), "wrong-value"),
        (TEXT + b"[weekly]\nmonthly = 3\n", "unknown-key"),
        (TEXT + b"proof = 101\n", "wrong-value"),
        (TEXT + b"luck = 10\n", "unknown-key"),
    ],
)
def test_what_is_not_known_is_refused_with_its_code(data: bytes, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        parse_rules(data)
    (found,) = {one.code for one in lint_rules(data, NOW) if one.severity == "error"}
    assert found == code


def test_all_problems_are_told_at_once() -> None:
    data = TEXT.replace(b"version = 1\n", b"").replace(b"net_new = true", b"net_new = 1")
    with pytest.raises(BadInput, match="2 problems"):
        parse_rules(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (changed("[actions]\n", "[actions]\n" + "".join(
            f'extra-{n} = {{ class = "advance", days = 9, requires = ["proof"], points = 0, says = "x" }}\n'
            for n in range(3))), "too-many-types"),
        (TEXT + b"#\n" * 60, "longer-than-a-page"),
        (changed("late_days = 7", "late_days = 30"), "unused-lock"),
        (TEXT.replace(b'class = "late"', b'class = "weak"'), "no-late-type"),
        (TEXT.replace(b'class = "origin"', b'class = "weak"'), "no-origin-type"),
        (TEXT.replace(b'class = "advance"', b'class = "weak"'), "no-advance-type"),
        (TEXT.replace(b'requires = ["proof"]', b'requires = ["owner"]'), "no-evidence-rule"),
        (changed("days = 60", "days = 0"), "no-window"),
        (TEXT.partition(b"\n[completeness]")[0] + b"\n", "no-completeness"),
    ],
)  # fmt: skip
def test_lint_finds_what_is_unwise(data: bytes, code: str) -> None:
    found = {one.code: one for one in lint_rules(data, NOW)}
    assert code in found
    assert found[code].severity == LINTS[code][0]


def test_late_types_need_late_stages() -> None:
    lines = [line if not line.startswith(b"late = [") else b"late = []" for line in TEXT.split(b"\n")]
    assert "no-late-stage" in {one.code for one in lint_rules(b"\n".join(lines), NOW)}


def test_lint_looks_at_the_deals_and_actions_that_are_there() -> None:
    deals = [
        deal(id=f"O{n}", account_id=f"A{n}", status="won", created="2014-06-01", closed="2015-06-01")
        for n in range(20)
    ]
    made = pipeline([act("golf", "2026-06-01")], deals=deals, stages=entered(("Discovery", "2014-06-01")))
    found = {
        one.code: one.what
        for one in lint_rules(
            TEXT, NOW, opportunities=made.opportunities, actions=made.actions, stages=made.stages
        )
    }
    assert "20 deals" in found["effective-after-deals"]
    assert "1 actions are of 1 types" in found["undefined-type"]
    assert "365" in found["window-shorter-than-cycle"] and "stage-not-seen" in found


def test_versions_beside_each_other_are_looked_at() -> None:
    later = parse_rules(changed("version = 1", "version = 2"))
    assert "overlapping-versions" in {one.code for one in lint_rules(TEXT, NOW, others=[later])}


def test_a_difference_is_told_setting_by_setting() -> None:
    new = parse_rules(
        changed("lock_days = 14 ", "lock_days = 30 ").replace(b"days = 30, ", b"days = 45, ", 1)
    )
    found = {one.place: (one.before, one.after) for one in diff_rules(parse_rules(TEXT), new)}
    assert found["lock_days"] == ("14", "30")
    assert found["actions.introduction"][1].startswith("origin, 45 days")
    assert set(found) == {"lock_days", "actions.introduction"}
    assert diff_rules(new, new) == []


def test_the_impact_of_a_change_is_counted_by_partner() -> None:
    old, new = parse_rules(TEXT), parse_rules(changed("days = 30", "days = 5"))
    made = pipeline([brought("2026-04-20")], book=rules())
    assert impact(made, old, new) == [
        {"partner": "contoso", "before": "Sourced", "after": "Attached", "opportunities": 1}
    ]
