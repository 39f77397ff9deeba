"""Statuses by rule: the rule file, the engine, and why.

rules, rules_parse  the rule file (TOML) as a value; lint and diff say what is wrong and what changed
pipeline            what is judged: deals, stage history, actions, holdings, disputes
deals, acts, holdings → meetings → pairs → engine → facts, table
proven              the actions that show all they must, by themselves
explain, variants   one status in at most twelve lines, with the nearest alternative

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
    from cleanroom.attribution.classification.findings import FINDING_COLUMNS, FINDINGS
    from cleanroom.attribution.classification.pipeline import Pipeline
    from cleanroom.attribution.classification.proven import proven_actions
    from cleanroom.attribution.classification.rules import RULES_LIMIT, Clocks, RuleBook, Rules
    from cleanroom.attribution.classification.rules_diff import RuleChange, diff_rules, impact
    from cleanroom.attribution.classification.rules_lint import LINTS, LintFinding, lint_rules
    from cleanroom.attribution.classification.rules_parse import parse_rules
    from cleanroom.attribution.classification.statuses import (
        EARNING,
        GLOSSARY,
        HEADLINE_COLUMNS,
        RULES,
        STATUS_COLUMNS,
        STATUSES,
    )
    from cleanroom.attribution.classification.table import headline_table, status_table, totals
    from cleanroom.attribution.classification.variants import Alternative, focus, nearest_alternative

__all__ = [
    "EARNING",
    "EXPLANATION_FACTS",
    "EXPLANATION_LINES",
    "FINDINGS",
    "FINDING_COLUMNS",
    "GLOSSARY",
    "HEADLINE_COLUMNS",
    "LINTS",
    "RULES",
    "RULES_LIMIT",
    "STATUSES",
    "STATUS_COLUMNS",
    "Alternative",
    "Clocks",
    "Judged",
    "LintFinding",
    "Pipeline",
    "RuleBook",
    "RuleChange",
    "Rules",
    "diff_rules",
    "explain_status",
    "focus",
    "headline_table",
    "impact",
    "judge_pipeline",
    "lint_rules",
    "nearest_alternative",
    "parse_rules",
    "plain_cell",
    "proven_actions",
    "status_table",
    "totals",
]

_HOMES = {
    **dict.fromkeys(("Judged", "judge_pipeline"), "engine"),
    **dict.fromkeys(("EXPLANATION_FACTS", "EXPLANATION_LINES", "explain_status", "plain_cell"), "explain"),
    **dict.fromkeys(("FINDINGS", "FINDING_COLUMNS"), "findings"),
    "Pipeline": "pipeline",
    "proven_actions": "proven",
    **dict.fromkeys(("RULES_LIMIT", "Clocks", "RuleBook", "Rules"), "rules"),
    **dict.fromkeys(("RuleChange", "diff_rules", "impact"), "rules_diff"),
    **dict.fromkeys(("LINTS", "LintFinding", "lint_rules"), "rules_lint"),
    "parse_rules": "rules_parse",
    **dict.fromkeys(
        ("EARNING", "GLOSSARY", "HEADLINE_COLUMNS", "RULES", "STATUSES", "STATUS_COLUMNS"),
        "statuses",
    ),
    **dict.fromkeys(("headline_table", "status_table", "totals"), "table"),
    **dict.fromkeys(("Alternative", "focus", "nearest_alternative"), "variants"),
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
