"""Every bad row has a stated behaviour: refused, held, taken once or noted, with a code, and never lost."""

from __future__ import annotations

import pytest
from plans import HEAD, LAST_DAY, bands_of, codes, flat, make_plan, plan_bytes, rows_of, run, total

from cleanroom.attribution import payouts
from cleanroom.moment import iso_day
from overlap.errors import BadInput

GOOD = "e1,2026-02-01,sourced,acme,d1,,100,EUR,"
TYPED = """[[rule]]
id = "f"
type = "fee"
kinds = ["influenced"]
not_partner_types = ["distributor", "reseller"]
rate = "5%"
"""
SPLIT = """[[rule]]
id = "s"
type = "commission"
kinds = ["won"]
rate = "5%"
split = { by = "equal", kinds = ["action:demo"] }
"""


def banded(*steps: tuple[str, str]) -> str:
    return flat().replace('rate = "10%"', bands_of(*steps))


FUND = '[[rule]]\nid = "f"\ntype = "co-op"\nkinds = ["sourced"]\nrate = "10%"\n'


@pytest.mark.parametrize(
    ("code", "effect", "row"),
    [
        ("amount-missing", "refused", "x,2026-02-01,sourced,acme,d1,,,,"),
        ("amount-negative", "refused", "x,2026-02-01,sourced,acme,d1,,-100,EUR,"),
        ("amount-too-fine", "refused", "x,2026-02-01,sourced,acme,d1,,1.005,EUR,"),
        ("amount-unreadable", "refused", "x,2026-02-01,sourced,acme,d1,,1e3,EUR,"),
        ("amount-zero", "noted", "x,2026-02-01,sourced,acme,d1,,0.00,EUR,"),
        ("columns-wrong", "refused", "x,2026-02-01,sourced"),
        ("currency-unknown", "refused", "x,2026-02-01,sourced,acme,d1,,100,EUX,"),
        ("currency-unknown", "refused", "x,2026-02-01,sourced,acme,d1,,100,,"),
        ("date-in-future", "held", "x,2027-01-01,sourced,acme,d1,,100,EUR,"),
        ("date-unreadable", "refused", "x,2026-02-30,sourced,acme,d1,,100,EUR,"),
        ("date-unreadable", "refused", "x,01/02/2026,sourced,acme,d1,,100,EUR,"),
        ("date-without-zone", "refused", "x,2026-02-01T10:00:00,sourced,acme,d1,,100,EUR,"),
        ("event-id-missing", "refused", ",2026-02-01,sourced,acme,d1,,100,EUR,"),
        ("kind-unreadable", "refused", "x,2026-02-01,Closed Won,acme,d1,,100,EUR,"),
        ("model-cannot-pay", "refused", "x,2026-02-01,model:shapley,acme,d1,,100,EUR,"),
        ("no-partner", "held", "x,2026-02-01,sourced,,d1,,100,EUR,"),
        ("no-rule", "noted", "x,2026-02-01,renewal,acme,d1,,100,EUR,"),
        ("outside-plan", "held", "x,2025-12-31,sourced,acme,d1,,100,EUR,"),
        ("rate-missing", "held", "x,2026-02-01,sourced,acme,d1,,100,USD,"),
        ("refund-of-unknown", "held", "x,2026-02-03,refund,acme,d1,,100,EUR,nowhere"),
        ("refund-of-unknown", "held", "x,2026-02-03,refund,acme,d1,,100,EUR,"),
        ("refund-too-large", "held", "x,2026-02-03,refund,acme,d1,,100.01,EUR,e1"),
        ("refund-before-original", "held", "x,2026-01-31,refund,acme,d1,,100,EUR,e1"),
        ("refund-differs", "held", "x,2026-02-03,refund,birch,d1,,100,EUR,e1"),
        ("refund-differs", "held", "x,2026-02-03,refund,acme,d1,,100,USD,e1"),
        ("outside-clawback", "noted", "x,2026-08-01,refund,acme,d1,,100,EUR,e1"),
    ],
)
def test_a_bad_row_is_listed_and_the_good_one_beside_it_counts(code, effect, row):
    answer = run(make_plan(flat()), f"{GOOD}\n{row}")
    assert [(one["code"], one["effect"], one["row"]) for one in answer["findings"]] == [(code, effect, 3)]
    assert total(answer) == "10.00"
    assert answer["events"]["rows"] == 2 == sum(answer["events"].values()) - 2


