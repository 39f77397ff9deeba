"""Worked cases of others, by number: tiers, clawback, shares, refunds and currencies, as published.

The cases stand in the research on commission engines (section 4.1, conventions; section 4.6, open-source
anchors). Each test names where its numbers come from.
"""

from __future__ import annotations

import pytest
from plans import amounts, bands_of, codes, flat, make_plan, run, total

from cleanroom.attribution import payouts

BANDS = (
    'bands = [{ from = "0", rate = "6%" }, { from = "100%", rate = "8%" }, { from = "150%", rate = "10%" }]'
)


def tiered(tiers: str, bands: str = BANDS, quota: str = 'quota = "100000"') -> payouts.Plan:
    rule = '[[rule]]\nid = "t"\ntype = "commission"\nkinds = ["sourced"]\n'
    return make_plan(f'{rule}tiers = "{tiers}"\n{quota}\n{bands}\n')


@pytest.mark.parametrize(
    ("tiers", "amount", "pays"),
    [
        # Sales Cookie: 6/8/10 % at 100/150 % of quota, 110 % of a quota of 100,000.
        ("marginal", "110000", "6800.00"),
        ("cliff", "110000", "8800.00"),
        # At the border exactly: the lower end of a band is in it.
        ("marginal", "100000", "6000.00"),
        ("cliff", "100000", "8000.00"),
        ("marginal", "99999.99", "6000.00"),
        ("cliff", "99999.99", "6000.00"),
        ("marginal", "200000", "15000.00"),
        ("cliff", "200000", "20000.00"),
    ],
)
def test_tiers_at_and_around_their_borders(tiers, amount, pays):
    assert total(run(tiered(tiers), f"e1,2026-02-01,sourced,acme,d1,,{amount},EUR,")) == pays


def test_an_accelerated_scale_of_the_forum_pays_8250_on_150000():
    steps = (("0", "5%"), ("100000", "6%"), ("125000", "7%"))
    bands = bands_of(*steps)
    answer = run(tiered("marginal", bands, ""), "e1,2026-02-01,sourced,acme,d1,,150000,EUR,")
    assert total(answer) == "8250.00"


def test_an_amount_between_two_sections_pays():
    """OCA/commission: sections to 1,000 and from 1,001 pay 0 on 1,000.50."""
    bands = 'bands = [{ from = "0", rate = "5%" }, { from = "1000", rate = "10%" }]'
    event = "e1,2026-02-01,sourced,acme,d1,,1000.50,EUR,"
    assert total(run(tiered("cliff", bands, ""), event)) == "100.05"
    assert total(run(tiered("marginal", bands, ""), event)) == "50.05"


def test_a_clawback_is_the_re_rated_total_minus_the_total_before():
    """The worked case of -5,800: rate times refund would be -4,800."""
    answer = run(
        tiered("cliff"),
        "e1,2026-02-01,sourced,acme,d1,,110000,EUR,\nr1,2026-02-20,refund,acme,d1,,60000,EUR,e1",
    )
    assert amounts(answer) == [("e1", "acme", "now", "8800.00"), ("r1", "acme", "now", "-5800.00")]


@pytest.mark.parametrize(("share", "other"), [("30%", "70%"), ("70%", "30%")])
def test_shares_of_645_sum_whatever_their_order(share, other):
    """Dokan: 1.93 + 4.51 = 6.44 on 6.45. moneyphp: [70, 30] and [30, 70] differ."""
    split = f'split = {{ by = "fixed", shares = {{ sourced = "{share}", influenced = "{other}" }} }}'
    rule = f'[[rule]]\nid = "s"\ntype = "commission"\nkinds = ["won"]\nrate = "100%"\n{split}\n'
    answer = run(
        make_plan(rule),
        "a,2026-01-01,sourced,p1,d1,,,,\nb,2026-01-01,influenced,p2,d1,,,,\ne1,2026-02-01,won,,d1,,6.45,EUR,",
    )
    assert sorted(row["minor"] for row in answer["lines"]) == [193, 452]


def test_equal_remainders_go_to_the_larger_weight_then_to_the_smaller_name():
    assert payouts.share_out(645, {"b": 70, "a": 30}) == {"b": 452, "a": 193}
    assert payouts.share_out(1, {"b": 1, "a": 1}) == {"b": 0, "a": 1}
    assert payouts.share_out(-1, {"b": 1, "a": 1}) == {"b": 0, "a": -1}


def test_a_refund_is_not_subtracted_twice():
    """lms-front, issue 498: one refund taken off twice. The same row again, and a second refund in full."""
    answer = run(
        make_plan(flat()),
        "e1,2026-02-01,sourced,acme,d1,,100,EUR,\n"
        "r1,2026-02-02,refund,acme,d1,,100,EUR,e1\n"
        "r1,2026-02-02,refund,acme,d1,,100,EUR,e1\n"
        "r2,2026-02-03,refund,acme,d1,,100,EUR,e1",
    )
    assert total(answer) == "0.00"
    assert codes(answer) == [("r1", "event-repeated", "once"), ("r2", "refund-twice", "held")]


