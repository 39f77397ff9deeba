"""policy lint finds each unwise clause once, and policy diff says who would see more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleanroom.agreement import (
    AGREEMENT_SAMPLE,
    Finding,
    compare,
    lint,
    parse,
    parse_policy,
    policy_names,
    policy_text,
)
from cleanroom.cli.app import overlap

NOW = 1_800_000_000
CO_SELL = policy_text("co-sell").decode()
SHOWN = '["name", "website", "country", "owner", "owner_email", "population"]'
COUNTS = policy_text("counts-only").decode()


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", policy_names())
def test_the_shipped_policies_have_no_error(name: str) -> None:
    found = lint(policy_text(name), NOW)
    assert [finding for finding in found if finding.severity == "error"] == []
    # What is said of them is written in their comments as well, and no more than one thing each.
    assert len({finding.what for finding in found}) <= 1


@pytest.mark.parametrize(
    ("severity", "clause", "pairs"),
    [
        ("warning", "terms.until", [('until = "90 days"', 'until = "367 days"')]),
        (
            "error",
            "terms.until",
            [('"acceptance"', "2020-01-01T00:00:00Z"), ('"90 days"', "2020-06-01T00:00:00Z")],
        ),
        ("warning", "terms.minimum_count", [("minimum_count = 5", "minimum_count = 4")]),
        (
            "error",
            "terms.minimum_count",
            [("minimum_count = 5", "minimum_count = 100"), ("size_bound = 65_536", "size_bound = 99")],
        ),
        ("warning", "terms.run_budget", [("run_budget = 4", "run_budget = 5")]),
        ("warning", "terms.purposes", [('["co-sell", "attribution"]', '["co-sell", "territory-planning"]')]),
        (
            "warning",
            "proposer.fields",
            [('purposes = ["co-sell", "attribution"]', 'purposes = ["attribution"]')],
        ),
        ("warning", "terms.level", [('level = "overlaps"', 'level = "all"')]),
        ("warning", "terms.max_export_age", [('max_export_age = "30 days"\n', "")]),
        ("warning", "terms.read_budget", [("read_budget = 100\n", "")]),
        (
            "warning",
            "terms.budget_period",
            [('run_budget = 4\nbudget_period = "4 weeks"', "run_budget = 12")],
        ),
        ("warning", "terms.obligations", [("exportable = false", "exportable = true")]),
        (
            "warning",
            "proposer.preset",
            [
                (
                    'fields = ["name", "website", "country", "owner", "owner_email", "population"]',
                    'preset = "x"',
                )
            ],
        ),
        ("warning", "terms.protocol", [("exportable = false", 'exportable = false\nprotocol = "vole"')]),
    ],
)
def test_each_unwise_clause_is_found(severity: str, clause: str, pairs: list[tuple[str, str]]) -> None:
    assert lint(CO_SELL.encode(), NOW) == []
    found = lint(changed(CO_SELL, *pairs).encode(), NOW)
    assert (severity, clause) in {(finding.severity, finding.clause) for finding in found}
    assert {finding.clause.partition(".")[2] for finding in found} == {clause.partition(".")[2]}


def test_sides_that_differ_are_found() -> None:
    first, rest = CO_SELL.split("[accepter]")
    one_sided = first + "[accepter]" + changed(rest, ('"open_opportunities"', '"prospects"'))
    missing = [finding for finding in lint(one_sided.encode(), NOW) if finding.severity == "error"]
    assert [finding.clause for finding in missing] == ["terms.asymmetry"]
    one_sided += 'asymmetry = "the accepter opens no opportunities"\n'
    clauses = [finding.clause for finding in lint(one_sided.encode(), NOW)]
    assert clauses == ["accepter.populations", "proposer.populations"]
    uneven = first + "[accepter]" + changed(rest, ("65_536", "1_000"))
    assert [finding.clause for finding in lint(uneven.encode(), NOW)] == ["proposer.size_bound"]


def test_what_cannot_be_read_is_an_error_at_its_place() -> None:
    found = lint(changed(CO_SELL, ('until = "90 days"', 'until = "3 months"')).encode(), NOW)
    assert [(finding.severity, finding.clause) for finding in found] == [("error", "terms.until")]
    wildcard = lint(changed(CO_SELL, ('["customers", "open_opportunities"]', '["all"]')).encode(), NOW)
    assert {finding.severity for finding in wildcard} == {"error"}
    assert lint(b"", NOW)[0].severity == "error"


def test_an_agreement_is_read_as_well() -> None:
    assert all(isinstance(finding, Finding) for finding in lint(AGREEMENT_SAMPLE.encode(), NOW))
    agreement = parse(AGREEMENT_SAMPLE.encode(), peer=False)
    assert compare(agreement, agreement) == []


def kinds(old: str, new: str) -> dict[str, str]:
    return {
        change.clause: change.kind
        for change in compare(*(parse_policy(text.encode()) for text in (old, new)))
    }


@pytest.mark.parametrize(
    ("clause", "pairs"),
    [
        ("terms.until", [('"90 days"', '"91 days"')]),
        ("terms.run_budget", [("run_budget = 4", "run_budget = 5")]),
        ("terms.minimum_count", [("minimum_count = 5", "minimum_count = 4")]),
        ("terms.exportable", [("exportable = false", "exportable = true")]),
        ("terms.purposes", [('"attribution"', '"attribution", "joint-marketing"')]),
        ("terms.budget_period", [('budget_period = "4 weeks"', 'budget_period = "27 days"')]),
        ("terms.max_export_age", [('max_export_age = "30 days"', 'max_export_age = "31 days"')]),
        ("terms.max_export_age", [('max_export_age = "30 days"\n', "")]),
        ("terms.read_budget", [("read_budget = 100", "read_budget = 101")]),
        ("terms.read_budget", [("read_budget = 100\n", "")]),
        ("terms.obligations", [('obligations = ["no-onward-share"]\n', "")]),
        ("terms.level", [('level = "overlaps"', 'level = "all"')]),
        ("terms.relations", [('["same_entity"]', '["same_entity", "same_group"]')]),
    ],
)
def test_what_is_wider_one_way_is_narrower_the_other(clause: str, pairs: list[tuple[str, str]]) -> None:
    wide = changed(CO_SELL, *pairs)
    assert kinds(CO_SELL, wide) == {clause: "wider"}
    assert kinds(wide, CO_SELL) == {clause: "narrower"}


def test_a_diff_names_who_sees_which_field_of_which_population() -> None:
    first, rest = CO_SELL.split("[accepter]")
    wide = changed(first, ('"country", "owner"', '"country", "revenue", "owner"')) + "[accepter]" + rest
    wide += 'asymmetry = "only we know it"\n'
    said = [str(change) for change in compare(parse_policy(CO_SELL.encode()), parse_policy(wide.encode()))]
    assert said == [
        *(
            f"wider: the accepter would newly see of the proposer's {population}: revenue (proposer.fields)"
            for population in ("customers", "open_opportunities")
        ),
        "other: the reason why the sides differ is: only we know it (terms.asymmetry)",
    ]


def test_a_higher_level_shows_every_field_newly() -> None:
    found = compare(parse_policy(COUNTS.encode()), parse_policy(CO_SELL.encode()))
    assert {change.clause for change in found if change.kind == "wider"} >= {
        "terms.level",
        "proposer.fields",
        "accepter.fields",
        "proposer.populations",
    }
    back = compare(parse_policy(CO_SELL.encode()), parse_policy(COUNTS.encode()))
    assert ("narrower", "terms.level") in {(change.kind, change.clause) for change in back}


@pytest.fixture
def call() -> Callable[..., tuple[int, str]]:
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(overlap, ["policy", *arguments])
        return done.exit_code, done.output

    return run


def test_the_commands_need_no_folder_and_end_as_asked(
    call: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    far = tmp_path / "far.toml"
    far.write_text(changed(CO_SELL, ('"90 days"', '"400 days"')))
    assert call("lint", "co-sell") == (0, "co-sell: nothing to say\n")
    code, said = call("lint", str(far))
    assert code == 0 and "warning: terms.until: is 400 days away" in said
    assert call("lint", "--strict", str(far))[0] == 1
    assert '"severity": "warning"' in call("lint", "--json", str(far))[1]
    code, said = call("diff", "co-sell", str(far))
    assert (code, said) == (0, "wider: it is in force for 400 days, instead of 90 (terms.until)\n")
    assert call("diff", "--no-wider", "co-sell", str(far))[0] == 1
    assert call("diff", "--no-wider", str(far), "co-sell")[0] == 0
    assert call("diff", "co-sell", "co-sell") == (0, "nothing changes\n")
    assert call("lint", str(tmp_path / "missing.toml"))[0] != 0