def test_a_refund_may_come_to_the_same_second_with_a_smaller_id():
    answer = run(
        make_plan(flat()), "a,2026-02-01,refund,acme,d1,,100,EUR,b\nb,2026-02-01,sourced,acme,d1,,100,EUR,"
    )
    assert (total(answer), answer["findings"]) == ("0.00", [])


def test_refunds_in_parts_may_not_exceed_the_original():
    answer = run(
        make_plan(flat()),
        f"{GOOD}\nr1,2026-02-02,refund,acme,d1,,60,EUR,e1\nr2,2026-02-03,refund,acme,d1,,60,EUR,e1\n"
        "r3,2026-02-04,cancel,acme,d1,,,,e1\nr4,2026-02-05,cancel,acme,d1,,,,e1",
    )
    assert codes(answer) == [("r2", "refund-too-large", "held"), ("r4", "refund-twice", "held")]
    assert total(answer) == "0.00"


def test_a_refund_of_what_pays_nothing_takes_nothing_back():
    answer = run(
        make_plan(flat()), "e1,2026-02-01,renewal,acme,d1,,100,EUR,\nr1,2026-02-02,refund,acme,d1,,100,EUR,e1"
    )
    assert codes(answer) == [("e1", "no-rule", "noted"), ("r1", "no-rule", "noted")]


def test_one_id_with_two_contents_counts_for_neither_whatever_the_order():
    other = "e1,2026-02-01,sourced,acme,d1,,999,EUR,"
    for events in (f"{GOOD}\n{other}", f"{other}\n{GOOD}", f"{GOOD}\n{other}\n{GOOD}"):
        answer = run(make_plan(flat()), events)
        assert answer["lines"] == []
        assert {one["code"] for one in answer["findings"]} <= {"event-id-conflict", "event-repeated"}
        assert sum(answer["events"].values()) == 2 * answer["events"]["rows"]


def test_the_same_row_twice_counts_once():
    answer = run(make_plan(flat()), f"{GOOD}\n{GOOD}")
    assert (total(answer), codes(answer)) == ("10.00", [("e1", "event-repeated", "once")])


def test_a_missing_rate_holds_the_line_and_takes_no_other_days_rate():
    usd = "e1,2026-02-01,sourced,acme,d1,,100,USD,"
    answer = run(make_plan(flat()), usd, "2026-01-31,USD,EUR,0.9,ECB\n2026-02-02,USD,EUR,0.9,ECB")
    line = answer["lines"][0]
    assert (line["state"], line["code"], line["amount"], line["minor"]) == (
        "held",
        "rate-missing",
        None,
        None,
    )
    back = payouts.read_plan(plan_bytes(flat()) + b"\n[fx]\ndays_back = 1\n")
    assert total(run(back, usd, "2026-01-31,USD,EUR,0.9,ECB")) == "9.00"


@pytest.mark.parametrize(
    ("rates", "code"),
    [
        ("2026-02-01,USD,EUR,0.9,ECB\n2026-02-01,USD,EUR,0.8,ECB", "rate-conflict"),
        ("2026-02-01,USD,EUR,0,ECB", "rate-unreadable"),
        ("2026-02-01,USD,EUR,-1,ECB", "rate-unreadable"),
        ("2026-02-01,USD,EUX,0.9,ECB", "rate-unreadable"),
        ("2026-02-01,USD,EUR,0.9,", "rate-unreadable"),
    ],
)
def test_a_rate_that_cannot_be_trusted_is_none(rates, code):
    answer = run(make_plan(flat()), "e1,2026-02-01,sourced,acme,d1,,100,USD,", rates)
    assert {one["code"] for one in answer["findings"]} == {code, "rate-missing"}


def test_dates_before_the_company_existed_are_refused():
    plan = payouts.read_plan(
        HEAD.format(currency="EUR")
        .replace("version = 1", 'version = 1\ncompany_since = "2026-02-01"')
        .encode()
        + flat().encode()
    )
    assert codes(run(plan, "e0,2026-01-31,sourced,acme,d1,,100,EUR,")) == [
        ("e0", "date-before-company", "refused")
    ]