def test_what_was_never_paid_is_not_clawed_back():
    """lms-front, issue 511: a commission that was never earned was taken back all the same."""
    answer = run(
        make_plan(flat()),
        "e1,2026-02-01,sourced,acme,d1,,100,USD,\nr1,2026-02-02,refund,acme,d1,,100,USD,e1",
    )
    assert [row["code"] for row in answer["lines"]] == ["rate-missing"]
    assert codes(answer) == [("e1", "rate-missing", "held"), ("r1", "original-held", "held")]
    assert answer["totals"] == []


def test_a_full_clawback_takes_the_commission_and_nothing_else():
    """Gumroad, PR 6445: credit for what was clawed back in full; the tempting repair was off by 114 times."""
    answer = run(
        make_plan(flat("0.875%")),
        "e1,2026-02-01,sourced,acme,d1,,114.29,EUR,\nr1,2026-02-02,refund,acme,d1,,114.29,EUR,e1\n"
        "e2,2026-02-03,sourced,acme,d2,,114.29,EUR,",
    )
    assert [row["minor"] for row in answer["lines"]] == [100, -100, 100]


def test_no_fraction_of_a_cent_is_ever_paid():
    """Dub, PR 3858: earnings of fractional cents."""
    answer = run(make_plan(flat("33.333%")), "e1,2026-02-01,sourced,acme,d1,,0.05,EUR,")
    line = answer["lines"][0]
    assert (line["exact"], line["minor"]) == ("33333/20000", 2)
    assert answer["rounded"][0] | {"scope": ""} == {
        "scope": "", "rule": "flat", "partner_id": "acme", "currency": "EUR",
        "exact": "33333/20000", "minor": 2, "difference": "6667/20000",
    }  # fmt: skip


def test_a_holding_period_holds_the_line_until_its_day():
    """Dub, PartnerStack: the hold is the refund policy, 30 days."""
    plan = make_plan(flat(more="hold_days = 30"))
    event = "e1,2026-02-01,sourced,acme,d1,,100,EUR,"
    days = ("2026-02-01", "2026-03-02", "2026-03-03", "2026-04-27", "2026-04-28")
    states = []
    for day in days:
        as_of = payouts.read_day(day)
        assert as_of is not None
        states.append(run(plan, event, as_of=as_of)["lines"][0]["state"])
    assert states == ["held", "held", "accrued", "accrued", "payable"]


def test_currencies_are_never_added():
    """OCA/commission, issues 240 and 306: euros shown as dollars, and both summed."""
    events = "e1,2026-02-01,sourced,acme,d1,,100,EUR,\ne2,2026-02-01,sourced,acme,d2,,100,USD,"
    both = run(make_plan(flat(more='pays_in = "deal"')), events)
    assert (total(both), total(both, currency="USD")) == ("10.00", "10.00")
    converted = run(make_plan(flat()), events, "2026-02-01,USD,EUR,0.8,ECB")
    assert (total(converted), total(converted, currency="USD")) == ("18.00", "none")


def test_a_deal_keeps_the_rate_of_its_day():
    """Crossbeam converts at today's rate; here the day's rate stays, also for what is reversed later."""
    answer = run(
        make_plan(flat()),
        "e1,2026-02-01,sourced,acme,d1,,1000,USD,\nr1,2026-05-01,refund,acme,d1,,1000,USD,e1",
        "2026-02-01,USD,EUR,0.8,ECB\n2026-05-01,USD,EUR,0.5,ECB",
    )
    assert [row["minor"] for row in answer["lines"]] == [8000, -8000]
    assert [row["fx"]["rate"] for row in answer["lines"]] == ["0.8", "0.8"]
    assert answer["lines"][1]["fx"]["date"] == "2026-02-01"


def test_the_inverse_pair_is_turned_round_exactly():
    answer = run(
        make_plan(flat("100%")), "e1,2026-02-01,sourced,acme,d1,,3,USD,", "2026-02-01,EUR,USD,1.5,ECB"
    )
    assert (total(answer), answer["lines"][0]["fx"]["inverted"]) == ("2.00", True)


@pytest.mark.parametrize(
    ("currency", "amount", "pays"),
    [("JPY", "1005", "101"), ("KWD", "1.005", "0.101"), ("EUR", "10.05", "1.01")],
)
def test_minor_units_have_the_decimals_of_their_currency(currency, amount, pays):
    answer = run(make_plan(flat(), currency), f"e1,2026-02-01,sourced,acme,d1,,{amount},{currency},")
    assert total(answer, currency=currency) == pays


def test_between_currencies_of_other_decimals():
    answer = run(
        make_plan(flat("100%")), "e1,2026-02-01,sourced,acme,d1,,1000,JPY,", "2026-02-01,JPY,EUR,0.00625,ECB"
    )
    assert total(answer) == "6.25"
