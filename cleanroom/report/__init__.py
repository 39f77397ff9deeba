"""What people look at: counts and pages made from tables, without a decision of their own."""

from cleanroom.report.audit_page import (
    AgreementFacts,
    AuditFacts,
    LogFacts,
    ProofFacts,
    ShareFacts,
    audit_page,
)
from cleanroom.report.explanation_text import render_explanation, render_rejected
from cleanroom.report.matrix import MATCHED_COLUMNS, MATRIX_COLUMNS, matrix, render_matrix
from cleanroom.report.pack_page import PackFacts, Sent, pack_page
from cleanroom.report.partners_page import (
    PARTNERS_COLUMNS,
    cycle_text,
    partners_page,
    partners_rows,
    share_text,
    size_text,
)
from cleanroom.report.quality_page import quality_page
from cleanroom.report.quality_text import render_quality
from cleanroom.report.sight import ALLOWED, COULD, ENDED, PLANNED, STATES, Sight, render_sights
from cleanroom.report.statement_page import statement_page
from cleanroom.report.statement_words import STATEMENT_LANGUAGES
from cleanroom.report.weekly_page import weekly_page
from cleanroom.report.weekly_text import weekly_text

__all__ = [
    "ALLOWED",
    "COULD",
    "ENDED",
    "MATCHED_COLUMNS",
    "MATRIX_COLUMNS",
    "PARTNERS_COLUMNS",
    "PLANNED",
    "STATEMENT_LANGUAGES",
    "STATES",
    "AgreementFacts",
    "AuditFacts",
    "LogFacts",
    "PackFacts",
    "ProofFacts",
    "Sent",
    "ShareFacts",
    "Sight",
    "audit_page",
    "cycle_text",
    "matrix",
    "pack_page",
    "partners_page",
    "partners_rows",
    "quality_page",
    "render_explanation",
    "render_matrix",
    "render_quality",
    "render_rejected",
    "render_sights",
    "share_text",
    "size_text",
    "statement_page",
    "weekly_page",
    "weekly_text",
]
