"""What people look at: counts and pages made from tables, without a decision of their own."""

from cleanroom.report.matrix import MATCHED_COLUMNS, MATRIX_COLUMNS, matrix, render_matrix

__all__ = ["MATCHED_COLUMNS", "MATRIX_COLUMNS", "matrix", "render_matrix"]