def test_a_rule_that_asks_for_types_holds_a_partner_of_unknown_type():
    assert codes(run(make_plan(TYPED), "e1,2026-02-01,influenced,acme,d1,,100,EUR,")) == [
        ("e1", "partner-type-unknown", "held")
    ]


def test_a_split_without_participants_is_held_until_there_is_one():
    won = "e1,2026-02-01,won,,d1,,100,EUR,"
    assert codes(run(make_plan(SPLIT), won)) == [("e1", "no-participants", "held")]
    late = f"{won}\na,2026-02-02,action:demo,acme,d1,,,,"
    assert codes(run(make_plan(SPLIT), late)) == [("e1", "no-participants", "held")]
    assert total(run(make_plan(SPLIT), f"{won}\na,2026-01-31,action:demo,acme,d1,,,,")) == "5.00"
    gone = f"{won}\na,2026-01-31,action:demo,acme,d1,,,,\nc,2026-03-01,cancel,,d1,,,,a"
    assert codes(run(make_plan(SPLIT), gone)) == [("e1", "no-participants", "held")]


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("f1,2026-03-01,fund:approve,acme,c1,f,50,EUR,", "fund-claim-state"),
        ("f1,2026-03-01,fund:request,acme,c,f,150,EUR,\nf2,2026-03-02,fund:approve,acme,c,f,150,EUR,",
         "fund-exceeded"),
        ("f1,2026-03-01,fund:request,acme,c1,f,50,USD,", "fund-currency"),
        ("f1,2026-03-01,fund:request,acme,c1,nofund,50,EUR,", "no-rule"),
    ],
)  # fmt: skip
def test_a_claim_on_a_fund_goes_its_steps(steps, code):
    answer = run(make_plan(FUND), f"e1,2026-02-01,sourced,acme,d1,,1000,EUR,\n{steps}")
    assert [one["code"] for one in answer["findings"]] == [code]
    assert answer["funds"][0]["paid"] == "0.00"


def test_a_fund_lapses_when_it_says_and_what_is_committed_stays():
    plan = make_plan(FUND + "expires_days = 30\n")
    events = (
        "e1,2026-02-01,sourced,acme,d1,,1000,EUR,\nf1,2026-03-01,fund:request,acme,c1,f,40,EUR,\n"
        "f2,2026-03-02,fund:approve,acme,c1,f,40,EUR,"
    )
    day = payouts.read_day("2026-04-30")
    assert day is not None
    before, after = (run(plan, events, as_of=at)["funds"][0] for at in (day, day + 1))
    assert (before["available"], before["expired"]) == ("60.00", "0.00")
    assert (after["available"], after["expired"], after["committed"]) == ("0.00", "60.00", "40.00")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("float", flat().replace('"10%"', "0.1")),
        ("bad-value", flat("0.1")),
        ("bad-value", flat("10 %")),
        ("unknown-key", flat(more='rat = "5%"')),
        ("pays-what", flat(more='amount = "5"')),
        ("rule-twice", flat() + flat()),
        ("not-toml", flat(more='rate = "5%"')),
        ("partner-twice", '[[partner]]\nid = "a"\n[[partner]]\nid = "a"\n' + flat()),
        ("parent-loop", '[[partner]]\nid = "a"\nparent = "a"\n' + flat()),
        ("model-cannot-pay", flat().replace('"sourced"', '"model:shapley"')),
        ("own-kind", flat().replace('"sourced"', '"refund"')),
        ("fee-resellers", flat().replace("commission", "fee")),
        ("instead-of", flat(more='instead_of = ["other"]')),
        ("bands-first", banded(("1", "5%"))),
        ("bands-order", banded(("0", "5%"), ("0", "6%"))),
        ("quota-missing", banded(("0", "5%"), ("50%", "6%"))),
        ("shares-sum", flat(more='split = { by = "fixed", shares = { a = "50%", b = "49.9%" } }')),
        ("split-with-tiers", banded(("0", "5%")) + 'split = { by = "equal", kinds = ["meeting"] }\n'),
        ("pays-in-deal", flat(more='pays_in = "deal"\ncap = { deal = "5" }')),
        ("accrue", flat(more='accrue = "1%"')),
        ("once-per", flat(more='once_per = "deal"')),
        ("missing", "company_since = 5\n"),
    ],
)  # fmt: skip
def test_a_plan_with_a_fault_is_refused_with_its_code(code, text):
    found = payouts.lint_plan(plan_bytes(text))
    assert code in {one.code for one in found if one.severity == "error"}
    with pytest.raises(BadInput):
        payouts.read_plan(plan_bytes(text))


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("section-missing", "[clawback]\ndays = 180\n", ""),
        ("section-missing", '[disputes]\nopen_days = 30\nanswer_days = 5\ndecides = "resolver"\n', ""),
        ("mid-period", 'from = "2026-01-01"', 'from = "2026-02-01"'),
        ("currency-unknown", '"EUR"', '"EUX"'),
        ("not-a-plan", 'format = "overlap-plan/1"', 'format = "overlap-plan/2"'),
        ("missing", 'name = "test"\n', ""),
    ],
)
def test_the_head_of_a_plan_is_strict(code, old, new):
    head = HEAD.format(currency="EUR")
    assert old in head
    found = payouts.lint_plan((head.replace(old, new) + flat()).encode())
    assert code in {one.code for one in found}


