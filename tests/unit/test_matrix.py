"""The overlap matrix; every expected count is worked out by hand from the few rows above it."""

from __future__ import annotations

import random

import pandas as pd
import pytest

from cleanroom.report import MATCHED_COLUMNS, MATRIX_COLUMNS, matrix, render_matrix
from overlap.errors import UsageError

ROWS = [
    ("A1", "t1", "customers", "prospects", "P1"),
    ("A1", "t2", "customers", "prospects", "P1"),  # a second identifier of the same pair
    ("A2", "t1", "open_opportunities", "prospects", "P1"),  # a duplicate of A1 in the other population
    ("A3", "t3", "customers", "customers", "P2"),
    ("A3", "t4", "customers", "customers", "P3"),  # two accounts of the peer for one company
    ("A4", "t5", "vip", "", ""),  # the peer has not released this one
]


def cells(rows):
    frame = matrix(pd.DataFrame(rows, columns=list(MATCHED_COLUMNS)))
    assert tuple(frame.columns) == MATRIX_COLUMNS
    return {
        (row["our_population"], row["their_population"]): (
            row["ours"],
            None if pd.isna(row["theirs"]) else row["theirs"],
            row["entities"],
        )
        for row in frame.to_dict(orient="records")
    }


def test_each_cell_counts_our_accounts_their_accounts_and_companies():
    counted = cells(ROWS)
    assert counted["customers", "prospects"] == (1, 1, 1)
    assert counted["customers", "customers"] == (1, 2, 1)
    assert counted["open_opportunities", "prospects"] == (1, 1, 1)
    assert counted["open_opportunities", "customers"] == (0, 0, 0)
    assert counted["vip", "(not released)"] == (1, None, 1)


def test_the_margins_count_every_account_and_company_once():
    counted = cells(ROWS)
    assert counted["(all)", "prospects"] == (2, 1, 1)
    assert counted["customers", "(all)"] == (2, 3, 2)
    assert counted["(all)", "(all)"] == (4, None, 3)


def test_a_chain_of_accounts_and_tokens_is_one_company():
    chain = [
        (f"A{place + shift}", f"t{place}", "customers", "customers", "P")
        for place in range(50)
        for shift in (0, 1)
    ]
    random.Random(5).shuffle(chain)
    assert cells(chain)["customers", "customers"] == (51, 1, 1)


def test_populations_come_in_the_standard_order():
    frame = matrix(pd.DataFrame(ROWS, columns=list(MATCHED_COLUMNS)))
    assert list(dict.fromkeys(frame["our_population"])) == ["customers", "open_opportunities", "vip", "(all)"]
    assert list(dict.fromkeys(frame["their_population"])) == [
        "customers",
        "prospects",
        "(not released)",
        "(all)",
    ]


def test_the_order_of_rows_does_not_matter():
    frame = pd.DataFrame(ROWS, columns=list(MATCHED_COLUMNS))
    assert matrix(frame).equals(matrix(frame.iloc[::-1]))


def test_the_matrix_is_rendered_as_aligned_text():
    lines = render_matrix(
        matrix(pd.DataFrame(ROWS[3:], columns=list(MATCHED_COLUMNS))), "contoso", "fabrikam"
    )
    assert lines == [
        "contoso \\ fabrikam  customers  (not released)  (all)",
        "customers               1/2/1           0/0/0  1/2/1",
        "vip                     0/0/0           1/?/1  1/?/1",
        "(all)                   1/2/1           1/?/1  2/?/2",
        "each cell: accounts of contoso / accounts of fabrikam / companies; (all) counts each once",
    ]


def test_nothing_matched_gives_a_single_empty_cell():
    assert cells([]) == {("(all)", "(all)"): (0, 0, 0)}


def test_a_missing_column_is_refused():
    with pytest.raises(UsageError):
        matrix(pd.DataFrame(columns=["account"]))
