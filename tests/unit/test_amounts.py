"""Which amounts go into a sum: open opportunities by account, or an account's revenue."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest
from protocol_parties import stream

from overlap.amounts import NEGATIVE, OTHER_CURRENCY, UNREADABLE, amounts_of
from overlap.errors import Refused, UsageError
from overlap.match import distinct
from overlap.protocol import Amounts
from overlap.records import ACCOUNT_COLUMNS, OPPORTUNITY_COLUMNS
from overlap.simulation import simulate_populations, simulate_sum

TERMS = Amounts("open_opportunities", "EUR", 1000, 1_000_000, 1)


def accounts(*revenues: str) -> pd.DataFrame:
    frame = pd.DataFrame("", index=range(len(revenues)), columns=list(ACCOUNT_COLUMNS))
    return frame.assign(
        row=range(2, 2 + len(revenues)), id=[f"A{at}" for at in range(len(revenues))], revenue=revenues
    )


def opportunities(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Rows of account id, status, amount and currency."""
    frame = pd.DataFrame("", index=range(len(rows)), columns=list(OPPORTUNITY_COLUMNS))
    for at, name in enumerate(("account_id", "status", "amount", "currency")):
        frame[name] = [row[at] for row in rows]
    return frame


#: A0 and A1 have chosen one identifier, A2 another; A3 has none.
LIST = distinct(
    pd.DataFrame(
        [(0, "domain_name", "x"), (2, "domain_name", "y"), (1, "domain_name", "x")],
        columns=["account", "kind", "value"],
    )
)


def test_open_opportunities_are_added_by_identifier() -> None:
    deals = opportunities(
        ("A0", "open", "100.25", "EUR"),
        ("A0", "open", "200", ""),
        ("A1", "open", "50.25", "EUR"),
        ("A0", "won", "7000", "EUR"),
        ("A0", "lost", "7000", "EUR"),
        ("A2", "open", "0.49", "EUR"),
        ("A3", "open", "9", "EUR"),
        ("elsewhere", "open", "9", "EUR"),
    )
    valued = amounts_of(LIST, accounts("", "", "", ""), TERMS, deals)
    # 350.50 is rounded up and 0.49 down; rounding to granules comes later.
    assert valued.values == (351, 0) and valued.left_out == {}


def test_what_cannot_be_used_is_left_out_and_counted() -> None:
    deals = opportunities(
        ("A0", "open", "", "EUR"),
        ("A0", "open", "-5", "EUR"),
        ("A2", "open", "10", "USD"),
        ("A2", "open", "NaN", "EUR"),
        ("A2", "open", "Infinity", ""),
        ("A2", "open", "3", "EUR"),
    )
    valued = amounts_of(LIST, accounts("", "", "", ""), TERMS, deals)
    assert valued.values == (0, 3)
    assert valued.left_out == {UNREADABLE: 3, NEGATIVE: 1, OTHER_CURRENCY: 1}


def test_revenue_is_a_column_of_the_accounts() -> None:
    valued = amounts_of(LIST, accounts("10", "20.5", "n/a", "9"), replace(TERMS, of="revenue"))
    assert valued.values == (31, 0) and valued.left_out == {UNREADABLE: 1}


def test_an_amount_above_the_maximum_is_refused_and_not_cut() -> None:
    deals = opportunities(("A0", "open", "600000", "EUR"), ("A1", "open", "400001", "EUR"))
    with pytest.raises(Refused, match="1 of our accounts"):
        amounts_of(LIST, accounts("", "", "", ""), TERMS, deals)


def test_opportunities_that_are_missing_and_amounts_that_are_unknown_are_errors() -> None:
    with pytest.raises(UsageError):
        amounts_of(LIST, accounts("", "", "", ""), TERMS)
    with pytest.raises(Refused):
        amounts_of(LIST, accounts("", "", "", ""), replace(TERMS, of="employees"))


NAMES = ("Alpha Werke", "Bravo Mills", "Charlie Foods", "Delta Rail")


def export(*numbers: int, **columns: list[str]) -> pd.DataFrame:
    frame = {
        "Account ID": [f"id{number}" for number in numbers],
        "Account Name": [NAMES[number] for number in numbers],
        "Website": [f"www.{NAMES[number].split()[0].lower()}-example.com" for number in numbers],
        "Billing Country": ["Germany"] * len(numbers),
    }
    return pd.DataFrame(frame | columns)


def test_a_simulated_sum_over_two_exports() -> None:
    deals = pd.DataFrame(
        {
            "Opportunity ID": ["1", "2", "3"],
            "Account ID": ["id1", "id2", "id3"],
            "Stage": ["Proposal", "Closed Won", "Negotiation"],
            "Amount": ["12,499.00", "5,000.00", "700.00"],
            "Amount Currency": ["EUR", "EUR", "EUR"],
        }
    )
    learned, valued = simulate_sum(
        export(0, 1, 2), export(1, 2, 3), TERMS, deals, processes=1, random=stream("sum")
    )
    assert (learned.shared, learned.total, learned.submitted) == (2, 12_000, 3)
    assert sorted(valued.values) == [0, 700, 12_499]


def test_a_simulated_sum_below_the_minimum_is_withheld() -> None:
    revenue = export(1, 2, 3, **{"Annual Revenue": ["5000", "6000", "7000"]})
    terms = replace(TERMS, of="revenue", minimum=3)
    learned, _ = simulate_sum(export(0, 1, 2), revenue, terms, processes=1, random=stream("sum"))
    assert (learned.shared, learned.total) == (-1, -1)


def test_simulated_counts_by_population() -> None:
    from overlap import read_accounts

    left = read_accounts(export(0, 1, 2), population="customers").frame
    right = pd.concat(
        [
            read_accounts(export(1, 2), population="customers").frame,
            read_accounts(export(3), population="prospects").frame,
        ],
        ignore_index=True,
    )
    told = simulate_populations(left, right, epsilon=Fraction(40), processes=1, random=stream("room"))
    assert told.astype(object).where(told.notna(), None).to_dict("records") == [
        {"left": "customers", "right": "customers", "accounts": 2},
        {"left": "customers", "right": "prospects", "accounts": None},
    ]