def test_doubts_are_warnings_and_do_not_refuse():
    cliff = flat().replace(
        'rate = "10%"', 'tiers = "cliff"\nbands = [{ from = "0", rate = "5%" }, { from = "9", rate = "4%" }]'
    )
    assert {one.code for one in payouts.lint_plan(plan_bytes(cliff))} == {"cliff-jumps", "cliff-falls"}
    assert make_plan(cliff).rules[0].tiers == "cliff"


def test_a_version_counts_from_its_own_first_day():
    first = payouts.read_plan(
        HEAD.format(currency="EUR").replace('until = "2027-01-01"', 'until = "2026-04-01"').encode()
        + flat().encode()
    )
    second = payouts.read_plan(
        HEAD.format(currency="EUR")
        .replace('from = "2026-01-01"', 'from = "2026-04-01"')
        .replace("version = 1", "version = 2")
        .encode()
        + flat("20%").encode()
    )
    events = (
        "e1,2026-03-31,sourced,acme,d1,,100,EUR,\ne2,2026-04-01,sourced,acme,d2,,100,EUR,\n"
        "r1,2026-04-02,refund,acme,d1,,100,EUR,e1"
    )
    answer = run([first, second], events)
    assert [(row["minor"], row["plan"][:8]) for row in answer["lines"]] == [
        (1000, first.digest[:8]), (2000, second.digest[:8]), (-1000, first.digest[:8])
    ]  # fmt: skip


def test_a_time_without_zone_is_taken_in_the_named_one():
    from datetime import timedelta, timezone

    rows = rows_of(
        "x,2026-02-01T01:30:00,sourced,acme,d1,,100,EUR,\ny,2026-02-01T01:30:00+02:00,sourced,acme,d1,,1,EUR,"
    )
    read = payouts.read_events(rows, timezone(timedelta(hours=2)))
    assert [(event.id, iso_day(event.day)) for event in read.events] == [
        ("x", "2026-01-31"),
        ("y", "2026-01-31"),
    ]
    assert LAST_DAY == 20_818


def test_a_partner_has_the_name_that_statuses_print() -> None:
    """Names of a CRM have blanks and letters of any script; a type must be sayable of each."""
    for name in ("delta advisory", "müller & söhne gmbh", "acme-1.b_c", "株式会社 日本"):
        rule = flat(more=f'partners = ["{name}"]')
        found = payouts.lint_plan(
            plan_bytes(f'[[partner]]\nid = "{name}"\ntype = "agent"\nparent = "{name} 2"\n' + rule)
        )
        assert [one for one in found if one.severity == "error"] == [], name
    for name in ("", " a", "a ", "a  b", "~000001", "!000001", "a\\tb", "a\\u202eb", "a" * 101):
        found = payouts.lint_plan(
            plan_bytes(f'[[partner]]\nid = "{name}"\n[[partner]]\nid = "{name}"\n' + flat())
        )
        assert [one.code for one in found if one.severity == "error"] == ["bad-value"] * 2, name
