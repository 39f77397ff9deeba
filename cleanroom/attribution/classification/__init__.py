"""Statuses by rule: the rule file, the engine, and why.

rules, rules_parse  the rule file (TOML) as a value; lint and diff say what is wrong and what changed
pipeline            what is judged: deals, stage history, actions, holdings, disputes
deals, acts, holdings → meetings → pairs → engine → facts, table
explain, variants   one status in at most twelve lines, with the nearest alternative

Names are loaded on first use: the engine brings numpy and pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.classification.engine import Judged, judge_pipeline
    from cleanroom.attribution.classification.pipeline import Pipeline
    from cleanroom.attribution.classification.rules import RuleBook, Rules
    from cleanroom.attribution.classification.rules_parse import parse_rules
    from cleanroom.attribution.classification.statuses import (
        EARNING,
        GLOSSARY,
        HEADLINE_COLUMNS,
        RULES,
        STATUS_COLUMNS,
        STATUSES,
        Holding,
    )
    from cleanroom.attribution.classification.table import headline_table, status_table, totals

__all__ = [
    "EARNING",
    "GLOSSARY",
    "HEADLINE_COLUMNS",
    "RULES",
    "STATUSES",
    "STATUS_COLUMNS",
    "Holding",
    "Judged",
    "Pipeline",
    "RuleBook",
    "Rules",
    "headline_table",
    "judge_pipeline",
    "parse_rules",
    "status_table",
    "totals",
]

_HOMES = {
    **dict.fromkeys(
        ("EARNING", "GLOSSARY", "HEADLINE_COLUMNS", "RULES", "STATUSES", "STATUS_COLUMNS", "Holding"), "statuses"
    ),
    "Judged": "engine",
    "Pipeline": "pipeline",
    "RuleBook": "rules",
    "Rules": "rules",
    "headline_table": "table",
    "judge_pipeline": "engine",
    "parse_rules": "rules_parse",
    "status_table": "table",
    "totals": "table",
}

__getattr__ = load_from(__name__, _HOMES)
