"""Statuses by rule: the rule file, the engine, and why.

rules, rules_parse  the rule file (TOML) as a value; lint and diff say what is wrong and what changed
pipeline            what is judged: deals, stage history, actions, holdings, disputes
deals, acts, holdings → meetings → pairs → engine → facts, table
explain, variants, surroundings → one status in at most twelve lines, with the nearest alternative
filled              how well the fields of actions are filled, and the gate before pay and forecast
proven              the actions that show all they must, by themselves

Names are loaded on first use: the engine brings numpy and pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.classification.engine import Judged, judge_pipeline
    from cleanroom.attribution.classification.explain import (
        EXPLANATION_FACTS,
        EXPLANATION_LINES,
        explain_status,
        plain_cell,
    )
    from cleanroom.attribution.classification.facts import KEPT_FACTS, actions_in
    from cleanroom.attribution.classification.filled import Filled, completeness, require_complete
    from cleanroom.attribution.classification.findings import FINDING_COLUMNS, FINDINGS
    from cleanroom.attribution.classification.pipeline import Pipeline
    from cleanroom.attribution.classification.proven import proven_actions
    from cleanroom.attribution.classification.rules import RULES_LIMIT, Clocks, RuleBook, Rules
    from cleanroom.attribution.classification.rules_diff import RuleChange, diff_rules, impact
    from cleanroom.attribution.classification.rules_lint import LINTS, LintFinding, lint_rules, page_budget
    from cleanroom.attribution.classification.rules_parse import parse_rules
    from cleanroom.attribution.classification.statuses import (
        EARNING,
        GLOSSARY,
        HEADLINE_COLUMNS,
        RULES,
        STATUS_COLUMNS,
        STATUSES,
    )
    from cleanroom.attribution.classification.surroundings import focus
    from cleanroom.attribution.classification.table import headline_table, status_table, totals
    from cleanroom.attribution.classification.variants import Alternative, nearest_alternative

__all__ = [
    "EARNING",
    "EXPLANATION_FACTS",
    "EXPLANATION_LINES",
    "FINDINGS",
    "FINDING_COLUMNS",
    "GLOSSARY",
    "HEADLINE_COLUMNS",
    "KEPT_FACTS",
    "LINTS",
    "RULES",
    "RULES_LIMIT",
    "STATUSES",
    "STATUS_COLUMNS",
    "Alternative",
    "Clocks",
    "Filled",
    "Judged",
    "LintFinding",
    "Pipeline",
    "RuleBook",
    "RuleChange",
    "Rules",
    "actions_in",
    "completeness",
    "diff_rules",
    "explain_status",
    "focus",
    "headline_table",
    "impact",
    "judge_pipeline",
    "lint_rules",
    "nearest_alternative",
    "page_budget",
    "parse_rules",
    "plain_cell",
    "proven_actions",
    "require_complete",
    "status_table",
    "totals",
]

_HOMES = {
    **dict.fromkeys(("Filled", "completeness", "require_complete"), "filled"),
    **dict.fromkeys(("Judged", "judge_pipeline"), "engine"),
    **dict.fromkeys(("EXPLANATION_FACTS", "EXPLANATION_LINES", "explain_status", "plain_cell"), "explain"),
    **dict.fromkeys(("KEPT_FACTS", "actions_in"), "facts"),
    **dict.fromkeys(("FINDINGS", "FINDING_COLUMNS"), "findings"),
    "Pipeline": "pipeline",
    "proven_actions": "proven",
    **dict.fromkeys(("RULES_LIMIT", "Clocks", "RuleBook", "Rules"), "rules"),
    **dict.fromkeys(("RuleChange", "diff_rules", "impact"), "rules_diff"),
    **dict.fromkeys(("LINTS", "LintFinding", "lint_rules", "page_budget"), "rules_lint"),
    "parse_rules": "rules_parse",
    **dict.fromkeys(
        ("EARNING", "GLOSSARY", "HEADLINE_COLUMNS", "RULES", "STATUSES", "STATUS_COLUMNS"),
        "statuses",
    ),
    **dict.fromkeys(("headline_table", "status_table", "totals"), "table"),
    **dict.fromkeys(("Alternative", "nearest_alternative"), "variants"),
    "focus": "surroundings",
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
